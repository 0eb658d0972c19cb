/* Versions of objects in the active pane; UI thread only. */
#ifndef UI_VERSIONS_H
#define UI_VERSIONS_H

#include "core/s3.h"

struct app;

/* Whether the bucket of a path keeps versions: a task of the lister. Who may not ask, or whose
 * server does not tell, gets an error, which is nobody's concern. */
struct versions_question {
	struct s3_client *client;
	char *bucket;
	enum s3_versioning versioning; /* the answer */
};
struct versions_question *versions_question_new(struct s3_client *client, struct strview path);
void versions_question_free(void *arg);
enum s3t_rc versions_question_run(
	void *arg, struct http_conn *conn, struct cancel *cancel, struct s3t_err *err);

/* Whether a row's name is a version, which cannot be changed; then the status line says so. */
bool versions_refuse(struct app *app, struct strview name);
/* Shows them or no more. */
void versions_toggle(struct app *app);
/* Says of each bucket whose versions a pane begins to show if it keeps none. After each event. */
void versions_watch(struct app *app);
/* Takes away the delete markers of what is selected, of prefixes all below. */
void versions_undelete(struct app *app);
/* Makes the selected versions the latest again, by copies; rows that are no versions are archived
 * objects to be restored. */
void versions_restore(struct app *app);

#endif
