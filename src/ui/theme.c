#include "ui/theme.h"

#include "ui/curses.h"

#include <stdlib.h>

static const struct {
	short foreground[2], background[2]; /* of 256 and of 8 colours */
	const char *with, *without;
} roles[THEME_ROLE_COUNT] = {
#define X(name, f256, b256, f8, b8, with, without) {{f256, f8}, {b256, b8}, with, without},
	THEME_ROLES(X)
#undef X
};

static attr_t attrs[THEME_ROLE_COUNT];
static short pairs[THEME_ROLE_COUNT];

static attr_t attributes(const char *letters)
{
	attr_t a = A_NORMAL;
	for (; *letters; letters++)
		a |= *letters == 'B'   ? A_BOLD
		     : *letters == 'R' ? A_REVERSE
		     : *letters == 'U' ? A_UNDERLINE
		     : *letters == 'D' ? A_DIM
				       : A_NORMAL;
	return a;
}

void theme_start(bool want_color)
{
	const char *no_color = getenv("NO_COLOR");
	bool has_color = want_color && !(no_color && *no_color) && has_colors() &&
			 start_color() == OK && COLORS >= 8;
	if (has_color)
		(void)use_default_colors();
	int few = has_color && COLORS < 256;
	for (int i = 0; i < THEME_ROLE_COUNT; i++) {
		attrs[i] = attributes(has_color ? roles[i].with : roles[i].without);
		pairs[i] = 0;
		short f = roles[i].foreground[few], b = roles[i].background[few];
		if (has_color && (f >= 0 || b >= 0) && init_pair((short)(i + 1), f, b) == OK)
			pairs[i] = (short)(i + 1);
	}
}

void theme_use(enum theme_role role)
{
	(void)wattr_set(stdscr, attrs[role], pairs[role], NULL);
}
