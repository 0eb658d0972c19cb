#include "log.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WAIT_S = 10 };

struct log {
	pthread_mutex_t lock;
	pthread_cond_t idle;
	/* guarded by lock */
	FILE *file;
	char *text;
	size_t len, size;
	long running, generation;
};

struct log *log_new(const char *path)
{
	struct log *l = calloc(1, sizeof *l);
	if (!l)
		abort();
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->idle, NULL);
	if (path && !(l->file = fopen(path, "ae"))) {
		free(l);
		return NULL;
	}
	return l;
}

long log_begin(struct log *l)
{
	pthread_mutex_lock(&l->lock);
	l->running++;
	long generation = l->generation;
	pthread_mutex_unlock(&l->lock);
	return generation;
}

static void leave_locked(struct log *l)
{
	if (--l->running == 0)
		pthread_cond_broadcast(&l->idle);
}

void log_detach(struct log *l, long generation)
{
	pthread_mutex_lock(&l->lock);
	if (generation == l->generation)
		leave_locked(l);
	pthread_mutex_unlock(&l->lock);
}

static void add_locked(struct log *l, const char *text, size_t len)
{
	if (l->len + len > l->size) {
		l->size = (l->len + len) * 2;
		l->text = realloc(l->text, l->size);
		if (!l->text)
			abort();
	}
	memcpy(l->text + l->len, text, len);
	l->len += len;
}

void log_end(struct log *l, long generation, const struct log_line *line)
{
	char status[16] = "-", *text = NULL;
	if (line->status)
		snprintf(status, sizeof status, "%d", line->status);
	int len = asprintf(&text, "%s %s %s %" PRId64 " %" PRId64 " %s\n", line->method,
		line->target, status, line->sent, line->received, line->rule ? line->rule : "-");
	if (len < 0)
		abort();
	pthread_mutex_lock(&l->lock);
	if (generation == l->generation) {
		add_locked(l, text, (size_t)len);
		if (!line->is_detached)
			leave_locked(l);
	}
	if (l->file) {
		fputs(text, l->file);
		fflush(l->file);
	}
	pthread_mutex_unlock(&l->lock);
	free(text);
}

void log_wait(struct log *l)
{
	struct timespec end;
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += WAIT_S;
	pthread_mutex_lock(&l->lock);
	while (l->running && pthread_cond_timedwait(&l->idle, &l->lock, &end) == 0)
		;
	pthread_mutex_unlock(&l->lock);
}

char *log_text(struct log *l, size_t *len)
{
	pthread_mutex_lock(&l->lock);
	char *copy = malloc(l->len + 1);
	if (!copy)
		abort();
	if (l->len)
		memcpy(copy, l->text, l->len);
	*len = l->len;
	pthread_mutex_unlock(&l->lock);
	return copy;
}

void log_clear(struct log *l)
{
	pthread_mutex_lock(&l->lock);
	l->len = 0;
	l->running = 0;
	l->generation++;
	pthread_mutex_unlock(&l->lock);
}
