/* The pace of an endpoint against simulated servers: time and rates are handed in. */
#include "transfer/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
/* cmocka needs the ones above */
#include <cmocka.h>

#define CEILING 128

/* A server that `knee` workers saturate, each with 1 MB a second; noise in percent, drawn. */
struct server {
	struct pace pace;
	uint32_t knee;
	int noise;
	unsigned seed;
	int64_t now_ms;
	uint64_t moved, slow_downs;
	bool is_short;
};

static void open_server(struct server *s, uint32_t knee, int noise, unsigned seed)
{
	*s = (struct server){.knee = knee, .noise = noise, .seed = seed, .is_short = true};
	pace_init(&s->pace, PACE_FIRST, CEILING, 0);
}

static double rate(uint32_t workers, uint32_t knee)
{
	return (workers < knee ? workers : knee) * 1000.0; /* bytes a millisecond */
}

static void run_windows(struct server *s, int windows)
{
	for (int i = 0; i < windows; i++) {
		double sway = 1;
		if (s->noise)
			sway += (double)((int)(rand_r(&s->seed) % (unsigned)(2 * s->noise)) -
					 s->noise) /
				100;
		s->now_ms += PACE_WINDOW_MS;
		s->moved += (uint64_t)(rate(s->pace.allowed, s->knee) * PACE_WINDOW_MS * sway);
		s->pace.was_short = s->is_short;
		(void)pace_tick(&s->pace, s->now_ms, s->moved, s->slow_downs);
	}
}

static void a_ceiling_is_changed_while_work_runs(void **state)
{
	(void)state;
	struct server s;
	open_server(&s, 64, 0, 1);
	run_windows(&s, 20);
	assert_in_range(s.pace.allowed, 50, CEILING);
	pace_set_ceiling(&s.pace, 4);
	assert_int_equal(s.pace.allowed, 4);
	run_windows(&s, 40);
	assert_int_equal(s.pace.allowed, 4);
	pace_set_ceiling(&s.pace, CEILING);
	run_windows(&s, 20);
	assert_in_range(s.pace.allowed, 50, CEILING);
}

static void the_ramp_is_at_80_percent_of_the_best_after_a_second_and_a_half(void **state)
{
	(void)state;
	for (uint32_t knee = 1; knee <= CEILING; knee++) {
		struct server s;
		open_server(&s, knee, 0, 1);
		run_windows(&s, 6);
		assert_true(rate(s.pace.allowed, knee) >= 0.8 * rate(CEILING, knee));
	}
}

static void it_comes_back_to_few_where_more_do_not_help(void **state)
{
	(void)state;
	struct server s;
	open_server(&s, 4, 0, 1);
	run_windows(&s, 4);
	assert_int_equal(s.pace.allowed, PACE_FIRST);
	assert_int_equal(s.pace.phase, PACE_HOLD);
	/* what it tries now and then it gives up again */
	uint32_t most = 0;
	for (int i = 0; i < 100; i++) {
		run_windows(&s, 1);
		most = s.pace.allowed > most ? s.pace.allowed : most;
	}
	assert_in_range(most, PACE_FIRST + 1, PACE_FIRST * 2);
}

static void noise_of_15_percent_does_not_carry_it_away(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 200; seed++) {
		struct server s;
		open_server(&s, 16, 15, seed);
		run_windows(&s, 6);
		assert_in_range(s.pace.allowed, 8, 64);
		run_windows(&s, 40);
		assert_in_range(s.pace.allowed, 8, 100);
	}
}

static void it_finds_a_knee_that_moves_up(void **state)
{
	(void)state;
	struct server s;
	open_server(&s, 8, 0, 1);
	run_windows(&s, 8);
	s.knee = 40;
	run_windows(&s, 4 * 60); /* a minute */
	assert_true(s.pace.allowed >= 32);
}

static void a_window_in_which_nothing_had_to_wait_changes_nothing(void **state)
{
	(void)state;
	struct server s;
	open_server(&s, 100, 0, 1);
	s.is_short = false;
	run_windows(&s, 50);
	assert_int_equal(s.pace.allowed, PACE_FIRST);
	s.is_short = true;
	run_windows(&s, 1);
	assert_int_equal(s.pace.allowed, 2 * PACE_FIRST);
}

static void slow_down_halves_and_then_one_more_comes_every_two_seconds(void **state)
{
	(void)state;
	struct server s;
	open_server(&s, 100, 0, 1);
	run_windows(&s, 3);
	assert_int_equal(s.pace.allowed, 64);
	assert_false(pace_yields(&s.pace, s.now_ms));
	s.slow_downs += 50; /* all that were under way */
	run_windows(&s, 1);
	assert_int_equal(s.pace.allowed, 32);
	assert_true(pace_yields(&s.pace, s.now_ms));
	s.slow_downs++;
	run_windows(&s, 1);
	assert_int_equal(s.pace.allowed, 16);
	run_windows(&s, 7);
	assert_int_equal(s.pace.allowed, 16);
	run_windows(&s, 1);
	assert_int_equal(s.pace.allowed, 17);
	run_windows(&s, 8);
	assert_int_equal(s.pace.allowed, 18);
	run_windows(&s, 40);
	assert_false(pace_yields(&s.pace, s.now_ms));
	for (int i = 0; i < 10; i++) {
		s.slow_downs++;
		run_windows(&s, 1);
	}
	assert_int_equal(s.pace.allowed, 1);
}

static void a_tick_before_its_time_does_nothing(void **state)
{
	(void)state;
	struct pace p;
	pace_init(&p, 8, 4, 1000);
	assert_int_equal(p.allowed, 4);
	p.was_short = true;
	assert_false(pace_tick(&p, 1000 + PACE_WINDOW_MS - 1, 1000, 0));
	assert_true(p.was_short);
	assert_false(pace_tick(&p, 1000 + PACE_WINDOW_MS, 1000, 0));
	assert_int_equal(p.allowed, 4); /* its ceiling */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ceiling_is_changed_while_work_runs),
		cmocka_unit_test(the_ramp_is_at_80_percent_of_the_best_after_a_second_and_a_half),
		cmocka_unit_test(it_comes_back_to_few_where_more_do_not_help),
		cmocka_unit_test(noise_of_15_percent_does_not_carry_it_away),
		cmocka_unit_test(it_finds_a_knee_that_moves_up),
		cmocka_unit_test(a_window_in_which_nothing_had_to_wait_changes_nothing),
		cmocka_unit_test(slow_down_halves_and_then_one_more_comes_every_two_seconds),
		cmocka_unit_test(a_tick_before_its_time_does_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
