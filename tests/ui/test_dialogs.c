/* Dialogs that ask what to do: conflicts, failures, links, and leaving while a job runs. */
#include "support/tty.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define MIB (1 << 20)

static const char ini_parts[] = "[upload]\nmultipart_threshold = 5MiB\npart_size = 5MiB\n"
				"[retry]\ninitial_delay = 1ms\nmax_delay = 5ms\n";

static void assert_object(struct stage *s, const char *key, const char *text)
{
	struct strbuf bytes;
	strbuf_init_cap(&bytes, (size_t)1 << 28);
	assert_int_equal(sandbox_get(s->f.server, SANDBOX_BUCKET, sv(key), &bytes, NULL), S3T_OK);
	assert_true(sv_eq(strbuf_view(&bytes), sv(text)));
	strbuf_deinit(&bytes);
}

/* --- conflicts --- */

/* Two files of which the bucket has both names already; marks both and presses F5. */
static struct tty *open_conflict(struct stage *s)
{
	stage_open(s, NULL, NULL);
	fixture_write(&s->f, "left/a.txt", 100, 1);
	fixture_write(&s->f, "left/b.txt", 200, 2);
	fixture_put(&s->f, "a.txt", "old a");
	fixture_put(&s->f, "b.txt", "old b");
	stage_run(s, NULL);
	tty_keys(s->tty, "Down Insert Insert F5");
	tty_wait_text(s->tty, "2 files, 300 B", TTY_WAIT_MS);
	tty_keys(s->tty, "Enter");
	tty_wait_text(s->tty, "The target exists", TTY_WAIT_MS);
	return s->tty;
}

static void a_conflict_shows_both_sides_and_overwrites_one(void **state)
{
	struct stage *s = *state;
	struct tty *t = open_conflict(s);
	bool is_a = tty_wait_either(t, "source  100 B", "source  200 B", TTY_WAIT_MS);
	assert_true(tty_shows(t, "target  5 B"));
	tty_keys(t, "Enter"); /* Overwrite */
	tty_wait_text(t, is_a ? "source  200 B" : "source  100 B", TTY_WAIT_MS);
	tty_keys(t, "Right Right Enter"); /* Skip */
	tty_wait_text(t, "1 copied, 1 skipped", TTY_WAIT_MS);
	const char *done = is_a ? "a.txt" : "b.txt", *kept = is_a ? "b.txt" : "a.txt";
	assert_true(fixture_file_is_object(&s->f, is_a ? "left/a.txt" : "left/b.txt", done));
	assert_object(s, kept, is_a ? "old b" : "old a");
	/* what was not done keeps its mark */
	tty_wait_text(t, "1 marked", TTY_WAIT_MS);
	stage_quit(s);
}

static void a_conflict_is_decided_for_all_of_the_job(void **state)
{
	struct stage *s = *state;
	struct tty *t = open_conflict(s);
	tty_keys(t, "Up Right");
	tty_wait_text(t, "all of this job", TTY_WAIT_MS);
	tty_keys(t, "Down Enter");
	tty_wait_text(t, "2 copied", TTY_WAIT_MS);
	assert_true(fixture_file_is_object(&s->f, "left/a.txt", "a.txt"));
	assert_true(fixture_file_is_object(&s->f, "left/b.txt", "b.txt"));
	stage_quit(s);
}

static void a_conflict_is_solved_by_another_name(void **state)
{
	struct stage *s = *state;
	struct tty *t = open_conflict(s);
	tty_keys(t, "Up Right Down Right Right Right Enter"); /* Rename */
	tty_wait_text(t, "2 copied", TTY_WAIT_MS);
	assert_object(s, "a.txt", "old a");
	assert_object(s, "b.txt", "old b");
	assert_true(fixture_file_is_object(&s->f, "left/a.txt", "a (2).txt"));
	assert_true(fixture_file_is_object(&s->f, "left/b.txt", "b (2).txt"));
	stage_quit(s);
}

static void esc_in_a_conflict_leaves_the_target_as_it_is(void **state)
{
	struct stage *s = *state;
	struct tty *t = open_conflict(s);
	bool is_a = tty_wait_either(t, "source  100 B", "source  200 B", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_text(t, is_a ? "source  200 B" : "source  100 B", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_text(t, "2 skipped", TTY_WAIT_MS);
	assert_object(s, "a.txt", "old a");
	assert_object(s, "b.txt", "old b");
	stage_quit(s);
}

static void a_conflict_can_stop_the_job(void **state)
{
	struct stage *s = *state;
	struct tty *t = open_conflict(s);
	tty_keys(t, "Left Enter"); /* Stop job */
	tty_wait_text(t, "Cancelled", TTY_WAIT_MS);
	assert_object(s, "a.txt", "old a");
	assert_object(s, "b.txt", "old b");
	assert_false(tty_shows(t, "The target exists"));
	stage_quit(s);
}

/* --- failures --- */

static void what_failed_is_named_with_its_reason_and_tried_again(void **state)
{
	struct stage *s = *state;
	struct sandbox_fault refuse = {.kind = SANDBOX_FAULT_ANSWER,
		.method = "PUT",
		.target = "denied.txt",
		.times = SANDBOX_FOREVER,
		.status = 403,
		.code = "AccessDenied"};
	stage_open(s, NULL, ini_parts);
	fixture_write(&s->f, "left/allowed.txt", 10, 1);
	fixture_write(&s->f, "left/denied.txt", 20, 2);
	sandbox_fault(s->f.server, &refuse);
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "Down Insert Insert F5");
	tty_wait_text(t, "2 files, 30 B", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	tty_wait_text(t, "1 item failed", TTY_WAIT_MS);
	tty_wait_text(t, "denied.txt: ", TTY_WAIT_MS);
	assert_true(fixture_file_is_object(&s->f, "left/allowed.txt", "allowed.txt"));
	assert_false(fixture_has_key(&s->f, "denied.txt"));
	/* only it keeps its mark */
	tty_keys(t, "Right Enter");
	tty_wait_gone(t, "1 item failed", TTY_WAIT_MS);
	tty_wait_text(t, "1 marked, 20 B", TTY_WAIT_MS);
	/* the transfers view has it, and tries again when asked to */
	tty_keys(t, "t");
	tty_wait_text(t, "denied.txt", TTY_WAIT_MS);
	sandbox_clear_faults(s->f.server);
	tty_keys(t, "r");
	stage_wait_key(s, "denied.txt", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "Transfers", TTY_WAIT_MS);
	tty_wait_gone(t, "1 marked", TTY_WAIT_MS);
	assert_true(fixture_file_is_object(&s->f, "left/denied.txt", "denied.txt"));
	stage_quit(s);
}

/* One file is refused, another is on its way for as long as the test wants. */
static struct tty *open_failing(struct stage *s)
{
	struct sandbox_options slow = {.bytes_per_second = 1 << 20};
	struct sandbox_fault refuse = {.kind = SANDBOX_FAULT_ANSWER,
		.method = "PUT",
		.target = "denied",
		.times = SANDBOX_FOREVER,
		.status = 403,
		.code = "AccessDenied"};
	stage_open(s, &slow, ini_parts);
	fixture_write(&s->f, "left/a-large.bin", 40 << 20, 1);
	fixture_write(&s->f, "left/b-denied.txt", 20, 2);
	fixture_write(&s->f, "left/c-denied.txt", 20, 2);
	sandbox_fault(s->f.server, &refuse);
	stage_run(s, NULL);
	tty_keys(s->tty, "Down Insert Insert Insert F5");
	tty_wait_text(s->tty, "3 files, 40.0 MiB", TTY_WAIT_MS);
	tty_keys(s->tty, "Enter");
	tty_wait_text(s->tty, "Something failed", TTY_WAIT_MS);
	assert_true(tty_shows(s->tty, "denied.txt"));
	assert_true(tty_shows(s->tty, "What to do: "));
	assert_true(tty_shows(s->tty, "The others go on."));
	return s->tty;
}

static void a_failure_is_asked_about_while_the_others_go_on(void **state)
{
	struct stage *s = *state;
	struct tty *t = open_failing(s);
	bool is_b = tty_shows(t, "left/b-denied.txt");
	tty_keys(t, "Right Enter"); /* skip: the other one is asked about, too */
	tty_wait_text(t, is_b ? "left/c-denied.txt" : "left/b-denied.txt", TTY_WAIT_MS);
	sandbox_clear_faults(s->f.server);
	tty_keys(t, "Enter"); /* retry: both */
	stage_wait_key(s, "b-denied.txt", TTY_WAIT_MS);
	stage_wait_key(s, "c-denied.txt", TTY_WAIT_MS);
	assert_false(fixture_has_key(&s->f, "a-large.bin"));
	sandbox_set_bytes_per_second(s->f.server, 0);
	stage_wait_key(s, "a-large.bin", TTY_WAIT_MS);
	tty_wait_text(t, "3 copied", TTY_WAIT_MS);
	stage_quit(s);
}

static void all_failures_of_a_job_are_skipped(void **state)
{
	struct stage *s = *state;
	struct tty *t = open_failing(s);
	tty_keys(t, "Right Right Enter");
	tty_wait_gone(t, "Something failed", TTY_WAIT_MS);
	sandbox_set_bytes_per_second(s->f.server, 0);
	tty_wait_text(t, "1 copied, 2 failed (t shows them)", TTY_WAIT_MS);
	assert_false(tty_shows(t, "Not everything worked"));
	assert_true(fixture_file_is_object(&s->f, "left/a-large.bin", "a-large.bin"));
	stage_quit(s);
}

static void a_failure_stops_its_job_if_the_person_wants(void **state)
{
	struct stage *s = *state;
	struct tty *t = open_failing(s);
	tty_keys(t, "Left Enter");
	tty_wait_text(t, "Cancelled", TTY_WAIT_MS);
	assert_int_equal(sandbox_upload_count(s->f.server), 0);
	assert_false(fixture_has_key(&s->f, "a-large.bin"));
	stage_quit(s);
}

static void the_button_of_the_failure_tries_again(void **state)
{
	struct stage *s = *state;
	struct sandbox_fault refuse = {.kind = SANDBOX_FAULT_ANSWER,
		.method = "PUT",
		.target = "denied.txt",
		.times = SANDBOX_FOREVER,
		.status = 403,
		.code = "AccessDenied"};
	stage_open(s, NULL, ini_parts);
	fixture_write(&s->f, "left/denied.txt", 20, 2);
	sandbox_fault(s->f.server, &refuse);
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "Down F5");
	tty_wait_text(t, "1 file, 20 B", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	tty_wait_text(t, "1 item failed", TTY_WAIT_MS);
	sandbox_clear_faults(s->f.server);
	tty_keys(t, "Enter");
	stage_wait_key(s, "denied.txt", TTY_WAIT_MS);
	tty_wait_text(t, "1 copied", TTY_WAIT_MS);
	stage_quit(s);
}

static void a_bucket_with_contents_is_not_deleted(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, ini_parts);
	fixture_put(&s->f, "kept", "x");
	stage_run(s, "s3://");
	struct tty *t = s->tty;
	tty_keys(t, "Tab Home");
	tty_wait_cursor(t, "demo/", TTY_WAIT_MS);
	tty_keys(t, "F8");
	tty_wait_text(t, "only if it is empty", TTY_WAIT_MS);
	tty_type(t, "delete\r");
	tty_wait_text(t, "1 item failed", TTY_WAIT_MS);
	tty_wait_text(t, "not empty", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "1 item failed", TTY_WAIT_MS);
	assert_true(fixture_has_key(&s->f, "kept"));
	stage_quit(s);
}

static void a_directory_that_cannot_be_written_is_one_sentence(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, ini_parts);
	fixture_put(&s->f, "object", "x");
	stage_run(s, NULL);
	struct tty *t = s->tty;
	/* a file stands where the directory would be */
	fixture_write(&s->f, "left/blocked", 1, 1);
	tty_keys(t, "Tab Down F5");
	tty_wait_text(t, "1 file, 1 B", TTY_WAIT_MS);
	tty_keys(t, "Tab End");
	tty_type(t, "blocked/");
	tty_keys(t, "Enter");
	tty_wait_text(t, "1 item failed", TTY_WAIT_MS);
	tty_wait_text(t, "object: ", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "1 item failed", TTY_WAIT_MS);
	assert_int_equal(fixture_temp_count(&s->f), 0);
	stage_quit(s);
}

/* --- links --- */

/* The URL of the dialog, put together from its lines. */
static void read_url(struct tty *t, char *out, size_t size)
{
	int y = 0, x = 0;
	size_t len = 0;
	assert_true(tty_find(t, "http://127.0.0.1", &y, &x));
	for (; y < tty_rows(t); y++) {
		const char *line = tty_part(t, y, x, tty_cols(t) - x);
		size_t n = strcspn(line, " │");
		if (n == 0 || len + n >= size)
			break;
		memcpy(out + len, line, n);
		len += n;
	}
	out[len] = '\0';
}

struct upload {
	const char *data;
	size_t size, at;
};

static ssize_t read_upload(void *arg, char *buf, size_t len)
{
	struct upload *u = arg;
	size_t n = u->size - u->at < len ? u->size - u->at : len;
	memcpy(buf, u->data + u->at, n);
	u->at += n;
	return (ssize_t)n;
}

static bool rewind_upload(void *arg)
{
	((struct upload *)arg)->at = 0;
	return true;
}

static int request(struct stage *s, const char *method, const char *url, const char *data,
	struct http_response *resp)
{
	struct s3t_err err;
	struct http_options options = {
		.connect_timeout_ms = 5000, .low_speed_time_ms = 5000, .low_speed_limit = 1};
	struct upload upload = {.data = data, .size = data ? strlen(data) : 0};
	static const char *const none[] = {NULL};
	struct http_request req = {.method = method,
		.url = url,
		.headers = none,
		.timeout_ms = 10000,
		.body_cap = MIB};
	if (data) {
		req.has_body = true;
		req.body = (struct http_body){.size = upload.size,
			.read = read_upload,
			.rewind = rewind_upload,
			.arg = &upload};
	}
	struct cancel *cancel = cancel_new(NULL);
	assert_int_equal(http_perform(s->f.conn, &options, &req, resp, cancel, &err), S3T_OK);
	cancel_free(cancel);
	return resp->status;
}

static bool check_url_is_shown(struct tty *t, void *arg)
{
	char url[4096] = "";
	if (!tty_shows(t, "http://127.0.0.1"))
		return false;
	read_url(t, url, sizeof url);
	return strstr(url, "X-Amz-Signature=") && strstr(url, arg);
}

static void wait_link(struct tty *t, const char *part)
{
	tty_wait(t, check_url_is_shown, (void *)(uintptr_t)part, "a link", TTY_WAIT_MS);
}

static void the_link_on_the_screen_gives_the_bytes_of_the_object(void **state)
{
	struct stage *s = *state;
	struct http_response resp;
	char url[4096];
	stage_open(s, NULL, NULL);
	fixture_put(&s->f, "a report + 100%.txt", "what the object holds");
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "Tab Down");
	tty_wait_cursor(t, "a report", TTY_WAIT_MS);
	tty_keys(t, "F2");
	wait_link(t, "X-Amz-Expires=3600");
	tty_wait_text(t, "until 20", TTY_WAIT_MS);
	read_url(t, url, sizeof url);
	http_response_init(&resp);
	assert_int_equal(request(s, "GET", url, NULL, &resp), 200);
	assert_true(sv_eq(strbuf_view(&resp.body), SV("what the object holds")));
	/* another expiry, another link */
	tty_keys(t, "Down Ctrl-U");
	tty_type(t, "7d");
	wait_link(t, "X-Amz-Expires=604800");
	read_url(t, url, sizeof url);
	assert_int_equal(request(s, "GET", url, NULL, &resp), 200);
	tty_keys(t, "Ctrl-U");
	tty_type(t, "8d");
	tty_wait_text(t, "A link is valid for 1s to 7d", TTY_WAIT_MS);
	assert_false(tty_shows(t, "X-Amz-Signature"));
	tty_keys(t, "Esc");
	tty_wait_gone(t, "A link is valid", TTY_WAIT_MS);
	/* changed, it is worth nothing */
	url[strlen(url) - 1] = url[strlen(url) - 1] == '0' ? '1' : '0';
	assert_int_equal(request(s, "GET", url, NULL, &resp), 403);
	http_response_deinit(&resp);
	stage_quit(s);
}

static void a_link_for_uploading_accepts_a_file(void **state)
{
	struct stage *s = *state;
	struct http_response resp;
	char url[4096];
	stage_open(s, NULL, NULL);
	fixture_put(&s->f, "inbox.txt", "before");
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "Tab Down");
	tty_wait_cursor(t, "inbox.txt", TTY_WAIT_MS);
	tty_keys(t, "Y");
	wait_link(t, "");
	read_url(t, url, sizeof url);
	http_response_init(&resp);
	/* the link for reading does not write */
	assert_int_equal(request(s, "PUT", url, "after", &resp), 403);
	tty_keys(t, "Right");
	tty_wait_text(t, "upload (PUT)", TTY_WAIT_MS);
	char before[4096];
	snprintf(before, sizeof before, "%s", url);
	for (int i = 0; i < 50 && strcmp(before, url) == 0; i++) {
		wait_link(t, "");
		read_url(t, url, sizeof url);
		if (strcmp(before, url) == 0)
			tty_wait_frame(t, TTY_WAIT_MS);
	}
	assert_int_equal(request(s, "PUT", url, "after", &resp), 200);
	assert_object(s, "inbox.txt", "after");
	http_response_deinit(&resp);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "upload (PUT)", TTY_WAIT_MS);
	stage_quit(s);
}

static void a_link_is_saved_in_a_file_of_its_own(void **state)
{
	struct stage *s = *state;
	struct stat st;
	char path[128], url[4096], saved[4096];
	stage_open(s, NULL, NULL);
	fixture_put(&s->f, "object", "x");
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "Tab Down F2");
	wait_link(t, "");
	read_url(t, url, sizeof url);
	tty_keys(t, "Shift-Tab Right Right Enter");
	tty_wait_text(t, "saved to", TTY_WAIT_MS);
	snprintf(path, sizeof path, "%s/s3tui-link.url", s->left);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, saved, sizeof saved - 1);
	close(fd);
	assert_int_equal(n, strlen(url) + 1);
	assert_memory_equal(saved, url, strlen(url));
	tty_keys(t, "Esc");
	tty_wait_gone(t, "saved to", TTY_WAIT_MS);
	stage_quit(s);
}

/* --- leaving --- */

static struct tty *open_busy(struct stage *s)
{
	struct sandbox_options slow = {.bytes_per_second = 3 * MIB};
	stage_open(s, &slow, ini_parts);
	fixture_write(&s->f, "left/large.bin", 24 * MIB, 1);
	stage_run(s, NULL);
	tty_keys(s->tty, "Down F5");
	tty_wait_text(s->tty, "1 file, 24.0 MiB", TTY_WAIT_MS);
	tty_keys(s->tty, "Enter");
	tty_wait_text(s->tty, "1 running", TTY_WAIT_MS);
	tty_keys(s->tty, "F10");
	tty_wait_text(s->tty, "1 job is still running", TTY_WAIT_MS);
	return s->tty;
}

static void leaving_asks_no_longer_than_jobs_run(void **state)
{
	struct stage *s = *state;
	struct tty *t = open_busy(s);
	sandbox_set_bytes_per_second(s->f.server, 0);
	assert_int_equal(tty_wait_exit(t, 30000), 0);
	tty_assert_restored(t);
	assert_true(fixture_file_is_object(&s->f, "left/large.bin", "large.bin"));
}

static void a_failure_is_told_before_one_leaves(void **state)
{
	struct stage *s = *state;
	struct tty *t = open_busy(s);
	struct sandbox_fault refuse = {.kind = SANDBOX_FAULT_ANSWER,
		.method = "POST", /* the parts are on their way: their Complete */
		.times = SANDBOX_FOREVER,
		.status = 403,
		.code = "AccessDenied"};
	sandbox_fault(s->f.server, &refuse);
	sandbox_set_bytes_per_second(s->f.server, 0);
	tty_wait_text(t, "No job is running any more", 30000);
	tty_keys(t, "Left Enter"); /* Stay */
	tty_wait_text(t, "large.bin", TTY_WAIT_MS);
	tty_wait_text(t, "large.bin is denied", TTY_WAIT_MS);
	sandbox_clear_faults(s->f.server);
	tty_keys(t, "F10");
	tty_wait_gone(t, "large.bin is denied", TTY_WAIT_MS);
	stage_quit(s);
}

static void leaving_may_wait_for_the_jobs(void **state)
{
	struct stage *s = *state;
	struct tty *t = open_busy(s);
	tty_keys(t, "Enter");
	tty_wait_text(t, "Waiting for 1 running job", TTY_WAIT_MS);
	sandbox_set_bytes_per_second(s->f.server, 0);
	assert_int_equal(tty_wait_exit(t, 30000), 0);
	tty_assert_restored(t);
	assert_true(fixture_file_is_object(&s->f, "left/large.bin", "large.bin"));
}

static bool check_has_upload(struct tty *t, void *arg)
{
	struct stage *s = arg;
	(void)t;
	return sandbox_upload_count(s->f.server) > 0;
}

static bool check_has_no_upload(struct tty *t, void *arg)
{
	return !check_has_upload(t, arg);
}

/* Another program, on the same places and with the same state. */
static void run_again(struct stage *s)
{
	if (s->tty)
		assert_true(tty_free(s->tty));
	s->tty = NULL;
	stage_start(s, &(struct tty_options){.rows = 0});
}

static void assert_no_journal(struct stage *s)
{
	char *path = s3t_asprintf("%s/state/s3tui/jobs", s->home);
	DIR *dir = opendir(path);
	assert_non_null(dir);
	for (const struct dirent *e; (e = readdir(dir));)
		assert_int_equal(e->d_name[0], '.');
	closedir(dir);
	free(path);
}

static void leaving_may_stop_and_abort_the_jobs(void **state)
{
	struct stage *s = *state;
	struct tty *t = open_busy(s);
	tty_wait(t, check_has_upload, s, "an upload", TTY_WAIT_MS);
	tty_keys(t, "Right Right Enter");
	assert_int_equal(tty_wait_exit(t, TTY_WAIT_MS), 0);
	tty_assert_restored(t);
	assert_int_equal(sandbox_upload_count(s->f.server), 0);
	assert_false(fixture_has_key(&s->f, "large.bin"));
	assert_no_journal(s);
}

static void leaving_may_keep_the_jobs_and_the_next_start_goes_on(void **state)
{
	struct stage *s = *state;
	struct tty *t = open_busy(s);
	tty_wait(t, check_has_upload, s, "an upload", TTY_WAIT_MS);
	tty_keys(t, "Right Enter");
	assert_int_equal(tty_wait_exit(t, TTY_WAIT_MS), 0);
	tty_assert_restored(t);
	assert_int_equal(sandbox_upload_count(s->f.server), 1);
	/* later */
	run_again(s);
	tty_wait_text(s->tty, "copy large.bin to s3://demo/", TTY_WAIT_MS);
	tty_keys(s->tty, "Esc");
	tty_wait_gone(s->tty, "Unfinished", TTY_WAIT_MS);
	stage_quit(s);
	assert_int_equal(sandbox_upload_count(s->f.server), 1);
	/* now */
	sandbox_set_bytes_per_second(s->f.server, 0);
	run_again(s);
	tty_wait_text(s->tty, "copy large.bin to s3://demo/", TTY_WAIT_MS);
	tty_keys(s->tty, "Enter");
	tty_wait_text(s->tty, "1 copied", 30000);
	assert_true(fixture_file_is_object(&s->f, "left/large.bin", "large.bin"));
	assert_int_equal(sandbox_upload_count(s->f.server), 0);
	stage_quit(s);
	assert_no_journal(s);
}

static void what_was_kept_may_be_aborted_at_the_next_start(void **state)
{
	struct stage *s = *state;
	struct tty *t = open_busy(s);
	tty_wait(t, check_has_upload, s, "an upload", TTY_WAIT_MS);
	tty_keys(t, "Right Enter");
	assert_int_equal(tty_wait_exit(t, TTY_WAIT_MS), 0);
	run_again(s);
	tty_wait_text(s->tty, "copy large.bin to s3://demo/", TTY_WAIT_MS);
	tty_keys(s->tty, "Right Enter");
	tty_wait(s->tty, check_has_no_upload, s, "the upload's end", TTY_WAIT_MS);
	tty_wait_text(s->tty, "Cancelled; 0 copied", TTY_WAIT_MS); /* while it runs, q asks */
	stage_quit(s);
	assert_false(fixture_has_key(&s->f, "large.bin"));
	assert_no_journal(s);
}

static void a_second_program_shows_the_jobs_of_a_living_one(void **state)
{
	struct stage *s = *state;
	struct tty *first = open_busy(s);
	tty_wait(first, check_has_upload, s, "an upload", TTY_WAIT_MS);
	tty_keys(first, "Esc");
	s->tty = NULL; /* it goes on beside the second one */
	stage_start(s, &(struct tty_options){.rows = 0});
	tty_wait_text(s->tty, "large.bin", TTY_WAIT_MS);
	tty_keys(s->tty, "t");
	char text[64];
	snprintf(text, sizeof text, "in process %ld: copy large.bin", (long)tty_pid(first));
	tty_wait_text(s->tty, text, TTY_WAIT_MS);
	tty_keys(s->tty, "t");
	tty_wait_gone(s->tty, text, TTY_WAIT_MS);
	stage_quit(s);
	assert_int_equal(sandbox_upload_count(s->f.server), 1);
	sandbox_set_bytes_per_second(s->f.server, 0);
	tty_wait_text(first, "1 copied", 30000);
	assert_true(fixture_file_is_object(&s->f, "left/large.bin", "large.bin"));
	assert_true(tty_free(s->tty));
	s->tty = first;
}

static void what_differs_between_the_panes_is_found_and_saved(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, ini_parts);
	fixture_write(&s->f, "left/a-same.bin", 100, 1);
	fixture_write(&s->f, "left/b-other.bin", 100, 2);
	fixture_write(&s->f, "left/c-here.bin", 100, 3);
	stage_start(s, &(struct tty_options){.dir = s->home});
	tty_wait_text(s->tty, "a-same.bin", TTY_WAIT_MS);
	/* two of them are there, one with another byte */
	tty_keys(s->tty, "Down Insert Insert F5");
	tty_wait_text(s->tty, "2 files, 200 B", TTY_WAIT_MS);
	tty_keys(s->tty, "Enter");
	tty_wait_text(s->tty, "2 copied", TTY_WAIT_MS);
	fixture_write(&s->f, "left/b-other.bin", 100, 4);
	tty_keys(s->tty, "* V"); /* after the copy nothing is marked: all are, now */
	tty_wait_text(s->tty, "3 selected rows, by content", TTY_WAIT_MS);
	tty_keys(s->tty, "Enter");
	tty_wait_text(s->tty, "1 the same, 1 differ, 1 only here", TTY_WAIT_MS);
	tty_wait_text(s->tty, "c-here.bin: It is only in the first place.", TTY_WAIT_MS);
	tty_wait_text(s->tty, "Report file", TTY_WAIT_MS);
	tty_keys(s->tty, "Enter");
	tty_wait_text(s->tty, "saved to s3tui-verify.jsonl", TTY_WAIT_MS);
	char *path = s3t_asprintf("%s/s3tui-verify.jsonl", s->home);
	FILE *report = fopen(path, "r");
	assert_non_null(report);
	char line[512];
	unsigned lines = 0, same = 0, differs = 0, first = 0;
	while (fgets(line, sizeof line, report)) {
		lines++;
		same += strstr(line, "a-same.bin") && strstr(line, "\"status\":\"same\"");
		differs += strstr(line, "b-other.bin") && strstr(line, "\"status\":\"differs\"");
		first += strstr(line, "c-here.bin") && strstr(line, "\"status\":\"only_first\"");
	}
	fclose(report);
	assert_int_equal(unlink(path), 0);
	free(path);
	assert_true(lines == 3 && same == 1 && differs == 1 && first == 1);
	tty_keys(s->tty, "Right Right Enter");
	tty_wait_text(s->tty, "What differs is marked in both panes", TTY_WAIT_MS);
	tty_wait_text(s->tty, "*c-here.bin", TTY_WAIT_MS);
	tty_wait_text(s->tty, "2 marked", TTY_WAIT_MS);
	tty_wait_text(s->tty, "1 marked", TTY_WAIT_MS);
	assert_false(tty_shows(s->tty, "*a-same.bin"));
	stage_quit(s);
}

static void one_may_stay_after_all(void **state)
{
	struct stage *s = *state;
	struct tty *t = open_busy(s);
	tty_keys(t, "Left Enter");
	tty_wait_gone(t, "still running", TTY_WAIT_MS);
	tty_keys(t, "q");
	tty_wait_text(t, "still running", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "still running", TTY_WAIT_MS);
	sandbox_set_bytes_per_second(s->f.server, 0);
	tty_wait_text(t, "1 copied", 30000);
	assert_true(fixture_file_is_object(&s->f, "left/large.bin", "large.bin"));
	stage_quit(s);
}

int main(int argc, char **argv)
{
	tty_budget_s(110);
	cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
	const struct CMUnitTest tests[] = {
		STAGE_TEST(a_conflict_shows_both_sides_and_overwrites_one),
		STAGE_TEST(a_conflict_is_decided_for_all_of_the_job),
		STAGE_TEST(a_conflict_is_solved_by_another_name),
		STAGE_TEST(esc_in_a_conflict_leaves_the_target_as_it_is),
		STAGE_TEST(a_conflict_can_stop_the_job),
		STAGE_TEST(a_failure_is_asked_about_while_the_others_go_on),
		STAGE_TEST(all_failures_of_a_job_are_skipped),
		STAGE_TEST(a_failure_stops_its_job_if_the_person_wants),
		STAGE_TEST(what_failed_is_named_with_its_reason_and_tried_again),
		STAGE_TEST(the_button_of_the_failure_tries_again),
		STAGE_TEST(a_bucket_with_contents_is_not_deleted),
		STAGE_TEST(a_directory_that_cannot_be_written_is_one_sentence),
		STAGE_TEST(the_link_on_the_screen_gives_the_bytes_of_the_object),
		STAGE_TEST(a_link_for_uploading_accepts_a_file),
		STAGE_TEST(a_link_is_saved_in_a_file_of_its_own),
		STAGE_TEST(leaving_asks_no_longer_than_jobs_run),
		STAGE_TEST(a_failure_is_told_before_one_leaves),
		STAGE_TEST(leaving_may_wait_for_the_jobs),
		STAGE_TEST(leaving_may_stop_and_abort_the_jobs),
		STAGE_TEST(leaving_may_keep_the_jobs_and_the_next_start_goes_on),
		STAGE_TEST(what_was_kept_may_be_aborted_at_the_next_start),
		STAGE_TEST(a_second_program_shows_the_jobs_of_a_living_one),
		STAGE_TEST(one_may_stay_after_all),
		STAGE_TEST(what_differs_between_the_panes_is_found_and_saved),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
