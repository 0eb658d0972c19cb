/*
 * The transfer engine: jobs over any pair of locations, run by a pool of threads that pull their
 * work. An idle worker asks for the next piece (a page of a scan, a part, a small file, a batch of
 * deletes), runs it without a lock and books the result. Nothing is queued up front, so memory does
 * not grow with the job.
 *
 * Down: submit, cancel, answer (copied or moved). Up: events through a msgq (rare, owned, in order)
 * and engine_snapshot() (copied). Ids cross threads, pointers do not.
 */
#ifndef TRANSFER_ENGINE_H
#define TRANSFER_ENGINE_H

#include "core/location.h"
#include "core/msgq.h"
#include "core/s3_change.h"
#include "transfer/conflict.h"
#include "transfer/metrics.h"

typedef uint32_t job_id;  /* from 1 */
typedef uint32_t item_id; /* from 1, within the engine */

#define JOB_UID_LEN 8 /* of its name in the journal, the same in every process */

struct engine;
struct event;
struct journal;
struct saved_job;

enum job_kind {
	JOB_COPY,
	JOB_MOVE,
	JOB_DELETE,
	JOB_MKDIR,
	JOB_VERIFY,
	JOB_UNDELETE, /* removes delete markers that are the latest version */
	JOB_PURGE,    /* removes all versions, for good */
	JOB_CHANGE,   /* objects in place: to is from, each source's target is itself */
	JOB_PIPE,     /* a command for each: source on its stdin, what it prints is the target */
	JOB_KIND_COUNT
};
/* Whether it removes something, in batches: delete, undelete, purge. */
bool job_kind_removes(enum job_kind kind);
/* "copy", and what is said once it is done, "copied"; static. */
const char *job_kind_word(enum job_kind kind);
const char *job_kind_done_word(enum job_kind kind);

struct job_source {
	char *path; /* bytes; owned */
	size_t path_len;
	char *target_rel; /* name below the target's root; "": the contents go there; owned */
	size_t target_rel_len;
};

enum { PIPE_AT_ONCE = 4 }; /* commands, unless somebody says otherwise */

/* Everything a job needs; it keeps its own copy of the settings it runs under. */
struct job_spec {
	enum job_kind kind;
	struct location *from, *to; /* references; to NULL for deletes */
	struct job_source *sources;
	size_t source_count;
	char *target_root;
	size_t target_root_len;
	bool recursive, follow_links, name_latin1, dry_run;
	bool no_fetch;        /* verify: what only its bytes would tell stays unknown */
	bool report_items;    /* EV_ITEM for each */
	bool report_problems; /* EV_ITEM for each that was not done */
	enum conflict_policy policy;
	/* by the configuration */
	uint64_t multipart_threshold, part_size, chunk_size; /* sizes 0: auto */
	uint32_t max_parallel;                               /* of one item's parts; 0: auto */
	bool parallel_download, prove_upload, prove_download;
	char *storage_class, *content_type; /* NULL: by default / by extension */
	char *compress;       /* off, gzip, zstd; NULL: as the target's profile says */
	bool raw;             /* downloads: what was done to the bytes is not undone */
	bool asks_encryption; /* encryption was asked for this job: no copy keeps its source's */
	struct s3_changes changes; /* of JOB_CHANGE */
	/* of JOB_CHANGE of one object whose values were shown: as it was then; "": was not */
	char shown_etag[S3_ETAG_MAX];
	int64_t shown_s;               /* Last-Modified */
	char **argv;                   /* of JOB_PIPE, NULL-terminated (core/process.h) */
	uint32_t max_items;            /* under way at once; 0: as many as there are workers */
	char *encryption, *kms_key_id; /* a word of s3tui.ini; NULL: as the target's profile says */
};

/* Takes the upload, download and class options of s; references nothing. */
void job_spec_init(struct job_spec *spec, enum job_kind kind, const struct settings *s);
/* Class and encryption are not the settings', but those of the target's profile. */
void job_spec_leave_to_target(struct job_spec *spec);
/* Where its locations are in S3, the options of their profiles instead: of uploads by the target's,
 * of downloads by the source's. The class only if there is none yet. */
void job_spec_take_profiles(struct job_spec *spec);
void job_spec_add_source(struct job_spec *spec, struct strview path, struct strview target_rel);
/* Of JOB_CHANGE: each source becomes its own target. */
void job_spec_set_in_place(struct job_spec *spec);
/* Those of another, added. */
void job_spec_copy_sources(struct job_spec *spec, const struct job_spec *from);
void job_spec_set_target(struct job_spec *spec, struct location *to, struct strview root);
/* Whether it can be done at all: S3T_INVALID with what does not go together. */
enum s3t_rc job_spec_check(const struct job_spec *spec, struct s3t_err *err) S3T_MUST_CHECK;
void job_spec_deinit(struct job_spec *spec);

enum item_outcome { ITEM_COMPLETED, ITEM_SKIPPED, ITEM_FAILED, ITEM_CANCELLED, ITEM_OUTCOME_COUNT };
const char *item_outcome_word(enum item_outcome o);

/* What JOB_VERIFY found out about an item, by its outcome and its failure. */
enum verdict {
	VERDICT_SAME,
	VERDICT_DIFFERS,
	VERDICT_ONLY_FIRST,
	VERDICT_ONLY_SECOND,
	VERDICT_UNKNOWN, /* without fetching */
	VERDICT_ERROR,   /* could not be looked at */
	VERDICT_COUNT
};
enum verdict verdict_of(enum item_outcome outcome, const struct s3t_err *err);
/* "same", "differs", "only_first" … */
const char *verdict_word(enum verdict v);
/* Appends what a report says of EV_ITEM e, a line of JSON. name: below both places. */
void verify_report_line(struct strbuf *out, const struct event *e, struct strview name,
	struct strview first, struct strview second);

/* EV_PAUSED: a job was paused since its credentials have expired (err); what failed waits. */
enum event_kind { EV_ITEM, EV_ASK, EV_PAUSED, EV_JOB_DONE, EV_KIND_COUNT };

struct event {
	struct msg msg;
	enum event_kind kind;
	job_id job;
	item_id item;
	/* EV_ITEM, EV_ASK: the names; owned by the event */
	char *source, *target;
	size_t source_len, target_len;
	uint64_t size;
	int64_t duration_ms;
	enum item_outcome outcome;
	struct loc_sink_result result;
	struct s3t_err err;             /* of a failed one; why, of a skipped one */
	struct conflict_side from, to;  /* EV_ASK */
	bool job_cancelled;             /* EV_JOB_DONE: by a person */
	bool was_interrupted;           /* EV_JOB_DONE: by engine_suspend() */
	uint64_t done, failed, skipped; /* EV_JOB_DONE */
	/* EV_JOB_DONE: of the failed ones, those that have to be restored first: each is reported
	 * as an item only where all are */
	uint64_t archived;
	uint64_t bytes; /* EV_JOB_DONE: of the items that were done */
	uint64_t packed,
		stored; /* EV_JOB_DONE: bytes that were compressed, and what came of them */
	uint64_t
		raised_part; /* EV_JOB_DONE: parts that had to be larger than was wished; 0: none */
	bool is_kept;        /* EV_JOB_DONE: what is left of it can be resumed */
	char uid[JOB_UID_LEN + 1]; /* EV_JOB_DONE */
};
void event_free(struct event *e);

struct engine_options {
	uint32_t workers;          /* ceiling; 0: auto */
	uint32_t first_workers;    /* of an endpoint, before its pace is known; 0: auto */
	uint64_t bytes_per_second; /* 0: no limit */
	const struct http_transport *transport; /* NULL: libcurl */
	struct journal *journal;                /* must outlive the engine; NULL: none is kept */
	bool pauses_signed_out; /* where credentials expire and nothing renews them; else it fails
				 */
	bool keeps_stderr;      /* what a command of JOB_PIPE says there is in its failure only */
};

/* events: where EV_* go; must outlive the engine. */
struct engine *engine_new(const struct engine_options *options, struct msgq *events);
/* Cancels everything, aborts uploads, removes temporary files (at most grace_ms), frees. */
void engine_free(struct engine *e, int64_t grace_ms);

/* Takes what spec holds. */
job_id engine_submit(struct engine *e, struct job_spec *spec);
/* Goes on with a job of another process (takes saved; to NULL for deletes). *is_saved: it is in
 * this engine's journal for good, and may go from the other. Blocks for that. */
job_id engine_resume(struct engine *e, struct saved_job *saved, struct location *from,
	struct location *to, bool *is_saved);
/* Ends everything, but keeps what can be resumed: journal, open uploads, temporary files. To be
 * followed by engine_free(). */
void engine_suspend(struct engine *e);
/* A paused job begins nothing new; parts under way go on to their end. */
void engine_pause(struct engine *e, job_id job, bool is_paused);
/* All that are not finished. */
void engine_pause_all(struct engine *e, bool is_paused);
/* Up or down in the queue, by one. */
void engine_move(struct engine *e, job_id job, bool up);
void engine_cancel(struct engine *e, job_id job);
void engine_cancel_item(struct engine *e, job_id job, item_id item);
void engine_cancel_all(struct engine *e);
/* Answers EV_ASK; policy must not be ASK. for_all: every later one of the job too. */
void engine_answer(
	struct engine *e, job_id job, item_id item, enum conflict_policy policy, bool for_all);
/* Runs the job's failed items again. */
void engine_retry_failed(struct engine *e, job_id job);
/* Calls fn for the sources of items that failed because they are archived, at most `most` of them;
 * under the engine's lock. */
void engine_each_archived(struct engine *e, job_id job, size_t most,
	void (*fn)(void *arg, struct strview path), void *arg);
bool is_archived_error(const struct s3t_err *err);
/* Takes a finished job out of the list; what it kept for resuming is removed first. */
void engine_dismiss(struct engine *e, job_id job);
/* Which of the job's sources are wholly done: one flag a source; false if the job is unknown. */
bool engine_sources_done(struct engine *e, job_id job, bool *flags, size_t count);
/* Bytes a second of all transfers together, 0: no limit; holds at once. */
void engine_set_rate(struct engine *e, uint64_t bytes_per_second);
uint64_t engine_rate(struct engine *e);
/* The most connections that transfers keep to an endpoint, 0: found out by the engine. More than
 * that end when their part in hand is done. */
void engine_set_connections(struct engine *e, uint32_t most);
uint32_t engine_connections(struct engine *e);

enum job_state { JOB_RUNNING, JOB_CANCELLING, JOB_FINISHED, JOB_STATE_COUNT };
enum item_state {
	ITEM_WAITING,
	ITEM_STARTING,
	ITEM_RUNNING,
	ITEM_FINISHING,
	ITEM_ASKING,
	ITEM_BROKEN,
	ITEM_STATE_COUNT
};

#define VIEW_TEXT_MAX 256
struct job_view {
	job_id id;
	enum job_kind kind;
	enum job_state state;
	bool is_counting, was_cancelled, is_paused;
	bool is_kept;         /* as it stands, another process could go on with it */
	uint32_t connections; /* that work on it now */
	uint64_t raised_part; /* parts that had to be larger than was wished; 0: none */
	bool is_slowed;       /* its server has just asked to slow down */
	char uid[JOB_UID_LEN + 1];
	uint64_t items_total, items_done, items_failed, items_skipped, items_asking, items_running;
	uint64_t bytes_total, bytes_done;
	int64_t started_ms, ended_ms; /* monotonic; ended 0: not yet */
	char title[VIEW_TEXT_MAX];    /* sanitised */
	char message[VIEW_TEXT_MAX];  /* the first failure that belongs to no item; sanitised */
};
struct item_view {
	job_id job;
	item_id id;
	enum item_state state;
	uint64_t size, bytes;
	uint32_t parts, parts_done, connections, retries;
	int64_t started_ms;
	char name[VIEW_TEXT_MAX], target[VIEW_TEXT_MAX]; /* sanitised */
	char message[VIEW_TEXT_MAX];
};
#define SNAPSHOT_ITEMS_MAX 500
struct engine_snapshot {
	struct job_view *jobs;
	size_t job_count, job_capacity;
	struct item_view *items; /* running, asking and broken ones, then some that wait */
	size_t item_count, item_capacity;
	uint64_t bytes_per_second_limit;
};
/* Copies; buffers are kept and grown between calls. Any thread. */
void engine_snapshot(struct engine *e, struct engine_snapshot *out);
void engine_snapshot_deinit(struct engine_snapshot *s);
struct metrics *engine_metrics(struct engine *e);
/* Jobs that are not finished. */
size_t engine_busy(struct engine *e);

#endif
