/*
 * Looks into a file or object of any size by reading ranges of it: text or hex, search, jump,
 * follow. A full screen on the stack.
 */
#ifndef UI_VIEWER_H
#define UI_VIEWER_H

#include "ui/app.h"

/* path is copied. */
void viewer_open(struct app *app, struct location *location, struct strview path);

#endif
