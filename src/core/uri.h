/*
 * Percent-encoding as SigV4 wants it (RFC 3986 unreserved characters stay, upper-case hex), the
 * s3://bucket/key form, and endpoint URLs.
 */
#ifndef CORE_URI_H
#define CORE_URI_H

#include "core/strbuf.h"

/* Appends s encoded; '/' stays when keep_slash. */
void uri_encode(struct strbuf *out, struct strview s, bool keep_slash);
/* Appends s decoded; with plus_is_space for S3's encoding-type=url and form data. A '%' that no two
 * hex digits follow stays as it is. */
void uri_decode(struct strbuf *out, struct strview s, bool plus_is_space);

struct s3_uri {
	struct strview bucket; /* may be empty: s3:// or s3:///key (default bucket) */
	struct strview key;    /* opaque bytes, never decoded */
	bool has_slash;        /* whether a '/' followed the bucket */
};

/* Whether text starts with "s3://". */
bool uri_is_s3(struct strview text);
/* Splits s3://bucket/key; views into text. False if text is not of that form. */
bool uri_parse_s3(struct strview text, struct s3_uri *out);

struct endpoint {
	bool is_https;
	char *host;      /* without brackets, lower case */
	unsigned port;   /* 0: the scheme's own */
	char *base_path; /* "" or "/x" without a final slash */
	bool is_ip;
};

/* Parses http(s)://host[:port][/path]; userinfo, query and fragment are refused. Without a scheme
 * https is assumed. Fills out (endpoint_deinit frees). */
enum s3t_rc endpoint_parse(
	struct strview text, struct endpoint *out, struct s3t_err *err) S3T_MUST_CHECK;
void endpoint_deinit(struct endpoint *e);
/* The two halves of a Host header; the port only where it is not the scheme's own. */
void endpoint_add_host(const struct endpoint *e, struct strbuf *out);
void endpoint_add_port(const struct endpoint *e, struct strbuf *out);
bool host_is_loopback(const char *host);
enum { S3_KEY_MAX = 1024, BUCKET_OLD_MAX = 255 };
/* 3 to 63 of a-z 0-9 - . in DNS form (S3 "Bucket naming rules"); a bucket that may be a host name
 * label under https must have no dots besides. */
bool bucket_is_valid(struct strview name);
/* The same for a new one, with the rule that is broken: S3T_INVALID. */
enum s3t_rc bucket_check(struct strview name, struct s3t_err *err) S3T_MUST_CHECK;
/* Whether it can be an object's key: S3T_REFUSED_NAME with the rule. */
/* The same for one that is there already, which may be older than the rules, or a Ceph tenant's
 * ("tenant:bucket"). */
enum s3t_rc bucket_check_use(struct strview name, struct s3t_err *err) S3T_MUST_CHECK;
enum s3t_rc key_check(struct strview key, struct s3t_err *err) S3T_MUST_CHECK;
bool bucket_is_dns_label(struct strview name);

#endif
