/* Presigned URLs: links that work without keys. No request is made. */
#include "core/s3_client_private.h"

#include <string.h>

enum s3t_rc s3_presign_url(struct s3_client *client, struct cancel *cancel,
	const struct s3_presign *what, struct strbuf *url, int64_t *ends_s, struct s3t_err *err)
{
	if (what->expires_s < 1 || what->expires_s > SIGV4_PRESIGN_MAX_S)
		return s3t_fail(err, S3T_INVALID, "A link can be valid for 1 second to 7 days.");
	const struct profile *profile = s3_client_profile(client);
	struct creds *creds = NULL;
	enum s3t_rc rc = s3_client_refuse_change(profile, what->method, err);
	if (rc == S3T_OK)
		rc = creds_provider_get(profile->creds, cancel, &creds, err);
	if (rc != S3T_OK)
		return rc;
	if (!creds)
		return s3t_fail(
			err, S3T_CREDENTIALS, "A link needs credentials to be signed with.");
	const struct s3_customer_key *customer_key = NULL;
	if (what->under_customer_key)
		rc = s3_client_customer_key(client, cancel, &customer_key, err);
	if (rc == S3T_OK && what->under_customer_key && !customer_key)
		rc = s3t_fail(err, S3T_CONFIG,
			"A link to an object under a customer key (SSE-C) is signed for that key; "
			"profile %s has none.",
			profile->name);
	if (rc != S3T_OK) {
		creds_unref(creds);
		return rc;
	}
	int64_t now_s = s3_client_now_s(client);
	*ends_s = now_s + what->expires_s;
	if (creds_expires_s(creds) < *ends_s)
		*ends_s = creds_expires_s(creds);

	struct sigv4_pair query[8];
	size_t n = 0;
	struct strbuf disposition;
	strbuf_init(&disposition);
	if (what->download_name && what->download_name[0]) {
		strbuf_add_str(&disposition, "attachment; filename*=UTF-8''");
		uri_encode(&disposition, sv(what->download_name), false);
		query[n++] = (struct sigv4_pair){
			SV("response-content-disposition"), strbuf_view(&disposition)};
	}
	if (what->content_type && what->content_type[0])
		query[n++] =
			(struct sigv4_pair){SV("response-content-type"), sv(what->content_type)};
	if (what->version_id && what->version_id[0])
		query[n++] = (struct sigv4_pair){SV("versionId"), sv(what->version_id)};
	if (profile->settings.request_payer)
		query[n++] = (struct sigv4_pair){SV("x-amz-request-payer"), SV("requester")};

	char region[48];
	struct s3_target target;
	struct sigv4_key key;
	s3_client_region(client, what->bucket, region);
	s3_target_init(profile, what->bucket, what->key, region, &target);
	s3_client_signing_key(client, creds, now_s, region, &key);
	struct sigv4_pair headers[1 + S3_CUSTOMER_KEY_HEADERS] = {
		{SV("host"), strbuf_view(&target.host)}};
	size_t header_count = 1;
	if (customer_key) {
		const char *values[] = {"AES256", customer_key->key, customer_key->md5};
		for (size_t i = 0; i < S3_CUSTOMER_KEY_HEADERS; i++)
			headers[header_count++] =
				(struct sigv4_pair){sv(s3_customer_key_headers[i]), sv(values[i])};
	}
	struct sigv4_request req = {.method = what->method,
		.path = strbuf_view(&target.path),
		.query = query,
		.query_count = n,
		.headers = headers,
		.header_count = header_count,
		.region = region,
		.service = "s3",
		.when_s = now_s};
	strbuf_addf(url, "%s://%s%s?", profile->endpoint.is_https ? "https" : "http",
		target.host.data, target.path.data);
	sigv4_presigned_query(
		url, &req, creds_access_key(creds), creds_token(creds), what->expires_s, &key);
	explicit_bzero(&key, sizeof key);
	s3_target_deinit(&target);
	strbuf_deinit(&disposition);
	creds_unref(creds);
	return S3T_OK;
}
