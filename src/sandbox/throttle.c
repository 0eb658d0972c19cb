#include "sandbox/internal.h"

#include <poll.h>

/* The bar of a client moves at least so often. */
enum { STEPS_PER_SECOND = 25, STEP_MIN = 512 };

size_t sbx_throttle_step(const struct sandbox *sb, size_t max)
{
	uint64_t rate = atomic_load(&sb->bytes_per_second);
	if (rate == 0)
		return max;
	uint64_t step = rate / STEPS_PER_SECOND;
	step = step < STEP_MIN ? STEP_MIN : step;
	return step < max ? (size_t)step : max;
}

bool sbx_throttle(struct sandbox *sb, enum sbx_direction direction, size_t n)
{
	uint64_t rate = atomic_load(&sb->bytes_per_second);
	if (rate == 0 || n == 0)
		return !cancel_is_set(sb->stop);
	int64_t now = time_mono_ns();
	pthread_mutex_lock(&sb->throttle_lock);
	int64_t *next = &sb->next_free_ns[direction];
	int64_t start = *next > now ? *next : now;
	*next = start + (int64_t)((double)n / (double)rate * (double)NS_PER_S);
	pthread_mutex_unlock(&sb->throttle_lock);
	int64_t wait_ms = (start - now) / NS_PER_MS;
	return wait_ms > 0 ? !cancel_wait(sb->stop, wait_ms) : !cancel_is_set(sb->stop);
}

bool sbx_pause(struct sandbox *sb, int fd, int64_t ms)
{
	enum { LOOK_MS = 20 };
	int64_t end = time_mono_ms() + ms;
	for (;;) {
		int64_t left = ms ? end - time_mono_ms() : LOOK_MS;
		if (left <= 0)
			return true;
		if (cancel_wait(sb->stop, left < LOOK_MS ? left : LOOK_MS))
			return false;
		struct pollfd peer = {.fd = fd, .events = POLLRDHUP};
		if (poll(&peer, 1, 0) > 0 && (peer.revents & (POLLRDHUP | POLLHUP | POLLERR)))
			return false;
	}
}
