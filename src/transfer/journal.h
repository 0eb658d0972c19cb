/*
 * What a job did so far, on disk, so that another process can go on after this one was killed: an
 * append-only file of records (record.h) for each process, under flock as long as it lives. A
 * thread of the journal's own writes and syncs what was appended within 100 ms; journal_commit()
 * waits for it. The file is made with the first write and goes when no job in it needs more work.
 * It is rewritten without what is over when it has grown (a new file, synced, renamed over it).
 *
 * A disk that cannot be written to stops the journal, not the transfers: journal_problem() tells.
 */
#ifndef TRANSFER_JOURNAL_H
#define TRANSFER_JOURNAL_H

#include "transfer/record.h"

struct journal;

/* Below the state directory (core/statedir.h). */
#define JOURNAL_DIR "jobs"

/* Keeps its file in dir, which must exist. NULL: there is no thread to be had. */
struct journal *journal_new(const char *dir);
/* The same below the state directory; NULL as well if there is none. */
struct journal *journal_new_in_state(void);
/* Writes what is left. NULL is allowed. */
void journal_free(struct journal *j);

/* Any thread, from here on; j NULL: nothing is done. */

/* Takes whole lines; on disk within 100 ms. */
void journal_append(struct journal *j, struct strview lines);
/* The same for a record_job() or record_end() line of one job: while no job is open there need be
 * no file. */
void journal_job_begun(struct journal *j, struct strview lines);
void journal_job_ended(struct journal *j, const char *uid);
/* One more item of the job is done. */
void journal_item_done(
	struct journal *j, const char *uid, const unsigned char identity[MD5_LEN], uint64_t bytes);
/* Returns when all that was appended is on disk; at once after a problem. */
void journal_commit(struct journal *j);
/* Whether what was committed is on disk; false without a journal. */
bool journal_is_sound(struct journal *j);
/* Why it stopped, once; NULL otherwise; caller frees. */
char *journal_problem(struct journal *j);

/* --- what other processes left --- */

struct journal_file {
	struct journal_file *next;
	char *path;
	int fd;       /* locked by us; -1: its process lives, and owns it */
	size_t taken; /* jobs taken and not ended */
	struct saved_file content;
};
/* Reads all journals in dir, oldest first; those of ended processes are locked for us until
 * journal_files_free(). A job that stands in two files is in the newer one only. */
enum s3t_rc journal_files_open(
	const char *dir, struct journal_file **out, struct s3t_err *err) S3T_MUST_CHECK;
/* The job needs no more work, or is another file's now: it is taken out of this one, which goes
 * with its last job. job must not be used any more unless it was taken (journal_file_take()). */
void journal_file_end_job(struct journal_file *f, const char *uid);
/* Takes the job out of the list in memory; its lines stay until journal_file_end_job(). NULL: it is
 * not there. */
struct saved_job *journal_file_take(struct journal_file *f, const char *uid);
/* Jobs of ended processes, in the order of their queue; the caller frees *out, which is NULL if
 * there is none, and not what it points to. */
struct idle_job {
	struct journal_file *file;
	struct saved_job *job;
};
size_t journal_files_idle(struct journal_file *files, struct idle_job **out);
/* A sentence on the first that cannot be read in whole; NULL if all can; caller frees. */
char *journal_files_damage(const struct journal_file *files);
void journal_files_free(struct journal_file *files);

#endif
