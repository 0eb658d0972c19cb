/* One command from its configuration to its exit status. */
#include "cli/internal.h"

#include "core/text.h"

static int (*const commands[CLI_COMMAND_COUNT])(struct cli *cli) = {
	[CLI_LS] = cmd_ls,
	[CLI_CP] = cmd_cp,
	[CLI_MV] = cmd_cp,
	[CLI_RM] = cmd_rm,
	[CLI_MB] = cmd_mb,
	[CLI_RB] = cmd_rb,
	[CLI_STAT] = cmd_stat,
	[CLI_DU] = cmd_du,
	[CLI_PRESIGN] = cmd_presign,
	[CLI_SET] = cmd_set,
	[CLI_BUCKET] = cmd_bucket,
	[CLI_LIFECYCLE] = cmd_lifecycle,
	[CLI_RESTORE] = cmd_restore,
	[CLI_UNDELETE] = cmd_undelete,
	[CLI_VERSIONING] = cmd_versioning,
	[CLI_PIPE] = cmd_pipe,
	[CLI_VERIFY] = cmd_verify,
	[CLI_JOBS] = cmd_jobs,
	[CLI_CHECK] = cmd_check,
};

/* name, value */
#define STATS(X, m, c)                               \
	X("uploads", (m)->uploads_total)             \
	X("downloads", (m)->downloads_total)         \
	X("copies", (m)->copies_total)               \
	X("deletes", (m)->deletes_total)             \
	X("bytes_uploaded", (m)->bytes_uploaded)     \
	X("bytes_downloaded", (m)->bytes_downloaded) \
	X("bytes_copied", (m)->bytes_copied)         \
	X("upload_ms", (m)->upload_duration_ms)      \
	X("download_ms", (m)->download_duration_ms)  \
	X("copy_ms", (m)->copy_duration_ms)          \
	X("failures", (m)->failures_total)           \
	X("requests", (c)->requests)                 \
	X("retries", (c)->retries)                   \
	X("errors", (c)->errors)

static void print_stats(struct cli *cli, int64_t took_ms)
{
	static struct s3_counters none;
	struct metrics *m = &cli->metrics;
	struct s3_counters *c = cli->client ? s3_client_counters(cli->client) : &none;
	struct strbuf text;
	strbuf_init(&text);
	if (cli->opt->json) {
		struct json_writer w;
		json_begin(&w, &text);
		json_open_object(&w, "stats");
#define X(name, value) json_add_uint(&w, name, atomic_load(&(value)));
		STATS(X, m, c)
#undef X
		json_add_int(&w, "elapsed_ms", took_ms);
		json_close_object(&w);
		json_end(&w);
		out_json(&text);
	} else {
#define X(name, value)                                                      \
	if (atomic_load(&(value)))                                          \
		strbuf_addf(&text, "%s%s %llu", text.len ? ", " : "", name, \
			(unsigned long long)atomic_load(&(value)));
		STATS(X, m, c)
#undef X
		strbuf_addf(&text, "%selapsed_ms %lld", text.len ? ", " : "", (long long)took_ms);
		cli_complain("%s", text.data);
	}
	strbuf_deinit(&text);
}

int cli_run(const struct cli_options *options)
{
	struct cli cli;
	int64_t began_ms = time_mono_ms();
	int rc = cli_open(&cli, options, NULL, NULL);
	signals_start(cli.cancel);
	if (rc == 0 && commands[options->command])
		rc = commands[options->command](&cli);
	if (rc && signals_caught())
		rc = CLI_EXIT_SIGNAL + signals_caught();
	if (options->stats)
		print_stats(&cli, time_mono_ms() - began_ms);
	if (options->metrics_file && !metrics_file_write(&cli, time_mono_ms() - began_ms, rc) &&
		rc == 0)
		rc = CLI_EXIT_FAILED;
	rc = out_finish(rc);
	signals_stop();
	cli_close(&cli);
	return rc;
}
