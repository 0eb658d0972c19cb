/* The one sanitising function and human numbers. Threats T1 and T2. */
#include "core/text.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct row {
	struct strview in;
	const char *out;
};

static void assert_sanitised(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *out = text_sanitised(rows[i].in);
		if (strcmp(out, rows[i].out) != 0)
			fail_msg("row %zu: wanted %s, got %s", i, rows[i].out, out);
		free(out);
	}
}

static void ordinary_text_stays_as_it_is(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{{"", 0}, ""},
		{{"a/b c.txt", 9}, "a/b c.txt"},
		{{"\\x1b", 4}, "\\x1b"},
		{{"\xc3\xa9t\xc3\xa9", 5}, "\xc3\xa9t\xc3\xa9"},
		{{"\xe6\x97\xa5\xe6\x9c\xac", 6}, "\xe6\x97\xa5\xe6\x9c\xac"},
		{{"\xf0\x9f\x98\x80", 4}, "\xf0\x9f\x98\x80"},
		{{"\xc2\xa0", 2}, "\xc2\xa0"},
		{{"e\xcc\x81", 3}, "e\xcc\x81"},
		{{"\xef\xbf\xbd", 3}, "\xef\xbf\xbd"},
		{{"\xf4\x8f\xbf\xbd", 4}, "\xf4\x8f\xbf\xbd"},
	};
	assert_sanitised(rows, COUNT(rows));
}

static void a_key_with_control_characters_is_made_visible(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{{"\x1b[31mred", 8}, "\\x1b[31mred"},
		{{"a\rb\nc\bd\te", 9}, "a\\x0db\\x0ac\\x08d\\x09e"},
		{{"a\0b", 3}, "a\\x00b"},
		{{"\x7f", 1}, "\\x7f"},
		{{"\x07", 1}, "\\x07"},
		{{"\xc2\x80", 2}, "\\x80"},
		{{"\xc2\x9b"
		  "31m",
			 5},
			"\\x9b31m"},
		{{"\xc2\x9f", 2}, "\\x9f"},
		{{"\x1b]0;title\x07", 10}, "\\x1b]0;title\\x07"},
	};
	assert_sanitised(rows, COUNT(rows));
}

static void every_c0_and_c1_character_is_escaped(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 0xa0; c++) {
		if (c >= 0x20 && c < 0x7f)
			continue;
		char in[2] = {(char)c, 0}, wanted[8];
		if (c >= 0x80) {
			in[0] = '\xc2';
			in[1] = (char)c;
		}
		char *out = text_sanitised(sv_n(in, c >= 0x80 ? 2 : 1));
		snprintf(wanted, sizeof wanted, "\\x%02x", c);
		assert_string_equal(out, wanted);
		free(out);
	}
}

static void bytes_that_are_not_utf8_are_escaped_one_by_one(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{{"\xff", 1}, "\\xff"},
		{{"a\x80z", 3}, "a\\x80z"},
		{{"\xc3", 1}, "\\xc3"},
		{{"\xc3z", 2}, "\\xc3z"},
		{{"\xe6\x97", 2}, "\\xe6\\x97"},
		{{"\xf0\x9f\x98", 3}, "\\xf0\\x9f\\x98"},
		{{"\xc0\x9b", 2}, "\\xc0\\x9b"},
		{{"\xc1\xbf", 2}, "\\xc1\\xbf"},
		{{"\xe0\x80\x9b", 3}, "\\xe0\\x80\\x9b"},
		{{"\xf0\x80\x80\x9b", 4}, "\\xf0\\x80\\x80\\x9b"},
		{{"\xed\xa0\x80", 3}, "\\xed\\xa0\\x80"},
		{{"\xf4\x90\x80\x80", 4}, "\\xf4\\x90\\x80\\x80"},
		{{"\xf8\x88\x80\x80\x80", 5}, "\\xf8\\x88\\x80\\x80\\x80"},
	};
	assert_sanitised(rows, COUNT(rows));
}

static void characters_that_deceive_the_eye_are_named(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{{"\xe2\x80\xae", 3}, "\\u{202e}"},
		{{"txt.\xe2\x80\xae"
		  "exe",
			 10},
			"txt.\\u{202e}exe"},
		{{"\xe2\x80\xaa", 3}, "\\u{202a}"},
		{{"\xe2\x81\xa6", 3}, "\\u{2066}"},
		{{"\xe2\x81\xa9", 3}, "\\u{2069}"},
		{{"\xe2\x80\x8e", 3}, "\\u{200e}"},
		{{"\xe2\x80\x8f", 3}, "\\u{200f}"},
		{{"\xd8\x9c", 2}, "\\u{61c}"},
		{{"\xe2\x80\x8b", 3}, "\\u{200b}"},
		{{"\xe2\x80\x8d", 3}, "\\u{200d}"},
		{{"\xe2\x81\xa0", 3}, "\\u{2060}"},
		{{"\xef\xbb\xbf", 3}, "\\u{feff}"},
		{{"\xc2\xad", 2}, "\\u{ad}"},
		{{"\xe2\x80\xa8", 3}, "\\u{2028}"},
		{{"\xe2\x80\xa9", 3}, "\\u{2029}"},
		{{"\xe3\x85\xa4", 3}, "\\u{3164}"},
		{{"\xf3\xa0\x81\x81", 4}, "\\u{e0041}"},
	};
	assert_sanitised(rows, COUNT(rows));
}

static void a_third_mark_on_a_character_is_escaped(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{{"a\xcc\x81\xcc\x82", 5}, "a\xcc\x81\xcc\x82"},
		{{"a\xcc\x81\xcc\x82\xcc\x83", 7}, "a\xcc\x81\xcc\x82\\u{303}"},
		{{"a\xcc\x81\xcc\x82\xcc\x83\xcc\x84", 9}, "a\xcc\x81\xcc\x82\\u{303}\\u{304}"},
		{{"a\xcc\x81\xcc\x82"
		  "b\xcc\x81\xcc\x82",
			 10},
			"a\xcc\x81\xcc\x82"
			"b\xcc\x81\xcc\x82"},
	};
	assert_sanitised(rows, COUNT(rows));
}

/* Marks of many scripts: no cell of the screen may hold more than two of any. */
static void marks_of_every_script_count_as_marks(void **state)
{
	(void)state;
	static const char *const marks[] = {"\xcc\x81" /* combining acute */,
		"\xd2\x88" /* Cyrillic hundred thousands sign */, "\xd6\x91" /* Hebrew etnahta */,
		"\xd9\x8b" /* Arabic fathatan */, "\xdb\x96" /* Arabic small high ligature */,
		"\xe0\xa5\x81" /* Devanagari vowel sign u */, "\xe0\xb8\xb4" /* Thai sara i */,
		"\xe0\xb9\x8a" /* Thai mai tri */, "\xe0\xbd\xb1" /* Tibetan vowel sign aa */,
		"\xe1\xb7\x80" /* combining dotted grave */, "\xe2\x83\x9d" /* enclosing circle */,
		"\xe3\x80\xaa" /* ideographic level tone */, "\xe3\x82\x99" /* kana voiced mark */,
		"\xea\x99\xaf" /* Cyrillic vzmet */, "\xef\xb8\x8f" /* variation selector 16 */,
		"\xef\xb8\xa0" /* ligature left half */};
	for (size_t i = 0; i < COUNT(marks); i++) {
		struct strbuf in;
		strbuf_init(&in);
		strbuf_add_char(&in, 'o');
		for (int n = 0; n < 40; n++)
			strbuf_add_str(&in, marks[i]);
		char *out = text_sanitised(strbuf_view(&in));
		int left = 0;
		for (const char *p = out; (p = strstr(p, marks[i])); p++)
			left++;
		if (left > 2)
			fail_msg("%d marks %s left", left, marks[i]);
		free(out);
		strbuf_deinit(&in);
	}
}

/* Whatever comes in, what goes out is valid UTF-8 without a control character. */
static void every_pair_of_bytes_comes_out_safe(void **state)
{
	(void)state;
	struct strbuf out;
	strbuf_init(&out);
	for (unsigned pair = 0; pair < 0x10000; pair++) {
		char in[2] = {(char)(pair >> 8), (char)(pair & 0xff)};
		strbuf_reset(&out);
		text_sanitise(&out, sv_n(in, 2));
		assert_true(utf8_is_valid(strbuf_view(&out)));
		uint32_t c;
		for (struct strview s = strbuf_view(&out); s.len;) {
			s = sv_from(s, utf8_decode(s, &c));
			assert_true((c >= 0x20 && c < 0x7f) || c >= 0xa0);
		}
	}
	strbuf_deinit(&out);
}

static void utf8_is_decoded_strictly(void **state)
{
	(void)state;
	static const struct {
		struct strview in;
		size_t len;
		uint32_t codepoint;
	} rows[] = {
		{{"", 0}, 0, 0},
		{{"\0", 1}, 1, 0},
		{{"A", 1}, 1, 'A'},
		{{"\xc2\x80", 2}, 2, 0x80},
		{{"\xdf\xbf", 2}, 2, 0x7ff},
		{{"\xe0\xa0\x80", 3}, 3, 0x800},
		{{"\xed\x9f\xbf", 3}, 3, 0xd7ff},
		{{"\xee\x80\x80", 3}, 3, 0xe000},
		{{"\xef\xbf\xbf", 3}, 3, 0xffff},
		{{"\xf0\x90\x80\x80", 4}, 4, 0x10000},
		{{"\xf4\x8f\xbf\xbf", 4}, 4, 0x10ffff},
		{{"\x80", 1}, 0, 0},
		{{"\xc0\x80", 2}, 0, 0},
		{{"\xe0\x9f\xbf", 3}, 0, 0},
		{{"\xed\xa0\x80", 3}, 0, 0},
		{{"\xf0\x8f\xbf\xbf", 4}, 0, 0},
		{{"\xf4\x90\x80\x80", 4}, 0, 0},
		{{"\xf5\x80\x80\x80", 4}, 0, 0},
		{{"\xe2\x82\xac", 2}, 0, 0},
		{{"\xe2\x28\xac", 3}, 0, 0},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint32_t c = 0;
		if (utf8_decode(rows[i].in, &c) != rows[i].len || c != rows[i].codepoint)
			fail_msg("row %zu", i);
		assert_int_equal(utf8_is_valid(rows[i].in), rows[i].len == rows[i].in.len);
	}
	assert_true(utf8_is_valid(SV("a\xc3\xa9\xf0\x9f\x98\x80")));
	assert_false(utf8_is_valid(SV("a\xc3\xa9\xff")));
}

static void sizes_are_written_in_binary_units(void **state)
{
	(void)state;
	static const struct {
		uint64_t bytes;
		const char *text;
	} rows[] = {
		{0, "0 B"},
		{17, "17 B"},
		{1023, "1023 B"},
		{1024, "1.0 KiB"},
		{1536, "1.5 KiB"},
		{UINT64_C(1048524), "1023.9 KiB"},
		{UINT64_C(1048575), "1.0 MiB"},
		{UINT64_C(1048576), "1.0 MiB"},
		{UINT64_C(4404019), "4.2 MiB"},
		{UINT64_C(5) << 30, "5.0 GiB"},
		{UINT64_C(1) << 40, "1.0 TiB"},
		{UINT64_C(1) << 50, "1.0 PiB"},
		{UINT64_C(1) << 60, "1.0 EiB"},
		{UINT64_MAX, "16.0 EiB"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[TEXT_SIZE_MAX];
		text_size(rows[i].bytes, text);
		assert_string_equal(text, rows[i].text);
	}
}

static void counts_are_grouped_by_thousands(void **state)
{
	(void)state;
	static const struct {
		uint64_t n;
		const char *text;
	} rows[] = {
		{0, "0"},
		{999, "999"},
		{1000, "1,000"},
		{1204, "1,204"},
		{12345, "12,345"},
		{123456, "123,456"},
		{1234567, "1,234,567"},
		{UINT64_MAX, "18,446,744,073,709,551,615"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[32];
		text_count(rows[i].n, text);
		assert_string_equal(text, rows[i].text);
	}
}

static void durations_are_written_like_a_clock(void **state)
{
	(void)state;
	static const struct {
		int64_t s;
		const char *text;
	} rows[] = {
		{-5, "0:00"},
		{0, "0:00"},
		{9, "0:09"},
		{80, "1:20"},
		{3599, "59:59"},
		{3600, "1:00:00"},
		{7384, "2:03:04"},
		{360000, "100:00:00"},
		{INT64_MAX, "2562047788015215:30:07"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[32];
		text_duration(rows[i].s, text);
		assert_string_equal(text, rows[i].text);
	}
}

static void a_cut_text_ends_at_a_character(void **state)
{
	(void)state;
	static const struct {
		const char *text, *trimmed;
	} rows[] = {{"", ""}, {"a", "a"}, {"a\xc3", "a"}, {"a\xc3\xa9", "a\xc3\xa9"},
		{"a\xe2\x82", "a"}, {"\xe2\x82\xac", "\xe2\x82\xac"}, {"\xe2", ""},
		{"a\xf0\x9f\x98", "a"}, {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
		{"\xff inside stays", "\xff inside stays"}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[32];
		snprintf(text, sizeof text, "%s", rows[i].text);
		utf8_trim_end(text);
		assert_string_equal(text, rows[i].trimmed);
	}
}

static void a_long_sentence_is_cut_at_a_character(void **state)
{
	(void)state;
	for (int shift = 0; shift < 4; shift++) {
		struct s3t_err err;
		struct strbuf text;
		strbuf_init(&text);
		strbuf_add(&text, "xxxx", (size_t)shift);
		for (int i = 0; i < 300; i++)
			strbuf_add_str(&text, "\xf0\x9f\x98\x80");
		(void)s3t_fail(&err, S3T_CONFIG, "%s", text.data);
		assert_true(utf8_is_valid(sv(err.message)));
		s3t_err_prefix(&err, "%.*s", shift, "yyyy");
		assert_true(utf8_is_valid(sv(err.message)));
		(void)s3t_fail_errno(&err, 2, "%s", text.data);
		assert_true(utf8_is_valid(sv(err.message)) && strlen(err.message) > 500);
		strbuf_deinit(&text);
	}
}

int main(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordinary_text_stays_as_it_is),
		cmocka_unit_test(a_key_with_control_characters_is_made_visible),
		cmocka_unit_test(every_c0_and_c1_character_is_escaped),
		cmocka_unit_test(bytes_that_are_not_utf8_are_escaped_one_by_one),
		cmocka_unit_test(characters_that_deceive_the_eye_are_named),
		cmocka_unit_test(a_third_mark_on_a_character_is_escaped),
		cmocka_unit_test(marks_of_every_script_count_as_marks),
		cmocka_unit_test(every_pair_of_bytes_comes_out_safe),
		cmocka_unit_test(utf8_is_decoded_strictly),
		cmocka_unit_test(sizes_are_written_in_binary_units),
		cmocka_unit_test(counts_are_grouped_by_thousands),
		cmocka_unit_test(durations_are_written_like_a_clock),
		cmocka_unit_test(a_cut_text_ends_at_a_character),
		cmocka_unit_test(a_long_sentence_is_cut_at_a_character),
	};
	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
