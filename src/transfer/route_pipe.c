/*
 * JOB_PIPE: a command for each item, streaming. What the source holds goes to its standard input,
 * what it prints goes to the target as it comes, in parts where it is much, and has its name only
 * once the command has ended well. No shell; what the command is to know is in its environment.
 *
 * An item is one piece of work. The command may have to wait for what it prints to be taken, so a
 * thread of its own does that beside the worker that feeds it: neither waits for the other.
 */
#include "core/fdio.h"
#include "core/mime.h"
#include "core/process.h"
#include "core/thread.h"
#include "core/timeutil.h"
#include "transfer/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PART = 16 << 20, CHUNK = 1 << 18 };

struct pipe_state {
	struct item *item;
	int spool;  /* what was printed and is not sent yet */
	int errors; /* what the command says on stderr; -1: it says it to whom ours does */
	int out;    /* the command's standard output */
	struct http_conn *conn; /* the thread's */
	struct cancel *cancel;  /* of this run; ends the command too */
	struct encoder *encoder;
	uint64_t len; /* in the spool */
	uint64_t sent;
	uint64_t printed;
	uint32_t parts;
	enum s3t_rc rc; /* of what the thread did */
	struct s3t_err err;
};

static enum s3t_rc plan(struct item *it, struct s3t_err *err)
{
	(void)err;
	it->plan = (struct plan){.part_size = it->stat.size, .part_count = 1};
	return S3T_OK;
}

static enum s3t_rc begin(struct item *it, const struct loc_io *io, struct s3t_err *err)
{
	struct pipe_state *p = s3t_alloc(sizeof *p);
	(void)io;
	it->route_state = p;
	*p = (struct pipe_state){.item = it, .spool = -1, .errors = -1, .out = -1};
	p->spool = spool_open();
	if (p->spool >= 0 && it->job->engine->keeps_stderr)
		p->errors = spool_open();
	if (p->spool < 0 || (p->errors < 0 && it->job->engine->keeps_stderr))
		return s3t_fail_errno(err, errno, "No temporary file can be made");
	p->conn = http_conn_new(it->job->engine->transport);
	p->cancel = cancel_new(it->cancel);
	return it->coding && !coding_is_none(it->coding->how)
		       ? encoder_new(it->coding->how, it->coding->keys, &p->encoder, err)
		       : S3T_OK;
}

/* --- what comes out of the command --- */

static struct loc_io io_of(const struct pipe_state *p)
{
	return (struct loc_io){.conn = p->conn, .cancel = p->cancel, .retries = &p->item->retries};
}

static enum s3t_rc begin_sink(struct pipe_state *p, bool is_all, struct s3t_err *err)
{
	struct item *it = p->item;
	const struct job_spec *job = &it->job->spec;
	const struct s3_client *client = location_s3_client(job->to);
	uint32_t most = client ? s3_client_profile(client)->provider->max_parts : 0;
	struct strview name = sv_n(it->target, it->target_len);
	struct loc_io io = io_of(p);
	struct loc_sink_spec spec = item_sink_spec(it);
	spec.size = is_all ? p->len : UINT64_MAX;
	spec.part_size = is_all ? 0 : PART;
	spec.part_count = is_all ? 1 : most ? most : S3_PARTS_MAX;
	spec.mtime_ns = TIME_UNKNOWN;
	spec.mode = 0;
	/* it is not what went in */
	spec.content_type = job->content_type ? job->content_type : mime_type_of(name);
	item_coding_tell(it, is_all ? p->printed : UINT64_MAX, &spec);
	if (!is_all && it->coding) { /* another process removes it, but cannot go on with it */
		snprintf(it->coding->seed, sizeof it->coding->seed, "%s", PARTIAL_ENDS);
		item_intend_parts(it, PART, 2);
		io.cancel = it->job->engine->cleanup;
	}
	enum s3t_rc rc = job->to->ops->sink_begin(job->to, &io,
		sv_n(job->target_root, job->target_root_len), name, &spec, &it->sink, err);
	struct loc_token token;
	if (rc == S3T_OK && !is_all && it->coding && job->to->ops->sink_token(it->sink, &token))
		item_begun(it, &token);
	return rc;
}

static enum s3t_rc send_part(struct pipe_state *p, bool is_all, struct s3t_err *err)
{
	struct item *it = p->item;
	struct loc_io io = io_of(p);
	struct byte_source bytes = {.fd = p->spool};
	enum s3t_rc rc = it->sink ? S3T_OK : begin_sink(p, is_all, err);
	if (rc == S3T_OK)
		rc = it->job->spec.to->ops->sink_part(
			it->sink, &io, p->parts, p->sent, &bytes, 0, p->len, err);
	p->parts++;
	p->sent += p->len;
	p->len = 0;
	return rc;
}

static enum s3t_rc store(struct pipe_state *p, const char *data, size_t len, struct s3t_err *err)
{
	while (len) {
		size_t room = (size_t)(PART - p->len), n = len < room ? len : room;
		if (!fd_pwrite_all(p->spool, data, n, p->len))
			return s3t_fail_errno(err, errno, "The spool file cannot be written");
		p->len += n;
		data += n;
		len -= n;
		enum s3t_rc rc = p->len == PART ? send_part(p, false, err) : S3T_OK;
		if (rc != S3T_OK)
			return rc;
	}
	return S3T_OK;
}

/* len 0: the end. */
static enum s3t_rc take(struct pipe_state *p, const char *data, size_t len, struct s3t_err *err)
{
	struct strbuf coded;
	p->printed += len;
	if (!p->encoder)
		return store(p, data, len, err);
	strbuf_init(&coded);
	enum s3t_rc rc = encoder_add(p->encoder, data, len, len == 0, &coded)
				 ? store(p, coded.data, coded.len, err)
				 : s3t_fail(err, S3T_MEMORY, "There is no memory to encode it.");
	strbuf_deinit(&coded);
	return rc;
}

static void *drain_main(void *arg)
{
	struct pipe_state *p = arg;
	char *buf = s3t_alloc(CHUNK);
	for (;;) {
		ssize_t n = read(p->out, buf, CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		if (p->rc != S3T_OK)
			continue; /* read so that the command ends */
		p->rc = take(p, buf, (size_t)n, &p->err);
		if (p->rc != S3T_OK)
			cancel_trigger(p->cancel);
	}
	free(buf);
	return NULL;
}

/* --- what goes into it --- */

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

static enum s3t_rc read_source(
	struct item *it, const struct loc_io *io, int in, struct s3t_err *err)
{
	const struct location_ops *ops = it->job->spec.from->ops;
	struct feed f = {.in = in};
	enum s3t_rc rc = ops->source_open(
		it->job->spec.from, io, sv_n(it->path, it->path_len), &it->stat, &it->source, err);
	if (rc == S3T_OK)
		rc = ops->source_read(it->source, io, 0, it->stat.size, feed_command, &f, err);
	return f.is_closed ? S3T_OK : rc;
}

/* --- the command --- */

static char *variable(const char *name, struct strview value)
{
	return s3t_asprintf("%s=%.*s", name, (int)value.len, value.data);
}

static enum s3t_rc start(
	struct pipe_state *p, int *in, struct process **process, struct s3t_err *err)
{
	const struct item *it = p->item;
	const struct job_spec *spec = &it->job->spec;
	struct strview path = sv_n(it->path, it->path_len), bucket = SV(""), key = path;
	struct strview name = sv_n(it->target, it->target_len);
	struct strbuf target;
	char size[32];
	strbuf_init(&target);
	path_join(&target, sv_n(spec->target_root, spec->target_root_len), name);
	if (spec->from->ops->kind == LOC_S3)
		s3_path_split(path, &bucket, &key);
	snprintf(size, sizeof size, "%llu", (unsigned long long)it->stat.size);
	char *env[] = {variable("S3TUI_BUCKET", bucket), variable("S3TUI_KEY", key),
		variable("S3TUI_NAME", name), variable("S3TUI_TARGET", strbuf_view(&target)),
		variable("S3TUI_SIZE", sv(size)), NULL};
	enum s3t_rc rc = process_start(spec->argv, env, p->errors, in, &p->out, process, err);
	for (size_t i = 0; env[i]; i++)
		free(env[i]);
	strbuf_deinit(&target);
	return rc;
}

static void kill_it(void *arg)
{
	process_kill(arg);
}

static enum s3t_rc part(
	struct item *it, const struct loc_io *io, uint32_t index, struct s3t_err *err)
{
	struct pipe_state *p = it->route_state;
	struct loc_io in_io = *io;
	struct process *process;
	pthread_t thread;
	int in = -1;
	(void)index;
	enum s3t_rc rc = start(p, &in, &process, err);
	if (rc != S3T_OK)
		return rc;
	struct cancel_waker waker = {.wake = kill_it, .arg = process};
	cancel_add_waker(p->cancel, &waker);
	in_io.cancel = p->cancel;
	bool has_thread = thread_start(&thread, drain_main, p);
	rc = has_thread ? read_source(it, &in_io, in, err)
			: s3t_fail(err, S3T_MEMORY, "No thread can be started.");
	close(in);
	if (rc != S3T_OK)
		cancel_trigger(p->cancel); /* half an object is none: the command goes */
	if (has_thread)
		pthread_join(thread, NULL);
	cancel_remove_waker(p->cancel, &waker);
	close(p->out);
	struct s3t_err child_err;
	enum s3t_rc ended = process_end(process, &child_err);
	/* what went wrong with the output has cancelled the input */
	if (cancel_is_set(it->cancel)) {
		rc = s3t_fail(err, S3T_CANCELLED, "Cancelled.");
	} else if (p->rc != S3T_OK) {
		rc = p->rc;
		*err = p->err;
	} else if (rc == S3T_OK && ended != S3T_OK) {
		rc = ended;
		*err = child_err;
	}
	return rc;
}

static enum s3t_rc finish(struct item *it, const struct loc_io *io, struct loc_sink_result *result,
	struct s3t_err *err)
{
	struct pipe_state *p = it->route_state;
	enum s3t_rc rc = p->encoder ? take(p, NULL, 0, err) : S3T_OK;
	if (rc == S3T_OK && (p->len || !p->parts))
		rc = send_part(p, p->parts == 0, err);
	if (rc == S3T_OK)
		rc = it->job->spec.to->ops->sink_commit(it->sink, io, p->parts, result, err);
	it->wire_size = p->sent;
	return rc;
}

static enum s3t_rc abort_pipe(struct item *it, const struct loc_io *io, struct s3t_err *err)
{
	return it->sink ? it->job->spec.to->ops->sink_abort(it->sink, io, err) : S3T_OK;
}

static void close_pipe(struct item *it)
{
	struct pipe_state *p = it->route_state;
	if (!p)
		return;
	encoder_free(p->encoder);
	cancel_free(p->cancel);
	if (p->conn)
		http_conn_free(p->conn);
	if (p->spool >= 0)
		close(p->spool);
	if (p->errors >= 0)
		close(p->errors);
	free(p);
	it->route_state = NULL;
}

const struct route route_pipe = {.name = "pipe",
	.plan = plan,
	.begin = begin,
	.part = part,
	.finish = finish,
	.abort = abort_pipe,
	.close = close_pipe};
