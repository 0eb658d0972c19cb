/* Cancel tokens: the tree, the wakers, and both under several threads. */
#include "core/cancel.h"

#include "core/timeutil.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define LONG_MS 60000 /* a wait that has to be ended by a trigger */

static void count_call(void *arg)
{
	atomic_fetch_add((atomic_int *)arg, 1);
}

static void no_token_is_never_cancelled(void **state)
{
	(void)state;
	atomic_int calls = 0;
	struct cancel_waker waker = {.wake = count_call, .arg = &calls};
	cancel_trigger(NULL);
	assert_false(cancel_is_set(NULL));
	cancel_add_waker(NULL, &waker);
	cancel_remove_waker(NULL, &waker);
	assert_false(cancel_wait(NULL, 0));
	cancel_free(NULL);
	assert_int_equal(calls, 0);
}

static void a_trigger_reaches_everything_under_it_and_nothing_else(void **state)
{
	(void)state;
	struct cancel *app = cancel_new(NULL);
	struct cancel *job = cancel_new(app), *other = cancel_new(app);
	struct cancel *item = cancel_new(job), *sibling = cancel_new(other);
	cancel_trigger(job);
	assert_true(cancel_is_set(job));
	assert_true(cancel_is_set(item));
	assert_false(cancel_is_set(app));
	assert_false(cancel_is_set(other));
	assert_false(cancel_is_set(sibling));
	cancel_trigger(app);
	assert_true(cancel_is_set(app));
	assert_true(cancel_is_set(sibling));
	cancel_free(item);
	cancel_free(sibling);
	cancel_free(job);
	cancel_free(other);
	cancel_free(app);
}

static void a_child_of_a_triggered_parent_is_born_triggered(void **state)
{
	(void)state;
	struct cancel *app = cancel_new(NULL);
	cancel_trigger(app);
	struct cancel *job = cancel_new(app);
	assert_true(cancel_is_set(job));
	cancel_free(job);
	cancel_free(app);
}

static void freed_children_leave_the_others_connected(void **state)
{
	(void)state;
	for (int gone = 0; gone < 4; gone++) {
		struct cancel *app = cancel_new(NULL), *child[4];
		for (int i = 0; i < 4; i++)
			child[i] = cancel_new(app);
		cancel_free(child[gone]);
		cancel_trigger(app);
		for (int i = 0; i < 4; i++) {
			if (i == gone)
				continue;
			assert_true(cancel_is_set(child[i]));
			cancel_free(child[i]);
		}
		cancel_free(app);
	}
}

static void wakers_are_called_once_however_often_it_is_triggered(void **state)
{
	(void)state;
	atomic_int first = 0, second = 0;
	struct cancel *app = cancel_new(NULL), *job = cancel_new(app);
	struct cancel_waker a = {.wake = count_call, .arg = &first};
	struct cancel_waker b = {.wake = count_call, .arg = &second};
	cancel_add_waker(job, &a);
	cancel_add_waker(job, &b);
	cancel_trigger(app);
	cancel_trigger(job);
	cancel_trigger(app);
	assert_int_equal(first, 1);
	assert_int_equal(second, 1);
	cancel_remove_waker(job, &a);
	cancel_remove_waker(job, &b);
	cancel_free(job);
	cancel_free(app);
}

static void a_waker_added_too_late_is_called_at_once(void **state)
{
	(void)state;
	atomic_int calls = 0;
	struct cancel *c = cancel_new(NULL);
	struct cancel_waker waker = {.wake = count_call, .arg = &calls};
	cancel_trigger(c);
	cancel_add_waker(c, &waker);
	assert_int_equal(calls, 1);
	cancel_remove_waker(c, &waker);
	cancel_free(c);
}

static void a_removed_waker_is_not_called(void **state)
{
	(void)state;
	for (int gone = 0; gone < 3; gone++) {
		atomic_int calls[3] = {0, 0, 0};
		struct cancel_waker wakers[3];
		struct cancel *c = cancel_new(NULL);
		for (int i = 0; i < 3; i++) {
			wakers[i] = (struct cancel_waker){.wake = count_call, .arg = &calls[i]};
			cancel_add_waker(c, &wakers[i]);
		}
		cancel_remove_waker(c, &wakers[gone]);
		cancel_remove_waker(c, &wakers[gone]);
		cancel_trigger(c);
		for (int i = 0; i < 3; i++)
			assert_int_equal(calls[i], i != gone);
		cancel_free(c);
	}
}

static void a_wait_that_nobody_ends_reports_that(void **state)
{
	(void)state;
	struct cancel *c = cancel_new(NULL);
	int64_t start_ms = time_mono_ms();
	assert_false(cancel_wait(c, 20));
	assert_true(time_mono_ms() - start_ms >= 19);
	assert_false(cancel_wait(c, 0));
	cancel_free(c);
}

static void a_wait_on_a_triggered_token_does_not_wait(void **state)
{
	(void)state;
	struct cancel *c = cancel_new(NULL);
	cancel_trigger(c);
	int64_t start_ms = time_mono_ms();
	assert_true(cancel_wait(c, LONG_MS));
	assert_true(time_mono_ms() - start_ms < LONG_MS / 2);
	cancel_free(c);
}

static void *trigger_in_thread(void *arg)
{
	cancel_trigger(arg);
	return NULL;
}

static void a_trigger_from_another_thread_ends_a_wait(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		struct cancel *app = cancel_new(NULL), *job = cancel_new(app);
		pthread_t thread;
		assert_int_equal(pthread_create(&thread, NULL, trigger_in_thread, app), 0);
		int64_t start_ms = time_mono_ms();
		assert_true(cancel_wait(job, LONG_MS));
		assert_true(time_mono_ms() - start_ms < LONG_MS / 2);
		pthread_join(thread, NULL);
		cancel_free(job);
		cancel_free(app);
	}
}

struct worker {
	pthread_t thread;
	struct cancel *app;
	int born_triggered, calls_after_removal;
};

/* Makes and frees tokens until one is born triggered. */
static void *make_tokens(void *arg)
{
	struct worker *w = arg;
	for (bool was_set = false; !was_set;) {
		atomic_int calls = 0;
		struct cancel_waker waker = {.wake = count_call, .arg = &calls};
		struct cancel *job = cancel_new(w->app);
		was_set =
			cancel_is_set(job); /* before there is an item: a trigger takes its time */
		struct cancel *item = cancel_new(job);
		w->born_triggered += was_set && cancel_is_set(item);
		cancel_add_waker(item, &waker);
		cancel_remove_waker(item, &waker);
		int seen = atomic_load(&calls);
		cancel_free(item);
		cancel_free(job);
		w->calls_after_removal += atomic_load(&calls) - seen;
	}
	return NULL;
}

static void tokens_come_and_go_while_another_thread_triggers(void **state)
{
	(void)state;
	for (int round = 0; round < 20; round++) {
		struct cancel *app = cancel_new(NULL);
		struct worker workers[4] = {0};
		for (int i = 0; i < 4; i++) {
			workers[i].app = app;
			assert_int_equal(
				pthread_create(&workers[i].thread, NULL, make_tokens, &workers[i]),
				0);
		}
		cancel_trigger(app);
		for (int i = 0; i < 4; i++) {
			pthread_join(workers[i].thread, NULL);
			assert_int_equal(workers[i].born_triggered, 1);
			assert_int_equal(workers[i].calls_after_removal, 0);
		}
		cancel_free(app);
	}
}

static void *free_in_thread(void *arg)
{
	cancel_free(arg);
	return NULL;
}

static void the_last_of_a_tree_frees_it_from_any_thread(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		struct cancel *app = cancel_new(NULL);
		struct cancel *a = cancel_new(app), *b = cancel_new(app);
		pthread_t first, second;
		assert_int_equal(pthread_create(&first, NULL, free_in_thread, a), 0);
		assert_int_equal(pthread_create(&second, NULL, free_in_thread, b), 0);
		pthread_join(first, NULL);
		pthread_join(second, NULL);
		cancel_free(app);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_token_is_never_cancelled),
		cmocka_unit_test(a_trigger_reaches_everything_under_it_and_nothing_else),
		cmocka_unit_test(a_child_of_a_triggered_parent_is_born_triggered),
		cmocka_unit_test(freed_children_leave_the_others_connected),
		cmocka_unit_test(wakers_are_called_once_however_often_it_is_triggered),
		cmocka_unit_test(a_waker_added_too_late_is_called_at_once),
		cmocka_unit_test(a_removed_waker_is_not_called),
		cmocka_unit_test(a_wait_that_nobody_ends_reports_that),
		cmocka_unit_test(a_wait_on_a_triggered_token_does_not_wait),
		cmocka_unit_test(a_trigger_from_another_thread_ends_a_wait),
		cmocka_unit_test(tokens_come_and_go_while_another_thread_triggers),
		cmocka_unit_test(the_last_of_a_tree_frees_it_from_any_thread),
	};
	return cmocka_run_group_tests_name("cancel", tests, NULL, NULL);
}
