/*
 * What tests against the sandbox share: a server, a client, an engine, a private directory. Each
 * test has its own. All failures end the test.
 */
#ifndef TESTS_SUPPORT_FIXTURE_H
#define TESTS_SUPPORT_FIXTURE_H

#include "core/location.h"
#include "sandbox/sandbox.h"
#include "transfer/engine.h"
#include "transfer/journal.h"

struct fixture {
	struct sandbox *server;
	struct config *config;
	struct profile *profile;
	struct s3_client *client;
	struct location *local, *s3;
	struct http_conn *conn;
	struct msgq *events;
	struct engine *engine;
	struct journal *journal; /* NULL: none is kept */
	char dir[64];            /* removed at the end */
	/* of the last job that was waited for */
	uint64_t done, failed, skipped;
	bool was_cancelled, is_kept;
	struct s3t_err first_error; /* of an item */
	char proof[64];             /* of the last completed item */
};

/* ini: lines of s3tui.ini besides the endpoint; may be NULL. options: NULL for the defaults. */
void fixture_start(struct fixture *f, const struct sandbox_options *options, const char *ini);
void fixture_stop(struct fixture *f);

/* A file of `size` deterministic bytes below f->dir; directories are made. */
void fixture_write(struct fixture *f, const char *name, size_t size, unsigned seed);
/* Whether both have the same bytes; a is below f->dir, b is a key in the sandbox's bucket. */
bool fixture_file_is_object(struct fixture *f, const char *name, const char *key);
bool fixture_files_equal(struct fixture *f, const char *a, const char *b);
bool fixture_exists(struct fixture *f, const char *name);
/* Files below f->dir whose name holds "s3tui-": temporary ones. */
size_t fixture_temp_count(struct fixture *f);
void fixture_put(struct fixture *f, const char *key, const char *text);
bool fixture_has_key(struct fixture *f, const char *key);

/* A job from f->dir/source to s3 "demo/prefix", or back, or between; report_items is set. */
void fixture_upload(struct fixture *f, struct job_spec *spec, const char *source,
	const char *prefix, const char *target_rel);
void fixture_download(struct fixture *f, struct job_spec *spec, const char *key, const char *dir,
	const char *target_rel);
void fixture_copy(struct fixture *f, struct job_spec *spec, const char *key, const char *prefix,
	const char *target_rel);
/* Submits and reads events until the job is done; answers questions with "skip". */
void fixture_run(struct fixture *f, struct job_spec *spec);
/* Waits for the end of a job that was submitted. */
void fixture_wait(struct fixture *f, job_id id);

/* --- with a journal, in f->dir/jobs --- */

/* Before the first job: the engine keeps one from now on. */
void fixture_journal(struct fixture *f);
/* The process ends, and keeps what can be resumed. */
void fixture_suspend(struct fixture *f);
/* Waits until a fault has struck and so many parts have come, suspends, and clears the faults. */
void fixture_suspend_at_fault(struct fixture *f, uint64_t parts);
/* A header of an object of "demo" is that. */
void fixture_expect_header(
	struct fixture *f, const char *key, const char *name, const char *wanted);
/* Another process, which knows nothing of this one but its journal: goes on with all jobs there are
 * in the order of their queue; the last one's id. */
job_id fixture_resume(struct fixture *f);
/* All that is in the journals by now; journal_files_free() is the caller's. */
struct journal_file *fixture_saved(struct fixture *f);
size_t fixture_saved_count(struct fixture *f);
/* The one journal's text by now; and a journal of that text instead of all there are, while no
 * engine runs. */
void fixture_journal_text(struct fixture *f, struct strbuf *out);
void fixture_set_journal(struct fixture *f, struct strview text);

#endif
