/* Documents of a bucket before they are written: what S3 allows, and how people are shown them. */
#include "core/s3_bucket_info.h"

#include "core/xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void refused(const char *name, const char *text, const char *why)
{
	struct s3_document d;
	struct s3t_err err = {.rc = S3T_OK};
	assert_true(s3_bucket_document(name, SV("bucket"), &d));
	assert_int_equal(s3_document_check(&d, sv(text), &err), S3T_INVALID);
	if (!strstr(err.message, why))
		fail_msg("'%s' is not in '%s'", why, err.message);
}

static void allowed(const char *name, const char *text)
{
	struct s3_document d;
	struct s3t_err err = {.rc = S3T_OK};
	assert_true(s3_bucket_document(name, SV("bucket"), &d));
	if (s3_document_check(&d, sv(text), &err) != S3T_OK)
		fail_msg("%s", err.message);
}

#define STATEMENT(effect, more) \
	"{\"Effect\":\"" effect "\",\"Principal\":\"*\",\"Action\":\"s3:GetObject\"" more "}"
#define POLICY(statements) "{\"Version\":\"2012-10-17\",\"Statement\":" statements "}"

static void policies(void **state)
{
	(void)state;
	allowed("policy", POLICY("[" STATEMENT("Allow", ",\"Resource\":\"arn:aws:s3:::b/*\"") "]"));
	allowed("policy", POLICY(STATEMENT("Deny", ",\"NotResource\":[\"arn:aws:s3:::b\"]")));
	allowed("policy", "{\"Statement\":[" STATEMENT("Allow", ",\"Resource\":\"*\"") "]}");
	refused("policy", "", "is none");
	refused("policy", "[]", "is none");
	refused("policy", "{\"Version\":\"2012-10-17\"}", "is none");
	refused("policy", POLICY("[]"), "is none");
	refused("policy", "{\"Version\":\"2020-01-01\",\"Statement\":[{}]}", "2012-10-17");
	refused("policy", POLICY("[" STATEMENT("allow", ",\"Resource\":\"*\"") "]"), "statement 1");
	refused("policy",
		POLICY("[" STATEMENT("Allow", ",\"Resource\":\"*\"") "," STATEMENT(
			"Allow", "") "]"),
		"Statement 2 has no \"Resource\"");
	/* what is white space is not sent */
	char *spaces = s3t_asprintf("%*s%s", 20 << 10, "",
		POLICY("[" STATEMENT("Allow", ",\"Resource\":\"arn:aws:s3:::b/*\"") "]"));
	allowed("policy", spaces);
	free(spaces);
	char *name = s3t_alloc((20 << 10) + 1);
	memset(name, 'x', 20 << 10);
	char *large = s3t_asprintf("{\"Version\":\"2012-10-17\",\"Id\":\"%s\",\"Statement\":%s}",
		name, STATEMENT("Allow", ",\"Resource\":\"arn:aws:s3:::b/*\""));
	refused("policy", large, "at most 20 KB");
	free(name);
	free(large);
}

#define CORS(rules) "<CORSConfiguration>" rules "</CORSConfiguration>"
#define RULE(in) "<CORSRule>" in "</CORSRule>"
#define ORIGIN "<AllowedOrigin>*</AllowedOrigin>"
#define GET "<AllowedMethod>GET</AllowedMethod>"

static void cors(void **state)
{
	(void)state;
	allowed("cors", CORS(RULE(ORIGIN GET "<ID>x</ID><MaxAgeSeconds>1</MaxAgeSeconds>")));
	allowed("cors", "<?xml version=\"1.0\"?>\n" CORS("\n" RULE(GET ORIGIN)));
	refused("cors", "<CORSConfiguration>", "no well-formed XML");
	refused("cors", "<Tagging/>", "<Tagging>, not <CORSConfiguration>");
	refused("cors", CORS(""), "1 to 100 rules; here are 0");
	refused("cors", CORS(RULE(ORIGIN)), "Rule 1 has no <AllowedMethod>");
	refused("cors", CORS(RULE(ORIGIN GET) RULE(GET)), "Rule 2 has no <AllowedOrigin>");
	refused("cors", CORS(RULE(ORIGIN "<AllowedMethod>PATCH</AllowedMethod>")), "'PATCH'");
	refused("cors", CORS(RULE(ORIGIN GET "<MaxAgeSeconds>-4</MaxAgeSeconds>")), "whole number");
	refused("cors", CORS(RULE("<AllowedOrigin>http://*.a.*</AllowedOrigin>" GET)), "one '*'");
	refused("cors", CORS(RULE(ORIGIN GET "<AllowedHeaders>*</AllowedHeaders>")),
		"no <AllowedHeaders>");
	struct strbuf many;
	strbuf_init(&many);
	strbuf_add_str(&many, "<CORSConfiguration>");
	for (int i = 0; i < 101; i++)
		strbuf_add_str(&many, RULE(ORIGIN GET));
	strbuf_add_str(&many, "</CORSConfiguration>");
	refused("cors", many.data, "here are 101");
	strbuf_deinit(&many);
}

#define TAGGING(tags) "<Tagging><TagSet>" tags "</TagSet></Tagging>"
#define TAG(key, value) "<Tag><Key>" key "</Key><Value>" value "</Value></Tag>"

static void tags(void **state)
{
	(void)state;
	allowed("tagging", TAGGING(""));
	allowed("tagging",
		TAGGING(TAG("a", "1") TAG("A", "") "<Tag><Value>v</Value><Key>b</Key></Tag>"));
	refused("tagging", TAGGING(TAG("a", "1") TAG("a", "2")), "twice");
	allowed("tagging", TAGGING(TAG("aws:cloudformation:stack-id", "arn:aws:x/y")));
	refused("tagging", TAGGING(TAG("", "1")), "1 to 128");
	refused("tagging", TAGGING("<Tag><Value>1</Value></Tag>"), "1 to 128");
	refused("tagging", TAGGING(TAG("a", "!")), "letters, digits");
	struct strbuf many;
	strbuf_init(&many);
	strbuf_add_str(&many, "<Tagging><TagSet>");
	for (int i = 0; i < 51; i++) {
		if (i == 50) {
			size_t len = many.len;
			strbuf_add_str(&many, "</TagSet></Tagging>");
			allowed("tagging", many.data);
			strbuf_truncate(&many, len);
		}
		strbuf_addf(&many, TAG("k%d", "v"), i);
	}
	strbuf_add_str(&many, "</TagSet></Tagging>");
	refused("tagging", many.data, "at most 50 tags; here are 51");
	strbuf_deinit(&many);
}

#define VERSIONING(in) "<VersioningConfiguration>" in "</VersioningConfiguration>"
#define SSE(in) "<ServerSideEncryptionConfiguration>" in "</ServerSideEncryptionConfiguration>"
#define LOCK(in) "<ObjectLockConfiguration>" in "</ObjectLockConfiguration>"

static void values(void **state)
{
	(void)state;
	allowed("versioning", VERSIONING("<Status>Suspended</Status>"));
	refused("versioning", VERSIONING(""), "has no <Status>");
	refused("versioning", VERSIONING("<Status>On</Status>"), "Enabled, Suspended");
	allowed("encryption", SSE("<Rule><A><SSEAlgorithm>aws:kms</SSEAlgorithm></A></Rule>"));
	refused("encryption", SSE("<Rule><A><SSEAlgorithm>AES</SSEAlgorithm></A></Rule>"),
		"AES256, ");
	allowed("object-lock", LOCK("<ObjectLockEnabled>Enabled</ObjectLockEnabled>"));
	refused("object-lock", LOCK("<ObjectLockEnabled>Enabled</ObjectLockEnabled><Days>0</Days>"),
		"from 1 to 36500");
	refused("object-lock",
		LOCK("<ObjectLockEnabled>Enabled</ObjectLockEnabled><Days>1</Days><Years>1</"
		     "Years>"),
		"not both");
	refused("acl", "<AccessControlPolicy><Permission>ALL</Permission></AccessControlPolicy>",
		"FULL_CONTROL, ");
	allowed("website", "<WebsiteConfiguration/>");
	refused("publicAccessBlock",
		"<PublicAccessBlockConfiguration><BlockPublicAcls>1</BlockPublicAcls>"
		"</PublicAccessBlockConfiguration>",
		"true, false");
	refused("ownershipControls", "<OwnershipControls/>", "has no <ObjectOwnership>");
}

static void indented(const char *name, const char *text, const char *wanted)
{
	struct s3_document d;
	struct strbuf out;
	strbuf_init(&out);
	assert_true(s3_bucket_document(name, SV("bucket"), &d));
	s3_document_indent(&d, sv(text), &out);
	assert_string_equal(out.data, wanted);
	strbuf_deinit(&out);
}

static void lines_for_people(void **state)
{
	(void)state;
	indented("policy", "{\"b\":[1,2],\"a\":\"x\"}",
		"{\n  \"b\": [\n    1,\n    2\n  ],\n  \"a\": \"x\"\n}\n");
	indented("policy", "not JSON", "not JSON");
	indented("cors", CORS(RULE(GET)),
		"<?xml version=\"1.0\"?>\n<CORSConfiguration>\n  <CORSRule>\n"
		"    <AllowedMethod>GET</AllowedMethod>\n  </CORSRule>\n</CORSConfiguration>\n");
	indented("cors", "<a><b></a>", "<a><b></a>");
	indented("cors", "<!DOCTYPE a><a/>", "<!DOCTYPE a><a/>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies),
		cmocka_unit_test(cors),
		cmocka_unit_test(tags),
		cmocka_unit_test(values),
		cmocka_unit_test(lines_for_people),
	};
	xml_global_init();
	int rc = cmocka_run_group_tests(tests, NULL, NULL);
	xml_global_cleanup();
	return rc;
}
