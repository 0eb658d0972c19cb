/*
 * Which operation a request is. A subresource that is not in the table is refused: a server that
 * falls through to the plain operation overwrites an object with a configuration's XML.
 */
#include "sandbox/internal.h"

#include <string.h>

static const struct sbx_op ops[] = {
	{"GET", 's', "", "", SBX_SINK_NONE, false, sbx_bucket_list_all},

	{"GET", 'b', "location", "", SBX_SINK_NONE, false, sbx_bucket_location},
	{"GET", 'b', "versioning", "", SBX_SINK_NONE, false, sbx_bucket_versioning},
	{"GET", 'b', "uploads", "", SBX_SINK_NONE, false, sbx_multipart_list_uploads},
	{"GET", 'b', "list-type", "", SBX_SINK_NONE, false, sbx_list_v2},
	{"GET", 'b', "", "", SBX_SINK_NONE, false, sbx_list_v1},
	{"HEAD", 'b', "", "", SBX_SINK_NONE, false, sbx_bucket_head},
	{"PUT", 'b', "", "", SBX_SINK_TEXT, true, sbx_bucket_create},
	{"DELETE", 'b', "", "", SBX_SINK_NONE, true, sbx_bucket_delete},
	{"POST", 'b', "delete", "", SBX_SINK_TEXT, true, sbx_delete_batch},

	{"GET", 'o', "uploadId", "", SBX_SINK_NONE, false, sbx_multipart_list_parts},
	{"GET", 'o', "tagging", "", SBX_SINK_NONE, false, sbx_tagging_get},
	{"PUT", 'o', "tagging", "", SBX_SINK_TEXT, true, sbx_tagging_put},
	{"DELETE", 'o', "tagging", "", SBX_SINK_NONE, true, sbx_tagging_delete},
	{"POST", 'o', "restore", "", SBX_SINK_TEXT, true, sbx_object_restore},
	{"GET", 'o', "", "", SBX_SINK_NONE, false, sbx_object_get},
	{"HEAD", 'o', "", "", SBX_SINK_NONE, false, sbx_object_get},
	{"PUT", 'o', "uploadId", "x-amz-copy-source", SBX_SINK_TEXT, true, sbx_copy_part},
	{"PUT", 'o', "uploadId", "", SBX_SINK_BLOB, true, sbx_multipart_put_part},
	{"PUT", 'o', "", "x-amz-copy-source", SBX_SINK_TEXT, true, sbx_copy_object},
	{"PUT", 'o', "", "", SBX_SINK_BLOB, true, sbx_object_put},
	{"DELETE", 'o', "uploadId", "", SBX_SINK_NONE, true, sbx_multipart_abort},
	{"DELETE", 'o', "", "", SBX_SINK_NONE, true, sbx_object_delete},
	{"POST", 'o', "uploads", "", SBX_SINK_TEXT, true, sbx_multipart_create},
	{"POST", 'o', "uploadId", "", SBX_SINK_TEXT, true, sbx_multipart_complete},
};

/* Parameters that select no operation. */
static bool is_plain_parameter(struct strview name)
{
	static const char *const names[] = {"prefix", "delimiter", "max-keys", "marker",
		"continuation-token", "start-after", "encoding-type", "fetch-owner", "key-marker",
		"upload-id-marker", "max-uploads", "max-parts", "part-number-marker", "partNumber",
		"x-id", "versionId", "allow-unordered"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (sv_eq(name, sv(names[i])))
			return true;
	return sv_starts_with(name, SV("response-")) || sv_starts_with(name, SV("X-Amz-"));
}

static bool has_unknown_subresource(const struct request *r, const struct sbx_op *op)
{
	for (size_t i = 0; i < r->query_count; i++) {
		struct strview name = r->query[i].name;
		if (!sv_eq(name, sv(op->query)) && !is_plain_parameter(name))
			return true;
	}
	return !*op->query && sbx_query_has(r, "partNumber");
}

const struct sbx_op *sbx_route(const struct request *r, enum sbx_error *error)
{
	char level = !r->bucket.len ? 's' : !r->key.len ? 'b' : 'o';
	*error = r->query_count ? SBX_E_NOT_IMPLEMENTED : SBX_E_METHOD;
	for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
		const struct sbx_op *op = &ops[i];
		if (op->level != level || strcmp(op->method, r->method) != 0 ||
			(*op->query && !sbx_query_has(r, op->query)) ||
			(*op->header && !sbx_header(r, op->header)))
			continue;
		if (!has_unknown_subresource(r, op)) {
			*error = SBX_E_NONE;
			return op;
		}
		*error = SBX_E_NOT_IMPLEMENTED;
		break;
	}
	/* "//key" names no bucket */
	if (level == 's' && r->key.len)
		*error = SBX_E_BUCKET_NAME;
	return NULL;
}
