#include "core/s3_lifecycle.h"

#include "core/parse.h"
#include "core/s3_document.h"
#include "core/text.h"
#include "core/xml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In the order in which objects may move. */
static const char *const classes[] = {"STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA",
	"GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"};
enum { CLASSES = sizeof classes / sizeof *classes, INFREQUENT_DAYS = 30 };

static size_t rank_of(const char *class)
{
	size_t i = 0;
	while (i < CLASSES && strcmp(classes[i], class) != 0)
		i++;
	return i;
}

static void rule_deinit(struct s3_rule *r)
{
	free(r->id);
	free(r->prefix);
	free(r->condition);
	free(r->expire_date);
	free(r->xml);
}

void s3_lifecycle_deinit(struct s3_lifecycle *l)
{
	for (size_t i = 0; i < l->count; i++)
		rule_deinit(&l->rules[i]);
	free(l->rules);
	*l = (struct s3_lifecycle){.rules = NULL};
}

static struct s3_rule *add_rule(struct s3_lifecycle *l)
{
	struct s3_rule *more = realloc(l->rules, (l->count + 1) * sizeof *more);
	if (!more)
		s3t_oom();
	l->rules = more;
	struct s3_rule *r = &more[l->count++];
	*r = (struct s3_rule){.id = s3t_strdup(""),
		.prefix = s3t_strdup(""),
		.condition = s3t_strdup(""),
		.expire_date = s3t_strdup(""),
		.xml = s3t_strdup("")};
	return r;
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
	struct s3_transition transition;
	char tag[128];
};

static uint32_t days_of(struct strview text)
{
	uint64_t n;
	return parse_u64(text, &n) && n <= UINT32_MAX ? (uint32_t)n : 0;
}

static void add_condition(struct s3_rule *r, const char *what, struct strview value)
{
	char *clean = text_sanitised(value);
	char *all =
		s3t_asprintf("%s%s%s%s", r->condition, r->condition[0] ? ", " : "", what, clean);
	free(clean);
	free(r->condition);
	r->condition = all;
}

static void on_open(void *arg, int depth, struct strview name)
{
	struct reading *g = arg;
	if (depth == 1 && sv_eq(name, SV("Rule")) && g->out->count < S3_RULES_MAX)
		g->rule = add_rule(g->out);
	if (sv_eq(name, SV("Transition")))
		g->transition = (struct s3_transition){.days = 0};
}

static void on_close(
	void *arg, int depth, struct strview parent, struct strview name, struct strview text)
{
	struct reading *g = arg;
	struct s3_rule *r = g->rule;
	if (!r)
		return;
	text = sv_trim(text);
	if (depth == 1) {
		g->rule = NULL;
	} else if (sv_eq(name, SV("ID")) && depth == 2) {
		set_text(&r->id, text);
	} else if (sv_eq(name, SV("Prefix"))) {
		set_text(&r->prefix, text);
	} else if (sv_eq(name, SV("Status"))) {
		r->is_enabled = sv_eq(text, SV("Enabled"));
	} else if (sv_eq(name, SV("Key")) && sv_eq(parent, SV("Tag"))) {
		snprintf(g->tag, sizeof g->tag, "tag %.*s=", (int)(text.len < 100 ? text.len : 100),
			text.data);
	} else if (sv_eq(name, SV("Value")) && sv_eq(parent, SV("Tag"))) {
		add_condition(r, g->tag, text);
	} else if (sv_eq(name, SV("ObjectSizeGreaterThan"))) {
		add_condition(r, "larger than ", text);
	} else if (sv_eq(name, SV("ObjectSizeLessThan"))) {
		add_condition(r, "smaller than ", text);
	} else if (sv_eq(name, SV("Days")) && sv_eq(parent, SV("Expiration"))) {
		r->expire_days = days_of(text);
	} else if (sv_eq(name, SV("Date")) && sv_eq(parent, SV("Expiration"))) {
		set_text(&r->expire_date, text);
	} else if (sv_eq(name, SV("ExpiredObjectDeleteMarker"))) {
		r->expires_markers = sv_eq(text, SV("true"));
	} else if (sv_eq(name, SV("NoncurrentDays")) &&
		   sv_eq(parent, SV("NoncurrentVersionExpiration"))) {
		r->noncurrent_days = days_of(text);
	} else if (sv_eq(name, SV("DaysAfterInitiation"))) {
		r->abort_days = days_of(text);
	} else if (sv_eq(parent, SV("Transition")) && sv_eq(name, SV("Days"))) {
		g->transition.days = days_of(text);
	} else if (sv_eq(parent, SV("Transition")) && sv_eq(name, SV("StorageClass"))) {
		snprintf(g->transition.class, sizeof g->transition.class, "%.*s",
			(int)(text.len < 31 ? text.len : 31), text.data);
	} else if (sv_eq(name, SV("Transition")) && r->transition_count < S3_TRANSITIONS_MAX) {
		r->has_more = r->has_more || rank_of(g->transition.class) == CLASSES;
		r->transitions[r->transition_count++] = g->transition;
	} else if (!sv_eq(name, SV("Filter")) && !sv_eq(name, SV("And")) &&
		   !sv_eq(name, SV("Tag")) && !sv_eq(name, SV("Expiration")) &&
		   !sv_eq(name, SV("NoncurrentVersionExpiration")) &&
		   !sv_eq(name, SV("AbortIncompleteMultipartUpload"))) {
		r->has_more = true;
	}
	r->has_more = r->has_more || r->condition[0] || r->expire_date[0] || r->expires_markers;
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

/* --- in words --- */

static void add_days(struct strbuf *out, uint32_t days, bool *has_unit)
{
	strbuf_addf(out, " after %u%s", days, *has_unit ? "" : days == 1 ? " day" : " days");
	*has_unit = true;
}

void s3_rule_words(const struct s3_rule *r, struct strbuf *out)
{
	bool has_unit = false, has_any = false;
	if (!r->is_enabled)
		strbuf_add_str(out, "(off) ");
	strbuf_add_str(out, "objects");
	if (r->prefix[0]) {
		strbuf_add_str(out, " under ");
		text_sanitise(out, sv(r->prefix));
	}
	if (r->condition[0])
		strbuf_addf(out, " (%s)", r->condition);
	for (size_t i = 0; i < r->transition_count; i++) {
		strbuf_addf(out, "%s move to ", has_any ? " and" : "");
		text_sanitise(out, sv(r->transitions[i].class));
		add_days(out, r->transitions[i].days, &has_unit);
		has_any = true;
	}
	if (r->expire_days) {
		strbuf_addf(out, "%s go", has_any ? " and" : "");
		add_days(out, r->expire_days, &has_unit);
		has_any = true;
	}
	if (r->expire_date[0]) {
		strbuf_addf(out, "%s go on ", has_any ? " and" : "");
		text_sanitise(out, sv_n(r->expire_date, strnlen(r->expire_date, 10)));
		has_any = true;
	}
	if (!has_any)
		strbuf_add_str(out, " stay");
	if (r->noncurrent_days) {
		strbuf_add_str(out, "; older versions go");
		add_days(out, r->noncurrent_days, &has_unit);
	}
	if (r->expires_markers)
		strbuf_add_str(out, "; delete markers go with the last version");
	if (r->abort_days) {
		strbuf_add_str(out, "; unfinished uploads");
		add_days(out, r->abort_days, &has_unit);
	}
}

/* --- changing --- */

size_t s3_lifecycle_find(const struct s3_lifecycle *l, const char *id)
{
	size_t i = 0;
	while (i < l->count && strcmp(l->rules[i].id, id) != 0)
		i++;
	return i;
}

static enum s3t_rc read_days(
	const char *name, struct strview text, uint32_t least, uint32_t *out, struct s3t_err *err)
{
	uint64_t n;
	if (text.len && text.data[text.len - 1] == 'd')
		text.len--;
	if (!parse_u64(text, &n) || n < least || n > 36500)
		return s3t_fail(err, S3T_INVALID, "%s wants days, a whole number from %u to 36500.",
			name, least);
	if (*out)
		return s3t_fail(err, S3T_INVALID, "%s is there twice.", name);
	*out = (uint32_t)n;
	return S3T_OK;
}

static enum s3t_rc read_transition(struct s3_rule *r, struct strview text, struct s3t_err *err)
{
	struct strview class = sv_n(text.data, sv_find(text, ':'));
	struct s3_transition t = {.days = 0};
	for (size_t i = 0; i < CLASSES; i++)
		if (sv_eq_nocase(class, sv(classes[i])))
			snprintf(t.class, sizeof t.class, "%s", classes[i]);
	if (!t.class[0])
		return s3t_fail(err, S3T_INVALID,
			"Objects move to STANDARD_IA, ONEZONE_IA, INTELLIGENT_TIERING, GLACIER_IR, "
			"GLACIER or DEEP_ARCHIVE, and to nothing else.");
	bool is_infrequent =
		strcmp(t.class, "STANDARD_IA") == 0 || strcmp(t.class, "ONEZONE_IA") == 0;
	enum s3t_rc rc = read_days("transition", sv_from(text, class.len + 1), 0, &t.days, err);
	if (rc != S3T_OK)
		return rc;
	if (is_infrequent && t.days < INFREQUENT_DAYS)
		return s3t_fail(err, S3T_INVALID,
			"Objects move to %s after 30 days at the earliest.", t.class);
	if (r->transition_count == S3_TRANSITIONS_MAX)
		return s3t_fail(err, S3T_INVALID, "These are too many transitions.");
	r->transitions[r->transition_count++] = t;
	return S3T_OK;
}

static enum s3t_rc read_pair(struct s3_rule *r, struct strview pair, struct s3t_err *err)
{
	size_t equals = sv_find(pair, '=');
	struct strview name = sv_n(pair.data, equals), value = sv_from(pair, equals + 1);
	if (sv_eq(name, SV("prefix"))) {
		set_text(&r->prefix, value);
		return utf8_is_valid(value) && value.len <= S3_KEY_MAX
			       ? S3T_OK
			       : s3t_fail(err, S3T_INVALID,
					 "A prefix is UTF-8 of at most 1,024 bytes.");
	}
	if (sv_eq(name, SV("expire")))
		return read_days("expire", value, 1, &r->expire_days, err);
	if (sv_eq(name, SV("noncurrent")))
		return read_days("noncurrent", value, 1, &r->noncurrent_days, err);
	if (sv_eq(name, SV("abort")))
		return read_days("abort", value, 1, &r->abort_days, err);
	if (sv_eq(name, SV("transition")))
		return read_transition(r, value, err);
	char *shown = text_sanitised(pair);
	(void)s3t_fail(err, S3T_INVALID,
		"%s is no part of a rule; there are prefix=, expire=DAYS, transition=CLASS:DAYS, "
		"noncurrent=DAYS, abort=DAYS.",
		shown);
	free(shown);
	return S3T_INVALID;
}

/* "Transitioning objects": downwards only, and 30 days later from where access is infrequent. */
static enum s3t_rc check_order(
	const struct s3_transition *a, const struct s3_transition *b, struct s3t_err *err)
{
	size_t rank_a = rank_of(a->class), rank_b = rank_of(b->class);
	if (rank_a == rank_b)
		return s3t_fail(err, S3T_INVALID, "A rule moves objects to %s once.", a->class);
	const struct s3_transition *first = rank_a < rank_b ? a : b, *then = first == a ? b : a;
	if (then->days <= first->days)
		return s3t_fail(err, S3T_INVALID,
			"Objects move from %s to %s and not back: later than after %u days.",
			first->class, then->class, first->days);
	bool is_infrequent =
		strcmp(first->class, "STANDARD_IA") == 0 || strcmp(first->class, "ONEZONE_IA") == 0;
	if (is_infrequent && then->days < first->days + INFREQUENT_DAYS)
		return s3t_fail(err, S3T_INVALID,
			"Objects stay in %s for 30 days: %s after %u at the earliest.",
			first->class, then->class, first->days + INFREQUENT_DAYS);
	return S3T_OK;
}

static enum s3t_rc check_rule(const struct s3_rule *r, struct s3t_err *err)
{
	if (!r->expire_days && !r->transition_count && !r->noncurrent_days && !r->abort_days)
		return s3t_fail(err, S3T_INVALID,
			"A rule does something: expire, transition, noncurrent or abort.");
	for (size_t i = 0; i < r->transition_count; i++) {
		if (r->expire_days && r->transitions[i].days >= r->expire_days)
			return s3t_fail(err, S3T_INVALID,
				"Objects move before they go: %s after %u days is too late for %u.",
				r->transitions[i].class, r->transitions[i].days, r->expire_days);
		enum s3t_rc rc = S3T_OK;
		for (size_t j = 0; j < i && rc == S3T_OK; j++)
			rc = check_order(&r->transitions[i], &r->transitions[j], err);
		if (rc != S3T_OK)
			return rc;
	}
	return S3T_OK;
}

static void add_days_xml(struct strbuf *out, const char *outer, const char *inner, uint32_t days)
{
	if (days)
		strbuf_addf(out, "<%s><%s>%u</%s></%s>", outer, inner, days, inner, outer);
}

static bool write_xml(struct s3_rule *r)
{
	struct strbuf out;
	strbuf_init(&out);
	strbuf_add_str(&out, "<Rule><ID>");
	bool ok = xml_escape(&out, sv(r->id));
	strbuf_add_str(&out, "</ID><Filter><Prefix>");
	ok = xml_escape(&out, sv(r->prefix)) && ok;
	strbuf_addf(&out, "</Prefix></Filter><Status>%s</Status>",
		r->is_enabled ? "Enabled" : "Disabled");
	for (size_t i = 0; i < r->transition_count; i++)
		strbuf_addf(&out,
			"<Transition><Days>%u</Days><StorageClass>%s</StorageClass></Transition>",
			r->transitions[i].days, r->transitions[i].class);
	add_days_xml(&out, "Expiration", "Days", r->expire_days);
	add_days_xml(&out, "NoncurrentVersionExpiration", "NoncurrentDays", r->noncurrent_days);
	add_days_xml(&out, "AbortIncompleteMultipartUpload", "DaysAfterInitiation", r->abort_days);
	strbuf_add_str(&out, "</Rule>");
	free(r->xml);
	r->xml = strbuf_take(&out);
	return ok;
}

enum s3t_rc s3_lifecycle_set(struct s3_lifecycle *l, const char *id, const char *const *pairs,
	size_t count, struct s3t_err *err)
{
	struct s3_lifecycle fresh = {.rules = NULL};
	size_t at = s3_lifecycle_find(l, id);
	if (!id[0] || strlen(id) > S3_RULE_ID_MAX)
		return s3t_fail(err, S3T_INVALID, "The name of a rule has 1 to 255 bytes.");
	if (at == l->count && l->count == S3_RULES_MAX)
		return s3t_fail(err, S3T_INVALID, "A bucket has at most 1,000 rules.");
	if (at < l->count && l->rules[at].has_more)
		return s3t_fail(err, S3T_INVALID,
			"This rule has parts that would be lost: tags, sizes, a date or the like. "
			"Remove it first, or edit the document: s3tui bucket s3://BUCKET "
			"lifecycle.");
	struct s3_rule *r = add_rule(&fresh);
	set_text(&r->id, sv(id));
	r->is_enabled = at == l->count || l->rules[at].is_enabled;
	enum s3t_rc rc = S3T_OK;
	for (size_t i = 0; i < count && rc == S3T_OK; i++)
		rc = read_pair(r, sv(pairs[i]), err);
	if (rc == S3T_OK)
		rc = check_rule(r, err);
	if (rc == S3T_OK && !write_xml(r))
		rc = s3t_fail(err, S3T_INVALID, "A name has characters that XML cannot hold.");
	if (rc == S3T_OK && at == l->count)
		(void)add_rule(l);
	if (rc == S3T_OK) {
		rule_deinit(&l->rules[at]);
		l->rules[at] = *r;
		fresh.count = 0;
	}
	s3_lifecycle_deinit(&fresh);
	return rc;
}

void s3_lifecycle_enable(struct s3_lifecycle *l, size_t index, bool is_enabled)
{
	static const char *const words[] = {"Disabled", "Enabled"};
	struct s3_rule *r = &l->rules[index];
	const char *at = strstr(r->xml, "<Status>"), *end = at ? strstr(at, "</Status>") : NULL;
	r->is_enabled = is_enabled;
	if (!end)
		return;
	char *xml = s3t_asprintf(
		"%.*s<Status>%s%s", (int)(at - r->xml), r->xml, words[is_enabled], end);
	free(r->xml);
	r->xml = xml;
}

void s3_lifecycle_remove(struct s3_lifecycle *l, size_t index)
{
	rule_deinit(&l->rules[index]);
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
	strbuf_deinit(&text);
	return rc;
}

enum s3t_rc s3_lifecycle_put(const struct s3_ctx *ctx, struct strview bucket,
	const struct s3_lifecycle *l, struct s3t_err *err)
{
	struct s3_document d = document_of(bucket);
	struct strbuf text;
	if (!l->count)
		return s3_document_delete(ctx, &d, true, err);
	strbuf_init(&text);
	s3_lifecycle_xml(l, &text);
	enum s3t_rc rc = s3_document_put(ctx, &d, strbuf_view(&text), true, err);
	strbuf_deinit(&text);
	return rc;
}
