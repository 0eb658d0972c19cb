#include "core/s3_rule.h"

#include "core/parse.h"
#include "core/s3_change.h"
#include "core/text.h"
#include "core/timeutil.h"
#include "core/xml.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In the order in which objects may move. */
static const char *const classes[] = {"STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA",
	"GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"};
enum { CLASSES = sizeof classes / sizeof *classes, INFREQUENT_DAYS = 30, DAYS_MAX = INT32_MAX };

static size_t rank_of(const char *class)
{
	size_t i = 0;
	while (i < CLASSES && strcmp(classes[i], class) != 0)
		i++;
	return i;
}

void s3_rule_init(struct s3_rule *r)
{
	*r = (struct s3_rule){.id = s3t_strdup(""), .prefix = s3t_strdup("")};
}

void s3_rule_deinit(struct s3_rule *r)
{
	free(r->id);
	free(r->prefix);
	free(r->filter_xml);
	free(r->actions_xml);
	for (size_t i = 0; i < r->tag_count; i++) {
		free(r->tags[i].key);
		free(r->tags[i].value);
	}
	*r = (struct s3_rule){.id = NULL};
}

bool s3_rule_add_tag(struct s3_rule *r, struct strview key, struct strview value)
{
	if (r->tag_count == S3_RULE_TAGS_MAX)
		return false;
	r->tags[r->tag_count++] = (struct s3_rule_tag){
		.key = s3t_strndup(key.data, key.len), .value = s3t_strndup(value.data, value.len)};
	return true;
}

bool s3_rule_add_move(struct s3_rule *r, bool is_older, const struct s3_move *m)
{
	size_t *count = is_older ? &r->older_move_count : &r->move_count;
	if (*count == S3_MOVES_MAX)
		return false;
	(is_older ? r->older_moves : r->moves)[(*count)++] = *m;
	return true;
}

bool s3_rule_has_more(const struct s3_rule *r)
{
	return r->filter_xml || r->actions_xml;
}

static int compare_tags(const void *a, const void *b)
{
	const struct s3_rule_tag *x = a, *y = b;
	int order = strcmp(x->key, y->key);
	return order ? order : strcmp(x->value, y->value);
}

static int compare_moves(const void *a, const void *b)
{
	const struct s3_move *x = a, *y = b;
	int by_date = strcmp(x->date, y->date);
	if (by_date)
		return by_date;
	if (x->days != y->days)
		return x->days < y->days ? -1 : 1;
	return strcmp(x->class, y->class);
}

void s3_rule_sort(struct s3_rule *r)
{
	qsort(r->tags, r->tag_count, sizeof *r->tags, compare_tags);
	qsort(r->moves, r->move_count, sizeof *r->moves, compare_moves);
	qsort(r->older_moves, r->older_move_count, sizeof *r->older_moves, compare_moves);
}

/* --- in words --- */

struct telling {
	struct strbuf *out;
	bool has_unit; /* "days" was said */
	bool has_any;  /* something happens to the objects */
};

static void tell_time(struct telling *t, uint32_t days, const char *date)
{
	if (date[0]) {
		strbuf_addf(t->out, " on %s", date);
		return;
	}
	strbuf_addf(t->out, " after %u%s", days, t->has_unit ? "" : days == 1 ? " day" : " days");
	t->has_unit = true;
}

/* "" and " and" between what happens to the same objects. */
static void tell(struct telling *t, const char *what, struct strview object, uint32_t days,
	const char *date, uint32_t keep)
{
	strbuf_addf(t->out, "%s %s", t->has_any ? " and" : "", what);
	text_sanitise(t->out, object);
	tell_time(t, days, date);
	if (keep)
		strbuf_addf(t->out, " but for the newest %u", keep);
	t->has_any = true;
}

static void tell_which(const struct s3_rule *r, struct strbuf *out)
{
	const char *glue = " (";
	bool is_all = !r->prefix[0] && !r->tag_count && !r->has_larger && !r->has_smaller;
	strbuf_addf(out, "%s%sobjects", r->is_enabled ? "" : "(off) ", is_all ? "all " : "");
	if (r->prefix[0]) {
		strbuf_add_str(out, " under ");
		text_sanitise(out, sv(r->prefix));
	}
	for (size_t i = 0; i < r->tag_count; i++, glue = ", ") {
		strbuf_addf(out, "%stag ", glue);
		text_sanitise(out, sv(r->tags[i].key));
		strbuf_add_char(out, '=');
		text_sanitise(out, sv(r->tags[i].value));
	}
	if (r->has_larger) {
		strbuf_addf(out, "%slarger than %" PRIu64 " bytes", glue, r->larger);
		glue = ", ";
	}
	if (r->has_smaller) {
		strbuf_addf(out, "%ssmaller than %" PRIu64 " bytes", glue, r->smaller);
		glue = ", ";
	}
	if (glue[0] == ',')
		strbuf_add_char(out, ')');
}

void s3_rule_words(const struct s3_rule *r, struct strbuf *out)
{
	struct telling t = {.out = out};
	tell_which(r, out);
	for (size_t i = 0; i < r->move_count; i++)
		tell(&t, "move to ", sv(r->moves[i].class), r->moves[i].days, r->moves[i].date, 0);
	if (r->expire_days || r->expire_date[0])
		tell(&t, "go", SV(""), r->expire_days, r->expire_date, 0);
	if (!t.has_any)
		strbuf_add_str(out, " stay");
	t.has_any = false;
	if (r->older_move_count || r->noncurrent_days)
		strbuf_add_str(out, "; older versions");
	for (size_t i = 0; i < r->older_move_count; i++)
		tell(&t, "move to ", sv(r->older_moves[i].class), r->older_moves[i].days, "",
			r->older_moves[i].keep);
	if (r->noncurrent_days)
		tell(&t, "go", SV(""), r->noncurrent_days, "", r->noncurrent_keep);
	if (r->expires_markers)
		strbuf_add_str(out, "; delete markers go with the last version");
	if (r->abort_days) {
		strbuf_add_str(out, "; unfinished uploads");
		tell_time(&t, r->abort_days, "");
	}
	if (s3_rule_has_more(r))
		strbuf_add_str(out, "; and more that s3tui does not know");
}

/* --- from pairs --- */

static enum s3t_rc read_number(const char *name, const char *unit, struct strview text,
	uint32_t least, uint32_t most, uint32_t *out, struct s3t_err *err)
{
	uint64_t n;
	if (!parse_u64(text, &n) || n < least || n > most)
		return s3t_fail(err, S3T_INVALID, "%s wants %s, a whole number from %u to %u.",
			name, unit, least, most);
	*out = (uint32_t)n;
	return S3T_OK;
}

static enum s3t_rc read_days(
	const char *name, struct strview text, uint32_t least, uint32_t *out, struct s3t_err *err)
{
	if (sv_ends_with(text, SV("d")))
		text.len--;
	return read_number(name, "days", text, least, DAYS_MAX, out, err);
}

/* Days, or the day itself. */
static enum s3t_rc read_time(const char *name, struct strview text, uint32_t least, uint32_t *days,
	char date[S3_DAY_LEN + 1], struct s3t_err *err)
{
	char stamp[32];
	if (text.len != S3_DAY_LEN || text.data[4] != '-')
		return read_days(name, text, least, days, err);
	snprintf(stamp, sizeof stamp, "%.*sT00:00:00Z", S3_DAY_LEN, text.data);
	if (time_parse_iso_ns(sv(stamp)) == TIME_UNKNOWN)
		return s3t_fail(err, S3T_INVALID, "%s wants days, or a day like 2030-01-31.", name);
	memcpy(date, text.data, S3_DAY_LEN);
	date[S3_DAY_LEN] = '\0';
	return S3T_OK;
}

static bool is_infrequent(const char *class)
{
	return strcmp(class, "STANDARD_IA") == 0 || strcmp(class, "ONEZONE_IA") == 0;
}

/* One of S3's, in any case; another one as it is: services have classes of their own. */
static enum s3t_rc read_class(struct strview text, char class[32], struct s3t_err *err)
{
	class[0] = '\0';
	for (size_t i = 0; i < CLASSES; i++)
		if (sv_eq_nocase(text, sv(classes[i])))
			snprintf(class, 32, "%s", classes[i]);
	if (class[0])
		return S3T_OK;
	bool ok = text.len > 0 && text.len < 32 && !sv_eq_nocase(text, SV("STANDARD")) &&
		  !sv_eq_nocase(text, SV("REDUCED_REDUNDANCY"));
	for (size_t i = 0; i < text.len && ok; i++)
		ok = text_is_alnum((unsigned char)text.data[i]) || text.data[i] == '_' ||
		     text.data[i] == '-';
	if (!ok)
		return s3t_fail(err, S3T_INVALID,
			"Objects move to STANDARD_IA, ONEZONE_IA, INTELLIGENT_TIERING, GLACIER_IR, "
			"GLACIER or DEEP_ARCHIVE, or to a class that only this service has.");
	snprintf(class, 32, "%.*s", (int)text.len, text.data);
	return S3T_OK;
}

/* "CLASS:DAYS", for older versions "CLASS:DAYS:KEEP". */
static enum s3t_rc read_move(
	struct s3_rule *r, bool is_older, struct strview text, struct s3t_err *err)
{
	const char *name = is_older ? "noncurrent-transition" : "transition";
	struct strview class = sv_n(text.data, sv_find(text, ':'));
	struct strview when = sv_from(text, class.len + 1), keep;
	struct s3_move m = {.days = 0};
	enum s3t_rc rc = read_class(class, m.class, err);
	if (is_older) {
		keep = sv_from(when, sv_find(when, ':'));
		when.len -= keep.len;
		if (rc == S3T_OK)
			rc = read_days(name, when, 0, &m.days, err);
		if (rc == S3T_OK && keep.len)
			rc = read_number("The number that stays", "versions", sv_from(keep, 1), 1,
				S3_KEEP_MAX, &m.keep, err);
	} else if (rc == S3T_OK) {
		rc = read_time(name, when, 0, &m.days, m.date, err);
	}
	if (rc == S3T_OK && !s3_rule_add_move(r, is_older, &m))
		rc = s3t_fail(err, S3T_INVALID, "These are too many transitions.");
	return rc;
}

static enum s3t_rc read_size(
	const char *name, struct strview text, bool *has, uint64_t *out, struct s3t_err *err)
{
	if (!parse_size(text, out))
		return s3t_fail(err, S3T_INVALID, "%s wants a size, like 500 or 10MiB.", name);
	*has = true;
	return S3T_OK;
}

/* "KEY=VALUE"; a key may have an '=' behind a backslash, which no tag has. */
static enum s3t_rc read_tag(struct s3_rule *r, struct strview text, struct s3t_err *err)
{
	struct strbuf key;
	size_t at = 0;
	strbuf_init(&key);
	for (; at < text.len && text.data[at] != '='; at++) {
		at += text.data[at] == '\\' && at + 1 < text.len;
		strbuf_add_char(&key, text.data[at]);
	}
	struct strview name = strbuf_view(&key), value = sv_from(text, at + 1);
	enum s3t_rc rc = s3_check_tag(name, value, err);
	for (size_t i = 0; i < r->tag_count && rc == S3T_OK; i++)
		if (sv_eq(name, sv(r->tags[i].key)))
			rc = s3t_fail(
				err, S3T_INVALID, "The tag %s is there twice.", r->tags[i].key);
	if (rc == S3T_OK && !s3_rule_add_tag(r, name, value))
		rc = s3t_fail(err, S3T_INVALID, "An object has at most 10 tags.");
	strbuf_deinit(&key);
	return rc;
}

static enum s3t_rc read_noncurrent(struct s3_rule *r, struct strview text, struct s3t_err *err)
{
	struct strview days = sv_n(text.data, sv_find(text, ':'));
	enum s3t_rc rc = read_days("noncurrent", days, 1, &r->noncurrent_days, err);
	if (rc == S3T_OK && days.len < text.len)
		rc = read_number("The number that stays", "versions", sv_from(text, days.len + 1),
			1, S3_KEEP_MAX, &r->noncurrent_keep, err);
	return rc;
}

static enum s3t_rc read_pair(struct s3_rule *r, struct strview pair, struct s3t_err *err)
{
	size_t equals = sv_find(pair, '=');
	struct strview name = sv_n(pair.data, equals), value = sv_from(pair, equals + 1);
	if (sv_eq(name, SV("prefix"))) {
		free(r->prefix);
		r->prefix = s3t_strndup(value.data, value.len);
		return utf8_is_valid(value) && value.len <= S3_KEY_MAX
			       ? S3T_OK
			       : s3t_fail(err, S3T_INVALID,
					 "A prefix is UTF-8 of at most 1,024 bytes.");
	}
	if (sv_eq(name, SV("tag")))
		return read_tag(r, value, err);
	if (sv_eq(name, SV("larger")))
		return read_size("larger", value, &r->has_larger, &r->larger, err);
	if (sv_eq(name, SV("smaller")))
		return read_size("smaller", value, &r->has_smaller, &r->smaller, err);
	if (sv_eq(name, SV("expire")))
		return read_time("expire", value, 1, &r->expire_days, r->expire_date, err);
	if (sv_eq(name, SV("transition")))
		return read_move(r, false, value, err);
	if (sv_eq(name, SV("noncurrent")))
		return read_noncurrent(r, value, err);
	if (sv_eq(name, SV("noncurrent-transition")))
		return read_move(r, true, value, err);
	if (sv_eq(name, SV("markers")))
		return parse_bool(value, &r->expires_markers)
			       ? S3T_OK
			       : s3t_fail(err, S3T_INVALID, "markers is yes or no.");
	if (sv_eq(name, SV("abort")))
		return read_days("abort", value, 1, &r->abort_days, err);
	char *shown = text_sanitised(pair);
	(void)s3t_fail(err, S3T_INVALID,
		"%s is no part of a rule; there are prefix=, tag=KEY=VALUE, larger=, smaller=, "
		"expire=DAYS, transition=CLASS:DAYS, noncurrent=DAYS, "
		"noncurrent-transition=CLASS:DAYS, markers=yes, abort=DAYS.",
		shown);
	free(shown);
	return S3T_INVALID;
}

/* Tags and transitions may be many; what else is given twice is a mistake. */
static enum s3t_rc check_once(const char *const *pairs, size_t i, struct s3t_err *err)
{
	size_t len = sv_find(sv(pairs[i]), '=');
	struct strview name = sv_n(pairs[i], len);
	if (sv_eq(name, SV("tag")) || sv_ends_with(name, SV("transition")))
		return S3T_OK;
	for (size_t k = 0; k < i; k++)
		if (sv_eq(sv_n(pairs[k], sv_find(sv(pairs[k]), '=')), name))
			return s3t_fail(err, S3T_INVALID, "%.*s is there twice.",
				(int)(len < 40 ? len : 40), pairs[i]);
	return S3T_OK;
}

/* --- S3's rules --- */

/* "Transitioning objects": downwards only, and 30 days later from where access is infrequent. */
static enum s3t_rc check_order(
	const struct s3_move *a, const struct s3_move *b, struct s3t_err *err)
{
	size_t rank_a = rank_of(a->class), rank_b = rank_of(b->class);
	if (strcmp(a->class, b->class) == 0)
		return s3t_fail(err, S3T_INVALID, "A rule moves objects to %s once.", a->class);
	if (rank_a == CLASSES || rank_b == CLASSES || !a->date[0] != !b->date[0])
		return S3T_OK; /* the service's own; days and a day are refused elsewhere */
	const struct s3_move *first = rank_a < rank_b ? a : b, *then = first == a ? b : a;
	int by_date = strcmp(then->date, first->date);
	if (by_date < 0 || (by_date == 0 && then->days <= first->days))
		return s3t_fail(err, S3T_INVALID,
			"Objects move from %s to %s and not back: the second comes later.",
			first->class, then->class);
	if (is_infrequent(first->class) && !then->date[0] &&
		then->days < first->days + INFREQUENT_DAYS)
		return s3t_fail(err, S3T_INVALID,
			"Objects stay in %s for 30 days: %s after %u at the earliest.",
			first->class, then->class, first->days + INFREQUENT_DAYS);
	return S3T_OK;
}

static enum s3t_rc fail_numbers(struct s3t_err *err)
{
	return s3t_fail(err, S3T_INVALID,
		"A number, a day (midnight UTC) or the status is not as S3 has it, or is there "
		"twice; "
		"versions that stay are at most 100.");
}

/* last: what goes goes after so many days; 0: it stays. */
static enum s3t_rc check_moves(const struct s3_move *moves, size_t count, uint32_t last_days,
	const char *last_date, struct s3t_err *err)
{
	enum s3t_rc rc = S3T_OK;
	for (size_t i = 0; i < count && rc == S3T_OK; i++) {
		const struct s3_move *m = &moves[i];
		if (is_infrequent(m->class) && !m->date[0] && m->days < INFREQUENT_DAYS)
			return s3t_fail(err, S3T_INVALID,
				"Objects move to %s after 30 days at the earliest.", m->class);
		if (m->days > DAYS_MAX || m->keep > S3_KEEP_MAX)
			return fail_numbers(err);
		if ((last_days && !m->date[0] && m->days >= last_days) ||
			(last_date[0] && m->date[0] && strcmp(m->date, last_date) >= 0))
			return s3t_fail(err, S3T_INVALID,
				"Objects move before they go: the move to %s is too late.",
				m->class);
		for (size_t j = 0; j < i && rc == S3T_OK; j++)
			rc = check_order(m, &moves[j], err);
	}
	return rc;
}

/* "Found mixed 'Date' and 'Days' based Expiration and Transition actions", as S3 says it. */
static bool mixes_times(const struct s3_rule *r)
{
	bool has_days = r->expire_days > 0, has_date = r->expire_date[0];
	for (size_t i = 0; i < r->move_count; i++) {
		has_date |= r->moves[i].date[0] != '\0';
		has_days |= r->moves[i].date[0] == '\0';
	}
	return has_days && has_date;
}

enum s3t_rc s3_rule_check(const struct s3_rule *r, struct s3t_err *err)
{
	bool expires = r->expire_days || r->expire_date[0];
	bool has_sizes = r->has_larger || r->has_smaller;
	if (r->is_odd || r->expire_days > DAYS_MAX || r->noncurrent_days > DAYS_MAX ||
		r->abort_days > DAYS_MAX || r->noncurrent_keep > S3_KEEP_MAX)
		return fail_numbers(err);
	if (!expires && !r->move_count && !r->noncurrent_days && !r->older_move_count &&
		!r->abort_days && !r->expires_markers)
		return s3t_fail(err, S3T_INVALID,
			"A rule does something: objects or older versions move or go, delete "
			"markers or unfinished uploads go.");
	if (mixes_times(r))
		return s3t_fail(err, S3T_INVALID,
			"A rule counts days or names a day for what moves and goes, not both.");
	if (r->expires_markers && expires)
		return s3t_fail(err, S3T_INVALID,
			"Delete markers are not named where objects go: they go with them.");
	if (r->tag_count && (r->abort_days || r->expires_markers))
		return s3t_fail(err, S3T_INVALID,
			"A rule for tags is not for %s, which have no tags.",
			r->abort_days ? "unfinished uploads" : "delete markers");
	if (has_sizes && r->abort_days)
		return s3t_fail(err, S3T_INVALID,
			"A rule for sizes is not for unfinished uploads, which have none.");
	if (r->has_larger && r->has_smaller &&
		(r->smaller <= r->larger || r->smaller - r->larger < 2))
		return s3t_fail(err, S3T_INVALID,
			"No object is larger than %" PRIu64 " and smaller than %" PRIu64 " bytes.",
			r->larger, r->smaller);
	if (r->has_smaller && !r->smaller)
		return s3t_fail(err, S3T_INVALID, "No object is smaller than 0 bytes.");
	enum s3t_rc rc = check_moves(r->moves, r->move_count, r->expire_days, r->expire_date, err);
	if (rc == S3T_OK)
		rc = check_moves(r->older_moves, r->older_move_count, r->noncurrent_days, "", err);
	return rc;
}

/* --- as XML --- */

static void add_number(struct strbuf *out, const char *name, uint64_t n)
{
	strbuf_addf(out, "<%s>%" PRIu64 "</%s>", name, n, name);
}

static void add_time(struct strbuf *out, uint32_t days, const char *date)
{
	if (date[0])
		strbuf_addf(out, "<Date>%sT00:00:00Z</Date>", date);
	else
		add_number(out, "Days", days);
}

static bool add_filter(struct strbuf *out, const struct s3_rule *r)
{
	size_t conditions = (r->prefix[0] != '\0') + r->tag_count + (size_t)r->has_larger +
			    (size_t)r->has_smaller;
	bool ok = true;
	strbuf_add_str(out, conditions > 1 ? "<Filter><And>" : "<Filter>");
	if (r->prefix[0] || !conditions) {
		strbuf_add_str(out, "<Prefix>");
		ok = xml_escape(out, sv(r->prefix)) && ok;
		strbuf_add_str(out, "</Prefix>");
	}
	for (size_t i = 0; i < r->tag_count; i++) {
		strbuf_add_str(out, "<Tag><Key>");
		ok = xml_escape(out, sv(r->tags[i].key)) && ok;
		strbuf_add_str(out, "</Key><Value>");
		ok = xml_escape(out, sv(r->tags[i].value)) && ok;
		strbuf_add_str(out, "</Value></Tag>");
	}
	if (r->has_larger)
		add_number(out, "ObjectSizeGreaterThan", r->larger);
	if (r->has_smaller)
		add_number(out, "ObjectSizeLessThan", r->smaller);
	strbuf_add_str(out, conditions > 1 ? "</And></Filter>" : "</Filter>");
	return ok;
}

static void add_noncurrent(struct strbuf *out, uint32_t days, uint32_t keep)
{
	add_number(out, "NoncurrentDays", days);
	if (keep)
		add_number(out, "NewerNoncurrentVersions", keep);
}

static void add_actions(struct strbuf *out, const struct s3_rule *r)
{
	for (size_t i = 0; i < r->move_count; i++) {
		strbuf_add_str(out, "<Transition>");
		add_time(out, r->moves[i].days, r->moves[i].date);
		strbuf_addf(out, "<StorageClass>%s</StorageClass></Transition>", r->moves[i].class);
	}
	if (r->expire_days || r->expire_date[0]) {
		strbuf_add_str(out, "<Expiration>");
		add_time(out, r->expire_days, r->expire_date);
		strbuf_add_str(out, "</Expiration>");
	} else if (r->expires_markers) {
		strbuf_add_str(out, "<Expiration><ExpiredObjectDeleteMarker>true"
				    "</ExpiredObjectDeleteMarker></Expiration>");
	}
	for (size_t i = 0; i < r->older_move_count; i++) {
		strbuf_add_str(out, "<NoncurrentVersionTransition>");
		add_noncurrent(out, r->older_moves[i].days, r->older_moves[i].keep);
		strbuf_addf(out, "<StorageClass>%s</StorageClass></NoncurrentVersionTransition>",
			r->older_moves[i].class);
	}
	if (r->noncurrent_days) {
		strbuf_add_str(out, "<NoncurrentVersionExpiration>");
		add_noncurrent(out, r->noncurrent_days, r->noncurrent_keep);
		strbuf_add_str(out, "</NoncurrentVersionExpiration>");
	}
	if (r->abort_days) {
		strbuf_add_str(out, "<AbortIncompleteMultipartUpload>");
		add_number(out, "DaysAfterInitiation", r->abort_days);
		strbuf_add_str(out, "</AbortIncompleteMultipartUpload>");
	}
}

bool s3_rule_xml(const struct s3_rule *r, struct strbuf *out)
{
	bool ok = true;
	strbuf_add_str(out, "<Rule>");
	if (r->id[0]) {
		strbuf_add_str(out, "<ID>");
		ok = xml_escape(out, sv(r->id));
		strbuf_add_str(out, "</ID>");
	}
	if (r->filter_xml)
		strbuf_add_str(out, r->filter_xml);
	else
		ok = add_filter(out, r) && ok;
	strbuf_addf(out, "<Status>%s</Status>", r->is_enabled ? "Enabled" : "Disabled");
	if (r->actions_xml)
		strbuf_add_str(out, r->actions_xml);
	else
		add_actions(out, r);
	strbuf_add_str(out, "</Rule>");
	return ok;
}

enum s3t_rc s3_rule_read(struct s3_rule *r, const char *id, const char *const *pairs, size_t count,
	struct s3t_err *err)
{
	enum s3t_rc rc = S3T_OK;
	if (!id[0] || strlen(id) > S3_RULE_ID_MAX)
		return s3t_fail(err, S3T_INVALID, "The name of a rule has 1 to 255 bytes.");
	s3_rule_init(r);
	free(r->id);
	r->id = s3t_strdup(id);
	r->is_enabled = true;
	for (size_t i = 0; i < count && rc == S3T_OK; i++) {
		rc = check_once(pairs, i, err);
		if (rc == S3T_OK)
			rc = read_pair(r, sv(pairs[i]), err);
	}
	s3_rule_sort(r);
	if (rc == S3T_OK)
		rc = s3_rule_check(r, err);
	struct strbuf xml;
	strbuf_init(&xml);
	if (rc == S3T_OK && !s3_rule_xml(r, &xml))
		rc = s3t_fail(err, S3T_INVALID, "A name has characters that XML cannot hold.");
	strbuf_deinit(&xml);
	if (rc != S3T_OK)
		s3_rule_deinit(r);
	return rc;
}
