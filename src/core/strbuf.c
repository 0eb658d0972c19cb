#include "core/strbuf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SMALL_MAX = 64 << 10 };

static char empty[1];
static void (*oom_hook)(void);

struct strview sv(const char *text)
{
	return (struct strview){text ? text : "", text ? strlen(text) : 0};
}

struct strview sv_n(const char *data, size_t len)
{
	return (struct strview){data, len};
}

bool sv_eq(struct strview a, struct strview b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool sv_starts_with(struct strview s, struct strview prefix)
{
	return s.len >= prefix.len &&
	       (prefix.len == 0 || memcmp(s.data, prefix.data, prefix.len) == 0);
}

bool sv_ends_with(struct strview s, struct strview suffix)
{
	return s.len >= suffix.len && (suffix.len == 0 || memcmp(s.data + s.len - suffix.len,
								  suffix.data, suffix.len) == 0);
}

size_t sv_find(struct strview s, char c)
{
	const char *p = s.len ? memchr(s.data, c, s.len) : NULL;
	return p ? (size_t)(p - s.data) : s.len;
}

struct strview sv_trim(struct strview s)
{
	while (s.len && (s.data[0] == ' ' || (s.data[0] >= '\t' && s.data[0] <= '\r'))) {
		s.data++;
		s.len--;
	}
	while (s.len && (s.data[s.len - 1] == ' ' ||
				(s.data[s.len - 1] >= '\t' && s.data[s.len - 1] <= '\r')))
		s.len--;
	return s;
}

struct strview sv_from(struct strview s, size_t start)
{
	return start >= s.len ? sv_n("", 0) : sv_n(s.data + start, s.len - start);
}

struct strview sv_line_value(struct strview lines, const char *name)
{
	while (lines.len) {
		struct strview line = sv_n(lines.data, sv_find(lines, '\n'));
		size_t colon = sv_find(line, ':');
		if (sv_eq_nocase(sv_n(line.data, colon), sv(name)))
			return sv_trim(sv_from(line, colon + 1));
		lines = sv_from(lines, line.len + 1);
	}
	return SV("");
}

struct strview sv_next_word(struct strview *rest)
{
	size_t space = sv_find(*rest, ' ');
	struct strview word = sv_n(rest->data, space);
	*rest = sv_from(*rest, space + 1);
	return word;
}

int sv_cmp(struct strview a, struct strview b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int order = n ? memcmp(a.data, b.data, n) : 0;
	return order ? order : (a.len > b.len) - (a.len < b.len);
}

static char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool sv_eq_nocase(struct strview a, struct strview b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (ascii_lower(a.data[i]) != ascii_lower(b.data[i]))
			return false;
	return true;
}

uint64_t sv_hash(struct strview s)
{
	uint64_t h = 0xcbf29ce484222325U;
	for (size_t i = 0; i < s.len; i++)
		h = (h ^ (unsigned char)s.data[i]) * 0x100000001b3U;
	return h ^ h >> 29;
}

bool sv_contains_nocase(struct strview text, struct strview part)
{
	for (size_t i = 0; i + part.len <= text.len; i++)
		if (sv_eq_nocase(sv_n(text.data + i, part.len), part))
			return true;
	return false;
}

void strbuf_init(struct strbuf *sb)
{
	strbuf_init_cap(sb, STRBUF_CAP_DEFAULT);
}

void strbuf_init_cap(struct strbuf *sb, size_t cap)
{
	*sb = (struct strbuf){.data = empty, .cap = cap};
}

void strbuf_deinit(struct strbuf *sb)
{
	if (sb->data != empty)
		free(sb->data);
	strbuf_init_cap(sb, sb->cap);
}

void strbuf_deinit_wipe(struct strbuf *sb)
{
	if (sb->capacity)
		explicit_bzero(sb->data, sb->capacity);
	strbuf_deinit(sb);
}

void strbuf_reset(struct strbuf *sb)
{
	sb->len = 0;
	sb->failed = false;
	if (sb->capacity)
		sb->data[0] = '\0';
}

static bool reserve(struct strbuf *sb, size_t more)
{
	if (sb->failed || more > sb->cap || sb->len > sb->cap - more) {
		sb->failed = true;
		return false;
	}
	size_t need = sb->len + more + 1;
	if (need <= sb->capacity)
		return true;
	size_t grown = sb->capacity < 64 ? 64 : sb->capacity * 2;
	if (grown < need)
		grown = need;
	char *data = realloc(sb->data == empty ? NULL : sb->data, grown);
	if (!data) {
		if (grown <= SMALL_MAX)
			s3t_oom();
		sb->failed = true;
		return false;
	}
	sb->data = data;
	sb->capacity = grown;
	return true;
}

void strbuf_add(struct strbuf *sb, const void *data, size_t len)
{
	if (len == 0 || !reserve(sb, len))
		return;
	memcpy(sb->data + sb->len, data, len);
	sb->len += len;
	sb->data[sb->len] = '\0';
}

void strbuf_add_char(struct strbuf *sb, char c)
{
	strbuf_add(sb, &c, 1);
}

void strbuf_add_str(struct strbuf *sb, const char *text)
{
	strbuf_add(sb, text, strlen(text));
}

void strbuf_add_sv(struct strbuf *sb, struct strview s)
{
	strbuf_add(sb, s.data, s.len);
}

void strbuf_vaddf(struct strbuf *sb, const char *fmt, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	int len = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (len < 0 || !reserve(sb, (size_t)len)) {
		sb->failed = true;
		return;
	}
	vsnprintf(sb->data + sb->len, (size_t)len + 1, fmt, ap);
	sb->len += (size_t)len;
}

void strbuf_addf(struct strbuf *sb, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	strbuf_vaddf(sb, fmt, ap);
	va_end(ap);
}

void strbuf_truncate(struct strbuf *sb, size_t len)
{
	if (len < sb->len) {
		sb->len = len;
		sb->data[len] = '\0';
	}
}

bool strbuf_ok(const struct strbuf *sb)
{
	return !sb->failed;
}

struct strview strbuf_view(const struct strbuf *sb)
{
	return sv_n(sb->data, sb->len);
}

char *strbuf_take(struct strbuf *sb)
{
	char *data = sb->data == empty ? s3t_strdup("") : sb->data;
	strbuf_init_cap(sb, sb->cap);
	return data;
}

void s3t_set_oom_hook(void (*hook)(void))
{
	oom_hook = hook;
}

void s3t_oom(void)
{
	if (oom_hook)
		oom_hook();
	fputs("s3tui: out of memory\n", stderr);
	_Exit(1);
}

void *s3t_alloc(size_t size)
{
	void *p = calloc(1, size ? size : 1);
	if (!p)
		s3t_oom();
	return p;
}

char *s3t_strdup(const char *text)
{
	return s3t_strndup(text, strlen(text));
}

char *s3t_strndup(const char *data, size_t len)
{
	char *copy = s3t_alloc(len + 1);
	if (len)
		memcpy(copy, data, len);
	return copy;
}

char *s3t_asprintf(const char *fmt, ...)
{
	struct strbuf sb;
	strbuf_init(&sb);
	va_list ap;
	va_start(ap, fmt);
	strbuf_vaddf(&sb, fmt, ap);
	va_end(ap);
	if (!strbuf_ok(&sb))
		s3t_oom();
	return strbuf_take(&sb);
}
