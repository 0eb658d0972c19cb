/*
 * Share: a presigned URL, signed anew whenever something changes; always shown in full, so that it
 * can be selected; its true end is that of the credentials where they end earlier.
 */
#include "core/parse.h"
#include "core/text.h"
#include "core/timeutil.h"
#include "ui/clipboard.h"
#include "ui/dialogs.h"
#include "ui/form.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { METHOD_GET, METHOD_PUT };

struct share_dialog {
	struct form form;
	struct s3_client *client;
	char *bucket;
	struct strbuf key;
	size_t method, expiry, name, ends, url, note;
	list_id running;
	struct strbuf link; /* empty while something typed is not valid */
};

/* What the task off the UI thread needs: credentials may come from a process. */
struct signing {
	struct s3_client *client;
	struct s3_presign what;
	char *bucket, *key, *name;
	size_t key_len;
	struct strbuf url;
	int64_t ends_s;
};

static void signing_free(void *arg)
{
	struct signing *s = arg;
	s3_client_unref(s->client);
	free(s->bucket);
	free(s->key);
	free(s->name);
	strbuf_deinit(&s->url);
	free(s);
}

static enum s3t_rc run_signing(
	void *arg, struct http_conn *conn, struct cancel *cancel, struct s3t_err *err)
{
	struct signing *s = arg;
	(void)conn;
	return s3_presign_url(s->client, cancel, &s->what, &s->url, &s->ends_s, err);
}

static void show_link(struct share_dialog *d, const struct signing *s)
{
	char when[32];
	strbuf_reset(&d->link);
	strbuf_add_sv(&d->link, strbuf_view(&s->url));
	form_set_label(&d->form, d->url, THEME_DIALOG, "%s", d->link.data);
	time_format_local(s->ends_s, true, when);
	bool is_short = s->ends_s + 2 < time_wall_s() + s->what.expires_s;
	form_set_label(&d->form, d->ends, is_short ? THEME_DIALOG_ERROR : THEME_DIALOG,
		is_short ? "until %s: your credentials end then, and the link with them"
			 : "until %s",
		when);
}

static bool share_on_list(struct view *v, struct lister_event *e)
{
	struct share_dialog *d = (struct share_dialog *)v;
	if (e->kind != LISTER_TASK || e->id != d->running)
		return false;
	d->running = 0;
	if (e->err.rc == S3T_OK)
		show_link(d, e->arg);
	else
		form_set_label(&d->form, d->ends, THEME_DIALOG_ERROR, "%s", e->err.message);
	return true;
}

static void sign_link(struct form *f, size_t field)
{
	struct share_dialog *d = (struct share_dialog *)f;
	int64_t ms = 0;
	(void)field;
	d->running = 0; /* what is still being signed is for something else */
	strbuf_reset(&d->link);
	form_set_label(f, d->url, THEME_DIALOG, "%s", "");
	form_set_label(f, d->note, THEME_DIALOG, "%s", "");
	bool is_put = form_selected(f, d->method) == METHOD_PUT;
	form_set_hidden(f, d->name, is_put);
	if (!parse_duration_ms(form_text(f, d->expiry), &ms) || ms < 1000 ||
		ms > (int64_t)SIGV4_PRESIGN_MAX_S * 1000) {
		form_set_label(f, d->ends, THEME_DIALOG_ERROR,
			"A link is valid for 1s to 7d: 15m, 2h, 7d.");
		return;
	}
	struct signing *s = s3t_alloc(sizeof *s);
	s->client = s3_client_ref(d->client);
	s->bucket = s3t_strdup(d->bucket);
	s->key = s3t_strndup(d->key.data, d->key.len);
	s->key_len = d->key.len;
	s->name = s3t_strndup(form_text(f, d->name).data, form_text(f, d->name).len);
	strbuf_init(&s->url);
	s->what = (struct s3_presign){.method = is_put ? "PUT" : "GET",
		.bucket = sv(s->bucket),
		.key = sv_n(s->key, s->key_len),
		.expires_s = ms / 1000,
		.download_name = is_put ? NULL : s->name};
	form_set_label(f, d->ends, THEME_DIALOG_DIM, "signing...");
	d->running = lister_run(app_lister(f->view.app), run_signing, s, signing_free);
}

static void share_destroy(struct form *f)
{
	struct share_dialog *d = (struct share_dialog *)f;
	s3_client_unref(d->client);
	free(d->bucket);
	strbuf_deinit(&d->key);
	strbuf_deinit_wipe(&d->link);
}

/* Into a file of its own in the directory of the local pane, readable by nobody else. */
static void save_link(struct share_dialog *d)
{
	struct app *app = d->form.view.app;
	struct pane *other = app_other(app);
	struct strbuf path;
	strbuf_init(&path);
	if (pane_is_s3(other))
		strbuf_add_str(&path, "s3tui-link.url");
	else
		pane_join(other, SV("s3tui-link.url"), &path);
	int fd = open(path.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	char *shown = text_sanitised(strbuf_view(&path));
	bool written = false;
	if (fd >= 0) {
		written = write(fd, d->link.data, d->link.len) == (ssize_t)d->link.len &&
			  write(fd, "\n", 1) == 1;
		written &= close(fd) == 0;
	}
	if (written)
		form_set_label(&d->form, d->note, THEME_DIALOG, "saved to %s", shown);
	else
		form_set_label(&d->form, d->note, THEME_DIALOG_ERROR, "%s could not be written%s",
			shown, errno == EEXIST ? ": it exists" : "");
	free(shown);
	strbuf_deinit(&path);
}

static void copy_link(struct share_dialog *d, bool as_curl)
{
	struct strbuf text;
	strbuf_init(&text);
	bool is_put = form_selected(&d->form, d->method) == METHOD_PUT;
	if (as_curl && is_put)
		strbuf_addf(&text, "curl --fail -T FILE '%s'", d->link.data);
	else if (as_curl)
		strbuf_addf(&text, "curl --fail -O -J '%s'", d->link.data);
	else
		strbuf_add_sv(&text, strbuf_view(&d->link));
	enum clipboard_way way = clipboard_set(strbuf_view(&text));
	form_set_label(&d->form, d->note, THEME_DIALOG, "%s", clipboard_sentence(way));
	if (as_curl)
		form_set_label(&d->form, d->url, THEME_DIALOG, "%s", text.data);
	strbuf_deinit(&text);
}

static void on_share_button(struct form *f, size_t button)
{
	struct share_dialog *d = (struct share_dialog *)f;
	if (button == 3) {
		form_close(f);
	} else if (d->link.len == 0) {
		form_set_label(f, d->note, THEME_DIALOG_ERROR, "There is no link yet.");
	} else if (button == 2) {
		save_link(d);
	} else {
		copy_link(d, button == 1);
	}
}

static const struct view_ops share_ops = {FORM_OPS, .on_list = share_on_list};

void dialog_share_open(struct app *app)
{
	static const char *const methods[] = {"download (GET)", "upload (PUT)"};
	static const char *const buttons[] = {"Copy", "as curl", "Save", "Close"};
	struct pane *pane = app_active(app);
	struct pane_row row;
	if (!pane_is_s3(pane) || pane_is_buckets(pane)) {
		app_status_error(app, "A link is made for an object in a bucket.");
		return;
	}
	if (!pane_current(pane, &row) || row.kind != ENTRY_FILE) {
		app_status_error(app, "Put the cursor on an object: a prefix has no link.");
		return;
	}
	struct share_dialog *d = s3t_alloc(sizeof *d);
	struct strbuf path;
	struct strview bucket, key;
	strbuf_init(&path);
	pane_join(pane, row.name, &path);
	s3_path_split(strbuf_view(&path), &bucket, &key);
	d->client = s3_client_ref(location_s3_client(pane_location(pane)));
	d->bucket = s3t_strndup(bucket.data, bucket.len);
	strbuf_init(&d->key);
	strbuf_add_sv(&d->key, key);
	strbuf_init(&d->link);

	char *shown = text_sanitised(strbuf_view(&path));
	form_init(&d->form, &share_ops, "Share");
	form_add_label(&d->form, THEME_DIALOG_DIM, shown);
	d->method = form_add_choice(&d->form, "For", methods, 2, METHOD_GET);
	d->expiry = form_add_text(&d->form, "Valid for (15m, 2h, 7d)", SV("1h"));
	struct strview base = path_basename(key);
	d->name = form_add_text(&d->form, "Name when saved", utf8_is_valid(base) ? base : SV(""));
	d->ends = form_add_label(&d->form, THEME_DIALOG, "");
	form_add_label(&d->form, THEME_DIALOG, "");
	d->url = form_add_label(&d->form, THEME_DIALOG, "");
	form_add_label(&d->form, THEME_DIALOG, "");
	d->note = form_add_label(&d->form, THEME_DIALOG, "");
	form_add_buttons(&d->form, buttons, 4);
	d->form.on_button = on_share_button;
	d->form.on_change = sign_link;
	d->form.on_destroy = share_destroy;
	app_push(app, &d->form.view);
	sign_link(&d->form, d->method);
	free(shown);
	strbuf_deinit(&path);
}
