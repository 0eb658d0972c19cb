/*
 * Codes of MFA devices: a thread that fetches credentials asks, a dialog answers.
 *
 * A question has two owners, the thread that waits and the UI; whoever is last frees it.
 */
#ifndef UI_ASK_CODE_H
#define UI_ASK_CODE_H

#include "core/creds.h"
#include "core/msgq.h"
#include "ui/app.h"

/* A creds_ask_fn; arg is the queue. Blocks until the dialog is answered; S3T_CREDENTIALS: it was
 * dismissed. */
enum s3t_rc ask_code(void *arg, const char *question, struct strbuf *answer, struct cancel *cancel,
	struct s3t_err *err);
/* Opens a dialog for each question. */
void ask_code_take(struct app *app, struct msgq *questions);
/* What nobody answered is refused. */
void ask_code_refuse(struct msgq *questions);

#endif
