/* From an error answer to one rc and one sentence for a person. */
#include "core/s3.h"
#include "core/text.h"
#include "core/xml.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *code;
	enum s3t_rc rc;
	const char *sentence; /* %s: what it is about */
} code_table[] = {
	{"NoSuchKey", S3T_NOT_FOUND, "There is no object %s."},
	{"NoSuchBucket", S3T_NOT_FOUND, "There is no bucket %s."},
	{"NoSuchUpload", S3T_NOT_FOUND, "The multipart upload of %s is gone."},
	{"AccessDenied", S3T_DENIED, "Access to %s is denied."},
	{"AllAccessDisabled", S3T_DENIED, "Access to %s is disabled."},
	{"InvalidAccessKeyId", S3T_AUTH, "The server does not know this access key."},
	{"SignatureDoesNotMatch", S3T_AUTH,
		"The server does not accept the signature: the secret key is wrong."},
	{"InvalidToken", S3T_AUTH, "The session token is not valid."},
	{"ExpiredToken", S3T_AUTH, "The session token has expired."},
	{"TokenRefreshRequired", S3T_AUTH, "The session token has expired."},
	{"RequestTimeTooSkewed", S3T_CLOCK,
		"This machine's clock and the server's are too far apart."},
	{"PermanentRedirect", S3T_REGION, "The bucket of %s is in another region."},
	{"TemporaryRedirect", S3T_REGION, "The bucket of %s is in another region."},
	{"AuthorizationHeaderMalformed", S3T_REGION, "The bucket of %s is in another region."},
	{"IllegalLocationConstraintException", S3T_REGION,
		"The bucket of %s is in another region."},
	{"SlowDown", S3T_SLOW_DOWN, "The server asks for fewer requests (SlowDown)."},
	{"RequestLimitExceeded", S3T_SLOW_DOWN, "The server asks for fewer requests."},
	{"ServiceUnavailable", S3T_SLOW_DOWN, "The server is not available for the moment."},
	{"RequestTimeout", S3T_TIMEOUT, "The server waited too long for the request."},
	{"InternalError", S3T_SERVER, "The server failed (InternalError)."},
	{"OperationAborted", S3T_SERVER, "The server is busy with a conflicting operation on %s."},
	{"BadDigest", S3T_MISMATCH, "What arrived of %s is not what was sent (BadDigest)."},
	{"XAmzContentSHA256Mismatch", S3T_MISMATCH,
		"What arrived of %s is not what was sent (SHA-256)."},
	{"PreconditionFailed", S3T_CHANGED, "%s changed on the server meanwhile (412)."},
	{"BucketAlreadyExists", S3T_EXISTS, "The bucket %s exists and belongs to somebody else."},
	{"BucketAlreadyOwnedByYou", S3T_EXISTS, "You have a bucket %s already."},
	{"BucketNotEmpty", S3T_CLIENT, "The bucket %s is not empty."},
	{"InvalidBucketName", S3T_INVALID, "%s is not a valid bucket name."},
	{"KeyTooLongError", S3T_REFUSED_NAME, "The key %s is longer than 1,024 bytes."},
	{"InvalidStorageClass", S3T_UNSUPPORTED, "The server has no such storage class."},
	{"KMS.NotFoundException", S3T_CLIENT, "The server does not find the KMS key for %s."},
	{"KMS.DisabledException", S3T_CLIENT, "The KMS key for %s is disabled."},
	{"KMS.KMSInvalidStateException", S3T_CLIENT, "The KMS key for %s cannot be used now."},
	{"InvalidObjectState", S3T_DENIED, "%s is archived; it has to be restored first."},
	{"EntityTooLarge", S3T_CLIENT, "%s is larger than the server allows."},
	{"EntityTooSmall", S3T_CLIENT, "A part of %s is smaller than the server allows."},
	{"InvalidRange", S3T_CHANGED, "%s is shorter than it was (416)."},
	{"NotImplemented", S3T_UNSUPPORTED, "The server does not support this."},
	{"QuotaExceeded", S3T_NO_SPACE, "The quota of %s is used up."},
};

static const struct {
	int status;
	enum s3t_rc rc;
	const char *sentence;
} status_table[] = {
	{301, S3T_REGION, "The bucket of %s is in another region."},
	{302, S3T_REGION, "The bucket of %s is elsewhere."},
	{307, S3T_REGION, "The bucket of %s is elsewhere."},
	{304, S3T_CHANGED, "%s has not changed."},
	{401, S3T_AUTH, "The server wants credentials."},
	{403, S3T_DENIED, "Access to %s is denied."},
	{404, S3T_NOT_FOUND, "%s does not exist."},
	{405, S3T_UNSUPPORTED, "The server does not allow this on %s."},
	{408, S3T_TIMEOUT, "The server waited too long for the request."},
	{409, S3T_CLIENT, "%s conflicts with what is there."},
	{412, S3T_CHANGED, "%s changed on the server meanwhile (412)."},
	{416, S3T_CHANGED, "%s is shorter than it was (416)."},
	{429, S3T_SLOW_DOWN, "The server asks for fewer requests (429)."},
	{499, S3T_SERVER, "The server gave up on the request (499)."},
	{501, S3T_UNSUPPORTED, "The server does not support this."},
	{503, S3T_SLOW_DOWN, "The server is not available for the moment (503)."},
};

struct fields {
	struct strbuf code, message, request_id, region;
};

static void on_close(
	void *arg, int depth, struct strview parent, struct strview name, struct strview text)
{
	struct fields *f = arg;
	(void)parent;
	if (depth != 1)
		return;
	struct strbuf *to = sv_eq(name, SV("Code"))        ? &f->code
			    : sv_eq(name, SV("Message"))   ? &f->message
			    : sv_eq(name, SV("RequestId")) ? &f->request_id
			    : sv_eq(name, SV("Region"))    ? &f->region
							   : NULL;
	if (to && to->len == 0)
		text_sanitise(to, text);
}

static void copy(char *out, size_t size, struct strview text)
{
	snprintf(out, size, "%.*s", (int)(text.len < size ? text.len : size - 1), text.data);
}

static void subject(struct strbuf *out, struct strview bucket, struct strview key)
{
	if (bucket.len == 0) {
		strbuf_add_str(out, "the service");
		return;
	}
	if (key.len)
		strbuf_add_str(out, "s3://");
	text_sanitise(out, bucket);
	if (key.len) {
		strbuf_add_char(out, '/');
		text_sanitise(out, key);
	}
	if (out->len > 200) {
		strbuf_truncate(out, 200);
		utf8_trim_end(out->data);
		strbuf_truncate(out, strlen(out->data));
		strbuf_add_str(out, "...");
	}
}

static const char *sentence_for(struct s3t_err *err)
{
	for (size_t i = 0; i < sizeof code_table / sizeof *code_table; i++) {
		if (strcmp(code_table[i].code, err->code) == 0) {
			err->rc = code_table[i].rc;
			return code_table[i].sentence;
		}
	}
	for (size_t i = 0; i < sizeof status_table / sizeof *status_table; i++) {
		if (status_table[i].status == err->http_status) {
			err->rc = status_table[i].rc;
			return status_table[i].sentence;
		}
	}
	if (strncmp(err->code, "Throttl", 7) == 0) {
		err->rc = S3T_SLOW_DOWN;
		return "The server asks for fewer requests.";
	}
	/* an <Error> inside a 200 has no status of its own: the work was not done */
	err->rc = err->http_status >= 500 || err->http_status / 100 == 2 ? S3T_SERVER : S3T_CLIENT;
	return NULL;
}

enum s3t_rc s3_error_from(const struct http_response *resp, struct strview bucket,
	struct strview key, struct s3t_err *err)
{
	struct s3t_err local;
	if (!err)
		err = &local;
	struct fields f;
	struct strbuf *all[] = {&f.code, &f.message, &f.request_id, &f.region};
	for (size_t i = 0; i < 4; i++)
		strbuf_init_cap(all[i], 4096);
	struct xml_handler handler = {.close = on_close, .arg = &f};
	struct strview body = strbuf_view(&resp->body);
	if (body.len && body.len <= XML_CAP_ERROR &&
		xml_parse(body, &handler, NULL, NULL) != S3T_OK)
		strbuf_reset(&f.message);

	memset(err, 0, sizeof *err);
	err->http_status = resp->status;
	copy(err->code, sizeof err->code, strbuf_view(&f.code));
	if (f.request_id.len == 0)
		text_sanitise(&f.request_id, http_header(resp, "x-amz-request-id"));
	copy(err->request_id, sizeof err->request_id, strbuf_view(&f.request_id));
	utf8_trim_end(err->code);
	utf8_trim_end(err->request_id);
	/* Ceph says so of a KMS key that it does not find */
	if (strcmp(err->code, "InvalidAccessKeyId") == 0 &&
		sv_contains_nocase(strbuf_view(&f.message), SV("kms")))
		snprintf(err->code, sizeof err->code, "KMS.NotFoundException");
	struct strview region = http_header(resp, "x-amz-bucket-region");
	s3_clean_region(region.len ? region : strbuf_view(&f.region), err->region);

	const char *pattern = sentence_for(err);
	/* HEAD has no body: a bucket without its key is what is missing, or the key; the status
	 * alone cannot tell, so it speaks of the whole name */
	bool of_bucket =
		strcmp(err->code, "NoSuchBucket") == 0 || strncmp(err->code, "Bucket", 6) == 0;
	struct strbuf about;
	strbuf_init(&about);
	subject(&about, bucket, of_bucket ? sv_n("", 0) : key);
	const char *mark = pattern ? strstr(pattern, "%s") : NULL;
	if (mark)
		snprintf(err->message, sizeof err->message, "%.*s%s%s", (int)(mark - pattern),
			pattern, about.data, mark + 2);
	else if (pattern)
		snprintf(err->message, sizeof err->message, "%s", pattern);
	else
		snprintf(err->message, sizeof err->message, "The server refused %s: %s%s%s (%d).",
			about.data, err->code[0] ? err->code : "no reason given",
			f.message.len ? ": " : "", f.message.data, err->http_status);
	utf8_trim_end(err->message);
	strbuf_deinit(&about);
	for (size_t i = 0; i < 4; i++)
		strbuf_deinit(all[i]);
	return err->rc;
}

void s3_clean_region(struct strview raw, char out[48])
{
	out[0] = '\0';
	for (size_t i = 0; i < raw.len; i++) {
		char c = raw.data[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			    c == '-' || c == '_'))
			return;
	}
	if (raw.len < 48)
		copy(out, 48, raw);
}

void s3_clean_etag(struct strview raw, char out[S3_ETAG_MAX])
{
	raw = sv_trim(raw);
	if (sv_starts_with(raw, SV("W/")))
		raw = sv_from(raw, 2);
	if (raw.len >= 2 && raw.data[0] == '"' && raw.data[raw.len - 1] == '"')
		raw = sv_n(raw.data + 1, raw.len - 2);
	copy(out, S3_ETAG_MAX, raw);
}
