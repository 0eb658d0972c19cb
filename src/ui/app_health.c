/* Connections that are shown and idle are asked how they do, by a request that changes nothing. */
#include "ui/app_private.h"

#include "core/timeutil.h"

#include <stdlib.h>

struct question {
	struct s3_client *client;
	char *bucket; /* "": the list of buckets */
};

static void question_free(void *arg)
{
	struct question *q = arg;
	s3_client_unref(q->client);
	free(q->bucket);
	free(q);
}

static enum s3t_rc run_question(
	void *arg, struct http_conn *conn, struct cancel *cancel, struct s3t_err *err)
{
	struct question *q = arg;
	struct s3_ctx ctx = {.client = q->client, .conn = conn, .cancel = cancel, .once = true};
	if (q->bucket[0])
		return s3_head_bucket(&ctx, sv(q->bucket), err);
	struct entry_page *page = entry_page_new(false);
	enum s3t_rc rc = s3_list_buckets(&ctx, page, err);
	entry_page_free(page);
	return rc;
}

/* What came of it stands in the client's counts, which the panes draw. */
static void on_answer(struct app *app, void *arg, const struct s3t_err *err)
{
	(void)arg;
	(void)err;
	app->is_asking_health = false;
}

/* When the connection that a pane shows is to be asked; -1: never. Nobody is asked for credentials:
 * that is for who uses it next. */
static int64_t due_ms(const struct app *app, const struct pane *p)
{
	struct s3_client *client = location_s3_client(pane_location(p));
	int64_t last = client ? s3_client_last_call_ms(client) : 0;
	if (!last || !app->settings->health_check_ms ||
		!creds_provider_is_ready(s3_client_profile(client)->creds))
		return -1;
	return last + app->settings->health_check_ms;
}

int64_t app_health_due_ms(const struct app *app)
{
	int64_t a = due_ms(app, app->panes[0]), b = due_ms(app, app->panes[1]);
	int64_t due = a < 0 || (b >= 0 && b < a) ? b : a;
	return app->is_asking_health ? -1 : due;
}

/* What nobody answers changes it without an event. */
static void show_changes(struct app *app)
{
	for (int side = 0; side < 2; side++) {
		struct s3_client *client = location_s3_client(pane_location(app->panes[side]));
		int64_t since_s;
		enum connection_state state =
			client ? s3_client_connection(client, &since_s) : CONNECTION_UNKNOWN;
		if (state != app->health[side])
			app_redraw(app);
		app->health[side] = state;
	}
}

void app_health_check(struct app *app)
{
	int64_t now = time_mono_ms();
	show_changes(app);
	for (int side = 0; side < 2 && !app->is_asking_health; side++) {
		const struct pane *p = app->panes[side];
		int64_t due = due_ms(app, p);
		if (due < 0 || due > now)
			continue;
		struct strview bucket, key;
		struct question *q = s3t_alloc(sizeof *q);
		s3_path_split(pane_path(p), &bucket, &key);
		q->client = s3_client_ref(location_s3_client(pane_location(p)));
		q->bucket = s3t_strndup(bucket.data, bucket.len);
		app->is_asking_health = true;
		app_ask(app, run_question, q, question_free, on_answer);
	}
}
