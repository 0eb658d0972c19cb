/*
 * A screen element. The browser is the bottom of a stack; dialogs and full screens are put on top
 * of it (app_push), get all keys while they are there, and never run a loop of their own. A view is
 * embedded as the first member of its own struct. UI thread only.
 *
 * A key goes to the top view: on_key first (text fields), then, if that returned false, the action
 * that the key map finds for the view's context goes to on_action. What no view wants is dropped.
 */
#ifndef UI_VIEW_H
#define UI_VIEW_H

#include "transfer/engine.h"
#include "transfer/lister.h"
#include "ui/actions.h"
#include "ui/draw.h"
#include "ui/input.h"

struct app;
struct view;

struct view_ops {
	unsigned context; /* CTX_*, for the key map */
	bool is_opaque;   /* covers the whole screen: nothing below is drawn */
	/* Draws all of it; the views below have been drawn. */
	void (*draw)(struct view *v);
	/* The rest may be NULL. INPUT_KEY and INPUT_TEXT; true: done with it. */
	bool (*on_key)(struct view *v, const struct input_event *in);
	bool (*on_action)(struct view *v, enum action action);
	/* The top view only, like keys. */
	void (*on_mouse)(struct view *v, const struct mouse_event *m);
	/* The time that app_set_timer() asked for has come. */
	void (*on_timer)(struct view *v);
	/* Every event of the engine, to every view; borrowed. */
	void (*on_event)(struct view *v, const struct event *e);
	/* An event of the lister: true if it was this view's; it may take e->page or e->arg by
	 * setting them to NULL. */
	bool (*on_list)(struct view *v, struct lister_event *e);
	/* The terminal has another size (screen_rows(), screen_cols()). */
	void (*resize)(struct view *v);
	/* Ten times a second while jobs run, after the snapshot was renewed. */
	void (*tick)(struct view *v, int64_t now_ms);
	/* Long work in slices of at most 5 ms: true while there is more. */
	bool (*work)(struct view *v);
	/* Frees the view. */
	void (*destroy)(struct view *v);
};

struct view {
	const struct view_ops *ops;
	struct app *app;    /* set by app_push() */
	struct view *below; /* the app's */
	bool is_closing;    /* the app's */
};

#endif
