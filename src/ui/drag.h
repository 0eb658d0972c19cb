/*
 * What the mouse does in the browser: clicks, marking with the right button, and dragging rows from
 * one place to another. What is dragged is taken when it begins to move, so that a listing that
 * changes meanwhile changes nothing of it. UI thread only.
 */
#ifndef UI_DRAG_H
#define UI_DRAG_H

#include "ui/app.h"

struct drag;

struct drag *drag_new(struct app *app);
void drag_free(struct drag *d);
/* Within the panes, which stand in rects. */
void drag_on_mouse(struct drag *d, const struct rect rects[2], const struct mouse_event *m);
/* Something else is in front now. */
void drag_cancel(struct drag *d);
/* While something is dragged: 'm' copies or moves, Esc lets it go, all others are swallowed. */
bool drag_on_key(struct drag *d, ui_key key);
/* The time of app_set_timer(): the edge scrolls. */
void drag_on_timer(struct drag *d, const struct rect rects[2]);
/* Before the panes are drawn: what they light up. */
void drag_show_target(struct drag *d, const struct rect rects[2]);
/* The label at the pointer. */
void drag_draw(const struct drag *d);

#endif
