/*
 * How many workers an endpoint gets (decision 17). Slow start: the number doubles every window
 * while the rate grows; then the smallest number that was about as fast as any is kept, and a few
 * more are tried now and then. A server that asks to slow down is asked half as much at once, and
 * one more every two seconds. Pure: time and totals are handed in.
 */
#ifndef TRANSFER_PACE_H
#define TRANSFER_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define PACE_WINDOW_MS 250
#define PACE_FIRST 8 /* workers at the start */
enum { PACE_LEVELS = 12 };

struct pace {
	uint32_t allowed, ceiling;
	bool was_short; /* set by the owner: in this window work had to wait for a worker */
	enum pace_phase { PACE_RAMP, PACE_HOLD, PACE_TRY, PACE_YIELD } phase;
	int64_t window_ms;          /* when the window began */
	uint64_t moved, slow_downs; /* totals at its beginning */
	/* of the ramp: each number of workers and the rate that it had */
	struct pace_level {
		uint32_t allowed;
		double rate;
	} levels[PACE_LEVELS];
	uint32_t level_count;
	/* of holding and trying: windows since the last change, and what they moved */
	uint32_t windows;
	double sum, held_rate;
	uint32_t held;
	int64_t yielded_ms; /* when the number was last halved or raised after that */
	int64_t asked_ms;   /* when the server last asked for less; 0: never */
};

/* What is allowed is fitted to it; above, the ramp goes on from where it is. */
void pace_set_ceiling(struct pace *p, uint32_t ceiling);
/* first: workers to begin with, at most ceiling. */
void pace_init(struct pace *p, uint32_t first, uint32_t ceiling, int64_t now_ms);
/* Ends the window if it is over. moved: whatever measures progress; slow_downs: how often the
 * server asked for less; both since the start. True: more workers are allowed than before. */
bool pace_tick(struct pace *p, int64_t now_ms, uint64_t moved, uint64_t slow_downs);
/* Whether the server has asked to slow down in the last ten seconds. */
bool pace_yields(const struct pace *p, int64_t now_ms);

#endif
