/* JSON: reading small documents by key, writing lines. The only user of jansson. */
#ifndef CORE_JSON_H
#define CORE_JSON_H

#include "core/strbuf.h"

#include <stdint.h>

/* A parsed object; NULL if doc is not a JSON object. */
struct json_doc;
struct json_doc *json_doc_parse(struct strview doc);
void json_doc_free(struct json_doc *doc);
/* A top-level string, or NULL; borrowed from doc. */
const char *json_doc_string(const struct json_doc *doc, const char *key);
/* A string in a top-level object, or NULL; the same of an integer. */
const char *json_doc_string_in(const struct json_doc *doc, const char *object, const char *key);
int64_t json_doc_int_in(
	const struct json_doc *doc, const char *object, const char *key, int64_t fallback);
/* A top-level integer, or fallback. */
int64_t json_doc_int(const struct json_doc *doc, const char *key, int64_t fallback);
/* How many objects a top-level array has; a lone object counts as one. */
size_t json_doc_count(const struct json_doc *doc, const char *key);
/* Whether the i-th of them has a member; what it is if that is a string, or NULL. */
bool json_doc_has_at(const struct json_doc *doc, const char *array, size_t i, const char *key);
const char *json_doc_string_at(
	const struct json_doc *doc, const char *array, size_t i, const char *key);

/* Appends doc with a line for each member, or without any white space; false if it is no JSON
 * object. */
bool json_indent(struct strview doc, struct strbuf *out);
bool json_compact(struct strview doc, struct strbuf *out);

/* Whether each of its values is a string. */
bool json_doc_is_of_strings(const struct json_doc *doc);

/* Writing "{...}": begin, members in order, end. Bytes that are not UTF-8 are replaced by U+FFFD;
 * json_add_bytes() then adds key_base64 with the exact bytes. */
struct json_writer {
	struct strbuf *out;
	bool has_members;
};
void json_begin(struct json_writer *w, struct strbuf *out);
void json_add_string(struct json_writer *w, const char *key, struct strview value);
void json_add_bytes(struct json_writer *w, const char *key, struct strview value);
void json_add_int(struct json_writer *w, const char *key, int64_t value);
void json_add_uint(struct json_writer *w, const char *key, uint64_t value);
void json_add_bool(struct json_writer *w, const char *key, bool value);
void json_add_null(struct json_writer *w, const char *key);
/* An opened member object; finish it with json_close_object(). */
void json_open_object(struct json_writer *w, const char *key);
void json_close_object(struct json_writer *w);
/* Closes the object; no line feed. */
void json_end(struct json_writer *w);

#endif
