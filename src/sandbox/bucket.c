#include "core/xml.h"
#include "sandbox/internal.h"

#include <stdlib.h>
#include <string.h>

static void add_owner(struct strbuf *out)
{
	strbuf_add_str(out, "<Owner><ID>sandbox</ID><DisplayName>sandbox</DisplayName></Owner>");
}

void sbx_bucket_list_all(struct request *r)
{
	struct sbx_store *store = &r->sb->store;
	struct strbuf *out = sbx_reply_xml(r, "ListAllMyBucketsResult");
	add_owner(out);
	strbuf_add_str(out, "<Buckets>");
	sbx_store_lock(store);
	for (size_t i = 0; i < store->bucket_count; i++) {
		strbuf_add_str(out, "<Bucket>");
		sbx_xml_text(out, "Name", sv(store->buckets[i]->name));
		sbx_xml_time(out, "CreationDate", store->buckets[i]->created_s);
		strbuf_add_str(out, "</Bucket>");
	}
	sbx_store_unlock(store);
	strbuf_add_str(out, "</Buckets></ListAllMyBucketsResult>");
}

struct location {
	struct strbuf text;
};

static void on_location(
	void *arg, int depth, struct strview parent, struct strview name, struct strview text)
{
	(void)depth;
	(void)parent;
	struct location *l = arg;
	if (sv_eq(name, SV("LocationConstraint")))
		strbuf_add_sv(&l->text, text);
}

/* CreateBucket's body is optional and names the region. */
static enum sbx_error check_location(const struct request *r)
{
	if (sv_trim(strbuf_view(&r->text)).len == 0)
		return SBX_E_NONE;
	struct location l;
	strbuf_init(&l.text);
	const struct xml_handler handler = {.close = on_location, .arg = &l};
	enum sbx_error error = SBX_E_NONE;
	if (xml_parse(strbuf_view(&r->text), &handler, NULL, NULL) != S3T_OK)
		error = SBX_E_MALFORMED_XML;
	else if (l.text.len && !sv_eq(strbuf_view(&l.text), sv(r->sb->region)))
		error = SBX_E_LOCATION;
	strbuf_deinit(&l.text);
	return error;
}

void sbx_bucket_create(struct request *r)
{
	enum sbx_error error = check_location(r);
	if (error == SBX_E_NONE)
		error = sbx_store_create_bucket(&r->sb->store, r->bucket, sbx_now_s(r->sb));
	if (error != SBX_E_NONE) {
		sbx_reply_error(r, error);
		return;
	}
	char *location = s3t_asprintf("/%.*s", (int)r->bucket.len, r->bucket.data);
	sbx_reply_header(r, "location", location);
	free(location);
	r->reply.status = 200;
}

void sbx_bucket_delete(struct request *r)
{
	enum sbx_error error = sbx_store_delete_bucket(&r->sb->store, r->bucket);
	if (error != SBX_E_NONE)
		sbx_reply_error(r, error);
	else
		r->reply.status = 204;
}

void sbx_bucket_head(struct request *r)
{
	sbx_reply_header(r, "x-amz-bucket-region", r->sb->region);
	r->reply.status = 200;
}

void sbx_bucket_location(struct request *r)
{
	struct strbuf *out = sbx_reply_xml(r, "LocationConstraint");
	if (strcmp(r->sb->region, "us-east-1") != 0)
		strbuf_add_str(out, r->sb->region);
	strbuf_add_str(out, "</LocationConstraint>");
}

void sbx_bucket_versioning(struct request *r)
{
	strbuf_add_str(sbx_reply_xml(r, "VersioningConfiguration"), "</VersioningConfiguration>");
}
