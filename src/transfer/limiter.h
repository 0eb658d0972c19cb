/* A token bucket over all workers: bytes a second, changeable while running. */
#ifndef TRANSFER_LIMITER_H
#define TRANSFER_LIMITER_H

#include "core/cancel.h"

#include <pthread.h>
#include <stdint.h>

struct limiter {
	pthread_mutex_t lock;
	/* guarded by lock */
	uint64_t rate; /* bytes a second; 0: no limit */
	int64_t next_free_ns;
	uint32_t changes; /* of the rate: what waits for the old one waits no longer */
};

void limiter_init(struct limiter *l, uint64_t rate);
void limiter_deinit(struct limiter *l);
void limiter_set(struct limiter *l, uint64_t rate);
uint64_t limiter_rate(struct limiter *l);
/* Books bytes and sleeps until they are due, the rate is changed, or cancel is triggered. */
void limiter_take(struct limiter *l, uint64_t bytes, struct cancel *cancel);

#endif
