/* Reading S3's answers, hostile ones included. Threats T7 and T18. */
#include "core/xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Start tags become "<depth name>", end tags "parent/name=text;". */
static void note_open(void *arg, int depth, struct strview name)
{
	strbuf_addf(arg, "<%d %.*s>", depth, (int)name.len, name.data);
}

static void note_close(
	void *arg, int depth, struct strview parent, struct strview name, struct strview text)
{
	(void)depth;
	strbuf_addf(arg, "%.*s/%.*s=", (int)parent.len, parent.data, (int)name.len, name.data);
	strbuf_add_sv(arg, text);
	strbuf_add_char(arg, ';');
}

/* Parses doc; what the handler saw in log. */
static enum s3t_rc parse(struct strview doc, struct strbuf *log, char root[64])
{
	struct xml_handler handler = {.open = note_open, .close = note_close, .arg = log};
	struct s3t_err err = {0};
	enum s3t_rc rc = xml_parse(doc, &handler, root, &err);
	if (rc != S3T_OK) {
		assert_int_equal(err.rc, rc);
		assert_true(err.message[0]);
	}
	return rc;
}

static void assert_seen(struct strview doc, const char *wanted)
{
	struct strbuf log;
	strbuf_init(&log);
	if (parse(doc, &log, NULL) != S3T_OK)
		fail_msg("refused: %.*s", (int)doc.len, doc.data);
	assert_string_equal(log.data, wanted);
	strbuf_deinit(&log);
}

static void assert_refused(struct strview doc)
{
	struct strbuf log;
	strbuf_init(&log);
	if (parse(doc, &log, NULL) != S3T_PROTOCOL)
		fail_msg("accepted: %.*s", (int)doc.len, doc.data);
	strbuf_deinit(&log);
}

static void elements_arrive_in_order_with_parent_and_text(void **state)
{
	(void)state;
	assert_seen(SV("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
		       "<ListBucketResult><Name>b</Name><Contents><Key>a/b c</Key><Size>3</Size>"
		       "</Contents><Contents><Key/></Contents></ListBucketResult>"),
		"<0 ListBucketResult><1 Name>ListBucketResult/Name=b;<1 Contents><2 Key>"
		"Contents/Key=a/b c;<2 Size>Contents/Size=3;ListBucketResult/Contents=;"
		"<1 Contents><2 Key>Contents/Key=;ListBucketResult/Contents=;/ListBucketResult=;");
}

static void names_are_local_whatever_the_namespace(void **state)
{
	(void)state;
	static const char *const rows[] = {"<A><B>x</B></A>",
		"<A xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><B>x</B></A>",
		"<s:A xmlns:s=\"urn:x\"><s:B>x</s:B></s:A>",
		"<A xmlns=\"urn:a\"><o:B xmlns:o=\"urn:b\" o:type='t' plain=\"&amp;\">x</o:B></A>"};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char root[64];
		struct strbuf log;
		strbuf_init(&log);
		assert_int_equal(parse(sv(rows[i]), &log, root), S3T_OK);
		assert_string_equal(log.data, "<0 A><1 B>A/B=x;/A=;");
		assert_string_equal(root, "A");
		strbuf_deinit(&log);
	}
}

static void text_is_what_stands_directly_inside(void **state)
{
	(void)state;
	assert_seen(SV("<a>x<b>y</b>z</a>"), "<0 a><1 b>a/b=y;/a=xz;");
	assert_seen(SV("<a> x\n</a>"), "<0 a>/a= x\n;");
	assert_seen(SV("<a>x<!-- no <b> -->y<?pi z?>z</a>"), "<0 a>/a=xyz;");
	assert_seen(SV("<a>\xc3\xa9\xf0\x9f\x98\x80</a>"), "<0 a>/a=\xc3\xa9\xf0\x9f\x98\x80;");
}

static void cdata_is_text(void **state)
{
	(void)state;
	assert_seen(SV("<a>x<![CDATA[<b>&amp;]]>y</a>"), "<0 a>/a=x<b>&amp;y;");
	assert_seen(SV("<a><![CDATA[]]></a>"), "<0 a>/a=;");
}

static void cdata_has_no_references_to_mend(void **state)
{
	(void)state;
	assert_seen(SV("<a><![CDATA[k&#27;]]></a>"), "<0 a>/a=k&#27;;");
}

static void references_to_allowed_characters_are_read(void **state)
{
	(void)state;
	assert_seen(SV("<a>&lt;&gt;&amp;&quot;&apos;</a>"), "<0 a>/a=<>&\"';");
	assert_seen(SV("<a>&#65;&#x42;&#x000043;</a>"), "<0 a>/a=ABC;");
	assert_seen(SV("<a>&#9;&#10;&#13;</a>"), "<0 a>/a=\t\n\r;");
	assert_seen(SV("<a>&#x1F600;&#xfffd;</a>"), "<0 a>/a=\xf0\x9f\x98\x80\xef\xbf\xbd;");
	assert_seen(SV("<a>&amp;#27;</a>"), "<0 a>/a=&#27;;");
}

static void references_to_forbidden_characters_become_the_replacement_character(void **state)
{
	(void)state;
	static const char *const rows[] = {"&#x1b;", "&#27;", "&#0;", "&#x0;", "&#x1B;", "&#8;",
		"&#x1f;", "&#xFFFE;", "&#xffff;", "&#xD800;", "&#xdfff;", "&#x110000;",
		"&#1114112;", "&#4294967323;", "&#x10000001b;", "&#00000027;", "&#X1b;"};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *doc = s3t_asprintf("<a><b>k%sz</b><c x='%s'/></a>", rows[i], rows[i]);
		assert_seen(sv(doc), "<0 a><1 b>a/b=k\xef\xbf\xbdz;<1 c>a/c=;/a=;");
		free(doc);
	}
}

static void white_space_around_the_document_is_the_keep_alive(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"\n<?xml version=\"1.0\"?><a>x</a>", " \r\n \n<a>x</a>", "<a>x</a>\n \r\n"};
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_seen(sv(rows[i]), "<0 a>/a=x;");
	struct strbuf doc;
	strbuf_init(&doc);
	for (int i = 0; i < 100000; i++)
		strbuf_add_char(&doc, ' ');
	strbuf_add_str(&doc, "<?xml version=\"1.0\"?><a>x</a>");
	assert_seen(strbuf_view(&doc), "<0 a>/a=x;");
	strbuf_deinit(&doc);
}

static void the_root_is_told(void **state)
{
	(void)state;
	static const struct {
		const char *doc, *root;
	} rows[] = {
		{"<Error><Code>NoSuchKey</Code></Error>", "Error"},
		{"<?xml version='1.0'?><!-- c --><s:Owner xmlns:s='urn:x'></s:Owner>", "Owner"},
		{"<a>text</a>", "a"},
		{"<a><b/></a>", "a"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char root[64] = "old";
		struct strbuf log;
		strbuf_init(&log);
		assert_int_equal(parse(sv(rows[i].doc), &log, root), S3T_OK);
		assert_string_equal(root, rows[i].root);
		strbuf_deinit(&log);
	}
}

/* GetBucketLocation of us-east-1 answers with an empty element. */
static void the_root_is_told_of_an_empty_document_element(void **state)
{
	(void)state;
	char root[64] = "old";
	struct strbuf log;
	strbuf_init(&log);
	assert_int_equal(parse(SV("<LocationConstraint xmlns=\"http://s3.amazonaws.com/doc/"
				  "2006-03-01/\"/>"),
				 &log, root),
		S3T_OK);
	assert_string_equal(log.data, "<0 LocationConstraint>/LocationConstraint=;");
	strbuf_deinit(&log);
	assert_string_equal(root, "LocationConstraint");
}

static void handlers_root_and_error_may_be_absent(void **state)
{
	(void)state;
	struct strbuf log;
	strbuf_init(&log);
	struct xml_handler only_open = {.open = note_open, .arg = &log};
	struct xml_handler only_close = {.close = note_close, .arg = &log};
	assert_int_equal(xml_parse(SV("<a><b>x</b></a>"), NULL, NULL, NULL), S3T_OK);
	assert_int_equal(xml_parse(SV("<a><b>x</b></a>"), &only_open, NULL, NULL), S3T_OK);
	assert_int_equal(xml_parse(SV("<a><b>x</b></a>"), &only_close, NULL, NULL), S3T_OK);
	assert_string_equal(log.data, "<0 a><1 b>a/b=x;/a=;");
	assert_int_equal(xml_parse(SV("<a>"), NULL, NULL, NULL), S3T_PROTOCOL);
	strbuf_deinit(&log);
}

static void every_cut_of_a_document_is_refused(void **state)
{
	(void)state;
	struct strview whole =
		SV("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<R xmlns=\"urn:x\"><A>t&amp;&#x1b;"
		   "<![CDATA[c]]></A><!-- c --><B b='1'/></R>");
	assert_seen(whole, "<0 R><1 A>R/A=t&\xef\xbf\xbd"
			   "c;<1 B>R/B=;/R=;");
	for (size_t len = 0; len < whole.len; len++)
		assert_refused(sv_n(whole.data, len));
}

static void what_is_not_well_formed_is_refused(void **state)
{
	(void)state;
	static const char *const rows[] = {"", " \n", "x", "<", "<a>", "</a>", "<a></b>",
		"<a><b></a>", "<a/><b/>", "<a/>x", "<a><a/>", "<a>&</a>", "<a>& b</a>",
		"<a>&x;</a>", "<a>&#;</a>", "<a>&#x;</a>", "<a>&#xg;</a>", "<a>&#12a;</a>",
		"<a>&#27</a>", "<a b=c/>", "<a b='1' b='2'/>", "<a b='<'/>", "<1/>",
		"<a><![CDATA[x</a>", "<a><!-- x</a>", "<a>]]></a>", "<html><br></html>",
		"{\"a\":1}", "<a>\x1b</a>", "<a>\x01</a>", "<a>\xff</a>", "<a>\xc3</a>",
		"<a>\xed\xa0\x80</a>", "<a>\xef\xbf\xbe</a>", "<?xml version='1.0'?>",
		"<!-- only -->", "<a/><?xml version='1.0'?>", "x<?xml version='1.0'?><a/>",
		"<\xff/>", "<!ENTITY x 'y'><a>&x;</a>"};
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_refused(sv(rows[i]));
	assert_refused(SV("<a>x\0y</a>"));
	assert_refused(SV("<a\0/>"));
}

/* T7: libxml2's time grows with the square of the attributes. */
static void a_tag_full_of_attributes_is_refused_before_it_is_read(void **state)
{
	(void)state;
	static const char *const begins[] = {"<a ", "<a b='>' ", "<a b=\"'>\" "};
	for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
		struct strbuf doc;
		struct s3t_err err;
		strbuf_init(&doc);
		strbuf_add_str(&doc, begins[i]);
		for (int n = 0; n < 300; n++)
			strbuf_addf(&doc, "x%d='>' ", n);
		strbuf_add_str(&doc, "/>");
		assert_int_equal(xml_parse(strbuf_view(&doc), NULL, NULL, &err), S3T_PROTOCOL);
		assert_non_null(strstr(err.message, "longer than any"));
		strbuf_deinit(&doc);
	}
}

static void long_text_and_comments_are_no_long_tags(void **state)
{
	(void)state;
	static const char *const rows[][2] = {{"<a>", "</a>"}, {"<a><!-- don't ", " --></a>"},
		{"<a><![CDATA[<don't ", "]]></a>"}, {"<a b='1'>it's ", "</a>"}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct strbuf doc;
		strbuf_init(&doc);
		strbuf_add_str(&doc, rows[i][0]);
		for (int n = 0; n < XML_TAG_MAX; n++)
			strbuf_add_str(&doc, "xy");
		strbuf_add_str(&doc, rows[i][1]);
		assert_int_equal(xml_parse(strbuf_view(&doc), NULL, NULL, NULL), S3T_OK);
		strbuf_deinit(&doc);
	}
}

static void any_doctype_is_refused_before_anything_is_read(void **state)
{
	(void)state;
	static const char *const rows[] = {"<!DOCTYPE a><a/>", "<!doctype html><html></html>",
		"<?xml version='1.0'?>\n<!DOCTYPE a [<!ELEMENT a ANY>]><a>x</a>",
		"<!-- x --><!DOCTYPE a SYSTEM 'http://127.0.0.1:1/x.dtd'><a/>",
		"<a><!DOCTYPE b></a>", "\n\n <!DocType a><a/>", "<<<!DOCTYPE a><a/>"};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct strbuf log;
		strbuf_init(&log);
		assert_int_equal(parse(sv(rows[i]), &log, NULL), S3T_PROTOCOL);
		assert_string_equal(log.data, "");
		strbuf_deinit(&log);
	}
}

static void no_local_file_is_read_through_an_entity(void **state)
{
	(void)state;
	char path[] = "/tmp/s3tui-xml-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "stolen", 6), 6);
	close(fd);
	static const char *const rows[] = {
		"<!DOCTYPE a [<!ENTITY x SYSTEM \"file://%s\">]><a>&x;</a>",
		"<!DOCTYPE a [<!ENTITY %% x SYSTEM \"file://%s\"> %%x;]><a/>",
		"<!DOCTYPE a SYSTEM \"file://%s\"><a/>",
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct strbuf doc, log;
		strbuf_init(&doc);
		strbuf_init(&log);
		struct strview row = sv(rows[i]);
		while (row.len) { /* the rows are no format strings: %s is the path, %% a percent */
			size_t at = sv_find(row, '%');
			strbuf_add(&doc, row.data, at);
			if (at < row.len)
				strbuf_add_str(&doc, row.data[at + 1] == 's' ? path : "%");
			row = sv_from(row, at + 2);
		}
		assert_int_equal(parse(strbuf_view(&doc), &log, NULL), S3T_PROTOCOL);
		assert_null(strstr(log.data, "stolen"));
		strbuf_deinit(&doc);
		strbuf_deinit(&log);
	}
	unlink(path);
}

static void a_billion_laughs_are_refused(void **state)
{
	(void)state;
	struct strbuf doc;
	strbuf_init(&doc);
	strbuf_add_str(&doc, "<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY l0 \"lol\">");
	for (int i = 1; i < 10; i++) {
		strbuf_addf(&doc, "<!ENTITY l%d \"", i);
		for (int n = 0; n < 10; n++)
			strbuf_addf(&doc, "&l%d;", i - 1);
		strbuf_add_str(&doc, "\">");
	}
	strbuf_add_str(&doc, "]><lolz>&l9;</lolz>");
	struct strbuf log;
	strbuf_init(&log);
	assert_int_equal(parse(strbuf_view(&doc), &log, NULL), S3T_PROTOCOL);
	assert_string_equal(log.data, "");
	strbuf_deinit(&log);
	strbuf_deinit(&doc);
}

/* Another encoding would hide a DOCTYPE from the search for one. */
static void other_encodings_are_refused(void **state)
{
	(void)state;
	static const char ascii[] = "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>";
	for (int big = 0; big < 2; big++) {
		struct strbuf doc;
		strbuf_init(&doc);
		strbuf_add(&doc, big ? "\xfe\xff" : "\xff\xfe", 2);
		for (const char *p = ascii; *p; p++)
			strbuf_add(&doc, big ? (char[]){0, *p} : (char[]){*p, 0}, 2);
		assert_refused(strbuf_view(&doc));
		assert_refused(sv_from(strbuf_view(&doc), 2));
		strbuf_deinit(&doc);
	}
	assert_refused(
		SV("<?xml version='1.0' encoding='UTF-7'?>+ADwAIQ-DOCTYPE a+AD4APA-a/+AD4-"));
	assert_refused(SV("\x4c\x6f\xa7\x94\x93\x40"));
}

/* The terminal belongs to the screen. */
static void a_broken_answer_leaves_no_trace_on_stderr(void **state)
{
	(void)state;
	static const struct strview rows[] = {{"<a><b>", 6}, {"<a>&x;\xff</a>", 12},
		{"<?xml version='1.0' encoding='EUC-JP'?><a>x\xb1</a>", 48},
		{"<?xml version='1.0' encoding='SHIFT_JIS'?><a>x\xff\xff</a>", 52},
		{"\xff\xfe\0\0<\0\0\0a\0\0\0/\0\0\0\xff\xff\xff\xff", 20},
		{"<?xml version='1.0' encoding='no-such'?><a/>", 44}};
	FILE *caught = tmpfile();
	assert_non_null(caught);
	int saved = dup(STDERR_FILENO);
	assert_true(saved >= 0);
	fflush(stderr);
	dup2(fileno(caught), STDERR_FILENO);
	for (size_t i = 0; i < COUNT(rows); i++)
		if (xml_parse(rows[i], NULL, NULL, NULL) == S3T_OK)
			continue;
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	off_t end = lseek(fileno(caught), 0, SEEK_END);
	fclose(caught);
	assert_int_equal(end, 0);
}

static struct strbuf nested(int levels)
{
	struct strbuf doc;
	strbuf_init(&doc);
	for (int i = 0; i < levels; i++)
		strbuf_add_str(&doc, "<a>");
	for (int i = 0; i < levels; i++)
		strbuf_add_str(&doc, "</a>");
	return doc;
}

static void depth_is_capped(void **state)
{
	(void)state;
	static const int refused[] = {XML_DEPTH_MAX + 1, XML_DEPTH_MAX + 2, 255, 100000};
	struct strbuf doc = nested(XML_DEPTH_MAX);
	assert_int_equal(xml_parse(strbuf_view(&doc), NULL, NULL, NULL), S3T_OK);
	strbuf_deinit(&doc);
	for (size_t i = 0; i < COUNT(refused); i++) {
		doc = nested(refused[i]);
		assert_int_equal(xml_parse(strbuf_view(&doc), NULL, NULL, NULL), S3T_PROTOCOL);
		strbuf_deinit(&doc);
	}
}

static void size_is_capped(void **state)
{
	(void)state;
	for (size_t more = 0; more < 2; more++) {
		struct strbuf doc;
		strbuf_init(&doc);
		strbuf_add_str(&doc, "<a>");
		size_t text = XML_CAP_PAGE - strlen("<a></a>") + more;
		char *filler = s3t_alloc(text);
		memset(filler, 'x', text);
		strbuf_add(&doc, filler, text);
		free(filler);
		strbuf_add_str(&doc, "</a>");
		assert_int_equal(xml_parse(strbuf_view(&doc), NULL, NULL, NULL),
			more ? S3T_PROTOCOL : S3T_OK);
		strbuf_deinit(&doc);
	}
}

static void endless_names_are_refused(void **state)
{
	(void)state;
	for (int len = 62; len < 66; len++) {
		struct strbuf name;
		strbuf_init(&name);
		for (int i = 0; i < len; i++)
			strbuf_add_char(&name, 'n');
		char *doc = s3t_asprintf("<%s></%s>", name.data, name.data);
		char root[64];
		enum s3t_rc rc = xml_parse(sv(doc), NULL, root, NULL);
		assert_int_equal(rc, len < 64 ? S3T_OK : S3T_PROTOCOL);
		if (rc == S3T_OK)
			assert_string_equal(root, name.data);
		free(doc);
		strbuf_deinit(&name);
	}
}

static void text_is_escaped_and_comes_back(void **state)
{
	(void)state;
	static const struct {
		const char *text, *escaped;
	} rows[] = {
		{"", ""},
		{"plain/key.txt", "plain/key.txt"},
		{"a<b>&\"c'", "a&lt;b&gt;&amp;&quot;c'"},
		{"&amp;&#27;", "&amp;amp;&amp;#27;"},
		{"]]>", "]]&gt;"},
		{"\xc3\xa9\xf0\x9f\x98\x80\xc2\x85", "\xc3\xa9\xf0\x9f\x98\x80\xc2\x85"},
		{" a  b ", " a  b "},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct strbuf out, log, wanted;
		strbuf_init(&out);
		strbuf_init(&log);
		strbuf_init(&wanted);
		strbuf_add_str(&out, "<a>");
		assert_true(xml_escape(&out, sv(rows[i].text)));
		assert_string_equal(out.data + 3, rows[i].escaped);
		strbuf_add_str(&out, "</a>");
		strbuf_addf(&wanted, "<0 a>/a=%s;", rows[i].text);
		assert_int_equal(parse(strbuf_view(&out), &log, NULL), S3T_OK);
		assert_string_equal(log.data, wanted.data);
		strbuf_deinit(&out);
		strbuf_deinit(&log);
		strbuf_deinit(&wanted);
	}
}

static void text_that_xml_cannot_carry_is_refused_and_nothing_is_added(void **state)
{
	(void)state;
	static const struct strview rows[] = {{"a\0b", 3}, {"a\x1b", 2}, {"a&\x08", 3}, {"a\r", 2},
		{"a\nb", 3}, {"a\tb", 3}, {"a\xff", 2}, {"a\xc3", 2}, {"\xed\xa0\x80", 3},
		{"\xef\xbf\xbe", 3}, {"\xef\xbf\xbf", 3}};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct strbuf out;
		strbuf_init(&out);
		strbuf_add_str(&out, "before");
		if (xml_escape(&out, rows[i]))
			fail_msg("row %zu", i);
		assert_string_equal(out.data, "before");
		strbuf_deinit(&out);
	}
}

static int set_up(void **state)
{
	(void)state;
	xml_global_init();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	xml_global_cleanup();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elements_arrive_in_order_with_parent_and_text),
		cmocka_unit_test(names_are_local_whatever_the_namespace),
		cmocka_unit_test(text_is_what_stands_directly_inside),
		cmocka_unit_test(cdata_is_text),
		cmocka_unit_test(cdata_has_no_references_to_mend),
		cmocka_unit_test(references_to_allowed_characters_are_read),
		cmocka_unit_test(
			references_to_forbidden_characters_become_the_replacement_character),
		cmocka_unit_test(white_space_around_the_document_is_the_keep_alive),
		cmocka_unit_test(the_root_is_told),
		cmocka_unit_test(the_root_is_told_of_an_empty_document_element),
		cmocka_unit_test(handlers_root_and_error_may_be_absent),
		cmocka_unit_test(every_cut_of_a_document_is_refused),
		cmocka_unit_test(what_is_not_well_formed_is_refused),
		cmocka_unit_test(any_doctype_is_refused_before_anything_is_read),
		cmocka_unit_test(no_local_file_is_read_through_an_entity),
		cmocka_unit_test(a_billion_laughs_are_refused),
		cmocka_unit_test(other_encodings_are_refused),
		cmocka_unit_test(a_broken_answer_leaves_no_trace_on_stderr),
		cmocka_unit_test(depth_is_capped),
		cmocka_unit_test(size_is_capped),
		cmocka_unit_test(endless_names_are_refused),
		cmocka_unit_test(a_tag_full_of_attributes_is_refused_before_it_is_read),
		cmocka_unit_test(long_text_and_comments_are_no_long_tags),
		cmocka_unit_test(text_is_escaped_and_comes_back),
		cmocka_unit_test(text_that_xml_cannot_carry_is_refused_and_nothing_is_added),
	};
	return cmocka_run_group_tests_name("xml", tests, set_up, tear_down);
}
