#include "core/cancel.h"

#include "core/strbuf.h"
#include "core/timeutil.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* One lock a tree: triggering walks it, and trees are small (app, jobs, running items). */
struct tree {
	pthread_mutex_t lock;
	atomic_int refs; /* tokens of the tree */
};

struct cancel {
	atomic_bool set;
	struct tree *tree;
	/* guarded by tree->lock */
	struct cancel *parent, *first_child, *prev, *next;
	struct cancel_waker *wakers;
};

struct cancel *cancel_new(struct cancel *parent)
{
	struct cancel *c = s3t_alloc(sizeof *c);
	if (!parent) {
		c->tree = s3t_alloc(sizeof *c->tree);
		pthread_mutex_init(&c->tree->lock, NULL);
		atomic_init(&c->tree->refs, 1);
		return c;
	}
	c->tree = parent->tree;
	c->parent = parent;
	atomic_fetch_add(&c->tree->refs, 1);
	pthread_mutex_lock(&c->tree->lock);
	atomic_store(&c->set, atomic_load(&parent->set));
	c->next = parent->first_child;
	if (c->next)
		c->next->prev = c;
	parent->first_child = c;
	pthread_mutex_unlock(&c->tree->lock);
	return c;
}

void cancel_free(struct cancel *c)
{
	if (!c)
		return;
	struct tree *tree = c->tree;
	pthread_mutex_lock(&tree->lock);
	if (c->prev)
		c->prev->next = c->next;
	else if (c->parent)
		c->parent->first_child = c->next;
	if (c->next)
		c->next->prev = c->prev;
	pthread_mutex_unlock(&tree->lock);
	free(c);
	if (atomic_fetch_sub(&tree->refs, 1) == 1) {
		pthread_mutex_destroy(&tree->lock);
		free(tree);
	}
}

static void trigger_locked(struct cancel *c)
{
	if (atomic_exchange(&c->set, true))
		return;
	for (struct cancel_waker *w = c->wakers; w; w = w->next)
		w->wake(w->arg);
	for (struct cancel *child = c->first_child; child; child = child->next)
		trigger_locked(child);
}

void cancel_trigger(struct cancel *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->tree->lock);
	trigger_locked(c);
	pthread_mutex_unlock(&c->tree->lock);
}

bool cancel_is_set(const struct cancel *c)
{
	return c && atomic_load_explicit(&c->set, memory_order_acquire);
}

void cancel_add_waker(struct cancel *c, struct cancel_waker *waker)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->tree->lock);
	waker->next = c->wakers;
	c->wakers = waker;
	if (atomic_load(&c->set))
		waker->wake(waker->arg);
	pthread_mutex_unlock(&c->tree->lock);
}

void cancel_remove_waker(struct cancel *c, struct cancel_waker *waker)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->tree->lock);
	for (struct cancel_waker **w = &c->wakers; *w; w = &(*w)->next) {
		if (*w == waker) {
			*w = waker->next;
			break;
		}
	}
	pthread_mutex_unlock(&c->tree->lock);
}

struct sleeper {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool woken; /* guarded by lock */
};

static void wake_sleeper(void *arg)
{
	struct sleeper *s = arg;
	pthread_mutex_lock(&s->lock);
	s->woken = true;
	pthread_cond_signal(&s->cond);
	pthread_mutex_unlock(&s->lock);
}

bool cancel_wait(struct cancel *c, int64_t ms)
{
	struct sleeper s = {.woken = false};
	pthread_mutex_init(&s.lock, NULL);
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s.cond, &attr);
	pthread_condattr_destroy(&attr);

	struct cancel_waker waker = {.wake = wake_sleeper, .arg = &s};
	cancel_add_waker(c, &waker);
	struct timespec deadline = time_deadline(ms);
	pthread_mutex_lock(&s.lock);
	while (!s.woken && pthread_cond_timedwait(&s.cond, &s.lock, &deadline) == 0)
		;
	pthread_mutex_unlock(&s.lock);
	cancel_remove_waker(c, &waker);
	pthread_cond_destroy(&s.cond);
	pthread_mutex_destroy(&s.lock);
	return cancel_is_set(c);
}
