#include "cli/internal.h"

#include "core/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ASK_POLL_MS = 200 };

void cli_profile_request(const struct cli_options *o, struct profile_request *out)
{
	*out = (struct profile_request){.profile = o->profile,
		.endpoint = o->endpoint,
		.region = o->region,
		.ca_bundle = o->ca_bundle,
		.path_style = o->path_style      ? 1
			      : o->virtual_style ? -1
						 : 0,
		.no_sign_request = o->no_sign_request,
		.no_verify_ssl = o->no_verify_ssl,
		.request_payer = o->request_payer};
}

/* A creds_ask_fn: on the terminal, which need not be where the output goes. */
static enum s3t_rc ask_on_terminal(void *arg, const char *question, struct strbuf *answer,
	struct cancel *cancel, struct s3t_err *err)
{
	(void)arg;
	enum s3t_rc rc = S3T_OK;
	bool is_over = false;
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (tty < 0)
		return s3t_fail(err, S3T_CREDENTIALS,
			"%s is wanted, and there is no terminal to ask on.", question);
	(void)dprintf(tty, "%s: ", question);
	while (!is_over && rc == S3T_OK) {
		struct pollfd fd = {.fd = tty, .events = POLLIN};
		char c;
		if (cancel_is_set(cancel))
			rc = s3t_fail(err, S3T_CANCELLED, "Cancelled.");
		else if (poll(&fd, 1, ASK_POLL_MS) <= 0)
			continue;
		else if (read(tty, &c, 1) != 1 || c == '\n')
			is_over = true;
		else
			strbuf_add_char(answer, c);
	}
	close(tty);
	if (rc == S3T_OK && !answer->len)
		rc = s3t_fail(err, S3T_CREDENTIALS, "The code was not given.");
	return rc;
}

static const char *no_environment(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return NULL;
}

static void show_warnings(struct cli *cli, struct strbuf *warnings)
{
	if (cli->warnings) {
		strbuf_add_sv(cli->warnings, strbuf_view(warnings));
		strbuf_deinit(warnings);
		return;
	}
	struct strview rest = strbuf_view(warnings);
	while (rest.len) {
		size_t end = sv_find(rest, '\n');
		if (end)
			cli_complain("%.*s", (int)end, rest.data);
		rest = sv_from(rest, end + 1);
	}
	strbuf_deinit(warnings);
}

/* The command line over what the configuration says. */
static int apply_options(struct cli *cli, const struct settings *from)
{
	const struct cli_options *o = cli->opt;
	/* SSE_KMS:KEY-ID */
	const char *colon = o->encryption ? strchr(o->encryption, ':') : NULL;
	bool has_key = colon && strcmp(o->encryption, "aws:kms") != 0;
	char *type = !o->encryption ? NULL
		     : has_key      ? s3t_strndup(o->encryption, (size_t)(colon - o->encryption))
				    : s3t_strdup(o->encryption);
	int rc = 0;
	const struct {
		const char *option, *section, *key, *value;
	} rows[] = {
		{"storage-class", "default", "storage_class", o->storage_class},
		{"encryption", "encryption", "type", type},
		{"encryption", "encryption", "kms_key_id", has_key ? colon + 1 : NULL},
		{"compress", "upload", "compress", o->compress},
		{"part-size", "upload", "part_size", o->part_size},
		{"no-verify", "upload", "checksum", o->no_verify ? "false" : NULL},
		{"no-verify", "download", "verify_checksum", o->no_verify ? "false" : NULL},
	};
	settings_deinit(&cli->settings);
	settings_copy(&cli->settings, from);
	for (size_t i = 0; i < sizeof rows / sizeof *rows && rc == 0; i++) {
		struct s3t_err err;
		struct settings *s = &cli->settings;
		if (!rows[i].value || settings_set(s, rows[i].section, rows[i].key, rows[i].value,
					      &err) == S3T_OK)
			continue;
		cli_complain("--%s: %s", rows[i].option, err.message);
		rc = CLI_EXIT_USAGE;
	}
	free(type);
	return rc;
}

int cli_open(struct cli *cli, const struct cli_options *options, const char *ini,
	struct strbuf *collected)
{
	*cli = (struct cli){
		.opt = options, .env = ini ? no_environment : NULL, .warnings = collected};
	settings_init_defaults(&cli->settings);
	cli->cancel = cancel_new(NULL);
	cli->local = location_local_new();
	if (options->debug)
		cli->transport = debug_open();
	cli->conn = http_conn_new(cli->transport);
	struct strbuf warnings;
	strbuf_init(&warnings);
	struct s3t_err err;
	enum s3t_rc rc;
	if (ini)
		rc = config_parse("demo", sv(ini), cli->env, NULL, &cli->config, &warnings, &err);
	else
		rc = config_load(options->config, NULL, NULL, &cli->config, &warnings, &err);
	show_warnings(cli, &warnings);
	if (rc != S3T_OK) {
		cli_complain("%s", err.message);
		return CLI_EXIT_USAGE;
	}
	debug_printf("configuration: %s", config_path(cli->config));
	return apply_options(cli, config_base(cli->config));
}

int cli_need_s3(struct cli *cli)
{
	if (cli->s3)
		return 0;
	struct profile_request request;
	cli_profile_request(cli->opt, &request);
	struct strbuf warnings;
	strbuf_init(&warnings);
	struct s3t_err err;
	enum s3t_rc rc = profile_resolve(
		cli->config, &request, cli->env, NULL, &cli->profile, &warnings, &err);
	show_warnings(cli, &warnings);
	creds_set_ask(ask_on_terminal, NULL); /* the browser has its own way */
	if (rc != S3T_OK) {
		cli_complain("%s", err.message);
		return rc == S3T_CONFIG ? CLI_EXIT_USAGE : CLI_EXIT_FAILED;
	}
	if (cli->opt->no_verify_ssl)
		cli_complain("the server's certificate is not verified (--no-verify-ssl)");
	cli->client = s3_client_new(cli->profile);
	cli->s3 = location_s3_new(cli->client);
	debug_printf("profile %s, host %s, region %s, %s style", cli->profile->name,
		cli->profile->endpoint.host, cli->profile->settings.region,
		cli->profile->path_style ? "path" : "virtual-host");
	return apply_options(cli, &cli->profile->settings);
}

void cli_close(struct cli *cli)
{
	http_conn_free(cli->conn);
	location_unref(cli->local);
	location_unref(cli->s3);
	s3_client_unref(cli->client);
	if (cli->profile)
		profile_unref(cli->profile);
	settings_deinit(&cli->settings);
	config_free(cli->config);
	cancel_free(cli->cancel);
	if (cli->opt->debug)
		debug_close();
}

struct s3_ctx cli_ctx(struct cli *cli)
{
	return (struct s3_ctx){.client = cli->client, .conn = cli->conn, .cancel = cli->cancel};
}

struct loc_io cli_io(struct cli *cli)
{
	return (struct loc_io){.conn = cli->conn, .cancel = cli->cancel};
}

void add_url(struct strbuf *out, bool is_s3, struct strview path)
{
	struct path_version version;
	if (is_s3)
		strbuf_add_str(out, "s3://");
	strbuf_add_sv(out, path_version_split(path, &version));
	if (version.id.len)
		strbuf_addf(out, "?versionId=%.*s", (int)version.id.len, version.id.data);
}

/* --- places --- */

void place_init(struct place *p)
{
	*p = (struct place){.text = "", .bucket = SV(""), .key = SV("")};
	strbuf_init(&p->path);
}

void place_deinit(struct place *p)
{
	strbuf_deinit(&p->path);
}

/* The last component is . or .., which a basename must not be. */
static bool ends_in_dots(struct strview path)
{
	struct strview name = path_basename(path);
	if (name.len && name.data[name.len - 1] == '/')
		name.len--;
	return sv_eq(name, SV(".")) || sv_eq(name, SV(".."));
}

/* Absolute, without "//" and "/./"; ".." stays, since it may follow a symbolic link. */
static int local_path(const char *text, struct place *out)
{
	struct strbuf full;
	strbuf_init(&full);
	char *cwd = text[0] == '/' ? NULL : getcwd(NULL, 0);
	if (text[0] != '/' && !cwd) {
		struct s3t_err err;
		(void)s3t_fail_errno(&err, errno, "Cannot find the current directory");
		cli_complain("%s", err.message);
		return CLI_EXIT_FAILED;
	}
	strbuf_addf(&full, "%s%s%s", cwd ? cwd : "", cwd ? "/" : "", text);
	free(cwd);
	char *real = ends_in_dots(strbuf_view(&full)) ? realpath(full.data, NULL) : NULL;
	if (real) {
		strbuf_reset(&full);
		strbuf_addf(&full, "%s/", real);
		free(real);
	}
	struct strview rest = strbuf_view(&full);
	bool ends_in_slash = rest.len && rest.data[rest.len - 1] == '/';
	while (rest.len) {
		size_t slash = sv_find(rest, '/');
		struct strview part = sv_n(rest.data, slash);
		rest = sv_from(rest, slash + 1);
		if (!part.len || sv_eq(part, SV(".")))
			continue;
		strbuf_add_char(&out->path, '/');
		strbuf_add_sv(&out->path, part);
	}
	if (ends_in_slash || !out->path.len)
		strbuf_add_char(&out->path, '/');
	out->wants_dir = ends_in_slash;
	strbuf_deinit(&full);
	return 0;
}

static int s3_path(struct cli *cli, const char *text, struct place *out)
{
	struct s3_uri uri;
	int rc = cli_need_s3(cli);
	if (rc)
		return rc;
	if (!uri_parse_s3(sv(text), &uri)) {
		cli_complain("%s is not of the form s3://bucket/key", text);
		return CLI_EXIT_USAGE;
	}
	const char *bucket = cli->profile->settings.default_bucket;
	if (!uri.bucket.len && uri.has_slash) {
		if (!bucket[0]) {
			cli_complain(
				"%s names no bucket, and default_bucket is not set in s3tui.ini; "
				"write s3://bucket/key",
				text);
			return CLI_EXIT_USAGE;
		}
		uri.bucket = sv(bucket);
	}
	strbuf_add_sv(&out->path, uri.bucket);
	if (uri.bucket.len && (uri.has_slash || uri.key.len)) {
		strbuf_add_char(&out->path, '/');
		strbuf_add_sv(&out->path, uri.key);
	}
	s3_path_split(strbuf_view(&out->path), &out->bucket, &out->key);
	out->wants_dir = !out->key.len || out->key.data[out->key.len - 1] == '/';
	return 0;
}

int cli_place(struct cli *cli, const char *text, struct place *out)
{
	place_init(out);
	out->text = text;
	if (strcmp(text, "-") == 0) {
		out->is_stdio = true;
		return 0;
	}
	if (!text[0]) {
		cli_complain("an operand is empty");
		return CLI_EXIT_USAGE;
	}
	out->is_s3 = uri_is_s3(sv(text));
	int rc = out->is_s3 ? s3_path(cli, text, out) : local_path(text, out);
	out->loc = out->is_s3 ? cli->s3 : cli->local;
	return rc;
}

/* Whether S3 has anything under key/ (a prefix), or the bucket is meant. */
static enum s3t_rc is_s3_prefix(
	struct cli *cli, const struct place *p, bool *is, struct s3t_err *err)
{
	*is = true;
	if (!p->key.len)
		return S3T_OK;
	struct strbuf path;
	struct loc_stat st;
	struct loc_io io = cli_io(cli);
	strbuf_init(&path);
	path_join(&path, strbuf_view(&p->path), SV(""));
	enum s3t_rc rc = p->loc->ops->stat(p->loc, &io, strbuf_view(&path), &st, err);
	strbuf_deinit(&path);
	if (rc == S3T_OK) {
		loc_stat_deinit(&st);
		return rc;
	}
	*is = false;
	return rc == S3T_NOT_FOUND ? S3T_OK : rc;
}

enum s3t_rc cli_is_directory(struct cli *cli, const struct place *p, bool *is, struct s3t_err *err)
{
	if (p->is_s3)
		return is_s3_prefix(cli, p, is, err);
	struct stat st;
	*is = stat(p->path.data, &st) == 0 && S_ISDIR(st.st_mode);
	return S3T_OK;
}

int place_take_version(struct place *p, const struct cli_options *options)
{
	struct path_version version = {.id = sv(options->version_id ? options->version_id : "")};
	if (!options->version_id)
		return 0;
	if (!p->is_s3 || !p->key.len || p->wants_dir || options->recursive || !version.id.len) {
		cli_complain("--version-id goes with one object; %s is none", p->text);
		return CLI_EXIT_USAGE;
	}
	path_version_add(&p->path, 0, &version);
	s3_path_split(strbuf_view(&p->path), &p->bucket, &p->key);
	p->version_id = options->version_id;
	return 0;
}

void place_mark_directory(struct place *p)
{
	if (p->path.len && p->path.data[p->path.len - 1] != '/')
		strbuf_add_char(&p->path, '/');
	if (p->is_s3)
		s3_path_split(strbuf_view(&p->path), &p->bucket, &p->key);
	p->wants_dir = true;
}

void cli_journal_free(struct journal *j)
{
	char *problem = journal_problem(j);
	if (problem)
		cli_complain("%s", problem);
	free(problem);
	journal_free(j);
}
