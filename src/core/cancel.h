/*
 * Cancel tokens in a tree (app -> job -> item). Triggering a token triggers everything under it and
 * calls the wakers that wait there, from the triggering thread. A NULL token is never cancelled.
 * All functions may be called from any thread; a token must outlive its children and wakers.
 */
#ifndef CORE_CANCEL_H
#define CORE_CANCEL_H

#include <stdbool.h>
#include <stdint.h>

struct cancel;

/* Called on trigger, at most once, without any lock of ours held but the tree's: must not call back
 * into cancel_*, and must be quick (curl_multi_wakeup, write to a pipe, cond broadcast). */
typedef void (*cancel_wake_fn)(void *arg);

struct cancel_waker {
	cancel_wake_fn wake;
	void *arg;
	struct cancel_waker *next; /* guarded by the tree's lock */
};

/* parent may be NULL: a root. A child of a triggered parent is born triggered. */
struct cancel *cancel_new(struct cancel *parent);
/* NULL is allowed. */
void cancel_free(struct cancel *c);
void cancel_trigger(struct cancel *c);
bool cancel_is_set(const struct cancel *c);

/* Registers a waker owned by the caller until cancel_remove_waker(). If the token is already
 * triggered, it is called at once. c may be NULL. */
void cancel_add_waker(struct cancel *c, struct cancel_waker *waker);
/* After it returns the waker will not run any more. */
void cancel_remove_waker(struct cancel *c, struct cancel_waker *waker);

/* Sleeps for ms milliseconds or until the token is triggered; true if it was triggered. */
bool cancel_wait(struct cancel *c, int64_t ms);

#endif
