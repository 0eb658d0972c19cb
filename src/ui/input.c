/*
 * Keys through curses, which knows the terminal's own sequences, and the rest through a reader of
 * control sequences: the mouse, modified arrows, bracketed paste, and whatever a terminal may send
 * besides, which is swallowed to its final byte, so that it never becomes keys.
 *
 * Reading is done on a pad: reading on a window would refresh it.
 */
#include "ui/input.h"

#include "ui/curses.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	CODE_PASTE = KEY_MAX + 2000, /* far from those that curses makes for itself */
	CODE_PASTE_END,
	CODE_MOUSE,
	SEQUENCE_MAX = 64,
	PASTE_MAX = 1 << 20,
};

struct input {
	WINDOW *pad;
	struct strbuf paste;
	int waiting_rc; /* of a code that was read too early; ERR: none */
	wint_t waiting;
};

struct input *input_new(void)
{
	struct input *in = s3t_alloc(sizeof *in);
	in->pad = newpad(1, 1);
	if (!in->pad)
		s3t_oom();
	(void)keypad(in->pad, TRUE);
	(void)nodelay(in->pad, TRUE);
	strbuf_init_cap(&in->paste, PASTE_MAX);
	in->waiting_rc = ERR;
	(void)define_key("\033[200~", CODE_PASTE);
	(void)define_key("\033[201~", CODE_PASTE_END);
	(void)define_key("\033[<", CODE_MOUSE);
	return in;
}

void input_free(struct input *in)
{
	if (!in)
		return;
	(void)delwin(in->pad);
	strbuf_deinit(&in->paste);
	free(in);
}

/* The next character or code of curses; ERR when nothing waits. */
static int read_code(struct input *in, wint_t *c)
{
	int rc = in->waiting_rc;
	if (rc == ERR)
		return wget_wch(in->pad, c);
	in->waiting_rc = ERR;
	*c = in->waiting;
	return rc;
}

static void put_back(struct input *in, int rc, wint_t c)
{
	in->waiting_rc = rc;
	in->waiting = c;
}

/* The same for the rest of something that has begun. */
static int read_rest(struct input *in, wint_t *c)
{
	int rc = read_code(in, c);
	if (rc != ERR)
		return rc;
	struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
	(void)poll(&p, 1, 20);
	return read_code(in, c);
}

/* What stands behind "\033[", up to its final byte. */
struct sequence {
	unsigned params[4];
	int count;
	char final, intro;
};

static ui_key with_modifiers(ui_key key, unsigned xterm_modifier)
{
	unsigned bits = xterm_modifier ? xterm_modifier - 1 : 0;
	return key | (bits & 1 ? K_SHIFT : 0) | (bits & 2 ? K_ALT : 0) | (bits & 4 ? K_CTRL : 0);
}

static ui_key sequence_key(const struct sequence *s)
{
	static const struct {
		char final;
		ui_key key;
	} letters[] = {{'A', K_UP}, {'B', K_DOWN}, {'C', K_RIGHT}, {'D', K_LEFT}, {'H', K_HOME},
		{'F', K_END}, {'P', K_F1}, {'Q', K_F2}, {'R', K_F3}, {'S', K_F4}, {'M', K_ENTER}};
	static const ui_key numbers[] = {[1] = K_HOME,
		[2] = K_INSERT,
		[3] = K_DELETE,
		[4] = K_END,
		[5] = K_PGUP,
		[6] = K_PGDN,
		[7] = K_HOME,
		[8] = K_END,
		[11] = K_F1,
		[12] = K_F2,
		[13] = K_F3,
		[14] = K_F4,
		[15] = K_F5,
		[17] = K_F6,
		[18] = K_F7,
		[19] = K_F8,
		[20] = K_F9,
		[21] = K_F10,
		[23] = K_F11,
		[24] = K_F12};
	unsigned modifier = s->count > 1 ? s->params[1] : 0;
	if (s->intro)
		return 0;
	if (s->final == 'Z')
		return K_TAB | K_SHIFT;
	for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
		if (s->final == letters[i].final)
			return with_modifiers(letters[i].key, modifier);
	unsigned n = s->params[0];
	if (s->final == '~' && n < sizeof numbers / sizeof *numbers && numbers[n])
		return with_modifiers(numbers[n], modifier);
	return 0;
}

/* Takes one character of a sequence; true when it was the final one. */
static bool sequence_take(struct sequence *s, wint_t c)
{
	if (c >= '0' && c <= '9') {
		unsigned *p = &s->params[s->count ? s->count - 1 : 0];
		if (s->count == 0)
			s->count = 1;
		if (*p < 100000)
			*p = *p * 10 + (unsigned)(c - '0');
	} else if (c == ';' || c == ':') {
		if (s->count == 0)
			s->count = 1;
		if (s->count < 4)
			s->count++;
	} else if (c >= 0x3c && c <= 0x3f) {
		s->intro = (char)c;
	} else if (c >= 0x40 && c <= 0x7e) {
		s->final = (char)c;
		return true;
	}
	return false;
}

enum sequence_end { SEQUENCE_WHOLE, SEQUENCE_BROKEN, SEQUENCE_NONE };

/* "\033[" was read, and intro, if it is not 0. SEQUENCE_NONE: nothing stood behind it. */
static enum sequence_end read_sequence(struct input *in, char intro, struct sequence *s)
{
	*s = (struct sequence){.intro = intro};
	for (int i = 0; i < SEQUENCE_MAX; i++) {
		wint_t c;
		int rc = read_rest(in, &c);
		if (rc == KEY_CODE_YES && c == KEY_RESIZE)
			continue;
		if (rc == ERR)
			return i == 0 && !intro ? SEQUENCE_NONE : SEQUENCE_BROKEN;
		if (rc == KEY_CODE_YES || c < ' ')
			return SEQUENCE_BROKEN;
		if (sequence_take(s, c))
			return SEQUENCE_WHOLE;
	}
	return SEQUENCE_BROKEN;
}

static ui_key read_sequence_key(struct input *in)
{
	struct sequence s;
	enum sequence_end end = read_sequence(in, 0, &s);
	if (end == SEQUENCE_NONE) /* the person pressed Alt-[ */
		return '[' | K_ALT;
	return end == SEQUENCE_WHOLE ? sequence_key(&s) : 0;
}

/* "\033[<" was read. */
static bool read_mouse(struct input *in, struct mouse_event *out)
{
	struct sequence s;
	if (read_sequence(in, '<', &s) != SEQUENCE_WHOLE || s.count != 3 ||
		(s.final != 'M' && s.final != 'm'))
		return false;
	return mouse_decode(s.params[0], s.params[1], s.params[2], s.final == 'm', out);
}

/* A character that is no function key. */
static ui_key plain_key(wint_t c)
{
	switch (c) {
	case 0:
		return ' ' | K_CTRL;
	case 8:
	case 127:
		return K_BACKSPACE;
	case 9:
		return K_TAB;
	case 10:
	case 13:
		return K_ENTER;
	case 27:
		return K_ESC;
	default:
		break;
	}
	if (c < 27)
		return (ui_key)(c + 'a' - 1) | K_CTRL;
	if (c < ' ')
		return (ui_key)(c + '@') | K_CTRL;
	return c < 0x110000 ? (ui_key)c : 0;
}

static ui_key function_key(int code)
{
	static const struct {
		int code;
		ui_key key;
	} rows[] = {{KEY_UP, K_UP}, {KEY_DOWN, K_DOWN}, {KEY_LEFT, K_LEFT}, {KEY_RIGHT, K_RIGHT},
		{KEY_HOME, K_HOME}, {KEY_END, K_END}, {KEY_PPAGE, K_PGUP}, {KEY_NPAGE, K_PGDN},
		{KEY_IC, K_INSERT}, {KEY_DC, K_DELETE}, {KEY_BACKSPACE, K_BACKSPACE},
		{KEY_ENTER, K_ENTER}, {KEY_BTAB, K_TAB | K_SHIFT}, {KEY_SLEFT, K_LEFT | K_SHIFT},
		{KEY_SRIGHT, K_RIGHT | K_SHIFT}, {KEY_SR, K_UP | K_SHIFT},
		{KEY_SF, K_DOWN | K_SHIFT}, {KEY_SDC, K_DELETE | K_SHIFT},
		{KEY_SHOME, K_HOME | K_SHIFT}, {KEY_SEND, K_END | K_SHIFT}, {KEY_A1, K_HOME},
		{KEY_A3, K_PGUP}, {KEY_C1, K_END}, {KEY_C3, K_PGDN}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].code == code)
			return rows[i].key;
	if (code >= KEY_F(1) && code <= KEY_F(12))
		return K_F1 + (ui_key)(code - KEY_F(1));
	/* terminfo's extended names (Alt-Left and the like): read what stands behind them */
	char *text = keybound(code, 0);
	ui_key key = 0;
	if (text && text[0] == 27 && text[1] == '[') {
		struct sequence s = {.count = 0};
		for (const char *p = text + 2; *p; p++)
			if (sequence_take(&s, (unsigned char)*p)) {
				key = sequence_key(&s);
				break;
			}
	}
	free(text);
	return key;
}

/* ESC was read: alone it is a key, before another it means Alt. */
static ui_key read_escape(struct input *in)
{
	wint_t c;
	int rc = read_code(in, &c);
	if (rc == ERR)
		return K_ESC;
	bool is_event = rc == KEY_CODE_YES &&
			(c == KEY_RESIZE || c == (wint_t)CODE_MOUSE || c == (wint_t)CODE_PASTE);
	if (is_event || (rc == OK && c == 27)) { /* Esc, and then something else */
		put_back(in, rc, c);
		return K_ESC;
	}
	if (rc == KEY_CODE_YES)
		return function_key((int)c) | K_ALT;
	if (c == '[')
		return read_sequence_key(in);
	if (c == 'O') {
		struct sequence s = {.count = 0};
		wint_t next;
		if (read_rest(in, &next) == ERR)
			return 'O' | K_ALT;
		return sequence_take(&s, next) ? sequence_key(&s) : 0;
	}
	return plain_key(c) | K_ALT;
}

/* Everything up to the end mark is text; a paste that never ends is cut off after a second. */
static void read_paste(struct input *in)
{
	strbuf_reset(&in->paste);
	for (int silent = 0; silent < 50;) {
		wint_t c;
		int rc = read_rest(in, &c);
		if (rc == ERR) {
			silent++;
			continue;
		}
		silent = 0;
		if (rc == KEY_CODE_YES && c == (wint_t)CODE_PASTE_END)
			return;
		if (rc == KEY_CODE_YES || (c < ' ' && c != '\n' && c != '\r' && c != '\t') ||
			c == 0x7f)
			continue;
		char utf8[4];
		strbuf_add(&in->paste, utf8, key_utf8(c == '\r' ? '\n' : (uint32_t)c, utf8));
	}
}

bool input_next(struct input *in, struct input_event *out)
{
	for (;;) {
		*out = (struct input_event){.kind = INPUT_KEY};
		wint_t c;
		int rc = read_code(in, &c);
		if (rc == ERR)
			return false;
		if (rc == KEY_CODE_YES && c == KEY_RESIZE) {
			out->kind = INPUT_RESIZE;
			return true;
		}
		if (rc == KEY_CODE_YES && c == (wint_t)CODE_PASTE) {
			read_paste(in);
			out->kind = INPUT_TEXT;
			out->text = strbuf_view(&in->paste);
			return true;
		}
		if (rc == KEY_CODE_YES && c == (wint_t)CODE_MOUSE) {
			out->kind = INPUT_MOUSE;
			if (read_mouse(in, &out->mouse))
				return true;
			continue;
		}
		if (rc == KEY_CODE_YES)
			out->key = function_key((int)c);
		else if (c == 27)
			out->key = read_escape(in);
		else
			out->key = plain_key(c);
		if (out->key)
			return true;
	}
}
