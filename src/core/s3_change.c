#include "core/s3_change.h"

#include "core/config.h"
#include "core/parse.h"
#include "core/s3_lock.h"
#include "core/text.h"
#include "core/timeutil.h"
#include "core/uri.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The headers that an object keeps, besides its type and encoding. */
static const char *const header_names[] = {
	"cache-control", "content-disposition", "content-language", "expires"};
enum { HEADER_NAMES = sizeof header_names / sizeof *header_names };

/* --- the rules --- */

static bool is_token(struct strview s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.data[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			    (c && strchr("!#$%&'*+-.^_`|~", c))))
			return false;
	}
	return s.len > 0;
}

static bool is_printable_ascii(struct strview s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.data[i] < 0x20 || s.data[i] > 0x7e)
			return false;
	return true;
}

enum s3t_rc s3_check_metadata(struct strview name, struct strview value, struct s3t_err *err)
{
	if (!is_token(name))
		return s3t_fail(err, S3T_INVALID,
			"The name of metadata is made of letters, digits and - _ . and the like, "
			"without spaces.");
	if (!is_printable_ascii(value))
		return s3t_fail(err, S3T_INVALID,
			"The value of metadata is printable ASCII: S3 keeps nothing else as it "
			"is.");
	if (name.len + value.len > S3_METADATA_MAX)
		return s3t_fail(err, S3T_INVALID,
			"All metadata of an object has at most 2,048 bytes, names and values.");
	return S3T_OK;
}

enum s3t_rc s3_check_header(struct strview value, struct s3t_err *err)
{
	if (!is_printable_ascii(value) || value.len > S3_METADATA_MAX)
		return s3t_fail(err, S3T_INVALID,
			"The value of a header is printable ASCII of at most 2,048 bytes.");
	return S3T_OK;
}

static size_t characters(struct strview s)
{
	size_t n = 0;
	for (size_t i = 0; i < s.len; i++) /* units of UTF-16 */
		n += (((unsigned char)s.data[i] & 0xc0) != 0x80) +
		     ((unsigned char)s.data[i] >= 0xf0);
	return n;
}

/* Letters and digits are those of all languages. */
static bool has_tag_characters(struct strview s)
{
	while (s.len) {
		uint32_t c = 0;
		size_t n = utf8_decode(s, &c);
		if (!n || (!text_is_alnum(c) && (c > 0x7f || !c || !strchr(" +-=._:/@", (int)c))))
			return false;
		s = sv_from(s, n);
	}
	return true;
}

enum s3t_rc s3_check_tag(struct strview key, struct strview value, struct s3t_err *err)
{
	if (key.len == 0 || characters(key) > S3_TAG_KEY_MAX)
		return s3t_fail(err, S3T_INVALID, "A tag's key has 1 to 128 characters.");
	if (characters(value) > S3_TAG_VALUE_MAX)
		return s3t_fail(err, S3T_INVALID, "A tag's value has at most 256 characters.");
	if (!has_tag_characters(key) || !has_tag_characters(value))
		return s3t_fail(err, S3T_INVALID,
			"A tag is made of letters, digits, spaces and + - = . _ : / @.");
	if (key.len >= 4 && strncasecmp(key.data, "aws:", 4) == 0)
		return s3t_fail(err, S3T_INVALID, "Tags that begin with aws: are Amazon's own.");
	return S3T_OK;
}

enum s3t_rc s3_restore_parse(const char *text, uint32_t *days, char tier[16], struct s3t_err *err)
{
	static const char *const tiers[] = {"Standard", "Bulk", "Expedited"};
	struct strview s = sv(text), name = sv_from(s, sv_find(s, ':') + 1);
	uint64_t n;
	s.len = sv_find(s, ':');
	if (s.len && s.data[s.len - 1] == 'd')
		s.len--;
	if (!parse_u64(s, &n) || n < 1 || n > 36500)
		return s3t_fail(err, S3T_INVALID,
			"An object is restored for 1 to 36,500 days: 7, or 7:Bulk.");
	*days = (uint32_t)n;
	for (size_t i = 0; i < sizeof tiers / sizeof *tiers; i++) {
		if (name.len && !sv_eq_nocase(name, sv(tiers[i])))
			continue;
		memcpy(tier, tiers[i], strlen(tiers[i]) + 1);
		return S3T_OK;
	}
	return s3t_fail(err, S3T_INVALID, "Tiers are Standard, Bulk and Expedited.");
}

/* A word of s3tui.ini as it would stand there. */
static enum s3t_rc check_option(
	const char *section, const char *key, struct strview value, char **out, struct s3t_err *err)
{
	struct settings s;
	settings_init_defaults(&s);
	char *text = s3t_strndup(value.data, value.len);
	enum s3t_rc rc = settings_set(&s, section, key, text, err);
	if (rc == S3T_OK)
		*out = s3t_strdup(strcmp(key, "type") == 0 ? s.encryption_type : s.storage_class);
	else if (err)
		err->rc = S3T_INVALID;
	free(text);
	settings_deinit(&s);
	return rc == S3T_OK ? rc : S3T_INVALID;
}

static enum s3t_rc check_key_id(const char *type, struct strview id, struct s3t_err *err)
{
	if (strcmp(type, "SSE_KMS") != 0)
		return s3t_fail(err, S3T_INVALID, "Only SSE_KMS takes the id of a key.");
	bool ok = is_printable_ascii(id) && sv_find(id, ' ') == id.len;
	return ok ? S3T_OK
		  : s3t_fail(err, S3T_INVALID,
			    "The id of a KMS key is printable ASCII without spaces.");
}

/* SSE_KMS:KEY-ID stays as it is behind the colon. */
static enum s3t_rc check_encryption(struct strview value, char **out, struct s3t_err *err)
{
	struct strview key = sv_from(value, sv_find(value, ':'));
	char *type = NULL;
	if (sv_eq(value, SV("aws:kms")))
		key.len = 0;
	else
		value.len -= key.len;
	enum s3t_rc rc = check_option("encryption", "type", value, &type, err);
	if (rc == S3T_OK && key.len)
		rc = check_key_id(type, sv_from(key, 1), err);
	if (rc == S3T_OK)
		*out = s3t_asprintf("%s%.*s", type, (int)key.len, key.data);
	free(type);
	return rc;
}

/* RFC 9111, 5.3: a date of HTTP; "0" is said for "already". A day or ISO 8601 becomes one. */
static enum s3t_rc check_expires(struct strview value, char **clean, struct s3t_err *err)
{
	char text[TIME_HTTP_MAX];
	if (!value.len || sv_eq(value, SV("0")) || time_parse_http(value) != TIME_UNKNOWN)
		return S3T_OK;
	char *stamp = s3t_asprintf(
		"%.*s%s", (int)value.len, value.data, value.len == 10 ? "T00:00:00Z" : "");
	int64_t at_ns = time_parse_iso_ns(sv(stamp));
	free(stamp);
	if (at_ns == TIME_UNKNOWN)
		return s3t_fail(err, S3T_INVALID,
			"expires is a date: 2030-01-31, or Thu, 31 Jan 2030 00:00:00 GMT.");
	time_format_http(at_ns / NS_PER_S, text);
	*clean = s3t_strdup(text);
	return S3T_OK;
}

/* *clean: the value in its one spelling, where it has one. */
static enum s3t_rc check_change(
	struct strview name, struct strview value, char **clean, struct s3t_err *err)
{
	uint32_t days;
	char tier[16], *text;
	if (sv_starts_with(name, SV("meta.")))
		return s3_check_metadata(sv_from(name, 5), value, err);
	if (sv_starts_with(name, SV("tag.")))
		return s3_check_tag(sv_from(name, 4), value, err);
	if (sv_eq(name, SV("storage-class")))
		return check_option("default", "storage_class", value, clean, err);
	if (sv_eq(name, SV("encryption")))
		return check_encryption(value, clean, err);
	if (sv_eq(name, SV("restore"))) {
		text = s3t_strndup(value.data, value.len);
		enum s3t_rc rc = s3_restore_parse(text, &days, tier, err);
		free(text);
		return rc;
	}
	if (sv_eq(name, SV("retention"))) {
		struct s3_retention retention;
		text = s3t_strndup(value.data, value.len);
		enum s3t_rc rc = s3_retention_parse(text, time_wall_s(), &retention, err);
		free(text);
		return rc;
	}
	if (sv_eq(name, SV("legal-hold")))
		return sv_eq(value, SV("on")) || sv_eq(value, SV("off"))
			       ? S3T_OK
			       : s3t_fail(err, S3T_INVALID, "A legal hold is on or off.");
	if (sv_eq(name, SV("expires")))
		return check_expires(value, clean, err);
	bool is_known = sv_eq(name, SV("content-type")) || sv_eq(name, SV("content-encoding"));
	for (size_t i = 0; i < HEADER_NAMES; i++)
		is_known = is_known || sv_eq(name, sv(header_names[i]));
	if (!is_known) {
		char *shown = text_sanitised(name);
		(void)s3t_fail(err, S3T_INVALID,
			"%s is nothing that can be changed; there are content-type, "
			"content-encoding, content-disposition, content-language, cache-control, "
			"expires, meta.NAME, tag.KEY, storage-class, encryption, restore, "
			"retention, legal-hold.",
			shown);
		free(shown);
		return S3T_INVALID;
	}
	return s3_check_header(value, err);
}

/* --- the list --- */

static struct s3_change *find(const struct s3_changes *c, struct strview name)
{
	for (size_t i = 0; i < c->count; i++)
		if (sv_eq(sv(c->items[i].name), name))
			return &c->items[i];
	return NULL;
}

/* Header names and those of metadata have no case; tags have. */
static char *own_name(struct strview name)
{
	char *copy = s3t_strndup(name.data, name.len);
	bool is_tag = strncasecmp(copy, "tag.", 4) == 0;
	for (size_t i = 0; copy[i] && !(is_tag && i >= 4); i++)
		if (copy[i] >= 'A' && copy[i] <= 'Z')
			copy[i] = (char)(copy[i] | 0x20);
	return copy;
}

enum s3t_rc s3_changes_add(
	struct s3_changes *c, struct strview name, struct strview value, struct s3t_err *err)
{
	char *own = own_name(name), *clean = NULL;
	enum s3t_rc rc = check_change(sv(own), value, &clean, err);
	if (rc != S3T_OK) {
		free(own);
		return rc;
	}
	struct s3_change *item = find(c, sv(own));
	/* a form takes away what it had before it adds what is there now */
	if (item && item->value[0] && value.len) {
		char *shown = text_sanitised(sv(own));
		rc = s3t_fail(err, S3T_INVALID, "%s is there twice.", shown);
		free(shown);
		free(own);
		free(clean);
		return rc;
	}
	if (item) {
		free(own);
		free(item->value);
	} else {
		item = realloc(c->items, (c->count + 1) * sizeof *item);
		if (!item)
			s3t_oom();
		c->items = item;
		item = &c->items[c->count++];
		item->name = own;
	}
	item->value = clean ? clean : s3t_strndup(value.data, value.len);
	return S3T_OK;
}

enum s3t_rc s3_changes_add_pair(struct s3_changes *c, struct strview pair, struct s3t_err *err)
{
	size_t equals = sv_find(pair, '=');
	if (equals == pair.len)
		return s3t_fail(err, S3T_INVALID, "A change is written NAME=VALUE.");
	return s3_changes_add(c, sv_n(pair.data, equals), sv_from(pair, equals + 1), err);
}

void s3_changes_copy(struct s3_changes *to, const struct s3_changes *from)
{
	*to = (struct s3_changes){.items = s3t_alloc(from->count * sizeof *to->items)};
	for (to->count = 0; to->count < from->count; to->count++) {
		const struct s3_change *item = &from->items[to->count];
		to->items[to->count] =
			(struct s3_change){s3t_strdup(item->name), s3t_strdup(item->value)};
	}
}

void s3_changes_deinit(struct s3_changes *c)
{
	for (size_t i = 0; i < c->count; i++) {
		free(c->items[i].name);
		free(c->items[i].value);
	}
	free(c->items);
	*c = (struct s3_changes){.items = NULL};
}

const char *s3_changes_get(const struct s3_changes *c, const char *name)
{
	const struct s3_change *item = find(c, sv(name));
	return item ? item->value : NULL;
}

bool s3_changes_are_all(const struct s3_changes *c, const char *prefix)
{
	for (size_t i = 0; i < c->count; i++)
		if (!sv_starts_with(sv(c->items[i].name), sv(prefix)))
			return false;
	return true;
}

bool s3_changes_have_any(const struct s3_changes *c, const char *prefix)
{
	for (size_t i = 0; i < c->count; i++)
		if (sv_starts_with(sv(c->items[i].name), sv(prefix)))
			return true;
	return false;
}

bool s3_changes_lock(const struct s3_changes *c)
{
	return s3_changes_get(c, "retention") || s3_changes_get(c, "legal-hold");
}

enum s3t_rc s3_changes_check(const struct s3_changes *c, struct s3t_err *err)
{
	size_t locks = (s3_changes_get(c, "retention") != NULL) +
		       (s3_changes_get(c, "legal-hold") != NULL);
	size_t tags = 0, metadata = 0;
	for (size_t i = 0; i < c->count; i++) {
		const struct s3_change *item = &c->items[i];
		if (!item->value || !item->value[0]) /* it is taken away */
			continue;
		tags += strncmp(item->name, "tag.", 4) == 0;
		if (strncmp(item->name, "meta.", 5) == 0)
			metadata += strlen(item->name) - 5 + strlen(item->value);
	}
	if (c->count == 0)
		return s3t_fail(err, S3T_INVALID, "Nothing is to be changed.");
	if (tags > S3_TAGS_MAX)
		return s3t_fail(err, S3T_INVALID, "An object has at most 10 tags.");
	if (metadata > S3_METADATA_MAX)
		return s3t_fail(err, S3T_INVALID,
			"All metadata of an object has at most 2,048 bytes, names and values.");
	if (locks && locks < c->count)
		return s3t_fail(
			err, S3T_INVALID, "Retention and legal hold go with no other change.");
	if (s3_changes_get(c, "restore") && c->count > 1)
		return s3t_fail(err, S3T_INVALID, "Restoring goes with no other change.");
	return S3T_OK;
}

/* --- applying --- */

static void note(struct strbuf *diff, const char *name, struct strview before, struct strview after)
{
	if (!diff || sv_eq(before, after))
		return;
	strbuf_addf(diff, "%s: ", name);
	text_sanitise(diff, before.len ? before : SV("(none)"));
	strbuf_add_str(diff, " -> ");
	text_sanitise(diff, after.len ? after : SV("(none)"));
	strbuf_add_char(diff, '\n');
}

static void set_text(char **field, const struct s3_change *item, struct strbuf *diff)
{
	note(diff, item->name, sv(*field ? *field : ""), sv(item->value));
	free(*field);
	*field = item->value[0] ? s3t_strdup(item->value) : NULL;
}

/* In lines "name: value\n". */
static void set_line(struct strbuf *lines, struct strview name, const struct s3_change *item,
	struct strbuf *diff)
{
	struct strbuf rest, before;
	strbuf_init(&rest);
	strbuf_init(&before);
	for (struct strview all = strbuf_view(lines); all.len;) {
		size_t end = sv_find(all, '\n');
		struct strview line = sv_n(all.data, end);
		size_t colon = sv_find(line, ':');
		all = sv_from(all, end + 1);
		if (sv_eq_nocase(sv_n(line.data, colon), name)) {
			strbuf_add_sv(&before, sv_trim(sv_from(line, colon + 1)));
			continue;
		}
		strbuf_add_sv(&rest, line);
		strbuf_add_char(&rest, '\n');
	}
	note(diff, item->name, strbuf_view(&before), sv(item->value));
	strbuf_reset(lines);
	strbuf_add_sv(lines, strbuf_view(&rest));
	if (item->value[0])
		strbuf_addf(lines, "%.*s: %s\n", (int)name.len, name.data, item->value);
	strbuf_deinit(&rest);
	strbuf_deinit(&before);
}

/* In "key=value&…", percent-encoded. */
static void set_tag(struct strbuf *tagging, struct strview key, const struct s3_change *item,
	struct strbuf *diff)
{
	struct strbuf rest, before, plain;
	strbuf_init(&rest);
	strbuf_init(&before);
	strbuf_init(&plain);
	for (struct strview all = strbuf_view(tagging); all.len;) {
		size_t end = sv_find(all, '&');
		struct strview pair = sv_n(all.data, end);
		size_t equals = sv_find(pair, '=');
		all = sv_from(all, end + 1);
		strbuf_reset(&plain);
		uri_decode(&plain, sv_n(pair.data, equals), false);
		if (sv_eq(strbuf_view(&plain), key)) {
			uri_decode(&before, sv_from(pair, equals + 1), false);
			continue;
		}
		strbuf_addf(&rest, "%s%.*s", rest.len ? "&" : "", (int)pair.len, pair.data);
	}
	note(diff, item->name, strbuf_view(&before), sv(item->value));
	if (item->value[0]) {
		strbuf_add_str(&rest, rest.len ? "&" : "");
		uri_encode(&rest, key, false);
		strbuf_add_char(&rest, '=');
		uri_encode(&rest, sv(item->value), false);
	}
	strbuf_reset(tagging);
	strbuf_add_sv(tagging, strbuf_view(&rest));
	strbuf_deinit(&rest);
	strbuf_deinit(&before);
	strbuf_deinit(&plain);
}

static enum s3t_rc check_result(
	const struct s3_object *o, const struct strbuf *tagging, struct s3t_err *err)
{
	size_t bytes = 0, tags = tagging->len > 0;
	for (size_t i = 0; i < o->metadata.len; i++)
		bytes += o->metadata.data[i] != '\n';
	for (size_t i = 0; i < tagging->len; i++)
		tags += tagging->data[i] == '&';
	if (tags > S3_TAGS_MAX)
		return s3t_fail(err, S3T_INVALID, "An object has at most 10 tags.");
	/* ": " of each line is not counted by S3 */
	for (struct strview all = strbuf_view(&o->metadata); all.len;
		all = sv_from(all, sv_find(all, '\n') + 1))
		bytes -= 2;
	if (bytes > S3_METADATA_MAX)
		return s3t_fail(err, S3T_INVALID,
			"All metadata of an object has at most 2,048 bytes, names and values.");
	return S3T_OK;
}

static void set_encryption(struct s3_object *o, const struct s3_change *item, struct strbuf *diff)
{
	struct strview value = sv(item->value), key = sv_from(value, sv_find(value, ':') + 1);
	struct strbuf before;
	strbuf_init(&before);
	s3_encryption_words(o, &before);
	note(diff, item->name, strbuf_view(&before), value);
	strbuf_deinit(&before);
	char *word = s3t_strndup(value.data, sv_find(value, ':'));
	static const char *const told[S3_ENCRYPTION_KIND_COUNT] = {
		NULL, "AES256", "aws:kms", "SSE-C", NULL};
	const char *kind = told[s3_encryption_kind_of(word)];
	free(word);
	free(o->encryption);
	free(o->key_id);
	o->encryption = kind ? s3t_strdup(kind) : NULL;
	o->key_id = key.len ? s3t_strndup(key.data, key.len) : NULL;
}

static void note_retention(
	const struct s3_object *o, const struct s3_change *item, struct strbuf *diff)
{
	char until[32] = "", *before = NULL;
	if (o->retain_until_s != TIME_UNKNOWN)
		time_format_iso(o->retain_until_s, until);
	if (o->lock_mode)
		before = s3t_asprintf("%s until %s", o->lock_mode, until);
	note(diff, item->name, sv(before ? before : ""), sv(item->value));
	free(before);
}

enum s3t_rc s3_changes_apply(const struct s3_changes *c, struct s3_object *o,
	struct strbuf *tagging, struct strbuf *diff, struct s3t_err *err)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct s3_change *item = &c->items[i];
		struct strview name = sv(item->name);
		if (sv_starts_with(name, SV("meta."))) {
			set_line(&o->metadata, sv_from(name, 5), item, diff);
		} else if (sv_starts_with(name, SV("tag."))) {
			set_tag(tagging, sv_from(name, 4), item, diff);
		} else if (sv_eq(name, SV("content-type"))) {
			set_text(&o->content_type, item, diff);
		} else if (sv_eq(name, SV("content-encoding"))) {
			set_text(&o->content_encoding, item, diff);
		} else if (sv_eq(name, SV("storage-class"))) {
			if (!o->storage_class)
				o->storage_class = s3t_strdup("STANDARD");
			set_text(&o->storage_class, item, diff);
		} else if (sv_eq(name, SV("encryption"))) {
			set_encryption(o, item, diff);
		} else if (sv_eq(name, SV("retention"))) {
			note_retention(o, item, diff);
		} else if (sv_eq(name, SV("legal-hold"))) {
			note(diff, item->name, o->has_legal_hold ? SV("on") : SV("off"),
				sv(item->value));
		} else if (sv_eq(name, SV("restore"))) {
			note(diff, item->name, sv(o->restore ? o->restore : ""), sv(item->value));
		} else {
			set_line(&o->headers, name, item, diff);
		}
	}
	return check_result(o, tagging, err);
}
