/* Reading small documents, writing lines. */
#include "core/json.h"

#include "core/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void members_are_found_by_key_and_type(void **state)
{
	(void)state;
	struct json_doc *doc = json_doc_parse(
		SV("{\"AccessKeyId\":\"AKIA\",\"Version\":1,\"Empty\":\"\",\"Big\":"
		   "9223372036854775807,"
		   "\"Neg\":-5,\"Real\":1.5,\"Null\":null,\"Esc\":\"a\\\"b\\\\c\\u00e9\\n\","
		   "\"Obj\":{\"AccessKeyId\":\"inner\"},\"Text\":\"7\"}"));
	assert_non_null(doc);
	assert_string_equal(json_doc_string(doc, "AccessKeyId"), "AKIA");
	assert_string_equal(json_doc_string(doc, "Empty"), "");
	assert_string_equal(json_doc_string(doc, "Esc"), "a\"b\\c\xc3\xa9\n");
	assert_null(json_doc_string(doc, "Version"));
	assert_null(json_doc_string(doc, "Null"));
	assert_null(json_doc_string(doc, "Obj"));
	assert_null(json_doc_string(doc, "accesskeyid"));
	assert_null(json_doc_string(doc, "Missing"));
	assert_int_equal(json_doc_int(doc, "Version", 9), 1);
	assert_int_equal(json_doc_int(doc, "Big", 9), INT64_MAX);
	assert_int_equal(json_doc_int(doc, "Neg", 9), -5);
	assert_int_equal(json_doc_int(doc, "Real", 9), 9);
	assert_int_equal(json_doc_int(doc, "Text", 9), 9);
	assert_int_equal(json_doc_int(doc, "Missing", -1), -1);
	json_doc_free(doc);
	json_doc_free(NULL);
}

static void white_space_around_an_object_is_allowed(void **state)
{
	(void)state;
	struct json_doc *doc = json_doc_parse(SV(" \r\n\t{ \"a\" : \"b\" } \n"));
	assert_non_null(doc);
	assert_string_equal(json_doc_string(doc, "a"), "b");
	json_doc_free(doc);
}

static void what_is_no_single_object_is_refused(void **state)
{
	(void)state;
	static const struct strview rows[] = {{"", 0}, {" ", 1}, {"null", 4}, {"42", 2},
		{"\"a\"", 3}, {"[]", 2}, {"[{}]", 4}, {"{", 1}, {"{}}", 3}, {"{}{}", 4},
		{"{\"a\"}", 5}, {"{\"a\":}", 6}, {"{a:1}", 5}, {"{'a':1}", 7}, {"{\"a\":1,}", 8},
		{"{\"a\":01}", 8}, {"{\"a\":\"b}", 8}, {"{\"a\":\"\xff\"}", 9},
		{"{\"a\":\"\n\"}", 9}, {"{\"a\":1,\"a\":2}", 13}, {"{\"a\":\"x\\u0000y\"}", 16},
		{"{\"a\":\"\\ud800\"}", 14}, {"{\"a\":9223372036854775808}", 25},
		{"{\"a\":1e999}", 11}, {"{}\0", 3}, {"{\"a\":1}/*c*/", 12}};
	for (size_t i = 0; i < COUNT(rows); i++)
		if (json_doc_parse(rows[i]))
			fail_msg("%s", rows[i].data);
}

static void every_cut_of_a_document_is_refused(void **state)
{
	(void)state;
	struct strview whole = SV("{\"a\":\"b\\u00e9\",\"n\":[1,{\"x\":true}]}");
	for (size_t len = 0; len < whole.len; len++)
		assert_null(json_doc_parse(sv_n(whole.data, len)));
	struct json_doc *doc = json_doc_parse(whole);
	assert_non_null(doc);
	json_doc_free(doc);
}

static void endless_nesting_is_refused(void **state)
{
	(void)state;
	struct strbuf deep;
	strbuf_init(&deep);
	for (int i = 0; i < 100000; i++)
		strbuf_add_str(&deep, "{\"a\":");
	assert_null(json_doc_parse(strbuf_view(&deep)));
	strbuf_deinit(&deep);
}

static void members_are_written_in_order_with_commas_between(void **state)
{
	(void)state;
	struct strbuf out;
	struct json_writer w;
	strbuf_init(&out);
	json_begin(&w, &out);
	json_add_string(&w, "key", SV("a/b"));
	json_add_int(&w, "min", INT64_MIN);
	json_add_uint(&w, "max", UINT64_MAX);
	json_add_bool(&w, "yes", true);
	json_add_bool(&w, "no", false);
	json_add_null(&w, "none");
	json_end(&w);
	assert_string_equal(out.data,
		"{\"key\":\"a/b\",\"min\":-9223372036854775808,\"max\":18446744073709551615,"
		"\"yes\":true,\"no\":false,\"none\":null}");
	strbuf_deinit(&out);
}

static void objects_inside_objects_keep_their_commas(void **state)
{
	(void)state;
	struct strbuf out;
	struct json_writer w;
	strbuf_init(&out);
	json_begin(&w, &out);
	json_open_object(&w, "empty");
	json_close_object(&w);
	json_open_object(&w, "metadata");
	json_add_string(&w, "a", SV("1"));
	json_add_string(&w, "b", SV("2"));
	json_open_object(&w, "c");
	json_add_null(&w, "d");
	json_close_object(&w);
	json_close_object(&w);
	json_add_int(&w, "after", 0);
	json_end(&w);
	assert_string_equal(out.data, "{\"empty\":{},\"metadata\":{\"a\":\"1\",\"b\":\"2\",\"c\":{"
				      "\"d\":null}},\"after\":0}");
	strbuf_reset(&out);
	json_begin(&w, &out);
	json_end(&w);
	assert_string_equal(out.data, "{}");
	strbuf_deinit(&out);
}

static void strings_are_escaped_so_that_a_line_stays_a_line(void **state)
{
	(void)state;
	static const struct {
		struct strview in;
		const char *out;
	} rows[] = {
		{{"", 0}, "{\"k\":\"\"}"},
		{{"a\"b\\c", 5}, "{\"k\":\"a\\\"b\\\\c\"}"},
		{{"\r\n\t", 3}, "{\"k\":\"\\u000d\\u000a\\u0009\"}"},
		{{"a\0b", 3}, "{\"k\":\"a\\u0000b\"}"},
		{{"\x1b\x7f", 2}, "{\"k\":\"\\u001b\\u007f\"}"},
		{{"\xd8\x9c\xe2\x80\xae", 5}, "{\"k\":\"\\u061c\\u202e\"}"},
		{{"\xc3\xa9\xf0\x9f\x98\x80", 6}, "{\"k\":\"\xc3\xa9\xf0\x9f\x98\x80\"}"},
		{{"a\xff\xc3z", 4}, "{\"k\":\"a\\ufffd\\ufffdz\"}"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct strbuf out;
		struct json_writer w;
		strbuf_init(&out);
		json_begin(&w, &out);
		json_add_string(&w, "k", rows[i].in);
		json_end(&w);
		assert_string_equal(out.data, rows[i].out);
		/* a reader gets the same text back; it takes no NUL */
		if (!memchr(rows[i].in.data, 0, rows[i].in.len) && utf8_is_valid(rows[i].in)) {
			struct json_doc *doc = json_doc_parse(strbuf_view(&out));
			assert_non_null(doc);
			assert_string_equal(json_doc_string(doc, "k"), rows[i].in.data);
			json_doc_free(doc);
		}
		strbuf_deinit(&out);
	}
}

static void a_key_that_is_not_utf8_also_comes_as_its_exact_bytes(void **state)
{
	(void)state;
	struct strbuf out;
	struct json_writer w;
	strbuf_init(&out);
	json_begin(&w, &out);
	json_add_bytes(&w, "key", SV("plain\xc3\xa9"));
	json_add_bytes(&w, "odd", SV("a\xff"));
	json_add_int(&w, "n", 1);
	json_end(&w);
	assert_string_equal(out.data, "{\"key\":\"plain\xc3\xa9\",\"odd\":\"a\\ufffd\","
				      "\"odd_base64\":\"Yf8=\",\"n\":1}");
	strbuf_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_found_by_key_and_type),
		cmocka_unit_test(white_space_around_an_object_is_allowed),
		cmocka_unit_test(what_is_no_single_object_is_refused),
		cmocka_unit_test(every_cut_of_a_document_is_refused),
		cmocka_unit_test(endless_nesting_is_refused),
		cmocka_unit_test(members_are_written_in_order_with_commas_between),
		cmocka_unit_test(objects_inside_objects_keep_their_commas),
		cmocka_unit_test(strings_are_escaped_so_that_a_line_stays_a_line),
		cmocka_unit_test(a_key_that_is_not_utf8_also_comes_as_its_exact_bytes),
	};
	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
