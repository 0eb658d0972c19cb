/* L: every call to S3 since the start, the newest last; any of them as a curl command. */
#ifndef UI_LOG_VIEW_H
#define UI_LOG_VIEW_H

struct app;
void log_view_open(struct app *app);

#endif
