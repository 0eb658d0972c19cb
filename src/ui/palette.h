/* Lists the actions of the view it is opened over, and runs the one that is chosen. */
#ifndef UI_PALETTE_H
#define UI_PALETTE_H

#include "ui/app.h"

/* over: gets the action; it must stay while the palette is open, as what is below does. */
void palette_open(struct app *app, struct view *over);

#endif
