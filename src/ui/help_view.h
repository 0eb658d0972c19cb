/* F1: every key as it is bound now; in the demo also how another client gets in. */
#ifndef UI_HELP_VIEW_H
#define UI_HELP_VIEW_H

struct app;
void help_view_open(struct app *app);

#endif
