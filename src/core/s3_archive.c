/* Archived objects: RestoreObject, and what HEAD tells of it. */
#include "core/s3.h"
#include "core/timeutil.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool s3_class_is_archived(const char *storage_class)
{
	return storage_class && (strcmp(storage_class, "GLACIER") == 0 ||
					strcmp(storage_class, "DEEP_ARCHIVE") == 0);
}

static bool takes_class(const struct s3_ctx *ctx, struct strview bucket, struct strview key,
	const char *storage_class)
{
	struct s3_put put = {.mtime_ns = TIME_UNKNOWN, .storage_class = storage_class};
	char *id = NULL;
	bool takes = s3_create_multipart_upload(ctx, bucket, key, &put, &id, NULL) == S3T_OK;
	if (takes)
		(void)!s3_abort_multipart_upload(ctx, bucket, key, id, NULL);
	free(id);
	return takes;
}

void s3_class_explain(const struct s3_ctx *ctx, struct strview bucket, struct strview key,
	const char *storage_class, struct s3t_err *err)
{
	static const char *const classes[] = {"REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA",
		"INTELLIGENT_TIERING", "GLACIER", "GLACIER_IR", "DEEP_ARCHIVE"};
	bool may_be = err && err->http_status == 400 && storage_class && storage_class[0] &&
		      strcmp(storage_class, "STANDARD") != 0 &&
		      (strcmp(err->code, "InvalidStorageClass") == 0 ||
			      strcmp(err->code, "InvalidArgument") == 0);
	if (!may_be || ctx->is_probe)
		return;
	struct s3_ctx probe = *ctx;
	probe.is_probe = true;
	if (takes_class(&probe, bucket, key, storage_class))
		return; /* it was something else */
	struct strbuf has;
	strbuf_init(&has);
	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
		if (takes_class(&probe, bucket, key, classes[i]))
			strbuf_addf(&has, ", %s", classes[i]);
	err->rc = S3T_UNSUPPORTED;
	snprintf(err->message, sizeof err->message,
		"The server has no storage class %.64s; it has STANDARD%.256s.", storage_class,
		has.data);
	strbuf_deinit(&has);
}

/* x-amz-restore: ongoing-request="false", expiry-date="Fri, 21 Dec 2012 00:00:00 GMT" */
void s3_archive_words(const struct s3_object *o, struct strbuf *out)
{
	if (!s3_class_is_archived(o->storage_class))
		return;
	if (!o->restore) {
		strbuf_add_str(out, "archived: to be restored before it can be read");
		return;
	}
	struct strview told = sv(o->restore);
	if (strstr(o->restore, "ongoing-request=\"true\"")) {
		strbuf_add_str(out, "archived, being restored");
		return;
	}
	const char *expiry = strstr(o->restore, "expiry-date=\"");
	struct strview date = expiry ? sv_from(told, (size_t)(expiry - o->restore) + 13) : SV("");
	date.len = sv_find(date, '"');
	int64_t until_s = time_parse_http(date);
	char when[32];
	strbuf_add_str(out, "archived, restored");
	if (until_s == TIME_UNKNOWN)
		return;
	time_format_local(until_s, true, when);
	strbuf_addf(out, " until %s", when);
}

enum s3t_rc s3_restore_object(const struct s3_ctx *ctx, struct strview bucket, struct strview key,
	const char *version_id, uint32_t days, const char *tier, struct s3t_err *err)
{
	struct strbuf body;
	strbuf_init(&body);
	strbuf_addf(&body,
		"<RestoreRequest xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Days>%u</Days>"
		"<GlacierJobParameters><Tier>%s</Tier></GlacierJobParameters></RestoreRequest>",
		days, tier);
	struct sigv4_pair query[] = {
		{SV("restore"), SV("")}, {SV("versionId"), sv(version_id ? version_id : "")}};
	struct s3_call call = {.method = "POST",
		.bucket = bucket,
		.key = key,
		.query = query,
		.query_count = version_id ? 2 : 1,
		.body = strbuf_view(&body),
		.has_body = true};
	struct http_response resp;
	http_response_init(&resp);
	enum s3t_rc rc = s3_send(ctx, &call, &resp, err);
	if (rc != S3T_OK && err && strcmp(err->code, "RestoreAlreadyInProgress") == 0)
		rc = S3T_OK;
	http_response_deinit(&resp);
	strbuf_deinit(&body);
	return rc;
}
