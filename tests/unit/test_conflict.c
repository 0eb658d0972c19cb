/* What happens where the target exists: the whole table of decisions. */
#include "transfer/conflict.h"

#include "core/timeutil.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void every_policy_decides_as_the_table_says(void **state)
{
	(void)state;
	enum { OLD = 1000, NEW = 2000 };
	static const struct conflict_side sides[][2] = {
		{{5, OLD}, {5, OLD}}, {{5, NEW}, {5, OLD}}, {{5, OLD}, {5, NEW}},
		{{6, NEW}, {5, OLD}}, {{6, OLD}, {5, NEW}}, {{5, TIME_UNKNOWN}, {5, OLD}},
		{{5, OLD}, {5, TIME_UNKNOWN}}, {{6, TIME_UNKNOWN}, {5, OLD}},
		{{6, OLD}, {5, TIME_UNKNOWN}}, {{0, -1}, {0, -2}}, /* before 1970 */
	};
	enum { GO = CONFLICT_GO, NO = CONFLICT_DO_SKIP };
	static const int newer[] = {NO, GO, NO, GO, NO, NO, NO, GO, GO, GO};
	enum { BAD = CONFLICT_DO_FAIL };
	static const struct conflict_side halves[][2] = {
		{{5, OLD}, {4, NEW}}, {{5, OLD}, {5, NEW}}, {{5, NEW}, {6, OLD}}};
	assert_int_equal(conflict_decide(CONFLICT_RESUME, halves[0][0], halves[0][1]), GO);
	assert_int_equal(conflict_decide(CONFLICT_RESUME, halves[1][0], halves[1][1]), NO);
	assert_int_equal(conflict_decide(CONFLICT_RESUME, halves[2][0], halves[2][1]), BAD);
	static const int size[] = {NO, NO, NO, GO, GO, NO, NO, GO, GO, NO};
	_Static_assert(COUNT(newer) == COUNT(sides), "a column for every pair");
	_Static_assert(COUNT(size) == COUNT(sides), "a column for every pair");
	for (size_t i = 0; i < COUNT(sides); i++) {
		struct conflict_side from = sides[i][0], to = sides[i][1];
		assert_int_equal(conflict_decide(CONFLICT_NEWER, from, to), newer[i]);
		assert_int_equal(conflict_decide(CONFLICT_SIZE, from, to), size[i]);
		assert_int_equal(conflict_decide(CONFLICT_OVERWRITE, from, to), CONFLICT_GO);
		assert_int_equal(conflict_decide(CONFLICT_SKIP, from, to), CONFLICT_DO_SKIP);
		assert_int_equal(conflict_decide(CONFLICT_RENAME, from, to), CONFLICT_DO_RENAME);
		assert_int_equal(conflict_decide(CONFLICT_FAIL, from, to), CONFLICT_DO_FAIL);
		assert_int_equal(conflict_decide(CONFLICT_ASK, from, to), CONFLICT_DO_ASK);
	}
}

static void words_of_the_command_line_come_back(void **state)
{
	(void)state;
	static const char *const words[] = {
		"ask", "overwrite", "newer", "size", "skip", "rename", "resume", "fail"};
	_Static_assert(COUNT(words) == CONFLICT_POLICY_COUNT, "a word for every policy");
	for (int i = 0; i < CONFLICT_POLICY_COUNT; i++) {
		enum conflict_policy p = CONFLICT_POLICY_COUNT;
		assert_true(conflict_policy_parse(sv(words[i]), &p));
		assert_string_equal(conflict_policy_word(p), words[i]);
		assert_true(conflict_policy_text(p)[0]);
	}
}

static void other_words_are_refused(void **state)
{
	(void)state;
	static const char *const words[] = {"", "Newer", "overwrit", "overwritee", "newer only"};
	for (size_t i = 0; i < COUNT(words); i++) {
		enum conflict_policy p;
		assert_false(conflict_policy_parse(sv(words[i]), &p));
	}
}

static void new_names_keep_directory_and_extension(void **state)
{
	(void)state;
	static const struct {
		const char *rel;
		unsigned n;
		const char *expected;
	} rows[] = {
		{"name.ext", 2, "name (2).ext"},
		{"name", 3, "name (3)"},
		{"dir/name.ext", 2, "dir/name (2).ext"},
		{"dir.d/name", 2, "dir.d/name (2)"},
		{"a/b.c/x.tar.gz", 12, "a/b.c/x.tar (12).gz"},
		{".bashrc", 2, ".bashrc (2)"},
		{"dir/.bashrc", 2, "dir/.bashrc (2)"},
		{".config.json", 2, ".config (2).json"},
		{"name.", 2, "name (2)."},
		{"name (2).ext", 3, "name (2) (3).ext"},
		{"\xc3\xa9.txt", 2, "\xc3\xa9 (2).txt"},
		{"x", 4294967295U, "x (4294967295)"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct strbuf out;
		strbuf_init(&out);
		conflict_rename(&out, sv(rows[i].rel), rows[i].n);
		assert_string_equal(out.data, rows[i].expected);
		strbuf_deinit(&out);
	}
}

static void a_new_name_is_appended_to_what_is_there(void **state)
{
	(void)state;
	struct strbuf out;
	strbuf_init(&out);
	strbuf_add_str(&out, "bucket/");
	conflict_rename(&out, SV("a\0b.c"), 2); /* keys are bytes */
	assert_true(sv_eq(strbuf_view(&out), SV("bucket/a\0b (2).c")));
	strbuf_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_policy_decides_as_the_table_says),
		cmocka_unit_test(words_of_the_command_line_come_back),
		cmocka_unit_test(other_words_are_refused),
		cmocka_unit_test(new_names_keep_directory_and_extension),
		cmocka_unit_test(a_new_name_is_appended_to_what_is_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
