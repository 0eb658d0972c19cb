#include "cli/internal.h"

#include <string.h>
#include <strings.h>

static const char *find_method(const char *given)
{
	static const char *const methods[] = {"GET", "PUT", "HEAD"};
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
		if (!given || strcasecmp(given, methods[i]) == 0)
			return methods[i];
	cli_complain("--method: '%s' is not one of GET, PUT, HEAD", given);
	return NULL;
}

static void print_json(const char *method, const struct strbuf *url, const char *ends)
{
	struct json_writer w;
	struct strbuf line;
	strbuf_init(&line);
	json_begin(&w, &line);
	json_add_string(&w, "method", sv(method));
	json_add_string(&w, "url", strbuf_view(url));
	json_add_string(&w, "expires", sv(ends));
	json_end(&w);
	out_json(&line);
	strbuf_deinit(&line);
}

static int presign(struct cli *cli, const struct place *p, const char *method)
{
	int64_t chosen_s = cli->opt->expires ? cli->opt->expires / 1000 : 3600, ends_s = 0;
	struct s3_presign what = {
		.method = method, .bucket = p->bucket, .key = p->key, .expires_s = chosen_s};
	struct strbuf url;
	struct s3t_err err;
	char ends[32];
	strbuf_init(&url);
	int status = CLI_EXIT_OK;
	enum s3t_rc rc = s3_presign_url(cli->client, cli->cancel, &what, &url, &ends_s, &err);
	if (rc == S3T_INVALID) {
		cli_complain("--expires: %s", err.message);
		status = CLI_EXIT_USAGE;
	} else if (rc != S3T_OK) {
		status = cli_fail(cli, "make a link to", p->text, &err);
	} else {
		time_format_iso(ends_s, ends);
		if (cli->opt->json)
			print_json(method, &url, ends);
		else
			out_printf("%s\n", url.data);
		if (ends_s < time_wall_s() + chosen_s - 60)
			cli_complain(
				"the link ends at %s already, with the credentials it was made "
				"with",
				ends);
	}
	strbuf_deinit_wipe(&url);
	return status;
}

int cmd_presign(struct cli *cli)
{
	struct place p;
	const char *method = find_method(cli->opt->method);
	if (!method)
		return CLI_EXIT_USAGE;
	int rc = cli_place(cli, cli->opt->operands[0], &p);
	if (rc == 0 && (!p.is_s3 || !p.key.len)) {
		cli_complain("%s is not an object; write s3://BUCKET/KEY", p.text);
		rc = CLI_EXIT_USAGE;
	}
	if (rc == 0)
		rc = presign(cli, &p, method);
	place_deinit(&p);
	return rc;
}
