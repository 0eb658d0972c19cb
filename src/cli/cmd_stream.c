/*
 * cp with "-" (decision 13). In: the main thread reads parts of standard input into spool files, a
 * few senders pass them on, so that the next part is read while others travel; a part waits for its
 * retry in its spool file. Input smaller than a part goes in one piece. Out: one streamed read,
 * hashed on its way.
 */
#include "cli/internal.h"

#include "core/coding.h"
#include "core/crypto.h"
#include "core/fdio.h"
#include "core/mime.h"
#include "transfer/limiter.h"
#include "transfer/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SENDERS = 3, SLOTS = SENDERS + 1, CHUNK = 1 << 18, POLL_MS = 200, CLEANUP_MS = 5000 };

enum slot_state { SLOT_FREE, SLOT_FULL, SLOT_SENDING };

struct slot {
	enum slot_state state; /* guarded by lock */
	/* the reader's while FREE, the sender's while SENDING */
	int fd;
	uint32_t index;
	uint64_t offset, len;
};

struct stream {
	struct cli *cli;
	struct location *loc;
	struct loc_sink *sink;
	struct cancel *stop;     /* child of the command's: a failure triggers it */
	struct journal *journal; /* NULL: nothing that would outlive us was begun */
	char uid[JOB_UID_LEN + 1];
	struct limiter limiter;
	atomic_int_fast64_t bytes;
	uint64_t expected;
	/* the reader's: what is compressed or encrypted on its way in */
	struct spool_coding coding;
	struct strbuf pending; /* that waits for its slot */
	uint64_t plain;        /* bytes read */
	bool is_at_end;
	pthread_t senders[SENDERS];
	size_t sender_count;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* guarded by lock */
	struct slot slots[SLOTS];
	bool is_over; /* no more parts come */
	enum s3t_rc rc;
	struct s3t_err err;
};

static bool has_failed(struct stream *s)
{
	pthread_mutex_lock(&s->lock);
	bool failed = s->rc != S3T_OK;
	pthread_mutex_unlock(&s->lock);
	return failed || cancel_is_set(s->stop);
}

static void fail(struct stream *s, enum s3t_rc rc, const struct s3t_err *err)
{
	pthread_mutex_lock(&s->lock);
	if (s->rc == S3T_OK) {
		s->rc = rc;
		s->err = *err;
	}
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	cancel_trigger(s->stop);
}

/* Moves what is pending into the slot. False with errno. */
static bool take_pending(struct stream *s, struct slot *slot, uint64_t want)
{
	uint64_t room = want - slot->len;
	size_t n = s->pending.len < room ? s->pending.len : (size_t)room;
	if (!fd_pwrite_all(slot->fd, s->pending.data, n, slot->len))
		return false;
	slot->len += n;
	memmove(s->pending.data, s->pending.data + n, s->pending.len - n);
	strbuf_truncate(&s->pending, s->pending.len - n);
	return true;
}

/* What was read (nothing at the end), into the slot or what waits for the next one. */
static bool take_input(
	struct stream *s, struct slot *slot, uint64_t want, const char *data, size_t len)
{
	s->plain += len;
	s->is_at_end = len == 0;
	if (!s->coding.encoder) {
		if (!fd_pwrite_all(slot->fd, data, len, slot->len))
			return false;
		slot->len += len;
		return true;
	}
	if (!encoder_add(s->coding.encoder, data, len, s->is_at_end, &s->pending)) {
		errno = ENOMEM;
		return false;
	}
	return take_pending(s, slot, want);
}

/* Reads up to want bytes into the slot; fewer at the end of input. False: failed or cancelled. */
static bool fill(struct stream *s, struct slot *slot, uint64_t want)
{
	struct s3t_err err;
	char *buf = s3t_alloc(CHUNK);
	bool ok = true;
	slot->len = 0;
	if (s->pending.len)
		ok = take_pending(s, slot, want);
	while (ok && slot->len < want && !s->is_at_end) {
		struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
			{.fd = signals_fd(), .events = POLLIN}};
		(void)poll(fds, 2, POLL_MS);
		progress_draw_bytes((uint64_t)atomic_load(&s->bytes), s->expected);
		if (has_failed(s)) {
			ok = false;
			break;
		}
		if (!fds[0].revents)
			continue;
		uint64_t left = want - slot->len;
		ssize_t n = read(STDIN_FILENO, buf, left < CHUNK ? (size_t)left : CHUNK);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0 || !take_input(s, slot, want, buf, (size_t)n)) {
			fail(s,
				s3t_fail_errno(&err, errno, "Cannot %s",
					n < 0 ? "read standard input" : "write the spool file"),
				&err);
			ok = false;
		}
	}
	free(buf);
	return ok;
}

/* --- senders --- */

static void on_progress(void *arg, int64_t bytes)
{
	struct stream *s = arg;
	atomic_fetch_add(&s->bytes, bytes);
	if (bytes > 0)
		limiter_take(&s->limiter, (uint64_t)bytes, s->stop);
}

static struct loc_io io_of(struct stream *s, struct http_conn *conn)
{
	return (struct loc_io){
		.conn = conn, .cancel = s->stop, .progress = on_progress, .progress_arg = s};
}

static struct slot *find_slot(struct stream *s, enum slot_state state)
{
	for (size_t i = 0; i < SLOTS; i++)
		if (s->slots[i].state == state)
			return &s->slots[i];
	return NULL;
}

static void *sender_main(void *arg)
{
	struct stream *s = arg;
	struct http_conn *conn = http_conn_new(s->cli->transport);
	struct loc_io io = io_of(s, conn);
	pthread_mutex_lock(&s->lock);
	while (s->rc == S3T_OK) {
		struct slot *slot = find_slot(s, SLOT_FULL);
		if (!slot && s->is_over)
			break;
		if (!slot) {
			pthread_cond_wait(&s->changed, &s->lock);
			continue;
		}
		slot->state = SLOT_SENDING;
		pthread_mutex_unlock(&s->lock);
		struct s3t_err err;
		enum s3t_rc rc = s->loc->ops->sink_part(s->sink, &io, slot->index, slot->offset,
			&(struct byte_source){.fd = slot->fd}, 0, slot->len, &err);
		if (rc != S3T_OK)
			fail(s, rc, &err);
		pthread_mutex_lock(&s->lock);
		slot->state = SLOT_FREE;
		pthread_cond_broadcast(&s->changed);
	}
	pthread_mutex_unlock(&s->lock);
	http_conn_free(conn);
	return NULL;
}

/* Waits for a slot to read into; NULL after a failure. */
static struct slot *free_slot(struct stream *s)
{
	struct slot *slot = NULL;
	pthread_mutex_lock(&s->lock);
	while (s->rc == S3T_OK && !(slot = find_slot(s, SLOT_FREE)))
		pthread_cond_wait(&s->changed, &s->lock);
	if (s->rc != S3T_OK)
		slot = NULL;
	pthread_mutex_unlock(&s->lock);
	return slot;
}

static void hand_over(struct stream *s, struct slot *slot)
{
	pthread_mutex_lock(&s->lock);
	slot->state = SLOT_FULL;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

static void join_senders(struct stream *s)
{
	pthread_mutex_lock(&s->lock);
	s->is_over = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	for (size_t i = 0; i < s->sender_count; i++)
		pthread_join(s->senders[i], NULL);
	s->sender_count = 0;
}

/* --- in --- */

static uint64_t choose_part_size(struct cli *cli)
{
	uint64_t wanted = cli->settings.part_size, expected = cli->opt->expected_size;
	uint32_t most = cli->profile ? cli->profile->provider->max_parts : 0;
	struct plan plan;
	if (!expected)
		return wanted ? wanted : 16 * PLAN_MIB;
	if (!plan_upload(expected, 0, wanted, most ? most : S3_PARTS_MAX, &plan))
		return S3_PART_MAX;
	if (plan.was_raised)
		cli_complain("parts of %llu MiB are needed for so much data",
			(unsigned long long)(plan.part_size / PLAN_MIB));
	if (plan.part_count == 1) /* in case that it is more than expected */
		return wanted ? wanted : 16 * PLAN_MIB;
	return plan.part_size;
}

/* Parts after the first, which is in slots[0] already. *count: parts there are. */
static void pump(struct stream *s, uint64_t part_size, uint32_t most, uint32_t *count)
{
	bool may_grow = s->cli->profile && s->cli->profile->provider->unequal_parts;
	uint64_t offset = s->slots[0].len;
	for (size_t i = 0; i < SENDERS; i++)
		if (pthread_create(&s->senders[s->sender_count], NULL, sender_main, s) == 0)
			s->sender_count++;
	if (!s->sender_count)
		s3t_oom();
	hand_over(s, &s->slots[0]);
	for (*count = 1;;) {
		struct slot *slot = free_slot(s);
		if (!slot || !fill(s, slot, plan_stream_part(part_size, *count, may_grow)))
			break;
		if (!slot->len)
			break;
		if (*count == most) {
			struct s3t_err err;
			fail(s,
				s3t_fail(&err, S3T_UNSUPPORTED,
					"The input is longer than %u parts of this size; say a "
					"larger --part-size or --expected-size.",
					most),
				&err);
			break;
		}
		slot->index = (*count)++;
		slot->offset = offset;
		offset += slot->len;
		bool is_last = slot->len < plan_stream_part(part_size, slot->index, may_grow);
		hand_over(s, slot);
		if (is_last)
			break;
	}
}

static bool abort_sink(struct stream *s)
{
	struct s3t_err err;
	struct cleanup *cleanup = cleanup_new(CLEANUP_MS);
	struct loc_io io = {.conn = s->cli->conn, .cancel = cleanup_token(cleanup)};
	bool ok = s->loc->ops->sink_abort(s->sink, &io, &err) == S3T_OK;
	if (!ok)
		(void)cli_fail(s->cli, "undo what was begun", NULL, &err);
	cleanup_free(cleanup);
	return ok;
}

/* A stream cannot be resumed: its input is gone with its reader. But what it leaves on a server is
 * in a journal, as a job that only wants to be removed. */
static void journal_intent(struct stream *s, struct strview parent, struct strview name)
{
	s->journal = journal_new_in_state();
	random_name(s->uid, JOB_UID_LEN);
	struct saved_job job = {.created_s = time_wall_s(), .is_cancelled = true};
	struct location *local = s->cli->local;
	struct strbuf lines;
	memcpy(job.uid, s->uid, sizeof job.uid);
	saved_place_set(&job.from, local);
	saved_place_set(&job.to, s->loc);
	job_spec_init(&job.spec, JOB_COPY, &s->cli->settings);
	job_spec_add_source(&job.spec, SV("-"), name);
	job_spec_set_target(&job.spec, s->loc, parent);
	job.partials = partial_new(SV("-"), name, 1);
	job.partials->number = 1;
	job.partials->since_s = time_wall_s();
	strbuf_init(&lines);
	record_saved_job(&lines, &job);
	journal_job_begun(s->journal, strbuf_view(&lines));
	journal_commit(s->journal);
	strbuf_deinit(&lines);
	partial_free(job.partials);
	saved_place_deinit(&job.from);
	saved_place_deinit(&job.to);
	job_spec_deinit(&job.spec);
}

static void journal_token(struct stream *s)
{
	struct loc_token token;
	struct strbuf line;
	if (!s->loc->ops->sink_token(s->sink, &token))
		return;
	strbuf_init(&line);
	record_token(&line, s->uid, 1, &token);
	journal_append(s->journal, strbuf_view(&line));
	strbuf_deinit(&line);
	loc_token_deinit(&token);
}

static enum s3t_rc send_all(struct stream *s, struct place *target, bool no_replace,
	struct loc_sink_result *result, struct s3t_err *err)
{
	struct cli *cli = s->cli;
	uint64_t part_size = choose_part_size(cli);
	uint32_t most = cli->profile ? cli->profile->provider->max_parts : 0, count = 1;
	if (!most || most > S3_PARTS_MAX)
		most = S3_PARTS_MAX;
	const char *type =
		cli->opt->content_type ? cli->opt->content_type : mime_type_of(target->key);
	if (target->is_s3 && spool_coding_begin(&s->coding, cli, s->stop, type, err) != S3T_OK)
		return err->rc;
	if (!fill(s, &s->slots[0], part_size))
		return s->rc != S3T_OK ? s->rc : s3t_fail(&s->err, S3T_CANCELLED, "Cancelled.");
	bool is_small = s->slots[0].len < part_size;
	struct strview path = strbuf_view(&target->path), parent = path_parent(path);
	struct strview name = sv_from(path, parent.len);
	struct loc_sink_spec spec = {.size = is_small ? s->slots[0].len : UINT64_MAX,
		.part_size = is_small ? 0 : part_size,
		.part_count = is_small ? 1 : most,
		.mtime_ns = TIME_UNKNOWN,
		.content_type =
			cli->opt->content_type ? cli->opt->content_type : mime_type_of(name),
		.storage_class = cli->settings.storage_class,
		.encryption = cli->settings.encryption_type,
		.kms_key_id = cli->settings.kms_key_id,
		.no_replace = no_replace,
		.prove = cli->settings.checksum};
	struct strbuf metadata;
	strbuf_init(&metadata);
	spool_coding_tell(&s->coding, is_small ? s->plain : UINT64_MAX, &metadata, &spec);
	struct loc_io io = io_of(s, cli->conn);
	bool leaves_something = !is_small || !target->is_s3;
	if (leaves_something)
		journal_intent(s, parent, name);
	enum s3t_rc rc = s->loc->ops->sink_begin(s->loc, &io, parent, name, &spec, &s->sink, err);
	strbuf_deinit(&metadata);
	if (rc == S3T_OK && leaves_something)
		journal_token(s);
	/* what may have been made though no answer came stays in the journal */
	bool is_clean = rc == S3T_OK || rc == S3T_UNSUPPORTED || err->http_status / 100 == 4;
	if (rc != S3T_OK) {
		if (is_clean || !target->is_s3)
			journal_job_ended(s->journal, s->uid);
		return rc;
	}
	if (is_small) {
		rc = s->loc->ops->sink_part(s->sink, &io, 0, 0,
			&(struct byte_source){.fd = s->slots[0].fd}, 0, s->slots[0].len, err);
	} else {
		pump(s, part_size, most, &count);
		join_senders(s);
		rc = s->rc;
		if (rc != S3T_OK)
			*err = s->err;
	}
	if (rc == S3T_OK && cancel_is_set(s->stop))
		rc = s3t_fail(err, S3T_CANCELLED, "Cancelled.");
	if (rc == S3T_OK)
		rc = s->loc->ops->sink_commit(s->sink, &io, count, result, err);
	if (rc != S3T_OK)
		is_clean = abort_sink(s);
	if (is_clean)
		journal_job_ended(s->journal, s->uid);
	s->loc->ops->sink_free(s->sink);
	return rc;
}

/* *go: whether to send at all. */
static int settle_conflict(struct cli *cli, struct place *target, bool *no_replace, bool *go)
{
	enum conflict_policy policy = CONFLICT_OVERWRITE;
	*go = true;
	if (cli->opt->on_conflict &&
		(!conflict_policy_parse(sv(cli->opt->on_conflict), &policy) ||
			(policy != CONFLICT_OVERWRITE && policy != CONFLICT_SKIP &&
				policy != CONFLICT_FAIL))) {
		cli_complain("--on-conflict with - is one of overwrite, skip, fail");
		return CLI_EXIT_USAGE;
	}
	*no_replace = policy != CONFLICT_OVERWRITE;
	if (!*no_replace)
		return 0;
	struct loc_io io = cli_io(cli);
	struct loc_stat st;
	struct s3t_err err;
	enum s3t_rc rc =
		target->loc->ops->stat(target->loc, &io, strbuf_view(&target->path), &st, &err);
	if (rc == S3T_NOT_FOUND)
		return 0;
	if (rc != S3T_OK)
		return cli_fail(cli, "look at", target->text, &err);
	loc_stat_deinit(&st);
	*go = st.kind != ENTRY_FILE;
	if (*go || policy == CONFLICT_SKIP)
		return 0;
	(void)s3t_fail(&err, S3T_EXISTS, "It exists already.");
	return cli_fail(cli, "copy to", target->text, &err);
}

static void print_result(struct stream *s, const struct place *target, int64_t took_ms,
	const struct loc_sink_result *result)
{
	struct json_writer w;
	struct strbuf line, url;
	strbuf_init(&line);
	strbuf_init(&url);
	add_url(&url, target->is_s3, strbuf_view(&target->path));
	json_begin(&w, &line);
	json_add_string(&w, "source", SV("-"));
	json_add_bytes(&w, "target", strbuf_view(&url));
	if (target->is_s3) {
		json_add_bytes(&w, "bucket", target->bucket);
		json_add_bytes(&w, "key", target->key);
		json_add_string(&w, "etag", sv(result->etag));
	}
	if (result->version_id)
		json_add_string(&w, "version_id", sv(result->version_id));
	else
		json_add_null(&w, "version_id");
	json_add_uint(&w, "size", (uint64_t)atomic_load(&s->bytes));
	json_add_int(&w, "duration_ms", took_ms);
	json_add_string(&w, "status", SV("completed"));
	if (result->proof)
		json_add_string(&w, "proof", sv(result->proof));
	json_end(&w);
	out_json(&line);
	strbuf_deinit(&line);
	strbuf_deinit(&url);
}

static void stream_init(struct stream *s, struct cli *cli, struct location *loc)
{
	*s = (struct stream){.cli = cli, .loc = loc, .expected = cli->opt->expected_size};
	s->stop = cancel_new(cli->cancel);
	limiter_init(&s->limiter, cli->opt->limit_rate);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	for (size_t i = 0; i < SLOTS; i++)
		s->slots[i].fd = -1;
	strbuf_init_cap(&s->pending, SIZE_MAX / 2);
}

static void stream_deinit(struct stream *s)
{
	for (size_t i = 0; i < SLOTS; i++)
		if (s->slots[i].fd >= 0)
			close(s->slots[i].fd);
	spool_coding_end(&s->coding);
	strbuf_deinit_wipe(&s->pending);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->changed);
	limiter_deinit(&s->limiter);
	cancel_free(s->stop);
	cli_journal_free(s->journal);
}

int cmd_stream_in(struct cli *cli, struct place *target)
{
	bool no_replace, go;
	if (target->wants_dir || (target->is_s3 && !target->key.len)) {
		cli_complain("%s needs a name for what comes from standard input", target->text);
		return CLI_EXIT_USAGE;
	}
	int status = settle_conflict(cli, target, &no_replace, &go);
	if (status || !go)
		return status;
	struct stream s;
	struct s3t_err err = {.rc = S3T_OK};
	struct loc_sink_result result = {.proof = NULL};
	int64_t began_ms = time_mono_ms();
	enum s3t_rc rc = S3T_OK;
	stream_init(&s, cli, target->loc);
	for (size_t i = 0; i < SLOTS && rc == S3T_OK; i++) {
		s.slots[i].fd = spool_open();
		if (s.slots[i].fd < 0)
			rc = s3t_fail_errno(&err, errno, "Cannot make a spool file");
	}
	progress_start();
	if (rc == S3T_OK)
		rc = send_all(&s, target, no_replace, &result, &err);
	progress_stop();
	if (rc != S3T_OK && s.rc != S3T_OK)
		err = s.err;
	if (cancel_is_set(cli->cancel) && rc != S3T_OK)
		rc = s3t_fail(&err, S3T_CANCELLED, "Cancelled.");
	int64_t took_ms = time_mono_ms() - began_ms;
	if (rc == S3T_OK && target->is_s3) {
		metrics_add(&cli->metrics.uploads_total, 1);
		metrics_add(&cli->metrics.bytes_uploaded, (uint64_t)atomic_load(&s.bytes));
		metrics_add(&cli->metrics.upload_duration_ms, (uint64_t)took_ms);
	}
	if (rc == S3T_OK && cli->opt->json)
		print_result(&s, target, took_ms, &result);
	if (rc != S3T_OK)
		status = cli_fail(cli, "copy standard input to", target->text, &err);
	loc_sink_result_deinit(&result);
	stream_deinit(&s);
	return status;
}

/* --- out --- */

struct reader {
	struct stream *stream;
	struct digest *digest;
	uint64_t total;
	int failed; /* errno */
};

static bool on_data(void *arg, const char *data, size_t len)
{
	struct reader *r = arg;
	struct stream *s = r->stream;
	digest_update(r->digest, data, len);
	atomic_fetch_add(&s->bytes, (int_fast64_t)len);
	limiter_take(&s->limiter, len, s->stop);
	while (len) {
		ssize_t n = write(STDOUT_FILENO, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			r->failed = errno;
			return false;
		}
		data += n;
		len -= (size_t)n;
	}
	progress_draw_bytes((uint64_t)atomic_load(&s->bytes), r->total);
	return true;
}

/* An object by its exact key, also one that ends in '/'. */
static enum s3t_rc look_at(
	struct cli *cli, struct place *p, struct loc_stat *st, bool *is_opaque, struct s3t_err *err)
{
	struct loc_io io = cli_io(cli);
	*is_opaque = false;
	*st = (struct loc_stat){.kind = ENTRY_FILE, .mtime_ns = TIME_UNKNOWN};
	if (!p->is_s3)
		return p->loc->ops->stat(p->loc, &io, strbuf_view(&p->path), st, err);
	struct s3_ctx ctx = cli_ctx(cli);
	struct s3_object object;
	s3_object_init(&object);
	enum s3t_rc rc = s3_head_version(
		&ctx, p->bucket, p->key, sv(p->version_id ? p->version_id : ""), &object, err);
	*is_opaque = object.etag_is_opaque;
	st->size = object.size;
	memcpy(st->etag, object.etag, sizeof st->etag);
	s3_object_deinit(&object);
	return rc;
}

static enum s3t_rc prove(
	struct cli *cli, const char *etag, struct digest *digest, struct s3t_err *err)
{
	unsigned char told[MD5_LEN], sum[MD5_LEN];
	digest_final(digest, sum);
	bool is_md5 = cli->settings.verify_checksum && hex_decode(sv(etag), told, MD5_LEN) &&
		      s3_client_etag_rule(cli->client) != ETAG_OPAQUE;
	if (!is_md5 || memcmp(told, sum, MD5_LEN) == 0)
		return S3T_OK;
	return s3t_fail(err, S3T_MISMATCH,
		"What came is not what is stored: its MD5 is not the object's ETag.");
}

static enum s3t_rc read_all(
	struct stream *s, struct place *source, struct reader *r, struct s3t_err *err)
{
	struct loc_stat st;
	struct loc_source *from = NULL;
	struct loc_io io = {.conn = s->cli->conn, .cancel = s->stop};
	const struct location_ops *ops = source->loc->ops;
	bool is_opaque;
	enum s3t_rc rc = look_at(s->cli, source, &st, &is_opaque, err);
	if (rc != S3T_OK)
		return rc;
	r->total = st.size;
	if (st.kind != ENTRY_FILE)
		rc = s3t_fail(err, S3T_INVALID, "It is no file.");
	st.decode = source->is_s3 && !s->cli->opt->raw;
	if (rc == S3T_OK)
		rc = ops->source_open(
			source->loc, &io, strbuf_view(&source->path), &st, &from, err);
	if (rc == S3T_OK)
		rc = ops->source_read(from, &io, 0, st.size, on_data, r, err);
	struct loc_facts facts = {.decoded = NULL};
	if (rc == S3T_OK)
		ops->source_facts(from, &facts);
	if (from)
		ops->source_close(from);
	if (rc == S3T_OK && source->is_s3 && !is_opaque && !facts.decoded)
		rc = prove(s->cli, st.etag, r->digest, err);
	loc_stat_deinit(&st);
	return rc;
}

int cmd_stream_out(struct cli *cli, struct place *source)
{
	if (cli->opt->json) {
		cli_complain("--json does not go with - as the target: the data goes to standard "
			     "output");
		return CLI_EXIT_USAGE;
	}
	if (source->is_s3 && !source->key.len) {
		cli_complain("%s is a bucket; an object is wanted", source->text);
		return CLI_EXIT_USAGE;
	}
	struct stream s;
	struct s3t_err err;
	int64_t began_ms = time_mono_ms();
	stream_init(&s, cli, source->loc);
	struct reader r = {.stream = &s, .digest = digest_new(DIGEST_MD5)};
	if (!out_is_tty())
		progress_start();
	enum s3t_rc rc = read_all(&s, source, &r, &err);
	progress_stop();
	if (rc == S3T_OK && source->is_s3) {
		metrics_add(&cli->metrics.downloads_total, 1);
		metrics_add(&cli->metrics.bytes_downloaded, (uint64_t)atomic_load(&s.bytes));
		metrics_add(
			&cli->metrics.download_duration_ms, (uint64_t)(time_mono_ms() - began_ms));
	}
	int status = CLI_EXIT_OK;
	if (r.failed == EPIPE) {
		status = CLI_EXIT_SIGNAL + 13; /* the reader has seen enough */
	} else if (r.failed) {
		(void)s3t_fail_errno(&err, r.failed, "Cannot write to standard output");
		status = cli_fail(cli, "copy", source->text, &err);
	} else if (rc != S3T_OK) {
		status = cli_fail(cli, "copy", source->text, &err);
	}
	digest_free(r.digest);
	stream_deinit(&s);
	return status;
}
