/* Credentials that a program prints. */
#include "core/creds_sources.h"

#include "core/json.h"
#include "core/process.h"

#include <stdlib.h>
#include <string.h>

#define PROCESS_TIMEOUT_MS 60000
#define PROCESS_OUTPUT_MAX ((size_t)64 << 10)

struct program {
	char *command;        /* as in a file; NULL: argv */
	char *profile, *what; /* of the AWS CLI */
	char *source;
};

static void program_free(void *arg)
{
	struct program *p = arg;
	free(p->command);
	free(p->profile);
	free(p->what);
	free(p->source);
	free(p);
}

/* AWS CLI User Guide, "Sourcing credentials with an external process". */
static enum s3t_rc read_json(
	struct strview text, const char *source, struct creds **out, struct s3t_err *err)
{
	struct json_doc *doc = json_doc_parse(text);
	if (!doc)
		return s3t_fail(err, S3T_CREDENTIALS, "It did not print a JSON object.");
	enum s3t_rc rc = S3T_OK;
	if (json_doc_int(doc, "Version", 0) != 1)
		rc = s3t_fail(err, S3T_CREDENTIALS, "Its JSON is not of \"Version\": 1.");
	else
		rc = creds_from_answer(json_doc_string(doc, "AccessKeyId"),
			json_doc_string(doc, "SecretAccessKey"),
			json_doc_string(doc, "SessionToken"), json_doc_string(doc, "Expiration"),
			source, out, err);
	json_doc_free(doc);
	return rc;
}

static enum s3t_rc run(char *const argv[], const struct program *p, struct cancel *cancel,
	struct creds **out, struct s3t_err *err)
{
	struct strbuf text;
	strbuf_init_cap(&text, PROCESS_OUTPUT_MAX);
	enum s3t_rc rc = process_run(argv, PROCESS_TIMEOUT_MS, &text, cancel, err);
	if (rc == S3T_OK)
		rc = read_json(strbuf_view(&text), p->source, out, err);
	strbuf_deinit_wipe(&text);
	return rc;
}

static enum s3t_rc as_credentials(enum s3t_rc rc, struct s3t_err *err)
{
	if (rc == S3T_OK || rc == S3T_CANCELLED)
		return rc;
	if (err)
		err->rc = S3T_CREDENTIALS;
	return S3T_CREDENTIALS;
}

static enum s3t_rc fetch_by_process(
	void *arg, struct cancel *cancel, struct creds **out, struct s3t_err *err)
{
	const struct program *p = arg;
	char **argv;
	enum s3t_rc rc = process_split(p->command, &argv, err);
	if (rc == S3T_OK) {
		rc = run(argv, p, cancel, out, err);
		process_argv_free(argv);
	}
	if (rc != S3T_OK && rc != S3T_CANCELLED)
		s3t_err_prefix(err, "The %s: ", p->source);
	return as_credentials(rc, err);
}

struct creds_provider *creds_provider_process(const char *command, const char *source)
{
	struct program *p = s3t_alloc(sizeof *p);
	p->command = s3t_strdup(command);
	p->source = s3t_strdup(source);
	return creds_provider_new(fetch_by_process, program_free, p);
}

static enum s3t_rc fetch_by_aws_cli(
	void *arg, struct cancel *cancel, struct creds **out, struct s3t_err *err)
{
	const struct program *p = arg;
	const char *const argv[] = {"aws", "configure", "export-credentials", "--profile",
		p->profile, "--format", "process", NULL};
	enum s3t_rc rc = run((char *const *)(uintptr_t)argv, p, cancel, out, err);
	if (rc != S3T_OK && rc != S3T_CANCELLED)
		s3t_err_prefix(err,
			"Profile %s takes its credentials from %s, for which the AWS CLI "
			"was asked: ",
			p->profile, p->what);
	return as_credentials(rc, err);
}

struct creds_provider *creds_provider_aws_cli(
	const char *profile, const char *what, const char *source)
{
	struct program *p = s3t_alloc(sizeof *p);
	p->profile = s3t_strdup(profile);
	p->what = s3t_strdup(what);
	p->source = s3t_strdup(source);
	return creds_provider_new(fetch_by_aws_cli, program_free, p);
}
