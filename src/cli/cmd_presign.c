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

/* Who uses a link to what is under a customer's key has to send it; it is not printed. */
static void tell_headers(struct json_writer *w, const struct s3_customer_key *key)
{
	const char *values[] = {"AES256", "(the key, in base64)", key->md5};
	if (w)
		json_open_object(w, "headers");
	else
		cli_complain("who uses the link has to send these headers:");
	for (size_t i = 0; i < S3_CUSTOMER_KEY_HEADERS; i++) {
		if (w)
			json_add_string(w, s3_customer_key_headers[i], sv(values[i]));
		else
			cli_complain("%s: %s", s3_customer_key_headers[i], values[i]);
	}
	if (w)
		json_close_object(w);
}

static void print_json(const char *method, const struct strbuf *url, const char *ends,
	const struct s3_customer_key *key)
{
	struct json_writer w;
	struct strbuf line;
	strbuf_init(&line);
	json_begin(&w, &line);
	json_add_string(&w, "method", sv(method));
	json_add_string(&w, "url", strbuf_view(url));
	json_add_string(&w, "expires", sv(ends));
	if (key)
		tell_headers(&w, key);
	json_end(&w);
	out_json(&line);
	strbuf_deinit(&line);
}

static int presign(struct cli *cli, const struct place *p, const char *method)
{
	int64_t chosen_s = cli->opt->expires ? cli->opt->expires / 1000 : 3600, ends_s = 0;
	bool under_key =
		s3_encryption_kind_of(cli->settings.encryption_type) == S3_ENCRYPTION_SSE_C;
	const struct s3_customer_key *key = NULL;
	struct s3_presign what = {.method = method,
		.bucket = p->bucket,
		.key = p->key,
		.expires_s = chosen_s,
		.version_id = p->version_id,
		.under_customer_key = under_key};
	struct strbuf url;
	struct s3t_err err;
	char ends[32];
	strbuf_init(&url);
	int status = CLI_EXIT_OK;
	enum s3t_rc rc = s3_presign_url(cli->client, cli->cancel, &what, &url, &ends_s, &err);
	if (rc == S3T_OK && under_key)
		rc = s3_client_customer_key(cli->client, cli->cancel, &key, &err);
	if (rc == S3T_INVALID) {
		cli_complain("--expires: %s", err.message);
		status = CLI_EXIT_USAGE;
	} else if (rc != S3T_OK) {
		status = cli_fail(cli, "make a link to", p->text, &err);
	} else {
		time_format_iso(ends_s, ends);
		if (cli->opt->json)
			print_json(method, &url, ends, key);
		else
			out_printf("%s\n", url.data);
		if (key && !cli->opt->json)
			tell_headers(NULL, key);
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
		rc = place_take_version(&p, cli->opt);
	if (rc == 0 && p.version_id && strcmp(method, "PUT") == 0) {
		cli_complain("a version cannot be written: --version-id goes with GET and HEAD");
		rc = CLI_EXIT_USAGE;
	}
	if (rc == 0)
		rc = presign(cli, &p, method);
	place_deinit(&p);
	return rc;
}
