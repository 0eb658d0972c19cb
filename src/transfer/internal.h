/*
 * What the engine's files share; nobody outside src/transfer includes it.
 *
 * One lock guards all jobs and items (struct engine's `lock`); it is never held across I/O. An item
 * in ITEM_STARTING or ITEM_FINISHING belongs to the one worker that took it; in ITEM_RUNNING its
 * parts belong to the workers that took them, and its plan and route state do not change.
 */
#ifndef TRANSFER_INTERNAL_H
#define TRANSFER_INTERNAL_H

#include "core/coding.h"
#include "core/s3_lock.h"
#include "transfer/engine.h"
#include "transfer/journal.h"
#include "transfer/limiter.h"
#include "transfer/pace.h"
#include "transfer/plan.h"
#include "transfer/prover.h"

#include <pthread.h>

enum { WINDOW_LOW = 500, BATCHES_MAX = 8 };
/* Workers: threads there may be, how many by default, and for what stays on this machine. */
enum { WORKERS_MAX = 256, WORKERS_AUTO = 128, WORKERS_LOCAL = 16 };
/* Items of a resumed job that are looked at before they are moved: those of the group that was not
 * committed, and those under way. */
enum { LOOKS = 256 + WORKERS_MAX };

struct job;

/* An upload that is compressed, or encrypted here; of JOB_PIPE also one of which neither is true.
 */
struct item_coding {
	struct coding how;
	const struct age_keys *keys; /* the client's */
	/* of what only age did, so that any part can be made alone */
	struct age_reader reader;
	bool has_reader;
	char seed[AGE_SEED_LEN + 1]; /* as in struct partial */
	struct strbuf metadata;      /* with what tells of it */
	uint64_t stored;             /* bytes that went up */
};

/* What a change in place has to remember of its object. */
struct item_change {
	struct strbuf acl;             /* to be put back; "": nothing is */
	struct strbuf tagging;         /* as it is to be, if tags are changed */
	struct strbuf diff;            /* "name: before -> after\n" */
	struct s3_retention retention; /* to be put back; until_s 0: none */
	bool has_legal_hold;
	bool is_copied; /* what is to be put back is not yet */
};

enum { LINKS = 2 }; /* endpoints of a job */

struct item {
	struct item *next, *prev;
	struct job *job;
	item_id id;
	size_t source_index;
	/* immutable after scan, but target after a rename (by the worker that starts it) */
	char *path, *target; /* full source path; target name below the root */
	size_t path_len, target_len;
	struct loc_stat stat;
	bool is_dir;                     /* an empty directory or a marker */
	unsigned char identity[MD5_LEN]; /* in the journal: source, size, time, ETag as scanned */
	/* route state: written while STARTING, read while RUNNING */
	const struct route *route;
	struct loc_source *source;
	struct loc_sink *sink;
	struct plan plan;
	void *route_state;          /* the route's own */
	struct partial *partial;    /* what is left if this ends here; NULL: nothing */
	struct item_coding *coding; /* what is done to its bytes on their way up; NULL: nothing */
	uint64_t wire_size;         /* of what goes to the target, in the plan's parts */
	struct item_change *change; /* of JOB_CHANGE; NULL: none yet */
	struct prover *prover;      /* NULL: proven on the way, or not at all */
	bool in_one;                /* its source can only be read from its start to its end */
	bool must_relay;            /* the server does not copy it */
	bool was_found;             /* the target was whole already: nothing is to be moved */
	char tag[JOB_UID_LEN + 1];
	struct cancel *cancel;
	int64_t started_ms;
	struct conflict_side target_side;
	/* guarded by lock */
	enum item_state state;
	struct parts parts;
	uint32_t parts_running;
	uint64_t bytes_before; /* of `bytes`, what an earlier process or try had moved */
	bool is_proving, is_syncing, has_failed, was_cancelled, was_refetched, has_answer;
	bool was_reused; /* a part of the old target is its beginning, which is still to be proven
			  */
	int64_t synced_ms, sync_took_ms; /* the last time that ranges were made durable */
	enum conflict_policy answer;
	struct s3t_err err;
	/* any thread */
	atomic_int_fast64_t bytes;
	atomic_uint_fast32_t retries;
};

/* Paths to delete together. */
struct batch {
	struct batch *next;
	size_t source_index, count;
	struct strview *paths; /* into arena */
	char *arena;
};

/* Where a recursive scan stands; belongs to the worker that scans. */
struct scan {
	size_t source_index;
	struct loc_list *list;      /* NULL: the next source is due */
	struct strbuf base, target; /* of the current source; with a final '/' unless empty */
	bool is_reverse;            /* verify: the targets' turn, for what the sources lack */
	bool is_last;               /* the page that is booked is the last of the source */
	bool found_any;             /* undelete: a delete marker of the source */
};

struct item_list {
	struct item *head, *tail;
	size_t count;
};

struct job {
	struct job *next;
	job_id id;
	struct engine *engine;
	char uid[JOB_UID_LEN + 1]; /* in the journal */
	struct job_spec spec;      /* immutable but for policy (guarded by lock) */
	struct cancel *cancel;
	struct link
		*links[LINKS]; /* immutable once submitted; the second is NULL but between two */
	struct scan scan;      /* of the worker that has is_scanning */
	/* guarded by lock */
	enum job_state state;
	bool is_scanning, scan_done, was_cancelled, is_ending;
	bool is_paused, is_dismissed, is_journaled;
	bool was_interrupted; /* what was not done is for another process */
	bool has_leftovers;   /* what could not be removed is in the journal */
	bool is_resumed;
	bool has_unseen;          /* a source, or some of one, could not be listed just now */
	uint32_t looks_left;      /* of a resumed job */
	uint64_t order;           /* place in the queue */
	uint32_t last_number;     /* of an item in the journal */
	struct partial *partials; /* of a resumed job, whose items were not met yet */
	struct partial *drops;    /* to be discarded */
	struct done_set done;     /* of a resumed job; immutable */
	struct done_set met;      /* verify: targets of the sources; the scanning worker's */
	bool *source_is_dir;      /* verify; the scanning worker's */
	uint64_t failed_for_now;  /* failures that another time may mend */
	struct s3t_err problem;   /* the first failure that belongs to no item */
	struct item_list waiting, active, asking, broken;
	struct batch *batches;
	size_t batch_count, works; /* works: pieces being run now */
	uint32_t *source_open, *source_failed;
	uint64_t items_total, items_done, items_failed, items_skipped;
	uint64_t items_archived;               /* of those that failed */
	uint64_t bytes_packed, bytes_stored;   /* of items that were compressed: before, after */
	uint64_t bytes_total, bytes_completed; /* completed: of items that are done */
	uint64_t raised_part; /* the largest that had to be larger than was wished; 0: none */
	int64_t started_ms, ended_ms, unpaused_ms;
	/* any thread */
	atomic_int_fast64_t bytes_done;
};

/* An endpoint, and the workers on jobs that talk to it. */
struct link {
	struct link *next;
	struct s3_client *client; /* NULL: none, what stays on this machine */
	/* guarded by lock */
	struct pace pace;
	uint32_t running;
	/* any thread */
	atomic_uint_fast64_t moved; /* bytes, and what else measures progress (pool.c) */
};

struct engine {
	pthread_mutex_t lock;
	pthread_cond_t work;  /* something may be due */
	pthread_cond_t ended; /* a thread has */
	uint32_t first;       /* workers that an endpoint begins with */
	struct msgq *events;
	const struct http_transport *transport;
	struct journal *journal; /* NULL: none */
	bool pauses_signed_out, keeps_stderr;
	struct cancel *root, *cleanup; /* cleanup: aborts run under it after a cancel */
	struct limiter limiter;
	struct metrics metrics;
	/* guarded by lock */
	uint32_t ceiling; /* of workers, and of each endpoint's */
	pthread_t threads[WORKERS_MAX];
	uint32_t thread_count, idle, busy;
	bool has_timer; /* one of the idle looks at the clock */
	struct link *links;
	bool stopping;
	atomic_bool is_keeping; /* what ends now is to be resumed by another process */
	uint64_t last_order;
	uint32_t threads_running;
	struct job *jobs; /* in order of submission */
	job_id last_job;
	item_id last_item;
};

/* A worker's own. */
struct worker {
	struct engine *engine;
	struct http_conn *conn;
	struct item *item; /* in hand */
	uint64_t sent;     /* bytes of parts, since it began */
};

/* How one item moves for one pair of locations. Calls may take long and hold no lock. */
struct route {
	const char *name;
	/* NULL: it is chosen by what is to be done */
	bool (*accepts)(const struct location *from, const struct location *to);
	enum s3t_rc (*plan)(struct item *it, struct s3t_err *err);
	enum s3t_rc (*begin)(struct item *it, const struct loc_io *io, struct s3t_err *err);
	/* any worker, several at once */
	enum s3t_rc (*part)(
		struct item *it, const struct loc_io *io, uint32_t index, struct s3t_err *err);
	enum s3t_rc (*finish)(struct item *it, const struct loc_io *io,
		struct loc_sink_result *result, struct s3t_err *err);
	/* nothing is left behind on either side; also where begin() failed */
	enum s3t_rc (*abort)(struct item *it, const struct loc_io *io, struct s3t_err *err);
	/* frees route_state; NULL: free() does */
	void (*close)(struct item *it);
	bool begins_late; /* its target is begun by part() */
};
extern const struct route route_pack, route_send, route_fetch, route_copy, route_relay,
	route_verify, route_tags, route_restore, route_lock, route_pipe, route_seal;
/* route_stream.c: whether what goes from one service to another is to be encrypted on its way. */
bool route_seal_is_due(const struct job_spec *spec);
/* route_change.c: what JOB_CHANGE takes; o (initialised) gets what the object is to be. *is_same:
 * nothing is to be done. */
const struct route *route_for_change(const struct job_spec *spec);
enum s3t_rc change_begin(struct item *it, const struct loc_io *io, struct s3_object *o,
	bool *is_same, struct s3t_err *err) S3T_MUST_CHECK;
/* After the copy. */
enum s3t_rc change_finish(
	struct item *it, const struct loc_io *io, struct s3t_err *err) S3T_MUST_CHECK;
/* Only finds out what would be different. */
enum s3t_rc change_preview(
	struct item *it, const struct loc_io *io, struct s3t_err *err) S3T_MUST_CHECK;
/* The differences, the caller's; NULL: none. */
char *change_take_diff(struct item *it);
void change_free(struct item *it);
/* Whether a server that copies leaves the target encrypted as the job wants it. */
bool route_copy_can_encrypt(const struct job_spec *spec);
const struct route *route_for(const struct location *from, const struct location *to);
/* w has the item in hand from now on. */
struct loc_io item_io(struct worker *w, struct item *it);
/* The sink as the item's job wants it. */
struct loc_sink_spec item_sink_spec(const struct item *it);
void item_close(struct item *it); /* source and sink; no lock */
/* It is another than was listed. Takes the lock. */
void item_set_size(struct item *it, uint64_t size);
/* What a prover reads. */
struct byte_source item_proof_bytes(const struct item *it);

/* job.c */
struct item *item_new(struct job *job, struct strview path, struct strview target);
void item_free(struct item *it);
void list_push(struct item_list *l, struct item *it);
void list_remove(struct item_list *l, struct item *it);
struct item *list_pop(struct item_list *l);
struct job *job_new(struct engine *e, job_id id, struct job_spec *spec);
void job_free(struct job *job);
/* Books the end of an item that is in no list; frees it, or keeps it as broken. */
void item_ended_locked(struct item *it, enum item_outcome outcome, struct loc_sink_result *result,
	const struct s3t_err *err);
/* An item that never was one: its size is not in the totals yet. */
void job_problem_locked(struct job *job, size_t source_index, struct strview path,
	struct strview target, enum item_outcome outcome, const struct s3t_err *err);
/* An item waits for another try. */
void job_requeue_locked(struct job *job, struct item *it);
void job_pause_locked(struct job *job, bool is_paused);
/* Whether what began then and failed so is to wait, and the job with it, for credentials that are
 * valid. */
bool job_put_off_locked(struct job *job, int64_t began_ms, const struct s3t_err *err);
struct event *event_new(const struct job *job, enum event_kind kind);

/* Where job->scan.list is of. */
struct location *list_location(const struct job *job);

/* pool.c. Starts the first worker; false if no thread can be started. */
bool pool_start(struct engine *e);
/* Finds the job's endpoints. */
void job_link_locked(struct job *job);
void links_free(struct engine *e);
/* The ceiling of all workers has changed. */
void links_adjust_locked(struct engine *e);
/* Progress, for the pace: bytes of the item in hand; and an object that was sent in one piece. */
void worker_moved(struct worker *w, int64_t bytes);
void item_was_sent(const struct item *it);
void remove_job_locked(struct job *job); /* engine.c */

/* scan.c: one step; item.c: start, one part, finish (an item of one part goes through all three at
 * once); batch.c: one batch of deletes. Without lock. */
void scan_step(struct worker *w, struct job *job);
/* True: it goes on in parts. */
bool item_start(struct worker *w, struct item *it);
void item_part(struct worker *w, struct item *it, uint32_t index);
void item_prove(struct worker *w, struct item *it);
void item_finish(struct worker *w, struct item *it);
void batch_run(struct worker *w, struct job *job, struct batch *b);
void batch_free(struct batch *b);

/* guard.c: decision 1. S3T_SAME with a sentence if the target is, or lies under, the source. */
enum s3t_rc guard_check(const struct job *job, const struct job_source *src, bool is_dir,
	const struct loc_io *io, struct s3t_err *err) S3T_MUST_CHECK;

/* --- resume.c: what an item leaves, and going on with it. No lock but where it says so. --- */

/* Makes the sink: the one of it->partial, if it is still good for anything, else a new one, whose
 * intent is in the journal first. Parts that are there already are done. S3T_CHANGED: what was
 * begun was of another object. */
enum s3t_rc item_sink_begin(struct item *it, const struct loc_io *io, struct loc_sink_spec *spec,
	struct s3t_err *err) S3T_MUST_CHECK;
/* For routes whose sinks are their own: the intent, and what came of it (takes token). */
void item_intend(struct item *it);
void item_intend_parts(struct item *it, uint64_t part_size, uint32_t part_count);
void item_begun(struct item *it, struct loc_token *token);
/* Whether it->partial is of this very source and was begun with such parts; else it is discarded.
 */
enum s3t_rc item_check_partial(struct item *it, const struct loc_io *io, uint64_t part_size,
	uint32_t part_count, struct s3t_err *err) S3T_MUST_CHECK;
/* Parts that are done already count as moved. Before the item runs. */
void item_count_done_parts(struct item *it);
/* After a part: makes finished ranges durable now and then; `now`: in any case. Of a file whose
 * disk fails here, nobody knows what it will have. */
enum s3t_rc item_sync(struct item *it, bool now, struct s3t_err *err) S3T_MUST_CHECK;
/* Nothing is left of it. */
void item_forget_partial_locked(struct item *it);
/* Whether another time may mend a failure: the network, the service, credentials. */
bool is_for_now(const struct s3t_err *err);
void item_identify(struct item *it);
/* Removes what a partial of the job holds; the caller frees it. */
enum s3t_rc partial_discard(struct job *job, const struct partial *p, const struct loc_io *io,
	struct s3t_err *err) S3T_MUST_CHECK;
/* Discards one of job->drops. */
void drop_step(struct worker *w, struct job *job, struct partial *p);
/* p, which becomes the job's, is to be discarded. */
void job_drop_locked(struct job *job, struct partial *p);
/* What belongs to no item that was found is to be discarded; or all that the job keeps. */
void job_drop_unmet_locked(struct job *job);
void job_drop_partials_locked(struct job *job);
/* Nobody is to go on with it: in the journal before anything of it is removed. */
void job_cancelled_locked(struct job *job);
/* The job's first lines in the journal; and its last, unless something of it is worth resuming. */
void job_begin_journal(struct job *job, const struct saved_job *saved);
void job_settle_journal_locked(struct job *job);
/* Whether the job's lines stay for another process. */
bool job_is_kept_locked(const struct job *job);

/* --- item_coding.c: uploads that are compressed, or encrypted here --- */

/* A listing has whole seconds, and of an object LastModified only, and its size as it is stored;
 * its data's own time is in its metadata, and so is its size where it is compressed or encrypted.
 */
void item_refine_source(struct item *it, const struct loc_io *io);
/* Before the plan: decides, by the job and the target's profile, and finds the keys. */
enum s3t_rc item_coding_begin(
	struct item *it, const struct loc_io *io, struct s3t_err *err) S3T_MUST_CHECK;
/* What its keys follow from: of an upload that goes on, or new. False: there is no place for our
 * secret, so that it cannot go on. */
bool item_coding_seed(struct item *it, unsigned char out[SHA256_LEN]);
/* Once the source is open, for what is only encrypted: its bytes. */
enum s3t_rc item_coding_open(struct item *it, struct s3t_err *err) S3T_MUST_CHECK;
/* What tells of it. plain: bytes before; UINT64_MAX: unknown. */
void item_coding_tell(const struct item *it, uint64_t plain, struct loc_sink_spec *sink);
/* What goes up, in the item's wire_size bytes: of the source's descriptor, or made of it. */
struct byte_source item_bytes(const struct item *it);
void item_coding_free(struct item *it);

/* proof.c: does the file hold what the ETag says? *proof: static text. S3T_MISMATCH if not. it's
 * prover, if it has one, has hashed all that it could. sum: MD5 of the whole if it is known
 * already, else NULL. */
enum s3t_rc proof_file(int fd, uint64_t size, const char *etag, const struct loc_facts *facts,
	const unsigned char *sum, const struct prover *prover, struct cancel *cancel,
	const char **proof, struct s3t_err *err) S3T_MUST_CHECK;
/* What an ETag tells of an object of `size` bytes: false if nothing, else its digest and the number
 * of parts (0: one digest of the whole). */
bool etag_reads(const char *etag, const struct loc_facts *facts, unsigned char digest[MD5_LEN],
	uint32_t *parts);
/* The size of the parts that a composite ETag is made of: the one told, or the likeliest; 0: none
 * fits. */
uint64_t etag_part_size(uint64_t size, uint32_t parts, uint64_t told);

#endif
