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
	l->changes++;
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
	const int64_t slice_ns = 100 * NS_PER_MS;
	pthread_mutex_lock(&l->lock);
	int64_t now = time_mono_ns(), due = now;
	if (l->rate) {
		due = l->next_free_ns > now ? l->next_free_ns : now;
		l->next_free_ns =
			due + (int64_t)((double)bytes / (double)l->rate * (double)NS_PER_S);
	}
	uint32_t changes = l->changes;
	while (due - now > NS_PER_MS && l->changes == changes) {
		int64_t wait_ns = due - now < slice_ns ? due - now : slice_ns;
		pthread_mutex_unlock(&l->lock);
		bool is_over = cancel_wait(cancel, wait_ns / NS_PER_MS);
		now = is_over ? due : time_mono_ns();
		pthread_mutex_lock(&l->lock);
	}
	pthread_mutex_unlock(&l->lock);
}
