#include "cli/internal.h"

static int find_bucket(struct cli *cli, struct place *out)
{
	int rc = cli_place(cli, cli->opt->operands[0], out);
	if (rc)
		return rc;
	if (out->is_s3 && out->bucket.len && !out->key.len)
		return 0;
	cli_complain("%s is not a bucket; write s3://BUCKET", out->text);
	return CLI_EXIT_USAGE;
}

static void print_done(struct cli *cli, const struct place *p, const char *what)
{
	struct json_writer w;
	struct strbuf line;
	if (!cli->opt->json)
		return;
	strbuf_init(&line);
	json_begin(&w, &line);
	json_add_bytes(&w, "bucket", p->bucket);
	json_add_string(&w, "status", sv(what));
	json_end(&w);
	out_json(&line);
	strbuf_deinit(&line);
}

int cmd_mb(struct cli *cli)
{
	struct place p;
	struct s3t_err err;
	int rc = find_bucket(cli, &p);
	if (rc == 0) {
		struct s3_ctx ctx = cli_ctx(cli);
		if (s3_create_bucket(&ctx, p.bucket, &err) == S3T_OK)
			print_done(cli, &p, "made");
		else
			rc = cli_fail(cli, "make", p.text, &err);
	}
	place_deinit(&p);
	return rc;
}

static int empty_bucket(struct cli *cli, const struct place *p)
{
	struct job_spec spec;
	struct strbuf path;
	struct s3_ctx ctx = cli_ctx(cli);
	enum s3_versioning versioning = S3_VERSIONING_NEVER;
	/* where versions are kept, the last one does not empty it */
	if (s3_get_bucket_versioning(&ctx, p->bucket, &versioning, NULL) != S3T_OK)
		versioning = S3_VERSIONING_NEVER;
	int rc = spec_init(cli, &spec, versioning == S3_VERSIONING_NEVER ? JOB_DELETE : JOB_PURGE);
	strbuf_init(&path);
	path_join(&path, p->bucket, SV(""));
	spec.from = location_ref(p->loc);
	spec.recursive = true;
	job_spec_add_source(&spec, strbuf_view(&path), SV(""));
	if (rc == 0)
		rc = run_job(cli, &spec);
	job_spec_deinit(&spec);
	strbuf_deinit(&path);
	return rc;
}

int cmd_rb(struct cli *cli)
{
	struct place p;
	struct s3t_err err;
	const struct cli_options *o = cli->opt;
	int rc = find_bucket(cli, &p);
	if (rc == 0 && o->force && !o->yes && !o->dry_run) {
		cli_complain("--force removes everything in %s first: say --yes if that is meant",
			p.text);
		rc = CLI_EXIT_USAGE;
	}
	if (rc == 0 && o->force)
		rc = empty_bucket(cli, &p);
	if (rc == 0 && !o->dry_run) {
		struct s3_ctx ctx = cli_ctx(cli);
		if (s3_delete_bucket(&ctx, p.bucket, &err) == S3T_OK)
			print_done(cli, &p, "removed");
		else
			rc = cli_fail(cli, "remove", p.text, &err);
	} else if (rc == 0 && !o->json) {
		out_text(SV("remove "));
		out_name(sv(p.text));
		out_text(SV("\n"));
	} else if (rc == 0) {
		print_done(cli, &p, "dry run");
	}
	place_deinit(&p);
	return rc;
}
