/*
 * Bytes of a file as rows of a screen: decoding, wrapping, cutting. Pure; what comes out is
 * sanitised for a terminal.
 */
#ifndef UI_TEXTLINE_H
#define UI_TEXTLINE_H

#include "core/strbuf.h"

#include <stdint.h>

/* name, what it is called */
#define TEXT_ENCODINGS(X)       \
	X(UTF8, "UTF-8")        \
	X(LATIN1, "ISO-8859-1") \
	X(UTF16LE, "UTF-16LE")  \
	X(UTF16BE, "UTF-16BE")

enum text_encoding {
#define X(name, text) ENCODING_##name,
	TEXT_ENCODINGS(X)
#undef X
		ENCODING_COUNT
};

const char *encoding_name(enum text_encoding e);
/* By its byte order mark; UTF-8 without one. */
enum text_encoding encoding_guess(struct strview start);
/* Appends text (UTF-8) as the encoding writes it. False: it has characters that it cannot. */
bool encoding_write(enum text_encoding e, struct strview text, struct strbuf *out);
/* Whether these first bytes are no text: zeros in them. */
bool looks_binary(struct strview start);

/* The most bytes of one row. */
#define TEXTLINE_MAX ((size_t)64 << 10)

/* A row that begins with data. Returns how many bytes it takes, its newline with them; 0 if data is
 * empty. Appends what is seen in columns skip … skip + columns. is_wrapped: the row ends where the
 * columns do; else at the newline, or after TEXTLINE_MAX bytes. Tabs stand every eight columns. */
size_t textline_row(enum text_encoding e, struct strview data, bool is_wrapped, int skip,
	int columns, struct strbuf *out);

/* Where the row before `at` begins, of rows as textline_row() makes them; data is what stands
 * before and behind `at`. 0 if there is none. A line that begins before data begins with data. */
size_t textline_before(
	enum text_encoding e, struct strview data, size_t at, bool is_wrapped, int columns);

#endif
