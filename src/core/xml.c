#include "core/xml.h"

#include "core/parse.h"
#include "core/text.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct frame {
	char name[64];
	struct strbuf text; /* kept for the next element of that depth */
};

/* A parse under way. SAX, for a tree or a reader's nodes would cost more than all the rest. */
struct parse {
	xmlParserCtxtPtr parser;
	const struct xml_handler *handler;
	struct frame frames[XML_DEPTH_MAX];
	int depth; /* of the innermost open element, -1 for none */
	bool is_refused;
};

/* For what libxml2 says: it would land on the screen. */
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
		if (doc.len >= 9 && doc.data[1] == '!' &&
			strncasecmp(doc.data, "<!DOCTYPE", 9) == 0)
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
		bool is_special = doc.len > 1 && doc.data[1] == '!';
		size_t len = is_special ? cdata_len(doc) : 0;
		if (len == 0 && is_special)
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

static void refuse(struct parse *p)
{
	p->is_refused = true;
	xmlStopParser(p->parser);
}

static void on_start(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
	int namespace_count, const xmlChar **namespaces, int attribute_count, int default_count,
	const xmlChar **attributes)
{
	struct parse *p = arg;
	struct strview local = sv((const char *)name);
	(void)prefix;
	(void)uri;
	(void)namespace_count;
	(void)namespaces;
	(void)attribute_count;
	(void)default_count;
	(void)attributes;
	if (p->is_refused)
		return;
	if (p->depth + 1 >= XML_DEPTH_MAX || local.len >= sizeof p->frames->name) {
		refuse(p);
		return;
	}
	struct frame *top = &p->frames[++p->depth];
	memcpy(top->name, local.data, local.len + 1);
	strbuf_reset(&top->text);
	if (p->handler && p->handler->open)
		p->handler->open(p->handler->arg, p->depth, local);
}

static void on_end(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct parse *p = arg;
	(void)name;
	(void)prefix;
	(void)uri;
	if (p->is_refused)
		return;
	int depth = p->depth--;
	struct frame *top = &p->frames[depth];
	if (p->handler && p->handler->close)
		p->handler->close(p->handler->arg, depth,
			sv(depth ? p->frames[depth - 1].name : ""), sv(top->name),
			strbuf_view(&top->text));
}

static void on_text(void *arg, const xmlChar *text, int len)
{
	struct parse *p = arg;
	if (p->depth >= 0 && !p->is_refused)
		strbuf_add(&p->frames[p->depth].text, (const char *)text, (size_t)len);
}

/* Of a DOCTYPE, which was looked for already. */
static void on_subset(
	void *arg, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
	(void)name;
	(void)external;
	(void)system;
	refuse(arg);
}

static const xmlSAXHandler sax = {.initialized = XML_SAX2_MAGIC,
	.startElementNs = on_start,
	.endElementNs = on_end,
	.characters = on_text,
	.cdataBlock = on_text,
	.ignorableWhitespace = on_text,
	.internalSubset = on_subset,
	.serror = on_error};

/* Whether the document is well-formed and nothing in it was refused. */
static bool run(struct parse *p, struct strview doc)
{
	p->depth = -1;
	for (int i = 0; i < XML_DEPTH_MAX; i++)
		strbuf_init_cap(&p->frames[i].text, XML_CAP_PAGE);
	p->frames[0].name[0] = '\0';
	catch_errors_of_thread();
	p->parser = xmlCreateMemoryParserCtxt(doc.data, (int)doc.len);
	xmlCharEncodingHandlerPtr utf8 = xmlFindCharEncodingHandler("UTF-8");
	if (!p->parser || !utf8)
		s3t_oom();
	xmlCtxtUseOptions(p->parser, XML_PARSE_NONET);
	*p->parser->sax = sax;
	p->parser->userData = p;
	/* whatever the document says of itself */
	p->parser->encoding = xmlStrdup((const xmlChar *)"UTF-8");
	if (!p->parser->encoding)
		s3t_oom();
	xmlSwitchToEncoding(p->parser, utf8);
	xmlParseDocument(p->parser);
	bool ok = p->parser->wellFormed && !p->is_refused;
	xmlFreeParserCtxt(p->parser);
	for (int i = 0; i < XML_DEPTH_MAX; i++)
		strbuf_deinit(&p->frames[i].text);
	return ok;
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
	if (memmem(doc.data, doc.len, "&#", 2)) {
		mend_references(&mended, doc);
		doc = strbuf_view(&mended);
	}
	struct parse p = {.handler = handler};
	bool ok = run(&p, doc);
	strbuf_deinit(&mended);
	if (root)
		memcpy(root, p.frames[0].name, sizeof p.frames->name);
	if (!ok)
		return s3t_fail(
			err, S3T_PROTOCOL, "The server's answer is not complete, well-formed XML.");
	return S3T_OK;
}

bool xml_indent(struct strview doc, struct strbuf *out)
{
	xmlChar *text = NULL;
	int len = 0;
	if (xml_parse(doc, NULL, NULL, NULL) != S3T_OK)
		return false;
	catch_errors_of_thread();
	xmlDocPtr tree = xmlReadMemory(
		doc.data, (int)doc.len, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOBLANKS);
	if (tree)
		xmlDocDumpFormatMemory(tree, &text, &len, 1);
	if (text)
		strbuf_add(out, (const char *)text, (size_t)len);
	xmlFree(text);
	xmlFreeDoc(tree);
	return len > 0;
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
