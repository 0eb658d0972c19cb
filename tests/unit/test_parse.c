/* Strict readers of numbers, sizes and durations. */
#include "core/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define KIB UINT64_C(1024)
#define MIB (KIB * KIB)
#define GIB (MIB * KIB)

static void numbers_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t value;
	} rows[] = {
		{"0", 0},
		{"7", 7},
		{"007", 7},
		{"5242880", 5242880},
		{"9223372036854775807", INT64_MAX},
		{"18446744073709551615", UINT64_MAX},
		{"00000000000000000000000000000001", 1},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t value = 42;
		if (!parse_u64(sv(rows[i].text), &value) || value != rows[i].value)
			fail_msg("%s", rows[i].text);
	}
}

static void what_is_no_number_is_refused_and_nothing_is_written(void **state)
{
	(void)state;
	static const struct strview rows[] = {{"", 0}, {" ", 1}, {" 1", 2}, {"1 ", 2}, {"+1", 2},
		{"-1", 2}, {"1.0", 3}, {"0x10", 4}, {"1e3", 3}, {"abc", 3}, {"1\0", 2},
		{"\xd9\xa1", 2}, {"18446744073709551616", 20}, {"99999999999999999999", 20},
		{"184467440737095516150", 21}};
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t value = 42;
		if (parse_u64(rows[i], &value) || value != 42)
			fail_msg("%s", rows[i].data);
	}
}

static void signed_numbers_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t value;
	} rows[] = {
		{"0", 0},
		{"-0", 0},
		{"-1", -1},
		{"9223372036854775807", INT64_MAX},
		{"-9223372036854775807", -INT64_MAX},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t value = 42;
		if (!parse_i64(sv(rows[i].text), &value) || value != rows[i].value)
			fail_msg("%s", rows[i].text);
	}
	static const char *const bad[] = {"", "-", "--1", "- 1", "+1", "1-", "9223372036854775808",
		"-9223372036854775809", "18446744073709551615", "-18446744073709551615"};
	for (size_t i = 0; i < COUNT(bad); i++) {
		int64_t value = 42;
		if (parse_i64(sv(bad[i]), &value) || value != 42)
			fail_msg("%s", bad[i]);
	}
}

static void yes_and_no_are_read_in_any_case(void **state)
{
	(void)state;
	static const char *const yes[] = {"true", "TRUE", "True", "yes", "on", "On", "1"};
	static const char *const no[] = {"false", "FALSE", "no", "off", "OFF", "0"};
	static const char *const bad[] = {
		"", " ", "2", "-1", "y", "n", "t", "tru", "truee", " true"};
	bool value;
	for (size_t i = 0; i < COUNT(yes); i++) {
		value = false;
		if (!parse_bool(sv(yes[i]), &value) || !value)
			fail_msg("%s", yes[i]);
	}
	for (size_t i = 0; i < COUNT(no); i++) {
		value = true;
		if (!parse_bool(sv(no[i]), &value) || value)
			fail_msg("%s", no[i]);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		if (parse_bool(sv(bad[i]), &value))
			fail_msg("%s", bad[i]);
}

static void sizes_are_binary_unless_they_say_otherwise(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t bytes;
	} rows[] = {
		{"0", 0},
		{"5242880", 5 * MIB},
		{"17B", 17},
		{"5MiB", 5 * MIB},
		{"5M", 5 * MIB},
		{"5m", 5 * MIB},
		{"5mib", 5 * MIB},
		{"64k", 64 * KIB},
		{"64K", 64 * KIB},
		{"64KiB", 64 * KIB},
		{"1.5G", GIB + GIB / 2},
		{"0.5k", 512},
		{"1.25MiB", MIB + MIB / 4},
		{"10MB", 10000000},
		{"1kB", 1000},
		{"2GB", 2000000000},
		{"1.5kB", 1500},
		{"1T", KIB * GIB},
		{"1P", MIB * GIB},
		{"1E", GIB * GIB},
		{"15EiB", 15 * GIB * GIB},
		{" 5 MiB ", 5 * MIB},
		{"18446744073709551615", UINT64_MAX},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t bytes = 42;
		if (!parse_size(sv(rows[i].text), &bytes) || bytes != rows[i].bytes)
			fail_msg("%s gave %llu", rows[i].text, (unsigned long long)bytes);
	}
}

static void what_is_no_size_is_refused(void **state)
{
	(void)state;
	static const char *const rows[] = {"", " ", "M", "MiB", "-1", "-1M", "+1M", ".5M", "1.M",
		"1.5.5M", "1,5M", "5X", "5Mi", "5MiBs", "5 M B", "5bb", "0x10", "16EiB", "16E",
		"18446744073709551616", "18446744073709551615k", "99999999999999999999G", "1M1"};
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t bytes;
		if (parse_size(sv(rows[i]), &bytes))
			fail_msg("%s gave %llu", rows[i], (unsigned long long)bytes);
	}
}

static void durations_are_read_in_milliseconds(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t ms;
	} rows[] = {
		{"0", 0},
		{"10", 10000},
		{"100ms", 100},
		{"10s", 10000},
		{"1.5s", 1500},
		{"5m", 300000},
		{"2h", 7200000},
		{"7d", 604800000},
		{"2w", 1209600000},
		{"1h30m", 5400000},
		{"1m30s500ms", 90500},
		{" 2m ", 120000},
		{"0.25", 250},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t ms = 42;
		if (!parse_duration_ms(sv(rows[i].text), &ms) || ms != rows[i].ms)
			fail_msg("%s gave %lld", rows[i].text, (long long)ms);
	}
}

static void what_is_no_duration_is_refused(void **state)
{
	(void)state;
	static const char *const rows[] = {"", " ", "s", "ms", "-1s", "+1s", "1x", "1ss", "1 s",
		"1h 30m", "1S", "1M", "1.s", ".5s", "1..5s", "1h-30m", "99999999999999999999",
		"18446744073709551615s", "9223372036854775807s", "9999999999999999w"};
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t ms;
		if (parse_duration_ms(sv(rows[i]), &ms))
			fail_msg("%s gave %lld", rows[i], (long long)ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_read),
		cmocka_unit_test(what_is_no_number_is_refused_and_nothing_is_written),
		cmocka_unit_test(signed_numbers_are_read),
		cmocka_unit_test(yes_and_no_are_read_in_any_case),
		cmocka_unit_test(sizes_are_binary_unless_they_say_otherwise),
		cmocka_unit_test(what_is_no_size_is_refused),
		cmocka_unit_test(durations_are_read_in_milliseconds),
		cmocka_unit_test(what_is_no_duration_is_refused),
	};
	return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
