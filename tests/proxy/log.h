/* What passed: a line a request, in memory and, if wanted, in a file. */
#ifndef FAULTPROXY_LOG_H
#define FAULTPROXY_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log;

struct log_line {
	const char *method, *target;
	int status; /* 0: the client got none */
	int64_t sent, received;
	const char *rule; /* NULL: none */
	bool is_detached;
};

/* path may be NULL. NULL where the file cannot be written. */
struct log *log_new(const char *path);

/* Around each request; what begin returns goes to end, which drops lines of before log_clear. */
long log_begin(struct log *l);
void log_end(struct log *l, long generation, const struct log_line *line);

/* This one is not to be waited for, as long as it may take. Once, before its end. */
void log_detach(struct log *l, long generation);

/* Waits, ten seconds at the most, for those that have begun. */
void log_wait(struct log *l);

/* The lines since the last log_clear; to be freed. */
char *log_text(struct log *l, size_t *len);
void log_clear(struct log *l);

#endif
