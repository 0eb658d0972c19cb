/* A command for each marked object, from the browser: a job as any other. */
#include "support/tty.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void start(struct stage *s)
{
	stage_open(s, NULL, NULL);
	fixture_put(&s->f, "aa.txt", "hello");
	fixture_put(&s->f, "bb.txt", "world");
	fixture_put(&s->f, "cc.txt", "stays");
	stage_start(s, NULL);
	tty_wait_text(s->tty, "cc.txt", TTY_WAIT_MS);
	tty_keys(s->tty, "Tab Down");
	tty_wait_cursor(s->tty, "aa.txt", TTY_WAIT_MS);
}

/* A file in the left pane. */
static void assert_file(struct stage *s, const char *name, const char *wanted)
{
	char *path = s3t_asprintf("%s/%s", s->left, name), text[64] = "";
	FILE *in = fopen(path, "r");
	assert_non_null(in);
	(void)!fread(text, 1, sizeof text - 1, in);
	fclose(in);
	assert_string_equal(text, wanted);
	free(path);
}

static void a_marked_set_goes_through_a_command(void **state)
{
	struct stage *s = *state;
	start(s);
	struct tty *t = s->tty;
	tty_keys(t, "Insert Insert |");
	tty_wait_text(t, "2 files, 10 B", TTY_WAIT_MS);
	tty_type(t, "sh -c 'tr a-z A-Z; printf \" %s\" \"$S3TUI_NAME\"'");
	tty_keys(t, "Enter");
	tty_wait_text(t, "2 piped", TTY_WAIT_MS);
	assert_file(s, "aa.txt", "HELLO aa.txt");
	assert_file(s, "bb.txt", "WORLD bb.txt");
	assert_false(fixture_exists(&s->f, "left/cc.txt"));
	tty_wait_gone(t, "marked", TTY_WAIT_MS);
	stage_quit(s);
}

static void what_failed_is_told_with_what_the_command_said(void **state)
{
	struct stage *s = *state;
	start(s);
	struct tty *t = s->tty;
	tty_keys(t, "Insert Insert |");
	tty_wait_text(t, "2 files, 10 B", TTY_WAIT_MS);
	tty_type(t, "sh -c 'cat; [ $S3TUI_NAME = aa.txt ] || { echo no bees >&2; exit 3; }'");
	tty_keys(t, "Enter");
	tty_wait_text(t, "1 item failed", TTY_WAIT_MS);
	assert_true(tty_shows(t, "exit status 3: no bees"));
	assert_file(s, "aa.txt", "hello");
	assert_false(fixture_exists(&s->f, "left/bb.txt"));
	/* what it said is nowhere else on the screen */
	tty_keys(t, "F10");
	tty_wait_gone(t, "no bees", TTY_WAIT_MS);
	tty_wait_text(t, "1 marked, 5 B", TTY_WAIT_MS);
	stage_quit(s);
}

static void bad_commands_are_refused(void **state)
{
	struct stage *s = *state;
	start(s);
	struct tty *t = s->tty;
	tty_keys(t, "|");
	tty_wait_text(t, "1 file, 5 B", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	tty_wait_text(t, "The command is empty.", TTY_WAIT_MS);
	tty_type(t, "sh -c 'x");
	tty_keys(t, "Enter");
	tty_wait_text(t, "a quote that is not closed", TTY_WAIT_MS);
	tty_type(t, "'");
	tty_keys(t, "Tab Tab Left Enter"); /* the policy before asking: resume */
	tty_wait_text(t, "compares source and target", TTY_WAIT_MS);
	tty_keys(t, "F10");
	tty_wait_gone(t, "Pipe through", TTY_WAIT_MS);
	assert_false(fixture_exists(&s->f, "left/aa.txt"));
	stage_quit(s);
}

static void a_cancel_ends_the_command(void **state)
{
	struct stage *s = *state;
	start(s);
	struct tty *t = s->tty;
	char *command = s3t_asprintf("sh -c 'cat; echo $$ >%s/pid; exec sleep 1000'", s->home);
	tty_keys(t, "|");
	tty_wait_text(t, "1 file, 5 B", TTY_WAIT_MS);
	tty_type(t, command);
	tty_keys(t, "Enter");
	tty_wait_text(t, "1 running", TTY_WAIT_MS);
	char *file = s3t_asprintf("%s/pid", s->home);
	long pid = 0;
	while (pid <= 0) {
		FILE *in = fopen(file, "r");
		if (in && fscanf(in, "%ld", &pid) != 1)
			pid = 0;
		if (in)
			fclose(in);
		tty_pump(t);
	}
	tty_keys(t, "q Left Left");
	tty_wait_text(t, "still running", TTY_WAIT_MS);
	tty_wait_text(t, "[>Stop and abort", 3000);
	tty_keys(t, "Enter"); /* stop and abort */
	assert_int_equal(tty_wait_exit(t, 30000), 0);
	assert_int_equal(kill((pid_t)pid, 0), -1);
	assert_false(fixture_exists(&s->f, "left/aa.txt"));
	free(file);
	free(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STAGE_TEST(a_marked_set_goes_through_a_command),
		STAGE_TEST(what_failed_is_told_with_what_the_command_said),
		STAGE_TEST(bad_commands_are_refused),
		STAGE_TEST(a_cancel_ends_the_command),
	};
	tty_budget_s(100);
	return cmocka_run_group_tests_name("pipe", tests, NULL, NULL);
}
