#include "transfer/limiter.h"

#include "core/timeutil.h"

void limiter_init(struct limiter *l, uint64_t rate)
{
	*l = (struct limiter){.rate = rate};
	pthread_mutex_init(&l->lock, NULL);
}

void limiter_deinit(struct limiter *l)
{
	pthread_mutex_destroy(&l->lock);
}

void limiter_set(struct limiter *l, uint64_t rate)
{
	pthread_mutex_lock(&l->lock);
	l->rate = rate;
	l->next_free_ns = 0;
	pthread_mutex_unlock(&l->lock);
}

uint64_t limiter_rate(struct limiter *l)
{
	pthread_mutex_lock(&l->lock);
	uint64_t rate = l->rate;
	pthread_mutex_unlock(&l->lock);
	return rate;
}

void limiter_take(struct limiter *l, uint64_t bytes, struct cancel *cancel)
{
	int64_t wait_ns = 0;
	pthread_mutex_lock(&l->lock);
	if (l->rate) {
		int64_t now = time_mono_ns();
		if (l->next_free_ns < now)
			l->next_free_ns = now;
		wait_ns = l->next_free_ns - now;
		l->next_free_ns += (int64_t)((double)bytes / (double)l->rate * (double)NS_PER_S);
	}
	pthread_mutex_unlock(&l->lock);
	if (wait_ns > NS_PER_MS)
		(void)cancel_wait(cancel, wait_ns / NS_PER_MS);
}
