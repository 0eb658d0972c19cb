/*
 * jobs: what other processes left unfinished, by their journals (list), going on with it (resume),
 * removing what it holds (drop). Jobs of living processes are shown, and theirs to end.
 */
#include "cli/internal.h"

#include "core/statedir.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>

enum verb { VERB_LIST, VERB_RESUME, VERB_DROP };

static const char *state_of(const struct journal_file *f, const struct saved_job *job)
{
	if (f->fd < 0)
		return "running";
	return job->is_cancelled ? "cancelled" : job->is_paused ? "paused" : "unfinished";
}

/* The first source, and the target, as a person would write them. */
static void add_source(struct strbuf *out, const struct saved_job *job)
{
	const struct job_source *s = job->spec.sources;
	if (job->spec.source_count)
		add_url(out, job->from.is_s3, sv_n(s->path, s->path_len));
}

static void add_target(struct strbuf *out, const struct saved_job *job)
{
	const struct job_spec *spec = &job->spec;
	if (!spec->target_root)
		return;
	if (job->to.is_s3)
		strbuf_add_str(out, "s3://");
	struct strview rel = spec->source_count == 1 ? sv_n(spec->sources->target_rel,
							       spec->sources->target_rel_len)
						     : SV("");
	path_join(out, sv_n(spec->target_root, spec->target_root_len), rel);
}

/* --- list --- */

static void list_json(const struct journal_file *f, const struct saved_job *job)
{
	struct strbuf line, text;
	struct json_writer w;
	strbuf_init(&line);
	strbuf_init(&text);
	json_begin(&w, &line);
	json_add_string(&w, "id", sv(job->uid));
	json_add_string(&w, "state", sv(state_of(f, job)));
	json_add_int(&w, "pid", f->fd < 0 ? f->content.pid : 0);
	json_add_string(&w, "kind", sv(job_kind_word(job->spec.kind)));
	add_source(&text, job);
	json_add_bytes(&w, "source", strbuf_view(&text));
	json_add_uint(&w, "sources", job->spec.source_count);
	strbuf_reset(&text);
	add_target(&text, job);
	json_add_bytes(&w, "target", strbuf_view(&text));
	json_add_int(&w, "created_s", job->created_s);
	json_add_uint(&w, "order", job->order);
	json_add_uint(&w, "done_items", job->done_items);
	json_add_uint(&w, "done_bytes", job->done_bytes);
	strbuf_reset(&text);
	for (const struct partial *p = job->partials; p; p = p->next)
		if (job->to.is_s3)
			strbuf_addf(&text, "%s%s", text.len ? " " : "",
				p->token.text ? p->token.text : "?");
	json_add_string(&w, "uploads", strbuf_view(&text));
	strbuf_reset(&text);
	for (const struct partial *p = job->partials; p; p = p->next)
		if (!job->to.is_s3 && p->token.text)
			strbuf_addf(&text, "%s%s", text.len ? " " : "", p->token.text);
	json_add_bytes(&w, "temporary_files", strbuf_view(&text));
	json_end(&w);
	out_json(&line);
	strbuf_deinit(&line);
	strbuf_deinit(&text);
}

static void list_line(const struct journal_file *f, const struct saved_job *job)
{
	struct strbuf line;
	char when[32], size[TEXT_SIZE_MAX], count[32];
	strbuf_init(&line);
	time_format_local(job->created_s, false, when);
	strbuf_addf(&line, "%s  %s  %-10s  ", job->uid, when, state_of(f, job));
	strbuf_addf(&line, "%s ", job_kind_word(job->spec.kind));
	struct strbuf name;
	strbuf_init(&name);
	add_source(&name, job);
	text_sanitise(&line, strbuf_view(&name));
	if (job->spec.source_count > 1)
		strbuf_addf(&line, " and %zu more", job->spec.source_count - 1);
	strbuf_reset(&name);
	add_target(&name, job);
	if (name.len) {
		strbuf_add_str(&line, " -> ");
		text_sanitise(&line, strbuf_view(&name));
	}
	strbuf_deinit(&name);
	if (job->done_items) {
		text_count(job->done_items, count);
		text_size(job->done_bytes, size);
		strbuf_addf(&line, ", %s done (%s)", count, size);
	}
	size_t partials = 0;
	uint64_t ranges = 0;
	for (const struct partial *p = job->partials; p; p = p->next) {
		partials++;
		ranges += p->ranges.done_count;
	}
	if (partials)
		strbuf_addf(&line, ", %zu begun", partials);
	if (ranges)
		strbuf_addf(&line, " (%llu ranges are here)", (unsigned long long)ranges);
	if (f->fd < 0)
		strbuf_addf(&line, ", in process %ld", f->content.pid);
	strbuf_add_char(&line, '\n');
	out_text(strbuf_view(&line));
	strbuf_deinit(&line);
}

/* --- which ones --- */

/* Operands behind the verb are ids; --all or none of them (list) means every one. */
static bool is_chosen(const struct cli *cli, const char *uid, enum verb verb)
{
	const struct cli_options *o = cli->opt;
	for (size_t i = 1; i < o->operand_count; i++)
		if (strcmp(o->operands[i], uid) == 0)
			return true;
	return o->all || (verb == VERB_LIST && o->operand_count <= 1);
}

static const struct journal_file *file_of(const struct journal_file *files, const char *uid)
{
	for (; files; files = files->next)
		for (const struct saved_job *job = files->content.jobs; job; job = job->next)
			if (strcmp(job->uid, uid) == 0)
				return files;
	return NULL;
}

static int check_ids(const struct cli *cli, const struct journal_file *files, enum verb verb)
{
	const struct cli_options *o = cli->opt;
	int rc = 0;
	if (verb != VERB_LIST && o->operand_count <= 1 && !o->all) {
		cli_complain("say which jobs: ID... as s3tui jobs shows them, or --all");
		return CLI_EXIT_USAGE;
	}
	for (size_t i = 1; i < o->operand_count; i++) {
		const struct journal_file *f = file_of(files, o->operands[i]);
		if (f && (f->fd >= 0 || verb == VERB_LIST))
			continue;
		if (f)
			cli_complain("job %s runs in process %ld, which ends it", o->operands[i],
				f->content.pid);
		else
			cli_complain("there is no unfinished job %s", o->operands[i]);
		rc = CLI_EXIT_FAILED;
	}
	return rc;
}

/* --- resume, drop --- */

static bool open_places(
	struct cli *cli, const struct saved_job *job, struct location **from, struct location **to)
{
	struct s3t_err err;
	*from = *to = NULL;
	if (saved_place_open(&job->from, cli->config, from, &err) != S3T_OK ||
		(job->spec.target_root &&
			saved_place_open(&job->to, cli->config, to, &err) != S3T_OK)) {
		(void)cli_fail(cli, "go on with job", job->uid, &err);
		return false;
	}
	/* one service is one location, so that the server copies within it */
	if (*to && job->from.is_s3 && saved_place_eq(&job->from, &job->to)) {
		location_unref(*to);
		*to = location_ref(*from);
	}
	return true;
}

/* Forgets it, and says what stays where. */
static void forget(struct journal_file *f, const struct saved_job *job)
{
	struct strbuf target;
	strbuf_init(&target);
	for (const struct partial *p = job->partials; p; p = p->next) {
		strbuf_reset(&target);
		if (job->to.is_s3)
			strbuf_add_str(&target, "s3://");
		path_join(&target, sv_n(job->spec.target_root, job->spec.target_root_len),
			sv_n(p->target, p->target_len));
		cli_complain("left as it is: %s of %s",
			job->to.is_s3 ? "an open upload" : "a temporary file", target.data);
	}
	strbuf_deinit(&target);
	journal_file_end_job(f, job->uid);
}

static int go_on(struct cli *cli, struct journal_file *files, enum verb verb)
{
	struct idle_job *jobs;
	size_t count = journal_files_idle(files, &jobs);
	struct run *run = NULL;
	int rc = 0;
	for (size_t i = 0; i < count; i++) {
		struct saved_job *job = jobs[i].job;
		struct journal_file *f = jobs[i].file;
		struct location *from, *to;
		if (!is_chosen(cli, job->uid, verb))
			continue;
		if (verb == VERB_DROP && cli->opt->force) {
			forget(f, job);
			continue;
		}
		if (verb == VERB_RESUME && job->is_cancelled) {
			cli_complain(
				"job %s was cancelled, or came from standard input: what is left "
				"of it is removed",
				job->uid);
			rc = CLI_EXIT_FAILED;
		}
		if (!open_places(cli, job, &from, &to)) {
			rc = CLI_EXIT_FAILED;
		} else {
			char uid[JOB_UID_LEN + 1];
			memcpy(uid, job->uid, sizeof uid);
			job->is_cancelled = job->is_cancelled || verb == VERB_DROP;
			job->is_paused = false;
			if (!run)
				run = run_open(cli);
			if (run_resume(run, journal_file_take(f, uid), from, to))
				journal_file_end_job(f, uid);
		}
		location_unref(from);
		location_unref(to);
	}
	free(jobs);
	int ended = run ? run_finish(run) : 0;
	return ended ? ended : rc;
}

int cmd_jobs(struct cli *cli)
{
	static const char *const verbs[] = {"list", "resume", "drop"};
	const char *word = cli->opt->operand_count ? cli->opt->operands[0] : "list";
	size_t verb = 0;
	while (verb < 3 && strcmp(word, verbs[verb]) != 0)
		verb++;
	if (verb == 3) {
		cli_complain("jobs: '%s' is not one of list, resume, drop", word);
		return CLI_EXIT_USAGE;
	}
	struct s3t_err err;
	struct journal_file *files = NULL;
	char *dir = state_dir(JOURNAL_DIR);
	enum s3t_rc rc = dir ? journal_files_open(dir, &files, &err) : S3T_OK;
	free(dir);
	if (rc != S3T_OK)
		return cli_fail(cli, "look for jobs", NULL, &err);
	int status = check_ids(cli, files, (enum verb)verb);
	char *damage = journal_files_damage(files);
	if (damage)
		cli_complain("%s", damage);
	if (damage && !status)
		status = CLI_EXIT_FAILED;
	free(damage);
	for (const struct journal_file *f = files; f && verb == VERB_LIST; f = f->next)
		for (const struct saved_job *job = f->content.jobs; job; job = job->next) {
			if (!is_chosen(cli, job->uid, VERB_LIST))
				continue;
			if (cli->opt->json)
				list_json(f, job);
			else
				list_line(f, job);
		}
	if (verb != VERB_LIST && status != CLI_EXIT_USAGE) {
		int ended = go_on(cli, files, (enum verb)verb);
		status = ended ? ended : status;
	}
	journal_files_free(files);
	return status;
}
