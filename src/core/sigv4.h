/*
 * AWS Signature Version 4 ("Authenticating Requests", S3 API reference): pure functions over
 * strings. Nothing here reads a clock, an environment or a file.
 */
#ifndef CORE_SIGV4_H
#define CORE_SIGV4_H

#include "core/crypto.h"

#define SIGV4_UNSIGNED "UNSIGNED-PAYLOAD"
#define SIGV4_EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SIGV4_PRESIGN_MAX_S (7 * 86400)

struct sigv4_pair {
	struct strview name, value;
};

struct sigv4_request {
	const char *method;
	struct strview path;            /* percent-encoded, starts with '/' */
	const struct sigv4_pair *query; /* not encoded, any order */
	size_t query_count;
	const struct sigv4_pair *headers; /* those to sign, any order and case; host among them */
	size_t header_count;
	struct strview payload_hash; /* hex, or SIGV4_UNSIGNED */
	const char *region;
	const char *service; /* "s3" */
	int64_t when_s;
};

/* The signing key of a day, region and service; derived once, used often. */
struct sigv4_key {
	unsigned char bytes[SHA256_LEN];
};

void sigv4_derive_key(struct strview secret, int64_t when_s, const char *region,
	const char *service, struct sigv4_key *out);

/* Appends the query as it is signed and must be sent: encoded, sorted by encoded name and value. */
void sigv4_canonical_query(struct strbuf *out, const struct sigv4_pair *query, size_t count);
/* Appends the canonical request; signed_headers gets "host;x-amz-date". */
void sigv4_canonical_request(
	struct strbuf *out, struct strbuf *signed_headers, const struct sigv4_request *req);
/* Appends the value of the Authorization header. */
void sigv4_authorization(struct strbuf *out, const struct sigv4_request *req,
	struct strview access_key, const struct sigv4_key *key);
/* Appends the whole query string of a presigned URL. The X-Amz-* parameters are added to
 * req->query (at most 24 of the caller's own); payload_hash is ignored. */
void sigv4_presigned_query(struct strbuf *out, const struct sigv4_request *req,
	struct strview access_key, struct strview session_token, int64_t expires_s,
	const struct sigv4_key *key);
/* Hex signature of a canonical request. */
void sigv4_signature(struct strbuf *out, const struct sigv4_request *req,
	struct strview canonical_request, const struct sigv4_key *key);

#endif
