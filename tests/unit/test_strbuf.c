/* struct strbuf, struct strview and the allocation helpers. */
#include "core/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void assert_view(struct strview got, const char *wanted)
{
	assert_int_equal(got.len, strlen(wanted));
	assert_memory_equal(got.data, wanted, got.len);
}

static void views_compare_by_bytes_and_length(void **state)
{
	(void)state;
	static const struct {
		struct strview a, b;
		int order;
		bool starts, ends, same_nocase;
	} rows[] = {
		{{"", 0}, {"", 0}, 0, true, true, true},
		{{"a", 1}, {"", 0}, 1, true, true, false},
		{{"", 0}, {"a", 1}, -1, false, false, false},
		{{"abc", 3}, {"ab", 2}, 1, true, false, false},
		{{"abc", 3}, {"bc", 2}, -1, false, true, false},
		{{"abc", 3}, {"ABC", 3}, 1, false, false, true},
		{{"a\0b", 3}, {"a", 1}, 1, true, false, false},
		{{"\xff", 1}, {"a", 1}, 1, false, false, false},
		{{NULL, 0}, {NULL, 0}, 0, true, true, true},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		int order = sv_cmp(rows[i].a, rows[i].b);
		assert_int_equal((order > 0) - (order < 0), rows[i].order);
		assert_int_equal(sv_eq(rows[i].a, rows[i].b), rows[i].order == 0);
		assert_int_equal(sv_starts_with(rows[i].a, rows[i].b), rows[i].starts);
		assert_int_equal(sv_ends_with(rows[i].a, rows[i].b), rows[i].ends);
		assert_int_equal(sv_eq_nocase(rows[i].a, rows[i].b), rows[i].same_nocase);
	}
}

static void bytes_behind_a_nul_count(void **state)
{
	(void)state;
	assert_false(sv_eq(SV("a\0b"), SV("a\0c")));
	assert_true(sv_cmp(SV("a\0b"), SV("a\0c")) < 0);
	assert_false(sv_starts_with(SV("a\0b"), SV("a\0c")));
	assert_true(sv_eq_nocase(SV("a\0B"), SV("A\0b")));
	assert_false(sv_eq_nocase(SV("a\0b"), SV("a\0c")));
}

static void views_are_made_from_text_or_from_nothing(void **state)
{
	(void)state;
	assert_view(sv("key"), "key");
	assert_view(sv(NULL), "");
	assert_non_null(sv(NULL).data);
	assert_view(SV("literal"), "literal");
	assert_int_equal(SV("a\0b").len, 3);
}

static void a_view_is_searched_cut_and_trimmed(void **state)
{
	(void)state;
	assert_int_equal(sv_find(SV("a/b/c"), '/'), 1);
	assert_int_equal(sv_find(SV("abc"), '/'), 3);
	assert_int_equal(sv_find(SV("a\0b"), 'b'), 2);
	assert_int_equal(sv_find(SV(""), 'x'), 0);
	assert_view(sv_from(SV("abc"), 0), "abc");
	assert_view(sv_from(SV("abc"), 2), "c");
	assert_view(sv_from(SV("abc"), 3), "");
	assert_view(sv_from(SV("abc"), SIZE_MAX), "");
	assert_view(sv_trim(SV(" \t\r\n\v\fa b \n")), "a b");
	assert_view(sv_trim(SV(" \n ")), "");
	assert_view(sv_trim(SV("\xc2\xa0")), "\xc2\xa0");
}

static void a_new_buffer_is_empty_text(void **state)
{
	(void)state;
	struct strbuf sb;
	strbuf_init(&sb);
	assert_string_equal(sb.data, "");
	assert_true(strbuf_ok(&sb));
	assert_view(strbuf_view(&sb), "");
	strbuf_add(&sb, NULL, 0);
	strbuf_truncate(&sb, 0);
	strbuf_reset(&sb);
	assert_string_equal(sb.data, "");
	strbuf_deinit(&sb);
	strbuf_deinit(&sb);
}

static void added_bytes_are_kept_exactly_and_terminated(void **state)
{
	(void)state;
	struct strbuf sb;
	strbuf_init(&sb);
	strbuf_add(&sb, "a\0b", 3);
	strbuf_add_char(&sb, '\0');
	strbuf_add_str(&sb, "cd");
	strbuf_add_sv(&sb, SV("\xff"));
	assert_int_equal(sb.len, 7);
	assert_memory_equal(sb.data, "a\0b\0cd\xff", 8);
	strbuf_deinit(&sb);
}

static void a_buffer_grows_over_many_additions(void **state)
{
	(void)state;
	struct strbuf sb;
	strbuf_init(&sb);
	for (int i = 0; i < 1000; i++)
		strbuf_addf(&sb, "%04d", i);
	assert_true(strbuf_ok(&sb));
	assert_int_equal(sb.len, 4000);
	for (int i = 0; i < 1000; i++) {
		char wanted[8];
		snprintf(wanted, sizeof wanted, "%04d", i);
		assert_memory_equal(sb.data + 4 * i, wanted, 4);
	}
	assert_int_equal(sb.data[4000], '\0');
	strbuf_deinit(&sb);
}

static void formatted_text_may_be_empty_or_long(void **state)
{
	(void)state;
	struct strbuf sb;
	strbuf_init(&sb);
	strbuf_addf(&sb, "%s", "");
	assert_true(strbuf_ok(&sb));
	assert_string_equal(sb.data, "");
	strbuf_addf(&sb, "%0500d|%s", 7, "x");
	assert_int_equal(sb.len, 502);
	assert_string_equal(sb.data + 499, "7|x");
	strbuf_deinit(&sb);
}

static void a_buffer_holds_its_cap_and_not_a_byte_more(void **state)
{
	(void)state;
	struct strbuf sb;
	strbuf_init_cap(&sb, 4);
	strbuf_add_str(&sb, "abc");
	strbuf_add_char(&sb, 'd');
	assert_true(strbuf_ok(&sb));
	strbuf_add_char(&sb, 'e');
	assert_false(strbuf_ok(&sb));
	assert_string_equal(sb.data, "abcd");
	strbuf_deinit(&sb);
}

static void what_does_not_fit_is_dropped_whole_and_the_failure_stays(void **state)
{
	(void)state;
	struct strbuf sb;
	strbuf_init_cap(&sb, 4);
	strbuf_add_str(&sb, "ab");
	strbuf_addf(&sb, "%s", "cde");
	assert_false(strbuf_ok(&sb));
	assert_string_equal(sb.data, "ab");
	strbuf_add_char(&sb, 'c');
	assert_string_equal(sb.data, "ab");
	assert_false(strbuf_ok(&sb));
	strbuf_reset(&sb);
	assert_true(strbuf_ok(&sb));
	strbuf_add_str(&sb, "wxyz");
	assert_true(strbuf_ok(&sb));
	assert_string_equal(sb.data, "wxyz");
	strbuf_deinit(&sb);
}

static void an_absurd_length_fails_without_overflow(void **state)
{
	(void)state;
	struct strbuf sb;
	strbuf_init(&sb);
	strbuf_add_str(&sb, "abc");
	strbuf_add(&sb, "", SIZE_MAX);
	assert_false(strbuf_ok(&sb));
	strbuf_reset(&sb);
	strbuf_add_str(&sb, "abc");
	strbuf_add(&sb, "", SIZE_MAX - 2);
	assert_false(strbuf_ok(&sb));
	assert_string_equal(sb.data, "abc");
	strbuf_deinit(&sb);
}

static void a_cap_of_nothing_holds_nothing(void **state)
{
	(void)state;
	struct strbuf sb;
	strbuf_init_cap(&sb, 0);
	strbuf_add(&sb, "", 0);
	assert_true(strbuf_ok(&sb));
	strbuf_add_char(&sb, 'x');
	assert_false(strbuf_ok(&sb));
	assert_string_equal(sb.data, "");
	strbuf_deinit(&sb);
}

static void truncation_only_shortens(void **state)
{
	(void)state;
	struct strbuf sb;
	strbuf_init(&sb);
	strbuf_add_str(&sb, "abcdef");
	strbuf_truncate(&sb, 9);
	assert_string_equal(sb.data, "abcdef");
	strbuf_truncate(&sb, 3);
	assert_string_equal(sb.data, "abc");
	strbuf_add_char(&sb, 'x');
	assert_string_equal(sb.data, "abcx");
	strbuf_deinit(&sb);
}

static void taken_bytes_belong_to_the_caller_and_the_buffer_starts_anew(void **state)
{
	(void)state;
	struct strbuf sb;
	strbuf_init_cap(&sb, 8);
	char *nothing = strbuf_take(&sb);
	assert_string_equal(nothing, "");
	strbuf_add_str(&sb, "first");
	char *first = strbuf_take(&sb);
	assert_int_equal(sb.len, 0);
	assert_int_equal(sb.cap, 8);
	strbuf_add_str(&sb, "second");
	assert_string_equal(first, "first");
	assert_string_equal(sb.data, "second");
	strbuf_deinit(&sb);
	free(first);
	free(nothing);
}

static void a_wiped_buffer_is_empty_and_usable(void **state)
{
	(void)state;
	struct strbuf sb;
	strbuf_init(&sb);
	strbuf_deinit_wipe(&sb);
	strbuf_add_str(&sb, "secret");
	strbuf_deinit_wipe(&sb);
	assert_int_equal(sb.len, 0);
	strbuf_add_str(&sb, "again");
	assert_string_equal(sb.data, "again");
	strbuf_deinit(&sb);
}

static void copies_are_exact_and_new_memory_is_zero(void **state)
{
	(void)state;
	char *copy = s3t_strndup("a\0b", 3);
	assert_memory_equal(copy, "a\0b", 4);
	free(copy);
	copy = s3t_strndup(NULL, 0);
	assert_string_equal(copy, "");
	free(copy);
	copy = s3t_strdup("text");
	assert_string_equal(copy, "text");
	free(copy);
	copy = s3t_asprintf("%s-%d", "n", 42);
	assert_string_equal(copy, "n-42");
	free(copy);
	static const unsigned char zero[64];
	unsigned char *block = s3t_alloc(sizeof zero);
	assert_memory_equal(block, zero, sizeof zero);
	free(block);
	block = s3t_alloc(0);
	assert_non_null(block);
	free(block);
}

static int hook_fd;

static void tell_of_the_hook(void)
{
	if (write(hook_fd, "restored ", 9) != 9)
		_Exit(9);
}

static void out_of_memory_restores_the_terminal_and_ends_with_one(void **state)
{
	(void)state;
	int fds[2];
	assert_int_equal(pipe(fds), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		hook_fd = fds[1];
		dup2(fds[1], STDERR_FILENO);
		s3t_set_oom_hook(tell_of_the_hook);
		s3t_oom();
	}
	close(fds[1]);
	char said[128] = "";
	size_t len = 0;
	ssize_t n;
	while (len < sizeof said - 1 && (n = read(fds[0], said + len, sizeof said - 1 - len)) > 0)
		len += (size_t)n;
	close(fds[0]);
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
	assert_string_equal(said, "restored s3tui: out of memory\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(views_compare_by_bytes_and_length),
		cmocka_unit_test(bytes_behind_a_nul_count),
		cmocka_unit_test(views_are_made_from_text_or_from_nothing),
		cmocka_unit_test(a_view_is_searched_cut_and_trimmed),
		cmocka_unit_test(a_new_buffer_is_empty_text),
		cmocka_unit_test(added_bytes_are_kept_exactly_and_terminated),
		cmocka_unit_test(a_buffer_grows_over_many_additions),
		cmocka_unit_test(formatted_text_may_be_empty_or_long),
		cmocka_unit_test(a_buffer_holds_its_cap_and_not_a_byte_more),
		cmocka_unit_test(what_does_not_fit_is_dropped_whole_and_the_failure_stays),
		cmocka_unit_test(an_absurd_length_fails_without_overflow),
		cmocka_unit_test(a_cap_of_nothing_holds_nothing),
		cmocka_unit_test(truncation_only_shortens),
		cmocka_unit_test(taken_bytes_belong_to_the_caller_and_the_buffer_starts_anew),
		cmocka_unit_test(a_wiped_buffer_is_empty_and_usable),
		cmocka_unit_test(copies_are_exact_and_new_memory_is_zero),
		cmocka_unit_test(out_of_memory_restores_the_terminal_and_ends_with_one),
	};
	return cmocka_run_group_tests_name("strbuf", tests, NULL, NULL);
}
