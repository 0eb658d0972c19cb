/* Where the cursor is in a list and which rows are seen: pure arithmetic. */
#ifndef UI_CURSOR_H
#define UI_CURSOR_H

#include "ui/actions.h"

#include <stdbool.h>
#include <stddef.h>

struct cursor {
	size_t rows;   /* in the list */
	size_t height; /* rows that are seen */
	size_t at;     /* row of the cursor; 0 when there are none */
	size_t top;    /* first row seen */
};

void cursor_set_rows(struct cursor *c, size_t rows);
/* Keeps the cursor in sight, at the same distance from the top where possible. */
void cursor_set_height(struct cursor *c, size_t height);
void cursor_to(struct cursor *c, size_t row);
/* Puts the cursor on row without moving it on the screen, where possible: the rows around it
 * changed. */
void cursor_follow(struct cursor *c, size_t row);
void cursor_move(struct cursor *c, long by);
/* Scrolls what is seen; the cursor stays where it is as long as it is in sight. */
void cursor_scroll(struct cursor *c, long by);
void cursor_page(struct cursor *c, int pages);
void cursor_top(struct cursor *c);
void cursor_bottom(struct cursor *c);
/* What the actions that move in lists do; false if it is none of them. */
bool cursor_act(struct cursor *c, enum action action);

#endif
