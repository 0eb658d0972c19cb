#include "transfer/parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void every_part_is_taken_once_in_order(void **state)
{
	(void)state;
	static const uint32_t counts[] = {0, 1, 63, 64, 65, 128, 10000};
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		struct parts p;
		uint32_t index;
		parts_init(&p, counts[i]);
		for (uint32_t n = 0; n < counts[i]; n++) {
			assert_true(parts_take(&p, &index));
			assert_int_equal(index, n);
		}
		assert_false(parts_take(&p, &index));
		assert_int_equal(parts_all_done(&p), counts[i] == 0);
		for (uint32_t n = 0; n < counts[i]; n++) {
			assert_false(parts_all_done(&p));
			parts_set_done(&p, n);
			assert_true(parts_is_done(&p, n));
		}
		assert_true(parts_all_done(&p));
		parts_deinit(&p);
	}
}

static void what_is_done_is_not_taken(void **state)
{
	(void)state;
	struct parts p;
	uint32_t index, taken = 0;
	parts_init(&p, 200);
	for (uint32_t i = 0; i < 200; i++)
		if (i % 3)
			parts_set_done(&p, i);
	parts_set_done(&p, 1); /* twice is once */
	assert_int_equal(p.done_count, 133);
	while (parts_take(&p, &index)) {
		assert_int_equal(index % 3, 0);
		taken++;
		/* one that is done ahead of the cursor is passed over, too */
		if (index == 0)
			parts_set_done(&p, 3);
	}
	assert_int_equal(taken, 66);
	parts_deinit(&p);
}

static void the_first_missing_is_found_from_anywhere(void **state)
{
	(void)state;
	struct parts p;
	parts_init(&p, 130);
	for (uint32_t i = 0; i < 130; i++)
		if (i != 64 && i != 129)
			parts_set_done(&p, i);
	assert_int_equal(parts_first_missing(&p, 0), 64);
	assert_int_equal(parts_first_missing(&p, 64), 64);
	assert_int_equal(parts_first_missing(&p, 65), 129);
	assert_int_equal(parts_first_missing(&p, 129), 129);
	assert_int_equal(parts_first_missing(&p, 130), 130);
	parts_set_done(&p, 129);
	assert_int_equal(parts_first_missing(&p, 65), 130);
	parts_deinit(&p);
}

static void a_wrong_part_is_moved_once_more_and_no_third_time(void **state)
{
	(void)state;
	struct parts p;
	uint32_t index;
	parts_init(&p, 5);
	for (uint32_t i = 0; i < 3; i++) {
		assert_true(parts_take(&p, &index));
		parts_set_done(&p, index);
	}
	assert_true(parts_again(&p, 2));
	assert_true(parts_again(&p, 0));
	assert_false(parts_is_done(&p, 2));
	assert_int_equal(p.done_count, 1);
	static const uint32_t order[] = {2, 0, 3, 4};
	for (size_t i = 0; i < 4; i++) {
		assert_true(parts_take(&p, &index));
		assert_int_equal(index, order[i]);
		parts_set_done(&p, index);
	}
	assert_false(parts_take(&p, &index));
	assert_true(parts_all_done(&p));
	assert_false(parts_again(&p, 2));
	assert_true(parts_is_done(&p, 2));
	assert_true(parts_again(&p, 1));
	assert_true(parts_take(&p, &index));
	assert_int_equal(index, 1);
	parts_deinit(&p);
}

/* All were there when it was resumed, so the cursor has not passed it. */
static void a_wrong_part_ahead_of_the_cursor_is_given_out_once(void **state)
{
	(void)state;
	struct parts p;
	uint32_t index;
	parts_init(&p, 5);
	for (uint32_t i = 0; i < 5; i++)
		parts_set_done(&p, i);
	assert_true(parts_again(&p, 3));
	assert_true(parts_again(&p, 1));
	assert_true(parts_take(&p, &index));
	assert_int_equal(index, 3);
	assert_true(parts_take(&p, &index));
	assert_int_equal(index, 1);
	assert_false(parts_take(&p, &index));
	parts_set_done(&p, 1);
	parts_set_done(&p, 3);
	assert_true(parts_all_done(&p));
	parts_deinit(&p);
}

static void after_a_restart_all_is_as_new(void **state)
{
	(void)state;
	struct parts p;
	uint32_t index;
	parts_init(&p, 100);
	while (parts_take(&p, &index))
		parts_set_done(&p, index);
	assert_true(parts_again(&p, 70));
	parts_restart(&p);
	assert_int_equal(p.done_count, 0);
	for (uint32_t i = 0; i < 100; i++) {
		assert_true(parts_take(&p, &index));
		assert_int_equal(index, i);
		parts_set_done(&p, i);
	}
	assert_false(parts_take(&p, &index));
	assert_true(parts_again(&p, 70));
	parts_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_part_is_taken_once_in_order),
		cmocka_unit_test(what_is_done_is_not_taken),
		cmocka_unit_test(the_first_missing_is_found_from_anywhere),
		cmocka_unit_test(a_wrong_part_is_moved_once_more_and_no_third_time),
		cmocka_unit_test(a_wrong_part_ahead_of_the_cursor_is_given_out_once),
		cmocka_unit_test(after_a_restart_all_is_as_new),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
