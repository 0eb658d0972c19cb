/* Counts since the start, on a screen of their own: transfers, rates, latency by operation, errors.
 */
#ifndef UI_METRICS_VIEW_H
#define UI_METRICS_VIEW_H

struct app;
void metrics_view_open(struct app *app);

#endif
