/* Date formats of S3: none of them may depend on the locale or the time zone. */
#include "core/timeutil.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define S(seconds) (INT64_C(seconds) * NS_PER_S)

static void iso_times_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t ns;
	} rows[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"1970-01-01T00:00:00.000Z", 0},
		{"2013-05-24T00:00:00.000Z", S(1369353600)},
		{"2026-02-11T09:14:02.123Z", S(1770801242) + 123 * NS_PER_MS},
		{"2026-02-11T09:14:02.123456789Z", S(1770801242) + 123456789},
		{"2026-02-11T09:14:02.1234567891Z", S(1770801242) + 123456789},
		{"2026-02-11T10:14:02+01:00", S(1770801242)},
		{"2026-02-11T10:14:02+0100", S(1770801242)},
		{"2026-02-11T03:44:02-05:30", S(1770801242)},
		{"1969-12-31T23:59:59Z", S(-1)},
		{"1969-12-31T23:59:59.5Z", -NS_PER_S / 2},
		{"2000-02-29T00:00:00Z", S(951782400)},
		{"2024-02-29T23:59:59Z", S(1709251199)},
		{"2016-12-31T23:59:60Z", S(1483228800)},
		{"1678-01-01T00:00:00Z", S(-9214560000)},
		{"2262-04-11T23:47:16Z", S(9223372036)},
	};
	for (size_t i = 0; i < COUNT(rows); i++)
		if (time_parse_iso_ns(sv(rows[i].text)) != rows[i].ns)
			fail_msg("%s", rows[i].text);
}

static void what_is_no_iso_time_is_unknown(void **state)
{
	(void)state;
	static const char *const rows[] = {"", "Z", "2026", "2026-02-11", "2026-02-11T09:14:02",
		"2026-02-11 09:14:02Z", "2026-02-11T09:14Z", "2026-02-11T09:14:02Zx",
		" 2026-02-11T09:14:02Z", "26-02-11T09:14:02Z", "2026-2-11T09:14:02Z",
		"2026-00-11T09:14:02Z", "2026-13-11T09:14:02Z", "2026-02-00T09:14:02Z",
		"2026-02-32T09:14:02Z", "2026-02-11T24:14:02Z", "2026-02-11T09:60:02Z",
		"2026-02-11T09:14:61Z", "0000-01-01T00:00:00Z", "-026-02-11T09:14:02Z",
		"2026-02-11T09:14:02+", "2026-02-11T09:14:02+1:00", "2026-02-11T09:14:02+01:00Z",
		"2026-+2-11T09:14:02Z", "20260211T091402Z", "99999-01-01T00:00:00Z"};
	for (size_t i = 0; i < COUNT(rows); i++)
		if (time_parse_iso_ns(sv(rows[i])) != TIME_UNKNOWN)
			fail_msg("%s", rows[i]);
}

static void times_that_nanoseconds_cannot_hold_are_unknown(void **state)
{
	(void)state;
	static const char *const rows[] = {"9999-12-31T23:59:59Z", "2262-04-11T23:47:17Z",
		"1677-09-21T00:12:43Z", "0001-01-01T00:00:00Z"};
	for (size_t i = 0; i < COUNT(rows); i++)
		if (time_parse_iso_ns(sv(rows[i])) != TIME_UNKNOWN)
			fail_msg("%s", rows[i]);
}

static void a_day_that_the_month_does_not_have_is_unknown(void **state)
{
	(void)state;
	static const char *const iso[] = {"2026-02-30T00:00:00Z", "2026-02-29T00:00:00Z",
		"1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z"};
	for (size_t i = 0; i < COUNT(iso); i++)
		if (time_parse_iso_ns(sv(iso[i])) != TIME_UNKNOWN)
			fail_msg("%s", iso[i]);
	assert_int_equal(time_parse_http(SV("Mon, 31 Feb 2026 08:49:37 GMT")), TIME_UNKNOWN);
}

static void an_absurd_offset_is_unknown(void **state)
{
	(void)state;
	assert_int_equal(time_parse_iso_ns(SV("2026-02-11T09:14:02+99:00")), TIME_UNKNOWN);
	assert_int_equal(time_parse_iso_ns(SV("2026-02-11T09:14:02+01:99")), TIME_UNKNOWN);
}

static void http_dates_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t s;
	} rows[] = {
		{"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
		{"Fri, 24 May 2013 00:00:00 GMT", 1369353600},
		{"Thu, 01 Jan 1970 00:00:00 GMT", 0},
		{"Wed, 11 Feb 2026 09:14:02 GMT", 1770801242},
		{"Fri, 31 Dec 9999 23:59:59 GMT", INT64_C(253402300799)},
		{"Sat, 31 Dec 2016 23:59:60 GMT", 1483228800},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[TIME_HTTP_MAX];
		if (time_parse_http(sv(rows[i].text)) != rows[i].s)
			fail_msg("%s", rows[i].text);
		time_format_http(rows[i].s, text);
		if (!strstr(rows[i].text, ":60")) /* a leap second has no number of its own */
			assert_string_equal(text, rows[i].text);
	}
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	for (int i = 0; i < 12; i++) {
		char text[40], iso[40];
		snprintf(text, sizeof text, "Sun, 15 %.3s 2020 00:00:00 GMT", months + 3 * i);
		snprintf(iso, sizeof iso, "2020-%02d-15T00:00:00Z", i + 1);
		assert_int_equal(time_parse_http(sv(text)) * NS_PER_S, time_parse_iso_ns(sv(iso)));
	}
}

static void what_is_no_http_date_is_unknown(void **state)
{
	(void)state;
	static const char *const rows[] = {"", ",", "Sun,", "Sun, ", "Sun, 06", "Sun, 06 No",
		"Sun, 06 Nov", "Sun, 06 Nov 1994", "Sun, 06 Nov 1994 08:49", "06 Nov 1994 08:49:37",
		"Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 anF 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 25:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
		"Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT",
		"Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"};
	for (size_t i = 0; i < COUNT(rows); i++)
		if (time_parse_http(sv(rows[i])) != TIME_UNKNOWN)
			fail_msg("%s", rows[i]);
}

static void an_http_date_is_gmt_and_has_its_colons(void **state)
{
	(void)state;
	static const char *const rows[] = {"Sun, 06 Nov 1994 08:49:37 PST",
		"Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 GMT and more",
		"Sun, 06 Nov 1994 084937 GMT", "Sun,x06 Nov 1994 08:49:37 GMT"};
	for (size_t i = 0; i < COUNT(rows); i++)
		if (time_parse_http(sv(rows[i])) != TIME_UNKNOWN)
			fail_msg("%s", rows[i]);
}

static void modification_times_in_metadata_survive_the_round_trip(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t ns;
		const char *written;
	} rows[] = {
		{"0", 0, "0.000000000"},
		{"1700000000", S(1700000000), "1700000000.000000000"},
		{"1700000000.123456789", S(1700000000) + 123456789, "1700000000.123456789"},
		{"1700000000.5", S(1700000000) + NS_PER_S / 2, "1700000000.500000000"},
		{"1700000000.", S(1700000000), "1700000000.000000000"},
		{"1700000000.1234567899", S(1700000000) + 123456789, "1700000000.123456789"},
		{"-0.5", -NS_PER_S / 2, "-0.500000000"},
		{"-1.25", -S(1) - NS_PER_S / 4, "-1.250000000"},
		{"9223372034.999999999", S(9223372034) + 999999999, "9223372034.999999999"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t ns = time_parse_mtime_ns(sv(rows[i].text));
		if (ns != rows[i].ns)
			fail_msg("%s", rows[i].text);
		char written[40];
		time_format_mtime(ns, written);
		assert_string_equal(written, rows[i].written);
		assert_int_equal(time_parse_mtime_ns(sv(written)), ns);
	}
	char written[40];
	time_format_mtime(INT64_MIN, written);
	assert_string_equal(written, "-9223372036.854775808");
	time_format_mtime(INT64_MAX, written);
	assert_string_equal(written, "9223372036.854775807");
}

static void what_is_no_modification_time_is_unknown(void **state)
{
	(void)state;
	static const char *const rows[] = {"", "-", ".", ".5", "x", "1x", "1.5x", "1.5.5", "--1",
		"+1", " 1", "1 ", "1e9", "99999999999", "999999999999999999999", "9223372036",
		"0x10"};
	for (size_t i = 0; i < COUNT(rows); i++)
		if (time_parse_mtime_ns(sv(rows[i])) != TIME_UNKNOWN)
			fail_msg("%s", rows[i]);
}

static void stamps_are_written_in_utc_whatever_the_time_zone(void **state)
{
	(void)state;
	static const char *const zones[] = {"UTC0", "<+14>-14", "<-11>11"};
	for (size_t i = 0; i < COUNT(zones); i++) {
		setenv("TZ", zones[i], 1);
		tzset();
		char amz[17], iso[32];
		time_format_amz(1369353600, amz);
		assert_string_equal(amz, "20130524T000000Z");
		time_format_iso(1770801242, iso);
		assert_string_equal(iso, "2026-02-11T09:14:02Z");
		time_format_iso(-1, iso);
		assert_string_equal(iso, "1969-12-31T23:59:59Z");
		assert_int_equal(time_parse_iso_ns(SV("2026-02-11T09:14:02Z")), S(1770801242));
		assert_int_equal(time_parse_http(SV("Wed, 11 Feb 2026 09:14:02 GMT")), 1770801242);
	}
}

static void local_times_follow_the_time_zone(void **state)
{
	(void)state;
	char text[32];
	setenv("TZ", "<+0530>-5:30", 1);
	tzset();
	time_format_local(1770801242, false, text);
	assert_string_equal(text, "2026-02-11 14:44");
	time_format_local(1770801242, true, text);
	assert_string_equal(text, "2026-02-11 14:44:02");
	time_format_local(TIME_UNKNOWN, true, text);
	assert_string_equal(text, "");
	time_format_local(INT64_MAX, true, text);
	assert_string_equal(text, "");
}

static void a_deadline_lies_ahead_by_what_was_asked(void **state)
{
	(void)state;
	int64_t before = time_mono_ns();
	struct timespec deadline = time_deadline(1999);
	int64_t after = time_mono_ns();
	int64_t ns = (int64_t)deadline.tv_sec * NS_PER_S + deadline.tv_nsec;
	assert_true(deadline.tv_nsec >= 0 && deadline.tv_nsec < NS_PER_S);
	assert_true(ns - before >= 1999 * NS_PER_MS);
	assert_true(ns - after <= 1999 * NS_PER_MS);
	assert_true(time_mono_ms() >= after / NS_PER_MS);
}

static void a_time_that_nanoseconds_do_not_reach_is_unknown(void **state)
{
	(void)state;
	assert_int_equal(time_ns(0, 0), 0);
	assert_int_equal(time_ns(-1, 999999999), -1);
	assert_int_equal(time_ns(9223372036, 854775807), INT64_MAX);
	assert_int_equal(time_ns(9223372036, 854775808), TIME_UNKNOWN);
	assert_int_equal(
		time_ns(time_parse_http(SV("Fri, 31 Dec 9999 23:59:59 GMT")), 0), TIME_UNKNOWN);
	assert_int_equal(
		time_ns(time_parse_http(SV("Mon, 01 Jan 0001 00:00:00 GMT")), 0), TIME_UNKNOWN);
	assert_int_equal(time_ns(TIME_UNKNOWN, 0), TIME_UNKNOWN);
	assert_int_equal(time_ns(INT64_MAX, 0), TIME_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(iso_times_are_read),
		cmocka_unit_test(what_is_no_iso_time_is_unknown),
		cmocka_unit_test(times_that_nanoseconds_cannot_hold_are_unknown),
		cmocka_unit_test(a_day_that_the_month_does_not_have_is_unknown),
		cmocka_unit_test(an_absurd_offset_is_unknown),
		cmocka_unit_test(http_dates_are_read),
		cmocka_unit_test(what_is_no_http_date_is_unknown),
		cmocka_unit_test(an_http_date_is_gmt_and_has_its_colons),
		cmocka_unit_test(modification_times_in_metadata_survive_the_round_trip),
		cmocka_unit_test(what_is_no_modification_time_is_unknown),
		cmocka_unit_test(stamps_are_written_in_utc_whatever_the_time_zone),
		cmocka_unit_test(local_times_follow_the_time_zone),
		cmocka_unit_test(a_time_that_nanoseconds_do_not_reach_is_unknown),
		cmocka_unit_test(a_deadline_lies_ahead_by_what_was_asked),
	};
	return cmocka_run_group_tests_name("timeutil", tests, NULL, NULL);
}
