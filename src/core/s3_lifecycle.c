#include "core/s3_lifecycle.h"

#include "core/parse.h"
#include "core/s3_document.h"
#include "core/text.h"
#include "core/timeutil.h"
#include "core/xml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEEN_TRIES = 3, SEEN_PAUSE_MS = 300 };

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

struct reading {
	struct s3_lifecycle *out;
	struct s3_rule *rule; /* that is being read */
	struct s3_move move;
	char *key, *value; /* of a tag */
};

/* A number that we cannot hold is one that we cannot say. */
static uint64_t number_of(struct s3_rule *r, struct strview text, uint64_t most)
{
	uint64_t n;
	if (parse_u64(text, &n) && n <= most)
		return n;
	r->has_more = true;
	return 0;
}

static uint32_t days_of(struct s3_rule *r, struct strview text)
{
	return (uint32_t)number_of(r, text, UINT32_MAX);
}

static void take_date(struct s3_rule *r, struct strview text, char date[S3_DAY_LEN + 1])
{
	int64_t at = time_parse_iso_ns(text);
	char stamp[32] = "";
	if (at != TIME_UNKNOWN)
		time_format_iso(at / NS_PER_S, stamp);
	r->has_more |= at == TIME_UNKNOWN || strcmp(stamp + S3_DAY_LEN, "T00:00:00Z") != 0;
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

static void on_open(void *arg, int depth, struct strview name)
{
	struct reading *g = arg;
	if (depth == 1 && sv_eq(name, SV("Rule")) && g->out->count < S3_RULES_MAX)
		g->rule = add_rule(g->out);
	if (is_transition(name))
		g->move = (struct s3_move){.days = 0};
}

/* Inside Filter, at any depth. */
static bool take_condition(
	struct reading *g, struct strview parent, struct strview name, struct strview text)
{
	struct s3_rule *r = g->rule;
	if (sv_eq(name, SV("Prefix"))) {
		set_text(&r->prefix, text);
	} else if (sv_eq(parent, SV("Tag")) && sv_eq(name, SV("Key"))) {
		set_text(&g->key, text);
	} else if (sv_eq(parent, SV("Tag")) && sv_eq(name, SV("Value"))) {
		set_text(&g->value, text);
	} else if (sv_eq(name, SV("Tag"))) {
		s3_rule_add_tag(r, sv(g->key ? g->key : ""), sv(g->value ? g->value : ""));
		set_text(&g->value, SV(""));
	} else if (sv_eq(name, SV("ObjectSizeGreaterThan"))) {
		r->has_larger = true;
		r->larger = number_of(r, text, UINT64_MAX);
	} else if (sv_eq(name, SV("ObjectSizeLessThan"))) {
		r->has_smaller = true;
		r->smaller = number_of(r, text, UINT64_MAX);
	} else {
		return sv_eq(name, SV("Filter")) || sv_eq(name, SV("And"));
	}
	return true;
}

static bool take_move(
	struct reading *g, struct strview parent, struct strview name, struct strview text)
{
	struct s3_rule *r = g->rule;
	bool is_older = sv_starts_with(parent, SV("Noncurrent"));
	if (sv_eq(name, SV("StorageClass")))
		snprintf(g->move.class, sizeof g->move.class, "%.*s",
			(int)(text.len < 31 ? text.len : 31), text.data);
	else if (sv_eq(name, is_older ? SV("NoncurrentDays") : SV("Days")))
		g->move.days = days_of(r, text);
	else if (is_older && sv_eq(name, SV("NewerNoncurrentVersions")))
		g->move.keep = days_of(r, text);
	else if (!is_older && sv_eq(name, SV("Date")))
		take_date(r, text, g->move.date);
	else
		return false;
	return true;
}

static bool take_expiry(
	struct s3_rule *r, struct strview parent, struct strview name, struct strview text)
{
	bool is_older = sv_starts_with(parent, SV("Noncurrent"));
	if (is_older && sv_eq(name, SV("NoncurrentDays")))
		r->noncurrent_days = days_of(r, text);
	else if (is_older && sv_eq(name, SV("NewerNoncurrentVersions")))
		r->noncurrent_keep = days_of(r, text);
	else if (!is_older && sv_eq(name, SV("Days")))
		r->expire_days = days_of(r, text);
	else if (!is_older && sv_eq(name, SV("Date")))
		take_date(r, text, r->expire_date);
	else if (!is_older && sv_eq(name, SV("ExpiredObjectDeleteMarker")))
		r->expires_markers = sv_eq(text, SV("true"));
	else
		return false;
	return true;
}

/* False: it is nothing that we know. */
static bool take(struct reading *g, int depth, struct strview parent, struct strview name,
	struct strview text)
{
	struct s3_rule *r = g->rule;
	if (is_transition(parent))
		return take_move(g, parent, name, text);
	if (is_expiration(parent))
		return take_expiry(r, parent, name, text);
	if (sv_eq(parent, SV("AbortIncompleteMultipartUpload"))) {
		r->abort_days = days_of(r, text);
		return sv_eq(name, SV("DaysAfterInitiation"));
	}
	if (depth > 2)
		return take_condition(g, parent, name, text);
	if (sv_eq(name, SV("ID")))
		set_text(&r->id, text);
	else if (sv_eq(name, SV("Status")))
		r->is_enabled = sv_eq(text, SV("Enabled"));
	else if (is_transition(name))
		s3_rule_add_move(r, sv_starts_with(name, SV("Noncurrent")), &g->move);
	else if (!is_expiration(name) && !sv_eq(name, SV("AbortIncompleteMultipartUpload")))
		return take_condition(g, parent, name, text);
	return true;
}

static void on_close(
	void *arg, int depth, struct strview parent, struct strview name, struct strview text)
{
	struct reading *g = arg;
	if (!g->rule)
		return;
	if (depth == 1) {
		s3_rule_sort(g->rule);
		g->rule = NULL;
	} else if (!take(g, depth, parent, name, sv_trim(text))) {
		g->rule->has_more = true;
	}
}

/* The text of each rule: the document is known to be well-formed, and no rule has a rule in it. */
static void take_xml(struct s3_lifecycle *l, struct strview doc)
{
	static const char begin[] = "<Rule>", end[] = "</Rule>";
	for (size_t i = 0; i < l->count && doc.len; i++) {
		const char *from = memmem(doc.data, doc.len, begin, sizeof begin - 1);
		struct strview rest = from ? sv_from(doc, (size_t)(from - doc.data)) : SV("");
		const char *to = from ? memmem(rest.data, rest.len, end, sizeof end - 1) : NULL;
		if (!to)
			return;
		size_t len = (size_t)(to - rest.data) + sizeof end - 1;
		set_text(&l->rules[i].xml, sv_n(rest.data, len));
		doc = sv_from(rest, len);
	}
}

enum s3t_rc s3_lifecycle_parse(struct strview xml, struct s3_lifecycle *out, struct s3t_err *err)
{
	struct reading g = {.out = out};
	struct xml_handler handler = {.open = on_open, .close = on_close, .arg = &g};
	*out = (struct s3_lifecycle){.rules = NULL};
	enum s3t_rc rc = xml_parse(xml, &handler, NULL, err);
	free(g.key);
	free(g.value);
	if (rc == S3T_OK)
		take_xml(out, xml);
	for (size_t i = 0; i < out->count && rc == S3T_OK; i++)
		if (!out->rules[i].xml[0]) /* written in a way that ours cannot be put beside */
			rc = s3t_fail(err, S3T_UNSUPPORTED,
				"The server writes its rules in a way that this program does not "
				"know.");
	if (rc != S3T_OK)
		s3_lifecycle_deinit(out);
	return rc;
}

void s3_lifecycle_xml(const struct s3_lifecycle *l, struct strbuf *out)
{
	strbuf_add_str(
		out, "<LifecycleConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
	for (size_t i = 0; i < l->count; i++)
		strbuf_add_str(out, l->rules[i].xml);
	strbuf_add_str(out, "</LifecycleConfiguration>");
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
	if (at == l->count && l->count == S3_RULES_MAX)
		return s3t_fail(err, S3T_INVALID, "A bucket has at most 1,000 rules.");
	if (at < l->count && l->rules[at].has_more)
		return s3t_fail(err, S3T_INVALID,
			"This rule has parts that s3tui does not know and that would be lost. "
			"Remove it first, or edit the document: s3tui bucket s3://BUCKET "
			"lifecycle.");
	enum s3t_rc rc = s3_rule_read(&fresh, id, pairs, count, err);
	if (rc != S3T_OK)
		return rc;
	if (at < l->count)
		s3_rule_enable(&fresh, l->rules[at].is_enabled);
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

static struct s3_document document_of(struct strview bucket)
{
	return (struct s3_document){
		.bucket = bucket, .name = "lifecycle", .root = "LifecycleConfiguration"};
}

enum s3t_rc s3_lifecycle_get(const struct s3_ctx *ctx, struct strview bucket,
	struct s3_lifecycle *out, struct s3t_err *err)
{
	struct s3_document d = document_of(bucket);
	struct strbuf text;
	bool exists;
	strbuf_init(&text);
	*out = (struct s3_lifecycle){.rules = NULL};
	enum s3t_rc rc = s3_document_get(ctx, &d, &text, &exists, err);
	if (rc == S3T_OK && exists)
		rc = s3_lifecycle_parse(strbuf_view(&text), out, err);
	if (rc == S3T_OK && exists)
		out->stored = strbuf_take(&text);
	else
		strbuf_deinit(&text);
	return rc;
}

static bool is_same(const struct s3_rule *wanted, const struct s3_rule *got)
{
	struct strbuf a, b;
	strbuf_init(&a);
	strbuf_init(&b);
	s3_rule_words(wanted, &a);
	s3_rule_words(got, &b);
	bool same = sv_eq(strbuf_view(&a), strbuf_view(&b)) && wanted->has_more == got->has_more &&
		    (!wanted->id[0] || strcmp(wanted->id, got->id) == 0);
	strbuf_deinit(&a);
	strbuf_deinit(&b);
	return same;
}

/* The first rule that is not among those that the server has now; they may be in another order. */
static const struct s3_rule *find_lost(const struct s3_lifecycle *wanted, struct s3_lifecycle *got)
{
	for (size_t i = 0; i < wanted->count; i++) {
		size_t at = 0;
		while (at < got->count && !is_same(&wanted->rules[i], &got->rules[at]))
			at++;
		if (at == got->count)
			return &wanted->rules[i];
		s3_lifecycle_remove(got, at);
	}
	return NULL;
}

static enum s3t_rc write_text(const struct s3_ctx *ctx, const struct s3_document *d,
	struct strview text, struct s3t_err *err)
{
	return text.len ? s3_document_put(ctx, d, text, true, err)
			: s3_document_delete(ctx, d, true, err);
}

/* A write may be seen a while later. */
static enum s3t_rc read_back(const struct s3_ctx *ctx, const struct s3_document *d,
	const struct s3_lifecycle *before, struct s3_lifecycle *now, struct s3t_err *err)
{
	const char *old = before->stored ? before->stored : "";
	for (int tries = 0;; tries++) {
		enum s3t_rc rc = s3_lifecycle_get(ctx, d->bucket, now, err);
		bool is_old = rc == S3T_OK && strcmp(now->stored ? now->stored : "", old) == 0;
		if (!is_old || tries == SEEN_TRIES || cancel_wait(ctx->cancel, SEEN_PAUSE_MS))
			return rc;
		s3_lifecycle_deinit(now);
	}
}

/* A rule that lost a condition would remove what it was to leave alone. */
static enum s3t_rc check_kept(const struct s3_ctx *ctx, const struct s3_document *d,
	const struct s3_lifecycle *l, struct s3t_err *err)
{
	struct s3_lifecycle now;
	struct s3t_err undo = {.rc = S3T_OK};
	enum s3t_rc rc = read_back(ctx, d, l, &now, err);
	const struct s3_rule *lost = rc == S3T_OK ? find_lost(l, &now) : NULL;
	if (lost) {
		struct strbuf words;
		strbuf_init(&words);
		s3_rule_words(lost, &words);
		rc = write_text(ctx, d, sv(l->stored ? l->stored : ""), &undo);
		if (rc == S3T_OK)
			rc = s3t_fail(err, S3T_UNSUPPORTED,
				"The server does not keep all of the rule \"%s\"; the rules are "
				"as they were before.",
				words.data);
		else
			rc = s3t_fail(err, rc,
				"The server did not keep all of the rule \"%s\", and the rules as "
				"they were before could not be written again: %s",
				words.data, undo.message);
		strbuf_deinit(&words);
	}
	s3_lifecycle_deinit(&now);
	return rc;
}

enum s3t_rc s3_lifecycle_put(const struct s3_ctx *ctx, struct strview bucket,
	const struct s3_lifecycle *l, struct s3t_err *err)
{
	struct s3_document d = document_of(bucket);
	struct strbuf text, now;
	bool exists;
	strbuf_init(&text);
	strbuf_init(&now);
	enum s3t_rc rc = s3_document_get(ctx, &d, &now, &exists, err);
	if (rc == S3T_OK && (exists != (l->stored != NULL) ||
				    (exists && !sv_eq(strbuf_view(&now), sv(l->stored)))))
		rc = s3t_fail(err, S3T_CHANGED,
			"The rules were changed by others meanwhile: look at them again.");
	if (rc == S3T_OK && l->count)
		s3_lifecycle_xml(l, &text);
	if (rc == S3T_OK)
		rc = write_text(ctx, &d, strbuf_view(&text), err);
	if (rc == S3T_OK)
		rc = check_kept(ctx, &d, l, err);
	strbuf_deinit(&text);
	strbuf_deinit(&now);
	return rc;
}

static enum s3t_rc check_all(const struct s3_lifecycle *l, struct s3t_err *err)
{
	if (!l->count || l->count == S3_RULES_MAX)
		return s3t_fail(err, S3T_INVALID, "A bucket has 1 to 1,000 rules.");
	for (size_t i = 0; i < l->count; i++) {
		const struct s3_rule *r = &l->rules[i];
		struct s3t_err why = {.rc = S3T_OK};
		enum s3t_rc rc = r->has_more ? S3T_OK : s3_rule_check(r, &why);
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
	struct s3_lifecycle l = {.rules = NULL};
	struct s3_document d = document_of(bucket);
	struct strbuf now;
	bool exists = false;
	strbuf_init(&now);
	enum s3t_rc rc = S3T_OK;
	if (text.len)
		rc = s3_document_check(&d, text, err);
	if (rc == S3T_OK && text.len)
		rc = s3_lifecycle_parse(text, &l, err);
	if (rc == S3T_OK && text.len)
		rc = check_all(&l, err);
	if (rc == S3T_OK)
		rc = s3_document_get(ctx, &d, &now, &exists, err);
	if (exists)
		l.stored = strbuf_take(&now);
	if (rc == S3T_OK)
		rc = s3_lifecycle_put(ctx, bucket, &l, err);
	s3_lifecycle_deinit(&l);
	strbuf_deinit(&now);
	return rc;
}
