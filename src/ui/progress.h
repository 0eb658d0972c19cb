/* What the transfer strip says: totals over all unfinished jobs and a rate that does not jump. */
#ifndef UI_PROGRESS_H
#define UI_PROGRESS_H

#include "transfer/engine.h"

/* A rate for each second in which something ran, the newest last. */
enum { RATES_MAX = 300 };
struct rate_history {
	double rates[RATES_MAX]; /* bytes a second */
	size_t count;
	int64_t at_ms; /* of the newest */
};
/* Takes a rate if a second has gone since the last one. */
void rate_history_add(struct rate_history *h, double rate, int64_t now_ms);

struct progress {
	/* of the last snapshot */
	uint64_t bytes_done, bytes_total, items_running, items_waiting, items_failed, items_asking;
	uint64_t items_done, items_total;
	uint32_t jobs, connections;
	bool is_busy, is_counting, is_slowed;
	double rate; /* bytes a second, smoothed */
	/* the measurement before */
	uint64_t moved, first_moved;
	int64_t at_ms, since_ms; /* since_ms: the first one */
	bool has_rate;
};

/* Takes the numbers of a new snapshot. */
void progress_update(struct progress *p, const struct engine_snapshot *s, int64_t now_ms);
unsigned progress_permille(const struct progress *p);
/* Bytes a second since jobs began to run; 0: not known yet. */
double progress_average(const struct progress *p);
/* -1: cannot be said. */
int64_t progress_seconds_left(const struct progress *p);
/* "118 MiB/s"; "" while nothing is known. */
void progress_rate_text(double rate, char out[32]);

#endif
