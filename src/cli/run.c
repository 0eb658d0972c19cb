/*
 * Jobs from submission to their end: events are printed as they come. A signal ends them early;
 * what can be resumed is kept then, and the engine has five seconds to remove the rest.
 */
#include "cli/internal.h"

#include "core/text.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { GRACE_MS = 5000, POLL_MS = 100 };

/* A job under way, as its lines want to know it. */
struct running {
	job_id id;
	enum job_kind kind;
	bool from_s3, to_s3, has_target, is_dry;
	struct strbuf root; /* of the targets */
	bool is_over, was_cancelled, was_stopped, is_kept;
	bool is_drop; /* it is there to be removed */
	char uid[JOB_UID_LEN + 1];
	uint64_t done, failed, skipped, archived, bytes;
	uint64_t verdicts[VERDICT_COUNT]; /* of verify */
};

struct run {
	struct cli *cli;
	struct engine *engine;
	struct msgq *events;
	struct journal *journal;
	struct running *jobs;
	size_t count, open;
	struct strbuf line, source, target;
	bool has_answer; /* for all that is asked from now on */
	enum conflict_policy answer;
	int64_t began_ms;
};

int spec_init(struct cli *cli, struct job_spec *spec, enum job_kind kind)
{
	const struct cli_options *o = cli->opt;
	job_spec_init(spec, kind, &cli->settings);
	spec->recursive = o->recursive;
	spec->follow_links = o->follow;
	spec->dry_run = o->dry_run;
	spec->raw = o->raw;
	spec->asks_encryption = o->encryption;
	spec->report_items = o->json || o->dry_run || kind == JOB_VERIFY;
	spec->report_problems = true;
	struct s3t_err err;
	if (o->content_type && s3_check_header(sv(o->content_type), &err) != S3T_OK) {
		cli_complain("--content-type: %s", err.message);
		return CLI_EXIT_USAGE;
	}
	if (o->content_type)
		spec->content_type = s3t_strdup(o->content_type);
	spec->name_latin1 = o->name_encoding && strcasecmp(o->name_encoding, "latin1") == 0;
	if (o->on_conflict)
		(void)conflict_policy_parse(sv(o->on_conflict), &spec->policy); /* it is one */
	if (spec->policy == CONFLICT_ASK && !(isatty(STDIN_FILENO) && isatty(STDERR_FILENO))) {
		cli_complain("--on-conflict ask needs a terminal to ask on; choose another");
		return CLI_EXIT_USAGE;
	}
	return 0;
}

static struct running *find_job(struct run *r, job_id id)
{
	size_t i = 0;
	while (i + 1 < r->count && r->jobs[i].id != id)
		i++;
	return &r->jobs[i];
}

/* Source and target as a person writes them, into r->source and r->target. */
static void find_names(struct run *r, const struct running *job, const struct event *e)
{
	strbuf_reset(&r->source);
	strbuf_reset(&r->target);
	add_url(&r->source, job->from_s3, sv_n(e->source ? e->source : "", e->source_len));
	if (!job->has_target)
		return;
	if (job->to_s3)
		strbuf_add_str(&r->target, "s3://");
	path_join(&r->target, strbuf_view(&job->root),
		sv_n(e->target ? e->target : "", e->target_len));
}

static void print_item_json(struct run *r, const struct running *job, const struct event *e)
{
	struct json_writer w;
	json_begin(&w, &r->line);
	json_add_bytes(&w, "source", strbuf_view(&r->source));
	if (job->has_target)
		json_add_bytes(&w, "target", strbuf_view(&r->target));
	if (job->to_s3 || job->from_s3) {
		struct strview bucket, key;
		bool of_target = job->to_s3 && job->has_target;
		struct strview path = of_target ? sv_from(strbuf_view(&r->target), strlen("s3://"))
						: sv_n(e->source ? e->source : "", e->source_len);
		s3_path_split(path, &bucket, &key);
		json_add_bytes(&w, "bucket", bucket);
		json_add_bytes(&w, "key", key);
	}
	if (e->result.etag[0])
		json_add_string(&w, "etag", sv(e->result.etag));
	else
		json_add_null(&w, "etag");
	if (e->result.version_id)
		json_add_string(&w, "version_id", sv(e->result.version_id));
	else
		json_add_null(&w, "version_id");
	json_add_uint(&w, "size", e->size);
	json_add_int(&w, "duration_ms", e->duration_ms);
	json_add_string(&w, "status", sv(item_outcome_word(e->outcome)));
	if (e->result.note)
		json_add_string(&w, "changes", sv(e->result.note));
	if (job->kind == JOB_PIPE)
		json_add_int(&w, "exit_status", e->err.exit_status);
	if (job->is_dry)
		json_add_bool(&w, "dry_run", true);
	else if (e->result.proof)
		json_add_string(&w, "proof", sv(e->result.proof));
	if (e->err.rc != S3T_OK)
		add_error_json(&w, &e->err);
	json_end(&w);
	out_json(&r->line);
}

static const char *verb_of(const struct running *job)
{
	return job->kind == JOB_DELETE ? "remove" : job_kind_word(job->kind);
}

/* Of verify: what is the same is said in JSON only. */
static void print_verdict(struct run *r, struct running *job, const struct event *e)
{
	if (e->outcome == ITEM_CANCELLED)
		return; /* it was not looked at */
	enum verdict v = verdict_of(e->outcome, &e->err);
	struct strview name = sv_n(e->target ? e->target : "", e->target_len);
	if (!name.len) /* the whole place */
		name = path_basename(strbuf_view(&r->target));
	job->verdicts[v]++;
	if (r->cli->opt->json) {
		strbuf_reset(&r->line);
		verify_report_line(&r->line, e, name,
			e->source_len ? strbuf_view(&r->source) : SV(""), strbuf_view(&r->target));
		out_text(strbuf_view(&r->line));
	} else if (v != VERDICT_SAME) {
		out_printf("%-11s ", verdict_word(v));
		out_name(name);
		out_printf("  (%s)\n", e->err.message);
	}
}

/* What would be different, below its object. */
static void print_note(const struct running *job, const struct event *e)
{
	const char *note = e->result.note ? e->result.note : "as it is\n";
	if (job->kind != JOB_CHANGE || e->outcome != ITEM_COMPLETED)
		return;
	for (struct strview rest = sv(note); rest.len;
		rest = sv_from(rest, sv_find(rest, '\n') + 1))
		out_printf("    %.*s\n", (int)sv_find(rest, '\n'), rest.data);
}

static void print_item(struct run *r, const struct event *e)
{
	struct running *job = find_job(r, e->job);
	find_names(r, job, e);
	if (job->kind == JOB_VERIFY) {
		print_verdict(r, job, e);
		return;
	}
	if (r->cli->opt->json)
		print_item_json(r, job, e);
	if (e->outcome == ITEM_FAILED) {
		(void)cli_fail(r->cli, verb_of(job), r->source.data, &e->err);
	} else if (e->outcome == ITEM_SKIPPED && e->err.rc != S3T_EXISTS && !r->cli->opt->json) {
		cli_complain("skipped %s: %s", r->source.data, e->err.message);
	} else if (job->is_dry && !r->cli->opt->json) {
		out_printf("%s ", e->outcome == ITEM_SKIPPED ? "skip" : verb_of(job));
		out_name(strbuf_view(&r->source));
		if (job->has_target && e->outcome != ITEM_SKIPPED) {
			out_text(SV(" -> "));
			out_name(strbuf_view(&r->target));
		}
		out_text(SV("\n"));
		print_note(job, e);
	}
}

/* --- asking --- */

static void add_side(struct strbuf *out, struct conflict_side side)
{
	char size[TEXT_SIZE_MAX], when[32] = "";
	text_size(side.size, size);
	if (side.mtime_ns > INT64_MIN + 1)
		time_format_local(side.mtime_ns / NS_PER_S, true, when);
	strbuf_addf(out, "%s%s%s", size, when[0] ? ", " : "", when);
}

/* One letter from the terminal; 0 at its end or on a signal. */
static char read_letter(void)
{
	char letter = 0, c;
	for (;;) {
		struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
			{.fd = signals_fd(), .events = POLLIN}};
		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[1].revents || read(STDIN_FILENO, &c, 1) <= 0)
			return 0;
		if (c == '\n')
			return letter ? letter : '?';
		if (!letter && c != ' ')
			letter = c;
	}
}

static void ask(struct run *r, const struct event *e)
{
	static const struct {
		char letter;
		enum conflict_policy policy;
	} answers[] = {{'o', CONFLICT_OVERWRITE}, {'n', CONFLICT_NEWER}, {'d', CONFLICT_SIZE},
		{'s', CONFLICT_SKIP}, {'r', CONFLICT_RENAME}};
	const struct running *job = find_job(r, e->job);
	bool is_pipe = job->kind == JOB_PIPE; /* its output is not to be compared with its input */
	if (r->has_answer) {                  /* it was asked before the answer came */
		engine_answer(r->engine, e->job, e->item, r->answer, true);
		return;
	}
	find_names(r, job, e);
	struct strbuf text;
	strbuf_init(&text);
	strbuf_addf(&text, "%s exists (", r->target.data);
	add_side(&text, e->to);
	strbuf_addf(&text, "; source: ");
	add_side(&text, e->from);
	strbuf_add_str(&text, is_pipe ? "). Overwrite, Skip, Rename? o s r, a capital for all"
				      : "). Overwrite, if Newer, if sizes Differ, Skip, Rename? "
					"o n d s r, a capital for all");
	for (bool answered = false; !answered;) {
		cli_complain("%s", text.data);
		char letter = read_letter();
		if (!letter) {
			cancel_trigger(r->cli->cancel);
			break;
		}
		for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
			bool is_all = letter == answers[i].letter - 'a' + 'A';
			bool compares = answers[i].policy == CONFLICT_NEWER ||
					answers[i].policy == CONFLICT_SIZE;
			if ((letter != answers[i].letter && !is_all) || (is_pipe && compares))
				continue;
			engine_answer(r->engine, e->job, e->item, answers[i].policy, is_all);
			r->has_answer = is_all;
			r->answer = answers[i].policy;
			answered = true;
		}
	}
	strbuf_deinit(&text);
}

/* --- the loop --- */

static void take_events(struct run *r, bool is_ending)
{
	struct msg *m;
	while ((m = msgq_pop(r->events))) {
		struct event *e = (struct event *)m;
		if (e->kind == EV_ITEM) {
			print_item(r, e);
		} else if (e->kind == EV_ASK && !is_ending && !cancel_is_set(r->cli->cancel)) {
			ask(r, e);
		} else if (e->kind == EV_JOB_DONE) {
			struct running *job = find_job(r, e->job);
			r->open -= !job->is_over;
			job->is_over = true;
			job->was_cancelled = e->job_cancelled;
			job->was_stopped = e->was_interrupted;
			job->is_kept = e->is_kept;
			memcpy(job->uid, e->uid, sizeof job->uid);
			job->done = e->done;
			job->failed = e->failed;
			job->archived = e->archived;
			job->skipped = e->skipped;
			job->bytes = e->bytes;
			if (e->archived)
				cli_complain("%llu object%s archived and could not be read; "
					     "'s3tui restore' asks for copies of them",
					(unsigned long long)e->archived,
					e->archived == 1 ? " is" : "s are");
			if (e->packed) {
				char saving[TEXT_SAVING_MAX];
				text_saving(e->packed, e->stored, saving);
				cli_complain("%s", saving);
			}
			if (e->raised_part)
				cli_complain("parts of %llu MiB were needed: 10,000 of the wished "
					     "size would not have sufficed",
					(unsigned long long)(e->raised_part >> 20));
		}
		event_free(e);
	}
	if (!out_flush())
		cancel_trigger(r->cli->cancel); /* nobody reads what is done */
}

static void wait_for_end(struct run *r)
{
	while (r->open && !cancel_is_set(r->cli->cancel)) {
		struct pollfd fds[] = {{.fd = msgq_fd(r->events), .events = POLLIN},
			{.fd = signals_fd(), .events = POLLIN}};
		(void)poll(fds, 2, progress_is_shown() ? POLL_MS : -1);
		take_events(r, false);
		progress_draw(r->engine);
	}
}

static void keep_metrics(struct cli *cli, struct metrics *from)
{
	struct metrics *to = &cli->metrics;
	atomic_uint_fast64_t *const pairs[][2] = {{&to->uploads_total, &from->uploads_total},
		{&to->downloads_total, &from->downloads_total},
		{&to->copies_total, &from->copies_total},
		{&to->deletes_total, &from->deletes_total},
		{&to->bytes_uploaded, &from->bytes_uploaded},
		{&to->bytes_downloaded, &from->bytes_downloaded},
		{&to->bytes_copied, &from->bytes_copied},
		{&to->upload_duration_ms, &from->upload_duration_ms},
		{&to->download_duration_ms, &from->download_duration_ms},
		{&to->copy_duration_ms, &from->copy_duration_ms},
		{&to->failures_total, &from->failures_total}};
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		metrics_add(pairs[i][0], atomic_load(pairs[i][1]));
}

/* For a person who watched: what became of it. */
static void sum_up(const struct run *r, const struct running *job)
{
	char size[TEXT_SIZE_MAX], took[32];
	struct strbuf text;
	text_size(job->bytes, size);
	text_duration((time_mono_ms() - r->began_ms + 500) / 1000, took);
	strbuf_init(&text);
	strbuf_addf(&text, "%s%llu %s", job->is_dry ? "would have: " : "",
		(unsigned long long)job->done,
		job->kind == JOB_DELETE ? "removed" : job_kind_done_word(job->kind));
	if (job->skipped)
		strbuf_addf(&text, ", %llu skipped", (unsigned long long)job->skipped);
	if (job->failed)
		strbuf_addf(&text, ", %llu failed", (unsigned long long)job->failed);
	if (job->bytes)
		strbuf_addf(&text, ", %s", size);
	cli_complain("%s in %s", text.data, took);
	strbuf_deinit(&text);
}

static void sum_up_verdicts(const struct running *job)
{
	static const char *const words[] = {"the same", "different", "only in the first place",
		"only in the second", "unknown", "could not be compared"};
	struct strbuf text;
	strbuf_init(&text);
	for (size_t v = 0; v < VERDICT_COUNT; v++)
		if (job->verdicts[v] || v <= VERDICT_DIFFERS)
			strbuf_addf(&text, "%s%llu %s", text.len ? ", " : "",
				(unsigned long long)job->verdicts[v], words[v]);
	cli_complain("%s", text.data);
	strbuf_deinit(&text);
}

struct run *run_open(struct cli *cli)
{
	struct run *r = s3t_alloc(sizeof *r);
	r->cli = cli;
	r->began_ms = time_mono_ms();
	strbuf_init(&r->line);
	strbuf_init(&r->source);
	strbuf_init(&r->target);
	r->journal = journal_new_in_state();
	struct engine_options options = {.workers = cli->opt->jobs,
		.bytes_per_second = cli->opt->limit_rate,
		.transport = cli->transport,
		.journal = r->journal};
	r->events = msgq_new();
	r->engine = engine_new(&options, r->events);
	return r;
}

/* Before it is the engine's: what is printed of it. */
static struct running *add_job(struct run *r, const struct job_spec *spec, bool from_s3, bool to_s3)
{
	struct running *more = realloc(r->jobs, (r->count + 1) * sizeof *more);
	if (!more)
		s3t_oom();
	r->jobs = more;
	struct running *job = &more[r->count++];
	*job = (struct running){.kind = spec->kind,
		.from_s3 = from_s3,
		.to_s3 = to_s3,
		.has_target = spec->target_root && spec->kind != JOB_CHANGE,
		.is_dry = spec->dry_run};
	strbuf_init(&job->root);
	strbuf_add(&job->root, spec->target_root ? spec->target_root : "", spec->target_root_len);
	r->open++;
	return job;
}

void run_submit(struct run *r, struct job_spec *spec)
{
	struct running *job = add_job(r, spec, spec->from->ops->kind == LOC_S3,
		spec->to && spec->to->ops->kind == LOC_S3);
	job->id = engine_submit(r->engine, spec);
}

bool run_resume(struct run *r, struct saved_job *saved, struct location *from, struct location *to)
{
	bool is_saved;
	struct running *job = add_job(r, &saved->spec, saved->from.is_s3, saved->to.is_s3);
	job->is_drop = saved->is_cancelled;
	job->id = engine_resume(r->engine, saved, from, to, &is_saved);
	return is_saved;
}

/* What a person can do about jobs that did not come to their end. */
static void tell_kept(const struct run *r)
{
	struct strbuf ids, dropped;
	strbuf_init(&ids);
	strbuf_init(&dropped);
	for (size_t i = 0; i < r->count; i++)
		if (r->jobs[i].is_kept)
			strbuf_addf(
				r->jobs[i].is_drop || r->jobs[i].was_cancelled ? &dropped : &ids,
				" %s", r->jobs[i].uid);
	if (ids.len)
		cli_complain(
			"what was done is kept: s3tui jobs resume%s goes on with it, s3tui jobs "
			"drop%s removes it",
			ids.data, ids.data);
	if (dropped.len)
		cli_complain("what could not be removed is noted: s3tui jobs drop%s tries again",
			dropped.data);
	strbuf_deinit(&ids);
	strbuf_deinit(&dropped);
}

int run_finish(struct run *r)
{
	progress_start();
	bool watched = progress_is_shown(), is_stopped = false, has_failed = false;
	wait_for_end(r);
	progress_stop();
	if (r->open)
		engine_suspend(r->engine);
	keep_metrics(r->cli, engine_metrics(r->engine));
	engine_free(r->engine, GRACE_MS);
	take_events(r, true);
	msgq_free(r->events);
	cli_journal_free(r->journal);
	for (size_t i = 0; i < r->count; i++) {
		struct running *job = &r->jobs[i];
		is_stopped = is_stopped || !job->is_over || job->was_stopped;
		has_failed = has_failed || job->failed;
		if (job->kind == JOB_VERIFY && job->is_over && !job->was_stopped)
			sum_up_verdicts(job);
		else if (watched && job->is_over && !job->was_cancelled && !job->was_stopped)
			sum_up(r, job);
	}
	bool all_done = !is_stopped && !has_failed;
	for (size_t i = 0; i < r->count; i++)
		all_done = all_done &&
			   (r->jobs[i].is_drop ? !r->jobs[i].is_kept : !r->jobs[i].was_cancelled);
	bool by_signal = signals_caught() && !all_done;
	if (by_signal)
		cli_complain("stopped by a signal");
	tell_kept(r);
	for (size_t i = 0; i < r->count; i++)
		strbuf_deinit(&r->jobs[i].root);
	free(r->jobs);
	strbuf_deinit(&r->line);
	strbuf_deinit(&r->source);
	strbuf_deinit(&r->target);
	free(r);
	return by_signal  ? CLI_EXIT_SIGNAL + signals_caught()
	       : all_done ? CLI_EXIT_OK
			  : CLI_EXIT_FAILED;
}

int run_job(struct cli *cli, struct job_spec *spec)
{
	struct run *r = run_open(cli);
	run_submit(r, spec);
	return run_finish(r);
}
