#include "core/msgq.h"

#include "core/strbuf.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct msgq {
	pthread_mutex_t lock;
	int fd;
	/* guarded by lock */
	struct msg *head, **tail;
};

struct msgq *msgq_new(void)
{
	struct msgq *q = s3t_alloc(sizeof *q);
	pthread_mutex_init(&q->lock, NULL);
	q->tail = &q->head;
	q->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (q->fd < 0)
		s3t_oom();
	return q;
}

void msgq_free(struct msgq *q)
{
	if (!q)
		return;
	close(q->fd);
	pthread_mutex_destroy(&q->lock);
	free(q);
}

int msgq_fd(const struct msgq *q)
{
	return q->fd;
}

void msgq_push(struct msgq *q, struct msg *m)
{
	m->next = NULL;
	pthread_mutex_lock(&q->lock);
	bool was_empty = !q->head;
	*q->tail = m;
	q->tail = &m->next;
	if (was_empty) {
		uint64_t one = 1;
		ssize_t ignored = write(q->fd, &one, sizeof one);
		(void)ignored; /* the counter is at most 1: it cannot overflow */
	}
	pthread_mutex_unlock(&q->lock);
}

bool msgq_is_empty(struct msgq *q)
{
	pthread_mutex_lock(&q->lock);
	bool is_empty = !q->head;
	pthread_mutex_unlock(&q->lock);
	return is_empty;
}

struct msg *msgq_pop(struct msgq *q)
{
	pthread_mutex_lock(&q->lock);
	struct msg *m = q->head;
	if (m) {
		q->head = m->next;
		if (!q->head) {
			q->tail = &q->head;
			uint64_t count;
			ssize_t ignored = read(q->fd, &count, sizeof count);
			(void)ignored;
		}
	}
	pthread_mutex_unlock(&q->lock);
	return m;
}
