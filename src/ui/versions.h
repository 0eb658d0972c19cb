/* Versions of objects in the active pane; UI thread only. */
#ifndef UI_VERSIONS_H
#define UI_VERSIONS_H

#include "core/strbuf.h"

struct app;

/* Whether a row's name is a version, which cannot be changed; then the status line says so. */
bool versions_refuse(struct app *app, struct strview name);
/* Shows them or no more, and says where a bucket keeps none. */
void versions_toggle(struct app *app);
/* Takes away the delete markers of what is selected, of prefixes all below. */
void versions_undelete(struct app *app);
/* Makes the selected versions the latest again, by copies; rows that are no versions are archived
 * objects to be restored. */
void versions_restore(struct app *app);

#endif
