/* The bottom view: two panes, status line, transfer strip, F-key bar. */
#ifndef UI_BROWSER_H
#define UI_BROWSER_H

#include "ui/view.h"

struct view *browser_new(void);
/* Keys become the active pane's filter until Enter, Esc or Tab. */
void browser_start_filter(struct view *browser);
/* Keys become the beginning of a name that the cursor goes to, until another key comes. */
void browser_start_jump(struct view *browser);

#endif
