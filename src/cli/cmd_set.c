/* set and restore: objects changed in place. */
#include "cli/internal.h"

#include <stdlib.h>
#include <string.h>

static int add_object(struct cli *cli, struct job_spec *spec, const char *text)
{
	struct place p;
	struct s3t_err err;
	bool is_dir = false;
	int rc = cli_place(cli, text, &p);
	if (rc == 0 && (!p.is_s3 || !p.bucket.len)) {
		cli_complain("%s is no object or prefix; write s3://BUCKET/KEY", text);
		rc = CLI_EXIT_USAGE;
	}
	if (rc == 0 && spec->recursive && !p.wants_dir) {
		if (cli_is_directory(cli, &p, &is_dir, &err) != S3T_OK)
			rc = cli_fail(cli, "look at", text, &err);
		else if (is_dir)
			place_mark_directory(&p);
	}
	if (rc == 0) {
		if (!spec->from)
			spec->from = location_ref(p.loc);
		job_spec_add_source(spec, strbuf_view(&p.path), SV(""));
	}
	place_deinit(&p);
	return rc;
}

static int change(
	struct cli *cli, const char *const *urls, size_t count, struct s3_changes *changes)
{
	struct job_spec spec;
	int rc = spec_init(cli, &spec, JOB_CHANGE);
	spec.changes = *changes;
	*changes = (struct s3_changes){.items = NULL};
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = add_object(cli, &spec, urls[i]);
	if (rc == 0) {
		job_spec_set_in_place(&spec);
		rc = run_job(cli, &spec);
	}
	job_spec_deinit(&spec);
	return rc;
}

/* Operands that begin with s3:// say where, the others what. */
int cmd_set(struct cli *cli)
{
	const struct cli_options *o = cli->opt;
	struct s3_changes changes = {.items = NULL};
	const char **urls = s3t_alloc(o->operand_count * sizeof *urls);
	size_t count = 0;
	int rc = 0;
	for (size_t i = 0; i < o->operand_count && rc == 0; i++) {
		struct s3t_err why;
		if (uri_is_s3(sv(o->operands[i]))) {
			urls[count++] = o->operands[i];
		} else if (s3_changes_add_pair(&changes, sv(o->operands[i]), &why) != S3T_OK) {
			cli_complain("%s: %s", o->operands[i], why.message);
			rc = CLI_EXIT_USAGE;
		}
	}
	struct s3t_err err;
	if (rc == 0 && !count) {
		cli_complain("no object is named; write s3://BUCKET/KEY NAME=VALUE");
		rc = CLI_EXIT_USAGE;
	} else if (rc == 0 && s3_changes_check(&changes, &err) != S3T_OK) {
		cli_complain("%s Write s3://BUCKET/KEY NAME=VALUE.", err.message);
		rc = CLI_EXIT_USAGE;
	}
	if (rc == 0)
		rc = change(cli, urls, count, &changes);
	s3_changes_deinit(&changes);
	free(urls);
	return rc;
}

int cmd_restore(struct cli *cli)
{
	const struct cli_options *o = cli->opt;
	struct s3_changes changes = {.items = NULL};
	struct s3t_err err;
	char *text = s3t_asprintf("%u:%s", o->days ? o->days : 7, o->tier ? o->tier : "Standard");
	int rc = 0;
	if (s3_changes_add(&changes, SV("restore"), sv(text), &err) != S3T_OK) {
		cli_complain("--days, --tier: %s", err.message);
		rc = CLI_EXIT_USAGE;
	}
	free(text);
	if (rc == 0)
		rc = change(cli, o->operands, o->operand_count, &changes);
	s3_changes_deinit(&changes);
	return rc;
}
