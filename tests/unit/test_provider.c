#include "core/provider.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void the_host_names_the_provider(void **state)
{
	static const struct {
		const char *host, *provider;
	} rows[] = {
		{"s3.eu-central-1.amazonaws.com", "aws"},
		{"s3.dualstack.us-east-1.amazonaws.com", "aws"},
		{"s3.cn-north-1.amazonaws.com.cn", "aws"},
		{"s3.eusc-de-east-1.amazonaws.eu", "aws"},
		{"S3.US-EAST-1.AMAZONAWS.COM", "aws"},
		{"abc.r2.cloudflarestorage.com", "r2"},
		{"abc.eu.r2.cloudflarestorage.com", "r2"},
		{"s3.us-west-004.backblazeb2.com", "b2"},
		{"storage.googleapis.com", "gcs"},
		{"bucket.storage.googleapis.com", "gcs"},
		{"nyc3.digitaloceanspaces.com", "digitalocean"},
		{"fsn1.your-objectstorage.com", "hetzner"},
		{"s3.eu-central-1.wasabisys.com", "wasabi"},
		{"s3.fr-par.scw.cloud", "scaleway"},
		{"gateway.storjshare.io", "storj"},
		{"obs.eu-west-101.myhuaweicloud.com", "huawei"},
		{"localhost", "unknown"},
		{"127.0.0.1", "unknown"},
		{"", "unknown"},
		{"amazonaws.com.evil.example", "unknown"},
		{"notamazonaws.com", "unknown"},
		{"evilstorage.googleapis.com", "unknown"},
		{"fake-amazonaws.com", "unknown"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_string_equal(provider_for_host(rows[i].host)->name, rows[i].provider);
}

static void an_unknown_host_gets_the_safe_defaults(void **state)
{
	const struct provider *p = provider_for_host("minio.internal");
	(void)state;
	assert_null(p->host_suffix);
	assert_null(p->region);
	assert_false(p->virtual_host);
	assert_false(p->list_v1);
	assert_false(p->unequal_parts);
	assert_false(p->checks_crc64);
	assert_int_equal(p->etag, ETAG_UNKNOWN);
}

static void every_provider_has_limits(void **state)
{
	static const char *const hosts[] = {"s3.x.amazonaws.com", "a.r2.cloudflarestorage.com",
		"s3.x.backblazeb2.com", "storage.googleapis.com", "x.digitaloceanspaces.com",
		"x.your-objectstorage.com", "objects-us-east-1.dream.io", "s3.x.wasabisys.com",
		"s3.x.scw.cloud", "gateway.storjshare.io",
		"s3.x.cloud-object-storage.appdomain.cloud", "obs.x.myhuaweicloud.com",
		"oss-x.aliyuncs.com", "cos.x.myqcloud.com", "x.linodeobjects.com",
		"x.vultrobjects.com", "s3.x.cloud.ovh.net", "x.idrivee2.com", "s3.x.ionoscloud.com",
		"elsewhere"};
	(void)state;
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		const struct provider *p = provider_for_host(hosts[i]);
		assert_true(i == sizeof hosts / sizeof *hosts - 1 || p->host_suffix != NULL);
		assert_in_range(p->max_parts, 1000, 10000);
		assert_in_range(p->min_part_bytes, 5 << 20, 64 << 20);
		assert_true(p->max_copy_bytes >= (uint64_t)4768 << 20);
	}
}

static void known_quirks_are_in_the_table(void **state)
{
	(void)state;
	assert_string_equal(provider_for_host("a.r2.cloudflarestorage.com")->region, "auto");
	assert_int_equal(provider_for_host("a.r2.cloudflarestorage.com")->etag, ETAG_OPAQUE);
	assert_int_equal(provider_for_host("s3.fr-par.scw.cloud")->max_parts, 1000);
	assert_true(provider_for_host("storage.googleapis.com")->no_part_copy);
	assert_true(provider_for_host("gateway.storjshare.io")->no_part_copy);
	assert_true(provider_for_host("s3.x.amazonaws.com")->virtual_host);
	assert_true(provider_for_host("s3.x.amazonaws.com")->unequal_parts);
	assert_true(provider_for_host("s3.x.amazonaws.com")->checks_crc64);
	assert_int_equal(
		provider_for_host("s3.x.amazonaws.com")->max_copy_bytes, (uint64_t)5 << 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_host_names_the_provider),
		cmocka_unit_test(an_unknown_host_gets_the_safe_defaults),
		cmocka_unit_test(every_provider_has_limits),
		cmocka_unit_test(known_quirks_are_in_the_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
