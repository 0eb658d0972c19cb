/*
 * The lines of a journal, as text and back; no files, no threads.
 *
 * A line is "CHECK TYPE name=value name=value ...": the values are percent-encoded, CHECK is the
 * beginning of the line's MD5. A line that is torn or does not fit its CHECK is passed over.
 * Unknown types and names are, too, so that an older program can read a newer one's file.
 *
 *   file     version pid            first in a file
 *   job      uid ...                everything of a job but its progress
 *   order    uid order paused       place in the queue
 *   begin    uid n path target ...  an item is about to make an upload or a temporary file
 *   token    uid n text dev ino     what it made
 *   range    uid n parts            what lies in the temporary file for good: "0-3,7"
 *   gone     uid n                  nothing of it is left but the result
 *   done     uid bytes ids          items that are done: identities in hex
 *   cancel   uid                    only what is left of it is to be removed
 *   end      uid                    the job needs no more work
 */
#ifndef TRANSFER_RECORD_H
#define TRANSFER_RECORD_H

#include "transfer/saved.h"

/* --- writing: each appends one line --- */

void record_file(struct strbuf *out, long pid);
void record_job(struct strbuf *out, const struct saved_job *job);
void record_order(struct strbuf *out, const char *uid, uint64_t order, bool is_paused);
void record_begin(struct strbuf *out, const char *uid, const struct partial *p);
void record_token(struct strbuf *out, const char *uid, uint32_t number, const struct loc_token *t);
void record_ranges(struct strbuf *out, const char *uid, uint32_t number, const struct parts *done);
void record_gone(struct strbuf *out, const char *uid, uint32_t number);
void record_done(struct strbuf *out, const char *uid, uint64_t bytes,
	const unsigned char (*identities)[MD5_LEN], size_t count);
void record_cancel(struct strbuf *out, const char *uid);
void record_end(struct strbuf *out, const char *uid);
/* A whole job with what is known of it, as another file's beginning. */
void record_saved_job(struct strbuf *out, const struct saved_job *job);

/* --- reading --- */

struct saved_file {
	long pid; /* of the process that wrote it; 0: not told */
	struct saved_job *jobs;
	size_t bad_lines; /* passed over */
	size_t torn_len;  /* of a last line that was being written; one of the bad */
};
/* Reads a journal; jobs that ended are not in it. saved_file_deinit() frees. */
void saved_file_parse(struct strview text, struct saved_file *out);
void saved_file_deinit(struct saved_file *f);

/* What one line is about, for compaction: its type, job and item; borrowed from line, which has no
 * line feed. False: the line is bad. */
struct record_head {
	struct strview type, uid;
	uint32_t number; /* 0: none */
};
bool record_head(struct strview line, struct record_head *out);

#endif
