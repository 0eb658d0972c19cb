#include "core/text.h"

#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

size_t utf8_decode(struct strview s, uint32_t *codepoint)
{
	if (s.len == 0)
		return 0;
	const unsigned char *p = (const unsigned char *)s.data;
	if (p[0] < 0x80) {
		*codepoint = p[0];
		return 1;
	}
	size_t n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : p[0] >= 0xc2 ? 2 : 0;
	if (n == 0 || n > s.len || p[0] > 0xf4)
		return 0;
	uint32_t c = p[0] & (0x7fU >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3fU);
	}
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*codepoint = c;
	return n;
}

bool utf8_is_valid(struct strview s)
{
	uint32_t c;
	while (s.len) {
		size_t n = utf8_decode(s, &c);
		if (n == 0)
			return false;
		s = sv_from(s, n);
	}
	return true;
}

void utf8_drop_last(struct strbuf *sb)
{
	while (sb->len && ((unsigned char)sb->data[sb->len - 1] & 0xc0) == 0x80)
		strbuf_truncate(sb, sb->len - 1);
	if (sb->len)
		strbuf_truncate(sb, sb->len - 1);
}

void utf8_trim_end(char *text)
{
	size_t len = strlen(text), begin = len;
	while (begin && len - begin < 3 && ((unsigned char)text[begin - 1] & 0xc0) == 0x80)
		begin--;
	if (begin == 0 || (unsigned char)text[begin - 1] < 0xc0)
		return;
	begin--;
	unsigned char lead = (unsigned char)text[begin];
	if (len - begin < (lead >= 0xf0 ? 4U : lead >= 0xe0 ? 3U : 2U))
		text[begin] = '\0';
}

/* Characters that change what others look like or cannot be seen: bidi, zero width, separators,
 * variation and tag characters. */
static bool is_deceptive(uint32_t c)
{
	return (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0x061c || c == 0x180e || c == 0xfeff ||
	       c == 0x00ad || (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe0fff) ||
	       (c >= 0x115f && c <= 0x1160) || c == 0x3164 || c == 0xffa0;
}

static bool is_combining(uint32_t c)
{
	return (c >= 0x0300 && c <= 0x036f) || (c >= 0x0483 && c <= 0x0489) ||
	       (c >= 0x0591 && c <= 0x05bd) || (c >= 0x0610 && c <= 0x061a) ||
	       (c >= 0x064b && c <= 0x065f) || (c >= 0x0e47 && c <= 0x0e4e) ||
	       (c >= 0x1ab0 && c <= 0x1aff) || (c >= 0x1dc0 && c <= 0x1dff) ||
	       (c >= 0x20d0 && c <= 0x20ff) || (c >= 0xfe00 && c <= 0xfe0f) ||
	       (c >= 0xfe20 && c <= 0xfe2f) || (c >= 0x300 && wcwidth((wchar_t)c) == 0);
}

void text_sanitise(struct strbuf *out, struct strview s)
{
	int marks = 0;
	while (s.len) {
		uint32_t c = 0;
		size_t n = utf8_decode(s, &c);
		if (n == 0) {
			strbuf_addf(out, "\\x%02x", (unsigned char)s.data[0]);
			n = 1;
			marks = 0;
		} else if (c < 0x20 || (c >= 0x7f && c < 0xa0)) {
			strbuf_addf(out, "\\x%02x", (unsigned)c);
			marks = 0;
		} else if (is_deceptive(c)) {
			strbuf_addf(out, "\\u{%x}", (unsigned)c);
			marks = 0;
		} else if (is_combining(c) && ++marks > 2) {
			strbuf_addf(out, "\\u{%x}", (unsigned)c);
		} else {
			if (!is_combining(c))
				marks = 0;
			strbuf_add(out, s.data, n);
		}
		s = sv_from(s, n);
	}
}

char *text_sanitised(struct strview s)
{
	struct strbuf sb;
	strbuf_init(&sb);
	text_sanitise(&sb, s);
	return strbuf_take(&sb);
}

void text_size(uint64_t bytes, char out[TEXT_SIZE_MAX])
{
	static const char units[] = "KMGTPE";
	if (bytes < 1024) {
		snprintf(out, TEXT_SIZE_MAX, "%u B", (unsigned)bytes);
		return;
	}
	double value = (double)bytes / 1024;
	int unit = 0;
	while (value >= 1023.95 && unit < 5) {
		value /= 1024;
		unit++;
	}
	snprintf(out, TEXT_SIZE_MAX, "%.1f %ciB", value, units[unit]);
}

void text_count(uint64_t n, char out[32])
{
	char plain[24];
	int len = snprintf(plain, sizeof plain, "%llu", (unsigned long long)n);
	char *o = out;
	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			*o++ = ',';
		*o++ = plain[i];
	}
	*o = '\0';
}

void text_saving(uint64_t before, uint64_t after, char out[TEXT_SAVING_MAX])
{
	char from[TEXT_SIZE_MAX], to[TEXT_SIZE_MAX];
	text_size(before, from);
	text_size(after, to);
	snprintf(out, TEXT_SAVING_MAX, "compressed %s to %s: %u%% less", from, to,
		after < before ? (unsigned)((double)(before - after) * 100 / (double)before) : 0);
}

void text_duration(int64_t s, char out[32])
{
	if (s < 0)
		s = 0;
	if (s >= 3600)
		snprintf(out, 32, "%lld:%02d:%02d", (long long)(s / 3600), (int)(s / 60 % 60),
			(int)(s % 60));
	else
		snprintf(out, 32, "%d:%02d", (int)(s / 60), (int)(s % 60));
}

static locale_t utf8_locale;

static void make_locale(void)
{
	utf8_locale =
		newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL); /* whatever that of the person is */
}

bool text_is_alnum(uint32_t c)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	(void)pthread_once(&once, make_locale);
	return utf8_locale ? iswalnum_l((wint_t)c, utf8_locale) : iswalnum((wint_t)c);
}
