/* The message queue: order, the readable descriptor, several writers. */
#include "core/msgq.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct note {
	struct msg msg;
	int writer, number;
};

static bool is_readable(const struct msgq *q)
{
	struct pollfd fd = {.fd = msgq_fd(q), .events = POLLIN};
	return poll(&fd, 1, 0) == 1;
}

static void messages_come_out_in_the_order_they_went_in(void **state)
{
	(void)state;
	struct msgq *q = msgq_new();
	struct note notes[3];
	assert_null(msgq_pop(q));
	for (int i = 0; i < 3; i++)
		msgq_push(q, &notes[i].msg);
	for (int i = 0; i < 3; i++)
		assert_ptr_equal(msgq_pop(q), &notes[i].msg);
	assert_null(msgq_pop(q));
	msgq_push(q, &notes[1].msg);
	assert_ptr_equal(msgq_pop(q), &notes[1].msg);
	msgq_free(q);
}

static void the_descriptor_is_readable_exactly_while_messages_wait(void **state)
{
	(void)state;
	struct msgq *q = msgq_new();
	struct note notes[3];
	assert_false(is_readable(q));
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 3; i++) {
			msgq_push(q, &notes[i].msg);
			assert_true(is_readable(q));
		}
		for (int i = 0; i < 3; i++) {
			assert_true(is_readable(q));
			assert_non_null(msgq_pop(q));
		}
		assert_false(is_readable(q));
		assert_null(msgq_pop(q));
		assert_false(is_readable(q));
	}
	msgq_free(q);
}

static void the_descriptor_is_not_inherited_by_children(void **state)
{
	(void)state;
	struct msgq *q = msgq_new();
	assert_true(fcntl(msgq_fd(q), F_GETFD) & FD_CLOEXEC);
	msgq_free(q);
	msgq_free(NULL);
}

enum { WRITERS = 4, NOTES = 2000 };

struct writer {
	pthread_t thread;
	struct msgq *q;
	int number;
};

static void *write_notes(void *arg)
{
	struct writer *w = arg;
	for (int i = 0; i < NOTES; i++) {
		struct note *note = malloc(sizeof *note);
		if (!note)
			abort();
		note->writer = w->number;
		note->number = i;
		msgq_push(w->q, &note->msg);
	}
	return NULL;
}

static void nothing_is_lost_or_reordered_when_many_threads_write(void **state)
{
	(void)state;
	struct msgq *q = msgq_new();
	struct writer writers[WRITERS];
	for (int i = 0; i < WRITERS; i++) {
		writers[i].q = q;
		writers[i].number = i;
		assert_int_equal(
			pthread_create(&writers[i].thread, NULL, write_notes, &writers[i]), 0);
	}
	int next[WRITERS] = {0};
	for (int left = WRITERS * NOTES; left > 0;) {
		struct pollfd fd = {.fd = msgq_fd(q), .events = POLLIN};
		assert_int_equal(poll(&fd, 1, 60000), 1);
		struct msg *m;
		while ((m = msgq_pop(q))) {
			struct note *note = (struct note *)m;
			assert_int_equal(note->number, next[note->writer]++);
			free(note);
			left--;
		}
	}
	for (int i = 0; i < WRITERS; i++) {
		pthread_join(writers[i].thread, NULL);
		assert_int_equal(next[i], NOTES);
	}
	assert_false(is_readable(q));
	msgq_free(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_come_out_in_the_order_they_went_in),
		cmocka_unit_test(the_descriptor_is_readable_exactly_while_messages_wait),
		cmocka_unit_test(the_descriptor_is_not_inherited_by_children),
		cmocka_unit_test(nothing_is_lost_or_reordered_when_many_threads_write),
	};
	return cmocka_run_group_tests_name("msgq", tests, NULL, NULL);
}
