#include "core/xml.h"

#include "core/parse.h"
#include "core/text.h"

#include <libxml/parser.h>
#include <libxml/xmlreader.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct frame {
	char name[64];
	struct strbuf text;
};

static void ignore_error(
	void *arg, const char *msg, xmlParserSeverities severity, xmlTextReaderLocatorPtr locator)
{
	(void)arg;
	(void)msg;
	(void)severity;
	(void)locator;
}

/* For what libxml2 says outside a reader: it would land on the screen. */
static void ignore_message(void *arg, const char *msg, ...)
{
	(void)arg;
	(void)msg;
}

#if LIBXML_VERSION < 21200
#define TOLD_ERROR xmlError
#else
#define TOLD_ERROR const xmlError
#endif

/* No memory is not the server's fault, and another try of a call that was done would do it twice.
 * Later errors hide this one, so it is caught where it is told. */
static void on_error(void *arg, TOLD_ERROR *error)
{
	(void)arg;
	if (error && error->code == XML_ERR_NO_MEMORY)
		s3t_oom();
}

static void catch_errors_of_thread(void)
{
#if LIBXML_VERSION < 21200
	if (!xmlGetGlobalState()) /* the library itself does not ask */
		s3t_oom();
#endif
	xmlSetGenericErrorFunc(NULL, ignore_message);
	xmlSetStructuredErrorFunc(NULL, on_error);
}

void xml_global_init(void)
{
	xmlSetGenericErrorFunc(NULL, ignore_message);
	xmlInitParser();
}

void xml_global_cleanup(void)
{
	xmlCleanupParser();
}

const char *xml_version(void)
{
	return LIBXML_DOTTED_VERSION;
}

static bool is_xml_char(uint32_t c)
{
	return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c <= 0xd7ff) ||
	       (c >= 0xe000 && c <= 0xfffd) || (c >= 0x10000 && c <= 0x10ffff);
}

/* The value of a character reference at the front of s ("&#27;", "&#x1b;"), its length in *len. */
static bool read_reference(struct strview s, uint64_t *value, size_t *len)
{
	if (!sv_starts_with(s, SV("&#")))
		return false;
	size_t end = sv_find(sv_n(s.data, s.len < 16 ? s.len : 16), ';');
	if (end >= 16 || end >= s.len)
		return false;
	*len = end + 1;
	struct strview digits = sv_n(s.data + 2, end - 2);
	if (digits.len == 0 || (digits.data[0] | 0x20) != 'x')
		return parse_u64(digits, value);
	*value = 0;
	for (size_t i = 1; i < digits.len; i++) {
		char c = (char)(digits.data[i] | 0x20);
		if (c >= '0' && c <= '9')
			*value = *value * 16 + (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			*value = *value * 16 + (uint64_t)(c - 'a' + 10);
		else
			return false;
	}
	return digits.len > 1;
}

/* Length of what begins with `open` at the front of s and ends with `close`; 0: it does not begin
 * so. */
static size_t section_len(struct strview s, struct strview open, struct strview close)
{
	if (!sv_starts_with(s, open))
		return 0;
	const char *end = memmem(s.data, s.len, close.data, close.len);
	return end ? (size_t)(end - s.data) + close.len : s.len;
}

/* The ampersands of a CDATA section are text. */
static size_t cdata_len(struct strview s)
{
	return section_len(s, SV("<![CDATA["), SV("]]>"));
}

static size_t comment_len(struct strview s)
{
	return section_len(s, SV("<!--"), SV("-->"));
}

/* Some servers write references to characters that XML 1.0 forbids. A strict parser stops at them,
 * a lenient one drops them, which would make another key: they become U+FFFD. */
static void mend_references(struct strbuf *out, struct strview doc)
{
	while (doc.len) {
		size_t at = 0;
		while (at < doc.len && doc.data[at] != '&' && doc.data[at] != '<')
			at++;
		strbuf_add(out, doc.data, at);
		doc = sv_from(doc, at);
		uint64_t value = 0;
		size_t len = cdata_len(doc);
		if (len) {
			strbuf_add(out, doc.data, len);
			doc = sv_from(doc, len);
		} else if (read_reference(doc, &value, &len) &&
			   !is_xml_char(value > UINT32_MAX ? 0 : (uint32_t)value)) {
			strbuf_add_str(out, "\xef\xbf\xbd");
			doc = sv_from(doc, len);
		} else if (doc.len) {
			strbuf_add_char(out, doc.data[0]);
			doc = sv_from(doc, 1);
		}
	}
}

static bool has_doctype(struct strview doc)
{
	while (doc.len >= 9) {
		size_t at = sv_find(doc, '<');
		doc = sv_from(doc, at);
		if (doc.len >= 9 && strncasecmp(doc.data, "<!DOCTYPE", 9) == 0)
			return true;
		doc = sv_from(doc, 1);
	}
	return false;
}

/* The length of the tag at the front of s; a '>' in quotes does not end it. */
static size_t tag_len(struct strview s)
{
	char quote = 0;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.data[i];
		if (quote)
			quote = c == quote ? 0 : quote;
		else if (c == '"' || c == '\'')
			quote = c;
		else if (c == '>')
			return i + 1;
	}
	return s.len;
}

/* libxml2 compares each attribute with all before it: a tag full of them would take hours. */
static bool has_long_tag(struct strview doc)
{
	while (doc.len) {
		doc = sv_from(doc, sv_find(doc, '<'));
		size_t len = cdata_len(doc);
		if (len == 0)
			len = comment_len(doc);
		if (len == 0) {
			len = tag_len(doc);
			if (len > XML_TAG_MAX)
				return true;
		}
		doc = sv_from(doc, len);
	}
	return false;
}

static void pop(struct frame *frames, int depth, const struct xml_handler *handler)
{
	struct frame *top = &frames[depth];
	if (handler && handler->close)
		handler->close(handler->arg, depth, sv(depth ? frames[depth - 1].name : ""),
			sv(top->name), strbuf_view(&top->text));
	strbuf_deinit(&top->text);
}

/* One node of the reader; *depth is the index of the innermost open element, -1 for none. */
static bool step(xmlTextReaderPtr reader, struct frame *frames, int *depth,
	const struct xml_handler *handler)
{
	switch (xmlTextReaderNodeType(reader)) {
	case XML_READER_TYPE_ELEMENT: {
		if (*depth + 1 >= XML_DEPTH_MAX)
			return false;
		const char *name = (const char *)xmlTextReaderConstLocalName(reader);
		if (!name)
			s3t_oom();
		if (strlen(name) >= sizeof frames->name)
			return false;
		struct frame *top = &frames[++*depth];
		memcpy(top->name, name, strlen(name) + 1);
		strbuf_init_cap(&top->text, XML_CAP_PAGE);
		if (handler && handler->open)
			handler->open(handler->arg, *depth, sv(name));
		if (xmlTextReaderIsEmptyElement(reader))
			pop(frames, (*depth)--, handler);
		return true;
	}
	case XML_READER_TYPE_END_ELEMENT:
		pop(frames, (*depth)--, handler);
		return true;
	case XML_READER_TYPE_TEXT:
	case XML_READER_TYPE_CDATA:
	case XML_READER_TYPE_SIGNIFICANT_WHITESPACE:
	case XML_READER_TYPE_WHITESPACE:
		if (*depth >= 0) {
			const char *text = (const char *)xmlTextReaderConstValue(reader);
			if (!text)
				s3t_oom();
			strbuf_add_str(&frames[*depth].text, text);
		}
		return true;
	case XML_READER_TYPE_DOCUMENT_TYPE:
	case XML_READER_TYPE_ENTITY_REFERENCE:
		return false;
	default:
		return true;
	}
}

enum s3t_rc xml_parse(
	struct strview doc, const struct xml_handler *handler, char root[64], struct s3t_err *err)
{
	if (root)
		root[0] = '\0';
	doc = sv_trim(doc);
	if (doc.len == 0 || doc.len > XML_CAP_PAGE)
		return s3t_fail(err, S3T_PROTOCOL, "The server's answer is %s.",
			doc.len ? "too large" : "empty");
	if (has_doctype(doc))
		return s3t_fail(err, S3T_PROTOCOL,
			"The server's answer has a DOCTYPE, which S3 never sends; it was not "
			"read.");
	if (has_long_tag(doc))
		return s3t_fail(err, S3T_PROTOCOL,
			"The server's answer has a tag that is longer than any of S3's; it was not "
			"read.");
	struct strbuf mended;
	strbuf_init_cap(&mended, XML_CAP_PAGE * 2);
	mend_references(&mended, doc);

	struct frame frames[XML_DEPTH_MAX];
	frames[0].name[0] = '\0';
	int depth = -1, more = -1;
	bool ok = false;
	catch_errors_of_thread();
	xmlTextReaderPtr reader = xmlReaderForMemory(mended.data, (int)mended.len, NULL, "UTF-8",
		XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	if (!reader)
		s3t_oom();
	xmlTextReaderSetErrorHandler(reader, ignore_error, NULL);
	while ((more = xmlTextReaderRead(reader)) == 1) {
		ok = step(reader, frames, &depth, handler);
		if (!ok)
			break;
		if (root && !root[0]) /* an empty root is open and closed in one step */
			memcpy(root, frames[0].name, sizeof frames[0].name);
	}
	while (depth >= 0)
		strbuf_deinit(&frames[depth--].text);
	xmlFreeTextReader(reader);
	strbuf_deinit(&mended);
	if (!ok || more != 0)
		return s3t_fail(
			err, S3T_PROTOCOL, "The server's answer is not complete, well-formed XML.");
	return S3T_OK;
}

bool xml_escape(struct strbuf *out, struct strview text)
{
	size_t start = out->len;
	while (text.len) {
		uint32_t c;
		size_t n = utf8_decode(text, &c);
		/* a carriage return would come back as a line feed */
		if (n == 0 || !is_xml_char(c) || c == '\r' || c == '\n' || c == '\t') {
			strbuf_truncate(out, start);
			return false;
		}
		switch (c) {
		case '&':
			strbuf_add_str(out, "&amp;");
			break;
		case '<':
			strbuf_add_str(out, "&lt;");
			break;
		case '>':
			strbuf_add_str(out, "&gt;");
			break;
		case '"':
			strbuf_add_str(out, "&quot;");
			break;
		default:
			strbuf_add(out, text.data, n);
		}
		text = sv_from(text, n);
	}
	return true;
}
