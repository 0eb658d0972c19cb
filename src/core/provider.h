/*
 * What S3-compatible services differ in, guessed from the endpoint's host. An unknown host gets the
 * safe defaults: path style, list v2 with a fall back to v1, equal parts, no checksum headers.
 */
#ifndef CORE_PROVIDER_H
#define CORE_PROVIDER_H

#include "core/strbuf.h"

#include <stdint.h>

enum etag_rule {
	ETAG_UNKNOWN, /* found out by the first part */
	ETAG_MD5,     /* a part's ETag is its MD5 */
	ETAG_OPAQUE,
};

struct provider {
	const char *name;        /* "aws", "ceph", "r2", … "unknown" */
	const char *host_suffix; /* the row's own: ".amazonaws.com", or NULL */
	const char *region;      /* default region, or NULL: us-east-1 */
	bool virtual_host;       /* wants bucket.host */
	bool list_v1;            /* has no ListObjectsV2 */
	bool no_url_encoding;    /* encoding-type=url does not work */
	bool unequal_parts;      /* parts may differ in size */
	bool no_part_copy;       /* no UploadPartCopy */
	bool copies_encrypted;   /* CopyObject reads and writes under keys as asked */
	bool checks_crc64;       /* verifies x-amz-checksum-crc64nvme */
	enum etag_rule etag;
	uint32_t max_parts;
	uint64_t min_part_bytes;
	uint64_t max_copy_bytes; /* largest single CopyObject */
};

/* Never NULL; static. */
const struct provider *provider_for_host(const char *host);

#endif
