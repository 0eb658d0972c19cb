/* verify: two places compared by content; the engine does it, run.c prints. */
#include "cli/internal.h"

/* A bucket that is not there is no empty one. Who may not ask is not told. */
static int check_bucket(struct cli *cli, const struct place *p)
{
	struct s3t_err err;
	struct s3_ctx ctx = cli_ctx(cli);
	if (p->is_s3 && s3_head_bucket(&ctx, p->bucket, &err) == S3T_NOT_FOUND)
		return cli_fail(cli, "look at", p->text, &err);
	return 0;
}

/* A directory against a directory, or a file against a file (in a directory: of its name). */
static int find_places(
	struct cli *cli, struct place *a, struct place *b, struct strbuf *root, struct strbuf *name)
{
	struct s3t_err err;
	bool a_is_dir = false, b_is_dir = false;
	for (int i = 0; i < 2; i++) {
		struct place *p = i ? b : a;
		bool *is_dir = i ? &b_is_dir : &a_is_dir;
		if (p->is_stdio || (p->is_s3 && !p->bucket.len)) {
			cli_complain(p->is_stdio ? "- cannot be verified" : "%s names no bucket",
				p->text);
			return CLI_EXIT_USAGE;
		}
		if (cli_is_directory(cli, p, is_dir, &err) != S3T_OK)
			return cli_fail(cli, "look at", p->text, &err);
		/* both may be there, "x" and "x/": without the slash the object is meant */
		if (*is_dir && p->is_s3 && !p->wants_dir) {
			struct s3_ctx ctx = cli_ctx(cli);
			struct s3_object object;
			s3_object_init(&object);
			*is_dir = s3_head_object(&ctx, p->bucket, p->key, &object, NULL) != S3T_OK;
			s3_object_deinit(&object);
		}
		if (*is_dir)
			place_mark_directory(p);
	}
	struct strview path = strbuf_view(&b->path), own = path_basename(strbuf_view(&a->path));
	if (a_is_dir || b_is_dir) {
		strbuf_add_sv(root, path);
		strbuf_add_sv(name, a_is_dir ? SV("") : own);
	} else {
		strbuf_add_sv(root, path_parent(path));
		strbuf_add_sv(name, sv_from(path, root->len));
	}
	return 0;
}

int cmd_verify(struct cli *cli)
{
	struct place a, b;
	struct strbuf root, name;
	place_init(&b);
	strbuf_init(&root);
	strbuf_init(&name);
	int rc = cli_place(cli, cli->opt->operands[0], &a);
	if (rc == 0)
		rc = cli_place(cli, cli->opt->operands[1], &b);
	if (rc == 0)
		rc = find_places(cli, &a, &b, &root, &name);
	if (rc == 0)
		rc = check_bucket(cli, &a);
	if (rc == 0)
		rc = check_bucket(cli, &b);
	if (rc == 0) {
		struct job_spec spec;
		rc = spec_init(cli, &spec, JOB_VERIFY);
		spec.recursive = true;
		spec.no_fetch = cli->opt->no_fetch;
		spec.from = location_ref(a.loc);
		job_spec_set_target(&spec, b.loc, strbuf_view(&root));
		job_spec_add_source(&spec, strbuf_view(&a.path), strbuf_view(&name));
		if (rc == 0)
			rc = run_job(cli, &spec);
		job_spec_deinit(&spec);
	}
	strbuf_deinit(&root);
	strbuf_deinit(&name);
	place_deinit(&a);
	place_deinit(&b);
	return rc;
}
