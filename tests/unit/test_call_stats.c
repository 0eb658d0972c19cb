#include "core/call_stats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void a_request_is_one_operation(void **state)
{
	static const struct {
		const char *method, *query;
		bool has_key, is_copy;
		enum call_op op;
	} rows[] = {
		{"GET", "", false, false, CALL_OP_LIST},
		{"GET", "list-type prefix ", false, false, CALL_OP_LIST},
		{"GET", "prefix delimiter ", false, false, CALL_OP_LIST},
		{"GET", "versions ", false, false, CALL_OP_LIST},
		{"GET", "lifecycle ", false, false, CALL_OP_OTHER},
		{"GET", "", true, false, CALL_OP_GET},
		{"GET", "versionId ", true, false, CALL_OP_GET},
		{"GET", "tagging ", true, false, CALL_OP_OTHER},
		{"HEAD", "", true, false, CALL_OP_HEAD},
		{"PUT", "", true, false, CALL_OP_PUT},
		{"PUT", "acl ", true, false, CALL_OP_OTHER},
		{"PUT", "", true, true, CALL_OP_COPY},
		{"PUT", "partNumber uploadId ", true, false, CALL_OP_PART},
		{"POST", "uploads ", true, false, CALL_OP_MULTIPART},
		{"POST", "uploadId ", true, false, CALL_OP_MULTIPART},
		{"POST", "delete ", false, false, CALL_OP_DELETE},
		{"DELETE", "", true, false, CALL_OP_DELETE},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (call_op_of(rows[i].method, sv(rows[i].query), rows[i].has_key,
			    rows[i].is_copy) != rows[i].op)
			fail_msg("row %zu", i);
}

static void buckets_hold_every_time_once(void **state)
{
	(void)state;
	for (size_t i = 1; i < LATENCY_BUCKETS; i++)
		assert_true(latency_bound_us(i) > latency_bound_us(i - 1));
	for (int64_t us = 1; us < 1000000000; us = us * 5 / 4 + 1) {
		struct call_stats s;
		struct call_stats_view v;
		call_stats_init(&s);
		call_stats_add(&s, CALL_OP_GET, us, 1, S3T_OK, "");
		call_stats_read(&s, &v);
		int64_t found = latency_percentile_us(&v.ops[CALL_OP_GET], 50);
		assert_true(found >= us && (us < 128 || found <= us + us / 4 + 1));
		call_stats_deinit(&s);
	}
}

static void percentiles_are_those_of_what_was_added(void **state)
{
	struct call_stats s;
	struct call_stats_view v;
	(void)state;
	call_stats_init(&s);
	for (int i = 1; i <= 100; i++)
		call_stats_add(&s, CALL_OP_PUT, i <= 98 ? 10000 : 500000, 1000, S3T_OK, "");
	call_stats_add(&s, CALL_OP_PUT, 7000000, 0, S3T_CANCELLED, "");
	call_stats_read(&s, &v);
	const struct call_op_stats *put = &v.ops[CALL_OP_PUT];
	assert_int_equal(put->count, 100);
	assert_int_equal(put->errors, 0);
	assert_in_range(latency_percentile_us(put, 50), 10000, 12500);
	assert_in_range(latency_percentile_us(put, 98), 10000, 12500);
	assert_in_range(latency_percentile_us(put, 99), 500000, 625000);
	assert_int_equal(latency_percentile_us(&v.ops[CALL_OP_GET], 50), 0);
	call_stats_deinit(&s);
}

static void errors_are_counted_by_code(void **state)
{
	struct call_stats s;
	struct call_stats_view v;
	char code[16];
	uint64_t all = 0;
	(void)state;
	call_stats_init(&s);
	call_stats_add(&s, CALL_OP_HEAD, 1, 1, S3T_NOT_FOUND, "NoSuchKey");
	call_stats_add(&s, CALL_OP_HEAD, 1, 1, S3T_NOT_FOUND, "NoSuchKey");
	call_stats_add(&s, CALL_OP_HEAD, 1, 0, S3T_CONNECT, "");
	call_stats_read(&s, &v);
	assert_int_equal(v.code_count, 2);
	assert_string_equal(v.codes[0].code, "NoSuchKey");
	assert_int_equal(v.codes[0].count, 2);
	assert_string_equal(v.codes[1].code, "connect");
	for (int i = 0; i < 100; i++) {
		snprintf(code, sizeof code, "Code%d", i);
		call_stats_add(&s, CALL_OP_HEAD, 1, 1, S3T_DENIED, code);
	}
	call_stats_read(&s, &v);
	assert_int_equal(v.code_count, CALL_CODES_MAX);
	for (size_t i = 0; i < v.code_count; i++)
		all += v.codes[i].count;
	assert_int_equal(all, 103);
	assert_string_equal(v.codes[CALL_CODES_MAX - 1].code, "others");
	call_stats_deinit(&s);
}

static void a_connection_is_ok_slow_or_failing(void **state)
{
	static const struct {
		enum s3t_rc rc;
		int64_t first_byte_us;
		enum connection_state wanted;
	} rows[] = {
		{S3T_OK, 2000, CONNECTION_OK},
		{S3T_NOT_FOUND, 2000, CONNECTION_OK},
		{S3T_DENIED, 2000, CONNECTION_OK},
		{S3T_SLOW_DOWN, 2000, CONNECTION_SLOW},
		{S3T_OK, 2000, CONNECTION_OK},
		{S3T_SERVER, 2000, CONNECTION_FAILING},
		{S3T_CONNECT, 0, CONNECTION_FAILING},
		{S3T_OK, 2000, CONNECTION_OK},
		{S3T_OK, 60000000, CONNECTION_SLOW},
	};
	struct call_stats s;
	int64_t since_s;
	(void)state;
	call_stats_init(&s);
	assert_int_equal(call_stats_connection(&s, &since_s), CONNECTION_UNKNOWN);
	assert_int_equal(since_s, 0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		call_stats_add(&s, CALL_OP_HEAD, 1, rows[i].first_byte_us, rows[i].rc, "");
		assert_int_equal(call_stats_connection(&s, &since_s), rows[i].wanted);
		assert_true(since_s > 0);
	}
	call_stats_deinit(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_one_operation),
		cmocka_unit_test(buckets_hold_every_time_once),
		cmocka_unit_test(percentiles_are_those_of_what_was_added),
		cmocka_unit_test(errors_are_counted_by_code),
		cmocka_unit_test(a_connection_is_ok_slow_or_failing),
	};
	return cmocka_run_group_tests_name("call stats", tests, NULL, NULL);
}
