/* What comes from the terminal: keys, pasted text, the mouse, resizes. UI thread only. */
#ifndef UI_INPUT_H
#define UI_INPUT_H

#include "ui/key.h"
#include "ui/mouse.h"

enum input_kind { INPUT_NONE, INPUT_KEY, INPUT_TEXT, INPUT_MOUSE, INPUT_RESIZE, INPUT_KIND_COUNT };

struct input_event {
	enum input_kind kind;
	ui_key key;
	struct strview text; /* pasted; UTF-8; until the next call */
	struct mouse_event mouse;
};

struct input;
struct input *input_new(void);
void input_free(struct input *in);
/* The next event; false when nothing waits. Does not block, but for the rest of a sequence that has
 * begun (at most 20 ms). */
bool input_next(struct input *in, struct input_event *out);

#endif
