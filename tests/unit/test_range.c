#include "core/range.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define ANY UINT64_MAX

static void a_range_is_read_number_by_number(void **state)
{
	(void)state;
	struct content_range r;
	assert_true(content_range_parse(SV("bytes 0-9/100"), &r));
	assert_true(r.first == 0 && r.last == 9 && r.total == 100);
	assert_true(content_range_parse(SV("bytes 18446744073709551613-18446744073709551614/"
					   "18446744073709551615"),
		&r));
	assert_true(r.first == UINT64_MAX - 2 && r.last == UINT64_MAX - 1);
}

static void what_is_not_exactly_a_range_is_none(void **state)
{
	(void)state;
	static const char *const wrong[] = {"", "bytes", "bytes ", "bytes 0-9", "bytes 0-9/",
		"bytes 0-9/*", "bytes */100", "bytes -9/100", "bytes 0-/100", "bytes 0/9-100",
		"bytes  0-9/100", "bytes 0-9/100 ", "bytes 0 -9/100", "bytes +0-9/100",
		"bytes 0--9/100", "bytes 0-9-9/100", "bytes 0-9/100/100", "bytes 0x0-9/100",
		"bytes=0-9/100", "Bytes 0-9/100", "items 0-9/100", "0-9/100",
		"bytes 0-9/18446744073709551616", "bytes 0-99999999999999999999/100",
		"bytes 9-0/100", "bytes 0-100/100", "bytes 0-0/0", "bytes 5-18446744073709551615/0",
		"bytes 0-9/1e2", "bytes 0-9/100, 20-29/100"};
	struct content_range r;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (content_range_parse(sv(wrong[i]), &r))
			fail_msg("'%s' was read", wrong[i]);
	assert_false(content_range_parse(sv_n("bytes 0-9/100\0", 14), &r));
}

static void only_the_range_that_was_asked_for_is_it(void **state)
{
	(void)state;
	struct strview it = SV("bytes 10-19/100");
	assert_true(content_range_is(it, 10, 19, 100));
	assert_true(content_range_is(it, 10, 19, ANY));
	assert_false(content_range_is(it, 9, 19, 100));
	assert_false(content_range_is(it, 11, 19, 100));
	assert_false(content_range_is(it, 10, 18, 100));
	assert_false(content_range_is(it, 10, 20, 100));
	assert_false(content_range_is(it, 10, 19, 101));
	assert_false(content_range_is(SV("bytes 10-19/*"), 10, 19, ANY));
}

static void a_range_to_the_end_ends_there(void **state)
{
	(void)state;
	assert_true(content_range_is(SV("bytes 10-99/100"), 10, ANY, 100));
	assert_true(content_range_is(SV("bytes 10-99/100"), 10, ANY, ANY));
	assert_false(content_range_is(SV("bytes 10-98/100"), 10, ANY, 100));
	assert_false(content_range_is(SV("bytes 10-100/100"), 10, ANY, 100));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_range_is_read_number_by_number),
		cmocka_unit_test(what_is_not_exactly_a_range_is_none),
		cmocka_unit_test(only_the_range_that_was_asked_for_is_it),
		cmocka_unit_test(a_range_to_the_end_ends_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
