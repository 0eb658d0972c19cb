/* undelete and versioning: what a bucket keeps of what was deleted or overwritten. */
#include "cli/internal.h"

#include <stdlib.h>
#include <string.h>

int cmd_undelete(struct cli *cli)
{
	const struct cli_options *o = cli->opt;
	struct job_spec spec;
	int rc = spec_init(cli, &spec, JOB_UNDELETE);
	for (size_t i = 0; i < o->operand_count && rc == 0; i++) {
		struct place p;
		rc = cli_place(cli, o->operands[i], &p);
		if (rc == 0 && (!p.is_s3 || !p.bucket.len || (p.wants_dir && !o->recursive))) {
			cli_complain(p.is_s3 && p.bucket.len
					     ? "%s is a prefix; -r takes what is below it"
					     : "%s is no object or prefix; write s3://BUCKET/KEY",
				p.text);
			rc = CLI_EXIT_USAGE;
		}
		/* what was deleted cannot be asked whether it is a prefix */
		if (rc == 0 && o->recursive)
			place_mark_directory(&p);
		if (rc == 0 && !spec.from)
			spec.from = location_ref(p.loc);
		if (rc == 0)
			job_spec_add_source(&spec, strbuf_view(&p.path), SV(""));
		place_deinit(&p);
	}
	if (rc == 0)
		rc = run_job(cli, &spec);
	job_spec_deinit(&spec);
	return rc;
}

static void print_versioning(const struct cli *cli, const struct place *p, enum s3_versioning v)
{
	static const char *const words[] = {"off", "on", "suspended"};
	if (!cli->opt->json) {
		out_printf("%s\n", words[v]);
		return;
	}
	struct json_writer w;
	struct strbuf line;
	strbuf_init(&line);
	json_begin(&w, &line);
	json_add_bytes(&w, "bucket", p->bucket);
	json_add_string(&w, "versioning", sv(words[v]));
	json_end(&w);
	out_json(&line);
	strbuf_deinit(&line);
}

/* on: 1, off: 0, neither: -1. */
static int wanted(const char *word)
{
	if (strcmp(word, "on") == 0 || strcmp(word, "enable") == 0)
		return 1;
	bool is_off = strcmp(word, "off") == 0 || strcmp(word, "suspend") == 0;
	return is_off ? 0 : -1;
}

static int versioning(struct cli *cli, const struct place *p)
{
	const struct cli_options *o = cli->opt;
	struct s3_ctx ctx = cli_ctx(cli);
	struct s3t_err err;
	enum s3_versioning now;
	int want = o->operand_count > 1 ? wanted(o->operands[1]) : -1;
	if (o->operand_count > 1 && want < 0) {
		cli_complain("'%s' is neither on nor off", o->operands[1]);
		return CLI_EXIT_USAGE;
	}
	if (want >= 0 && !o->yes) {
		cli_complain(want ? "from then on the bucket keeps, and bills, all that is "
				    "overwritten or deleted; it can be suspended, never switched "
				    "off: say --yes"
				  : "from then on what is overwritten or deleted is not kept; the "
				    "versions that there are stay: say --yes");
		return CLI_EXIT_USAGE;
	}
	enum s3t_rc rc = S3T_OK;
	if (want >= 0)
		rc = s3_put_bucket_versioning(&ctx, p->bucket, want, &err);
	if (rc == S3T_OK)
		rc = s3_get_bucket_versioning(&ctx, p->bucket, &now, &err);
	if (rc != S3T_OK)
		return cli_fail(cli, want < 0 ? "look at" : "switch versioning of", p->text, &err);
	print_versioning(cli, p, now);
	bool is_so = want < 0 || (want == 1) == (now == S3_VERSIONING_ENABLED);
	if (!is_so)
		cli_complain("the server does not confirm it");
	return is_so ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

int cmd_versioning(struct cli *cli)
{
	struct place p;
	int rc = cli_place(cli, cli->opt->operands[0], &p);
	if (rc == 0 && (!p.is_s3 || !p.bucket.len || p.key.len)) {
		cli_complain("%s is no bucket; write s3://BUCKET", p.text);
		rc = CLI_EXIT_USAGE;
	}
	if (rc == 0)
		rc = versioning(cli, &p);
	place_deinit(&p);
	return rc;
}
