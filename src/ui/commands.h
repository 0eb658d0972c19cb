/* What the browser's actions do. */
#ifndef UI_COMMANDS_H
#define UI_COMMANDS_H

#include "ui/app.h"

/* False: not one of its actions. browser: the view that got it. */
bool command_run(struct app *app, struct view *browser, enum action action);

#endif
