/*
 * What goes up as it comes, its length not known before: through a spool file, in parts where it is
 * much, and under its name only once it is whole. An item is one piece of work.
 *
 * pipe (JOB_PIPE): a command for each item. What the source holds goes to its standard input, what
 * it prints to the target. No shell; what the command is to know is in its environment. It may have
 * to wait for what it prints to be taken, so a thread of its own does that beside the worker that
 * feeds it: neither waits for the other.
 *
 * seal: a copy between services that is encrypted on its way (ClientSide).
 */
#include "core/crypto.h"
#include "core/fdio.h"
#include "core/mime.h"
#include "core/process.h"
#include "core/thread.h"
#include "core/timeutil.h"
#include "transfer/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PART = 16 << 20, CHUNK = 1 << 18, SAID_SHOWN = 200 };

struct stream {
	struct item *item;
	int spool;              /* what came and is not sent yet */
	struct http_conn *conn; /* for sending, while another reads */
	struct cancel *cancel;  /* of this run; ends the command too */
	struct coding encodes;  /* what is done here; of what came compressed less than is told */
	struct encoder *encoder;
	uint64_t len;   /* in the spool */
	uint64_t taken; /* that came, before it was encoded */
	uint64_t sent;
	uint32_t parts;
	enum s3t_rc rc; /* of taking it in */
	struct s3t_err err;
	/* pipe */
	int out, errors;    /* what the command prints, and says on stderr; -1: it has ended */
	int wake[2];        /* written to by whoever cancels */
	struct strbuf said; /* the end of that */
	/* seal */
	struct s3_object object; /* the source */
	uint64_t plain_size;     /* of what is in it, if it came compressed */
	struct strbuf tagging;
	struct digest *md5; /* of what was read */
};

static enum s3t_rc plan(struct item *it, struct s3t_err *err)
{
	(void)err;
	it->plan = (struct plan){.part_size = it->stat.size, .part_count = 1};
	return S3T_OK;
}

static enum s3t_rc begin(struct item *it, struct stream **out, struct s3t_err *err)
{
	struct stream *s = s3t_alloc(sizeof *s);
	*out = it->route_state = s;
	*s = (struct stream){
		.item = it, .errors = -1, .out = -1, .wake = {-1, -1}, .spool = spool_open()};
	int why = errno;
	s3_object_init(&s->object);
	strbuf_init(&s->tagging);
	strbuf_init(&s->said);
	s->conn = http_conn_new(it->job->engine->transport);
	s->cancel = cancel_new(it->cancel);
	if (it->coding)
		s->encodes = it->coding->how;
	return s->spool >= 0 ? S3T_OK : s3t_fail_errno(err, why, "No temporary file can be made");
}

static enum s3t_rc make_encoder(struct stream *s, struct s3t_err *err)
{
	return coding_is_none(s->encodes)
		       ? S3T_OK
		       : encoder_new(s->encodes, s->item->coding->keys, NULL, &s->encoder, err);
}

/* --- to the target --- */

/* A copy keeps what its source was; what a command prints is something else. */
static void describe(const struct stream *s, struct loc_sink_spec *spec)
{
	const struct item *it = s->item;
	const struct job_spec *job = &it->job->spec;
	const struct s3_object *o = &s->object;
	spec->mode = 0;
	spec->mtime_ns = TIME_UNKNOWN;
	spec->content_type = job->content_type ? job->content_type
			     : o->content_type ? o->content_type
					       : mime_type_of(sv_n(it->target, it->target_len));
	if (job->kind == JOB_PIPE)
		return;
	spec->mtime_ns = o->mtime_ns;
	spec->metadata = strbuf_view(&o->metadata);
	spec->headers = strbuf_view(&o->headers);
	spec->content_encoding = o->content_encoding;
	spec->tagging = s->tagging.len ? s->tagging.data : NULL;
}

static enum s3t_rc begin_sink(struct stream *s, bool is_all, struct s3t_err *err)
{
	struct item *it = s->item;
	const struct job_spec *job = &it->job->spec;
	const struct s3_client *client = location_s3_client(job->to);
	uint32_t most = client ? s3_client_profile(client)->provider->max_parts : 0;
	/* of a copy it is known before the end */
	uint64_t plain = job->kind != JOB_PIPE ? s->plain_size : is_all ? s->taken : UINT64_MAX;
	struct loc_io io = {.conn = s->conn, .cancel = s->cancel, .retries = &it->retries};
	struct loc_sink_spec spec = item_sink_spec(it);
	struct loc_token token;
	spec.size = is_all ? s->len : UINT64_MAX;
	spec.part_size = is_all ? 0 : PART;
	spec.part_count = is_all ? 1 : most ? most : S3_PARTS_MAX;
	describe(s, &spec);
	item_coding_tell(it, plain, &spec);
	bool is_noted = !is_all && it->coding;
	if (is_noted) { /* another process removes it, but cannot go on with it */
		snprintf(it->coding->seed, sizeof it->coding->seed, "%s", PARTIAL_ENDS);
		item_intend_parts(it, PART, 2);
		io.cancel = it->job->engine->cleanup;
	}
	enum s3t_rc rc =
		job->to->ops->sink_begin(job->to, &io, sv_n(job->target_root, job->target_root_len),
			sv_n(it->target, it->target_len), &spec, &it->sink, err);
	if (rc == S3T_OK && is_noted && job->to->ops->sink_token(it->sink, &token))
		item_begun(it, &token);
	return rc;
}

static enum s3t_rc send_part(struct stream *s, bool is_all, struct s3t_err *err)
{
	struct item *it = s->item;
	struct loc_io io = {.conn = s->conn, .cancel = s->cancel, .retries = &it->retries};
	struct byte_source bytes = {.fd = s->spool};
	enum s3t_rc rc = it->sink ? S3T_OK : begin_sink(s, is_all, err);
	/* what came in has been counted as it came; this goes out besides */
	if (rc == S3T_OK)
		limiter_take(&it->job->engine->limiter, s->len, s->cancel);
	if (rc == S3T_OK)
		rc = it->job->spec.to->ops->sink_part(
			it->sink, &io, s->parts, s->sent, &bytes, 0, s->len, err);
	s->parts++;
	s->sent += s->len;
	s->len = 0;
	return rc;
}

static enum s3t_rc store(struct stream *s, const char *data, size_t len, struct s3t_err *err)
{
	while (len) {
		size_t room = (size_t)(PART - s->len), n = len < room ? len : room;
		if (!fd_pwrite_all(s->spool, data, n, s->len))
			return s3t_fail_errno(err, errno, "The spool file cannot be written");
		s->len += n;
		data += n;
		len -= n;
		enum s3t_rc rc = s->len == PART ? send_part(s, false, err) : S3T_OK;
		if (rc != S3T_OK)
			return rc;
	}
	return S3T_OK;
}

/* len 0: the end. */
static enum s3t_rc take(struct stream *s, const char *data, size_t len, struct s3t_err *err)
{
	struct strbuf coded;
	s->taken += len;
	if (!s->encoder)
		return store(s, data, len, err);
	strbuf_init(&coded);
	enum s3t_rc rc = encoder_add(s->encoder, data, len, len == 0, &coded)
				 ? store(s, coded.data, coded.len, err)
				 : s3t_fail(err, S3T_MEMORY, "There is no memory to encode it.");
	strbuf_deinit(&coded);
	return rc;
}

/* What takes the place of an object takes that of the one that was read. */
static enum s3t_rc check_place(const struct item *it, const struct loc_io *io, struct s3t_err *err)
{
	const struct job_spec *spec = &it->job->spec;
	struct s3_client *from = location_s3_client(spec->from), *to = location_s3_client(spec->to);
	struct strview bucket, key;
	struct strbuf target;
	struct s3_object now;
	if (!from || !to || !s3_client_same_service(from, to))
		return S3T_OK;
	strbuf_init(&target);
	path_join(&target, sv_n(spec->target_root, spec->target_root_len),
		sv_n(it->target, it->target_len));
	bool is_in_place = sv_eq(strbuf_view(&target), sv_n(it->path, it->path_len));
	strbuf_deinit(&target);
	if (!is_in_place)
		return S3T_OK;
	struct s3_ctx ctx = {.client = from, .conn = io->conn, .cancel = io->cancel};
	s3_path_split(sv_n(it->path, it->path_len), &bucket, &key);
	s3_object_init(&now);
	enum s3t_rc rc = s3_head_object(&ctx, bucket, key, &now, err);
	if (rc == S3T_NOT_FOUND || (rc == S3T_OK && strcmp(now.etag, it->stat.etag) != 0))
		rc = s3t_fail(err, S3T_CHANGED,
			"The object was changed by others meanwhile; it stays as it is.");
	s3_object_deinit(&now);
	return rc;
}

static enum s3t_rc finish(struct item *it, const struct loc_io *io, struct loc_sink_result *result,
	struct s3t_err *err)
{
	struct stream *s = it->route_state;
	enum s3t_rc rc = it->job->spec.from->ops->source_check(it->source, err);
	if (rc == S3T_OK && s->encoder)
		rc = take(s, NULL, 0, err);
	if (rc == S3T_OK)
		rc = check_place(it, io, err);
	/* what fits into one part has its name with that */
	if (rc == S3T_OK && (s->len || !s->parts))
		rc = send_part(s, s->parts == 0, err);
	if (rc == S3T_OK)
		rc = it->job->spec.to->ops->sink_commit(it->sink, io, s->parts, result, err);
	it->wire_size = s->sent;
	return rc;
}

static enum s3t_rc abort_stream(struct item *it, const struct loc_io *io, struct s3t_err *err)
{
	return it->sink ? it->job->spec.to->ops->sink_abort(it->sink, io, err) : S3T_OK;
}

static void close_stream(struct item *it)
{
	struct stream *s = it->route_state;
	if (!s)
		return;
	encoder_free(s->encoder);
	cancel_free(s->cancel);
	http_conn_free(s->conn);
	s3_object_deinit(&s->object);
	strbuf_deinit(&s->tagging);
	digest_free(s->md5);
	if (s->spool >= 0)
		close(s->spool);
	for (int i = 0; i < 2; i++)
		if (s->wake[i] >= 0)
			close(s->wake[i]);
	strbuf_deinit(&s->said);
	free(s);
	it->route_state = NULL;
}

/* --- pipe --- */

static enum s3t_rc begin_pipe(struct item *it, const struct loc_io *io, struct s3t_err *err)
{
	const struct job_spec *spec = &it->job->spec;
	struct stream *s;
	enum s3t_rc rc = begin(it, &s, err);
	if (rc == S3T_OK && pipe2(s->wake, O_CLOEXEC | O_NONBLOCK) != 0)
		rc = s3t_fail_errno(err, errno, "No pipe can be made");
	if (rc == S3T_OK)
		rc = spec->from->ops->source_open(
			spec->from, io, sv_n(it->path, it->path_len), &it->stat, &it->source, err);
	return rc == S3T_OK ? make_encoder(s, err) : rc;
}

/* Only the end of what it says is told. */
static void keep_said(struct stream *s, const char *data, size_t len)
{
	enum { SAID_MAX = 4096 };
	strbuf_add(&s->said, data, len);
	if (s->said.len > 2 * SAID_MAX) {
		size_t from = s->said.len - SAID_MAX;
		memmove(s->said.data, s->said.data + from, SAID_MAX);
		strbuf_truncate(&s->said, SAID_MAX);
	}
}

/* Of one of its outputs; closes it at the end. */
static void read_some(struct stream *s, int *fd, char *buf)
{
	ssize_t n = read(*fd, buf, CHUNK);
	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0) {
		close(*fd);
		*fd = -1;
	} else if (fd == &s->errors) {
		keep_said(s, buf, (size_t)n);
	} else if (s->rc == S3T_OK) { /* else it is read so that the command ends */
		s->rc = take(s, buf, (size_t)n, &s->err);
		if (s->rc != S3T_OK)
			cancel_trigger(s->cancel);
	}
}

/* Until both outputs end; or somebody cancels, for what the command has left behind may hold them
 * open. */
static void *drain_main(void *arg)
{
	struct stream *s = arg;
	char *buf = s3t_alloc(CHUNK);
	bool is_woken = false;
	while ((s->out >= 0 || s->errors >= 0) && !is_woken) {
		struct pollfd fds[] = {{.fd = s->out, .events = POLLIN},
			{.fd = s->errors, .events = POLLIN}, {.fd = s->wake[0], .events = POLLIN}};
		if (poll(fds, 3, -1) < 0)
			continue;
		is_woken = fds[2].revents;
		if (fds[0].revents && !is_woken)
			read_some(s, &s->out, buf);
		if (fds[1].revents && !is_woken)
			read_some(s, &s->errors, buf);
	}
	free(buf);
	return NULL;
}

struct feed {
	int in, wake;
	bool is_closed, is_woken; /* the command has read enough; somebody cancels */
};

static bool feed_command(void *arg, const char *data, size_t len)
{
	struct feed *f = arg;
	while (len) {
		struct pollfd fds[] = {
			{.fd = f->in, .events = POLLOUT}, {.fd = f->wake, .events = POLLIN}};
		if (poll(fds, 2, -1) < 0)
			continue;
		f->is_woken = fds[1].revents;
		if (f->is_woken)
			return false;
		ssize_t n = write(f->in, data, len);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
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

static enum s3t_rc feed(struct stream *s, const struct loc_io *io, int in, struct s3t_err *err)
{
	const struct item *it = s->item;
	struct feed f = {.in = in, .wake = s->wake[0]};
	if (fcntl(in, F_SETFL, O_NONBLOCK) != 0)
		return s3t_fail_errno(err, errno, "The command cannot be written to");
	enum s3t_rc rc = it->job->spec.from->ops->source_read(
		it->source, io, 0, it->stat.size, feed_command, &f, err);
	if (f.is_woken)
		return s3t_fail(err, S3T_CANCELLED, "Cancelled.");
	return f.is_closed ? S3T_OK : rc;
}

static char *variable(const char *name, struct strview value)
{
	return s3t_asprintf("%s=%.*s", name, (int)value.len, value.data);
}

static enum s3t_rc start(struct stream *s, int *in, struct process **process, struct s3t_err *err)
{
	const struct item *it = s->item;
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
	enum s3t_rc rc = process_start(spec->argv, env, in, &s->out,
		it->job->engine->keeps_stderr ? &s->errors : NULL, process, err);
	for (size_t i = 0; env[i]; i++)
		free(env[i]);
	strbuf_deinit(&target);
	return rc;
}

struct run {
	struct process *process;
	int wake;
};

static void end_run(void *arg)
{
	const struct run *r = arg;
	process_kill(r->process);
	ssize_t n = write(r->wake, "", 1); /* full is as good as written */
	(void)n;
}

/* The first reason of all: what failed on one side has cancelled the other. */
static enum s3t_rc judge(const struct stream *s, enum s3t_rc fed, enum s3t_rc ended,
	const struct s3t_err *fed_err, const struct s3t_err *end_err, struct s3t_err *err)
{
	if (cancel_is_set(s->item->cancel))
		return s3t_fail(err, S3T_CANCELLED, "Cancelled.");
	if (fed != S3T_OK && fed != S3T_CANCELLED)
		return *err = *fed_err, fed;
	if (s->rc != S3T_OK)
		return *err = s->err, s->rc;
	if (ended != S3T_OK)
		*err = *end_err;
	return ended;
}

static enum s3t_rc pipe_all(
	struct item *it, const struct loc_io *io, uint32_t index, struct s3t_err *err)
{
	struct stream *s = it->route_state;
	struct loc_io in_io = *io;
	struct run run = {.wake = s->wake[1]};
	struct s3t_err fed_err, end_err;
	pthread_t thread;
	int in = -1;
	(void)index;
	enum s3t_rc rc = start(s, &in, &run.process, err);
	if (rc != S3T_OK)
		return rc;
	struct cancel_waker waker = {.wake = end_run, .arg = &run};
	cancel_add_waker(s->cancel, &waker);
	in_io.cancel = s->cancel;
	bool has_thread = thread_start(&thread, drain_main, s);
	enum s3t_rc fed = has_thread ? feed(s, &in_io, in, &fed_err)
				     : s3t_fail(&fed_err, S3T_MEMORY, "No thread can be started.");
	if (fed != S3T_OK)
		cancel_trigger(s->cancel); /* before it can take a part of its input for all */
	close(in);
	if (has_thread)
		pthread_join(thread, NULL);
	process_wait(run.process);
	cancel_remove_waker(s->cancel, &waker);
	for (int *fd = &s->out; fd; fd = fd == &s->out ? &s->errors : NULL) {
		if (*fd >= 0)
			close(*fd);
		*fd = -1;
	}
	struct strview said = sv_trim(strbuf_view(&s->said));
	size_t from = said.len > SAID_SHOWN ? said.len - SAID_SHOWN : 0;
	enum s3t_rc ended = process_end(run.process, sv_from(said, from), &end_err);
	return judge(s, fed, ended, &fed_err, &end_err, err);
}

const struct route route_pipe = {.name = "pipe",
	.plan = plan,
	.begin = begin_pipe,
	.part = pipe_all,
	.finish = finish,
	.abort = abort_stream,
	.begins_late = true,
	.close = close_stream};

/* --- seal --- */

bool route_seal_is_due(const struct job_spec *spec)
{
	const struct s3_client *from = location_s3_client(spec->from),
			       *to = location_s3_client(spec->to);
	return from && to && (spec->kind == JOB_COPY || spec->kind == JOB_MOVE) &&
	       s3_encryption_for(to, spec->encryption, NULL).kind == S3_ENCRYPTION_CLIENT;
}

static void drop_line(struct strbuf *lines, const char *name)
{
	struct strbuf rest;
	strbuf_init(&rest);
	for (struct strview all = strbuf_view(lines); all.len;) {
		struct strview line = sv_n(all.data, sv_find(all, '\n'));
		all = sv_from(all, line.len + 1);
		if (sv_eq_nocase(sv_n(line.data, sv_find(line, ':')), sv(name)))
			continue;
		strbuf_add_sv(&rest, line);
		strbuf_add_char(&rest, '\n');
	}
	strbuf_reset(lines);
	strbuf_add_sv(lines, strbuf_view(&rest));
	strbuf_deinit(&rest);
}

/* What is encrypted already goes as it is; what we have compressed is encrypted as it is. */
static enum s3t_rc take_coding(struct stream *s, struct s3t_err *err)
{
	static const char *const told[] = {CODING_META, CODING_META_SIZE, CODING_META_TYPE};
	struct coding was = {.compression = COMPRESS_OFF}, *how = &s->item->coding->how;
	s->plain_size = s->item->stat.size;
	if (!s->object.coding)
		return S3T_OK;
	if (!coding_parse(sv(s->object.coding), &was))
		return s3t_fail(err, S3T_UNSUPPORTED,
			"It is coded in a way that this program does not know (%.40s), and is not "
			"copied without being encrypted.",
			s->object.coding);
	if (was.is_age) {
		*how = s->encodes = (struct coding){.compression = COMPRESS_OFF};
		return S3T_OK;
	}
	how->compression = was.compression;
	s->plain_size = s->object.plain_size;
	for (size_t i = 0; i < sizeof told / sizeof *told; i++)
		drop_line(&s->object.metadata, told[i]);
	return S3T_OK;
}

static enum s3t_rc begin_seal(struct item *it, const struct loc_io *io, struct s3t_err *err)
{
	const struct job_spec *spec = &it->job->spec;
	struct s3_ctx ctx = {
		.client = location_s3_client(spec->from), .conn = io->conn, .cancel = io->cancel};
	struct path_version version;
	struct strview bucket, key;
	struct stream *s;
	enum s3t_rc rc = begin(it, &s, err);
	(void)path_version_split(sv_n(it->path, it->path_len), &version);
	s3_path_split(sv_n(it->path, it->path_len), &bucket, &key);
	if (rc == S3T_OK)
		rc = s3_head_version(&ctx, bucket, key, version.id, &s->object, err);
	if (rc == S3T_OK && s->object.size != it->stat.size)
		rc = s3t_fail(err, S3T_CHANGED, "The object changed since it was listed.");
	if (rc == S3T_OK && s->object.tag_count)
		rc = s3_keep_tagging(&ctx, bucket, key, &s->tagging, err);
	if (rc == S3T_OK)
		rc = spec->from->ops->source_open(
			spec->from, io, sv_n(it->path, it->path_len), &it->stat, &it->source, err);
	if (rc != S3T_OK)
		return rc;
	rc = take_coding(s, err);
	if (rc != S3T_OK)
		return rc;
	s->md5 = digest_new(DIGEST_MD5);
	return make_encoder(s, err);
}

static bool seal_some(void *arg, const char *data, size_t len)
{
	struct stream *s = arg;
	digest_update(s->md5, data, len);
	s->rc = take(s, data, len, &s->err);
	return s->rc == S3T_OK;
}

static enum s3t_rc seal_all(
	struct item *it, const struct loc_io *io, uint32_t index, struct s3t_err *err)
{
	struct stream *s = it->route_state;
	const struct location_ops *ops = it->job->spec.from->ops;
	unsigned char want[MD5_LEN], got[MD5_LEN];
	struct loc_facts facts;
	uint32_t parts;
	(void)index;
	enum s3t_rc rc = ops->source_read(it->source, io, 0, it->stat.size, seal_some, s, err);
	if (s->rc != S3T_OK) {
		*err = s->err;
		return s->rc;
	}
	if (rc != S3T_OK)
		return rc;
	ops->source_facts(it->source, &facts);
	digest_final(s->md5, got);
	bool is_md5 = etag_reads(it->stat.etag, &facts, want, &parts) && !parts;
	if (it->job->spec.prove_download && is_md5 && memcmp(got, want, MD5_LEN) != 0)
		return s3t_fail(
			err, S3T_MISMATCH, "What arrived does not match the object's ETag.");
	return S3T_OK;
}

const struct route route_seal = {.name = "seal",
	.plan = plan,
	.begin = begin_seal,
	.part = seal_all,
	.finish = finish,
	.abort = abort_stream,
	.begins_late = true,
	.close = close_stream};
