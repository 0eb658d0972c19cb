/* Lines at the bottom of the screen. */
#ifndef UI_STRIP_H
#define UI_STRIP_H

#include "ui/app.h"

/* "[#####---] 42%  3 running 12 waiting 1 failed  118 MiB/s  1:20 left" */
void strip_draw(const struct progress *p, int y, int w);
/* The F-key bar of a context, over the whole width; in the demo it says so. */
void strip_draw_keys(const struct app *app, unsigned context, int y);
/* What stands in column x of it; ACTION_NONE if nothing does. */
enum action strip_key_at(const struct app *app, unsigned context, int x);

#endif
