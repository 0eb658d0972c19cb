/* DeleteObjects: up to 1,000 keys, a result for each. */
#include "core/parse.h"
#include "core/xml.h"
#include "sandbox/internal.h"

#include <stdlib.h>
#include <string.h>

enum { KEYS_MAX = 1000 };

struct batch {
	struct strview *keys; /* own their bytes */
	size_t count;
	bool is_quiet, is_bad, is_versioned;
};

static void on_element(
	void *arg, int depth, struct strview parent, struct strview name, struct strview text)
{
	struct batch *b = arg;
	if (depth == 2 && sv_eq(parent, SV("Object")) && sv_eq(name, SV("Key"))) {
		b->is_bad |= b->count == KEYS_MAX || !text.len;
		if (!b->is_bad)
			b->keys[b->count++] = sv_n(s3t_strndup(text.data, text.len), text.len);
	} else if (depth == 2 && sv_eq(name, SV("VersionId"))) {
		b->is_versioned |= text.len && !sv_eq(text, SV("null"));
	} else if (depth == 1 && sv_eq(name, SV("Quiet"))) {
		b->is_bad |= !parse_bool(sv_trim(text), &b->is_quiet);
	}
}

static void delete_one(struct request *r, struct strbuf *out, struct strview key, bool is_quiet)
{
	enum sbx_error error = sbx_store_delete(&r->sb->store, r->bucket, key, NULL);
	if (error == SBX_E_NONE && is_quiet)
		return;
	strbuf_add_str(out, error == SBX_E_NONE ? "<Deleted>" : "<Error>");
	sbx_xml_text(out, "Key", key);
	if (error != SBX_E_NONE) {
		sbx_xml_text(out, "Code", sv(sbx_error_code(error)));
		sbx_xml_text(out, "Message", sv(sbx_error_sentence(error)));
	}
	strbuf_add_str(out, error == SBX_E_NONE ? "</Deleted>" : "</Error>");
}

void sbx_delete_batch(struct request *r)
{
	if (!sbx_header(r, "content-md5")) {
		sbx_reply_error(r, SBX_E_NEEDS_MD5);
		return;
	}
	char root[64];
	struct batch b = {.keys = s3t_alloc(KEYS_MAX * sizeof *b.keys)};
	const struct xml_handler handler = {.close = on_element, .arg = &b};
	if (xml_parse(strbuf_view(&r->text), &handler, root, NULL) != S3T_OK || b.is_bad ||
		b.count == 0 || strcmp(root, "Delete") != 0) {
		sbx_reply_error(r, SBX_E_MALFORMED_XML);
	} else if (b.is_versioned) {
		sbx_reply_error(r, SBX_E_NOT_IMPLEMENTED);
	} else {
		struct strbuf *out = sbx_reply_xml(r, "DeleteResult");
		for (size_t i = 0; i < b.count; i++)
			delete_one(r, out, b.keys[i], b.is_quiet);
		strbuf_add_str(out, "</DeleteResult>");
	}
	for (size_t i = 0; i < b.count; i++)
		free((char *)b.keys[i].data);
	free(b.keys);
}
