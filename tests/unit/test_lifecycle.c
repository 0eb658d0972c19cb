/* Lifecycle rules: in words, by S3's rules, and without losing what is not known of others. */
#include "core/s3_lifecycle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
/* S3 User Guide, "Examples of S3 Lifecycle configurations", put together */
#define DOCUMENT                                                                                 \
	"<?xml version=\"1.0\"?><LifecycleConfiguration>\n"                                      \
	"<Rule><ID>one</ID><Filter><Prefix>logs/</Prefix></Filter><Status>Enabled</Status>"      \
	"<Transition><Days>30</Days><StorageClass>STANDARD_IA</StorageClass></Transition>"       \
	"<Transition><Days>90</Days><StorageClass>GLACIER</StorageClass></Transition>"           \
	"<Expiration><Days>365</Days></Expiration></Rule>\n"                                     \
	"<Rule><ID>two</ID><Filter><And><Prefix>a/</Prefix><Tag><Key>k</Key><Value>v</Value>"    \
	"</Tag><ObjectSizeGreaterThan>500</ObjectSizeGreaterThan></And></Filter>"                \
	"<Status>Disabled</Status><NoncurrentVersionExpiration>"                                 \
	"<NewerNoncurrentVersions>5</NewerNoncurrentVersions><NoncurrentDays>1</NoncurrentDays>" \
	"</NoncurrentVersionExpiration></Rule>"                                                  \
	"<Rule><ID/><Prefix/><Status>Enabled</Status><AbortIncompleteMultipartUpload>"           \
	"<DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload>"          \
	"<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>"   \
	"</Rule></LifecycleConfiguration>"

static void expect_words(const struct s3_rule *r, const char *wanted)
{
	struct strbuf out;
	strbuf_init(&out);
	s3_rule_words(r, &out);
	assert_string_equal(out.data, wanted);
	strbuf_deinit(&out);
}

static void test_words(void **state)
{
	struct s3_lifecycle l;
	struct s3t_err err;
	(void)state;
	assert_int_equal(s3_lifecycle_parse(SV(DOCUMENT), &l, &err), S3T_OK);
	assert_int_equal(l.count, 3);
	expect_words(&l.rules[0],
		"objects under logs/ move to STANDARD_IA after 30 days and move to "
		"GLACIER after 90 and go after 365");
	expect_words(&l.rules[1], "(off) objects under a/ (tag k=v, larger than 500) stay; older "
				  "versions go after 1 day");
	expect_words(&l.rules[2],
		"objects stay; delete markers go with the last version; unfinished "
		"uploads after 7 days");
	s3_lifecycle_deinit(&l);
	assert_int_equal(s3_lifecycle_parse(SV("<x>"), &l, &err), S3T_PROTOCOL);
	/* one that ours cannot be put beside */
	assert_int_equal(s3_lifecycle_parse(SV("<a:L xmlns:a=\"u\"><a:Rule><a:ID>x</a:ID></a:Rule>"
					       "</a:L>"),
				 &l, &err),
		S3T_UNSUPPORTED);
}

static void test_others_stay(void **state)
{
	static const char *const pairs[] = {
		"prefix=new/", "expire=10", "transition=GLACIER_IR:5", "abort=3"};
	struct s3_lifecycle l;
	struct s3t_err err;
	struct strbuf xml;
	(void)state;
	strbuf_init(&xml);
	assert_int_equal(s3_lifecycle_parse(SV(DOCUMENT), &l, &err), S3T_OK);
	assert_int_equal(s3_lifecycle_set(&l, "one", pairs, COUNT(pairs), &err), S3T_OK);
	assert_int_equal(s3_lifecycle_set(&l, "new & <rule>", pairs, COUNT(pairs), &err), S3T_OK);
	s3_lifecycle_enable(&l, 1, true);
	s3_lifecycle_xml(&l, &xml);
	assert_non_null(strstr(xml.data, "<NewerNoncurrentVersions>5</NewerNoncurrentVersions>"));
	assert_non_null(strstr(xml.data, "<ID>new &amp; &lt;rule&gt;</ID>"));
	assert_null(strstr(xml.data, "Disabled"));
	assert_null(strstr(xml.data, "logs/"));
	struct s3_lifecycle again;
	assert_int_equal(s3_lifecycle_parse(strbuf_view(&xml), &again, &err), S3T_OK);
	assert_int_equal(again.count, 4);
	assert_true(again.rules[1].is_enabled);
	expect_words(&again.rules[3], "objects under new/ move to GLACIER_IR after 5 days and go "
				      "after 10; unfinished uploads after 3");
	assert_int_equal(s3_lifecycle_find(&again, "new & <rule>"), 3);
	s3_lifecycle_remove(&again, 0);
	assert_int_equal(again.count, 3);
	assert_string_equal(again.rules[0].id, "two");
	s3_lifecycle_deinit(&again);
	s3_lifecycle_deinit(&l);
	strbuf_deinit(&xml);
}

static void test_rules_of_s3(void **state)
{
	static const struct {
		const char *pairs[3];
		const char *says;
	} bad[] = {
		{{NULL}, "does something"},
		{{"prefix=x"}, "does something"},
		{{"expire=0"}, "from 1"},
		{{"expire=-1"}, "whole number"},
		{{"expire=1.5"}, "whole number"},
		{{"expire=99999"}, "36500"},
		{{"transition=STANDARD:30"}, "nothing else"},
		{{"transition=REDUCED_REDUNDANCY:30"}, "nothing else"},
		{{"transition=STANDARD_IA:29"}, "30 days at the earliest"},
		{{"transition=GLACIER:30", "expire=30"}, "before they go"},
		{{"transition=GLACIER:30", "transition=GLACIER:40"}, "once"},
		{{"transition=GLACIER:60", "transition=DEEP_ARCHIVE:30"}, "not back"},
		{{"transition=GLACIER:10", "transition=STANDARD_IA:40"}, "not back"},
		{{"transition=GLACIER:10", "transition=DEEP_ARCHIVE:10"}, "not back"},
		{{"transition=STANDARD_IA:30", "transition=GLACIER:31"}, "60 at the earliest"},
		{{"transition=STANDARD_IA:x"}, "whole number"},
		{{"transition=STANDARD_IA:36501"}, "36500"},
		{{"expire=1", "expire=2"}, "twice"},
		{{"abort=0"}, "from 1"},
		{{"something=1"}, "no part of a rule"},
		{{"prefix=\xff", "expire=1"}, "UTF-8"},
	};
	struct s3_lifecycle l = {.rules = NULL};
	struct s3t_err err;
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		size_t n = 0;
		while (n < 3 && bad[i].pairs[n])
			n++;
		assert_int_equal(s3_lifecycle_set(&l, "id", bad[i].pairs, n, &err), S3T_INVALID);
		if (!strstr(err.message, bad[i].says))
			fail_msg("%zu: %s", i, err.message);
		assert_int_equal(l.count, 0);
	}
	static const char *const good[] = {"expire=1"};
	char name[300];
	memset(name, 'n', sizeof name);
	name[256] = '\0';
	assert_int_equal(s3_lifecycle_set(&l, name, good, 1, &err), S3T_INVALID);
	assert_int_equal(s3_lifecycle_set(&l, "", good, 1, &err), S3T_INVALID);
	name[255] = '\0';
	assert_int_equal(s3_lifecycle_set(&l, name, good, 1, &err), S3T_OK);
	s3_lifecycle_deinit(&l);
}

/* What the pairs cannot say of a rule is not lost by changing it. */
static void test_rules_with_more(void **state)
{
#define OTHER(in) "<LifecycleConfiguration><Rule><ID>x</ID>" in "</Rule></LifecycleConfiguration>"
#define FILTER "<Filter><Prefix/></Filter><Status>Enabled</Status>"
#define EXPIRE "<Expiration><Days>9</Days></Expiration>"
	static const char *const more[] = {
		OTHER("<Filter><Tag><Key>env</Key><Value>test</Value></Tag></Filter>"
		      "<Status>Enabled</Status>" EXPIRE),
		OTHER("<Filter><ObjectSizeGreaterThan>5</ObjectSizeGreaterThan></Filter>"
		      "<Status>Enabled</Status>" EXPIRE),
		OTHER(FILTER "<Expiration><Date>2030-01-01T00:00:00Z</Date></Expiration>"),
		OTHER(FILTER "<Expiration><ExpiredObjectDeleteMarker>true"
			     "</ExpiredObjectDeleteMarker></Expiration>"),
		OTHER(FILTER "<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays>"
			     "<NewerNoncurrentVersions>5</NewerNoncurrentVersions>"
			     "</NoncurrentVersionExpiration>"),
		OTHER(FILTER "<NoncurrentVersionTransition><NoncurrentDays>1</NoncurrentDays>"
			     "<StorageClass>GLACIER</StorageClass></NoncurrentVersionTransition>"),
		OTHER(FILTER "<Transition><Date>2030-01-01T00:00:00Z</Date>"
			     "<StorageClass>GLACIER</StorageClass></Transition>"),
		OTHER(FILTER "<Transition><Days>1</Days><StorageClass>COLD</StorageClass>"
			     "</Transition>"),
	};
	static const char *const pairs[] = {"expire=5"};
	struct s3_lifecycle l;
	struct s3t_err err;
	struct strbuf before, after;
	(void)state;
	for (size_t i = 0; i < COUNT(more); i++) {
		assert_int_equal(s3_lifecycle_parse(sv(more[i]), &l, &err), S3T_OK);
		strbuf_init(&before);
		strbuf_init(&after);
		s3_lifecycle_xml(&l, &before);
		if (s3_lifecycle_set(&l, "x", pairs, 1, &err) != S3T_INVALID)
			fail_msg("%zu was replaced", i);
		assert_non_null(strstr(err.message, "would be lost"));
		s3_lifecycle_xml(&l, &after);
		assert_string_equal(before.data, after.data);
		strbuf_deinit(&before);
		strbuf_deinit(&after);
		s3_lifecycle_deinit(&l);
	}
	/* and one that they can say is */
	assert_int_equal(
		s3_lifecycle_parse(
			SV(OTHER(FILTER EXPIRE "<NoncurrentVersionExpiration><NoncurrentDays>1"
					       "</NoncurrentDays></NoncurrentVersionExpiration>"
					       "<AbortIncompleteMultipartUpload>"
					       "<DaysAfterInitiation>2</DaysAfterInitiation>"
					       "</AbortIncompleteMultipartUpload>"
					       "<Transition><Days>1</Days><StorageClass>GLACIER"
					       "</StorageClass></Transition>")),
			&l, &err),
		S3T_OK);
	assert_int_equal(s3_lifecycle_set(&l, "x", pairs, 1, &err), S3T_OK);
	s3_lifecycle_deinit(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_others_stay),
		cmocka_unit_test(test_rules_of_s3),
		cmocka_unit_test(test_rules_with_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
