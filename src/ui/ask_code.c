#include "ui/ask_code.h"

#include "ui/form.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct question {
	struct msg msg;
	char *text; /* immutable after new */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* guarded by lock */
	int refs;
	bool is_over;
	char *answer; /* NULL: dismissed */
};

static void question_unref(struct question *q)
{
	pthread_mutex_lock(&q->lock);
	bool is_last = --q->refs == 0;
	pthread_mutex_unlock(&q->lock);
	if (!is_last)
		return;
	if (q->answer)
		explicit_bzero(q->answer, strlen(q->answer));
	free(q->answer);
	free(q->text);
	pthread_cond_destroy(&q->changed);
	pthread_mutex_destroy(&q->lock);
	free(q);
}

/* The UI's part ends. */
static void question_answer(struct question *q, const char *answer, size_t len)
{
	pthread_mutex_lock(&q->lock);
	q->is_over = true;
	q->answer = answer ? s3t_strndup(answer, len) : NULL;
	pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->lock);
	question_unref(q);
}

static void wake(void *arg)
{
	struct question *q = arg;
	pthread_mutex_lock(&q->lock);
	pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->lock);
}

enum s3t_rc ask_code(void *arg, const char *question, struct strbuf *answer, struct cancel *cancel,
	struct s3t_err *err)
{
	struct question *q = s3t_alloc(sizeof *q);
	struct cancel_waker waker = {.wake = wake, .arg = q};
	enum s3t_rc rc = S3T_OK;
	q->text = s3t_strdup(question);
	q->refs = 2;
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->changed, NULL);
	cancel_add_waker(cancel, &waker);
	msgq_push(arg, &q->msg);
	pthread_mutex_lock(&q->lock);
	while (!q->is_over && !cancel_is_set(cancel))
		pthread_cond_wait(&q->changed, &q->lock);
	if (!q->is_over)
		rc = s3t_fail(err, S3T_CANCELLED, "Cancelled.");
	else if (!q->answer)
		rc = s3t_fail(err, S3T_CREDENTIALS, "The code was not given.");
	else
		strbuf_add_str(answer, q->answer);
	pthread_mutex_unlock(&q->lock);
	cancel_remove_waker(cancel, &waker);
	question_unref(q);
	return rc;
}

/* --- the dialog --- */

struct code_dialog {
	struct form form;
	struct question *question;
	size_t text, error;
};

static const struct view_ops code_ops = {FORM_OPS};

static void on_button(struct form *f, size_t button)
{
	struct code_dialog *d = (struct code_dialog *)f;
	struct strview code = form_text(f, d->text);
	if (button == 0 && !code.len) {
		form_set_label(f, d->error, THEME_DIALOG_ERROR, "Type the digits that it shows.");
		return;
	}
	if (button == 0) {
		question_answer(d->question, code.data, code.len);
		d->question = NULL;
	}
	form_close(f);
}

static void on_destroy(struct form *f)
{
	struct code_dialog *d = (struct code_dialog *)f;
	if (d->question)
		question_answer(d->question, NULL, 0);
}

void ask_code_take(struct app *app, struct msgq *questions)
{
	static const char *const buttons[] = {"Sign in", "Cancel"};
	struct question *q;
	while ((q = (struct question *)msgq_pop(questions))) {
		struct code_dialog *d = s3t_alloc(sizeof *d);
		d->question = q;
		form_init(&d->form, &code_ops, "Sign in");
		d->form.on_button = on_button;
		d->form.on_destroy = on_destroy;
		(void)form_add_label(&d->form, THEME_DIALOG, q->text);
		d->text = form_add_text(&d->form, "Code", SV(""));
		d->error = form_add_label(&d->form, THEME_DIALOG, "");
		(void)form_add_buttons(&d->form, buttons, 2);
		app_push(app, &d->form.view);
	}
}

void ask_code_refuse(struct msgq *questions)
{
	struct question *q;
	while ((q = (struct question *)msgq_pop(questions)))
		question_answer(q, NULL, 0);
}
