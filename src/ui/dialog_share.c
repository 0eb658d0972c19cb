/*
 * Share: presigned URLs, signed anew whenever something changes; always shown in full, so that they
 * can be selected; their true end is that of the credentials where they end earlier. Marked objects
 * get a link each, a line each.
 */
#include "core/fdio.h"
#include "core/parse.h"
#include "core/text.h"
#include "core/timeutil.h"
#include "ui/clipboard.h"
#include "ui/dialogs.h"
#include "ui/form.h"
#include "ui/links.h"
#include "ui/qr.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { METHOD_GET, METHOD_PUT };
enum { FORM_URL, FORM_CURL, FORM_WGET };
enum { BUTTON_COPY, BUTTON_QR, BUTTON_SAVE, BUTTON_TEST, BUTTON_CLOSE };
enum { LINKS_BYTES_MAX = 16 << 20 };

/* Paths "bucket/key"; shared by the dialog and its tasks, which only read it. */
struct objects {
	struct strbuf *paths;
	size_t count, skipped; /* skipped: no objects */
	atomic_int refs;
};

struct share_dialog {
	struct form form;
	struct s3_client *client;
	struct objects *objects;
	size_t method, expiry, name, type, version, key, shape, ends, url, note;
	list_id running;
	int64_t ends_s;      /* of the links */
	bool was_given;      /* they left the dialog: copied, saved, shown as a code */
	struct strbuf links; /* a line each, without the last newline; "" while there are none */
};

/* What a task off the UI thread needs: credentials may come from a process. */
struct signing {
	struct s3_client *client;
	struct objects *objects;
	struct s3_presign what; /* but for bucket and key */
	char *name, *type, *version;
	struct strbuf links;
	int64_t ends_s;
	bool is_short; /* they end before what was asked for */
};

struct testing {
	struct s3_client *client;
	char *url;
	bool under_key; /* of a customer */
	char result[256];
	bool is_fine;
};

static void drop_objects(struct objects *o)
{
	if (atomic_fetch_sub(&o->refs, 1) != 1)
		return;
	for (size_t i = 0; i < o->count; i++)
		strbuf_deinit(&o->paths[i]);
	free(o->paths);
	free(o);
}

/* --- signing --- */

static void signing_free(void *arg)
{
	struct signing *s = arg;
	s3_client_unref(s->client);
	drop_objects(s->objects);
	free(s->name);
	free(s->type);
	free(s->version);
	strbuf_deinit_wipe(&s->links);
	free(s);
}

static enum s3t_rc run_signing(
	void *arg, struct http_conn *conn, struct cancel *cancel, struct s3t_err *err)
{
	struct signing *s = arg;
	enum s3t_rc rc = S3T_OK;
	(void)conn;
	for (size_t i = 0; i < s->objects->count && rc == S3T_OK; i++) {
		struct s3_presign what = s->what;
		int64_t ends_s;
		if (cancel_is_set(cancel))
			return s3t_fail(err, S3T_CANCELLED, "Cancelled.");
		if (i)
			strbuf_add_char(&s->links, '\n');
		struct path_version version;
		struct strview path = strbuf_view(&s->objects->paths[i]);
		(void)path_version_split(path, &version);
		s3_path_split(path, &what.bucket, &what.key);
		char *id = s3t_strndup(version.id.data, version.id.len);
		if (version.id.len && s->objects->count > 1) /* of one the field says which */
			what.version_id = id;
		rc = s3_presign_url(s->client, cancel, &what, &s->links, &ends_s, err);
		free(id);
		s->ends_s = i == 0 || ends_s < s->ends_s ? ends_s : s->ends_s;
	}
	s->is_short = s->ends_s + 2 < s3_client_now_s(s->client) + s->what.expires_s;
	if (rc == S3T_OK && !strbuf_ok(&s->links))
		rc = s3t_fail(err, S3T_MEMORY, "These are too many links for one list.");
	return rc;
}

static bool is_under_key(const struct share_dialog *d)
{
	return form_selected(&d->form, d->key) != 0;
}

/* What the receiver adds, for a shell that has the key in $KEY. */
static void add_key_headers(const char *option, struct strbuf *out)
{
	static const char *const values[] = {
		"AES256", "$KEY", "$(echo \"$KEY\" | base64 -d | md5sum | xxd -r -p | base64)"};
	for (size_t i = 0; i < S3_CUSTOMER_KEY_HEADERS; i++)
		strbuf_addf(out, "%s\"%s: %s\" ", option, s3_customer_key_headers[i], values[i]);
}

/* A link, or what fetches it. */
static void add_shaped(const struct share_dialog *d, struct strview link, struct strbuf *out)
{
	size_t shape = form_selected(&d->form, d->shape);
	bool is_put = form_selected(&d->form, d->method) == METHOD_PUT;
	const char *before = "";
	if (shape == FORM_CURL)
		before = is_put ? "curl --fail -T FILE " : "curl --fail -O -J ";
	else if (shape == FORM_WGET)
		before = is_put ? "wget --method=PUT --body-file=FILE "
				: "wget --content-disposition ";
	strbuf_add_str(out, before);
	if (before[0] && is_under_key(d))
		add_key_headers(shape == FORM_CURL ? "-H " : "--header=", out);
	strbuf_add_str(out, before[0] ? "'" : "");
	strbuf_add_sv(out, link); /* percent-encoded: no quote stands in it */
	strbuf_add_str(out, before[0] ? "'" : "");
}

/* All links as they are to be copied and saved; out is the caller's. */
static void shaped_links(const struct share_dialog *d, struct strbuf *out)
{
	strbuf_init_cap(out, LINKS_BYTES_MAX * 2);
	for (struct strview rest = strbuf_view(&d->links); rest.len;) {
		size_t n = sv_find(rest, '\n');
		if (out->len)
			strbuf_add_char(out, '\n');
		add_shaped(d, sv_n(rest.data, n), out);
		rest = sv_from(rest, n + 1);
	}
}

static void show_links(struct share_dialog *d)
{
	enum { SHOWN_MAX = 32 << 10 }; /* of a label */
	struct strbuf text;
	shaped_links(d, &text);
	bool is_long = text.len > SHOWN_MAX;
	if (is_long)
		strbuf_truncate(&text, SHOWN_MAX);
	while (is_long && text.len && text.data[text.len - 1] != '\n')
		strbuf_truncate(&text, text.len - 1);
	strbuf_add_str(&text, is_long ? "... Copy and Save have them all." : "");
	strbuf_add_char(&text, '\0');
	form_set_label(&d->form, d->url, THEME_DIALOG, "%s", text.data);
	strbuf_deinit_wipe(&text);
}

static void take_links(struct share_dialog *d, const struct signing *s)
{
	char when[32];
	strbuf_reset(&d->links);
	strbuf_add_sv(&d->links, strbuf_view(&s->links));
	show_links(d);
	time_format_local(s->ends_s, true, when);
	d->ends_s = s->ends_s;
	form_set_label(&d->form, d->ends, s->is_short ? THEME_DIALOG_ERROR : THEME_DIALOG,
		s->is_short ? "until %s: your credentials end then, and the link with them"
			    : "until %s",
		when);
}

static char *text_of(const struct share_dialog *d, size_t field)
{
	struct strview text = sv_trim(form_text(&d->form, field));
	return s3t_strndup(text.data, text.len);
}

static void sign_links(struct share_dialog *d)
{
	struct form *f = &d->form;
	int64_t ms = 0;
	d->running = 0; /* what is still being signed is for something else */
	strbuf_reset(&d->links);
	d->was_given = false;
	form_set_label(f, d->url, THEME_DIALOG, "%s", "");
	form_set_label(f, d->note, THEME_DIALOG, "%s", "");
	bool is_put = form_selected(f, d->method) == METHOD_PUT, is_one = d->objects->count == 1;
	form_set_hidden(f, d->name, is_put || !is_one);
	form_set_hidden(f, d->version, is_put || !is_one);
	form_set_hidden(f, d->type, is_put);
	if (!parse_duration_ms(form_text(f, d->expiry), &ms) || ms < 1000 ||
		ms > (int64_t)SIGV4_PRESIGN_MAX_S * 1000) {
		form_set_label(f, d->ends, THEME_DIALOG_ERROR,
			"A link is valid for 1s to 7d: 15m, 2h, 7d.");
		return;
	}
	struct signing *s = s3t_alloc(sizeof *s);
	s->client = s3_client_ref(d->client);
	s->objects = d->objects;
	atomic_fetch_add(&s->objects->refs, 1);
	s->name = text_of(d, d->name);
	s->type = text_of(d, d->type);
	s->version = text_of(d, d->version);
	strbuf_init_cap(&s->links, LINKS_BYTES_MAX);
	bool is_latest = strcmp(s->version, "latest") == 0;
	s->what = (struct s3_presign){.method = is_put ? "PUT" : "GET",
		.expires_s = ms / 1000,
		.download_name = is_put || !is_one ? NULL : s->name,
		.content_type = is_put ? NULL : s->type,
		.version_id = is_put || !is_one || is_latest ? NULL : s->version,
		.under_customer_key = is_under_key(d)};
	if (is_under_key(d))
		form_set_label(f, d->note, THEME_DIALOG,
			"Works only with three headers: %s: AES256, and -key and -key-MD5 with the "
			"key; As curl shows them.",
			s3_customer_key_headers[0]);
	form_set_label(f, d->ends, THEME_DIALOG_DIM, "signing...");
	d->running = lister_run(app_lister(f->view.app), run_signing, s, signing_free);
}

/* --- testing: as anyone who gets the link --- */

static void testing_free(void *arg)
{
	struct testing *t = arg;
	s3_client_unref(t->client);
	free(t->url);
	free(t);
}

static bool count_bytes(void *arg, const char *data, size_t len)
{
	(void)data;
	*(size_t *)arg += len;
	return *(size_t *)arg <= 1; /* one that takes no notice of the range is cut off */
}

static void describe_refusal(struct testing *t, const struct http_response *resp)
{
	struct strview body = strbuf_view(&resp->body);
	const char *code = body.len ? memmem(body.data, body.len, "<Code>", 6) : NULL;
	struct strview name = code ? sv_from(body, (size_t)(code + 6 - body.data)) : SV("");
	name.len = sv_find(name, '<');
	char *shown = text_sanitised(name);
	snprintf(t->result, sizeof t->result, "%d %.64s", resp->status, shown);
	free(shown);
}

static enum s3t_rc run_testing(
	void *arg, struct http_conn *conn, struct cancel *cancel, struct s3t_err *err)
{
	struct testing *t = arg;
	const char *headers[2 + S3_CUSTOMER_KEY_HEADERS] = {"Range: bytes=0-0", NULL};
	struct strbuf lines[S3_CUSTOMER_KEY_HEADERS];
	const struct s3_customer_key *key = NULL;
	if (t->under_key && s3_client_customer_key(t->client, cancel, &key, err) != S3T_OK)
		return err->rc;
	for (size_t i = 0; key && i < S3_CUSTOMER_KEY_HEADERS; i++) {
		const char *values[] = {"AES256", key->key, key->md5};
		strbuf_init(&lines[i]);
		strbuf_addf(&lines[i], "%s: %s", s3_customer_key_headers[i], values[i]);
		headers[1 + i] = lines[i].data;
	}
	struct http_options options = s3_http_options(s3_client_profile(t->client));
	struct http_response resp;
	size_t got = 0;
	struct http_request req = {.method = "GET",
		.url = t->url,
		.headers = headers,
		.timeout_ms = 30000,
		.body_cap = 16384,
		.sink = count_bytes,
		.sink_arg = &got};
	http_response_init(&resp);
	enum s3t_rc rc = http_perform(conn, &options, &req, &resp, cancel, err);
	for (size_t i = 0; key && i < S3_CUSTOMER_KEY_HEADERS; i++)
		strbuf_deinit_wipe(&lines[i]);
	if (rc != S3T_OK && resp.sink_stopped && resp.status / 100 == 2)
		rc = S3T_OK;
	if (rc == S3T_OK && resp.status / 100 == 2) {
		char *type = text_sanitised(http_header(&resp, "content-type"));
		snprintf(t->result, sizeof t->result, "%d, %zu byte%s, %.80s", resp.status,
			got > 1 ? 1 : got, got == 0 ? "s" : "", type);
		free(type);
		t->is_fine = true;
	} else if (rc == S3T_OK) {
		/* an empty object has no first byte */
		t->is_fine = resp.status == 416;
		describe_refusal(t, &resp);
	}
	http_response_deinit(&resp);
	return rc;
}

static void test_link(struct share_dialog *d)
{
	if (form_selected(&d->form, d->method) == METHOD_PUT) {
		form_set_label(&d->form, d->note, THEME_DIALOG,
			"A link for uploading cannot be tested without writing.");
		return;
	}
	struct strview first = strbuf_view(&d->links);
	first.len = sv_find(first, '\n');
	struct testing *t = s3t_alloc(sizeof *t);
	t->client = s3_client_ref(d->client);
	t->url = s3t_strndup(first.data, first.len);
	t->under_key = is_under_key(d);
	form_set_label(&d->form, d->note, THEME_DIALOG_DIM, "testing...");
	d->running = lister_run(app_lister(d->form.view.app), run_testing, t, testing_free);
}

static bool share_on_list(struct view *v, struct lister_event *e)
{
	struct share_dialog *d = (struct share_dialog *)v;
	if (e->kind != LISTER_TASK || !d->running || e->id != d->running)
		return false;
	d->running = 0;
	bool is_test = e->free_arg == testing_free;
	size_t label = is_test ? d->note : d->ends;
	if (e->err.rc != S3T_OK) {
		form_set_label(&d->form, label, THEME_DIALOG_ERROR, "%s", e->err.message);
	} else if (is_test) {
		const struct testing *t = e->arg;
		form_set_label(&d->form, label, t->is_fine ? THEME_DIALOG : THEME_DIALOG_ERROR,
			"tested just now: %s", t->result);
	} else {
		take_links(d, e->arg);
	}
	return true;
}

/* --- the buttons --- */

/* Into a file of its own in the directory of the local pane, readable by nobody else. */
static void save_links(struct share_dialog *d)
{
	struct app *app = d->form.view.app;
	struct pane *other = app_other(app);
	struct strbuf path, text;
	strbuf_init(&path);
	if (pane_is_s3(other))
		strbuf_add_str(&path, "s3tui-link.url");
	else
		pane_join(other, SV("s3tui-link.url"), &path);
	shaped_links(d, &text);
	strbuf_add_char(&text, '\n');
	int fd = open(path.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	char *shown = text_sanitised(strbuf_view(&path));
	bool written = fd >= 0 && fd_write_all(fd, text.data, text.len);
	int why = errno;
	if (fd >= 0)
		written &= close(fd) == 0;
	if (written)
		form_set_label(&d->form, d->note, THEME_DIALOG, "saved to %s", shown);
	else
		form_set_label(&d->form, d->note, THEME_DIALOG_ERROR, "%s could not be written%s",
			shown, why == EEXIST ? ": it exists" : "");
	free(shown);
	strbuf_deinit(&path);
	strbuf_deinit_wipe(&text);
}

/* For the list of links made, an object each. */
static void note_links(struct share_dialog *d)
{
	size_t i = 0;
	bool is_upload = form_selected(&d->form, d->method) == METHOD_PUT;
	for (struct strview rest = strbuf_view(&d->links); rest.len && i < d->objects->count; i++) {
		size_t n = sv_find(rest, '\n');
		links_add(app_links(d->form.view.app), sv_n(rest.data, n),
			strbuf_view(&d->objects->paths[i]), is_upload, time_wall_s(), d->ends_s);
		rest = sv_from(rest, n + 1);
	}
}

static void copy_links(struct share_dialog *d)
{
	struct strbuf text;
	shaped_links(d, &text);
	enum clipboard_way way = clipboard_set(strbuf_view(&text));
	form_set_label(&d->form, d->note, THEME_DIALOG, "%s", clipboard_sentence(way));
	strbuf_deinit_wipe(&text);
}

static void show_qr(struct share_dialog *d)
{
	int rows, cols;
	if (d->objects->count > 1)
		form_set_label(&d->form, d->note, THEME_DIALOG, "A QR code holds one link.");
	else if (qr_open(d->form.view.app, strbuf_view(&d->links), &rows, &cols))
		form_set_label(&d->form, d->note, THEME_DIALOG, "%s", "");
	else if (rows)
		form_set_label(&d->form, d->note, THEME_DIALOG,
			"The QR code needs a screen of %d x %d.", cols, rows);
	else
		form_set_label(
			&d->form, d->note, THEME_DIALOG, "This terminal cannot show a QR code.");
}

static void give_links(struct share_dialog *d, size_t button)
{
	note_links(d);
	d->was_given = true;
	if (button == BUTTON_SAVE)
		save_links(d);
	else if (button == BUTTON_QR)
		show_qr(d);
	else
		copy_links(d);
}

static void on_share_button(struct form *f, size_t button)
{
	struct share_dialog *d = (struct share_dialog *)f;
	if (button == BUTTON_CLOSE)
		form_close(f);
	else if (d->links.len == 0)
		form_set_label(f, d->note, THEME_DIALOG_ERROR, "There is no link yet.");
	else if (button == BUTTON_TEST)
		test_link(d);
	else
		give_links(d, button);
}

static void on_share_change(struct form *f, size_t field)
{
	struct share_dialog *d = (struct share_dialog *)f;
	if (field == d->shape && d->links.len)
		show_links(d);
	else
		sign_links(d);
}

static void share_destroy(struct form *f)
{
	struct share_dialog *d = (struct share_dialog *)f;
	if (d->running)
		lister_cancel(app_lister(f->view.app), d->running);
	if (!d->was_given)
		note_links(d); /* it stood there in full, and may have been selected */
	s3_client_unref(d->client);
	drop_objects(d->objects);
	strbuf_deinit_wipe(&d->links);
}

static const struct view_ops share_ops = {FORM_OPS, .on_list = share_on_list};

struct adding {
	struct objects *objects;
	const struct pane *pane;
};

static void add_object(void *arg, const struct pane_row *row)
{
	const struct adding *a = arg;
	struct objects *o = a->objects;
	if (row->kind != ENTRY_FILE) {
		o->skipped++;
		return;
	}
	struct strbuf *more = realloc(o->paths, (o->count + 1) * sizeof *more);
	if (!more)
		s3t_oom();
	o->paths = more;
	strbuf_init(&o->paths[o->count]);
	pane_join(a->pane, row->name, &o->paths[o->count++]);
}

static void add_what(struct share_dialog *d)
{
	struct form *f = &d->form;
	const struct objects *o = d->objects;
	char text[96];
	if (o->count == 1) {
		struct strbuf shown;
		strbuf_init(&shown);
		path_show(&shown, strbuf_view(&o->paths[0]));
		form_add_label(f, THEME_DIALOG_DIM, shown.data);
		strbuf_deinit(&shown);
		return;
	}
	snprintf(text, sizeof text, "%zu objects, a link each", o->count);
	form_add_label(f, THEME_DIALOG_DIM, text);
	if (o->skipped) {
		snprintf(text, sizeof text, "%zu prefix%s left out: links are for objects",
			o->skipped, o->skipped == 1 ? " is" : "es are");
		form_add_label(f, THEME_DIALOG_DIM, text);
	}
}

void dialog_share_open(struct app *app)
{
	static const char *const methods[] = {"download (GET)", "upload (PUT)"};
	static const char *const shapes[] = {"URL", "curl", "wget"};
	static const char *const keys[] = {"no, or by the server's key", "customer key (SSE-C)"};
	static const char *const buttons[] = {"Copy", "QR", "Save", "Test", "Close"};
	struct pane *pane = app_active(app);
	if (!pane_is_s3(pane) || pane_is_buckets(pane)) {
		app_status_error(app, "A link is made for an object in a bucket.");
		return;
	}
	struct objects *o = s3t_alloc(sizeof *o);
	atomic_init(&o->refs, 1);
	struct adding adding = {o, pane};
	(void)pane_each_selected(pane, add_object, &adding);
	if (o->count == 0) {
		drop_objects(o);
		app_status_error(app, "Put the cursor on an object: a prefix has no link.");
		return;
	}
	struct share_dialog *d = s3t_alloc(sizeof *d);
	d->client = s3_client_ref(location_s3_client(pane_location(pane)));
	d->objects = o;
	strbuf_init_cap(&d->links, LINKS_BYTES_MAX);
	form_init(&d->form, &share_ops, "Share");
	add_what(d);
	struct path_version version;
	struct strview base =
		path_basename(path_version_split(strbuf_view(&o->paths[0]), &version));
	d->method = form_add_choice(&d->form, "For", methods, 2, METHOD_GET);
	d->expiry = form_add_text(&d->form, "Valid for (15m, 2h, 7d)", SV("1h"));
	d->name = form_add_text(&d->form, "Name when saved", utf8_is_valid(base) ? base : SV(""));
	d->type = form_add_text(&d->form, "Content type (empty: its own)", SV(""));
	d->version = form_add_text(&d->form, "Version", version.id.len ? version.id : SV("latest"));
	d->key = form_add_choice(&d->form, "Encrypted", keys, 2, 0);
	const struct settings *settings = &s3_client_profile(d->client)->settings;
	form_set_hidden(&d->form, d->key, !s3_has_customer_key(settings));
	form_select(&d->form, d->key,
		s3_encryption_kind_of(settings->encryption_type) == S3_ENCRYPTION_SSE_C);
	d->shape = form_add_choice(&d->form, "As", shapes, 3, FORM_URL);
	d->ends = form_add_label(&d->form, THEME_DIALOG, "");
	form_add_label(&d->form, THEME_DIALOG, "");
	d->url = form_add_label(&d->form, THEME_DIALOG, "");
	form_add_label(&d->form, THEME_DIALOG, "");
	d->note = form_add_label(&d->form, THEME_DIALOG, "");
	form_add_buttons(&d->form, buttons, 5);
	d->form.on_button = on_share_button;
	d->form.on_change = on_share_change;
	d->form.on_destroy = share_destroy;
	app_push(app, &d->form.view);
	sign_links(d);
}
