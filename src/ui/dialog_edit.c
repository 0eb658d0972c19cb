/*
 * Editing. A local file is given to the editor as it is. An object, or a document that configures a
 * bucket, is read into a draft in a directory of its own (0700), the editor gets that, and what
 * came of it is written back, an object with its type and metadata, if it is still what was read.
 * The draft stays until that is done.
 */
#include "core/fdio.h"
#include "core/s3_bucket_info.h"
#include "core/statedir.h"
#include "core/text.h"
#include "core/timeutil.h"
#include "ui/dialogs.h"
#include "ui/form.h"
#include "ui/term.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WORDS_MAX = 16 };
#define DRAFT_MAX ((uint64_t)64 << 20)

enum stage { STAGE_READING, STAGE_SAVING, STAGE_FAILED };

/* A task's; it goes to and fro between the lister and the dialog. */
struct draft {
	struct location *location; /* a reference */
	char *path;                /* of the object, or the bucket */
	size_t path_len;
	struct strbuf text; /* what was read, or is to be written */
	bool overwrites;    /* whatever is there now */
	/* an object, as it was read */
	struct s3_object object;
	struct strbuf tagging; /* its tags; "": none, or they cannot be read */
	/* or a document, if it has a name */
	struct s3_document document;
	bool exists;          /* it did when it was read */
	struct strbuf stored; /* as it was read */
};

struct edit_dialog {
	struct form form;
	struct draft *draft; /* NULL: a task has it */
	enum stage stage;
	list_id task;
	char *dir, *file; /* NULL: there is none */
	bool has_text;    /* the file is what is to be saved: the editor is done with it */
	bool is_edited;   /* the text is no longer the one that was read */
	size_t label, buttons;
};

static void free_draft(void *arg)
{
	struct draft *d = arg;
	if (!d)
		return;
	location_unref(d->location);
	free(d->path);
	s3_object_deinit(&d->object);
	strbuf_deinit(&d->text);
	strbuf_deinit(&d->tagging);
	strbuf_deinit(&d->stored);
	free(d);
}

/* --- tasks --- */

static bool take_text(void *arg, const char *data, size_t n)
{
	strbuf_add((struct strbuf *)arg, data, n);
	return strbuf_ok((struct strbuf *)arg);
}

static bool is_document(const struct draft *d)
{
	return d->document.name != NULL;
}

static bool is_blank(const struct draft *d)
{
	return sv_trim(strbuf_view(&d->text)).len == 0;
}

static struct s3_ctx ctx_of(const struct draft *d, struct http_conn *conn, struct cancel *cancel)
{
	return (struct s3_ctx){
		.client = location_s3_client(d->location), .conn = conn, .cancel = cancel};
}

static enum s3t_rc read_object(
	void *arg, struct http_conn *conn, struct cancel *cancel, struct s3t_err *err)
{
	struct draft *d = arg;
	struct s3_ctx ctx = ctx_of(d, conn, cancel);
	struct s3_get get = {.len = UINT64_MAX, .sink = take_text, .sink_arg = &d->text};
	s3_path_split(sv_n(d->path, d->path_len), &get.bucket, &get.key);
	enum s3t_rc rc = s3_head_object(&ctx, get.bucket, get.key, &d->object, err);
	if (rc != S3T_OK)
		return rc;
	if (d->object.size > DRAFT_MAX)
		return s3t_fail(err, S3T_UNSUPPORTED,
			"It is larger than 64 MiB; copy it, edit it, and copy it back.");
	struct s3t_err none;
	if (s3_get_object_tagging(&ctx, get.bucket, get.key, &d->tagging, &none) != S3T_OK)
		strbuf_reset(&d->tagging); /* a server without tags, or no right to see them */
	strbuf_add_char(&d->tagging, '\0');
	get.total = d->object.size;
	get.etag = d->object.etag;
	rc = d->object.size ? s3_get_object(&ctx, &get, err) : S3T_OK;
	if (rc == S3T_OK && d->object.coding) {
		struct strbuf plain;
		strbuf_init_cap(&plain, DRAFT_MAX);
		rc = s3_decode_bytes(&ctx, &d->object, strbuf_view(&d->text), &plain, err);
		strbuf_deinit_wipe(&d->text);
		d->text = plain;
	}
	return rc;
}

static enum s3t_rc write_object(
	void *arg, struct http_conn *conn, struct cancel *cancel, struct s3t_err *err)
{
	struct draft *d = arg;
	struct s3_ctx ctx = ctx_of(d, conn, cancel);
	struct strview bucket, key;
	struct s3_object now;
	s3_path_split(sv_n(d->path, d->path_len), &bucket, &key);
	s3_object_init(&now);
	enum s3t_rc rc = s3_head_object(&ctx, bucket, key, &now, err);
	if (rc == S3T_OK && !d->overwrites && strcmp(now.etag, d->object.etag) != 0)
		rc = s3t_fail(err, S3T_CHANGED, "The object was changed by others meanwhile.");
	if (rc == S3T_NOT_FOUND && !d->overwrites)
		rc = s3t_fail(err, S3T_CHANGED, "The object was removed by others meanwhile.");
	struct strbuf stored;
	strbuf_init_cap(&stored, 2 * DRAFT_MAX);
	if (rc == S3T_NOT_FOUND && d->overwrites)
		rc = S3T_OK;
	if (rc == S3T_OK && d->object.coding)
		rc = s3_encode_bytes(&ctx, &d->object, strbuf_view(&d->text), &stored, err);
	if (rc == S3T_OK) {
		struct s3_encryption encryption = s3_encryption_as(&d->object);
		struct s3_put put = {.content_type = d->object.content_type,
			.encryption = &encryption,
			.content_encoding = d->object.content_encoding,
			.storage_class = d->object.storage_class,
			.mtime_ns = time_wall_s() * NS_PER_S,
			.metadata = strbuf_view(&d->object.metadata),
			.headers = strbuf_view(&d->object.headers),
			.tagging = d->tagging.data};
		struct strview body = strbuf_view(d->object.coding ? &stored : &d->text);
		rc = s3_put_object(&ctx, bucket, key, &put, body, NULL, err);
	}
	strbuf_deinit(&stored);
	s3_object_deinit(&now);
	return rc;
}

/* What a bucket without the document is offered to begin with; saved unchanged it is not written.
 */
static void add_example(struct draft *d)
{
	if (strcmp(d->document.name, "policy") == 0)
		strbuf_addf(&d->text,
			"{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n"
			"      \"Sid\": \"PublicRead\",\n      \"Effect\": \"Allow\",\n"
			"      \"Principal\": \"*\",\n      \"Action\": \"s3:GetObject\",\n"
			"      \"Resource\": \"arn:aws:s3:::%s/public/*\"\n    }\n  ]\n}\n",
			d->path);
	else if (strcmp(d->document.name, "cors") == 0)
		strbuf_add_str(&d->text,
			"<CORSConfiguration>\n  <CORSRule>\n"
			"    <AllowedOrigin>https://www.example.com</AllowedOrigin>\n"
			"    <AllowedMethod>GET</AllowedMethod>\n"
			"    <AllowedHeader>*</AllowedHeader>\n"
			"    <MaxAgeSeconds>3600</MaxAgeSeconds>\n"
			"  </CORSRule>\n</CORSConfiguration>\n");
}

static enum s3t_rc read_document(
	void *arg, struct http_conn *conn, struct cancel *cancel, struct s3t_err *err)
{
	struct draft *d = arg;
	struct s3_ctx ctx = ctx_of(d, conn, cancel);
	enum s3t_rc rc = s3_document_get(&ctx, &d->document, &d->stored, &d->exists, err);
	if (rc == S3T_OK && d->exists)
		s3_document_indent(&d->document, strbuf_view(&d->stored), &d->text);
	else if (rc == S3T_OK)
		add_example(d);
	return rc;
}

/* An empty text takes it away. */
static enum s3t_rc write_document(
	void *arg, struct http_conn *conn, struct cancel *cancel, struct s3t_err *err)
{
	struct draft *d = arg;
	struct s3_ctx ctx = ctx_of(d, conn, cancel);
	struct strbuf now;
	bool exists;
	strbuf_init_cap(&now, S3_DOCUMENT_MAX);
	enum s3t_rc rc = s3_document_get(&ctx, &d->document, &now, &exists, err);
	bool is_same = exists == d->exists && sv_eq(strbuf_view(&now), strbuf_view(&d->stored));
	strbuf_deinit(&now);
	if (rc == S3T_OK && !d->overwrites && !is_same)
		rc = s3t_fail(err, S3T_CHANGED, "It was changed by others meanwhile.");
	if (rc != S3T_OK)
		return rc;
	return is_blank(d) ? s3_document_delete(&ctx, &d->document, true, err)
			   : s3_document_put(&ctx, &d->document, strbuf_view(&d->text), true, err);
}

/* --- the draft's file --- */

/* With whatever an editor left beside it. */
static void remove_file(struct edit_dialog *e)
{
	DIR *dir = e->dir ? opendir(e->dir) : NULL;
	struct dirent *entry;
	while (dir && (entry = readdir(dir)))
		(void)unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
	if (e->dir)
		(void)rmdir(e->dir);
	free(e->file);
	free(e->dir);
	e->file = e->dir = NULL;
	e->has_text = false;
}

/* Its name is the object's where that can be: editors go by it. */
static enum s3t_rc make_file(struct edit_dialog *e, struct s3t_err *err)
{
	struct strview name = path_basename(sv_n(e->draft->path, e->draft->path_len));
	char *above = state_dir("drafts");
	if (!above)
		return s3t_fail(err, S3T_IO, "There is no home to have a draft in.");
	e->dir = s3t_asprintf("%s/XXXXXX", above);
	free(above);
	bool is_usable = name.len && name.len < 200 && !path_refusal(name) && name.data[0] != '-' &&
			 !is_document(e->draft);
	if (!mkdtemp(e->dir)) {
		free(e->dir);
		e->dir = NULL;
		return s3t_fail_errno(err, errno, "A draft cannot be made");
	}
	if (is_document(e->draft))
		e->file = s3t_asprintf("%s/%s.%s", e->dir, e->draft->document.name,
			e->draft->document.root ? "xml" : "json");
	else
		e->file = is_usable ? s3t_asprintf("%s/%.*s", e->dir, (int)name.len, name.data)
				    : s3t_asprintf("%s/object", e->dir);
	int fd = open(e->file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool ok = fd >= 0 && fd_write_all(fd, e->draft->text.data, e->draft->text.len);
	int why = errno;
	if (fd >= 0)
		close(fd);
	if (ok)
		return S3T_OK;
	remove_file(e); /* half of a text is not the text */
	return s3t_fail_errno(err, why, "The draft cannot be written");
}

/* What the editor left; *changed: it is another text. */
static enum s3t_rc read_file(struct edit_dialog *e, bool *changed, struct s3t_err *err)
{
	struct strbuf text;
	strbuf_init_cap(&text, DRAFT_MAX);
	int fd = open(e->file, O_RDONLY | O_CLOEXEC);
	bool ok = fd >= 0 && fd_read_all(fd, &text);
	int why = errno;
	if (fd >= 0)
		close(fd);
	if (!ok) {
		strbuf_deinit(&text);
		return s3t_fail_errno(err, why, "The draft cannot be read");
	}
	*changed = !sv_eq(strbuf_view(&text), strbuf_view(&e->draft->text));
	strbuf_deinit(&e->draft->text);
	e->draft->text = text;
	return S3T_OK;
}

/* $VISUAL or $EDITOR in words, and the file; no shell reads them. */
static enum s3t_rc run_editor(struct app *app, const char *file, struct s3t_err *err)
{
	const char *editor = getenv("VISUAL");
	char *argv[WORDS_MAX + 2];
	size_t n = 0;
	if (!editor || !editor[0])
		editor = getenv("EDITOR");
	char *words = s3t_strdup(editor && editor[0] ? editor : "vi"), *rest = words, *word;
	while (n < WORDS_MAX && (word = strtok_r(rest, " \t", &rest)))
		argv[n++] = word;
	argv[n] = s3t_strdup(file);
	argv[n + 1] = NULL;
	int status = n ? term_run(argv) : -1;
	enum s3t_rc rc = S3T_OK;
	if (status < 0)
		rc = s3t_fail(err, S3T_IO, "The editor %s cannot be started.", n ? argv[0] : "");
	else if (status)
		rc = s3t_fail(err, S3T_IO, "The editor ended with %d.", status);
	free(argv[n]);
	free(words);
	app_run(app, app_top(app), ACTION_REDRAW);
	return rc;
}

/* --- the dialog --- */

static void start(struct edit_dialog *e, enum stage stage)
{
	static const lister_task_fn tasks[][2] = {
		{read_object, write_object}, {read_document, write_document}};
	e->stage = stage;
	form_set_label(
		&e->form, e->label, THEME_DIALOG, stage == STAGE_READING ? "reading" : "saving");
	e->task = lister_run(app_lister(e->form.view.app),
		tasks[is_document(e->draft)][stage == STAGE_SAVING], e->draft, free_draft);
	e->draft = NULL;
}

/* Says why, and where the draft is. */
static void fail(struct edit_dialog *e, const struct s3t_err *err)
{
	static const char *const changed[] = {"Close", "Overwrite it"};
	static const char *const other[] = {"Close", "Save again"};
	static const char *const again[] = {"Close", "Edit again"};
	static const char *const empty[] = {"Close", "Remove it"};
	struct field *buttons = &e->form.fields[e->buttons];
	e->stage = STAGE_FAILED;
	if (e->file) {
		char *file = text_sanitised(sv(e->file));
		form_set_label(&e->form, e->label, THEME_DIALOG_ERROR,
			"%s\nYour text is kept in %s", err->message, file);
		free(file);
		buttons->options = !e->has_text                                  ? again
				   : err->rc == S3T_CHANGED                      ? changed
				   : is_document(e->draft) && is_blank(e->draft) ? empty
										 : other;
		buttons->option_count = 2;
	} else {
		form_set_label(&e->form, e->label, THEME_DIALOG_ERROR, "%s", err->message);
	}
	buttons->selected = 0;
}

/* The draft is there: the editor, and then what came of it. */
static void edit_draft(struct edit_dialog *e)
{
	struct app *app = e->form.view.app;
	struct s3t_err err;
	bool changed = false;
	enum s3t_rc rc = run_editor(app, e->file, &err);
	if (rc == S3T_OK)
		rc = read_file(e, &changed, &err);
	bool removes = rc == S3T_OK && is_document(e->draft) && is_blank(e->draft);
	if (rc == S3T_OK && (changed || e->is_edited) && !removes && is_document(e->draft))
		rc = s3_document_check(&e->draft->document, strbuf_view(&e->draft->text), &err);
	e->has_text = rc == S3T_OK;
	e->is_edited |= changed;
	bool is_done = !e->is_edited || (removes && !e->draft->exists);
	if (removes && !is_done)
		rc = s3t_fail(&err, S3T_INVALID, "The text is empty. Is it to be removed?");
	if (rc != S3T_OK) {
		fail(e, &err);
	} else if (is_done) {
		remove_file(e);
		form_close(&e->form);
		app_status(app, "Nothing was changed.");
	} else {
		start(e, STAGE_SAVING);
	}
}

static void begin_draft(struct edit_dialog *e)
{
	struct s3t_err err;
	if (make_file(e, &err) == S3T_OK)
		edit_draft(e);
	else
		fail(e, &err);
}

static void refresh_panes(struct app *app, const struct location *location, struct strview dir)
{
	for (int side = 0; side < 2; side++)
		pane_refresh_if(app_pane(app, side), location, dir);
}

static bool on_list(struct view *v, struct lister_event *event)
{
	struct edit_dialog *e = (struct edit_dialog *)v;
	struct app *app = v->app;
	if (event->kind != LISTER_TASK || !e->task || event->id != e->task)
		return false;
	e->task = 0;
	e->draft = event->arg;
	event->arg = NULL;
	if (event->err.rc != S3T_OK) {
		fail(e, &event->err);
	} else if (e->stage == STAGE_READING) {
		begin_draft(e);
	} else {
		struct strview path = sv_n(e->draft->path, e->draft->path_len);
		if (!is_document(e->draft))
			refresh_panes(app, e->draft->location, path_parent(path));
		remove_file(e);
		form_close(&e->form);
		app_status(app, "Saved.");
	}
	return true;
}

static void on_button(struct form *f, size_t button)
{
	struct edit_dialog *e = (struct edit_dialog *)f;
	struct s3t_err err;
	bool changed;
	if (button == 0) {
		if (e->file)
			app_status(f->view.app, "Your text is kept in %s", e->file);
		form_close(f);
		return;
	}
	if (e->stage != STAGE_FAILED || !e->draft || !e->file)
		return; /* it is being saved */
	if (!e->has_text) {
		edit_draft(e);
		return;
	}
	e->draft->overwrites = strcmp(f->fields[e->buttons].options[1], "Overwrite it") == 0;
	if (read_file(e, &changed, &err) != S3T_OK)
		fail(e, &err);
	else
		start(e, STAGE_SAVING);
}

/* A draft that was not saved stays: closing the dialog loses nothing. */
static void on_destroy(struct form *f)
{
	struct edit_dialog *e = (struct edit_dialog *)f;
	if (e->task)
		lister_cancel(app_lister(f->view.app), e->task);
	free_draft(e->draft);
	free(e->file);
	free(e->dir);
}

static const struct view_ops ops = {FORM_OPS, .on_list = on_list};

static void edit_local(struct app *app, struct strview path)
{
	struct s3t_err err;
	char *file = s3t_strndup(path.data, path.len);
	if (run_editor(app, file, &err) != S3T_OK)
		app_status_error(app, "%s", err.message);
	free(file);
	refresh_panes(app, app_local(app), path_parent(path));
}

static void open_draft(
	struct app *app, struct location *location, struct strview path, const char *document)
{
	static const char *const cancel[] = {"Cancel"};
	struct edit_dialog *e = s3t_alloc(sizeof *e);
	struct draft *d = s3t_alloc(sizeof *d);
	d->location = location_ref(location);
	d->path = s3t_strndup(path.data, path.len);
	d->path_len = path.len;
	s3_object_init(&d->object);
	strbuf_init_cap(&d->text, DRAFT_MAX);
	strbuf_init(&d->tagging);
	strbuf_init_cap(&d->stored, S3_DOCUMENT_MAX);
	if (document)
		(void)s3_bucket_document(document, sv(d->path), &d->document);
	e->draft = d;
	form_init(&e->form, &ops, "Edit");
	e->label = form_add_label(&e->form, THEME_DIALOG, "");
	form_add_label(&e->form, THEME_DIALOG, "");
	e->buttons = form_add_buttons(&e->form, cancel, 1);
	e->form.on_button = on_button;
	e->form.on_destroy = on_destroy;
	app_push(app, &e->form.view);
	start(e, STAGE_READING);
}

void dialog_edit_open(struct app *app, struct location *location, struct strview path)
{
	if (location->ops->kind == LOC_LOCAL)
		edit_local(app, path);
	else
		open_draft(app, location, path, NULL);
}

void dialog_edit_document_open(
	struct app *app, struct location *location, struct strview bucket, const char *name)
{
	open_draft(app, location, bucket, name);
}
