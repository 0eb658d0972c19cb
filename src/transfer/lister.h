/*
 * Lists places for the panes, off the UI thread: a few workers with a connection each take requests
 * and send pages up as they come, the first one at once. The same workers count what is under a
 * path (dialogs) and run small blocking tasks. Ids are unique for the lister's life: an event whose
 * id nobody knows any more is dropped by its reader.
 */
#ifndef TRANSFER_LISTER_H
#define TRANSFER_LISTER_H

#include "core/location.h"
#include "core/msgq.h"

typedef uint32_t list_id; /* from 1 */

struct lister;

enum lister_event_kind {
	LISTER_PAGE,  /* page (NULL with the last one, maybe), done, err */
	LISTER_COUNT, /* files, dirs, bytes so far; done, err */
	LISTER_TASK,  /* arg, err; done */
};

/* A small blocking task; arg is the task's own until its event comes up. */
typedef enum s3t_rc (*lister_task_fn)(
	void *arg, struct http_conn *conn, struct cancel *cancel, struct s3t_err *err);

struct lister_event {
	struct msg msg;
	enum lister_event_kind kind;
	list_id id;
	bool done;               /* the last event of this id */
	struct s3t_err err;      /* rc S3T_OK: fine; S3T_CANCELLED: by lister_cancel() */
	struct entry_page *page; /* owned */
	uint64_t files, dirs, bytes, problems;
	uint64_t seen;               /* LISTER_PAGE of lister_find(): names looked at so far */
	void *arg;                   /* LISTER_TASK */
	void (*free_arg)(void *arg); /* by lister_event_free(), unless arg was taken */
};
void lister_event_free(struct lister_event *e);

/* transport NULL: libcurl. events (struct lister_event) must outlive the lister. */
struct lister *lister_new(const struct http_transport *transport, struct msgq *events);
/* Cancels everything and waits for the workers. */
void lister_free(struct lister *l);

/* Lists path; flags of enum loc_list_flags. Any thread. References location, copies path. */
list_id lister_request(
	struct lister *l, struct location *location, struct strview path, unsigned flags);
/* Finds names under path, recursively, by pattern (glob_finds()); pages of names relative to path,
 * at most ten a second, also empty ones that only tell how many were seen. */
list_id lister_find(
	struct lister *l, struct location *location, struct strview path, struct strview pattern);
/* Counts files and bytes under the paths, recursively (a file counts itself); events at most ten
 * times a second. */
list_id lister_count(
	struct lister *l, struct location *location, const struct strview *paths, size_t count);
/* Runs a task; free_arg may be NULL. */
list_id lister_run(struct lister *l, lister_task_fn run, void *arg, void (*free_arg)(void *arg));
/* Whether anything is waiting or under way. */
bool lister_is_busy(struct lister *l);
/* Its last event still comes (S3T_CANCELLED, or done if it was just done). Unknown ids are ignored.
 */
void lister_cancel(struct lister *l, list_id id);

#endif
