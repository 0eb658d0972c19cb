#include "core/s3_lifecycle.h"

#include "core/parse.h"
#include "core/s3_document.h"
#include "core/text.h"
#include "core/timeutil.h"
#include "core/xml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OFF "(off) " /* as s3_rule_words() says it */
enum { SEEN_TRIES = 3, SEEN_PAUSE_MS = 300, OLD_FOR_MS = 30000 };

void s3_lifecycle_deinit(struct s3_lifecycle *l)
{
	for (size_t i = 0; i < l->count; i++)
		s3_rule_deinit(&l->rules[i]);
	free(l->rules);
	free(l->stored);
	*l = (struct s3_lifecycle){.rules = NULL};
}

static struct s3_rule *add_rule(struct s3_lifecycle *l)
{
	struct s3_rule *more = realloc(l->rules, (l->count + 1) * sizeof *more);
	if (!more)
		s3t_oom();
	l->rules = more;
	s3_rule_init(&more[l->count]);
	return &more[l->count++];
}

static void set_text(char **field, struct strview text)
{
	free(*field);
	*field = s3t_strndup(text.data, text.len);
}

/* --- reading --- */

/* What stands in a rule, as far as it matters for what is kept as it came. */
enum piece { PIECE_NONE, PIECE_FILTER, PIECE_ACTIONS, PIECES };

struct reading {
	struct s3_lifecycle *out;
	struct s3_rule *rule; /* that is being read */
	struct s3_move move;
	char *key, *value; /* of a tag */
	bool has_status, has_prefix;
	unsigned seen;             /* elements of the rule that there is one of at the most */
	enum piece piece;          /* of what is open below the rule */
	struct strbuf xml[PIECES]; /* of the rule, as it came */
	bool has_more[PIECES];
	bool is_leaf; /* no element has closed since the last one opened */
};

static uint64_t number_of(struct reading *g, struct strview text, uint64_t most)
{
	uint64_t n;
	if (parse_u64(sv_trim(text), &n) && n <= most)
		return n;
	g->rule->is_odd = g->has_more[g->piece] = true;
	return 0;
}

static uint32_t days_of(struct reading *g, struct strview text)
{
	return (uint32_t)number_of(g, text, UINT32_MAX);
}

static void take_date(struct reading *g, struct strview text, char date[S3_DAY_LEN + 1])
{
	char stamp[32] = "";
	text = sv_trim(text);
	if (text.len == S3_DAY_LEN) {
		snprintf(stamp, sizeof stamp, "%.*sT00:00:00Z", S3_DAY_LEN, text.data);
		text = sv(stamp);
	}
	int64_t at = time_parse_iso_ns(text);
	if (at != TIME_UNKNOWN)
		time_format_iso(at / NS_PER_S, stamp);
	bool is_odd = at == TIME_UNKNOWN || strcmp(stamp + S3_DAY_LEN, "T00:00:00Z") != 0;
	g->rule->is_odd |= is_odd;
	g->has_more[g->piece] |= is_odd;
	snprintf(date, S3_DAY_LEN + 1, "%.*s", S3_DAY_LEN, stamp);
}

static bool is_transition(struct strview name)
{
	return sv_eq(name, SV("Transition")) || sv_eq(name, SV("NoncurrentVersionTransition"));
}

static bool is_expiration(struct strview name)
{
	return sv_eq(name, SV("Expiration")) || sv_eq(name, SV("NoncurrentVersionExpiration"));
}

static void begin_rule(struct reading *g)
{
	g->rule = add_rule(g->out);
	g->has_status = g->has_prefix = false;
	g->seen = 0;
	for (size_t i = 0; i < PIECES; i++) {
		strbuf_reset(&g->xml[i]);
		g->has_more[i] = false;
	}
}

static enum piece piece_of(struct strview name)
{
	if (sv_eq(name, SV("ID")) || sv_eq(name, SV("Status")))
		return PIECE_NONE;
	return sv_eq(name, SV("Filter")) || sv_eq(name, SV("Prefix")) ? PIECE_FILTER
								      : PIECE_ACTIONS;
}

/* Two of what there is one of: nobody knows which counts. */
static void see(struct reading *g, struct strview name)
{
	static const char *const once[] = {"ID", "Status", "Filter", "Expiration",
		"NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"};
	for (unsigned i = 0; i < sizeof once / sizeof *once; i++) {
		if (!sv_eq(name, sv(once[i])))
			continue;
		bool was_there = g->seen >> i & 1;
		g->rule->is_odd |= was_there;
		g->has_more[g->piece] |= was_there;
		g->seen |= 1U << i;
	}
}

static void on_open(void *arg, int depth, struct strview name)
{
	struct reading *g = arg;
	if (depth == 1 && sv_eq(name, SV("Rule")) &&
		g->out->count <= S3_RULES_MAX) /* one too many is seen */
		begin_rule(g);
	if (!g->rule || depth < 2)
		return;
	if (depth == 2) {
		g->piece = piece_of(name);
		see(g, name);
	}
	strbuf_addf(&g->xml[g->piece], "<%.*s>", (int)name.len, name.data);
	g->is_leaf = true;
	if (is_transition(name))
		g->move = (struct s3_move){.days = 0};
}

/* Inside Filter, at any depth. */
static bool take_condition(
	struct reading *g, struct strview parent, struct strview name, struct strview text)
{
	struct s3_rule *r = g->rule;
	if (sv_eq(name, SV("Prefix"))) {
		bool is_another = g->has_prefix && !sv_eq(text, sv(r->prefix));
		r->is_odd |= is_another;
		g->has_more[PIECE_FILTER] |= is_another;
		g->has_prefix = true;
		set_text(&r->prefix, text);
	} else if (sv_eq(parent, SV("Tag")) && sv_eq(name, SV("Key"))) {
		set_text(&g->key, text);
	} else if (sv_eq(parent, SV("Tag")) && sv_eq(name, SV("Value"))) {
		set_text(&g->value, text);
	} else if (sv_eq(name, SV("Tag"))) {
		g->has_more[PIECE_FILTER] |=
			!s3_rule_add_tag(r, sv(g->key ? g->key : ""), sv(g->value ? g->value : ""));
		set_text(&g->value, SV(""));
	} else if (sv_eq(name, SV("ObjectSizeGreaterThan"))) {
		r->has_larger = true;
		r->larger = number_of(g, text, UINT64_MAX);
	} else if (sv_eq(name, SV("ObjectSizeLessThan"))) {
		r->has_smaller = true;
		r->smaller = number_of(g, text, UINT64_MAX);
	} else {
		return sv_eq(name, SV("Filter")) || sv_eq(name, SV("And"));
	}
	return true;
}

static bool take_move(
	struct reading *g, struct strview parent, struct strview name, struct strview text)
{
	bool is_older = sv_starts_with(parent, SV("Noncurrent"));
	if (sv_eq(name, SV("StorageClass"))) {
		text = sv_trim(text);
		snprintf(g->move.class, sizeof g->move.class, "%.*s",
			(int)(text.len < 31 ? text.len : 31), text.data);
		g->has_more[g->piece] |= text.len > 31;
	} else if (sv_eq(name, is_older ? SV("NoncurrentDays") : SV("Days")))
		g->move.days = days_of(g, text);
	else if (is_older && sv_eq(name, SV("NewerNoncurrentVersions")))
		g->move.keep = days_of(g, text);
	else if (!is_older && sv_eq(name, SV("Date")))
		take_date(g, text, g->move.date);
	else
		return false;
	return true;
}

static bool take_expiry(
	struct reading *g, struct strview parent, struct strview name, struct strview text)
{
	struct s3_rule *r = g->rule;
	bool is_older = sv_starts_with(parent, SV("Noncurrent"));
	if (is_older && sv_eq(name, SV("NoncurrentDays")))
		r->noncurrent_days = days_of(g, text);
	else if (is_older && sv_eq(name, SV("NewerNoncurrentVersions")))
		r->noncurrent_keep = days_of(g, text);
	else if (!is_older && sv_eq(name, SV("Days")))
		r->expire_days = days_of(g, text);
	else if (!is_older && sv_eq(name, SV("Date")))
		take_date(g, text, r->expire_date);
	else if (!is_older && sv_eq(name, SV("ExpiredObjectDeleteMarker")))
		r->expires_markers = sv_eq(sv_trim(text), SV("true"));
	else
		return false;
	return true;
}

static void take_status(struct reading *g, struct strview text)
{
	g->has_status = true;
	g->rule->is_enabled = sv_eq(text, SV("Enabled"));
	g->rule->is_odd |= !g->rule->is_enabled && !sv_eq(text, SV("Disabled"));
}

/* False: it is nothing that we know. */
static bool take(struct reading *g, int depth, struct strview parent, struct strview name,
	struct strview text)
{
	struct s3_rule *r = g->rule;
	if (is_transition(parent))
		return take_move(g, parent, name, text);
	if (is_expiration(parent))
		return take_expiry(g, parent, name, text);
	if (sv_eq(parent, SV("AbortIncompleteMultipartUpload"))) {
		r->abort_days = days_of(g, text);
		return sv_eq(name, SV("DaysAfterInitiation"));
	}
	if (depth > 2)
		return take_condition(g, parent, name, text);
	if (sv_eq(name, SV("ID")))
		set_text(&r->id, text);
	else if (sv_eq(name, SV("Status")))
		take_status(g, sv_trim(text));
	else if (is_transition(name))
		g->has_more[PIECE_ACTIONS] |=
			!s3_rule_add_move(r, sv_starts_with(name, SV("Noncurrent")), &g->move);
	else if (!is_expiration(name) && !sv_eq(name, SV("AbortIncompleteMultipartUpload")))
		return take_condition(g, parent, name, text);
	return true;
}

static char *kept(const struct reading *g, enum piece piece)
{
	return g->has_more[piece] ? s3t_strdup(g->xml[piece].data) : NULL;
}

static void end_rule(struct reading *g)
{
	/* that many stay, whenever they became older: not of S3, but of services beside it */
	if (g->rule->noncurrent_keep && !g->rule->noncurrent_days)
		g->has_more[PIECE_ACTIONS] = true;
	g->rule->filter_xml = kept(g, PIECE_FILTER);
	g->rule->actions_xml = kept(g, PIECE_ACTIONS);
	g->rule->is_odd |= !g->has_status;
	s3_rule_sort(g->rule);
	g->rule = NULL;
}

static void on_close(
	void *arg, int depth, struct strview parent, struct strview name, struct strview text)
{
	struct reading *g = arg;
	if (!g->rule)
		return;
	if (depth == 1) {
		end_rule(g);
		return;
	}
	if (!take(g, depth, parent, name, text))
		g->has_more[g->piece] = true;
	if (g->is_leaf && !xml_escape(&g->xml[g->piece], text) &&
		!xml_escape(&g->xml[g->piece], sv_trim(text)))
		g->rule->is_odd = true;
	strbuf_addf(&g->xml[g->piece], "</%.*s>", (int)name.len, name.data);
	g->is_leaf = false;
}

enum s3t_rc s3_lifecycle_parse(struct strview xml, struct s3_lifecycle *out, struct s3t_err *err)
{
	struct reading g = {.out = out};
	struct xml_handler handler = {.open = on_open, .close = on_close, .arg = &g};
	*out = (struct s3_lifecycle){.rules = NULL};
	for (size_t i = 0; i < PIECES; i++)
		strbuf_init_cap(&g.xml[i], S3_DOCUMENT_MAX);
	enum s3t_rc rc = xml_parse(xml, &handler, NULL, err);
	for (size_t i = 0; i < PIECES; i++)
		strbuf_deinit(&g.xml[i]);
	free(g.key);
	free(g.value);
	if (rc != S3T_OK)
		s3_lifecycle_deinit(out);
	return rc;
}

bool s3_lifecycle_xml(const struct s3_lifecycle *l, struct strbuf *out)
{
	bool ok = true;
	strbuf_add_str(
		out, "<LifecycleConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
	for (size_t i = 0; i < l->count; i++)
		ok = s3_rule_xml(&l->rules[i], out) && ok;
	strbuf_add_str(out, "</LifecycleConfiguration>");
	return ok;
}

/* --- changing --- */

size_t s3_lifecycle_find(const struct s3_lifecycle *l, const char *id)
{
	size_t i = 0;
	while (i < l->count && strcmp(l->rules[i].id, id) != 0)
		i++;
	return i;
}

enum s3t_rc s3_lifecycle_set(struct s3_lifecycle *l, const char *id, const char *const *pairs,
	size_t count, struct s3t_err *err)
{
	struct s3_rule fresh;
	size_t at = s3_lifecycle_find(l, id);
	if (at == l->count && l->count >= S3_RULES_MAX)
		return s3t_fail(err, S3T_INVALID, "A bucket has at most 1,000 rules.");
	if (at < l->count && s3_rule_has_more(&l->rules[at]))
		return s3t_fail(err, S3T_INVALID,
			"This rule has parts that s3tui does not know and that would be lost. "
			"Remove it first, or edit the document: s3tui bucket s3://BUCKET "
			"lifecycle.");
	enum s3t_rc rc = s3_rule_read(&fresh, id, pairs, count, err);
	if (rc != S3T_OK)
		return rc;
	if (at < l->count)
		fresh.is_enabled = l->rules[at].is_enabled;
	else
		(void)add_rule(l);
	s3_rule_deinit(&l->rules[at]);
	l->rules[at] = fresh;
	return S3T_OK;
}

void s3_lifecycle_remove(struct s3_lifecycle *l, size_t index)
{
	s3_rule_deinit(&l->rules[index]);
	l->count--;
	memmove(&l->rules[index], &l->rules[index + 1], (l->count - index) * sizeof *l->rules);
}

/* --- on the server --- */

/* minimum: of the rules, from and for its header. */
static struct s3_document document_of(struct strview bucket, char minimum[S3_MINIMUM_MAX])
{
	return (struct s3_document){.bucket = bucket,
		.name = "lifecycle",
		.root = "LifecycleConfiguration",
		.header = "x-amz-transition-default-minimum-object-size",
		.header_value = minimum,
		.header_size = S3_MINIMUM_MAX};
}

enum s3t_rc s3_lifecycle_get(const struct s3_ctx *ctx, struct strview bucket,
	struct s3_lifecycle *out, struct s3t_err *err)
{
	char minimum[S3_MINIMUM_MAX] = "";
	struct s3_document d = document_of(bucket, minimum);
	struct strbuf text;
	bool exists;
	strbuf_init(&text);
	*out = (struct s3_lifecycle){.rules = NULL};
	enum s3t_rc rc = s3_document_get(ctx, &d, &text, &exists, err);
	if (rc == S3T_OK && exists)
		rc = s3_lifecycle_parse(strbuf_view(&text), out, err);
	memcpy(out->transition_minimum, minimum, sizeof minimum);
	if (rc == S3T_OK && exists)
		out->stored = strbuf_take(&text);
	else
		strbuf_deinit(&text);
	return rc;
}

/* In words and whether it has more, since servers change the order and the form. */
static bool is_same(const struct s3_rule *wanted, const struct s3_rule *got)
{
	struct strbuf a, b;
	if (wanted->id[0] && strcmp(wanted->id, got->id) != 0)
		return false;
	strbuf_init(&a);
	strbuf_init(&b);
	s3_rule_words(wanted, &a);
	s3_rule_words(got, &b);
	bool same = sv_eq(strbuf_view(&a), strbuf_view(&b));
	strbuf_deinit(&a);
	strbuf_deinit(&b);
	return same;
}

static bool has_rule(const struct s3_lifecycle *l, const struct s3_rule *wanted)
{
	for (size_t i = 0; i < l->count; i++)
		if (is_same(wanted, &l->rules[i]))
			return true;
	return false;
}

/* The first rule that is not among the others; NULL: all are. */
static const struct s3_rule *find_lost(
	const struct s3_lifecycle *wanted, const struct s3_lifecycle *got)
{
	for (size_t i = 0; i < wanted->count; i++)
		if (!has_rule(got, &wanted->rules[i]))
			return &wanted->rules[i];
	return NULL;
}

static enum s3t_rc write_rules(const struct s3_ctx *ctx, const struct s3_document *d,
	const struct s3_lifecycle *l, struct s3t_err *err)
{
	struct strbuf text;
	if (!l->count)
		return s3_document_delete(ctx, d, true, err);
	strbuf_init(&text);
	enum s3t_rc rc =
		s3_lifecycle_xml(l, &text)
			? s3_document_put(ctx, d, strbuf_view(&text), true, err)
			: s3t_fail(err, S3T_INVALID, "A rule has characters that XML cannot hold.");
	strbuf_deinit(&text);
	return rc;
}

static char *words_of(const struct s3_rule *r)
{
	struct strbuf words;
	strbuf_init(&words);
	if (r)
		s3_rule_words(r, &words);
	else
		strbuf_add_str(&words, "there are others now");
	return strbuf_take(&words);
}

static bool are_same(const struct s3_lifecycle *a, const struct s3_lifecycle *b)
{
	return a && a->count == b->count && !find_lost(a, b);
}

/* What was there before a write, and may be shown a while longer. */
struct olds {
	const struct s3_lifecycle *before, *trial; /* NULL: none */
};

enum seen { SEEN_FINE, SEEN_OLD, SEEN_LOST };

static enum seen look(const struct s3_lifecycle *wanted, const struct olds *olds,
	const struct s3_lifecycle *now, char **lost)
{
	const struct s3_rule *missing = find_lost(wanted, now);
	free(*lost);
	*lost = NULL;
	if (!missing && now->count == wanted->count)
		return SEEN_FINE;
	if (are_same(olds->before, now) || are_same(olds->trial, now))
		return SEEN_OLD;
	*lost = words_of(missing);
	return SEEN_LOST;
}

/* Writes the rules and reads them again, until they are seen: a service may show those of before
 * for a while. *lost: the words of the first that is not there as it was written; the caller's. */
static enum s3t_rc write_and_look(const struct s3_ctx *ctx, const struct s3_document *d,
	const struct s3_lifecycle *l, const struct olds *olds, char **lost, struct s3t_err *err)
{
	int64_t end_ms = time_mono_ms() + OLD_FOR_MS, pause_ms = SEEN_PAUSE_MS;
	enum seen seen = SEEN_OLD;
	*lost = NULL;
	enum s3t_rc rc = write_rules(ctx, d, l, err);
	bool was_heard = rc != S3T_OK && err->http_status;
	for (int others = 0; rc == S3T_OK;) {
		struct s3_lifecycle now;
		rc = s3_lifecycle_get(ctx, d->bucket, &now, err);
		if (rc == S3T_OK)
			seen = look(l, olds, &now, lost);
		s3_lifecycle_deinit(&now);
		others += seen == SEEN_LOST;
		if (rc != S3T_OK || seen == SEEN_FINE || others > SEEN_TRIES)
			break;
		if (seen == SEEN_OLD && time_mono_ms() > end_ms)
			rc = s3t_fail(err, S3T_TIMEOUT,
				"The server has taken the rules and still shows those of before.");
		else if (cancel_wait(ctx->cancel, pause_ms))
			rc = s3t_fail(err, S3T_CANCELLED, "Cancelled.");
		pause_ms = seen == SEEN_OLD && pause_ms < 2000 ? pause_ms * 2 : pause_ms;
	}
	if (rc != S3T_OK && rc != S3T_INVALID && !was_heard)
		s3t_err_prefix(err, "The rules may have been written; look at them again: ");
	return rc;
}

/* What servers are known to drop without a word. */
static bool is_risky(const struct s3_rule *r)
{
	bool keeps = r->noncurrent_keep;
	for (size_t i = 0; i < r->older_move_count; i++)
		keeps |= r->older_moves[i].keep > 0;
	return r->tag_count || r->has_larger || r->has_smaller || keeps || s3_rule_has_more(r);
}

/* The rules with those switched off that are new or changed and would do more than they say if the
 * server dropped a condition. Empty: there is none. */
static enum s3t_rc make_trial(const struct s3_lifecycle *l, const struct s3_lifecycle *before,
	struct s3_lifecycle *trial, struct s3t_err *err)
{
	struct strbuf text;
	bool is_needed = false;
	strbuf_init(&text);
	*trial = (struct s3_lifecycle){.rules = NULL};
	enum s3t_rc rc = S3T_OK;
	if (s3_lifecycle_xml(l, &text))
		rc = s3_lifecycle_parse(strbuf_view(&text), trial, err);
	for (size_t i = 0; i < trial->count; i++) {
		struct s3_rule *r = &trial->rules[i];
		if (r->is_enabled && is_risky(r) && !has_rule(before, r)) {
			r->is_enabled = false;
			is_needed = true;
		}
	}
	if (!is_needed)
		s3_lifecycle_deinit(trial);
	strbuf_deinit(&text);
	return rc;
}

static enum s3t_rc undo(const struct s3_ctx *ctx, const struct s3_document *d,
	const struct s3_lifecycle *before, const char *lost, struct s3t_err *err)
{
	static const struct olds none = {.before = NULL};
	struct s3t_err why = {.rc = S3T_OK};
	char *still;
	lost += strncmp(lost, OFF, strlen(OFF)) == 0 ? strlen(OFF) : 0; /* it was a trial */
	enum s3t_rc rc = write_and_look(ctx, d, before, &none, &still, &why);
	if (rc == S3T_OK && !still)
		rc = s3t_fail(err, S3T_UNSUPPORTED,
			"The server does not keep all of the rule \"%.200s\"; the rules are as "
			"they were before.",
			lost);
	else
		rc = s3t_fail(err, S3T_UNSUPPORTED,
			"The server did not keep all of the rule \"%.120s\", and those of before "
			"could not be written again: look at them now! %.160s",
			lost, rc == S3T_OK ? still : why.message);
	free(still);
	return rc;
}

/* The trial was written and the rules were not: those of before come back, if that can be. */
static void take_trial_back(const struct s3_ctx *ctx, const struct s3_document *d,
	const struct s3_lifecycle *before, struct s3t_err *err)
{
	if (write_rules(ctx, d, before, NULL) == S3T_OK)
		s3t_err_prefix(err, "The rules are as they were before: ");
	else
		s3t_err_prefix(err, "A rule may be stored switched off; look at the rules again: ");
}

/* Two steps, so that at no moment a rule acts that has lost a condition, whatever becomes of us. */
static enum s3t_rc write_safely(const struct s3_ctx *ctx, struct strview bucket,
	const struct s3_lifecycle *l, const struct s3_lifecycle *before, struct s3t_err *err)
{
	char minimum[S3_MINIMUM_MAX];
	struct s3_document d = document_of(bucket, minimum);
	struct s3_lifecycle trial;
	struct olds olds = {.before = before};
	struct s3t_err local;
	char *lost = NULL;
	if (!err)
		err = &local;
	memcpy(minimum, before->transition_minimum, sizeof minimum);
	enum s3t_rc rc = make_trial(l, before, &trial, err);
	bool is_tried = rc == S3T_OK && trial.count;
	if (is_tried) {
		rc = write_and_look(ctx, &d, &trial, &olds, &lost, err);
		olds.trial = &trial;
	}
	if (rc == S3T_OK && !lost) {
		rc = write_and_look(ctx, &d, l, &olds, &lost, err);
		if (rc != S3T_OK && is_tried)
			take_trial_back(ctx, &d, before, err);
	}
	if (rc == S3T_OK && lost)
		rc = undo(ctx, &d, before, lost, err);
	free(lost);
	s3_lifecycle_deinit(&trial);
	return rc;
}

enum s3t_rc s3_lifecycle_put(const struct s3_ctx *ctx, struct strview bucket,
	const struct s3_lifecycle *l, struct s3t_err *err)
{
	struct s3_lifecycle now;
	enum s3t_rc rc = s3_lifecycle_get(ctx, bucket, &now, err);
	if (rc == S3T_OK && strcmp(now.stored ? now.stored : "", l->stored ? l->stored : "") != 0)
		rc = s3t_fail(err, S3T_CHANGED,
			"The rules were changed by others meanwhile: look at them again.");
	if (rc == S3T_OK)
		rc = write_safely(ctx, bucket, l, &now, err);
	s3_lifecycle_deinit(&now);
	return rc;
}

static enum s3t_rc check_all(const struct s3_lifecycle *l, struct s3t_err *err)
{
	if (!l->count || l->count > S3_RULES_MAX)
		return s3t_fail(err, S3T_INVALID, "A bucket has 1 to 1,000 rules.");
	for (size_t i = 0; i < l->count; i++) {
		const struct s3_rule *r = &l->rules[i];
		struct s3t_err why = {.rc = S3T_OK};
		enum s3t_rc rc = S3T_OK;
		if (r->is_odd || !s3_rule_has_more(r))
			rc = s3_rule_check(r, &why);
		if (strlen(r->id) > S3_RULE_ID_MAX)
			rc = s3t_fail(&why, S3T_INVALID, "The name of a rule has 1 to 255 bytes.");
		if (rc == S3T_OK && r->id[0] && s3_lifecycle_find(l, r->id) < i)
			rc = s3t_fail(&why, S3T_INVALID, "Its name is another one's, too.");
		if (rc != S3T_OK)
			return s3t_fail(err, rc, "Rule %zu: %s", i + 1, why.message);
	}
	return S3T_OK;
}

enum s3t_rc s3_lifecycle_replace(
	const struct s3_ctx *ctx, struct strview bucket, struct strview text, struct s3t_err *err)
{
	struct s3_lifecycle l = {.rules = NULL}, now = {.rules = NULL};
	char minimum[S3_MINIMUM_MAX] = "";
	struct s3_document d = document_of(bucket, minimum);
	enum s3t_rc rc = text.len ? s3_document_check(&d, text, err) : S3T_OK;
	if (rc == S3T_OK && text.len)
		rc = s3_lifecycle_parse(text, &l, err);
	if (rc == S3T_OK && text.len)
		rc = check_all(&l, err);
	if (rc == S3T_OK)
		rc = s3_lifecycle_get(ctx, bucket, &now, err);
	if (rc == S3T_OK)
		rc = write_safely(ctx, bucket, &l, &now, err);
	s3_lifecycle_deinit(&l);
	s3_lifecycle_deinit(&now);
	return rc;
}
