/*
 * pipe: a command for each object, streaming: what the object holds goes to its standard input,
 * what it prints is uploaded as it comes, in parts where it is much, and has its name only once the
 * command has ended well. Some at once, no shell; the key is in the environment.
 */
#include "cli/internal.h"

#include "core/mime.h"
#include "core/process.h"
#include "core/text.h"
#include "core/thread.h"
#include "core/timeutil.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	PART = 16 << 20,
	CHUNK = 1 << 18,
	WORKERS_DEFAULT = 4,
	WORKERS_MOST = 64,
	WAITING_MOST = 1000
};

struct task {
	struct task *next;
	char *path, *rel;
	size_t path_len, rel_len;
	struct loc_stat stat;
};

struct pipeline {
	struct cli *cli;
	struct location *from, *to;
	struct strview root; /* of the targets */
	char **argv;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* guarded by lock */
	struct task *head, **tail;
	size_t waiting;
	bool is_listed;
	uint64_t done, failed;
	uint64_t bytes; /* that commands printed, of those that are done */
};

static void task_free(struct task *t)
{
	free(t->path);
	free(t->rel);
	free(t);
}

/* --- what comes out of the command --- */

struct drain {
	struct pipeline *p;
	const struct task *task;
	int out, spool;
	struct http_conn *conn;
	struct cancel *cancel;
	struct loc_sink *sink; /* NULL: it still fits into one part */
	const char *type;
	struct spool_coding coding;
	uint64_t len, total; /* in the spool; in all */
	uint32_t parts;
	enum s3t_rc rc;
	struct s3t_err err;
};

static struct loc_io io_of(const struct drain *d)
{
	return (struct loc_io){.conn = d->conn, .cancel = d->cancel};
}

static enum s3t_rc begin_sink(struct drain *d, bool is_single, struct s3t_err *err)
{
	struct cli *cli = d->p->cli;
	struct strview rel = sv_n(d->task->rel, d->task->rel_len);
	uint32_t most = cli->profile ? cli->profile->provider->max_parts : 0;
	struct loc_io io = io_of(d);
	struct strbuf metadata;
	struct loc_sink_spec spec = {.size = is_single ? d->len : UINT64_MAX,
		.part_size = is_single ? 0 : PART,
		.part_count = is_single ? 1
			      : most    ? most
					: S3_PARTS_MAX,
		.mtime_ns = TIME_UNKNOWN,
		.content_type = d->type,
		.storage_class = cli->settings.storage_class,
		.encryption = cli->settings.encryption_type,
		.kms_key_id = cli->settings.kms_key_id,
		.prove = cli->settings.checksum};
	strbuf_init(&metadata);
	spool_coding_tell(&d->coding, is_single ? d->total : UINT64_MAX, &metadata, &spec);
	enum s3t_rc rc =
		d->p->to->ops->sink_begin(d->p->to, &io, d->p->root, rel, &spec, &d->sink, err);
	strbuf_deinit(&metadata);
	return rc;
}

static enum s3t_rc send_part(struct drain *d, bool is_single, struct s3t_err *err)
{
	struct loc_io io = io_of(d);
	struct byte_source bytes = {.fd = d->spool};
	enum s3t_rc rc = d->sink ? S3T_OK : begin_sink(d, is_single, err);
	if (rc == S3T_OK)
		rc = d->p->to->ops->sink_part(
			d->sink, &io, d->parts, (uint64_t)d->parts * PART, &bytes, 0, d->len, err);
	d->parts++;
	d->len = 0;
	return rc;
}

static void fail(struct drain *d, enum s3t_rc rc, const struct s3t_err *err)
{
	if (d->rc != S3T_OK)
		return;
	d->rc = rc;
	d->err = *err;
	cancel_trigger(d->cancel);
}

static enum s3t_rc store(struct drain *d, const char *data, size_t len, struct s3t_err *err)
{
	while (len) {
		size_t room = (size_t)(PART - d->len), n = len < room ? len : room;
		if (!spool_write(d->spool, data, n, d->len))
			return s3t_fail_errno(err, errno, "The spool file cannot be written");
		d->len += n;
		data += n;
		len -= n;
		enum s3t_rc rc = d->len == PART ? send_part(d, false, err) : S3T_OK;
		if (rc != S3T_OK)
			return rc;
	}
	return S3T_OK;
}

/* len 0: the end. */
static enum s3t_rc take(struct drain *d, const char *data, size_t len, struct s3t_err *err)
{
	struct strbuf coded;
	d->total += len;
	if (!d->coding.encoder)
		return store(d, data, len, err);
	strbuf_init(&coded);
	enum s3t_rc rc = encoder_add(d->coding.encoder, data, len, len == 0, &coded)
				 ? store(d, coded.data, coded.len, err)
				 : s3t_fail(err, S3T_MEMORY, "There is no memory to encode it.");
	strbuf_deinit(&coded);
	return rc;
}

/* Runs beside the one that feeds the command: neither waits for the other. */
static void *drain_main(void *arg)
{
	struct drain *d = arg;
	char *buf = s3t_alloc(CHUNK);
	for (;;) {
		ssize_t n = read(d->out, buf, CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		struct s3t_err err;
		enum s3t_rc rc = S3T_OK;
		if (d->rc == S3T_OK) /* else it is read so that the command ends */
			rc = take(d, buf, (size_t)n, &err);
		if (rc != S3T_OK)
			fail(d, rc, &err);
	}
	free(buf);
	return NULL;
}

/* --- one object --- */

struct feed {
	int in;
	bool is_closed; /* the command has read enough */
};

static bool feed_command(void *arg, const char *data, size_t len)
{
	struct feed *f = arg;
	while (len) {
		ssize_t n = write(f->in, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			f->is_closed = errno == EPIPE;
			return false;
		}
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static char *variable(const char *name, struct strview value)
{
	return s3t_asprintf("%s=%.*s", name, (int)value.len, value.data);
}

static enum s3t_rc start(struct pipeline *p, const struct task *t, int *in, int *out,
	struct process **process, struct s3t_err *err)
{
	struct strview path = sv_n(t->path, t->path_len), bucket, key;
	struct strbuf target;
	char size[32];
	strbuf_init(&target);
	path_join(&target, p->root, sv_n(t->rel, t->rel_len));
	s3_path_split(path, &bucket, &key);
	bool is_s3 = p->from->ops->kind == LOC_S3;
	snprintf(size, sizeof size, "%llu", (unsigned long long)t->stat.size);
	char *env[] = {variable("S3TUI_BUCKET", is_s3 ? bucket : SV("")),
		variable("S3TUI_KEY", is_s3 ? key : path),
		variable("S3TUI_NAME", sv_n(t->rel, t->rel_len)),
		variable("S3TUI_TARGET", strbuf_view(&target)), variable("S3TUI_SIZE", sv(size)),
		NULL};
	enum s3t_rc rc = process_start(p->argv, env, in, out, process, err);
	for (size_t i = 0; env[i]; i++)
		free(env[i]);
	strbuf_deinit(&target);
	return rc;
}

static enum s3t_rc read_source(struct pipeline *p, const struct task *t, struct http_conn *conn,
	struct cancel *cancel, int in, struct s3t_err *err)
{
	struct loc_source *source = NULL;
	struct loc_io io = {.conn = conn, .cancel = cancel};
	struct feed f = {.in = in};
	enum s3t_rc rc = p->from->ops->source_open(
		p->from, &io, sv_n(t->path, t->path_len), &t->stat, &source, err);
	if (rc == S3T_OK)
		rc = p->from->ops->source_read(source, &io, 0, t->stat.size, feed_command, &f, err);
	if (source)
		p->from->ops->source_close(source);
	return f.is_closed ? S3T_OK : rc;
}

struct killer {
	struct process *process;
};

static void kill_it(void *arg)
{
	process_kill(((struct killer *)arg)->process);
}

static enum s3t_rc finish(struct drain *d, struct loc_sink_result *result, struct s3t_err *err)
{
	struct loc_io io = io_of(d);
	enum s3t_rc rc = d->coding.encoder ? take(d, NULL, 0, err) : S3T_OK;
	if (rc == S3T_OK && (d->len || !d->parts))
		rc = send_part(d, d->parts == 0, err);
	if (rc == S3T_OK)
		rc = d->p->to->ops->sink_commit(d->sink, &io, d->parts, result, err);
	return rc;
}

/* The command may have to wait for what it prints to be taken: that is another thread's. */
static enum s3t_rc run_one(struct pipeline *p, const struct task *t, struct http_conn *conn,
	struct http_conn *out_conn, int spool, uint64_t *size, int *exit_status,
	struct s3t_err *err)
{
	int in = -1, out = -1;
	struct process *process;
	struct cancel *cancel = cancel_new(p->cli->cancel);
	struct drain d = {.p = p, .task = t, .spool = spool, .conn = out_conn, .cancel = cancel};
	struct loc_sink_result result = {.proof = NULL};
	struct s3t_err child_err;
	pthread_t thread;
	*exit_status = 0;
	d.type = p->cli->opt->content_type ? p->cli->opt->content_type
					   : mime_type_of(sv_n(t->rel, t->rel_len));
	enum s3t_rc rc = S3T_OK;
	if (p->to->ops->kind == LOC_S3)
		rc = spool_coding_begin(&d.coding, p->cli, cancel, d.type, err);
	if (rc == S3T_OK)
		rc = start(p, t, &in, &out, &process, err);
	if (rc != S3T_OK) {
		spool_coding_end(&d.coding);
		cancel_free(cancel);
		return rc;
	}
	struct killer killer = {process};
	struct cancel_waker waker = {.wake = kill_it, .arg = &killer};
	cancel_add_waker(cancel, &waker);
	d.out = out;
	bool has_thread = thread_start(&thread, drain_main, &d);
	if (has_thread)
		rc = read_source(p, t, conn, cancel, in, err);
	else
		rc = s3t_fail(err, S3T_MEMORY, "No thread can be started.");
	close(in);
	if (rc != S3T_OK)
		cancel_trigger(cancel); /* half an object is none: the command goes */
	if (has_thread)
		pthread_join(thread, NULL);
	cancel_remove_waker(cancel, &waker);
	close(out);
	enum s3t_rc ended = process_end(process, exit_status, &child_err);
	/* what went wrong with the output has cancelled the input */
	if (d.rc != S3T_OK) {
		rc = d.rc;
		*err = d.err;
	} else if (rc == S3T_OK && ended != S3T_OK) {
		rc = ended;
		*err = child_err;
	}
	if (rc == S3T_OK)
		rc = finish(&d, &result, err);
	if (rc != S3T_OK && d.sink) {
		struct loc_io calm = {.conn = out_conn};
		(void)!p->to->ops->sink_abort(d.sink, &calm, NULL);
	}
	if (d.sink)
		p->to->ops->sink_free(d.sink);
	spool_coding_end(&d.coding);
	loc_sink_result_deinit(&result);
	*size = d.total;
	cancel_free(cancel);
	return rc;
}

static void report(struct pipeline *p, const struct task *t, enum s3t_rc rc, uint64_t size,
	int exit_status, const struct s3t_err *err)
{
	struct cli *cli = p->cli;
	struct strbuf source, line;
	struct json_writer w;
	strbuf_init(&source);
	strbuf_init(&line);
	add_url(&source, p->from->ops->kind == LOC_S3, sv_n(t->path, t->path_len));
	pthread_mutex_lock(&p->lock);
	if (rc == S3T_OK) {
		p->done++;
		p->bytes += size;
	} else {
		p->failed++;
	}
	if (cli->opt->json) {
		json_begin(&w, &line);
		json_add_bytes(&w, "source", strbuf_view(&source));
		json_add_bytes(&w, "name", sv_n(t->rel, t->rel_len));
		json_add_uint(&w, "size", size);
		json_add_int(&w, "exit_status", exit_status);
		json_add_string(&w, "status", rc == S3T_OK ? SV("completed") : SV("failed"));
		if (rc != S3T_OK)
			add_error_json(&w, err);
		json_end(&w);
		out_json(&line);
		(void)out_flush();
	}
	if (rc != S3T_OK)
		(void)cli_fail(cli, "pipe", source.data, err);
	pthread_mutex_unlock(&p->lock);
	strbuf_deinit(&source);
	strbuf_deinit(&line);
}

static struct task *next_task(struct pipeline *p)
{
	pthread_mutex_lock(&p->lock);
	while (!p->head && !p->is_listed)
		pthread_cond_wait(&p->changed, &p->lock);
	struct task *t = p->head;
	if (t) {
		p->head = t->next;
		if (!p->head)
			p->tail = &p->head;
		p->waiting--;
		pthread_cond_broadcast(&p->changed);
	}
	pthread_mutex_unlock(&p->lock);
	return t;
}

static void *worker_main(void *arg)
{
	struct pipeline *p = arg;
	struct http_conn *conn = http_conn_new(p->cli->transport);
	struct http_conn *out_conn = http_conn_new(p->cli->transport);
	struct task *t;
	while ((t = next_task(p))) {
		struct s3t_err err;
		uint64_t size = 0;
		int exit_status = 0, spool = spool_file(&err);
		enum s3t_rc rc = spool < 0 ? err.rc : S3T_OK;
		if (rc == S3T_OK && cancel_is_set(p->cli->cancel))
			rc = s3t_fail(&err, S3T_CANCELLED, "Cancelled.");
		if (rc == S3T_OK)
			rc = run_one(p, t, conn, out_conn, spool, &size, &exit_status, &err);
		if (spool >= 0)
			close(spool);
		if (rc != S3T_CANCELLED || !cancel_is_set(p->cli->cancel))
			report(p, t, rc, size, exit_status, &err);
		task_free(t);
	}
	http_conn_free(conn);
	http_conn_free(out_conn);
	return NULL;
}

/* --- which objects --- */

static void add_task(
	struct pipeline *p, struct strview path, struct strview rel, const struct loc_stat *stat)
{
	struct task *t = s3t_alloc(sizeof *t);
	t->path = s3t_strndup(path.data, path.len);
	t->path_len = path.len;
	t->rel = s3t_strndup(rel.data, rel.len);
	t->rel_len = rel.len;
	t->stat = *stat;
	t->stat.content_type = NULL;
	t->stat.decode = true;
	pthread_mutex_lock(&p->lock);
	while (p->waiting >= WAITING_MOST && !cancel_is_set(p->cli->cancel))
		pthread_cond_wait(&p->changed, &p->lock);
	*p->tail = t;
	p->tail = &t->next;
	p->waiting++;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
}

static void on_problem(void *arg, struct strview rel, const struct s3t_err *why)
{
	struct pipeline *p = arg;
	char *name = s3t_strndup(rel.data, rel.len);
	pthread_mutex_lock(&p->lock);
	p->failed++;
	(void)cli_fail(p->cli, "list", name, why);
	pthread_mutex_unlock(&p->lock);
	free(name);
}

static enum s3t_rc list_all(struct pipeline *p, const struct place *source, struct s3t_err *err)
{
	struct loc_io io = cli_io(p->cli);
	struct strbuf path;
	struct loc_list *list = p->from->ops->list_new(p->from, strbuf_view(&source->path),
		LOC_LIST_RECURSIVE | LOC_LIST_ETAGS, on_problem, p);
	bool done = false;
	enum s3t_rc rc = S3T_OK;
	strbuf_init(&path);
	while (!done && rc == S3T_OK) {
		struct entry_page *page = NULL;
		rc = p->from->ops->list_next(list, &io, &page, &done, err);
		for (uint32_t i = 0; rc == S3T_OK && i < page->count; i++) {
			const struct entry *e = &page->entries[i];
			struct strview name = entry_name(page, e), etag = entry_etag(page, e);
			struct loc_stat stat = {
				.kind = ENTRY_FILE, .size = e->size, .mtime_ns = TIME_UNKNOWN};
			if (e->kind != ENTRY_FILE || !name.len || name.data[name.len - 1] == '/')
				continue;
			snprintf(stat.etag, sizeof stat.etag, "%.*s", (int)etag.len, etag.data);
			strbuf_reset(&path);
			path_join(&path, strbuf_view(&source->path), name);
			add_task(p, strbuf_view(&path), name, &stat);
		}
		entry_page_free(page);
	}
	strbuf_deinit(&path);
	p->from->ops->list_free(list);
	return rc;
}

static int run(struct pipeline *p, struct place *source, const struct place *target)
{
	struct cli *cli = p->cli;
	struct loc_io io = cli_io(cli);
	struct s3t_err err = {.rc = S3T_OK};
	pthread_t threads[WORKERS_MOST];
	size_t count = cli->opt->jobs ? cli->opt->jobs : WORKERS_DEFAULT, started = 0;
	if (count > WORKERS_MOST)
		count = WORKERS_MOST;
	while (started < count && thread_start(&threads[started], worker_main, p))
		started++;
	enum s3t_rc rc = started ? S3T_OK : s3t_fail(&err, S3T_MEMORY, "No thread can be started.");
	struct strview path = strbuf_view(&source->path);
	if (rc == S3T_OK && cli->opt->recursive) {
		place_mark_directory(source);
		rc = list_all(p, source, &err);
	} else if (rc == S3T_OK) {
		struct loc_stat st;
		rc = p->from->ops->stat(p->from, &io, path, &st, &err);
		if (rc == S3T_OK && st.kind != ENTRY_FILE)
			rc = s3t_fail(
				&err, S3T_INVALID, "It is a prefix; -r takes what is below it.");
		struct strview to = strbuf_view(&target->path), parent = path_parent(to);
		bool is_into = target->wants_dir;
		p->root = is_into ? to : parent;
		if (rc == S3T_OK)
			add_task(p, path, is_into ? path_basename(path) : sv_from(to, parent.len),
				&st);
		if (rc == S3T_OK)
			loc_stat_deinit(&st);
	}
	pthread_mutex_lock(&p->lock);
	p->is_listed = true;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	metrics_add(&cli->metrics.uploads_total, p->done);
	metrics_add(&cli->metrics.bytes_uploaded, p->bytes);
	metrics_add(&cli->metrics.failures_total, p->failed);
	if (rc != S3T_OK)
		return cli_fail(cli, "pipe", source->text, &err);
	if (isatty(STDERR_FILENO))
		cli_complain("%llu done, %llu failed", (unsigned long long)p->done,
			(unsigned long long)p->failed);
	return p->failed || cancel_is_set(cli->cancel) ? CLI_EXIT_FAILED : CLI_EXIT_OK;
}

int cmd_pipe(struct cli *cli)
{
	const struct cli_options *o = cli->opt;
	struct place source, target;
	place_init(&target);
	int rc = cli_place(cli, o->operands[0], &source);
	if (rc == 0)
		rc = cli_place(cli, o->operands[1], &target);
	if (rc == 0 && (source.is_stdio || target.is_stdio)) {
		cli_complain("pipe goes from place to place; - is for cp");
		rc = CLI_EXIT_USAGE;
	}
	if (rc == 0 && target.is_s3 && !target.bucket.len) {
		cli_complain("%s names no bucket", target.text);
		rc = CLI_EXIT_USAGE;
	}
	if (rc == 0) {
		struct pipeline p = {.cli = cli, .from = source.loc, .to = target.loc};
		p.argv = s3t_alloc((o->operand_count - 1) * sizeof *p.argv);
		for (size_t i = 2; i < o->operand_count; i++)
			p.argv[i - 2] = s3t_strdup(o->operands[i]);
		p.tail = &p.head;
		p.root = strbuf_view(&target.path);
		pthread_mutex_init(&p.lock, NULL);
		pthread_cond_init(&p.changed, NULL);
		rc = run(&p, &source, &target);
		pthread_cond_destroy(&p.changed);
		pthread_mutex_destroy(&p.lock);
		process_argv_free(p.argv);
	}
	place_deinit(&source);
	place_deinit(&target);
	return rc;
}
