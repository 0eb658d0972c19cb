#include "ui/progress.h"

#include "core/text.h"

#include <stdio.h>
#include <string.h>

/* What is older than so many milliseconds counts half. */
#define RATE_WINDOW_MS 2000.0

static void measure(struct progress *p, uint64_t moved, int64_t now_ms)
{
	int64_t since = now_ms - p->at_ms;
	if (p->at_ms == 0 || moved < p->moved || since > 60000) {
		/* begins, or bytes were taken back: the rate stays as it was */
		p->moved = moved;
		if (!p->at_ms) {
			p->since_ms = now_ms;
			p->first_moved = moved;
		}
		p->at_ms = now_ms;
		return;
	}
	if (since < 100)
		return;
	double now = (double)(moved - p->moved) * 1000 / (double)since;
	double old = RATE_WINDOW_MS / (RATE_WINDOW_MS + (double)since);
	p->rate = p->rate * old + now * (1 - old);
	p->has_rate = true;
	p->moved = moved;
	p->at_ms = now_ms;
}

void progress_update(struct progress *p, const struct engine_snapshot *s, int64_t now_ms)
{
	struct progress sum = {.rate = p->rate,
		.moved = p->moved,
		.first_moved = p->first_moved,
		.at_ms = p->at_ms,
		.since_ms = p->since_ms,
		.has_rate = p->has_rate};
	uint64_t moved = 0;
	for (size_t i = 0; i < s->job_count; i++) {
		const struct job_view *j = &s->jobs[i];
		moved += j->bytes_done;
		sum.items_failed += j->items_failed;
		if (j->state == JOB_FINISHED)
			continue;
		sum.is_busy = true;
		sum.jobs++;
		sum.is_counting = sum.is_counting || j->is_counting;
		sum.is_slowed = sum.is_slowed || j->is_slowed;
		sum.connections += j->connections;
		sum.bytes_done += j->bytes_done;
		sum.bytes_total += j->bytes_total;
		sum.items_done += j->items_done;
		sum.items_total += j->items_total;
		sum.items_running += j->items_running;
		sum.items_asking += j->items_asking;
		uint64_t known = j->items_done + j->items_failed + j->items_skipped +
				 j->items_asking + j->items_running;
		sum.items_waiting += j->items_total > known ? j->items_total - known : 0;
	}
	if (!sum.is_busy) {
		sum.rate = 0;
		sum.has_rate = false;
		sum.at_ms = 0;
	} else {
		measure(&sum, moved, now_ms);
	}
	*p = sum;
}

unsigned progress_permille(const struct progress *p)
{
	if (p->bytes_total)
		return (unsigned)((double)p->bytes_done * 1000 / (double)p->bytes_total);
	return p->items_total ? (unsigned)(p->items_done * 1000 / p->items_total) : 0;
}

double progress_average(const struct progress *p)
{
	int64_t took_ms = p->at_ms - p->since_ms;
	if (!p->has_rate || took_ms <= 0 || p->moved < p->first_moved)
		return 0;
	return (double)(p->moved - p->first_moved) * 1000 / (double)took_ms;
}

int64_t progress_seconds_left(const struct progress *p)
{
	if (p->is_counting || !p->has_rate || p->rate < 1 || p->bytes_total < p->bytes_done)
		return -1;
	return (int64_t)((double)(p->bytes_total - p->bytes_done) / p->rate + 0.5);
}

void progress_rate_text(double rate, char out[32])
{
	char size[TEXT_SIZE_MAX];
	text_size(rate < 0 ? 0 : (uint64_t)rate, size);
	snprintf(out, 32, "%s/s", size);
}

void rate_history_add(struct rate_history *h, double rate, int64_t now_ms)
{
	if (h->count && now_ms - h->at_ms < 1000)
		return;
	if (h->count == RATES_MAX)
		memmove(h->rates, h->rates + 1, --h->count * sizeof *h->rates);
	h->rates[h->count++] = rate;
	h->at_ms = now_ms;
}
