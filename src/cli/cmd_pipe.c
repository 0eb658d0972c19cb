/* pipe: a command for each object; the engine does it, as it copies. */
#include "cli/internal.h"

#include "core/process.h"

static int find_places(struct cli *cli, struct place *source, struct place *target)
{
	const struct cli_options *o = cli->opt;
	int rc = cli_place(cli, o->operands[0], source);
	if (rc == 0)
		rc = cli_place(cli, o->operands[1], target);
	if (rc)
		return rc;
	if (source->is_stdio || target->is_stdio)
		cli_complain("pipe goes from place to place; - is for cp");
	else if (target->is_s3 && !target->bucket.len)
		cli_complain("%s names no bucket", target->text);
	else if (source->is_s3 && !source->bucket.len)
		cli_complain("%s names no bucket", source->text);
	else
		return 0;
	return CLI_EXIT_USAGE;
}

int cmd_pipe(struct cli *cli)
{
	const struct cli_options *o = cli->opt;
	struct place source, target;
	struct job_spec spec = {.kind = JOB_PIPE};
	place_init(&target);
	int rc = find_places(cli, &source, &target);
	if (rc == 0)
		rc = spec_init(cli, &spec, JOB_PIPE);
	if (rc == 0) {
		if (o->recursive)
			place_mark_directory(&source);
		struct strview path = strbuf_view(&source.path), to = strbuf_view(&target.path);
		struct strview parent = path_parent(to);
		bool is_root = o->recursive || target.wants_dir;
		spec.from = location_ref(source.loc);
		job_spec_set_target(&spec, target.loc, is_root ? to : parent);
		job_spec_add_source(&spec, path,
			o->recursive ? SV("")
			: is_root    ? path_basename(path)
				     : sv_from(to, parent.len));
		for (size_t i = 2; i < o->operand_count; i++)
			process_argv_add(&spec.argv, sv(o->operands[i]));
		spec.max_items = o->jobs ? o->jobs : PIPE_AT_ONCE;
		struct s3t_err err;
		if (job_spec_check(&spec, &err) == S3T_OK) {
			rc = run_job(cli, &spec);
		} else {
			cli_complain("%s", err.message);
			rc = CLI_EXIT_USAGE;
		}
	}
	job_spec_deinit(&spec);
	place_deinit(&source);
	place_deinit(&target);
	return rc;
}
