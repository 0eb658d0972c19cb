/* Threat T14: a key's name on its way to an editor is one argument, no option and no command. */
#include "support/tty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static void read_text(const struct stage *s, const char *name, char *text, size_t size)
{
	char *path = s3t_asprintf("%s/%s", s->f.dir, name);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	text[fread(text, 1, size - 1, file)] = '\0';
	assert_int_equal(fclose(file), 0);
	free(path);
}

static void start_with_editor(struct stage *s)
{
	char *path = s3t_asprintf("%s/ed", s->f.dir);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fprintf(file,
			    "#!/bin/sh\n"
			    "printf '%%s\\n' \"$#\" \"$@\" >'%s/argv.new'\n"
			    "mv '%s/argv.new' '%s/argv'\n",
			    s->f.dir, s->f.dir, s->f.dir) > 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0755), 0);
	char *env = s3t_asprintf("VISUAL=%s", path);
	const char *const vars[] = {env, NULL};
	struct tty_options o = {.env = vars};
	stage_start(s, &o);
	free(env);
	free(path);
}

/* The editor gets one argument: an absolute path whose last part is `base`. */
static void edit_and_check(struct stage *s, const char *shown, const char *base)
{
	struct tty *t = s->tty;
	char text[1024];
	tty_wait_cursor(t, shown, TTY_WAIT_MS);
	tty_keys(t, "F4");
	stage_wait_file(s, "argv", TTY_WAIT_MS);
	read_text(s, "argv", text, sizeof text);
	assert_int_equal(strncmp(text, "1\n/", 3), 0);
	char *end = s3t_asprintf("/%s\n", base);
	assert_true(strlen(text) > strlen(end));
	assert_string_equal(text + strlen(text) - strlen(end), end);
	free(end);
	char *path = s3t_asprintf("%s/argv", s->f.dir);
	assert_int_equal(remove(path), 0);
	free(path);
}

static void names_are_no_commands_and_no_options(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	fixture_put(&s->f, "$(touch pwned);`touch pwned`", "x");
	fixture_put(&s->f, "--help", "x");
	fixture_put(&s->f, "-rf", "x");
	fixture_put(&s->f, "it's \"here\" | cat", "x");
	fixture_put(&s->f, "n\nl", "x");
	fixture_write(&s->f, "left/-rf", 3, 1);
	start_with_editor(s);
	struct tty *t = s->tty;
	tty_wait_text(t, "5 items", TTY_WAIT_MS);
	/* a local file goes by its absolute path */
	tty_keys(t, "End");
	edit_and_check(s, "-rf", "-rf");
	tty_keys(t, "Tab Home Down");
	edit_and_check(s, "$(touch", "$(touch pwned);`touch pwned`");
	tty_wait_text(t, "Nothing was changed", TTY_WAIT_MS);
	tty_keys(t, "Down");
	edit_and_check(s, "--help", "object"); /* begins with a dash: under another name */
	tty_wait_text(t, "Nothing was changed", TTY_WAIT_MS);
	tty_keys(t, "Down");
	edit_and_check(s, "-rf", "object");
	tty_wait_text(t, "Nothing was changed", TTY_WAIT_MS);
	tty_keys(t, "Down");
	edit_and_check(s, "it's", "it's \"here\" | cat");
	assert_false(fixture_exists(&s->f, "pwned"));
	assert_false(fixture_exists(&s->f, "left/pwned"));
	tty_wait_text(t, "Nothing was changed", TTY_WAIT_MS);
	stage_quit(s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STAGE_TEST(names_are_no_commands_and_no_options),
	};
	tty_budget_s(100);
	return cmocka_run_group_tests_name("T14", tests, NULL, NULL);
}
