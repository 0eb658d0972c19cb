/*
 * Text into the person's clipboard: through tmux, Wayland or X11 by their own programs, else by the
 * terminal (OSC 52), which never tells whether it worked.
 */
#ifndef UI_CLIPBOARD_H
#define UI_CLIPBOARD_H

#include "core/strbuf.h"

enum clipboard_way {
	CLIPBOARD_NONE,
	CLIPBOARD_TMUX,
	CLIPBOARD_WAYLAND,
	CLIPBOARD_X11,
	CLIPBOARD_OSC52,
	CLIPBOARD_WAY_COUNT
};

/* Waits at most a second for a program. CLIPBOARD_NONE: text is too long for the terminal. */
enum clipboard_way clipboard_set(struct strview text);
/* "copied to tmux's buffer", "sent to the terminal, which may refuse it" … */
const char *clipboard_sentence(enum clipboard_way way);

#endif
