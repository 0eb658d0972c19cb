#include "core/s3.h"
#include "core/text.h"
#include "core/timeutil.h"
#include "core/xml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct buckets {
	struct entry_page *page;
	struct strbuf name;
	int64_t created_ns;
};

static void on_bucket(
	void *arg, int depth, struct strview parent, struct strview name, struct strview text)
{
	struct buckets *b = arg;
	if (depth == 3 && sv_eq(parent, SV("Bucket")) && sv_eq(name, SV("Name"))) {
		strbuf_reset(&b->name);
		strbuf_add_sv(&b->name, text);
	} else if (depth == 3 && sv_eq(name, SV("CreationDate"))) {
		b->created_ns = time_parse_iso_ns(text);
	} else if (depth == 2 && sv_eq(name, SV("Bucket")) && b->name.len) {
		int64_t s = b->created_ns == TIME_UNKNOWN ? TIME_UNKNOWN : b->created_ns / NS_PER_S;
		(void)entry_page_add(
			b->page, strbuf_view(&b->name), ENTRY_BUCKET, 0, s, 0, sv_n("", 0));
		strbuf_reset(&b->name);
		b->created_ns = TIME_UNKNOWN;
	}
}

enum s3t_rc s3_list_buckets(const struct s3_ctx *ctx, struct entry_page *page, struct s3t_err *err)
{
	struct buckets b = {.page = page, .created_ns = TIME_UNKNOWN};
	strbuf_init(&b.name);
	struct xml_handler handler = {.close = on_bucket, .arg = &b};
	struct s3_call call = {
		.method = "GET", .root = "ListAllMyBucketsResult", .handler = &handler};
	struct http_response resp;
	http_response_init(&resp);
	enum s3t_rc rc = s3_send(ctx, &call, &resp, err);
	http_response_deinit(&resp);
	strbuf_deinit(&b.name);
	return rc;
}

static enum s3t_rc plain(const struct s3_ctx *ctx, const char *method, struct strview bucket,
	struct strview body, struct s3t_err *err)
{
	struct s3_call call = {
		.method = method, .bucket = bucket, .body = body, .has_body = body.len > 0};
	struct http_response resp;
	http_response_init(&resp);
	enum s3t_rc rc = s3_send(ctx, &call, &resp, err);
	http_response_deinit(&resp);
	return rc;
}

enum s3t_rc s3_create_bucket(const struct s3_ctx *ctx, struct strview bucket, struct s3t_err *err)
{
	const struct profile *p = s3_client_profile(ctx->client);
	enum s3t_rc rc = bucket_check(bucket, err);
	if (rc != S3T_OK)
		return rc;
	struct strbuf body;
	strbuf_init(&body);
	if (p->is_aws && strcmp(p->settings.region, "us-east-1") != 0)
		strbuf_addf(&body,
			"<CreateBucketConfiguration "
			"xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
			"<LocationConstraint>%s</LocationConstraint></CreateBucketConfiguration>",
			p->settings.region);
	struct s3_call call = {
		.method = "PUT", .bucket = bucket, .body = strbuf_view(&body), .has_body = true};
	struct http_response resp;
	http_response_init(&resp);
	rc = s3_send(ctx, &call, &resp, err);
	http_response_deinit(&resp);
	strbuf_deinit(&body);
	return rc;
}

enum s3t_rc s3_delete_bucket(const struct s3_ctx *ctx, struct strview bucket, struct s3t_err *err)
{
	return plain(ctx, "DELETE", bucket, sv_n("", 0), err);
}

enum s3t_rc s3_head_bucket(const struct s3_ctx *ctx, struct strview bucket, struct s3t_err *err)
{
	enum s3t_rc rc = plain(ctx, "HEAD", bucket, sv_n("", 0), err);
	if (rc == S3T_NOT_FOUND && err) {
		char *name = text_sanitised(bucket);
		snprintf(err->message, sizeof err->message, "There is no bucket %s.", name);
		free(name);
	}
	return rc;
}
