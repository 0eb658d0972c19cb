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
	expect_words(&l.rules[1], "(off) objects under a/ (tag k=v, larger than 500 bytes) stay; "
				  "older versions go after 1 day but for the newest 5");
	expect_words(&l.rules[2],
		"all objects stay; delete markers go with the last version; unfinished "
		"uploads after 7 days");
	s3_lifecycle_deinit(&l);
	assert_int_equal(s3_lifecycle_parse(SV("<x>"), &l, &err), S3T_PROTOCOL);
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
	l.rules[1].is_enabled = true;
	assert_true(s3_lifecycle_xml(&l, &xml));
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
		{{"expire=99999999999"}, "2147483647"},
		{{"transition=STANDARD:30"}, "only this service"},
		{{"transition=REDUCED_REDUNDANCY:30"}, "only this service"},
		{{"transition=STANDARD_IA:29"}, "30 days at the earliest"},
		{{"transition=GLACIER:30", "expire=30"}, "before they go"},
		{{"transition=GLACIER:30", "transition=GLACIER:40"}, "once"},
		{{"transition=GLACIER:60", "transition=DEEP_ARCHIVE:30"}, "not back"},
		{{"transition=GLACIER:10", "transition=STANDARD_IA:40"}, "not back"},
		{{"transition=GLACIER:10", "transition=DEEP_ARCHIVE:10"}, "not back"},
		{{"transition=STANDARD_IA:30", "transition=GLACIER:31"}, "60 at the earliest"},
		{{"transition=STANDARD_IA:x"}, "whole number"},
		{{"transition=STANDARD_IA:99999999999"}, "2147483647"},
		{{"expire=1", "expire=2"}, "twice"},
		{{"tag=a", "expire=1", "tag=a=b"}, "twice"},
		{{"tag=", "expire=1"}, "1 to 128"},
		{{"tag=a=!", "expire=1"}, "letters, digits"},
		{{"tag=a=b", "abort=1"}, "unfinished uploads, which have no tags"},
		{{"tag=a=b", "markers=yes"}, "delete markers, which have no tags"},
		{{"larger=1", "abort=1"}, "which have none"},
		{{"larger=x", "expire=1"}, "wants a size"},
		{{"larger=1MiB", "smaller=1024KiB", "expire=1"}, "No object"},
		{{"larger=1", "smaller=2", "expire=1"}, "No object"},
		{{"smaller=0", "expire=1"}, "No object"},
		{{"expire=2030-02-31"}, "a day like"},
		{{"expire=2030-01-01", "transition=GLACIER:1"}, "not both"},
		{{"expire=2030-01-01", "transition=GLACIER:2030-01-01"}, "too late"},
		{{"markers=yes", "expire=1"}, "go with them"},
		{{"markers=perhaps"}, "yes or no"},
		{{"noncurrent=1:0"}, "1 to 100"},
		{{"noncurrent=1:101"}, "1 to 100"},
		{{"noncurrent=:5"}, "whole number"},
		{{"noncurrent-transition=GLACIER:-1"}, "from 0"},
		{{"noncurrent-transition=STANDARD_IA:5"}, "30 days"},
		{{"noncurrent-transition=GLACIER:5", "noncurrent=5"}, "before they go"},
		{{"transition=NOT A CLASS:1"}, "only this service"},
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

#define OTHER(in) "<LifecycleConfiguration><Rule><ID>x</ID>" in "</Rule></LifecycleConfiguration>"
#define FILTER "<Filter><Prefix/></Filter><Status>Enabled</Status>"
#define EXPIRE "<Expiration><Days>9</Days></Expiration>"

/* All that S3 knows of a rule is written as it was read, and in words. */
static void test_all_parts(void **state)
{
	static const struct {
		const char *pairs[8];
		const char *words, *xml;
	} rules[] = {
		{{"tag=b=2", "tag=a=1", "larger=500", "smaller=1KiB", "expire=2030-01-31",
			 "transition=COLD:2029-01-01"},
			"objects (tag a=1, tag b=2, larger than 500 bytes, smaller than 1024 "
			"bytes) "
			"move to COLD on 2029-01-01 and go on 2030-01-31",
			"<Filter><And><Tag><Key>a</Key><Value>1</Value></Tag><Tag><Key>b</Key>"
			"<Value>2</Value></Tag><ObjectSizeGreaterThan>500</ObjectSizeGreaterThan>"
			"<ObjectSizeLessThan>1024</ObjectSizeLessThan></And></Filter><Status>"
			"Enabled</Status><Transition><Date>2029-01-01T00:00:00Z</"
			"Date><StorageClass>"
			"COLD</StorageClass></Transition><Expiration><Date>2030-01-31T00:00:00Z"
			"</Date></Expiration>"},
		{{"tag=a=1", "transition=glacier:0", "transition=DEEP_ARCHIVE:9", "expire=10d"},
			"objects (tag a=1) move to GLACIER after 0 days and move to DEEP_ARCHIVE "
			"after 9 and go after 10",
			"<Filter><Tag><Key>a</Key><Value>1</Value></Tag></Filter><Status>Enabled"
			"</Status><Transition><Days>0</Days><StorageClass>GLACIER</StorageClass>"
			"</Transition><Transition><Days>9</Days>"},
		{{"prefix=p", "noncurrent-transition=GLACIER:2:7", "noncurrent=30:5", "markers=yes",
			 "abort=7"},
			"objects under p stay; older versions move to GLACIER after 2 days but for "
			"the newest 7 and go after 30 but for the newest 5; delete markers go with "
			"the last version; unfinished uploads after 7",
			"<Filter><Prefix>p</Prefix></Filter><Status>Enabled</Status><Expiration>"
			"<ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>"
			"<NoncurrentVersionTransition><NoncurrentDays>2</NoncurrentDays>"
			"<NewerNoncurrentVersions>7</NewerNoncurrentVersions><StorageClass>GLACIER"
			"</StorageClass></NoncurrentVersionTransition><NoncurrentVersionExpiration>"
			"<NoncurrentDays>30</NoncurrentDays><NewerNoncurrentVersions>5"
			"</NewerNoncurrentVersions></NoncurrentVersionExpiration>"
			"<AbortIncompleteMultipartUpload><DaysAfterInitiation>7"},
		{{"larger=0", "expire=1"}, "objects (larger than 0 bytes) go after 1 day",
			"<Filter><ObjectSizeGreaterThan>0</ObjectSizeGreaterThan></Filter>"},
	};
	struct s3t_err err = {.rc = S3T_OK};
	(void)state;
	for (size_t i = 0; i < COUNT(rules); i++) {
		struct s3_lifecycle l = {.rules = NULL}, again;
		struct strbuf xml;
		size_t n = 0;
		while (n < COUNT(rules[i].pairs) && rules[i].pairs[n])
			n++;
		strbuf_init(&xml);
		if (s3_lifecycle_set(&l, "x", rules[i].pairs, n, &err) != S3T_OK)
			fail_msg("%zu: %s", i, err.message);
		expect_words(&l.rules[0], rules[i].words);
		assert_true(s3_lifecycle_xml(&l, &xml));
		if (!strstr(xml.data, rules[i].xml))
			fail_msg("%s", xml.data);
		assert_int_equal(s3_lifecycle_parse(strbuf_view(&xml), &again, &err), S3T_OK);
		expect_words(&again.rules[0], rules[i].words);
		assert_false(s3_rule_has_more(&again.rules[0]));
		/* what was read can be said, and is the same again */
		assert_int_equal(s3_lifecycle_set(&again, "x", rules[i].pairs, n, &err), S3T_OK);
		struct strbuf second;
		strbuf_init(&second);
		assert_true(s3_lifecycle_xml(&again, &second));
		assert_string_equal(second.data, xml.data);
		strbuf_deinit(&second);
		s3_lifecycle_deinit(&again);
		s3_lifecycle_deinit(&l);
		strbuf_deinit(&xml);
	}
}

/* What comes in another form is written in the one that all servers read, with all it says. */
static void test_forms(void **state)
{
	static const struct {
		const char *in, *words, *out;
	} rows[] = {
		/* Ceph, which loses a prefix beside <And> when it gets it so */
		{OTHER("<Filter><Prefix>p/</Prefix><And><Tag><Key>a</Key><Value>1</Value></Tag>"
		       "<Tag><Key>b</Key><Value>2</Value></Tag></And></Filter>"
		       "<Status>Enabled</Status>" EXPIRE),
			"objects under p/ (tag a=1, tag b=2) go after 9 days",
			"<Filter><And><Prefix>p/</Prefix><Tag>"},
		{OTHER("<Prefix>old/</Prefix><Status>Enabled</Status>" EXPIRE),
			"objects under old/ go after 9 days",
			"<Filter><Prefix>old/</Prefix></Filter>"},
		/* white space is a part of names */
		{OTHER("<Filter><Prefix>tmp </Prefix></Filter>\n <Status> Enabled "
		       "</Status>" EXPIRE),
			"objects under tmp  go after 9 days", "<Prefix>tmp </Prefix>"},
		{OTHER("<Filter><Tag><Key>a=b</Key><Value>c;d</Value></Tag></Filter>"
		       "<Status>Disabled</Status>" EXPIRE),
			"(off) objects (tag a=b=c;d) go after 9 days", "<Key>a=b</Key>"},
		/* neither a comment nor a prefix of the name space is a rule */
		{"<a:LifecycleConfiguration xmlns:a=\"u\"><!-- <Rule><ID>danger</ID><Filter/>"
		 "</Rule> --><a:Rule "
		 "><a:ID>x</a:ID><a:Filter><a:Prefix>&lt;&amp;</a:Prefix></a:Filter>"
		 "<a:Status>Enabled</a:Status><a:Expiration><a:Days>9</a:Days></a:Expiration></"
		 "a:Rule>"
		 "</a:LifecycleConfiguration>",
			"objects under <& go after 9 days",
			"<Rule><ID>x</ID><Filter><Prefix>&lt;&amp;</Prefix></Filter>"},
		/* what is not known stays, and the filter beside it is written anew */
		{OTHER("<Filter><Prefix>p/</Prefix><And><Tag><Key>a</Key><Value>1</Value></Tag></"
		       "And>"
		       "</Filter><Status>Enabled</Status><Colour><Red>1 &lt; "
		       "2</Red><Blue/></Colour>"),
			"objects under p/ (tag a=1) stay; and more that s3tui does not know",
			"<Filter><And><Prefix>p/</Prefix><Tag><Key>a</Key><Value>1</Value></Tag></"
			"And>"
			"</Filter><Status>Enabled</Status><Colour><Red>1 &lt; 2</Red><Blue></Blue>"
			"</Colour></Rule>"},
		{OTHER("<Filter><Prefix>p/</Prefix><Age>1</Age></Filter><Status>Enabled</"
		       "Status>" EXPIRE),
			"objects under p/ go after 9 days; and more that s3tui does not know",
			"<Filter><Prefix>p/</Prefix><Age>1</Age></Filter><Status>Enabled</"
			"Status>" EXPIRE},
	};
	struct s3t_err err = {.rc = S3T_OK};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct s3_lifecycle l;
		struct strbuf xml;
		strbuf_init(&xml);
		assert_int_equal(s3_lifecycle_parse(sv(rows[i].in), &l, &err), S3T_OK);
		assert_int_equal(l.count, 1);
		expect_words(&l.rules[0], rows[i].words);
		assert_true(s3_lifecycle_xml(&l, &xml));
		if (!strstr(xml.data, rows[i].out))
			fail_msg("%zu: %s", i, xml.data);
		strbuf_deinit(&xml);
		s3_lifecycle_deinit(&l);
	}
}

/* What we do not know of a rule is not lost by changing it. */
static void test_rules_with_more(void **state)
{
	static const char *const more[] = {
		OTHER("<Filter><AccessTier>x</AccessTier></Filter><Status>Enabled</Status>" EXPIRE),
		OTHER(FILTER "<Expiration><Days>1</Days><Hours>1</Hours></Expiration>"),
		OTHER(FILTER "<Expiration><Days>-1</Days></Expiration>"),
		OTHER(FILTER "<Expiration><Date>2030-01-01T12:00:00Z</Date></Expiration>"),
		OTHER(FILTER "<Expiration><Date>soon</Date></Expiration>"),
		OTHER(FILTER EXPIRE "<Transition><Days>1</Days><StorageClass>GLACIER</StorageClass>"
				    "<Speed>1</Speed></Transition>"),
		OTHER(FILTER "<NoncurrentVersionExpiration><Days>1</Days>"
			     "</NoncurrentVersionExpiration>"),
		OTHER(FILTER EXPIRE "<DelMarkerExpiration><Days>1</Days></DelMarkerExpiration>"),
		OTHER(FILTER EXPIRE "<AbortIncompleteMultipartUpload><Hours>1</Hours>"
				    "</AbortIncompleteMultipartUpload>"),
		OTHER("<Filter><Prefix>a/</Prefix></Filter><Prefix/><Status>Enabled</"
		      "Status>" EXPIRE),
		OTHER("<Filter><Prefix>a/</Prefix></Filter>" FILTER EXPIRE),
		OTHER(FILTER EXPIRE EXPIRE),
		OTHER(FILTER "<NoncurrentVersionExpiration><NewerNoncurrentVersions>2"
			     "</NewerNoncurrentVersions></NoncurrentVersionExpiration>"),
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
		assert_true(s3_lifecycle_xml(&l, &before));
		if (s3_lifecycle_set(&l, "x", pairs, 1, &err) != S3T_INVALID)
			fail_msg("%zu was replaced", i);
		assert_non_null(strstr(err.message, "would be lost"));
		assert_true(s3_lifecycle_xml(&l, &after));
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
		cmocka_unit_test(test_all_parts),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_rules_with_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
