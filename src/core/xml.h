/*
 * Reading S3's XML answers: the only user of libxml2. Elements are matched by local name, since
 * services differ in their namespaces. No DTD, no entities, no network, no recovery; depth and size
 * are capped (threat T7). White space in front of the declaration is S3's keep-alive and is
 * skipped.
 */
#ifndef CORE_XML_H
#define CORE_XML_H

#include "core/strbuf.h"

#define XML_CAP_PAGE ((size_t)8 << 20)
#define XML_CAP_ERROR ((size_t)64 << 10)
#define XML_DEPTH_MAX 16
#define XML_TAG_MAX 2048

/* Called for each start tag; depth of the root is 0. */
typedef void (*xml_open_fn)(void *arg, int depth, struct strview name);
/* Called for each end tag with the text directly inside; parent is "" for the root. The views live
 * for the call. */
typedef void (*xml_close_fn)(
	void *arg, int depth, struct strview parent, struct strview name, struct strview text);

struct xml_handler {
	xml_open_fn open;   /* may be NULL */
	xml_close_fn close; /* may be NULL */
	void *arg;
};

/* Parses the whole document and calls handler. root (may be NULL) gets the root's local name. A
 * document that is cut, malformed, too deep, has a DOCTYPE or a tag of more than XML_TAG_MAX bytes
 * is S3T_PROTOCOL. */
enum s3t_rc xml_parse(struct strview doc, const struct xml_handler *handler, char root[64],
	struct s3t_err *err) S3T_MUST_CHECK;

/* Appends doc with a line for each element; false if xml_parse() refuses it. */
bool xml_indent(struct strview doc, struct strbuf *out);

/* Appends text as XML character data. False if it holds a byte that XML 1.0 cannot express or that
 * is not UTF-8; nothing is appended then. */
bool xml_escape(struct strbuf *out, struct strview text);

/* Once, before threads start / at exit. */
void xml_global_init(void);
void xml_global_cleanup(void);
const char *xml_version(void);

#endif
