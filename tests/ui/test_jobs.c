/* Files go to the bucket and come back; bars move; what is cancelled leaves nothing behind. */
#include "support/tty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define MIB (1 << 20)

static const char ini_parts[] =
	"[upload]\nmultipart_threshold = 5MiB\npart_size = 5MiB\n[download]\nchunk_size = 1MiB\n"
	"[retry]\ninitial_delay = 1ms\nmax_delay = 5ms\n";

static void make_dir(struct stage *s, const char *name)
{
	char *path = s3t_asprintf("%s/%s", s->f.dir, name);
	assert_int_equal(mkdir(path, 0755), 0);
	free(path);
}

/* F5 or F6 with everything as proposed. */
static void press_and_confirm(struct tty *t, const char *key)
{
	tty_keys(t, key);
	tty_wait_text(t, "Dry run", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	tty_wait_gone(t, "Dry run", TTY_WAIT_MS);
}

static int percent_in(const char *line)
{
	const char *p = strchr(line, '%');
	if (!p)
		return -1;
	while (p > line && p[-1] >= '0' && p[-1] <= '9')
		p--;
	return (int)strtol(p, NULL, 10);
}

struct moving {
	int row; /* -1: the strip */
	int above;
	int seen;
};

static bool check_percent(struct tty *t, void *arg)
{
	struct moving *m = arg;
	const char *line = tty_row(t, m->row < 0 ? tty_rows(t) - 2 : m->row);
	m->seen = percent_in(line);
	return strstr(line, "[") && m->seen > m->above && m->seen < 100;
}

/* Waits until a bar stands there with a percentage above the one seen before. */
static void wait_percent(struct tty *t, struct moving *m)
{
	tty_wait(t, check_percent, m, "the percentage grow", 30000);
	m->above = m->seen;
}

static void marked_files_are_copied_into_the_bucket_and_back(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, ini_parts);
	fixture_write(&s->f, "left/big.bin", 12 * MIB + 17, 1);
	fixture_write(&s->f, "left/dir/deep.txt", 4000, 2);
	fixture_write(&s->f, "left/empty", 0, 3);
	fixture_write(&s->f, "left/not-this", 10, 4);
	fixture_write(&s->f, "left/späce & +.txt", 300, 5);
	make_dir(s, "back");
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "Down Insert Insert Insert Down Insert");
	tty_wait_text(t, "4 marked", TTY_WAIT_MS);
	tty_keys(t, "F5");
	tty_wait_text(t, "4 files, 12.0 MiB", TTY_WAIT_MS);
	tty_wait_text(t, "s3://demo/", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	stage_wait_key(s, "späce & +.txt", TTY_WAIT_MS);
	tty_wait_text(t, "4 copied", 30000);
	assert_true(fixture_file_is_object(&s->f, "left/big.bin", "big.bin"));
	assert_true(fixture_file_is_object(&s->f, "left/dir/deep.txt", "dir/deep.txt"));
	assert_true(fixture_file_is_object(&s->f, "left/empty", "empty"));
	assert_true(fixture_file_is_object(&s->f, "left/späce & +.txt", "späce & +.txt"));
	assert_false(fixture_has_key(&s->f, "not-this"));
	/* what was done lost its mark, and the other pane shows it */
	assert_false(tty_shows(t, "marked"));
	tty_keys(t, "Tab End");
	tty_wait_cursor(t, "späce & +.txt", TTY_WAIT_MS);

	char *back = s3t_asprintf("%s/back", s->f.dir);
	tty_keys(t, "Tab Ctrl-G");
	tty_wait_text(t, "Go to", TTY_WAIT_MS);
	tty_type(t, back);
	tty_keys(t, "Enter");
	free(back);
	tty_wait_text(t, "empty", TTY_WAIT_MS);
	tty_wait_text(t, "/back ", TTY_WAIT_MS);
	tty_keys(t, "Tab Home Down Insert Insert Insert Insert");
	tty_wait_text(t, "4 marked", TTY_WAIT_MS);
	press_and_confirm(t, "F5");
	tty_wait_text(t, "4 copied", 30000);
	assert_true(fixture_files_equal(&s->f, "left/big.bin", "back/big.bin"));
	assert_true(fixture_files_equal(&s->f, "left/dir/deep.txt", "back/dir/deep.txt"));
	assert_true(fixture_files_equal(&s->f, "left/empty", "back/empty"));
	assert_true(fixture_files_equal(&s->f, "left/späce & +.txt", "back/späce & +.txt"));
	assert_int_equal(fixture_temp_count(&s->f), 0);
	stage_quit(s);
}

static bool has_written(const struct tty *t, const char *text)
{
	struct strview raw = tty_raw(t);
	return memmem(raw.data, raw.len, text, strlen(text));
}

static bool check_graph(struct tty *t, void *arg)
{
	(void)arg;
	int top = tty_rows(t) - 5, bottom = tty_rows(t) - 3;
	return strstr(tty_row(t, top), "MiB/s") && strstr(tty_row(t, bottom), " 0 ") &&
	       strstr(tty_row(t, bottom), "█ │");
}

static void the_bar_moves_inside_one_large_file(void **state)
{
	struct stage *s = *state;
	struct sandbox_options slow = {.bytes_per_second = 3 * MIB};
	struct moving strip = {.row = -1, .above = 0};
	stage_open(s, &slow, ini_parts);
	fixture_write(&s->f, "left/large.bin", 24 * MIB, 1);
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "Down");
	press_and_confirm(t, "F5");
	for (int i = 0; i < 3; i++)
		wait_percent(t, &strip);
	assert_true(tty_shows(t, "1 running"));
	/* cells of the bar are filled */
	assert_non_null(strstr(tty_row(t, tty_rows(t) - 2), "█"));
	assert_true(has_written(t, "% s3tui\a\033]9;4;1;"));
	/* the rate of the last seconds, below the jobs */
	tty_keys(t, "t");
	tty_wait(t, check_graph, NULL, "a graph of the rate", TTY_WAIT_MS);
	tty_resize(t, 20, 60);
	tty_wait_frame(t, TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "Transfers", TTY_WAIT_MS);
	sandbox_set_bytes_per_second(s->f.server, 0);
	tty_wait_text(t, "1 copied", 30000);
	assert_true(fixture_file_is_object(&s->f, "left/large.bin", "large.bin"));
	stage_quit(s);
	assert_true(has_written(t, "\033]9;4;0\033\\"));
}

static void the_bar_moves_inside_one_large_download(void **state)
{
	struct stage *s = *state;
	struct moving strip = {.row = -1, .above = 0};
	struct strbuf data;
	struct s3t_err err;
	stage_open(s, NULL, ini_parts);
	strbuf_init_cap(&data, 64 * MIB);
	for (int i = 0; i < 16 * MIB / 8; i++)
		strbuf_addf(&data, "%07d\n", i);
	assert_int_equal(sandbox_put(s->f.server, SANDBOX_BUCKET, SV("large.bin"),
				 strbuf_view(&data), NULL, &err),
		S3T_OK);
	strbuf_deinit(&data);
	sandbox_set_bytes_per_second(s->f.server, 5 * MIB);
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "Tab Down");
	press_and_confirm(t, "F5");
	for (int i = 0; i < 3; i++)
		wait_percent(t, &strip);
	assert_false(fixture_exists(&s->f, "left/large.bin"));
	sandbox_set_bytes_per_second(s->f.server, 0);
	tty_wait_text(t, "1 copied", 30000);
	assert_true(fixture_file_is_object(&s->f, "left/large.bin", "large.bin"));
	assert_int_equal(fixture_temp_count(&s->f), 0);
	stage_quit(s);
}

static bool check_no_uploads(struct tty *t, void *arg)
{
	struct stage *s = arg;
	(void)t;
	return sandbox_upload_count(s->f.server) == 0 && fixture_temp_count(&s->f) == 0;
}

static void the_transfers_view_shows_a_bar_an_item_and_x_cancels(void **state)
{
	struct stage *s = *state;
	struct sandbox_options slow = {.bytes_per_second = 4 * MIB};
	struct moving item = {.above = 0};
	int y = 1;
	stage_open(s, &slow, ini_parts);
	fixture_write(&s->f, "left/large.bin", 30 * MIB, 1);
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_resize(t, 30, 120);
	tty_keys(t, "Down");
	press_and_confirm(t, "F5");
	tty_keys(t, "t");
	tty_wait_text(t, "Transfers", TTY_WAIT_MS);
	tty_wait_text(t, "large.bin  30.0 MiB", TTY_WAIT_MS);
	assert_true(tty_find(t, "large.bin  30.0 MiB", &y, NULL));
	item.row = y;
	for (int i = 0; i < 3; i++)
		wait_percent(t, &item);
	assert_true(sandbox_upload_count(s->f.server) == 1);
	tty_keys(t, "x");
	tty_wait(t, check_no_uploads, s, "the end of the upload", TTY_WAIT_MS);
	tty_wait_text(t, "cancelled", TTY_WAIT_MS);
	assert_false(fixture_has_key(&s->f, "large.bin"));
	/* a second x takes the row away, Esc goes back */
	tty_keys(t, "x");
	tty_wait_text(t, "nothing is being transferred", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "Transfers", TTY_WAIT_MS);
	stage_quit(s);
}

/* Eight parts to a slow server: the connections can be counted. */
static void connections_are_limited_while_a_transfer_runs(void **state)
{
	struct stage *s = *state;
	struct sandbox_options slow = {.bytes_per_second = MIB};
	stage_open(s, &slow, ini_parts);
	fixture_write(&s->f, "left/large.bin", 80 * MIB, 1);
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_resize(t, 30, 120);
	tty_keys(t, "Down");
	press_and_confirm(t, "F5");
	tty_keys(t, "t");
	tty_wait_text(t, "8 connections", TTY_WAIT_MS);
	tty_keys(t, "Down"); /* to the item */
	tty_wait_text(
		t, "0 of 16 parts \u00b7 try 1 \u00b7 8 connections \u00b7 average", TTY_WAIT_MS);
	tty_keys(t, "l Tab");
	tty_wait_text(t, "Connections to an endpoint", TTY_WAIT_MS);
	tty_keys(t, "Ctrl-U");
	tty_type(t, "none\r");
	tty_wait_text(t, "Not a number of connections", TTY_WAIT_MS);
	tty_keys(t, "Ctrl-U");
	tty_type(t, "2\r");
	tty_wait_gone(t, "Connections to an endpoint", TTY_WAIT_MS);
	sandbox_set_bytes_per_second(s->f.server, 12 * MIB);
	tty_wait_text(t, "2 connections", TTY_WAIT_MS);
	sandbox_set_bytes_per_second(s->f.server, 0);
	tty_wait_text(t, "done: 1 of 1", TTY_WAIT_MS);
	assert_true(fixture_file_is_object(&s->f, "left/large.bin", "large.bin"));
	tty_keys(t, "q");
	tty_wait_gone(t, "Transfers", TTY_WAIT_MS);
	stage_quit(s);
}

static bool check_two_paused(struct tty *t, void *arg)
{
	int y = 0;
	(void)arg;
	if (!tty_find(t, "paused", &y, NULL))
		return false;
	y++;
	return tty_find(t, "paused", &y, NULL);
}

static void all_jobs_pause_and_go_on(void **state)
{
	struct stage *s = *state;
	struct sandbox_options slow = {.bytes_per_second = MIB};
	stage_open(s, &slow, ini_parts);
	fixture_write(&s->f, "left/a.bin", 60 * MIB, 1);
	fixture_write(&s->f, "left/b.bin", 60 * MIB, 2);
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_resize(t, 30, 120);
	tty_keys(t, "Down");
	press_and_confirm(t, "F5");
	tty_keys(t, "Down");
	press_and_confirm(t, "F5");
	tty_keys(t, "t");
	tty_wait_text(t, "Transfers", TTY_WAIT_MS);
	tty_keys(t, "P");
	sandbox_set_bytes_per_second(s->f.server, 0);
	tty_wait(t, check_two_paused, NULL, "two paused jobs", TTY_WAIT_MS);
	tty_keys(t, "p"); /* one of them goes on: then P pauses it, too */
	tty_wait_frame(t, TTY_WAIT_MS);
	tty_keys(t, "P P");
	tty_wait_text(t, "done: 1 of 1", TTY_WAIT_MS);
	stage_wait_key(s, "a.bin", TTY_WAIT_MS);
	stage_wait_key(s, "b.bin", TTY_WAIT_MS);
	tty_wait_gone(t, "paused", TTY_WAIT_MS);
	assert_true(fixture_file_is_object(&s->f, "left/a.bin", "a.bin"));
	tty_keys(t, "q");
	tty_wait_gone(t, "Transfers", TTY_WAIT_MS);
	stage_quit(s);
}

static void the_limit_is_set_while_a_transfer_runs(void **state)
{
	struct stage *s = *state;
	struct sandbox_options slow = {.bytes_per_second = MIB};
	struct moving strip = {.row = -1, .above = 0};
	stage_open(s, &slow, ini_parts);
	fixture_write(&s->f, "left/large.bin", 12 * MIB, 1);
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_resize(t, 30, 120);
	tty_keys(t, "Down");
	press_and_confirm(t, "F5");
	wait_percent(t, &strip);
	tty_keys(t, "t l");
	tty_wait_text(t, "Bytes a second", TTY_WAIT_MS);
	tty_keys(t, "Ctrl-U");
	tty_type(t, "fast\r");
	tty_wait_text(t, "Not a rate", TTY_WAIT_MS);
	tty_keys(t, "Ctrl-U");
	tty_type(t, "2MiB\r");
	tty_wait_text(t, "limit 2.0 MiB/s", TTY_WAIT_MS);
	tty_keys(t, "l");
	tty_wait_text(t, "Bytes a second", TTY_WAIT_MS);
	tty_keys(t, "Ctrl-U");
	tty_type(t, "none\r");
	tty_wait_gone(t, "limit 2.0 MiB/s", TTY_WAIT_MS);
	sandbox_set_bytes_per_second(s->f.server, 0);
	tty_wait_text(t, "done: 1 of 1", TTY_WAIT_MS);
	assert_true(fixture_file_is_object(&s->f, "left/large.bin", "large.bin"));
	tty_keys(t, "q");
	tty_wait_gone(t, "Transfers", TTY_WAIT_MS);
	stage_quit(s);
}

static void a_cancelled_download_leaves_no_file(void **state)
{
	struct stage *s = *state;
	struct strbuf data;
	struct s3t_err err;
	struct moving strip = {.row = -1, .above = 0};
	stage_open(s, NULL, ini_parts);
	strbuf_init_cap(&data, 64 * MIB);
	for (int i = 0; i < 12 * MIB / 8; i++)
		strbuf_addf(&data, "%07d\n", i);
	assert_int_equal(sandbox_put(s->f.server, SANDBOX_BUCKET, SV("large.bin"),
				 strbuf_view(&data), NULL, &err),
		S3T_OK);
	strbuf_deinit(&data);
	sandbox_set_bytes_per_second(s->f.server, 2 * MIB);
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "Tab Down");
	press_and_confirm(t, "F5");
	wait_percent(t, &strip);
	tty_keys(t, "t x");
	tty_wait_text(t, "cancelled", TTY_WAIT_MS);
	assert_false(fixture_exists(&s->f, "left/large.bin"));
	assert_int_equal(fixture_temp_count(&s->f), 0);
	tty_keys(t, "q");
	tty_wait_gone(t, "Transfers", TTY_WAIT_MS);
	stage_quit(s);
}

static void esc_never_stops_a_transfer(void **state)
{
	struct stage *s = *state;
	struct sandbox_options slow = {.bytes_per_second = MIB};
	struct moving strip = {.row = -1, .above = 0};
	stage_open(s, &slow, ini_parts);
	fixture_write(&s->f, "left/large.bin", 12 * MIB, 1);
	stage_run(s, NULL);
	tty_keys(s->tty, "Down");
	press_and_confirm(s->tty, "F5");
	wait_percent(s->tty, &strip);
	tty_keys(s->tty, "Esc");
	wait_percent(s->tty, &strip);
	tty_keys(s->tty, "Esc");
	sandbox_set_bytes_per_second(s->f.server, 0);
	tty_wait_text(s->tty, "1 copied", 30000);
	assert_true(fixture_file_is_object(&s->f, "left/large.bin", "large.bin"));
	stage_quit(s);
}

static void f7_makes_a_directory_a_prefix_and_a_bucket(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "F7");
	tty_wait_text(t, "New directory", TTY_WAIT_MS);
	tty_type(t, "fresh\r");
	stage_wait_file(s, "left/fresh", TTY_WAIT_MS);
	tty_wait_text(t, "fresh/", TTY_WAIT_MS);
	tty_keys(t, "Tab F7");
	tty_wait_text(t, "New prefix", TTY_WAIT_MS);
	tty_type(t, "a place\r");
	stage_wait_key(s, "a place/", TTY_WAIT_MS);
	tty_wait_text(t, "a place/", TTY_WAIT_MS);
	tty_keys(t, "Backspace");
	tty_wait_cursor(t, "demo/", TTY_WAIT_MS);
	tty_keys(t, "F7");
	tty_wait_text(t, "New bucket", TTY_WAIT_MS);
	tty_type(t, "No_Such\r");
	tty_wait_text(t, "made of lower-case letters", TTY_WAIT_MS);
	tty_keys(t, "Ctrl-U");
	tty_type(t, "brand-new\r");
	tty_wait_text(t, "brand-new/", TTY_WAIT_MS);
	struct s3t_err err;
	assert_int_equal(
		sandbox_put(s->f.server, "brand-new", SV("k"), SV("v"), NULL, &err), S3T_OK);
	stage_quit(s);
}

static void f8_deletes_a_prefix_after_the_typed_word_only(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	fixture_put(&s->f, "old/a", "1");
	fixture_put(&s->f, "old/b/c", "2");
	fixture_put(&s->f, "older", "3");
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "Tab Down");
	tty_wait_cursor(t, "old/", TTY_WAIT_MS);
	/* Esc leaves everything as it is */
	tty_keys(t, "F8");
	tty_wait_text(t, "2 files, 2 B", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "Type delete", TTY_WAIT_MS);
	/* another word too */
	tty_keys(t, "F8");
	tty_wait_text(t, "Type delete", TTY_WAIT_MS);
	tty_type(t, "delet\r");
	tty_wait_text(t, "Type the word delete", TTY_WAIT_MS);
	assert_int_equal(sandbox_request_count(s->f.server, "DELETE"), 0);
	assert_true(fixture_has_key(&s->f, "old/a"));
	tty_type(t, "e\r");
	stage_wait_no_key(s, "old/a", TTY_WAIT_MS);
	stage_wait_no_key(s, "old/b/c", TTY_WAIT_MS);
	tty_wait_gone(t, "old/ ", TTY_WAIT_MS);
	assert_true(fixture_has_key(&s->f, "older"));
	stage_quit(s);
}

static void one_file_is_deleted_with_a_button_that_is_not_the_first_choice(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	fixture_write(&s->f, "left/keep", 1, 1);
	fixture_write(&s->f, "left/loose", 1, 2);
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "Down Down");
	tty_wait_cursor(t, "loose", TTY_WAIT_MS);
	tty_keys(t, "F8");
	tty_wait_text(t, "1 file, 1 B", TTY_WAIT_MS);
	tty_keys(t, "Enter"); /* Cancel */
	tty_wait_gone(t, "1 file, 1 B", TTY_WAIT_MS);
	assert_true(fixture_exists(&s->f, "left/loose"));
	tty_keys(t, "F8 Left Enter");
	stage_wait_no_file(s, "left/loose", TTY_WAIT_MS);
	tty_wait_gone(t, "loose ", TTY_WAIT_MS);
	assert_true(fixture_exists(&s->f, "left/keep"));
	stage_quit(s);
}

static void r_renames_files_and_whole_prefixes(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	fixture_put(&s->f, "old/one", "1");
	fixture_put(&s->f, "old/deep/two", "22");
	fixture_put(&s->f, "taken", "x");
	fixture_write(&s->f, "left/file.txt", 10, 1);
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "Tab Down r");
	tty_wait_text(t, "New name", TTY_WAIT_MS);
	assert_true(tty_shows(t, "is copied by the server"));
	tty_keys(t, "Enter");
	tty_wait_text(t, "That is its name already", TTY_WAIT_MS);
	tty_type(t, "/x\r");
	tty_wait_text(t, "A name has no '/'", TTY_WAIT_MS);
	tty_keys(t, "Ctrl-U");
	tty_type(t, "new");
	tty_keys(t, "Tab");
	tty_keys(t, "Right Right Enter"); /* of each: copy, look, remove */
	tty_wait_text(t, "2 items would be done so, 3 B, about 6 requests", TTY_WAIT_MS);
	assert_true(tty_shows(t, "move new/deep/two, 2 B"));
	tty_keys(t, "Enter");
	tty_wait_gone(t, "would be done so", TTY_WAIT_MS);
	assert_true(fixture_has_key(&s->f, "old/one"));
	tty_keys(t, "Left Left Enter");
	tty_wait_text(t, "2 moved", TTY_WAIT_MS);
	stage_wait_key(s, "new/deep/two", TTY_WAIT_MS);
	stage_wait_key(s, "new/one", TTY_WAIT_MS);
	stage_wait_no_key(s, "old/one", TTY_WAIT_MS);
	stage_wait_no_key(s, "old/deep/two", TTY_WAIT_MS);
	tty_wait_text(t, "new/", TTY_WAIT_MS);
	tty_keys(t, "Tab Down r");
	tty_wait_text(t, "New name", TTY_WAIT_MS);
	tty_keys(t, "Ctrl-U");
	tty_type(t, "other.txt\r");
	stage_wait_file(s, "left/other.txt", TTY_WAIT_MS);
	stage_wait_no_file(s, "left/file.txt", TTY_WAIT_MS);
	tty_keys(t, "Tab Backspace");
	tty_wait_cursor(t, "demo/", TTY_WAIT_MS);
	tty_keys(t, "r");
	tty_wait_text(t, "S3 cannot rename a bucket", TTY_WAIT_MS);
	stage_quit(s);
}

static void deleting_says_that_versions_are_kept(void **state)
{
	struct stage *s = *state;
	struct sandbox_fault answer = {.kind = SANDBOX_FAULT_ANSWER,
		.method = "GET",
		.target = "versioning",
		.status = 200,
		.body = "<VersioningConfiguration><Status>Enabled</Status>"
			"</VersioningConfiguration>"};
	stage_open(s, NULL, NULL);
	fixture_put(&s->f, "one", "1");
	stage_run(s, NULL);
	struct tty *t = s->tty;
	sandbox_fault(s->f.server, &answer);
	tty_keys(t, "Tab Down F8");
	tty_wait_text(t, "1 file, 1 B", TTY_WAIT_MS);
	tty_wait_text(t, "The bucket keeps versions", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "The bucket keeps versions", TTY_WAIT_MS);
	/* one that keeps none, or does not tell */
	tty_keys(t, "F8");
	tty_wait_text(t, "1 file, 1 B", TTY_WAIT_MS);
	tty_keys(t, "Left Enter");
	stage_wait_no_key(s, "one", TTY_WAIT_MS);
	assert_false(tty_shows(t, "keeps versions"));
	stage_quit(s);
}

static void a_dry_run_counts_items_requests_and_bytes(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, ini_parts);
	fixture_put(&s->f, "old/one", "1");
	fixture_put(&s->f, "old/deep/two", "22");
	fixture_write(&s->f, "left/small", 10, 1);
	fixture_write(&s->f, "left/large.bin", 12 * MIB, 1);
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "Tab Down F8");
	tty_wait_text(t, "2 files, 3 B", TTY_WAIT_MS);
	tty_keys(t, "Down");
	tty_keys(t, "Right Right Enter");
	tty_wait_text(t, "2 items would be done so, about 1 request:", TTY_WAIT_MS);
	assert_true(tty_shows(t, "delete demo/old/deep/two"));
	tty_keys(t, "Enter");
	tty_wait_gone(t, "would be done so", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "Type delete", TTY_WAIT_MS);
	assert_true(fixture_has_key(&s->f, "old/one"));
	/* 3 parts with their begin and end, and one piece */
	tty_keys(t, "Tab * F5");
	tty_wait_text(t, "2 files, 12.0 MiB", TTY_WAIT_MS);
	tty_keys(t, "Right Enter");
	tty_wait_text(t, "2 items would be done so, 12.0 MiB, about 6 requests:", TTY_WAIT_MS);
	assert_true(tty_shows(t, "copy large.bin, 12.0 MiB"));
	tty_keys(t, "Enter");
	tty_wait_gone(t, "would be done so", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "Dry run", TTY_WAIT_MS);
	assert_false(fixture_has_key(&s->f, "small"));
	stage_quit(s);
}

static void f6_renames_an_object_and_a_file(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	fixture_write(&s->f, "left/old-name", 1000, 1);
	fixture_put(&s->f, "old-key", "the bytes");
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "Down F6");
	tty_wait_text(t, "Move or rename", TTY_WAIT_MS);
	tty_keys(t, "Tab Ctrl-U");
	tty_type(t, "new-name");
	tty_keys(t, "Enter");
	tty_wait_gone(t, "Move or rename", TTY_WAIT_MS);
	stage_wait_file(s, "left/new-name", TTY_WAIT_MS);
	stage_wait_no_file(s, "left/old-name", TTY_WAIT_MS);
	tty_wait_text(t, "new-name", TTY_WAIT_MS);
	tty_keys(t, "Tab Down F6");
	tty_wait_text(t, "Move or rename", TTY_WAIT_MS);
	tty_keys(t, "Tab Ctrl-U");
	tty_type(t, "new-key");
	tty_keys(t, "Enter");
	stage_wait_no_key(s, "old-key", TTY_WAIT_MS);
	struct strbuf bytes;
	strbuf_init(&bytes);
	assert_int_equal(
		sandbox_get(s->f.server, SANDBOX_BUCKET, SV("new-key"), &bytes, NULL), S3T_OK);
	assert_true(sv_eq(strbuf_view(&bytes), SV("the bytes")));
	strbuf_deinit(&bytes);
	tty_wait_text(t, "new-key", TTY_WAIT_MS);
	stage_quit(s);
}

static void f6_moves_to_the_other_pane(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, ini_parts);
	fixture_write(&s->f, "left/traveller", 7 * MIB, 1);
	fixture_write(&s->f, "copy-of-it", 7 * MIB, 1);
	stage_run(s, NULL);
	tty_keys(s->tty, "Down");
	press_and_confirm(s->tty, "F6");
	tty_wait_text(s->tty, "1 moved", 30000);
	assert_false(fixture_exists(&s->f, "left/traveller"));
	assert_true(fixture_file_is_object(&s->f, "copy-of-it", "traveller"));
	stage_quit(s);
}

static void a_dry_run_says_what_would_happen_and_does_nothing(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	fixture_write(&s->f, "left/one.txt", 10, 1);
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "Down F5");
	tty_wait_text(t, "1 file, 10 B", TTY_WAIT_MS);
	tty_keys(t, "Right Enter");
	tty_wait_text(t, "1 item would be done", TTY_WAIT_MS);
	assert_true(tty_shows(t, "one.txt, 10 B"));
	assert_int_equal(sandbox_request_count(s->f.server, "PUT"), 0);
	assert_false(fixture_has_key(&s->f, "one.txt"));
	tty_keys(t, "Enter");
	tty_wait_gone(t, "would be done", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "Dry run", TTY_WAIT_MS);
	stage_quit(s);
}

static void a_target_that_is_the_source_is_refused_with_a_sentence(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	fixture_put(&s->f, "same", "bytes");
	stage_run(s, "s3://demo/");
	struct tty *t = s->tty;
	tty_keys(t, "Tab Alt-i");
	tty_wait_frame(t, TTY_WAIT_MS);
	tty_keys(t, "Down");
	tty_wait_cursor(t, "same", TTY_WAIT_MS);
	tty_keys(t, "F5");
	tty_wait_text(t, "Dry run", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	tty_wait_text(t, "Source and target are the same", TTY_WAIT_MS);
	tty_wait_text(t, "(t shows them)", TTY_WAIT_MS);
	/* one dialog, or two where the item's was open before the job had ended */
	while (tty_shows(t, "Retry")) {
		tty_keys(t, "F10");
		tty_wait_frame(t, TTY_WAIT_MS);
	}
	assert_int_equal(sandbox_request_count(s->f.server, "PUT"), 0);
	stage_quit(s);
}

int main(int argc, char **argv)
{
	tty_budget_s(115);
	cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
	const struct CMUnitTest tests[] = {
		STAGE_TEST(marked_files_are_copied_into_the_bucket_and_back),
		STAGE_TEST(the_bar_moves_inside_one_large_file),
		STAGE_TEST(the_bar_moves_inside_one_large_download),
		STAGE_TEST(the_transfers_view_shows_a_bar_an_item_and_x_cancels),
		STAGE_TEST(connections_are_limited_while_a_transfer_runs),
		STAGE_TEST(all_jobs_pause_and_go_on),
		STAGE_TEST(the_limit_is_set_while_a_transfer_runs),
		STAGE_TEST(a_cancelled_download_leaves_no_file),
		STAGE_TEST(esc_never_stops_a_transfer),
		STAGE_TEST(f7_makes_a_directory_a_prefix_and_a_bucket),
		STAGE_TEST(f8_deletes_a_prefix_after_the_typed_word_only),
		STAGE_TEST(one_file_is_deleted_with_a_button_that_is_not_the_first_choice),
		STAGE_TEST(r_renames_files_and_whole_prefixes),
		STAGE_TEST(deleting_says_that_versions_are_kept),
		STAGE_TEST(a_dry_run_counts_items_requests_and_bytes),
		STAGE_TEST(f6_renames_an_object_and_a_file),
		STAGE_TEST(f6_moves_to_the_other_pane),
		STAGE_TEST(a_dry_run_says_what_would_happen_and_does_nothing),
		STAGE_TEST(a_target_that_is_the_source_is_refused_with_a_sentence),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
