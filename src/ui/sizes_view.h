/* u: what takes the room below a place, as a tree to go down in, while it is still being counted.
 */
#ifndef UI_SIZES_VIEW_H
#define UI_SIZES_VIEW_H

struct app;
/* Of where the active pane is; in the list of buckets, of the one under the cursor. */
void sizes_view_open(struct app *app);

#endif
