/* Files and objects looked into: text, hex, search, jump, follow, and what that costs the wire. */
#include "support/tty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MIB ((size_t)1 << 20)

/* Lines "line 1", "line 2" … */
static char *make_lines(unsigned count)
{
	struct strbuf sb;
	strbuf_init_cap(&sb, 1 << 26);
	for (unsigned i = 1; i <= count; i++)
		strbuf_addf(&sb, "line %u\n", i);
	return strbuf_take(&sb);
}

static void write_text(
	struct stage *s, const char *name, const char *text, size_t len, const char *mode)
{
	char *path = s3t_asprintf("%s/%s", s->f.dir, name);
	FILE *file = fopen(path, mode);
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	free(path);
}

/* Looks into the row of that name in the right pane. */
static void view_key(struct tty *t, const char *name)
{
	tty_keys(t, "Tab");
	tty_select(t, name);
	tty_keys(t, "F3");
	tty_wait_text(t, "7Find", TTY_WAIT_MS);
}

static void ask(struct tty *t, const char *key, const char *title, const char *text)
{
	tty_keys(t, key);
	tty_wait_text(t, title, TTY_WAIT_MS);
	tty_type(t, text);
	tty_keys(t, "Enter");
	tty_wait_gone(t, title, TTY_WAIT_MS);
}

static void leave(struct stage *s)
{
	tty_keys(s->tty, "Esc");
	tty_wait_gone(s->tty, "7Find", TTY_WAIT_MS);
	stage_quit(s);
}

static void an_object_is_read_at_both_ends(void **state)
{
	struct stage *s = *state;
	char *lines = make_lines(200000);
	stage_open(s, NULL, NULL);
	fixture_put(&s->f, "lines.txt", lines);
	stage_run(s, NULL);
	struct tty *t = s->tty;
	view_key(t, "lines.txt");
	tty_wait_text(t, "line 21", TTY_WAIT_MS);
	assert_true(tty_shows(t, "s3://demo/lines.txt"));
	tty_keys(t, "PgDn");
	tty_wait_text(t, "line 41", TTY_WAIT_MS);
	tty_keys(t, "G");
	tty_wait_text(t, "line 200000", TTY_WAIT_MS);
	assert_true(tty_shows(t, "line 199980"));
	tty_keys(t, "Down PgDn"); /* there is no more */
	tty_keys(t, "PgUp");
	tty_wait_text(t, "line 199960", TTY_WAIT_MS);
	tty_keys(t, "g");
	tty_wait_text(t, "line 21", TTY_WAIT_MS);
	assert_string_equal(tty_row(t, 1), "line 1");
	tty_resize(t, 40, 100);
	tty_wait_text(t, "line 37", TTY_WAIT_MS);
	free(lines);
	leave(s);
}

static void fifty_gigabytes_cost_less_than_a_mebibyte(void **state)
{
	struct stage *s = *state;
	struct s3t_err err;
	char *block = s3t_alloc(MIB);
	stage_open(s, NULL, NULL);
	for (size_t i = 0; i < MIB; i++)
		block[i] = i % 16 == 15 ? '\n' : (char)('a' + i / 16 % 26);
	assert_int_equal(sandbox_put_repeated(s->f.server, "demo", SV("huge"), sv_n(block, MIB),
				 50 * 1024, &err),
		S3T_OK);
	free(block);
	stage_run(s, NULL);
	struct tty *t = s->tty;
	uint64_t gets = sandbox_request_count(s->f.server, "GET");
	view_key(t, "huge");
	uint64_t sent = sandbox_bytes_sent(s->f.server);
	tty_wait_text(t, "aaaaaaaaaaaaaaa", TTY_WAIT_MS);
	tty_wait_text(t, "of 50.0 GiB", TTY_WAIT_MS);
	assert_in_range(sandbox_bytes_sent(s->f.server) - sent, 0, MIB);
	/* the middle and the end */
	ask(t, "F5", "Jump to", "50%");
	tty_wait_text(t, "49%", TTY_WAIT_MS);
	tty_keys(t, "G");
	tty_wait_text(t, "100%", TTY_WAIT_MS);
	ask(t, "F5", "Jump to", "0x400000000");
	tty_wait_text(t, "31%", TTY_WAIT_MS);
	assert_in_range(sandbox_bytes_sent(s->f.server) - sent, 0, 3 * MIB);
	assert_in_range(sandbox_request_count(s->f.server, "GET") - gets, 1, 16);
	leave(s);
}

static void text_is_found_forwards_and_backwards(void **state)
{
	struct stage *s = *state;
	char *lines = make_lines(300000);
	stage_open(s, NULL, NULL);
	write_text(s, "left/lines.txt", lines, strlen(lines), "w");
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "Down F3");
	tty_wait_text(t, "line 21", TTY_WAIT_MS);
	ask(t, "/", "Search", "LINE 250000"); /* capitals count */
	tty_wait_text(t, "Not behind this.", TTY_WAIT_MS);
	tty_keys(t, "/");
	tty_wait_text(t, "Search", TTY_WAIT_MS);
	tty_keys(t, "Ctrl-U");
	tty_type(t, "line 250000");
	tty_keys(t, "Enter");
	tty_wait_text(t, "line 250000", TTY_WAIT_MS);
	int y = 0, x = 0;
	tty_wait_text(t, "line 250003", TTY_WAIT_MS);
	assert_true(tty_find(t, "line 250000", &y, &x));
	assert_true(tty_cell(t, y, x).has_bg || tty_cell(t, y, x).is_reverse);
	tty_keys(t, "n");
	tty_wait_text(t, "Not behind this.", TTY_WAIT_MS);
	tty_keys(t, "N");
	tty_wait_text(t, "Not before this.", TTY_WAIT_MS);
	free(lines);
	leave(s);
}

static void hex_shows_bytes_and_finds_them(void **state)
{
	struct stage *s = *state;
	char *bytes = s3t_alloc(MIB);
	for (size_t i = 0; i < MIB; i++)
		bytes[i] = (char)(i % 251);
	static const unsigned char found[] = {0xde, 0xad, 0xbe, 0xef};
	memcpy(bytes + 700001, found, sizeof found);
	stage_open(s, NULL, NULL);
	write_text(s, "left/bytes", bytes, MIB, "w");
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "Down F3");
	tty_wait_text(t, "00000010  10 11 12 13", TTY_WAIT_MS); /* zeros: it is no text */
	ask(t, "/", "Search", "de ad be ef");
	tty_wait_text(t, "de ad be ef", TTY_WAIT_MS);
	assert_true(tty_shows(t, "000aae60"));
	tty_keys(t, "H");
	tty_wait_gone(t, "000aae60", TTY_WAIT_MS);
	free(bytes);
	leave(s);
}

static void wrapping_and_encodings_change(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	char line[151], text[200];
	memset(line, 'x', sizeof line - 1);
	line[sizeof line - 1] = '\0';
	snprintf(text, sizeof text, "%sEND\ncaf\xe9\n", line);
	write_text(s, "left/one.txt", text, strlen(text), "w");
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "Down F3");
	tty_wait_text(t, "caf\\xe9", TTY_WAIT_MS);
	assert_true(tty_shows(t, "END"));
	tty_keys(t, "w");
	tty_wait_gone(t, "END", TTY_WAIT_MS);
	for (int i = 0; i < 10; i++)
		tty_keys(t, "Right");
	tty_wait_text(t, "END", TTY_WAIT_MS);
	tty_keys(t, "w E");
	tty_wait_text(t, "café", TTY_WAIT_MS);
	leave(s);
}

static void it_follows_a_file_that_grows(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	write_text(s, "left/log", "first\n", 6, "w");
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "Down F3");
	tty_wait_text(t, "first", TTY_WAIT_MS);
	tty_keys(t, "F");
	tty_wait_text(t, "following", TTY_WAIT_MS);
	char *lines = make_lines(500);
	write_text(s, "left/log", lines, strlen(lines), "a");
	free(lines);
	tty_wait_text(t, "line 500", TTY_WAIT_MS);
	/* an object is another one then */
	tty_keys(t, "Esc");
	tty_wait_gone(t, "7Find", TTY_WAIT_MS);
	fixture_put(&s->f, "log", "before\n");
	tty_keys(t, "Tab Ctrl-R Tab");
	view_key(t, "log");
	tty_wait_text(t, "before", TTY_WAIT_MS);
	tty_keys(t, "F");
	tty_wait_text(t, "following", TTY_WAIT_MS);
	fixture_put(&s->f, "log", "before\nbehind\n");
	tty_wait_text(t, "behind", TTY_WAIT_MS);
	leave(s);
}

static void what_goes_wrong_is_said(void **state)
{
	struct stage *s = *state;
	struct s3t_err err;
	stage_open(s, NULL, "[retry]\ninitial_delay = 1ms\nmax_delay = 2ms\n");
	fixture_put(&s->f, "gone", "x");
	fixture_put(&s->f, "none", "");
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_wait_text(t, "2 items", TTY_WAIT_MS);
	assert_int_equal(sandbox_delete(s->f.server, "demo", SV("gone"), &err), S3T_OK);
	view_key(t, "gone");
	tty_wait_text(t, "Ctrl-R tries again", TTY_WAIT_MS);
	fixture_put(&s->f, "gone", "it is back");
	tty_keys(t, "Ctrl-R");
	tty_wait_text(t, "it is back", TTY_WAIT_MS);
	ask(t, "F5", "Jump to", "5");
	tty_keys(t, "F5");
	tty_wait_text(t, "Jump to", TTY_WAIT_MS);
	tty_type(t, "nowhere");
	tty_keys(t, "Enter");
	tty_wait_text(t, "An offset is 1234", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "An offset is", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "7Find", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_text(t, "none", TTY_WAIT_MS);
	tty_keys(t, "End F3");
	tty_wait_text(t, "0 of 0 B", TTY_WAIT_MS);
	assert_true(tty_shows(t, "empty"));
	leave(s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STAGE_TEST(an_object_is_read_at_both_ends),
		STAGE_TEST(fifty_gigabytes_cost_less_than_a_mebibyte),
		STAGE_TEST(text_is_found_forwards_and_backwards),
		STAGE_TEST(hex_shows_bytes_and_finds_them),
		STAGE_TEST(wrapping_and_encodings_change),
		STAGE_TEST(it_follows_a_file_that_grows),
		STAGE_TEST(what_goes_wrong_is_said),
	};
	tty_budget_s(200);
	return cmocka_run_group_tests_name("viewer", tests, NULL, NULL);
}
