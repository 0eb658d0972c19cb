/* Patterns on names. */
#include "core/glob.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

static void patterns_match_as_in_a_shell(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *text;
		bool matches;
	} rows[] = {
		{"*", "", true},
		{"*", "abc", true},
		{"", "", true},
		{"", "a", false},
		{"a*c", "abbbc", true},
		{"a*c", "abbb", false},
		{"*.tar.*", "x.tar.tar.gz", true},
		{"?", "é", true},
		{"??", "é", false},
		{"[a-c]x", "bx", true},
		{"[a-c]x", "dx", false},
		{"[!a-c]x", "dx", true},
		{"[abc", "[abc", true},
		{"a**b", "ab", true},
	};
	for (size_t i = 0; i < COUNT(rows); i++)
		if (glob_match(sv(rows[i].pattern), sv(rows[i].text)) != rows[i].matches)
			fail_msg("%s on %s", rows[i].pattern, rows[i].text);
}

static void finding_takes_a_part_of_the_name_or_a_pattern(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *path;
		bool finds;
	} rows[] = {
		{"cat", "a/Concat.txt", true},
		{"cat", "cat/other.txt", false},
		{"cat", "x/cat/", true},
		{"*.txt", "deep/er/a.txt", true},
		{"*.txt", "deep/a.txt.gz", false},
		{"deep/*.txt", "deep/er/a.txt", true},
		{"deep/", "deep/a", true},
		{"er/a", "deep/er/a.txt", true},
		{"?", "deep/a", true},
		{"?", "deep/ab", false},
		{"", "anything", true},
		{"*", "", true},
	};
	for (size_t i = 0; i < COUNT(rows); i++)
		if (glob_finds(sv(rows[i].pattern), sv(rows[i].path)) != rows[i].finds)
			fail_msg("%s in %s", rows[i].pattern, rows[i].path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_match_as_in_a_shell),
		cmocka_unit_test(finding_takes_a_part_of_the_name_or_a_pattern),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
