#include "core/provider.h"

#include <stdlib.h>
#include <string.h>

#define MIB(n) ((uint64_t)(n) << 20)
#define LIMITS .max_parts = 10000, .min_part_bytes = MIB(5), .max_copy_bytes = MIB(4768)
#define AWS_ROW(suffix)                                                                \
	{                                                                              \
		.name = "aws", .host_suffix = (suffix), .virtual_host = true,          \
		.unequal_parts = true, .copies_encrypted = true, .checks_crc64 = true, \
		.etag = ETAG_MD5, .max_parts = 10000, .min_part_bytes = MIB(5),        \
		.max_copy_bytes = MIB(5120)                                            \
	}

/* The first row that fits; the last one fits all. What is not known of a service is as in the last
 * row. Copies: S3 says "5 GB", and 4768 MiB is what fits however that is meant. */
static const struct provider providers[] = {
	AWS_ROW(".amazonaws.com"),
	AWS_ROW(".amazonaws.com.cn"),
	AWS_ROW(".amazonaws.eu"),
	AWS_ROW(".c2s.ic.gov"),
	AWS_ROW(".sc2s.sgov.gov"),
	AWS_ROW(".cloud.adc-e.uk"),
	AWS_ROW(".csp.hci.ic.gov"),
	{.name = "r2",
		.host_suffix = ".r2.cloudflarestorage.com",
		.region = "auto",
		.etag = ETAG_OPAQUE,
		LIMITS},
	{.name = "b2",
		.host_suffix = ".backblazeb2.com",
		.virtual_host = true,
		.etag = ETAG_MD5,
		LIMITS},
	{.name = "gcs",
		.host_suffix = ".storage.googleapis.com",
		.region = "auto",
		.no_part_copy = true,
		.max_parts = 10000,
		.min_part_bytes = MIB(5),
		.max_copy_bytes = UINT64_MAX},
	{.name = "digitalocean", /* Ceph */
		.host_suffix = ".digitaloceanspaces.com",
		.virtual_host = true,
		.no_url_encoding = true,
		.no_part_copy = true,
		.etag = ETAG_MD5,
		LIMITS},
	{.name = "hetzner", /* Ceph */
		.host_suffix = ".your-objectstorage.com",
		.virtual_host = true,
		.etag = ETAG_MD5,
		LIMITS},
	{.name = "dreamhost", /* Ceph */
		.host_suffix = ".dream.io",
		.no_url_encoding = true,
		.etag = ETAG_MD5,
		LIMITS},
	{.name = "wasabi", .host_suffix = ".wasabisys.com", .virtual_host = true, LIMITS},
	{.name = "scaleway",
		.host_suffix = ".scw.cloud",
		.region = "fr-par",
		.virtual_host = true,
		.no_url_encoding = true,
		.max_parts = 1000,
		.min_part_bytes = MIB(5),
		.max_copy_bytes = MIB(4768)},
	{.name = "storj",
		.host_suffix = ".storjshare.io",
		.virtual_host = true,
		.no_part_copy = true,
		.max_parts = 10000,
		.min_part_bytes = MIB(64),
		.max_copy_bytes = MIB(4768)},
	{.name = "ibm",
		.host_suffix = ".appdomain.cloud",
		.list_v1 = true,
		.no_url_encoding = true,
		LIMITS},
	{.name = "huawei",
		.host_suffix = ".myhuaweicloud.com",
		.virtual_host = true,
		.list_v1 = true,
		.no_url_encoding = true,
		LIMITS},
	{.name = "alibaba", .host_suffix = ".aliyuncs.com", .virtual_host = true, LIMITS},
	{.name = "tencent",
		.host_suffix = ".myqcloud.com",
		.virtual_host = true,
		.list_v1 = true,
		LIMITS},
	{.name = "linode", .host_suffix = ".linodeobjects.com", .virtual_host = true, LIMITS},
	{.name = "vultr", .host_suffix = ".vultrobjects.com", .virtual_host = true, LIMITS},
	{.name = "ovh", .host_suffix = ".cloud.ovh.net", .virtual_host = true, LIMITS},
	{.name = "idrive", .host_suffix = ".idrivee2.com", LIMITS},
	{.name = "ionos", .host_suffix = ".ionoscloud.com", .no_url_encoding = true, LIMITS},
	{.name = "unknown", .host_suffix = NULL, LIMITS},
};

static bool fits(const char *host_suffix, const char *host)
{
	struct strview suffix = sv(host_suffix), name = sv(host);
	if (name.len < suffix.len) /* the bare domain: "storage.googleapis.com" */
		return sv_eq_nocase(sv_from(suffix, 1), name);
	return sv_eq_nocase(sv_from(name, name.len - suffix.len), suffix);
}

const struct provider *provider_for_host(const char *host)
{
	const struct provider *p = providers;
	while (p->host_suffix && !fits(p->host_suffix, host))
		p++;
	return p;
}
