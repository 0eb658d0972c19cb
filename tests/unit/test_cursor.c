/* Cursor and window of a list. */
#include "ui/cursor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct cursor list_of(size_t rows, size_t height)
{
	struct cursor c = {0};
	cursor_set_rows(&c, rows);
	cursor_set_height(&c, height);
	return c;
}

static void an_empty_list_has_its_cursor_at_row_zero(void **state)
{
	(void)state;
	struct cursor c = list_of(0, 10);
	cursor_move(&c, 5);
	cursor_page(&c, 1);
	cursor_bottom(&c);
	assert_int_equal(c.at, 0);
	assert_int_equal(c.top, 0);
}

static void moving_scrolls_only_at_the_edge(void **state)
{
	(void)state;
	struct cursor c = list_of(100, 10);
	cursor_move(&c, 9);
	assert_int_equal(c.top, 0);
	cursor_move(&c, 1);
	assert_int_equal(c.at, 10);
	assert_int_equal(c.top, 1);
	cursor_move(&c, -9);
	assert_int_equal(c.top, 1);
	cursor_move(&c, -1);
	assert_int_equal(c.top, 0);
}

static void moving_stops_at_both_ends(void **state)
{
	(void)state;
	struct cursor c = list_of(5, 10);
	cursor_move(&c, 1000);
	assert_int_equal(c.at, 4);
	cursor_move(&c, -1000);
	assert_int_equal(c.at, 0);
	cursor_page(&c, 3);
	assert_int_equal(c.at, 4);
	assert_int_equal(c.top, 0);
}

static void a_page_moves_window_and_cursor(void **state)
{
	(void)state;
	struct cursor c = list_of(100, 10);
	cursor_move(&c, 3);
	cursor_page(&c, 1);
	assert_int_equal(c.at, 12);
	assert_int_equal(c.top, 9);
	cursor_page(&c, -1);
	assert_int_equal(c.at, 3);
	assert_int_equal(c.top, 0);
}

static void no_row_is_wasted_at_the_end(void **state)
{
	(void)state;
	struct cursor c = list_of(100, 10);
	cursor_bottom(&c);
	assert_int_equal(c.top, 90);
	cursor_set_height(&c, 20);
	assert_int_equal(c.top, 80);
	cursor_set_rows(&c, 85);
	assert_int_equal(c.at, 84);
	assert_int_equal(c.top, 65);
}

static void the_cursor_stays_in_sight_when_the_window_shrinks(void **state)
{
	(void)state;
	struct cursor c = list_of(100, 30);
	cursor_to(&c, 25);
	cursor_set_height(&c, 10);
	assert_int_equal(c.at, 25);
	assert_true(c.top <= 25 && 25 < c.top + 10);
}

static void following_a_row_keeps_its_place_on_the_screen(void **state)
{
	(void)state;
	struct cursor c = list_of(100, 10);
	cursor_to(&c, 50);
	cursor_move(&c, -4);
	size_t above = c.at - c.top;
	cursor_set_rows(&c, 1100);
	cursor_follow(&c, 1046);
	assert_int_equal(c.at, 1046);
	assert_int_equal(c.at - c.top, above);
	cursor_follow(&c, 2);
	assert_int_equal(c.top, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_list_has_its_cursor_at_row_zero),
		cmocka_unit_test(moving_scrolls_only_at_the_edge),
		cmocka_unit_test(moving_stops_at_both_ends),
		cmocka_unit_test(a_page_moves_window_and_cursor),
		cmocka_unit_test(no_row_is_wasted_at_the_end),
		cmocka_unit_test(the_cursor_stays_in_sight_when_the_window_shrinks),
		cmocka_unit_test(following_a_row_keeps_its_place_on_the_screen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
