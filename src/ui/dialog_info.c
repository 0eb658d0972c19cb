/* All that is known of one thing; asked for off the UI thread. */
#include "core/s3_bucket_info.h"
#include "core/text.h"
#include "core/timeutil.h"
#include "core/uri.h"
#include "ui/dialogs.h"
#include "ui/form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct info_dialog {
	struct form form;
	size_t text;
	list_id asking;
};

struct question {
	struct location *location;
	char *path;
	size_t path_len;
	struct strbuf text; /* sanitised lines */
};

static void question_free(void *arg)
{
	struct question *q = arg;
	location_unref(q->location);
	free(q->path);
	strbuf_deinit(&q->text);
	free(q);
}

static void add_line(struct question *q, const char *label, const char *value)
{
	if (!value || !value[0])
		return;
	strbuf_addf(&q->text, "%-17s ", label);
	text_sanitise(&q->text, sv(value));
	strbuf_add_char(&q->text, '\n');
}

static void add_size(struct question *q, const char *label, uint64_t bytes)
{
	char size[TEXT_SIZE_MAX], count[32], both[64];
	text_size(bytes, size);
	text_count(bytes, count);
	snprintf(both, sizeof both, "%s (%s bytes)", size, count);
	add_line(q, label, both);
}

static void add_time(struct question *q, const char *label, int64_t time_s)
{
	char when[32] = "";
	if (time_s != TIME_UNKNOWN)
		time_format_local(time_s, true, when);
	add_line(q, label, when);
}

/* "name: value" lines below a heading. */
static void add_pairs(struct question *q, const char *heading, struct strview pairs)
{
	if (pairs.len)
		strbuf_addf(&q->text, "\n%s\n", heading);
	while (pairs.len) {
		size_t n = sv_find(pairs, '\n');
		strbuf_add_str(&q->text, "  ");
		text_sanitise(&q->text, sv_n(pairs.data, n));
		strbuf_add_char(&q->text, '\n');
		pairs = sv_from(pairs, n + 1);
	}
}

static void add_tags(
	struct question *q, const struct s3_ctx *ctx, struct strview bucket, struct strview key)
{
	struct strbuf tags, lines;
	struct s3t_err err;
	strbuf_init(&tags);
	strbuf_init(&lines);
	if (s3_get_object_tagging(ctx, bucket, key, &tags, &err) != S3T_OK)
		add_line(q, "tags", err.message);
	for (struct strview rest = strbuf_view(&tags); rest.len;) {
		size_t end = sv_find(rest, '&'), equals = sv_find(rest, '=');
		uri_decode(&lines, sv_n(rest.data, equals), false);
		strbuf_add_str(&lines, ": ");
		uri_decode(&lines, sv_n(rest.data + equals + 1, end - equals - 1), false);
		strbuf_add_char(&lines, '\n');
		rest = sv_from(rest, end + 1);
	}
	add_pairs(q, "tags", strbuf_view(&lines));
	strbuf_deinit(&lines);
	strbuf_deinit(&tags);
}

struct versions {
	struct strview key;
	struct strbuf lines;
	size_t count;
};

static void add_version(void *arg, const struct s3_version *v)
{
	struct versions *all = arg;
	char when[32] = "", size[TEXT_SIZE_MAX];
	if (!sv_eq(v->key, all->key))
		return; /* a longer key that begins so */
	if (v->last_modified_s != TIME_UNKNOWN)
		time_format_local(v->last_modified_s, true, when);
	text_size(v->size, size);
	strbuf_addf(&all->lines, "%s  %s  %.*s%s\n", when, v->is_delete_marker ? "deleted" : size,
		(int)v->id.len, v->id.data, v->is_latest ? "  latest" : "");
	all->count++;
}

/* The last ones; a bucket that keeps none has the one, "null". */
static void add_versions(
	struct question *q, const struct s3_ctx *ctx, struct strview bucket, struct strview key)
{
	enum { SHOWN = 20 };
	struct s3_version_list list;
	struct versions all = {.key = key};
	struct s3t_err err;
	strbuf_init(&all.lines);
	s3_version_list_init(&list, bucket, key);
	list.max_keys = SHOWN;
	if (s3_list_versions_page(ctx, &list, add_version, &all, &err) != S3T_OK)
		add_line(q, "versions", err.message);
	else if (all.count == 1 && strstr(all.lines.data, "  null"))
		add_line(q, "versions", "this one only");
	else
		add_pairs(q, list.is_done ? "versions" : "versions, the last ones",
			strbuf_view(&all.lines));
	s3_version_list_deinit(&list);
	strbuf_deinit(&all.lines);
}

static void add_lock(struct question *q, const struct s3_object *o)
{
	if (o->lock_mode)
		add_line(q, "locked", o->lock_mode);
	if (o->lock_mode && o->retain_until_s != TIME_UNKNOWN)
		add_time(q, "locked until", o->retain_until_s);
	if (o->has_legal_hold)
		add_line(q, "legal hold", "on");
}

static void add_owner(struct question *q, const struct s3_ctx *ctx, struct strview bucket,
	struct strview key, const char *version_id)
{
	struct strbuf owner;
	strbuf_init(&owner);
	s3_object_owner(ctx, bucket, key, version_id, &owner);
	add_line(q, "owner", owner.len ? owner.data : "not shown");
	strbuf_deinit(&owner);
}

static enum s3t_rc ask_object(struct question *q, const struct s3_ctx *ctx, struct strview bucket,
	struct strview key, struct strview version_id, struct s3t_err *err)
{
	struct s3_object o;
	s3_object_init(&o);
	enum s3t_rc rc = s3_head_version(ctx, bucket, key, version_id, &o, err);
	if (rc == S3T_OK) {
		char crc[32] = "";
		struct strbuf encryption;
		strbuf_init(&encryption);
		s3_encryption_words(&o, &encryption);
		if (o.has_crc64)
			snprintf(crc, sizeof crc, "CRC64NVME %016llx", (unsigned long long)o.crc64);
		add_size(q, "size", o.size);
		add_time(q, "stored", o.last_modified_s);
		if (o.mtime_ns != TIME_UNKNOWN)
			add_time(q, "the data's time", o.mtime_ns / NS_PER_S);
		add_line(q, "content type", o.content_type);
		add_line(q, "content encoding", o.content_encoding);
		if (o.coding)
			add_line(q, "stored", o.coding);
		if (o.coding && o.plain_size != UINT64_MAX)
			add_size(q, "real size", o.plain_size);
		add_line(q, "real type", o.plain_type);
		add_line(q, "storage class", o.storage_class ? o.storage_class : "STANDARD");
		struct strbuf archive;
		strbuf_init(&archive);
		s3_archive_words(&o, &archive);
		if (archive.len)
			add_line(q, "archive", archive.data);
		strbuf_deinit(&archive);
		add_line(q, "version", o.version_id);
		add_lock(q, &o);
		add_line(q, "encryption", encryption.len ? encryption.data : "none told");
		strbuf_deinit(&encryption);
		add_line(q, "ETag", o.etag);
		add_line(q, "checksum",
			crc[0]             ? crc
			: o.etag_is_opaque ? "none that proves the bytes"
					   : "the ETag, where it is an MD5");
		add_owner(q, ctx, bucket, key, o.version_id);
		add_pairs(q, "headers", strbuf_view(&o.headers));
		add_pairs(q, "metadata", strbuf_view(&o.metadata));
		add_tags(q, ctx, bucket, key);
		add_versions(q, ctx, bucket, key);
	}
	s3_object_deinit(&o);
	return rc;
}

static void add_info(void *arg, const char *name, const char *value)
{
	add_line(arg, name, value);
}

static enum s3t_rc run_question(
	void *arg, struct http_conn *conn, struct cancel *cancel, struct s3t_err *err)
{
	struct question *q = arg;
	struct s3_client *client = location_s3_client(q->location);
	struct s3_ctx ctx = {.client = client, .conn = conn, .cancel = cancel};
	struct loc_io io = {.conn = conn, .cancel = cancel};
	struct strview path = sv_n(q->path, q->path_len), bucket, key;
	struct path_version version;
	struct loc_stat st;
	(void)path_version_split(path, &version);
	s3_path_split(path, &bucket, &key);
	if (client && key.len && key.data[key.len - 1] != '/')
		return ask_object(q, &ctx, bucket, key, version.id, err);
	if (client && bucket.len && !key.len) {
		add_line(q, "kind", "bucket");
		return s3_bucket_info(&ctx, bucket, add_info, q, err);
	}
	enum s3t_rc rc = q->location->ops->stat(q->location, &io, path, &st, err);
	if (rc != S3T_OK)
		return rc;
	char mode[16] = "";
	if (!client)
		snprintf(mode, sizeof mode, "%04o", st.mode);
	add_line(q, "kind",
		st.kind == ENTRY_FILE  ? "file"
		: st.kind != ENTRY_DIR ? "special file"
		: !client              ? "directory"
				       : "prefix");
	if (st.kind == ENTRY_FILE)
		add_size(q, "size", st.size);
	if (st.mtime_ns != TIME_UNKNOWN)
		add_time(q, "modified", st.mtime_ns / NS_PER_S);
	add_line(q, "mode", mode);
	loc_stat_deinit(&st);
	return rc;
}

static bool info_on_list(struct view *v, struct lister_event *e)
{
	struct info_dialog *d = (struct info_dialog *)v;
	if (e->kind != LISTER_TASK || !d->asking || e->id != d->asking)
		return false;
	d->asking = 0;
	struct question *q = e->arg;
	strbuf_add_char(&q->text, '\0');
	if (e->err.rc == S3T_OK)
		form_set_label(&d->form, d->text, THEME_DIALOG, "%s", q->text.data);
	else
		form_set_label(&d->form, d->text, THEME_DIALOG_ERROR, "%s", e->err.message);
	return true;
}

static void on_info_button(struct form *f, size_t button)
{
	(void)button;
	form_close(f);
}

static void info_destroy(struct form *f)
{
	struct info_dialog *d = (struct info_dialog *)f;
	if (d->asking)
		lister_cancel(app_lister(f->view.app), d->asking);
}

static const struct view_ops info_ops = {FORM_OPS, .on_list = info_on_list};

void dialog_info_open(struct app *app, struct location *location, struct strview path)
{
	static const char *const close[] = {"Close"};
	struct info_dialog *d = s3t_alloc(sizeof *d);
	struct question *q = s3t_alloc(sizeof *q);
	struct strbuf uri;
	q->location = location_ref(location);
	q->path = s3t_strndup(path.data, path.len);
	q->path_len = path.len;
	strbuf_init(&q->text);
	strbuf_init(&uri);
	if (location_s3_client(location))
		strbuf_add_str(&uri, "s3://");
	path_show(&uri, path);
	strbuf_add_char(&uri, '\0');
	form_init(&d->form, &info_ops, "Info");
	form_add_label(&d->form, THEME_DIALOG_DIM, uri.data);
	d->text = form_add_label(&d->form, THEME_DIALOG, "asking...");
	(void)form_add_buttons(&d->form, close, 1);
	d->form.on_button = on_info_button;
	d->form.on_destroy = info_destroy;
	d->form.is_scrolled = true; /* from its beginning */
	strbuf_deinit(&uri);
	app_push(app, &d->form.view);
	d->asking = lister_run(app_lister(app), run_question, q, question_free);
}
