/*
 * A queue of owned messages from any thread to one reader, with a file descriptor that is readable
 * while messages wait. Pushing never blocks on the pipe.
 */
#ifndef CORE_MSGQ_H
#define CORE_MSGQ_H

#include "core/err.h"

struct msgq;

/* The first member of every message. */
struct msg {
	struct msg *next;
};

struct msgq *msgq_new(void);
/* Messages still inside must have been popped. */
void msgq_free(struct msgq *q);
/* Readable while messages wait; reader thread only. */
int msgq_fd(const struct msgq *q);
/* Any thread; ownership moves to the queue. */
void msgq_push(struct msgq *q, struct msg *m);
/* Whether nothing waits. Any thread. */
bool msgq_is_empty(struct msgq *q);
/* Reader thread; NULL when empty; ownership moves to the caller. */
struct msg *msgq_pop(struct msgq *q);

#endif
