/* With nothing configured: what there is, a form whose values are tried before they are kept, the
 * demo. */
#include "support/tty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char *ini_name(const struct stage *s)
{
	return s3t_asprintf("%s/config/s3tui/s3tui.ini", s->home);
}

/* A home in which no service is set up; the server there is, is not known. */
static struct tty *start_without_keys(struct stage *s, const char *aws_config)
{
	char *name = ini_name(s);
	assert_int_equal(unlink(name), 0);
	free(name);
	if (aws_config) {
		name = s3t_asprintf("%s/.aws", s->home);
		assert_int_equal(mkdir(name, 0700), 0);
		free(name);
		name = s3t_asprintf("%s/.aws/config", s->home);
		FILE *file = fopen(name, "w");
		assert_non_null(file);
		assert_true(fputs(aws_config, file) >= 0);
		assert_int_equal(fclose(file), 0);
		free(name);
	}
	static const char *const args[] = {NULL};
	struct tty_options o = {.args = args};
	stage_start(s, &o);
	tty_wait_text(s->tty, "Welcome to s3tui", TTY_WAIT_MS);
	return s->tty;
}

/* Fills in the form. */
static void fill_in(struct stage *s, const char *name, const char *secret, const char *bucket)
{
	struct tty *t = s->tty;
	tty_wait_text(t, "Access key", TTY_WAIT_MS);
	tty_keys(t, "Ctrl-U");
	tty_type(t, name);
	tty_keys(t, "Tab");
	tty_type(t, sandbox_endpoint(s->f.server));
	tty_keys(t, "Tab Tab");
	tty_type(t, sandbox_access_key(s->f.server));
	tty_keys(t, "Tab");
	tty_type(t, secret);
	tty_keys(t, "Tab");
	tty_type(t, bucket);
	tty_keys(t, "Enter");
}

static void read_ini(const struct stage *s, char *text, size_t size)
{
	char *name = ini_name(s);
	struct stat st;
	assert_int_equal(stat(name, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	FILE *file = fopen(name, "r");
	assert_non_null(file);
	text[fread(text, 1, size - 1, file)] = '\0';
	assert_int_equal(fclose(file), 0);
	free(name);
}

static void keys_are_tried_and_then_kept(void **state)
{
	struct stage *s = *state;
	char text[4096];
	stage_open(s, NULL, NULL);
	fixture_put(&s->f, "there.txt", "x");
	struct tty *t = start_without_keys(s, NULL);
	tty_keys(t, "Enter");
	fill_in(s, "default", "canary", "");
	tty_wait_text(t, "What to do:", TTY_WAIT_MS);
	assert_false(tty_shows(t, "canary")); /* what is typed there is not shown */
	char *name = ini_name(s);
	assert_int_not_equal(access(name, F_OK), 0);
	free(name);
	/* the right one; the focus is on the bucket */
	tty_keys(t, "Shift-Tab Ctrl-U");
	tty_type(t, sandbox_secret_key(s->f.server));
	tty_keys(t, "Enter");
	tty_wait_text(t, "Kept in", TTY_WAIT_MS);
	tty_wait_text(t, "demo/", TTY_WAIT_MS);
	tty_wait_text(t, "default:s3://", TTY_WAIT_MS);
	read_ini(s, text, sizeof text);
	assert_non_null(strstr(text, "[default]\nendpoint = http://127.0.0.1:"));
	assert_non_null(strstr(text, sandbox_secret_key(s->f.server)));
	stage_quit(s);
	assert_true(tty_free(s->tty));
	/* the next start knows them */
	s->tty = NULL;
	stage_start(s, NULL);
	tty_wait_text(s->tty, "there.txt", TTY_WAIT_MS);
	assert_false(tty_shows(s->tty, "Welcome"));
	/* and one more profile, whose name is taken at first */
	t = s->tty;
	tty_keys(t, "Ctrl-P");
	tty_wait_text(t, "Profile of this pane", TTY_WAIT_MS);
	tty_keys(t, "Down Enter");
	fill_in(s, "default", sandbox_secret_key(s->f.server), "demo");
	tty_wait_text(t, "It works, but it was not kept.", TTY_WAIT_MS);
	tty_keys(t, "Shift-Tab Shift-Tab Shift-Tab Shift-Tab Shift-Tab Ctrl-U");
	tty_type(t, "second");
	tty_keys(t, "Enter");
	tty_wait_text(t, "second:s3://demo/", TTY_WAIT_MS);
	read_ini(s, text, sizeof text);
	assert_non_null(strstr(text, "\n\n[profile second]\nendpoint = "));
	assert_non_null(strstr(text, "default_bucket = demo\n"));
	assert_int_equal(strncmp(text, "[default]\n", 10), 0);
	stage_quit(s);
}

static void what_cannot_be_is_said(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	struct tty *t = start_without_keys(s, NULL);
	tty_keys(t, "Enter");
	tty_wait_text(t, "Access key", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	tty_wait_text(t, "Access key and secret key are needed.", TTY_WAIT_MS);
	fill_in(s, "a name", "secret", "");
	tty_wait_text(t, "A profile's name is", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "A profile's name is", TTY_WAIT_MS);
	stage_quit(s);
}

static void profiles_of_aws_are_offered(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	struct tty *t = start_without_keys(s, "[profile work]\nregion = eu-west-1\n");
	tty_wait_text(t, "profile work (~/.aws)", TTY_WAIT_MS);
	tty_resize(t, 20, 60);
	tty_wait_text(t, "Welcome to s3tui", TTY_WAIT_MS);
	tty_resize(t, 24, 80);
	tty_wait_frame(t, TTY_WAIT_MS);
	tty_keys(t, "Right Enter");
	tty_wait_text(t, "Profile of this pane", TTY_WAIT_MS);
	tty_wait_text(t, "work", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "Profile of this pane", TTY_WAIT_MS);
	stage_quit(s);
}

static void the_demo_is_one_button_away(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	struct tty *t = start_without_keys(s, NULL);
	tty_keys(t, "Right Right");
	tty_wait_text(t, "[>Demo<]", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	tty_wait_text(t, "welcome.txt", TTY_WAIT_MS);
	tty_wait_text(t, "DEMO", TTY_WAIT_MS);
	stage_quit(s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STAGE_TEST(keys_are_tried_and_then_kept),
		STAGE_TEST(what_cannot_be_is_said),
		STAGE_TEST(profiles_of_aws_are_offered),
		STAGE_TEST(the_demo_is_one_button_away),
	};
	tty_budget_s(120);
	return cmocka_run_group_tests_name("welcome", tests, NULL, NULL);
}
