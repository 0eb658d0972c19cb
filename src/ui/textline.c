#include "ui/textline.h"

#include "core/text.h"
#include "ui/draw.h"
#include "ui/key.h"

#include <string.h>

enum { TAB_COLUMNS = 8, REPLACEMENT = 0xfffd };

const char *encoding_name(enum text_encoding e)
{
	static const char *const names[] = {
#define X(name, text) text,
		TEXT_ENCODINGS(X)
#undef X
	};
	return names[e];
}

enum text_encoding encoding_guess(struct strview start)
{
	if (sv_starts_with(start, SV("\xff\xfe")))
		return ENCODING_UTF16LE;
	if (sv_starts_with(start, SV("\xfe\xff")))
		return ENCODING_UTF16BE;
	return ENCODING_UTF8;
}

bool looks_binary(struct strview start)
{
	return start.len && encoding_guess(start) == ENCODING_UTF8 &&
	       memchr(start.data, 0, start.len);
}

static bool is_wide(enum text_encoding e)
{
	return e == ENCODING_UTF16LE || e == ENCODING_UTF16BE;
}

static void write_unit(enum text_encoding e, uint32_t unit, struct strbuf *out)
{
	char low = (char)(unit & 0xff), high = (char)(unit >> 8);
	strbuf_add_char(out, e == ENCODING_UTF16LE ? low : high);
	strbuf_add_char(out, e == ENCODING_UTF16LE ? high : low);
}

bool encoding_write(enum text_encoding e, struct strview text, struct strbuf *out)
{
	if (e == ENCODING_UTF8) {
		strbuf_add_sv(out, text);
		return true;
	}
	while (text.len) {
		uint32_t c;
		size_t n = utf8_decode(text, &c);
		if (n == 0 || (e == ENCODING_LATIN1 && c > 0xff))
			return false;
		if (e == ENCODING_LATIN1) {
			strbuf_add_char(out, (char)c);
		} else if (c < 0x10000) {
			write_unit(e, c, out);
		} else {
			write_unit(e, 0xd800 + ((c - 0x10000) >> 10), out);
			write_unit(e, 0xdc00 + ((c - 0x10000) & 0x3ff), out);
		}
		text = sv_from(text, n);
	}
	return true;
}

/* One character; its bytes. What is none is one byte, as itself with *is_raw. */
static size_t decode(enum text_encoding e, struct strview s, uint32_t *c, bool *is_raw)
{
	const unsigned char *p = (const unsigned char *)s.data;
	*is_raw = false;
	*c = p[0];
	if (e == ENCODING_LATIN1)
		return 1;
	if (e == ENCODING_UTF8) {
		size_t n = utf8_decode(s, c);
		*is_raw = n == 0;
		return n ? n : 1;
	}
	int low = e == ENCODING_UTF16LE ? 0 : 1;
	if (s.len < 2) {
		*is_raw = true;
		return 1;
	}
	*c = (uint32_t)p[low] | (uint32_t)p[1 - low] << 8;
	if (*c < 0xd800 || *c > 0xdfff)
		return 2;
	uint32_t next = s.len >= 4 ? (uint32_t)p[2 + low] | (uint32_t)p[3 - low] << 8 : 0;
	if (*c > 0xdbff || next < 0xdc00 || next > 0xdfff) {
		*c = REPLACEMENT;
		return 2;
	}
	*c = 0x10000 + ((*c - 0xd800) << 10) + (next - 0xdc00);
	return 4;
}

/* What is seen of one character; the columns it takes. */
static int show(uint32_t c, bool is_raw, int column, struct strbuf *shown)
{
	static const char spaces[TAB_COLUMNS + 1] = "        ";
	char utf8[4];
	strbuf_reset(shown);
	if (c == '\t' && !is_raw) {
		int n = TAB_COLUMNS - column % TAB_COLUMNS;
		strbuf_add(shown, spaces, (size_t)n);
		return n;
	}
	if (is_raw) {
		char byte = (char)c;
		text_sanitise(shown, sv_n(&byte, 1));
	} else {
		text_sanitise(shown, sv_n(utf8, key_utf8(c, utf8)));
	}
	return text_columns(strbuf_view(shown));
}

/* Bytes up to the newline and with it, at most. */
static size_t rest_of_line(enum text_encoding e, struct strview data, size_t most)
{
	size_t len = data.len < most ? data.len : most;
	if (!is_wide(e)) {
		const char *newline = memchr(data.data, '\n', len);
		return newline ? (size_t)(newline - data.data) + 1 : len;
	}
	for (size_t at = 0; at + 1 < len; at += 2)
		if (data.data[at] == (e == ENCODING_UTF16LE ? '\n' : 0) &&
			data.data[at + 1] == (e == ENCODING_UTF16LE ? 0 : '\n'))
			return at + 2;
	return len;
}

size_t textline_row(enum text_encoding e, struct strview data, bool is_wrapped, int skip,
	int columns, struct strbuf *out)
{
	struct strbuf shown;
	size_t at = 0;
	int column = 0;
	strbuf_init(&shown);
	while (at < data.len && at < TEXTLINE_MAX) {
		uint32_t c;
		bool is_raw;
		if (!is_wrapped && column >= skip + columns) { /* only its end is looked for */
			at += rest_of_line(e, sv_from(data, at), TEXTLINE_MAX - at);
			break;
		}
		size_t n = decode(e, sv_from(data, at), &c, &is_raw);
		if (c == '\n' && !is_raw) {
			at += n;
			break;
		}
		if ((c == '\r' || c == 0xfeff) && !is_raw) { /* of "\r\n", and order marks */
			at += n;
			continue;
		}
		int w = show(c, is_raw, column, &shown);
		if (is_wrapped && column + w > columns && column > 0)
			break;
		if (column >= skip && column + w <= skip + columns)
			strbuf_add_sv(out, strbuf_view(&shown));
		column += w;
		at += n;
	}
	strbuf_deinit(&shown);
	return at;
}

/* Not in the middle of a character. */
static size_t align(enum text_encoding e, struct strview data, size_t at)
{
	if (is_wide(e))
		return at - at % 2;
	while (e == ENCODING_UTF8 && at < data.len && at > 0 &&
		((unsigned char)data.data[at] & 0xc0) == 0x80)
		at++;
	return at;
}

/* Where the line of `at` begins: behind the newline before it. */
static size_t line_begin(enum text_encoding e, struct strview data, size_t at)
{
	size_t unit = is_wide(e) ? 2 : 1, least = at > TEXTLINE_MAX ? at - TEXTLINE_MAX : 0;
	/* units of two stand at even places of the file; data begins at one */
	if (is_wide(e))
		at -= at % 2;
	while (at >= least + unit) {
		uint32_t c;
		bool is_raw;
		(void)decode(e, sv_n(data.data + at - unit, unit), &c, &is_raw);
		if (c == '\n')
			return at;
		at -= unit;
	}
	return align(e, data, at);
}

/* The last row before `at` of those that begin with the line's start. */
static size_t last_row(enum text_encoding e, struct strview data, size_t line, size_t at,
	bool is_wrapped, int columns)
{
	struct strbuf unused;
	strbuf_init(&unused);
	for (;;) {
		strbuf_reset(&unused);
		size_t n = textline_row(e, sv_n(data.data + line, data.len - line), is_wrapped, 0,
			columns, &unused);
		if (n == 0 || line + n >= at)
			break;
		line += n;
	}
	strbuf_deinit(&unused);
	return line;
}

size_t textline_before(
	enum text_encoding e, struct strview data, size_t at, bool is_wrapped, int columns)
{
	if (at == 0)
		return 0;
	size_t unit = is_wide(e) ? 2 : 1;
	/* the newline right before belongs to the row that is looked for */
	size_t line = line_begin(e, data, at > unit ? at - unit : 0);
	/* a line that has no beginning in reach: its rows end where this one begins */
	bool is_cut = line > 0 && at - line >= TEXTLINE_MAX;
	if (is_cut && !is_wrapped)
		return line;
	size_t row = last_row(e, data, line, at, is_wrapped, columns);
	if (is_cut)
		row = last_row(e, data, align(e, data, line + (at - row)), at, is_wrapped, columns);
	return row;
}
