#include "core/json.h"

#include "core/crypto.h"
#include "core/text.h"

#include <jansson.h>
#include <stdlib.h>

struct json_doc {
	json_t *root;
};

struct json_doc *json_doc_parse(struct strview text)
{
	json_t *root = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(root)) {
		json_decref(root);
		return NULL;
	}
	struct json_doc *doc = s3t_alloc(sizeof *doc);
	doc->root = root;
	return doc;
}

void json_doc_free(struct json_doc *doc)
{
	if (!doc)
		return;
	json_decref(doc->root);
	free(doc);
}

const char *json_doc_string(const struct json_doc *doc, const char *key)
{
	return json_string_value(json_object_get(doc->root, key));
}

int64_t json_doc_int(const struct json_doc *doc, const char *key, int64_t fallback)
{
	const json_t *value = json_object_get(doc->root, key);
	return json_is_integer(value) ? json_integer_value(value) : fallback;
}

const char *json_doc_string_in(const struct json_doc *doc, const char *object, const char *key)
{
	return json_string_value(json_object_get(json_object_get(doc->root, object), key));
}

int64_t json_doc_int_in(
	const struct json_doc *doc, const char *object, const char *key, int64_t fallback)
{
	const json_t *value = json_object_get(json_object_get(doc->root, object), key);
	return json_is_integer(value) ? json_integer_value(value) : fallback;
}

static const json_t *object_at(const struct json_doc *doc, const char *array, size_t i)
{
	const json_t *value = json_object_get(doc->root, array);
	return json_is_array(value) ? json_array_get(value, i) : i == 0 ? value : NULL;
}

size_t json_doc_count(const struct json_doc *doc, const char *key)
{
	const json_t *value = json_object_get(doc->root, key);
	return json_is_array(value) ? json_array_size(value) : json_is_object(value);
}

bool json_doc_has_at(const struct json_doc *doc, const char *array, size_t i, const char *key)
{
	return json_object_get(object_at(doc, array, i), key) != NULL;
}

const char *json_doc_string_at(
	const struct json_doc *doc, const char *array, size_t i, const char *key)
{
	return json_string_value(json_object_get(object_at(doc, array, i), key));
}

static bool dump(struct strview text, size_t flags, const char *end, struct strbuf *out)
{
	struct json_doc *doc = json_doc_parse(text);
	char *lines = doc ? json_dumps(doc->root, flags | JSON_PRESERVE_ORDER) : NULL;
	if (lines)
		strbuf_addf(out, "%s%s", lines, end);
	free(lines);
	json_doc_free(doc);
	return lines != NULL;
}

bool json_indent(struct strview text, struct strbuf *out)
{
	return dump(text, JSON_INDENT(2), "\n", out);
}

bool json_compact(struct strview text, struct strbuf *out)
{
	return dump(text, JSON_COMPACT, "", out);
}

bool json_doc_is_of_strings(const struct json_doc *doc)
{
	const char *key;
	json_t *value;
	json_object_foreach(doc->root, key, value)
	{
		if (!json_is_string(value))
			return false;
	}
	return true;
}

void json_begin(struct json_writer *w, struct strbuf *out)
{
	*w = (struct json_writer){.out = out};
	strbuf_add_char(out, '{');
}

/* What a terminal could act on, or hide: escaped it is as exact and harmless. */
static bool is_unsafe_raw(uint32_t c)
{
	return (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0x061c ||
	       c == 0xfeff;
}

static void quoted(struct strbuf *out, struct strview s)
{
	strbuf_add_char(out, '"');
	while (s.len) {
		uint32_t c = 0;
		size_t n = utf8_decode(s, &c);
		if (n == 0)
			strbuf_add_str(out, "\\ufffd");
		else if (c == '"' || c == '\\')
			strbuf_add(out, (char[]){'\\', (char)c}, 2);
		else if (c < 0x20 || is_unsafe_raw(c))
			strbuf_addf(out, "\\u%04x", (unsigned)c);
		else
			strbuf_add(out, s.data, n);
		s = sv_from(s, n ? n : 1);
	}
	strbuf_add_char(out, '"');
}

static void add_key(struct json_writer *w, const char *key)
{
	if (w->has_members)
		strbuf_add_char(w->out, ',');
	w->has_members = true;
	quoted(w->out, sv(key));
	strbuf_add_char(w->out, ':');
}

void json_add_string(struct json_writer *w, const char *key, struct strview value)
{
	add_key(w, key);
	quoted(w->out, value);
}

void json_add_bytes(struct json_writer *w, const char *key, struct strview value)
{
	json_add_string(w, key, value);
	if (utf8_is_valid(value))
		return;
	char *name = s3t_asprintf("%s_base64", key);
	add_key(w, name);
	free(name);
	strbuf_add_char(w->out, '"');
	base64_encode(w->out, (const unsigned char *)value.data, value.len);
	strbuf_add_char(w->out, '"');
}

void json_add_int(struct json_writer *w, const char *key, int64_t value)
{
	add_key(w, key);
	strbuf_addf(w->out, "%lld", (long long)value);
}

void json_add_uint(struct json_writer *w, const char *key, uint64_t value)
{
	add_key(w, key);
	strbuf_addf(w->out, "%llu", (unsigned long long)value);
}

void json_add_bool(struct json_writer *w, const char *key, bool value)
{
	add_key(w, key);
	strbuf_add_str(w->out, value ? "true" : "false");
}

void json_add_null(struct json_writer *w, const char *key)
{
	add_key(w, key);
	strbuf_add_str(w->out, "null");
}

void json_open_object(struct json_writer *w, const char *key)
{
	add_key(w, key);
	strbuf_add_char(w->out, '{');
	w->has_members = false;
}

void json_close_object(struct json_writer *w)
{
	strbuf_add_char(w->out, '}');
	w->has_members = true;
}

void json_end(struct json_writer *w)
{
	strbuf_add_char(w->out, '}');
}
