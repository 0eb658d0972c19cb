/*
 * Signals become a cancelled token, which wakes whoever waits for the network, and a readable
 * descriptor for those that poll. The thread that takes them is the only one that may; it ends when
 * it is sent SIGUSR2.
 */
#include "cli/internal.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

static struct {
	pthread_t thread;
	bool is_running;
	int pipe[2];
	sigset_t waited, old;
	struct cancel *cancel;
	atomic_int caught;
} state;

static void *wait_for_signals(void *arg)
{
	(void)arg;
	for (;;) {
		int number = 0;
		if (sigwait(&state.waited, &number) != 0)
			continue;
		if (number == SIGUSR2)
			return NULL;
		if (atomic_load(&state.caught))
			_exit(CLI_EXIT_SIGNAL + number);
		atomic_store(&state.caught, number);
		cancel_trigger(state.cancel);
		ssize_t n = write(state.pipe[1], "", 1);
		(void)n;
	}
}

void signals_start(struct cancel *cancel)
{
	static const int all[] = {SIGINT, SIGTERM, SIGHUP};
	state.cancel = cancel;
	atomic_init(&state.caught, 0);
	if (pipe2(state.pipe, O_CLOEXEC | O_NONBLOCK) != 0)
		s3t_oom();
	sigemptyset(&state.waited);
	sigaddset(&state.waited, SIGUSR2);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct sigaction now;
		/* nohup and background jobs ignore some: so do we */
		if (sigaction(all[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
			sigaddset(&state.waited, all[i]);
	}
	pthread_sigmask(SIG_BLOCK, &state.waited, &state.old);
	state.is_running = pthread_create(&state.thread, NULL, wait_for_signals, NULL) == 0;
	if (!state.is_running)
		s3t_oom();
}

void signals_stop(void)
{
	if (!state.is_running)
		return;
	pthread_kill(state.thread, SIGUSR2);
	pthread_join(state.thread, NULL);
	state.is_running = false;
	close(state.pipe[0]);
	close(state.pipe[1]);
	pthread_sigmask(SIG_SETMASK, &state.old, NULL);
}

int signals_caught(void)
{
	return atomic_load(&state.caught);
}

int signals_fd(void)
{
	return state.pipe[0];
}

/* --- a bounded clean-up --- */

struct cleanup {
	pthread_t thread;
	bool has_thread;
	struct cancel *token, *done;
	int64_t limit_ms;
};

static void *watch(void *arg)
{
	struct cleanup *c = arg;
	if (!cancel_wait(c->done, c->limit_ms))
		cancel_trigger(c->token);
	return NULL;
}

struct cleanup *cleanup_new(int64_t limit_ms)
{
	struct cleanup *c = s3t_alloc(sizeof *c);
	c->token = cancel_new(NULL);
	c->done = cancel_new(NULL);
	c->limit_ms = limit_ms;
	c->has_thread = pthread_create(&c->thread, NULL, watch, c) == 0;
	if (!c->has_thread)
		cancel_trigger(c->token);
	return c;
}

struct cancel *cleanup_token(struct cleanup *c)
{
	return c->token;
}

void cleanup_free(struct cleanup *c)
{
	cancel_trigger(c->done);
	if (c->has_thread)
		pthread_join(c->thread, NULL);
	cancel_free(c->token);
	cancel_free(c->done);
	free(c);
}
