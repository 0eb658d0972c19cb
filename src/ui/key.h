/*
 * Keys as numbers: a Unicode character or one of K_UP …, with modifier bits. Control characters are
 * letters with K_CTRL; Tab, Enter, Esc and Backspace have names of their own. Free of curses.
 */
#ifndef UI_KEY_H
#define UI_KEY_H

#include "core/strbuf.h"

#include <stdint.h>

/* name, text in s3tui.ini */
#define KEY_TABLE(X)              \
	X(UP, "Up")               \
	X(DOWN, "Down")           \
	X(LEFT, "Left")           \
	X(RIGHT, "Right")         \
	X(HOME, "Home")           \
	X(END, "End")             \
	X(PGUP, "PgUp")           \
	X(PGDN, "PgDn")           \
	X(INSERT, "Insert")       \
	X(DELETE, "Del")          \
	X(BACKSPACE, "Backspace") \
	X(ENTER, "Enter")         \
	X(TAB, "Tab")             \
	X(ESC, "Esc")             \
	X(F1, "F1")               \
	X(F2, "F2")               \
	X(F3, "F3")               \
	X(F4, "F4")               \
	X(F5, "F5")               \
	X(F6, "F6")               \
	X(F7, "F7")               \
	X(F8, "F8")               \
	X(F9, "F9")               \
	X(F10, "F10")             \
	X(F11, "F11")             \
	X(F12, "F12")

enum key_code {
	K_NONE = 0,
	K_FIRST = 0x200000, /* above Unicode */
#define X(name, text) K_##name,
	KEY_TABLE(X)
#undef X
		K_LAST
};

#define K_SHIFT 0x01000000U
#define K_ALT 0x02000000U
#define K_CTRL 0x04000000U
#define K_CODE(key) ((key)&0x00ffffffU)

typedef uint32_t ui_key;

/* Reads "F5", "Ctrl-R", "Alt-Left", "Space", "+", "é"; 0 if it is none. */
ui_key key_parse(struct strview text);
/* The same backwards, for people. */
void key_text(ui_key key, char out[32]);
/* Whether it is a character that goes into a text field. */
bool key_is_text(ui_key key);
/* Its bytes; how many. */
size_t key_utf8(uint32_t codepoint, char out[4]);

#endif
