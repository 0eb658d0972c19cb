/*
 * What changes an object without sending it again: tags, and restoring from an archive class. Tags
 * are kept as the x-amz-tagging header has them, "name=value&…" in URL encoding.
 */
#include "core/uri.h"
#include "core/xml.h"
#include "sandbox/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAGS_MAX = 10, RESTORE_DAYS = 7 };

/* Replaces an object by one with the same bytes and a header (value NULL: none). */
static enum sbx_error amend(
	struct request *r, const struct sbx_object *old, const char *name, const char *value)
{
	struct sbx_object *object = sbx_object_new(sbx_object_key(old));
	sbx_headers_copy(&object->headers, &old->headers);
	free(object->storage_class);
	object->storage_class = s3t_strdup(old->storage_class);
	memcpy(object->etag, old->etag, sizeof object->etag);
	object->mtime_s = old->mtime_s;
	sbx_object_add_range(object, old, 0, old->size);
	sbx_headers_remove(&object->headers, name);
	if (value)
		sbx_headers_add(&object->headers, name, sv(value));
	const struct sbx_condition same = {.if_match = old->etag};
	enum sbx_error error = sbx_store_commit(&r->sb->store, r->bucket, object, &same, SV(""));
	sbx_object_unref(object);
	return error;
}

static void reply_status(struct request *r, enum sbx_error error, int status)
{
	if (error != SBX_E_NONE)
		sbx_reply_error(r, error);
	else
		r->reply.status = status;
}

/* ---- tags ---- */

size_t sbx_tag_count(const char *tagging)
{
	size_t count = tagging && *tagging ? 1 : 0;
	for (const char *p = tagging; p && *p; p++)
		count += *p == '&';
	return count;
}

bool sbx_tags_are_valid(const char *tagging)
{
	return sbx_tag_count(tagging) <= TAGS_MAX;
}

void sbx_tagging_get(struct request *r)
{
	struct sbx_object *object;
	enum sbx_error error = sbx_store_find(&r->sb->store, r->bucket, r->key, &object);
	if (error != SBX_E_NONE) {
		sbx_reply_error(r, error);
		return;
	}
	struct strbuf *out = sbx_reply_xml(r, "Tagging"), text;
	strbuf_init(&text);
	strbuf_add_str(out, "<TagSet>");
	struct strview rest = sv(sbx_headers_get(&object->headers, "x-amz-tagging"));
	while (rest.len) {
		size_t n = sv_find(rest, '&');
		struct strview one = sv_n(rest.data, n);
		rest = sv_from(rest, n + 1);
		size_t equals = sv_find(one, '=');
		strbuf_add_str(out, "<Tag>");
		uri_decode(&text, sv_n(one.data, equals), true);
		sbx_xml_text(out, "Key", strbuf_view(&text));
		strbuf_reset(&text);
		uri_decode(&text, sv_from(one, equals + 1), true);
		sbx_xml_text(out, "Value", strbuf_view(&text));
		strbuf_reset(&text);
		strbuf_add_str(out, "</Tag>");
	}
	strbuf_add_str(out, "</TagSet></Tagging>");
	strbuf_deinit(&text);
	sbx_object_unref(object);
}

struct tag_set {
	struct strbuf tagging, key, value;
};

static void on_tag(
	void *arg, int depth, struct strview parent, struct strview name, struct strview text)
{
	struct tag_set *t = arg;
	(void)parent;
	if (depth == 3 && sv_eq(name, SV("Key"))) {
		strbuf_reset(&t->key);
		strbuf_add_sv(&t->key, text);
	} else if (depth == 3 && sv_eq(name, SV("Value"))) {
		strbuf_reset(&t->value);
		strbuf_add_sv(&t->value, text);
	} else if (depth == 2 && sv_eq(name, SV("Tag"))) {
		if (t->tagging.len)
			strbuf_add_char(&t->tagging, '&');
		uri_encode(&t->tagging, strbuf_view(&t->key), false);
		strbuf_add_char(&t->tagging, '=');
		uri_encode(&t->tagging, strbuf_view(&t->value), false);
		strbuf_reset(&t->key);
		strbuf_reset(&t->value);
	}
}

void sbx_tagging_put(struct request *r)
{
	struct tag_set t;
	strbuf_init(&t.tagging);
	strbuf_init(&t.key);
	strbuf_init(&t.value);
	char root[64];
	const struct xml_handler handler = {.close = on_tag, .arg = &t};
	struct sbx_object *object = NULL;
	enum sbx_error error = SBX_E_NONE;
	if (xml_parse(strbuf_view(&r->text), &handler, root, NULL) != S3T_OK ||
		strcmp(root, "Tagging") != 0)
		error = SBX_E_MALFORMED_XML;
	else if (!sbx_tags_are_valid(t.tagging.data))
		error = SBX_E_TAGS;
	if (error == SBX_E_NONE)
		error = sbx_store_find(&r->sb->store, r->bucket, r->key, &object);
	if (error == SBX_E_NONE)
		error = amend(r, object, "x-amz-tagging", t.tagging.len ? t.tagging.data : NULL);
	reply_status(r, error, 200);
	sbx_object_unref(object);
	strbuf_deinit(&t.tagging);
	strbuf_deinit(&t.key);
	strbuf_deinit(&t.value);
}

void sbx_tagging_delete(struct request *r)
{
	struct sbx_object *object;
	enum sbx_error error = sbx_store_find(&r->sb->store, r->bucket, r->key, &object);
	if (error == SBX_E_NONE)
		error = amend(r, object, "x-amz-tagging", NULL);
	reply_status(r, error, 204);
	sbx_object_unref(object);
}

/* ---- archive classes ---- */

bool sbx_object_is_archived(const struct sbx_object *object)
{
	bool is_archive = strcmp(object->storage_class, "GLACIER") == 0 ||
			  strcmp(object->storage_class, "DEEP_ARCHIVE") == 0;
	return is_archive && !sbx_headers_get(&object->headers, "x-amz-restore");
}

/* RestoreObject; the archive here is quick, the copy is there at once. */
void sbx_object_restore(struct request *r)
{
	struct sbx_object *object;
	enum sbx_error error = sbx_store_find(&r->sb->store, r->bucket, r->key, &object);
	if (error == SBX_E_NONE) {
		bool is_restored = sbx_headers_get(&object->headers, "x-amz-restore") != NULL;
		char date[40];
		sbx_format_http_date(sbx_now_s(r->sb) + RESTORE_DAYS * 86400, date);
		char *value = s3t_asprintf("ongoing-request=\"false\", expiry-date=\"%s\"", date);
		error = is_restored || sbx_object_is_archived(object)
				? amend(r, object, "x-amz-restore", value)
				: SBX_E_OBJECT_STATE;
		free(value);
		reply_status(r, error, is_restored ? 200 : 202);
	} else {
		sbx_reply_error(r, error);
	}
	sbx_object_unref(object);
}
