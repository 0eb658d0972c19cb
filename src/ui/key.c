#include "ui/key.h"

#include "core/text.h"

#include <stdio.h>
#include <strings.h>

static const char *const names[] = {
#define X(name, text) text,
	KEY_TABLE(X)
#undef X
};

static bool take_prefix(struct strview *s, struct strview prefix)
{
	if (s->len <= prefix.len || !sv_eq_nocase(sv_n(s->data, prefix.len), prefix))
		return false;
	*s = sv_from(*s, prefix.len);
	return true;
}

static ui_key parse_plain(struct strview s)
{
	for (uint32_t i = 0; i < K_LAST - K_FIRST - 1; i++)
		if (sv_eq_nocase(s, sv(names[i])))
			return K_FIRST + 1 + i;
	if (sv_eq_nocase(s, SV("Space")))
		return ' ';
	if (sv_eq_nocase(s, SV("Delete")))
		return K_DELETE;
	uint32_t c;
	size_t n = utf8_decode(s, &c);
	return n == s.len && n > 0 && c > ' ' && c != 0x7f ? c : 0;
}

ui_key key_parse(struct strview text)
{
	uint32_t mods = 0;
	for (;;) {
		if (take_prefix(&text, SV("Ctrl-")))
			mods |= K_CTRL;
		else if (take_prefix(&text, SV("Alt-")))
			mods |= K_ALT;
		else if (take_prefix(&text, SV("Shift-")))
			mods |= K_SHIFT;
		else
			break;
	}
	ui_key key = parse_plain(text);
	if (!key)
		return 0;
	/* with Ctrl a terminal cannot tell upper from lower case */
	if (mods & K_CTRL && key >= 'A' && key <= 'Z')
		key += 'a' - 'A';
	if (mods & K_SHIFT && key < K_FIRST)
		return 0; /* a shifted character is another character */
	return key | mods;
}

void key_text(ui_key key, char out[32])
{
	uint32_t code = K_CODE(key);
	char plain[16];
	if (code > K_FIRST && code < K_LAST) {
		snprintf(plain, sizeof plain, "%s", names[code - K_FIRST - 1]);
	} else if (code == ' ') {
		snprintf(plain, sizeof plain, "Space");
	} else if (key & K_CTRL && code >= 'a' && code <= 'z') {
		snprintf(plain, sizeof plain, "%c", (char)(code - 'a' + 'A'));
	} else if (code < 0x80) {
		snprintf(plain, sizeof plain, "%c", (char)code);
	} else {
		char utf8[5];
		utf8[key_utf8(code, utf8)] = '\0';
		snprintf(plain, sizeof plain, "%s", utf8);
	}
	snprintf(out, 32, "%s%s%s%s", key & K_CTRL ? "Ctrl-" : "", key & K_ALT ? "Alt-" : "",
		key & K_SHIFT ? "Shift-" : "", plain);
}

bool key_is_text(ui_key key)
{
	return key >= ' ' && key != 0x7f && key < K_FIRST;
}

size_t key_utf8(uint32_t c, char out[4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = n - 1; i > 0; i--) {
		out[i] = (char)(0x80 | (c & 0x3f));
		c >>= 6;
	}
	static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
	out[0] = (char)(lead[n] | c);
	return n;
}
