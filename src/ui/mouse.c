#include "ui/mouse.h"

/* The code's bits. */
enum { BUTTON = 3, SHIFT = 4, ALT = 8, CTRL = 16, MOTION = 32, WHEEL = 64, MORE_BUTTONS = 128 };
enum { CELL_MAX = 10000 };

bool mouse_decode(unsigned code, unsigned x, unsigned y, bool is_release, struct mouse_event *out)
{
	if (x == 0 || y == 0 || x > CELL_MAX || y > CELL_MAX || code >= MORE_BUTTONS)
		return false;
	*out = (struct mouse_event){.button = (enum mouse_button)(code & BUTTON),
		.y = (int)y - 1,
		.x = (int)x - 1,
		.modifiers = (code & SHIFT ? K_SHIFT : 0) | (code & ALT ? K_ALT : 0) |
			     (code & CTRL ? K_CTRL : 0)};
	if (code & WHEEL) {
		unsigned direction = code & BUTTON;
		if (is_release || direction > 1) /* 2 and 3: sideways */
			return false;
		out->kind = MOUSE_WHEEL;
		out->button = MOUSE_NO_BUTTON;
		out->wheel = direction ? 1 : -1;
	} else if (is_release) {
		out->kind = MOUSE_RELEASE;
	} else if (code & MOTION) {
		out->kind = MOUSE_MOVE;
	} else {
		out->kind = MOUSE_PRESS;
	}
	return true;
}
