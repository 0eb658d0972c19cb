/* cp, mv, rm: which operand lands where (decisions 3 and 4); the engine does the rest. */
#include "cli/internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool is_symlink(const struct place *p)
{
	struct stat st;
	return !p->is_s3 && !p->wants_dir && lstat(p->path.data, &st) == 0 && S_ISLNK(st.st_mode);
}

/* An operand that is the root of everything is a slip of the finger. */
static int check_source(const struct cli *cli, const struct place *p)
{
	const struct cli_options *o = cli->opt;
	bool removes = o->command != CLI_CP;
	const char *why = NULL;
	if (p->is_stdio)
		why = "- goes with one source and one target of cp only";
	else if (p->is_s3 && !p->bucket.len)
		why = "names no bucket";
	else if (p->is_s3 && !p->key.len && !o->recursive)
		why = removes ? "is a bucket; -r takes what is in it, rb removes it"
			      : "is a bucket; -r takes what is in it";
	else if (removes && !p->is_s3 && p->path.len == 1)
		why = "is the root of the file system";
	else if (removes && p->is_s3 && !p->key.len && o->command == CLI_RM && !o->yes &&
		 !o->dry_run)
		why = "is a whole bucket: say --yes if all of it is to be removed";
	if (!why)
		return 0;
	if (p->is_stdio)
		cli_complain("%s", why);
	else
		cli_complain("%s %s", p->text, why);
	return CLI_EXIT_USAGE;
}

/* --- the target --- */

struct landing {
	struct strbuf root, name;
	bool is_into; /* below root under the source's own name; else under `name` */
};

static int find_landing(struct cli *cli, struct place *target, bool one_directory, size_t sources,
	struct landing *out)
{
	struct s3t_err err;
	bool is_dir = target->wants_dir;
	if (target->is_s3 && !target->bucket.len) {
		cli_complain("%s names no bucket; write s3://bucket/key", target->text);
		return CLI_EXIT_USAGE;
	}
	if (!is_dir && !one_directory && cli_is_directory(cli, target, &is_dir, &err) != S3T_OK)
		return cli_fail(cli, "look at", target->text, &err);
	out->is_into = is_dir || sources > 1;
	struct strview path = strbuf_view(&target->path);
	if (out->is_into || one_directory) {
		strbuf_add_sv(&out->root, path);
		return 0;
	}
	/* in S3 the part behind the last '/', even if it is empty-looking or dotted */
	struct strview parent = path_parent(path);
	strbuf_add_sv(&out->root, parent);
	strbuf_add_sv(&out->name, sv_from(path, parent.len));
	return 0;
}

/* What a source is called below the target: its name, or nothing for the contents of the only one.
 */
static struct strview name_below(
	const struct place *source, const struct landing *to, bool one_directory)
{
	if (one_directory)
		return SV("");
	if (!to->is_into)
		return strbuf_view(&to->name);
	struct strview name = path_basename(strbuf_view(&source->path));
	if (name.len && name.data[name.len - 1] == '/')
		name.len--;
	return name;
}

static int by_name(const void *a, const void *b)
{
	return sv_cmp(*(const struct strview *)a, *(const struct strview *)b);
}

/* One of two with one name would replace the other, and a move would have lost it. */
static int check_names(const struct place *sources, size_t count, const struct landing *to)
{
	int rc = 0;
	struct strview *names = s3t_alloc(count * sizeof *names);
	for (size_t i = 0; i < count; i++)
		names[i] = name_below(&sources[i], to, false);
	qsort(names, count, sizeof *names, by_name);
	for (size_t i = 1; i < count && rc == 0; i++) {
		if (!sv_eq(names[i - 1], names[i]))
			continue;
		cli_complain("two of the sources are called %.*s: one would replace the other",
			(int)names[i].len, names[i].data);
		rc = CLI_EXIT_USAGE;
	}
	free(names);
	return rc;
}

/* --- sources --- */

static int find_sources(struct cli *cli, size_t count, struct place *sources)
{
	struct s3t_err err;
	for (size_t i = 0; i < count; i++) {
		struct place *p = &sources[i];
		int rc = cli_place(cli, cli->opt->operands[i], p);
		if (rc == 0)
			rc = check_source(cli, p);
		if (rc == 0)
			rc = place_take_version(p, cli->opt);
		if (rc)
			return rc;
		if (p->loc != sources[0].loc) {
			cli_complain("sources of one command must all be local or all in S3");
			return CLI_EXIT_USAGE;
		}
		bool is_dir = false;
		if (cli->opt->command == CLI_MV && cli->opt->recursive && is_symlink(p)) {
			cli_complain("%s is a symbolic link; a final / would move what it leads to",
				p->text);
			return CLI_EXIT_USAGE;
		}
		if (!cli->opt->recursive || p->wants_dir)
			continue;
		if (cli_is_directory(cli, p, &is_dir, &err) != S3T_OK)
			return cli_fail(cli, "look at", p->text, &err);
		if (is_dir && !(cli->opt->command == CLI_RM && is_symlink(p)))
			place_mark_directory(p);
	}
	return 0;
}

static int copy_or_move(struct cli *cli, struct place *sources, size_t count, struct place *target)
{
	struct job_spec spec;
	struct landing to = {.is_into = false};
	bool one_directory = count == 1 && cli->opt->recursive && sources[0].wants_dir;
	strbuf_init(&to.root);
	strbuf_init(&to.name);
	int rc = find_landing(cli, target, one_directory, count, &to);
	if (rc == 0)
		rc = check_names(sources, count, &to);
	if (rc == 0) {
		rc = spec_init(cli, &spec, cli->opt->command == CLI_MV ? JOB_MOVE : JOB_COPY);
		spec.from = location_ref(sources[0].loc);
		job_spec_set_target(&spec, target->loc, strbuf_view(&to.root));
		for (size_t i = 0; i < count; i++)
			job_spec_add_source(&spec, strbuf_view(&sources[i].path),
				name_below(&sources[i], &to, one_directory));
		if (rc == 0)
			rc = run_job(cli, &spec);
		job_spec_deinit(&spec);
	}
	strbuf_deinit(&to.root);
	strbuf_deinit(&to.name);
	return rc;
}

int cmd_cp(struct cli *cli)
{
	const struct cli_options *o = cli->opt;
	size_t count = o->operand_count - 1;
	struct place target, *sources = s3t_alloc(count * sizeof *sources);
	for (size_t i = 0; i < count; i++)
		place_init(&sources[i]);
	bool is_in = count == 1 && strcmp(o->operands[0], "-") == 0;
	int rc = cli_place(cli, o->operands[count], &target);
	bool is_stream = o->command == CLI_CP && count == 1 && is_in != target.is_stdio;
	if (rc == 0 && !is_stream && target.is_stdio) {
		cli_complain("- goes with one source and one target of cp only");
		rc = CLI_EXIT_USAGE;
	} else if (rc == 0 && is_stream && (o->recursive || o->dry_run)) {
		cli_complain("- does not go with -r or --dry-run");
		rc = CLI_EXIT_USAGE;
	} else if (rc == 0 && is_stream && is_in) {
		rc = cmd_stream_in(cli, &target);
	} else if (rc == 0 && is_stream) {
		rc = cli_place(cli, o->operands[0], &sources[0]);
		if (rc == 0)
			rc = place_take_version(&sources[0], o);
		if (rc == 0)
			rc = cmd_stream_out(cli, &sources[0]);
	} else if (rc == 0) {
		rc = find_sources(cli, count, sources);
		if (rc == 0)
			rc = copy_or_move(cli, sources, count, &target);
	}
	for (size_t i = 0; i < count; i++)
		place_deinit(&sources[i]);
	free(sources);
	place_deinit(&target);
	return rc;
}

/* Symbolic links are removed themselves, in a job that is not recursive. */
static int remove_some(struct cli *cli, const struct place *sources, size_t count, bool links)
{
	struct job_spec spec;
	int rc = spec_init(cli, &spec, cli->opt->all_versions ? JOB_PURGE : JOB_DELETE);
	spec.from = location_ref(sources[0].loc);
	if (links)
		spec.recursive = false;
	for (size_t i = 0; i < count; i++)
		if ((cli->opt->recursive && is_symlink(&sources[i])) == links)
			job_spec_add_source(&spec, strbuf_view(&sources[i].path), SV(""));
	if (rc == 0 && spec.source_count)
		rc = run_job(cli, &spec);
	job_spec_deinit(&spec);
	return rc;
}

/* What has become of what was removed, where its bucket keeps versions. */
static void tell_versions(struct cli *cli, const struct place *p)
{
	struct s3_ctx ctx = cli_ctx(cli);
	enum s3_versioning versioning;
	if (cli->opt->json || cli->opt->all_versions || cli->opt->version_id || !p->is_s3 ||
		s3_get_bucket_versioning(&ctx, p->bucket, &versioning, NULL) != S3T_OK)
		return;
	if (versioning == S3_VERSIONING_ENABLED)
		cli_complain("the bucket keeps versions: what is removed gets a delete marker; "
			     "s3tui undelete brings it back");
	else if (versioning == S3_VERSIONING_SUSPENDED)
		cli_complain("versioning is suspended: what was written since then is gone for "
			     "good, versions of before stay behind a delete marker");
}

int cmd_rm(struct cli *cli)
{
	size_t count = cli->opt->operand_count;
	struct place *sources = s3t_alloc(count * sizeof *sources);
	for (size_t i = 0; i < count; i++)
		place_init(&sources[i]);
	int rc = find_sources(cli, count, sources);
	if (rc == 0 && cli->opt->all_versions && !sources[0].is_s3) {
		cli_complain("--all-versions: files have no versions");
		rc = CLI_EXIT_USAGE;
	}
	if (rc == 0)
		rc = remove_some(cli, sources, count, false);
	if (rc == 0 || rc == CLI_EXIT_FAILED) {
		int second = remove_some(cli, sources, count, true);
		rc = second ? second : rc;
		tell_versions(cli, &sources[0]);
	}
	for (size_t i = 0; i < count; i++)
		place_deinit(&sources[i]);
	free(sources);
	return rc;
}
