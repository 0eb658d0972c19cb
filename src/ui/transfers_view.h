/* t: jobs and their items, a bar each; cancel, dismiss, retry. */
#ifndef UI_TRANSFERS_VIEW_H
#define UI_TRANSFERS_VIEW_H

struct app;
void transfers_view_open(struct app *app);

#endif
