#include "transfer/pace.h"

/* One window at constant load varies by 10 to 20 %: growth is asked for over two. A number of
 * workers is about as fast as the best if the best is at most NEARLY faster. */
#define GROWTH 1.15
#define NEARLY 1.10
enum { TRY_AFTER = 8, TRY_FOR = 8, RECOVER_MS = 2000, LATELY_MS = 10000 };

void pace_init(struct pace *p, uint32_t first, uint32_t ceiling, int64_t now_ms)
{
	*p = (struct pace){.allowed = first < ceiling ? first : ceiling,
		.ceiling = ceiling,
		.window_ms = now_ms};
}

static void set_allowed(struct pace *p, uint64_t n)
{
	p->allowed = n < 1 ? 1 : n > p->ceiling ? p->ceiling : (uint32_t)n;
	p->windows = 0;
	p->sum = 0;
}

void pace_set_ceiling(struct pace *p, uint32_t ceiling)
{
	bool is_more = ceiling > p->ceiling;
	p->ceiling = ceiling;
	set_allowed(p, p->allowed);
	p->level_count = 0;
	if (p->phase != PACE_YIELD)
		p->phase = is_more ? PACE_RAMP : PACE_HOLD;
}

/* The smallest number that was about as fast as any. */
static void settle(struct pace *p)
{
	double best = 0;
	for (uint32_t i = 0; i < p->level_count; i++)
		if (p->levels[i].rate > best)
			best = p->levels[i].rate;
	uint32_t i = 0;
	while (p->levels[i].rate * NEARLY < best)
		i++;
	set_allowed(p, p->levels[i].allowed);
	p->phase = PACE_HOLD;
}

static void ramp(struct pace *p, double rate)
{
	uint32_t n = p->level_count;
	p->levels[n] = (struct pace_level){p->allowed, rate};
	p->level_count = ++n;
	bool grows = n < 3 || rate >= GROWTH * p->levels[n - 3].rate;
	if (!grows || n == PACE_LEVELS || p->allowed == p->ceiling)
		settle(p);
	else
		set_allowed(p, (uint64_t)p->allowed * 2);
}

static void hold(struct pace *p, double rate)
{
	p->sum += rate;
	if (++p->windows < TRY_AFTER || p->allowed == p->ceiling)
		return;
	p->held = p->allowed;
	p->held_rate = p->sum / p->windows;
	p->phase = PACE_TRY;
	set_allowed(p, (uint64_t)p->allowed + p->allowed / 4 + 1);
}

static void try_more(struct pace *p, double rate)
{
	p->sum += rate;
	if (++p->windows < TRY_FOR)
		return;
	bool is_better = p->sum / p->windows >= NEARLY * p->held_rate;
	p->phase = PACE_HOLD;
	set_allowed(p, is_better ? p->allowed : p->held);
}

bool pace_tick(struct pace *p, int64_t now_ms, uint64_t moved, uint64_t slow_downs)
{
	int64_t took_ms = now_ms - p->window_ms;
	if (took_ms < PACE_WINDOW_MS)
		return false;
	uint32_t before = p->allowed;
	double rate = (double)(moved - p->moved) / (double)took_ms;
	if (slow_downs > p->slow_downs) {
		p->phase = PACE_YIELD;
		p->yielded_ms = p->asked_ms = now_ms;
		set_allowed(p, p->allowed / 2);
	} else if (p->phase == PACE_YIELD) {
		if (p->was_short && now_ms - p->yielded_ms >= RECOVER_MS) {
			p->yielded_ms = now_ms;
			set_allowed(p, (uint64_t)p->allowed + 1);
		}
	} else if (p->was_short && moved > p->moved) {
		/* only a window in which work had to wait tells something of the number */
		if (p->phase == PACE_RAMP)
			ramp(p, rate);
		else if (p->phase == PACE_HOLD)
			hold(p, rate);
		else
			try_more(p, rate);
	}
	p->window_ms = now_ms;
	p->moved = moved;
	p->slow_downs = slow_downs;
	p->was_short = false;
	return p->allowed > before;
}

bool pace_yields(const struct pace *p, int64_t now_ms)
{
	return p->asked_ms && now_ms - p->asked_ms < LATELY_MS;
}
