#include "ui/theme.h"

#include "core/parse.h"
#include "ui/curses.h"

#include <stdlib.h>
#include <string.h>

enum palette { DARK_256, LIGHT_256, DARK_16, LIGHT_16, ANY_8, PALETTE_COUNT };

struct colors {
	short foreground, background;
};

static const struct {
	struct colors colors[PALETTE_COUNT];
	const char *with, *without;
} roles[THEME_ROLE_COUNT] = {
#define X(name, dark256, light256, dark16, light16, any8, with, without) \
	{{dark256, light256, dark16, light16, any8}, with, without},
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

/* "15;0", "0;default;15": the last number is the ground; 7 and 9 … 15 are light ones. */
static bool is_light(enum theme_ground ground)
{
	const char *hint = getenv("COLORFGBG"), *last = hint ? strrchr(hint, ';') : NULL;
	uint64_t color;
	if (ground != GROUND_AUTO || !last || !parse_u64(sv(last + 1), &color))
		return ground == GROUND_LIGHT;
	return color == 7 || (color >= 9 && color <= 15);
}

void theme_start(bool want_color, enum theme_ground ground)
{
	const char *no_color = getenv("NO_COLOR");
	bool has_color = want_color && !(no_color && *no_color) && has_colors() &&
			 start_color() == OK && COLORS >= 8;
	if (has_color)
		(void)use_default_colors();
	enum palette palette = has_color && COLORS >= 256  ? DARK_256
			       : has_color && COLORS >= 16 ? DARK_16
							   : ANY_8;
	if (palette != ANY_8 && is_light(ground))
		palette++;
	for (int i = 0; i < THEME_ROLE_COUNT; i++) {
		attrs[i] = attributes(has_color ? roles[i].with : roles[i].without);
		pairs[i] = 0;
		struct colors c = roles[i].colors[palette];
		if (has_color && (c.foreground >= 0 || c.background >= 0) &&
			init_pair((short)(i + 1), c.foreground, c.background) == OK)
			pairs[i] = (short)(i + 1);
	}
}

enum theme_role theme_frame(const char *color, bool is_active)
{
	static const char *const names[] = {"red", "green", "yellow", "blue", "magenta", "cyan"};
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(color, names[i]) == 0)
			return (is_active ? THEME_FRAME_RED_ACTIVE : THEME_FRAME_RED) + i;
	return is_active ? THEME_FRAME_ACTIVE : THEME_FRAME;
}

void theme_use(enum theme_role role)
{
	(void)wattr_set(stdscr, attrs[role], pairs[role], NULL);
}
