/*
 * What the files of src/cli share. One command runs in one process: what belongs to the process
 * (the output buffer, the caught signal, the progress line) is file-static where it lives; the rest
 * is in struct cli, owned by cli_run() and used by the main thread.
 */
#ifndef CLI_INTERNAL_H
#define CLI_INTERNAL_H

#include "cli/cli.h"

#include "core/config.h"
#include "core/json.h"
#include "core/location.h"
#include "core/strbuf.h"
#include "core/timeutil.h"
#include "transfer/engine.h"
#include "transfer/journal.h"

#include <stdio.h>

struct cli {
	const struct cli_options *opt;
	struct config *config;
	struct settings settings; /* with the command line over them */
	struct profile *profile;  /* NULL until cli_need_s3() */
	struct s3_client *client;
	struct location *local, *s3;
	struct http_conn *conn;
	struct cancel *cancel; /* triggered by the first signal */
	const struct http_transport *transport;
	struct metrics metrics;
	config_env_fn env;       /* NULL: the real one */
	struct strbuf *warnings; /* NULL: to stderr */
};

/* An operand: where it is. */
struct place {
	const char *text; /* as given */
	bool is_stdio, is_s3;
	bool wants_dir;             /* ends in '/', or is a bucket */
	struct location *loc;       /* borrowed from cli; NULL for "-" */
	struct strbuf path;         /* as locations want it; for S3 "bucket/key" */
	struct strview bucket, key; /* into path; S3 only */
	const char *version_id;     /* by --version-id; NULL: the latest */
};

/* --- context.c --- */

/* Reads the configuration (ini: from memory instead, without environment and ~/.aws). Warnings are
 * appended to warnings, or go to stderr if that is NULL. 0, or the exit status after a sentence;
 * cli_close() in any case. */
int cli_open(struct cli *cli, const struct cli_options *options, const char *ini,
	struct strbuf *warnings);
void cli_close(struct cli *cli);
/* Says what went wrong with it, and frees it; NULL is allowed. */
void cli_journal_free(struct journal *j);
/* Resolves the profile and makes the client; once. */
int cli_need_s3(struct cli *cli);
/* Fills out from an operand (place_deinit() also after a failure). */
int cli_place(struct cli *cli, const char *text, struct place *out);
void place_init(struct place *p);
void place_deinit(struct place *p);
/* Whether a directory or prefix is there. */
enum s3t_rc cli_is_directory(
	struct cli *cli, const struct place *p, bool *is, struct s3t_err *err) S3T_MUST_CHECK;
/* --version-id of what is read or removed; exit status after a sentence where it has no place. */
int place_take_version(struct place *p, const struct cli_options *options);
/* Its path ends in '/' from here on, so that nobody takes it for an object. */
void place_mark_directory(struct place *p);
struct s3_ctx cli_ctx(struct cli *cli);
struct loc_io cli_io(struct cli *cli);
/* Appends what a person would write for a location's path: "s3://b/k", or the path. */
void add_url(struct strbuf *out, bool is_s3, struct strview path);

/* --- output.c: stdout in lines, stderr in sentences --- */

/* Exact bytes. */
void out_text(struct strview text);
/* A name of foreign origin: sanitised when stdout is a terminal. */
void out_name(struct strview name);
/* Flush right in so many columns (ASCII); printf would cost half of what a listing costs. */
void out_right(struct strview text, size_t columns);
void out_number(uint64_t n, size_t columns);
void out_printf(const char *fmt, ...) S3T_PRINTF(1, 2);
/* A whole line from a JSON buffer, which is emptied. */
void out_json(struct strbuf *line);
/* Writes what is buffered; false once the reader is gone or the disk full: no more output is of
 * use. */
bool out_flush(void);
bool out_is_tty(void);
/* Flushes; status, or what a failed output makes of it. */
int out_finish(int status);
/* "s3tui: cannot VERB NAME: why; what to do (machine words)". Returns the exit status for rc; says
 * nothing of a cancel. name may be NULL. */
int cli_fail(const struct cli *cli, const char *verb, const char *name, const struct s3t_err *err);
void add_error_json(struct json_writer *w, const struct s3t_err *err);

/* --- signals.c --- */

/* Blocks SIGINT, SIGTERM and SIGHUP (but for those ignored at start) and waits for them in a thread
 * of its own: the first triggers cancel, the second ends the process at once. */
void signals_start(struct cancel *cancel);
void signals_stop(void);
/* The signal that came, or 0. */
int signals_caught(void);
/* Readable once one came. */
int signals_fd(void);
/* A token for cleaning up after a cancel: triggered after limit_ms. */
struct cleanup;
struct cleanup *cleanup_new(int64_t limit_ms);
struct cancel *cleanup_token(struct cleanup *c);
void cleanup_free(struct cleanup *c);

/* --- progress.c: one line on a terminal's stderr --- */

void progress_start(void);
bool progress_is_shown(void);
/* Draws the engine's first job that is not over, at most ten times a second. */
void progress_draw(struct engine *e);
/* The same for a stream; total 0: unknown. */
void progress_draw_bytes(uint64_t bytes, uint64_t total);
/* Takes the line away before something else is written. */
void progress_clear(void);
void progress_stop(void);

/* --- run.c: jobs of an engine to their end --- */

/* An engine with a journal; run_finish() ends both. */
struct run;
struct run *run_open(struct cli *cli);
/* Takes spec. */
void run_submit(struct run *r, struct job_spec *spec);
/* Takes saved. True: the job is in this process's journal now. */
bool run_resume(struct run *r, struct saved_job *saved, struct location *from, struct location *to);
/* Waits, reports, frees. The exit status. */
int run_finish(struct run *r);

/* Sets the options that all copies share; target_root etc. are the caller's. */
int spec_init(struct cli *cli, struct job_spec *spec, enum job_kind kind);
/* Takes spec. The exit status. */
int run_job(struct cli *cli, struct job_spec *spec);

/* --- debuglog.c --- */

/* A transport that logs every request to a new file, or NULL if there can be none. */
const struct http_transport *debug_open(void);
void debug_printf(const char *fmt, ...) S3T_PRINTF(1, 2);
/* Closes it and says where it is. */
void debug_close(void);

/* --- commands: the exit status --- */

int cmd_ls(struct cli *cli);
int cmd_cp(struct cli *cli);
int cmd_rm(struct cli *cli);
int cmd_mb(struct cli *cli);
int cmd_rb(struct cli *cli);
int cmd_stat(struct cli *cli);
int cmd_du(struct cli *cli);
int cmd_presign(struct cli *cli);
int cmd_set(struct cli *cli);
int cmd_bucket(struct cli *cli);
int cmd_lifecycle(struct cli *cli);
int cmd_pipe(struct cli *cli);
int cmd_undelete(struct cli *cli);
int cmd_versioning(struct cli *cli);
int cmd_restore(struct cli *cli);
int cmd_verify(struct cli *cli);
int cmd_jobs(struct cli *cli);
int cmd_check(struct cli *cli);
/* spool.c. What is done to bytes that go up, by the settings, as a job does it to a file of that
 * type. */
struct spool_coding {
	struct coding coding;
	struct encoder *encoder; /* NULL: nothing is done */
};
enum s3t_rc spool_coding_begin(struct spool_coding *c, struct cli *cli, struct cancel *cancel,
	const char *content_type, struct s3t_err *err) S3T_MUST_CHECK;
/* Says so in spec, whose metadata is kept in metadata. plain: bytes before; UINT64_MAX: unknown. */
void spool_coding_tell(const struct spool_coding *c, uint64_t plain, struct strbuf *metadata,
	struct loc_sink_spec *spec);
void spool_coding_end(struct spool_coding *c);

/* --metrics-file. False after a sentence. */
bool metrics_file_write(struct cli *cli, int64_t took_ms, int status);

/* cp with "-" on one side. */
int cmd_stream_in(struct cli *cli, struct place *target);
int cmd_stream_out(struct cli *cli, struct place *source);

#endif
