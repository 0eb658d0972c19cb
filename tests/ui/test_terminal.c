/* The terminal is given back on every way out, and looks right wherever the program runs. */
#include "support/tty.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define MIB (1 << 20)

static struct tty *open_plain(struct stage *s)
{
	stage_open(s, NULL, "[upload]\nmultipart_threshold = 5MiB\npart_size = 5MiB\n");
	fixture_write(&s->f, "left/file.txt", 10, 1);
	fixture_put(&s->f, "object.txt", "x");
	stage_run(s, NULL);
	return s->tty;
}

static struct tty *open_copying(struct stage *s)
{
	struct sandbox_options slow = {.bytes_per_second = 3 * MIB};
	stage_open(s, &slow, "[upload]\nmultipart_threshold = 5MiB\npart_size = 5MiB\n");
	fixture_write(&s->f, "left/large.bin", 24 * MIB, 1);
	stage_run(s, NULL);
	tty_keys(s->tty, "Down F5");
	tty_wait_text(s->tty, "1 file, 24.0 MiB", TTY_WAIT_MS);
	tty_keys(s->tty, "Enter");
	tty_wait_text(s->tty, "1 running", TTY_WAIT_MS);
	return s->tty;
}

static bool check_has_upload(struct tty *t, void *arg)
{
	struct stage *s = arg;
	(void)t;
	return sandbox_upload_count(s->f.server) > 0;
}

static void ctrl_c_leaves_when_nothing_runs(void **state)
{
	struct tty *t = open_plain(*state);
	tty_keys(t, "Ctrl-C");
	assert_int_equal(tty_wait_exit(t, TTY_WAIT_MS), 0);
	tty_assert_restored(t);
}

static void ctrl_c_closes_a_dialog(void **state)
{
	struct stage *s = *state;
	struct tty *t = open_plain(s);
	tty_keys(t, "Down F5");
	tty_wait_text(t, "Dry run", TTY_WAIT_MS);
	tty_keys(t, "Ctrl-C");
	tty_wait_gone(t, "Dry run", TTY_WAIT_MS);
	stage_quit(s);
}

static void ctrl_c_asks_while_a_job_runs(void **state)
{
	struct stage *s = *state;
	struct tty *t = open_copying(s);
	tty_keys(t, "Ctrl-C");
	tty_wait_text(t, "1 job is still running", TTY_WAIT_MS);
	tty_keys(t, "Ctrl-C");
	tty_wait_gone(t, "still running", TTY_WAIT_MS);
	sandbox_set_bytes_per_second(s->f.server, 0);
	tty_wait_text(t, "1 copied", 30000);
	stage_quit(s);
}

static void ctrl_z_gives_the_terminal_back_until_fg(void **state)
{
	struct stage *s = *state;
	struct tty *t = open_plain(s);
	for (int i = 0; i < 2; i++) {
		tty_keys(t, "Ctrl-Z");
		tty_wait_stopped(t, TTY_WAIT_MS);
		tty_assert_restored(t);
		tty_continue(t);
		tty_wait_text(t, "object.txt", TTY_WAIT_MS);
		tty_wait_text(t, "Quit", TTY_WAIT_MS);
		tty_keys(t, "Down");
		tty_wait_cursor(t, "file.txt", TTY_WAIT_MS);
		tty_keys(t, "Up");
		tty_wait_cursor(t, "..", TTY_WAIT_MS);
	}
	stage_quit(s);
}

static bool check_fills_the_screen(struct tty *t, void *arg)
{
	(void)arg;
	return strstr(tty_row(t, tty_rows(t) - 1), "Quit") &&
	       strstr(tty_part(t, 0, tty_cols(t) - 1, 1), "┐");
}

static void the_size_may_change_while_it_is_stopped(void **state)
{
	struct stage *s = *state;
	struct tty *t = open_plain(s);
	tty_keys(t, "Ctrl-Z");
	tty_wait_stopped(t, TTY_WAIT_MS);
	tty_resize(t, 40, 132);
	tty_continue(t);
	tty_wait(t, check_fills_the_screen, NULL, "a screen of 132 x 40", TTY_WAIT_MS);
	tty_wait_text(t, "object.txt", TTY_WAIT_MS);
	stage_quit(s);
}

static void a_stop_from_outside_is_survived(void **state)
{
	struct stage *s = *state;
	struct tty *t = open_plain(s);
	assert_int_equal(kill(tty_pid(t), SIGTSTP), 0);
	tty_wait_stopped(t, TTY_WAIT_MS);
	tty_assert_restored(t);
	tty_continue(t);
	tty_wait_text(t, "object.txt", TTY_WAIT_MS);
	/* SIGSTOP cannot be caught: the screen is drawn anew all the same */
	assert_int_equal(kill(tty_pid(t), SIGSTOP), 0);
	tty_wait_stopped(t, TTY_WAIT_MS);
	tty_continue(t);
	tty_keys(t, "Down");
	tty_wait_cursor(t, "file.txt", TTY_WAIT_MS);
	stage_quit(s);
}

static void ctrl_z_says_that_jobs_pause_and_they_go_on_after_fg(void **state)
{
	struct stage *s = *state;
	struct tty *t = open_copying(s);
	tty_wait(t, check_has_upload, s, "an upload", TTY_WAIT_MS);
	tty_keys(t, "Ctrl-Z");
	tty_wait_stopped(t, TTY_WAIT_MS);
	tty_assert_restored(t);
	assert_true(tty_shows(t, "1 job pause"));
	tty_continue(t);
	tty_wait_text(t, "running", TTY_WAIT_MS);
	sandbox_set_bytes_per_second(s->f.server, 0);
	tty_wait_text(t, "1 copied", 30000);
	assert_true(fixture_file_is_object(&s->f, "left/large.bin", "large.bin"));
	stage_quit(s);
}

static void signals_that_end_it_restore_the_terminal(void **state)
{
	struct stage *s = *state;
	static const int signals[] = {SIGTERM, SIGHUP, SIGINT};
	open_plain(s);
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		if (!s->tty)
			stage_run(s, NULL);
		assert_int_equal(kill(tty_pid(s->tty), signals[i]), 0);
		assert_int_equal(tty_wait_exit(s->tty, TTY_WAIT_MS), 128 + signals[i]);
		tty_assert_restored(s->tty);
		assert_true(tty_free(s->tty));
		s->tty = NULL;
	}
}

static void a_signal_while_a_job_runs_keeps_it(void **state)
{
	struct stage *s = *state;
	struct tty *t = open_copying(s);
	tty_wait(t, check_has_upload, s, "an upload", TTY_WAIT_MS);
	assert_int_equal(kill(tty_pid(t), SIGTERM), 0);
	assert_int_equal(tty_wait_exit(t, TTY_WAIT_MS), 128 + SIGTERM);
	tty_assert_restored(t);
	assert_int_equal(sandbox_upload_count(s->f.server), 1);
	assert_false(fixture_has_key(&s->f, "large.bin"));
}

static void a_crash_restores_the_terminal(void **state)
{
	struct stage *s = *state;
	static const int signals[] = {SIGSEGV, SIGABRT, SIGBUS};
	static const char *const env[] = {
		"ASAN_OPTIONS=handle_segv=0:handle_abort=0:handle_sigbus=0",
		"TSAN_OPTIONS=handle_segv=0:handle_abort=0:handle_sigbus=0", NULL};
	stage_open(s, NULL, NULL);
	fixture_put(&s->f, "object.txt", "x");
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		struct tty_options o = {.env = env};
		stage_start(s, &o);
		tty_wait_text(s->tty, "object.txt", TTY_WAIT_MS);
		assert_int_equal(kill(tty_pid(s->tty), signals[i]), 0);
		assert_int_equal(tty_wait_exit(s->tty, TTY_WAIT_MS), 128 + signals[i]);
		tty_assert_restored(s->tty);
		assert_true(tty_free(s->tty));
		s->tty = NULL;
	}
}

static void it_keeps_its_jobs_and_ends_when_its_terminal_goes_away(void **state)
{
	struct stage *s = *state;
	struct tty *t = open_copying(s);
	tty_wait(t, check_has_upload, s, "an upload", TTY_WAIT_MS);
	/* as under nohup and in a session without a shell: no SIGHUP comes, only the end of input
	 */
	tty_hang_up(t);
	assert_int_equal(tty_wait_exit(t, TTY_WAIT_MS), 0);
	assert_int_equal(sandbox_upload_count(s->f.server), 1);
}

/* --- looks --- */

static bool has_high_bytes(struct strview raw)
{
	for (size_t i = 0; i < raw.len; i++)
		if ((unsigned char)raw.data[i] >= 0x80)
			return true;
	return false;
}

/* Frames of plus, minus and bar; a name that is not ASCII is replaced, not sent. */
static void check_ascii(struct stage *s, const char *const *env)
{
	struct tty_options o = {.env = env};
	if (!s->is_open) {
		stage_open(s, NULL, NULL);
		fixture_write(&s->f, "left/f\303\274nf.txt", 10, 1);
		fixture_put(&s->f, "object.txt", "x");
	}
	stage_start(s, &o);
	tty_wait_text(s->tty, "object.txt", TTY_WAIT_MS);
	tty_wait_text(s->tty, "nf.txt", TTY_WAIT_MS);
	assert_non_null(strstr(tty_row(s->tty, 0), "+ "));
	assert_non_null(strstr(tty_row(s->tty, 0), "--"));
	assert_non_null(strstr(tty_row(s->tty, 2), "|"));
	tty_keys(s->tty, "j t");
	tty_wait_text(s->tty, "nothing is being transferred", TTY_WAIT_MS);
	tty_keys(s->tty, "t");
	tty_wait_text(s->tty, "object.txt", TTY_WAIT_MS);
	stage_quit(s);
	assert_false(has_high_bytes(tty_raw(s->tty)));
	assert_true(tty_free(s->tty));
	s->tty = NULL;
}

static void a_locale_without_utf8_gets_ascii_frames(void **state)
{
	static const char *const c[] = {"LANG=C", NULL}, *const all[] = {"LC_ALL=POSIX", NULL};
	check_ascii(*state, c);
	check_ascii(*state, all);
}

static void plain_terminals_get_ascii_frames(void **state)
{
	static const char *const console[] = {"TERM=linux", NULL}, *const old[] = {
									   "TERM=vt100", NULL};
	check_ascii(*state, console);
	check_ascii(*state, old);
}

static void ascii_can_be_asked_for(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, "[ui]\nascii = true\n");
	fixture_write(&s->f, "left/f\303\274nf.txt", 10, 1);
	fixture_put(&s->f, "object.txt", "x");
	check_ascii(s, NULL);
}

static void a_terminal_that_is_not_described_here_works_too(void **state)
{
	struct stage *s = *state;
	static const char *const env[] = {"TERM=xterm-unheard-of", NULL};
	struct tty_options o = {.env = env};
	stage_open(s, NULL, NULL);
	fixture_put(&s->f, "object.txt", "x");
	stage_start(s, &o);
	tty_wait_text(s->tty, "object.txt", TTY_WAIT_MS);
	stage_quit(s);
}

static void no_color_means_no_color(void **state)
{
	struct stage *s = *state;
	static const char *const env[] = {"NO_COLOR=1", NULL};
	struct tty_options o = {.env = env};
	stage_open(s, NULL, NULL);
	fixture_write(&s->f, "left/file.txt", 10, 1);
	fixture_put(&s->f, "object.txt", "x");
	stage_start(s, &o);
	tty_wait_text(s->tty, "object.txt", TTY_WAIT_MS);
	tty_keys(s->tty, "Down");
	tty_wait_cursor(s->tty, "file.txt", TTY_WAIT_MS); /* by reverse video */
	tty_keys(s->tty, "Insert Up F5");
	tty_wait_text(s->tty, "Dry run", TTY_WAIT_MS);
	assert_true(tty_shows(s->tty, "[>Copy<]"));
	assert_false(tty_has_colors(s->tty));
	tty_keys(s->tty, "Esc");
	tty_wait_gone(s->tty, "Dry run", TTY_WAIT_MS);
	assert_true(tty_shows(s->tty, "*file.txt"));
	stage_quit(s);
}

static void colors_are_there_otherwise(void **state)
{
	struct stage *s = *state;
	struct tty *t = open_plain(s);
	assert_true(tty_has_colors(t));
	stage_quit(s);
}

/* The background of the row under the cursor, and the colour of the right pane's frame. */
static void assert_colors(struct stage *s, const char *const *env, int cursor, int frame)
{
	struct tty_options o = {.env = env};
	stage_start(s, &o);
	tty_wait_text(s->tty, "object.txt", TTY_WAIT_MS);
	assert_int_equal(tty_cell(s->tty, 2, 5).bg, cursor);
	assert_int_equal(tty_cell(s->tty, 0, 79).fg, frame);
	stage_quit(s);
	assert_true(tty_free(s->tty));
	s->tty = NULL;
}

/* An xterm of 16 colours is not in every Debian: it is made for the test. */
static void make_sixteen(struct stage *s)
{
	char *source = s3t_asprintf("%s/sixteen.ti", s->home);
	char *command = s3t_asprintf("tic -x -o %s/terminfo %s 2>&1", s->home, source);
	FILE *out = fopen(source, "w");
	assert_non_null(out);
	fputs("xterm-sixteen|for a test,\n\tcolors#16, pairs#256,\n"
	      "\tsetab=\\E[%?%p1%{8}%<%t%p1%{40}%+%e%p1%{92}%+%;%dm,\n"
	      "\tsetaf=\\E[%?%p1%{8}%<%t%p1%{30}%+%e%p1%{82}%+%;%dm,\n\tuse=xterm,\n",
		out);
	assert_int_equal(fclose(out), 0);
	FILE *p = popen(command, "r"); /* NOLINT(cert-env33-c): a test's own */
	assert_non_null(p);
	assert_int_equal(pclose(p), 0);
	free(source);
	free(command);
}

static void themes_fit_the_ground_and_the_number_of_colors(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, "color = red\n");
	fixture_put(&s->f, "object.txt", "x");
	make_sixteen(s);
	char *terminfo = s3t_asprintf("TERMINFO=%s/terminfo", s->home);
	assert_colors(s, (const char *[]){"TERM=xterm-256color", NULL}, 39, 203);
	assert_colors(s, (const char *[]){"TERM=xterm-256color", "COLORFGBG=0;15", NULL}, 25, 160);
	assert_colors(s, (const char *[]){"TERM=xterm-256color", "COLORFGBG=15;0", NULL}, 39, 203);
	assert_colors(s, (const char *[]){"TERM=xterm-sixteen", terminfo, NULL}, 6, 9);
	assert_colors(
		s, (const char *[]){"TERM=xterm-sixteen", terminfo, "COLORFGBG=0;7", NULL}, 4, 1);
	assert_colors(s, (const char *[]){"TERM=xterm", "COLORFGBG=0;15", NULL}, 6, 1);
	free(terminfo);
}

static void the_theme_can_be_set(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, "[ui]\ntheme = light\n");
	fixture_put(&s->f, "object.txt", "x");
	assert_colors(s, (const char *[]){"TERM=xterm-256color", "COLORFGBG=15;0", NULL}, 25, 244);
}

static void pasted_text_is_text_and_never_commands(void **state)
{
	struct stage *s = *state;
	struct tty *t = open_plain(s);
	/* in the panes it does nothing: q would leave, F8 delete */
	tty_type(t, "\033[200~qqq\033[19~delete\r\033[201~");
	tty_keys(t, "F7");
	tty_wait_text(t, "New directory", TTY_WAIT_MS);
	tty_type(t, "\033[200~pasted name\rq\033[201~");
	tty_wait_text(t, "pasted name", TTY_WAIT_MS);
	assert_false(fixture_exists(&s->f, "left/pasted name"));
	tty_keys(t, "Enter");
	stage_wait_file(s, "left/pasted name", TTY_WAIT_MS);
	assert_true(fixture_exists(&s->f, "left/file.txt"));
	tty_wait_gone(t, "New directory", TTY_WAIT_MS);
	stage_quit(s);
}

static void unknown_sequences_are_swallowed_whole(void **state)
{
	struct stage *s = *state;
	struct tty *t = open_plain(s);
	tty_type(t, "\033[99;1;7q\033[?1;2c\033[<0;10;5M\033[<0;10;5m\033[1;5;7;9q");
	tty_keys(t, "Down");
	tty_wait_cursor(t, "file.txt", TTY_WAIT_MS);
	assert_false(tty_has_ended(t));
	stage_quit(s);
}

static void without_a_terminal_it_says_so(void **state)
{
	struct stage *s = *state;
	struct tty_options o = {.program = "/bin/sh"};
	stage_open(s, NULL, NULL);
	char *command = s3t_asprintf("%s . s3:// </dev/null", getenv("S3TUI_BIN"));
	const char *args[] = {"-c", command, NULL};
	o.args = args;
	stage_start(s, &o);
	assert_int_equal(tty_wait_exit(s->tty, TTY_WAIT_MS), 1);
	assert_true(tty_shows(s->tty, "needs a terminal"));
	tty_assert_restored(s->tty);
	free(command);
}

int main(int argc, char **argv)
{
	tty_budget_s(110);
	cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
	const struct CMUnitTest tests[] = {
		STAGE_TEST(ctrl_c_leaves_when_nothing_runs),
		STAGE_TEST(ctrl_c_closes_a_dialog),
		STAGE_TEST(ctrl_c_asks_while_a_job_runs),
		STAGE_TEST(ctrl_z_gives_the_terminal_back_until_fg),
		STAGE_TEST(the_size_may_change_while_it_is_stopped),
		STAGE_TEST(a_stop_from_outside_is_survived),
		STAGE_TEST(ctrl_z_says_that_jobs_pause_and_they_go_on_after_fg),
		STAGE_TEST(signals_that_end_it_restore_the_terminal),
		STAGE_TEST(a_signal_while_a_job_runs_keeps_it),
		STAGE_TEST(a_crash_restores_the_terminal),
		STAGE_TEST(it_keeps_its_jobs_and_ends_when_its_terminal_goes_away),
		STAGE_TEST(a_locale_without_utf8_gets_ascii_frames),
		STAGE_TEST(plain_terminals_get_ascii_frames),
		STAGE_TEST(ascii_can_be_asked_for),
		STAGE_TEST(a_terminal_that_is_not_described_here_works_too),
		STAGE_TEST(no_color_means_no_color),
		STAGE_TEST(colors_are_there_otherwise),
		STAGE_TEST(themes_fit_the_ground_and_the_number_of_colors),
		STAGE_TEST(the_theme_can_be_set),
		STAGE_TEST(pasted_text_is_text_and_never_commands),
		STAGE_TEST(unknown_sequences_are_swallowed_whole),
		STAGE_TEST(without_a_terminal_it_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
