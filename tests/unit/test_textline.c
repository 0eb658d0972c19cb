/* Bytes as rows of a screen, in every encoding, wrapped and cut, forwards and backwards. */
#include "ui/textline.h"

#include "core/cancel.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static size_t row(enum text_encoding e, struct strview data, bool wrapped, int skip, int columns,
	const char *wanted)
{
	struct strbuf out;
	strbuf_init(&out);
	size_t n = textline_row(e, data, wrapped, skip, columns, &out);
	strbuf_add_char(&out, '\0');
	assert_string_equal(out.data, wanted);
	strbuf_deinit(&out);
	return n;
}

static void rows_end_at_newlines_and_at_the_edge(void **state)
{
	(void)state;
	struct strview text = SV("one\r\ntwo three\n");
	assert_int_equal(row(ENCODING_UTF8, text, true, 0, 20, "one"), 5);
	text = sv_from(text, 5);
	assert_int_equal(row(ENCODING_UTF8, text, true, 0, 5, "two t"), 5);
	assert_int_equal(row(ENCODING_UTF8, sv_from(text, 5), true, 0, 5, "hree"), 5);
	assert_int_equal(row(ENCODING_UTF8, text, false, 0, 5, "two t"), 10);
	assert_int_equal(row(ENCODING_UTF8, text, false, 4, 5, "three"), 10);
	assert_int_equal(row(ENCODING_UTF8, text, false, 40, 5, ""), 10);
	assert_int_equal(row(ENCODING_UTF8, SV(""), true, 0, 5, ""), 0);
	assert_int_equal(row(ENCODING_UTF8, SV("\n"), true, 0, 5, ""), 1);
}

static void tabs_and_wide_characters_keep_the_columns(void **state)
{
	(void)state;
	assert_int_equal(row(ENCODING_UTF8, SV("a\tb"), true, 0, 20, "a       b"), 3);
	assert_int_equal(row(ENCODING_UTF8, SV("\u4e2d\u6587x"), true, 0, 3, "\u4e2d"), 3);
	assert_int_equal(row(ENCODING_UTF8, SV("\u4e2d\u6587x"), true, 0, 4, "\u4e2d\u6587"), 6);
	/* wider than the screen: one a row, not none */
	assert_int_equal(row(ENCODING_UTF8, SV("\u4e2d\u6587"), true, 0, 1, ""), 3);
}

static void nothing_raw_comes_out(void **state)
{
	(void)state;
	row(ENCODING_UTF8, SV("\033[31m\x07"), true, 0, 40, "\\x1b[31m\\x07");
	row(ENCODING_UTF8, SV("caf\xe9"), true, 0, 40, "caf\\xe9");
	row(ENCODING_LATIN1, SV("caf\xe9\x9b"), true, 0, 40, "caf\u00e9\\x9b");
	row(ENCODING_UTF8, SV("a\u202eb"), true, 0, 40, "a\\u{202e}b");
}

static void wide_encodings_are_read(void **state)
{
	(void)state;
	static const char le[] = "\xff\xfeh\0i\0\n\0\x3d\xd8\x00\xde!\0";
	static const char be[] = "\xfe\xff\0h\0i\0\n\0!";
	struct strview text = sv_n(le, sizeof le - 1);
	assert_int_equal(encoding_guess(text), ENCODING_UTF16LE);
	assert_int_equal(row(ENCODING_UTF16LE, text, true, 0, 40, "hi"), 8);
	row(ENCODING_UTF16LE, sv_from(text, 8), true, 0, 40, "\U0001f600!");
	assert_int_equal(row(ENCODING_UTF16LE, text, false, 0, 1, "h"), 8);
	text = sv_n(be, sizeof be - 1);
	assert_int_equal(encoding_guess(text), ENCODING_UTF16BE);
	assert_int_equal(row(ENCODING_UTF16BE, text, true, 0, 40, "hi"), 8);
	assert_false(looks_binary(text));
	assert_true(looks_binary(sv_n("PNG\0", 4)));
	assert_false(looks_binary(SV("text")));
	/* half of a unit, half of a pair */
	assert_int_equal(row(ENCODING_UTF16LE, sv_n("a", 1), true, 0, 40, "a"), 1);
	assert_int_equal(row(ENCODING_UTF16LE, sv_n("\x3d\xd8", 2), true, 0, 40, "\ufffd"), 2);
}

static void what_is_searched_is_written_in_the_encoding(void **state)
{
	(void)state;
	struct strbuf out;
	strbuf_init(&out);
	assert_true(encoding_write(ENCODING_UTF16BE, SV("a\U0001f600"), &out));
	assert_int_equal(out.len, 6);
	assert_memory_equal(out.data, "\0a\xd8\x3d\xde\x00", 6);
	strbuf_reset(&out);
	assert_true(encoding_write(ENCODING_LATIN1, SV("\u00e9"), &out));
	assert_int_equal(out.len, 1);
	assert_false(encoding_write(ENCODING_LATIN1, SV("\u20ac"), &out));
	strbuf_deinit(&out);
}

/* Going back gives the rows that going on gave, whatever the text is. */
static void backwards_is_forwards(void **state)
{
	(void)state;
	static const char *const pieces[] = {"a", "word ", "\n", "\t", "\u00e9", "\u4e2d", "\xff",
		"long long long line", "\r\n"};
	enum { PIECES = 400, ROWS_MAX = 8000 };
	static size_t rows[ROWS_MAX];
	srand(7);
	for (int round = 0; round < 60; round++) {
		struct strbuf text, unused;
		strbuf_init_cap(&text, 1 << 20);
		strbuf_init(&unused);
		for (int i = 0; i < PIECES; i++)
			strbuf_add_str(
				&text, pieces[(size_t)rand() % (sizeof pieces / sizeof *pieces)]);
		bool wrapped = round % 2;
		int columns = 2 + rand() % 30;
		size_t count = 0, at = 0, n;
		while ((n = textline_row(ENCODING_UTF8, sv_from(strbuf_view(&text), at), wrapped, 0,
				columns, &unused))) {
			assert_true(count < ROWS_MAX);
			rows[count++] = at;
			at += n;
		}
		assert_int_equal(at, text.len);
		while (count--) {
			at = textline_before(
				ENCODING_UTF8, strbuf_view(&text), at, wrapped, columns);
			assert_int_equal(at, rows[count]);
		}
		strbuf_deinit(&text);
		strbuf_deinit(&unused);
	}
}

static void a_line_without_end_is_cut(void **state)
{
	(void)state;
	size_t size = 3 * TEXTLINE_MAX;
	char *text = malloc(size);
	assert_non_null(text);
	memset(text, 'x', size);
	struct strbuf unused;
	strbuf_init(&unused);
	assert_int_equal(
		textline_row(ENCODING_UTF8, sv_n(text, size), false, 0, 80, &unused), TEXTLINE_MAX);
	assert_int_equal(unused.len, 80);
	/* whole rows backwards, wherever one is */
	for (int columns = 80; columns <= 200; columns += 17) {
		size_t at = size - 1;
		for (int i = 0; i < 50; i++) {
			size_t before =
				textline_before(ENCODING_UTF8, sv_n(text, size), at, true, columns);
			assert_int_equal(at - before, columns);
			at = before;
		}
	}
	assert_int_equal(size - textline_before(ENCODING_UTF8, sv_n(text, size), size, false, 80),
		TEXTLINE_MAX + 1);
	strbuf_deinit(&unused);
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_end_at_newlines_and_at_the_edge),
		cmocka_unit_test(tabs_and_wide_characters_keep_the_columns),
		cmocka_unit_test(nothing_raw_comes_out),
		cmocka_unit_test(wide_encodings_are_read),
		cmocka_unit_test(what_is_searched_is_written_in_the_encoding),
		cmocka_unit_test(backwards_is_forwards),
		cmocka_unit_test(a_line_without_end_is_cut),
	};
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 1;
	return cmocka_run_group_tests_name("textline", tests, NULL, NULL);
}
