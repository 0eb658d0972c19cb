/*
 * --metrics-file: the counts of a command in the text format of Prometheus (exposition format
 * 0.0.4), as its textfile collectors read it: a file that appears whole.
 */
#include "cli/internal.h"

#include "core/fdio.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void head(struct strbuf *out, const char *name, const char *type, const char *help)
{
	strbuf_addf(out, "# HELP s3tui_%s %s\n# TYPE s3tui_%s %s\n", name, help, name, type);
}

static void counter(struct strbuf *out, const char *name, const char *help, uint64_t value)
{
	head(out, name, "counter", help);
	strbuf_addf(out, "s3tui_%s %llu\n", name, (unsigned long long)value);
}

static void seconds(struct strbuf *out, const char *name, const char *help, uint64_t ms)
{
	head(out, name, "counter", help);
	strbuf_addf(out, "s3tui_%s %.3f\n", name, (double)ms / 1000);
}

static void add_transfers(struct strbuf *out, struct metrics *m)
{
	counter(out, "uploads_total", "Files that were uploaded.", atomic_load(&m->uploads_total));
	counter(out, "downloads_total", "Objects that were downloaded.",
		atomic_load(&m->downloads_total));
	counter(out, "copies_total", "Objects that were copied.", atomic_load(&m->copies_total));
	counter(out, "deletes_total", "Objects that were deleted.", atomic_load(&m->deletes_total));
	counter(out, "uploaded_bytes_total", "Bytes of uploads.", atomic_load(&m->bytes_uploaded));
	counter(out, "downloaded_bytes_total", "Bytes of downloads.",
		atomic_load(&m->bytes_downloaded));
	counter(out, "copied_bytes_total", "Bytes of copies.", atomic_load(&m->bytes_copied));
	seconds(out, "upload_seconds_total", "Time that uploads took, each for itself.",
		atomic_load(&m->upload_duration_ms));
	seconds(out, "download_seconds_total", "Time that downloads took, each for itself.",
		atomic_load(&m->download_duration_ms));
	seconds(out, "copy_seconds_total", "Time that copies took, each for itself.",
		atomic_load(&m->copy_duration_ms));
	counter(out, "failures_total", "Transfers that failed.", atomic_load(&m->failures_total));
}

/* A code is a server's word: what would end the label's value is escaped. */
static void add_label(struct strbuf *out, const char *value)
{
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			strbuf_add_char(out, '\\');
		strbuf_add_char(out, *value == '\n' ? ' ' : *value);
	}
}

static void add_histogram(struct strbuf *out, const char *op, const struct call_op_stats *s)
{
	uint64_t seen = 0;
	for (size_t i = 0; i < LATENCY_BUCKETS; i++) {
		if (!s->buckets[i])
			continue;
		seen += s->buckets[i];
		strbuf_addf(out,
			"s3tui_request_duration_seconds_bucket{operation=\"%s\",le=\"%.6f\"} "
			"%llu\n",
			op, (double)latency_bound_us(i) / 1000000, (unsigned long long)seen);
	}
	strbuf_addf(out,
		"s3tui_request_duration_seconds_bucket{operation=\"%s\",le=\"+Inf\"} %llu\n", op,
		(unsigned long long)s->count);
	strbuf_addf(out, "s3tui_request_duration_seconds_sum{operation=\"%s\"} %.6f\n", op,
		(double)s->total_us / 1000000);
	strbuf_addf(out, "s3tui_request_duration_seconds_count{operation=\"%s\"} %llu\n", op,
		(unsigned long long)s->count);
}

static void add_requests(struct strbuf *out, struct s3_client *client)
{
	struct call_stats_view *v = s3t_alloc(sizeof *v);
	struct s3_counters *c = s3_client_counters(client);
	s3_client_read_stats(client, v);
	counter(out, "retries_total", "Requests that were sent again.", atomic_load(&c->retries));
	counter(out, "slow_downs_total", "Answers that asked for fewer requests.",
		atomic_load(&c->slow_downs));
	head(out, "request_duration_seconds", "histogram",
		"Time of requests, their bodies included.");
	for (int i = 0; i < CALL_OP_COUNT; i++)
		if (v->ops[i].count)
			add_histogram(out, call_op_word((enum call_op)i), &v->ops[i]);
	head(out, "request_failures_total", "counter", "Requests that failed, by operation.");
	for (int i = 0; i < CALL_OP_COUNT; i++)
		if (v->ops[i].count)
			strbuf_addf(out, "s3tui_request_failures_total{operation=\"%s\"} %llu\n",
				call_op_word((enum call_op)i),
				(unsigned long long)v->ops[i].errors);
	head(out, "errors_total", "counter", "Requests that failed, by the code of the error.");
	for (size_t i = 0; i < v->code_count; i++) {
		strbuf_add_str(out, "s3tui_errors_total{code=\"");
		add_label(out, v->codes[i].code);
		strbuf_addf(out, "\"} %llu\n", (unsigned long long)v->codes[i].count);
	}
	free(v);
}

static bool write_whole(const char *path, struct strview text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return false;
	bool ok = fd_write_all(fd, text.data, text.len);
	int why = errno;
	ok = close(fd) == 0 && ok;
	errno = ok ? errno : why;
	return ok;
}

bool metrics_file_write(struct cli *cli, int64_t took_ms, int status)
{
	const char *path = cli->opt->metrics_file;
	struct strbuf text;
	strbuf_init(&text);
	add_transfers(&text, &cli->metrics);
	if (cli->client)
		add_requests(&text, cli->client);
	head(&text, "elapsed_seconds", "gauge", "Time that the command took.");
	strbuf_addf(&text, "s3tui_elapsed_seconds %.3f\n", (double)took_ms / 1000);
	head(&text, "exit_status", "gauge", "Exit status of the command.");
	strbuf_addf(&text, "s3tui_exit_status %d\n", status);
	char *beside = s3t_asprintf("%s.%ld.tmp", path, (long)getpid());
	bool ok = write_whole(beside, strbuf_view(&text)) && rename(beside, path) == 0;
	if (!ok) {
		struct s3t_err err;
		(void)s3t_fail_errno(&err, errno, "cannot write %s", path);
		cli_complain("%s", err.message);
		(void)unlink(beside);
	}
	free(beside);
	strbuf_deinit(&text);
	return ok;
}
