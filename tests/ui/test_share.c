/* Links: made, tested by someone without keys, saved, shown as a code. */
#include "support/tty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

/* The key under the cursor of the right pane, and its dialog. */
static void share(struct stage *s, const char *key)
{
	struct tty *t = s->tty;
	tty_keys(t, "Tab");
	tty_select(t, key);
	tty_keys(t, "F2");
	tty_wait_text(t, "X-Amz-Signature", TTY_WAIT_MS);
	tty_wait_text(t, "until 20", TTY_WAIT_MS);
}

static void press(struct tty *t, const char *label)
{
	int y = 0, x = 0;
	assert_true(tty_find(t, label, &y, &x));
	tty_click(t, y, x);
}

static void read_saved(struct stage *s, char *text, size_t size)
{
	stage_wait_file(s, "left/s3tui-link.url", TTY_WAIT_MS);
	char *name = s3t_asprintf("%s/s3tui-link.url", s->left);
	struct stat st;
	assert_int_equal(stat(name, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	FILE *file = fopen(name, "r");
	assert_non_null(file);
	text[fread(text, 1, size - 1, file)] = '\0';
	assert_int_equal(fclose(file), 0);
	free(name);
}

static void a_link_is_tested_and_saved(void **state)
{
	struct stage *s = *state;
	struct s3t_err err;
	char text[4096];
	stage_open(s, NULL, NULL);
	assert_int_equal(sandbox_put(s->f.server, "demo", SV("photo.jpg"), SV("not a photo"),
				 "image/jpeg", &err),
		S3T_OK);
	struct tty_options size = {.rows = 40, .cols = 100};
	stage_start(s, &size);
	tty_wait_text(s->tty, "photo.jpg", TTY_WAIT_MS);
	struct tty *t = s->tty;
	share(s, "photo.jpg");
	press(t, "[ Test ]");
	tty_wait_text(t, "tested just now: 206, 1 byte, image/jpeg", TTY_WAIT_MS);
	press(t, "[ Save ]");
	tty_wait_text(t, "saved to", TTY_WAIT_MS);
	read_saved(s, text, sizeof text);
	assert_int_equal(
		strncmp(text, sandbox_endpoint(s->f.server), strlen(sandbox_endpoint(s->f.server))),
		0);
	assert_non_null(strstr(text, "/demo/photo.jpg?"));
	assert_non_null(strstr(text, "X-Amz-Expires=3600"));
	press(t, "[>Save<]");
	tty_wait_text(t, "could not be written", TTY_WAIT_MS);
	/* gone meanwhile */
	assert_int_equal(sandbox_delete(s->f.server, "demo", SV("photo.jpg"), &err), S3T_OK);
	press(t, "[ Test ]");
	tty_wait_text(t, "tested just now: 404 NoSuchKey", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "NoSuchKey", TTY_WAIT_MS);
	tty_keys(t, "Alt-y");
	tty_wait_text(t, ">GET s3://demo/photo.jpg", TTY_WAIT_MS);
	tty_wait_text(t, " left", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	tty_wait_text(t, "sent to the terminal", TTY_WAIT_MS);
	stage_quit(s);
}

static void its_fields_are_in_the_link(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	fixture_put(&s->f, "note.txt", "x");
	struct tty_options size = {.rows = 40, .cols = 100};
	stage_start(s, &size);
	tty_wait_text(s->tty, "note.txt", TTY_WAIT_MS);
	struct tty *t = s->tty;
	share(s, "note.txt");
	/* For, Valid, Name, Content type */
	tty_keys(t, "Tab Ctrl-U");
	tty_type(t, "2d");
	tty_wait_text(t, "X-Amz-Expires=172800", TTY_WAIT_MS);
	tty_keys(t, "Tab Ctrl-U");
	tty_type(t, "other.txt");
	tty_wait_text(t, "other.txt", TTY_WAIT_MS);
	tty_keys(t, "Tab");
	tty_type(t, "text/html");
	tty_wait_text(t, "response-content-type=text%2Fhtml", TTY_WAIT_MS);
	press(t, "[ Test ]");
	tty_wait_text(t, "206, 1 byte, text/html", TTY_WAIT_MS);
	press(t, "< URL >");
	tty_wait_text(t, "curl --fail -O -J 'http", TTY_WAIT_MS);
	press(t, "< curl >");
	tty_wait_text(t, "wget --content-disposition 'http", TTY_WAIT_MS);
	press(t, "< download (GET) >");
	tty_wait_text(t, "wget --method=PUT --body-file=FILE 'http", TTY_WAIT_MS);
	press(t, "[ Test ]");
	tty_wait_text(t, "cannot be tested without writing", TTY_WAIT_MS);
	/* too long */
	tty_keys(t, "Tab Tab");
	press(t, "Valid for");
	tty_keys(t, "Ctrl-U");
	tty_type(t, "8d");
	tty_wait_text(t, "A link is valid for 1s to 7d", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "valid for", TTY_WAIT_MS);
	stage_quit(s);
}

static void marked_objects_get_a_link_each(void **state)
{
	struct stage *s = *state;
	char text[8192];
	stage_open(s, NULL, NULL);
	fixture_put(&s->f, "a/x", "x");
	fixture_put(&s->f, "one", "1");
	fixture_put(&s->f, "two", "2");
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "Tab Down Insert Insert Insert");
	tty_wait_text(t, "3 marked", TTY_WAIT_MS);
	tty_keys(t, "Y");
	tty_wait_text(t, "2 objects, a link each", TTY_WAIT_MS);
	assert_true(tty_shows(t, "1 prefix is left out"));
	tty_wait_text(t, "until 20", TTY_WAIT_MS);
	tty_keys(t, "Tab Tab Tab Tab Right Right");
	tty_wait_text(t, "[>Save<]", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	tty_wait_text(t, "saved to", TTY_WAIT_MS);
	read_saved(s, text, sizeof text);
	assert_non_null(strstr(text, "/demo/one?"));
	assert_non_null(strstr(text, "/demo/two?"));
	assert_null(strstr(text, "/demo/a"));
	char *newline = strchr(text, '\n');
	assert_non_null(newline);
	assert_non_null(strchr(newline + 1, '\n'));
	tty_keys(t, "Esc");
	tty_wait_gone(t, "[>Save<]", TTY_WAIT_MS);
	stage_quit(s);
}

static void a_code_is_shown_where_it_fits(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	fixture_put(&s->f, "note.txt", "x");
	struct tty_options size = {.rows = 24, .cols = 100};
	stage_start(s, &size);
	tty_wait_text(s->tty, "note.txt", TTY_WAIT_MS);
	struct tty *t = s->tty;
	share(s, "note.txt");
	tty_keys(t, "Shift-Tab");
	tty_wait_text(t, "[>Copy<]", TTY_WAIT_MS);
	tty_keys(t, "Right Enter");
	tty_wait_text(t, "The QR code needs a screen of", TTY_WAIT_MS);
	tty_resize(t, 60, 100);
	tty_wait_frame(t, TTY_WAIT_MS);
	tty_keys(t, "Enter");
	tty_wait_text(t, "█▀▀▀▀▀█", TTY_WAIT_MS); /* the corner's mark */
	tty_resize(t, 24, 80);
	tty_wait_text(t, "Too small for the code", TTY_WAIT_MS);
	tty_keys(t, "x");
	tty_wait_text(t, "[>QR<]", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "[>QR<]", TTY_WAIT_MS);
	stage_quit(s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STAGE_TEST(a_link_is_tested_and_saved),
		STAGE_TEST(its_fields_are_in_the_link),
		STAGE_TEST(marked_objects_get_a_link_each),
		STAGE_TEST(a_code_is_shown_where_it_fits),
	};
	tty_budget_s(120);
	return cmocka_run_group_tests_name("share", tests, NULL, NULL);
}
