/*
 * A list that is narrowed by typing (fuzzy.h) and from which one row is chosen: the palette,
 * bookmarks, profiles. A dialog on the stack; UI thread only.
 */
#ifndef UI_CHOOSER_H
#define UI_CHOOSER_H

#include "ui/app.h"

struct chooser;

struct chooser_ops {
	const char *title;
	const char *hint; /* in the lower border; NULL: none */
	/* A row was chosen; the chooser is closing. */
	void (*choose)(struct app *app, void *arg, size_t row);
	/* Del: true if the row is to go from the list; NULL: rows stay. */
	bool (*remove)(struct app *app, void *arg, size_t row);
	void (*free_arg)(void *arg); /* may be NULL */
};

/* ops are borrowed for good. Add the rows, then open it. */
struct chooser *chooser_new(const struct chooser_ops *ops, void *arg);
/* Numbered from 0 as added. text, and right at the right end, are sanitised; hidden is matched as
 * well, may be "". All are copied. */
void chooser_add(struct chooser *c, const char *text, const char *right, const char *hidden);
void chooser_open(struct app *app, struct chooser *c);

#endif
