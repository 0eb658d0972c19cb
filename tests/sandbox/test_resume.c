/* Going on with what another process began, by its journal: what is there on the server and on
 * disk, and what was sent for it. */
#include "support/fixture.h"

#include "core/timeutil.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static const char ini[] =
	"[upload]\nmultipart_threshold = 5MiB\npart_size = 5MiB\n[download]\nchunk_size = 1MiB\n"
	"[retry]\ninitial_delay = 1ms\nmax_delay = 5ms\n";

/* An upload of 4 parts, a download of 9 ranges. */
enum {
	BIG = (16 << 20) + 17,
	PARTS = 4,
	OBJECT = (8 << 20) + 500000,
	RANGES = 9,
	PATIENCE_MS = 60000
};

/* Requests from the nth on hear nothing until their client is gone. */
static void stall(struct fixture *f, const char *method, const char *target, uint32_t nth)
{
	struct sandbox_fault fault = {.kind = SANDBOX_FAULT_STALL,
		.method = method,
		.target = target,
		.nth = nth,
		.times = SANDBOX_FOREVER};
	sandbox_fault(f->server, &fault);
}

static void fail_forever(
	struct fixture *f, const char *method, const char *target, uint32_t nth, int status)
{
	struct sandbox_fault fault = {.kind = status ? SANDBOX_FAULT_ANSWER : SANDBOX_FAULT_CLOSE,
		.method = method,
		.target = target,
		.nth = nth,
		.times = SANDBOX_FOREVER,
		.status = status,
		.code = status == 403 ? "AccessDenied" : "NotImplemented"};
	sandbox_fault(f->server, &fault);
}

static void be_patient(int64_t until_ms)
{
	assert_true(time_mono_ms() < until_ms);
	nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
}

static void wait_for_parts(struct fixture *f, uint64_t count)
{
	int64_t until_ms = time_mono_ms() + PATIENCE_MS;
	while (sandbox_part_count(f->server) < count)
		be_patient(until_ms);
}

static void wait_for_requests(struct fixture *f, const char *method, uint64_t count)
{
	int64_t until_ms = time_mono_ms() + PATIENCE_MS;
	while (sandbox_request_count(f->server, method) < count)
		be_patient(until_ms);
}

/* So many ranges of the only item under way are written. */
static void wait_for_ranges(struct fixture *f, uint32_t ranges)
{
	int64_t until_ms = time_mono_ms() + PATIENCE_MS;
	struct engine_snapshot snap = {0};
	for (;;) {
		engine_snapshot(f->engine, &snap);
		if (snap.item_count && snap.items[0].parts_done >= ranges)
			break;
		be_patient(until_ms);
	}
	engine_snapshot_deinit(&snap);
}

static uint64_t count(struct fixture *f, const char *method)
{
	return sandbox_request_count(f->server, method);
}

static void start(struct fixture *f)
{
	fixture_start(f, NULL, ini);
	fixture_journal(f);
}

/* Nothing is left of any job anywhere. */
static void assert_clean(struct fixture *f)
{
	assert_int_equal(sandbox_upload_count(f->server), 0);
	assert_int_equal(fixture_temp_count(f), 0);
	assert_int_equal(fixture_saved_count(f), 0);
}

/* An upload of f->dir/big to demo/big that ended when two of its parts were there. */
static void suspend_upload_under(struct fixture *f, enum conflict_policy policy)
{
	struct job_spec spec;
	fixture_write(f, "big", BIG, 1);
	stall(f, "PUT", "partNumber", 3);
	fixture_upload(f, &spec, "big", "", "big");
	spec.policy = policy;
	engine_submit(f->engine, &spec);
	wait_for_parts(f, 2);
	fixture_suspend(f);
	sandbox_clear_faults(f->server);
	assert_int_equal(sandbox_upload_count(f->server), 1);
	assert_int_equal(fixture_saved_count(f), 1);
	assert_false(fixture_has_key(f, "big"));
}

static void suspend_upload(struct fixture *f)
{
	suspend_upload_under(f, CONFLICT_OVERWRITE);
}

static void resume_and_succeed(struct fixture *f)
{
	fixture_wait(f, fixture_resume(f));
	assert_int_equal(f->failed, 0);
	assert_int_equal(f->done, 1);
	assert_false(f->is_kept);
}

/* What came under the target's name meanwhile: whether it may be replaced. */
static const struct {
	enum conflict_policy policy;
	unsigned done, failed, skipped;
} meanwhile[] = {
	{CONFLICT_OVERWRITE, 1, 0, 0}, {CONFLICT_FAIL, 0, 1, 0}, {CONFLICT_SKIP, 0, 0, 1},
	{CONFLICT_RENAME, 1, 0, 0}, {CONFLICT_ASK, 0, 0, 1}, /* the fixture's answer */
};

/* --- uploads --- */

static void an_object_that_came_meanwhile_is_replaced_only_if_it_may(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof meanwhile / sizeof *meanwhile; i++) {
		enum conflict_policy policy = meanwhile[i].policy;
		struct fixture f;
		start(&f);
		suspend_upload_under(&f, policy);
		fixture_put(&f, "big", "theirs");
		fixture_wait(&f, fixture_resume(&f));
		assert_int_equal(f.done, meanwhile[i].done);
		assert_int_equal(f.failed, meanwhile[i].failed);
		assert_int_equal(f.skipped, meanwhile[i].skipped);
		assert_int_equal(f.is_kept, false);
		assert_int_equal(
			fixture_file_is_object(&f, "big", "big"), policy == CONFLICT_OVERWRITE);
		assert_int_equal(fixture_has_key(&f, "big (2)"), policy == CONFLICT_RENAME);
		fixture_suspend(&f);
		assert_clean(&f);
		fixture_stop(&f);
	}
}

static void without_a_journal_nothing_is_kept(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	start(&f);
	char *jobs = s3t_asprintf("%s/jobs", f.dir);
	assert_int_equal(rmdir(jobs), 0);
	free(jobs);
	fixture_write(&f, "big", BIG, 1);
	stall(&f, "PUT", "partNumber", 3);
	fixture_upload(&f, &spec, "big", "", "big");
	engine_submit(f.engine, &spec);
	wait_for_parts(&f, 2);
	char *problem = journal_problem(f.journal);
	assert_non_null(problem);
	free(problem);
	fixture_suspend(&f);
	assert_int_equal(sandbox_upload_count(f.server), 0);
	fixture_stop(&f);
}

static void an_upload_goes_on_with_the_parts_that_are_missing(void **state)
{
	(void)state;
	struct fixture f;
	start(&f);
	suspend_upload(&f);
	resume_and_succeed(&f);
	assert_int_equal(sandbox_part_count(f.server), PARTS);
	assert_true(fixture_file_is_object(&f, "big", "big"));
	assert_string_equal(f.proof, "part MD5 = ETag");
	assert_clean(&f);
	fixture_stop(&f);
}

static void an_upload_that_is_suspended_again_and_again_sends_no_part_twice(void **state)
{
	(void)state;
	struct fixture f;
	start(&f);
	suspend_upload(&f);
	for (uint64_t there = 2; there < PARTS; there++) {
		stall(&f, "PUT", "partNumber", 2);
		(void)fixture_resume(&f);
		wait_for_parts(&f, there + 1);
		fixture_suspend(&f);
		sandbox_clear_faults(f.server);
		assert_int_equal(sandbox_upload_count(f.server), 1);
	}
	uint64_t creates = count(&f, "POST");
	resume_and_succeed(&f); /* all parts are there: only Complete is missing */
	assert_int_equal(count(&f, "POST"), creates + 1);
	assert_int_equal(sandbox_part_count(f.server), PARTS);
	assert_true(fixture_file_is_object(&f, "big", "big"));
	assert_clean(&f);
	fixture_stop(&f);
}

static void a_part_that_the_server_lost_is_sent_again(void **state)
{
	(void)state;
	struct fixture f;
	start(&f);
	suspend_upload(&f);
	unsigned lost = 0;
	for (unsigned i = 1; i <= PARTS && !lost; i++)
		lost = sandbox_lose_part(f.server, SANDBOX_BUCKET, SV("big"), i);
	assert_int_equal(lost, 1);
	resume_and_succeed(&f);
	assert_int_equal(sandbox_part_count(f.server), PARTS + 1);
	assert_true(fixture_file_is_object(&f, "big", "big"));
	assert_clean(&f);
	fixture_stop(&f);
}

/* The same size; by its time, or only by its inode, another file. */
static void a_file_that_changed_is_uploaded_anew(void **state)
{
	(void)state;
	for (int keeps_time = 0; keeps_time < 2; keeps_time++) {
		struct fixture f;
		struct stat st;
		start(&f);
		suspend_upload(&f);
		char *path = s3t_asprintf("%s/big", f.dir),
		     *other = s3t_asprintf("%s/other", f.dir);
		assert_int_equal(stat(path, &st), 0);
		fixture_write(&f, "other", BIG, 2);
		if (keeps_time) {
			struct timespec times[2] = {st.st_atim, st.st_mtim};
			assert_int_equal(utimensat(AT_FDCWD, other, times, 0), 0);
		}
		assert_int_equal(rename(other, path), 0);
		resume_and_succeed(&f);
		assert_int_equal(sandbox_part_count(f.server), 2 + PARTS);
		assert_true(fixture_file_is_object(&f, "big", "big"));
		assert_clean(&f);
		free(path);
		free(other);
		fixture_stop(&f);
	}
}

static void a_file_that_was_written_to_in_place_is_uploaded_anew(void **state)
{
	(void)state;
	struct fixture f;
	start(&f);
	suspend_upload(&f);
	fixture_write(&f, "big", BIG, 2);
	resume_and_succeed(&f);
	assert_int_equal(sandbox_part_count(f.server), 2 + PARTS);
	assert_true(fixture_file_is_object(&f, "big", "big"));
	assert_clean(&f);
	fixture_stop(&f);
}

static void a_file_that_is_gone_leaves_no_upload(void **state)
{
	(void)state;
	struct fixture f;
	start(&f);
	suspend_upload(&f);
	char *path = s3t_asprintf("%s/big", f.dir);
	assert_int_equal(unlink(path), 0);
	free(path);
	fixture_wait(&f, fixture_resume(&f));
	assert_int_equal(f.failed, 1);
	assert_int_equal(f.first_error.rc, S3T_NOT_FOUND);
	assert_clean(&f);
	fixture_stop(&f);
}

static void abort_upload(struct fixture *f, const char *key, const char *id)
{
	struct s3_ctx ctx = {.client = f->client, .conn = f->conn};
	struct s3t_err err;
	assert_int_equal(
		s3_abort_multipart_upload(&ctx, SV(SANDBOX_BUCKET), sv(key), id, &err), S3T_OK);
}

static void an_upload_that_is_gone_is_begun_anew(void **state)
{
	(void)state;
	struct fixture f;
	start(&f);
	suspend_upload(&f);
	struct journal_file *files = fixture_saved(&f);
	abort_upload(&f, "big", files->content.jobs->partials->token.text);
	journal_files_free(files);
	assert_int_equal(sandbox_upload_count(f.server), 0);
	resume_and_succeed(&f);
	assert_int_equal(sandbox_part_count(f.server), 2 + PARTS);
	assert_true(fixture_file_is_object(&f, "big", "big"));
	assert_clean(&f);
	fixture_stop(&f);
}

/* The process died between the answer to Complete and its journal's line. */
static void an_upload_that_was_completed_is_found_to_be_whole(void **state)
{
	(void)state;
	struct fixture f;
	struct strbuf before;
	start(&f);
	suspend_upload(&f);
	fixture_journal_text(&f, &before);
	resume_and_succeed(&f);
	fixture_suspend(&f);
	assert_int_equal(fixture_saved_count(&f), 0);
	fixture_set_journal(&f, strbuf_view(&before));
	uint64_t puts = count(&f, "PUT"), posts = count(&f, "POST");
	resume_and_succeed(&f);
	assert_int_equal(count(&f, "PUT"), puts);
	assert_int_equal(count(&f, "POST"), posts);
	assert_true(fixture_file_is_object(&f, "big", "big"));
	assert_clean(&f);
	strbuf_deinit(&before);
	fixture_stop(&f);
}

/* The same, but what stands there is another's: same size, other bytes. */
static void another_object_of_that_size_is_not_taken_for_the_upload(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	struct strbuf before;
	start(&f);
	suspend_upload(&f);
	fixture_journal_text(&f, &before);
	resume_and_succeed(&f);
	fixture_write(&f, "other", BIG, 2);
	fixture_upload(&f, &spec, "other", "", "big");
	fixture_run(&f, &spec);
	fixture_suspend(&f);
	fixture_set_journal(&f, strbuf_view(&before));
	resume_and_succeed(&f);
	assert_int_equal(sandbox_part_count(f.server), 3 * PARTS);
	assert_true(fixture_file_is_object(&f, "big", "big"));
	assert_clean(&f);
	strbuf_deinit(&before);
	fixture_stop(&f);
}

static void create_upload(struct fixture *f, const char *key)
{
	struct s3_ctx ctx = {.client = f->client, .conn = f->conn};
	struct s3_put put = {.mtime_ns = TIME_UNKNOWN};
	struct s3t_err err;
	char *id = NULL;
	assert_int_equal(
		s3_create_multipart_upload(&ctx, SV(SANDBOX_BUCKET), sv(key), &put, &id, &err),
		S3T_OK);
	free(id);
}

struct listed {
	unsigned others, old;
};

static void on_upload(void *arg, struct strview key, struct strview id, int64_t initiated_s)
{
	struct listed *l = arg;
	(void)id;
	l->others += !sv_eq(key, SV("big"));
	l->old += sv_eq(key, SV("big")) && initiated_s < time_wall_s() - 1800;
}

/* The process died between the intent and the answer to Create. */
static void an_intent_without_an_id_aborts_what_may_be_its_upload_only(void **state)
{
	(void)state;
	struct fixture f;
	struct strbuf text, intent;
	start(&f);
	sandbox_set_clock_offset(f.server, -3600);
	create_upload(&f, "big"); /* somebody's, of before */
	sandbox_set_clock_offset(f.server, 0);
	create_upload(&f, "bigger");
	create_upload(&f, "bi");
	struct job_spec spec;
	fixture_write(&f, "big", BIG, 1);
	stall(&f, "PUT", "partNumber", 1);
	fixture_upload(&f, &spec, "big", "", "big");
	engine_submit(f.engine, &spec);
	wait_for_requests(&f, "PUT", 1);
	fixture_suspend(&f);
	sandbox_clear_faults(f.server);
	assert_int_equal(sandbox_upload_count(f.server), 4);
	fixture_journal_text(&f, &text);
	strbuf_init(&intent);
	for (struct strview rest = strbuf_view(&text); rest.len;) {
		size_t len = sv_find(rest, '\n');
		struct record_head head;
		assert_true(record_head(sv_n(rest.data, len), &head));
		if (!sv_eq(head.type, SV("token")))
			strbuf_add(&intent, rest.data, len + 1);
		rest = sv_from(rest, len + 1);
	}
	assert_true(intent.len < text.len);
	fixture_set_journal(&f, strbuf_view(&intent));
	resume_and_succeed(&f);
	assert_true(fixture_file_is_object(&f, "big", "big"));
	assert_int_equal(fixture_saved_count(&f), 0);
	struct listed listed = {0};
	struct s3_ctx ctx = {.client = f.client, .conn = f.conn};
	struct s3t_err err;
	assert_int_equal(s3_list_multipart_uploads(&ctx, SV(SANDBOX_BUCKET), SV("bi"), on_upload,
				 &listed, NULL, &err),
		S3T_OK);
	assert_int_equal(sandbox_upload_count(f.server), 3);
	assert_int_equal(listed.others, 2);
	assert_int_equal(listed.old, 1);
	strbuf_deinit(&text);
	strbuf_deinit(&intent);
	fixture_stop(&f);
}

/* A server whose parts' ETags say nothing: what is there is sent again, signed. */
static void where_etags_are_opaque_a_resumed_upload_is_right_too(void **state)
{
	(void)state;
	struct fixture f;
	struct sandbox_options opaque = {.opaque_etags = true};
	fixture_start(&f, &opaque, ini);
	fixture_journal(&f);
	suspend_upload(&f);
	resume_and_succeed(&f);
	assert_true(fixture_file_is_object(&f, "big", "big"));
	assert_string_equal(f.proof, "signed SHA-256");
	assert_clean(&f);
	fixture_stop(&f);
}

static void a_renamed_target_keeps_its_name(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	start(&f);
	fixture_put(&f, "big", "old");
	fixture_write(&f, "big", BIG, 1);
	stall(&f, "PUT", "partNumber", 3);
	fixture_upload(&f, &spec, "big", "", "big");
	spec.policy = CONFLICT_RENAME;
	engine_submit(f.engine, &spec);
	wait_for_parts(&f, 2);
	fixture_suspend(&f);
	sandbox_clear_faults(f.server);
	resume_and_succeed(&f);
	assert_int_equal(sandbox_part_count(f.server), PARTS);
	assert_true(fixture_file_is_object(&f, "big", "big (2)"));
	assert_false(fixture_file_is_object(&f, "big", "big"));
	assert_false(fixture_has_key(&f, "big (3)"));
	assert_clean(&f);
	fixture_stop(&f);
}

static void a_resumed_move_removes_its_source_once_it_arrived(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	struct strbuf before;
	start(&f);
	fixture_write(&f, "copy", BIG, 1);
	fixture_write(&f, "big", BIG, 1);
	stall(&f, "PUT", "partNumber", 3);
	fixture_upload(&f, &spec, "big", "", "big");
	spec.kind = JOB_MOVE;
	engine_submit(f.engine, &spec);
	wait_for_parts(&f, 2);
	fixture_suspend(&f);
	sandbox_clear_faults(f.server);
	assert_true(fixture_exists(&f, "big"));
	fixture_journal_text(&f, &before);
	resume_and_succeed(&f);
	assert_false(fixture_exists(&f, "big"));
	assert_true(fixture_file_is_object(&f, "copy", "big"));
	assert_clean(&f);
	/* it died before it could say so: the source is gone, and that is what was wanted */
	fixture_suspend(&f);
	fixture_set_journal(&f, strbuf_view(&before));
	resume_and_succeed(&f);
	assert_true(fixture_file_is_object(&f, "copy", "big"));
	assert_clean(&f);
	strbuf_deinit(&before);
	fixture_stop(&f);
}

static void a_part_that_is_wrong_twice_fails_its_item(void **state)
{
	(void)state;
	for (uint32_t times = 1; times <= 2; times++) {
		struct fixture f;
		struct job_spec spec;
		start(&f);
		fixture_write(&f, "big", BIG, 1);
		fixture_upload(&f, &spec, "big", "", "first"); /* ETags are MD5s here */
		fixture_run(&f, &spec);
		struct sandbox_fault wrong = {.kind = SANDBOX_FAULT_WRONG_ETAG,
			.method = "PUT",
			.target = "partNumber=2",
			.times = times};
		sandbox_fault(f.server, &wrong);
		fixture_upload(&f, &spec, "big", "", "second");
		fixture_run(&f, &spec);
		assert_int_equal(sandbox_fault_count(f.server), times);
		assert_int_equal(f.failed, times - 1);
		assert_int_equal(sandbox_part_count(f.server), 2 * PARTS + 1);
		assert_int_equal(fixture_has_key(&f, "second"), times == 1);
		if (times == 2)
			assert_int_equal(f.first_error.rc, S3T_MISMATCH);
		else
			assert_true(fixture_file_is_object(&f, "big", "second"));
		assert_int_equal(sandbox_upload_count(f.server), 0);
		fixture_stop(&f);
	}
}

/* --- failures and cancels --- */

/* All attempts at part 3 fail: what is there is kept. */
static job_id fail_upload(struct fixture *f)
{
	struct job_spec spec;
	fixture_write(f, "big", BIG, 1);
	fail_forever(f, "PUT", "partNumber", 3, 0);
	fixture_upload(f, &spec, "big", "", "big");
	spec.max_parallel = 1; /* or a failure would cut off one that passes */
	job_id id = engine_submit(f->engine, &spec);
	fixture_wait(f, id);
	sandbox_clear_faults(f->server);
	assert_int_equal(f->failed, 1);
	assert_true(f->is_kept);
	assert_int_equal(sandbox_upload_count(f->server), 1);
	assert_int_equal(fixture_saved_count(f), 1);
	return id;
}

static void a_failed_upload_goes_on_in_the_same_process(void **state)
{
	(void)state;
	struct fixture f;
	start(&f);
	job_id id = fail_upload(&f);
	uint64_t parts = sandbox_part_count(f.server);
	assert_int_equal(parts, 2);
	engine_retry_failed(f.engine, id);
	fixture_wait(&f, id);
	assert_int_equal(f.failed, 0);
	assert_false(f.is_kept);
	assert_int_equal(sandbox_part_count(f.server), PARTS);
	assert_true(fixture_file_is_object(&f, "big", "big"));
	assert_clean(&f);
	fixture_stop(&f);
}

static void a_failed_upload_goes_on_in_another_process(void **state)
{
	(void)state;
	struct fixture f;
	start(&f);
	(void)fail_upload(&f);
	fixture_suspend(&f);
	resume_and_succeed(&f);
	assert_int_equal(sandbox_part_count(f.server), PARTS);
	assert_true(fixture_file_is_object(&f, "big", "big"));
	assert_clean(&f);
	fixture_stop(&f);
}

static void a_failed_upload_that_is_dismissed_is_removed(void **state)
{
	(void)state;
	struct fixture f;
	start(&f);
	job_id id = fail_upload(&f);
	engine_dismiss(f.engine, id);
	fixture_wait(&f, id);
	assert_false(f.is_kept);
	assert_clean(&f);
	struct engine_snapshot snap = {0};
	int64_t until_ms = time_mono_ms() + PATIENCE_MS;
	for (engine_snapshot(f.engine, &snap); snap.job_count; engine_snapshot(f.engine, &snap))
		be_patient(until_ms);
	engine_snapshot_deinit(&snap);
	fixture_stop(&f);
}

static const struct saved_job *only_job(struct journal_file *files)
{
	assert_non_null(files);
	assert_null(files->next);
	assert_non_null(files->content.jobs);
	assert_null(files->content.jobs->next);
	return files->content.jobs;
}

static void an_upload_that_cannot_be_aborted_stays_in_the_journal(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	start(&f);
	fixture_write(&f, "big", BIG, 1);
	stall(&f, "PUT", "partNumber", 3);
	fail_forever(&f, "DELETE", NULL, 1, 403);
	fixture_upload(&f, &spec, "big", "", "big");
	job_id id = engine_submit(f.engine, &spec);
	wait_for_parts(&f, 2);
	engine_cancel(f.engine, id);
	fixture_wait(&f, id);
	assert_true(f.was_cancelled);
	assert_true(f.is_kept);
	assert_int_equal(sandbox_upload_count(f.server), 1);
	fixture_suspend(&f);
	struct journal_file *files = fixture_saved(&f);
	const struct saved_job *job = only_job(files);
	assert_true(job->is_cancelled);
	assert_non_null(job->partials);
	assert_null(job->partials->next);
	assert_non_null(job->partials->token.text);
	journal_files_free(files);
	/* refused once more, it is kept once more */
	fixture_wait(&f, fixture_resume(&f));
	assert_true(f.is_kept);
	fixture_suspend(&f);
	assert_int_equal(fixture_saved_count(&f), 1);
	sandbox_clear_faults(f.server);
	uint64_t puts = count(&f, "PUT");
	fixture_wait(&f, fixture_resume(&f));
	assert_true(f.was_cancelled);
	assert_false(f.is_kept);
	assert_int_equal(count(&f, "PUT"), puts);
	assert_false(fixture_has_key(&f, "big"));
	assert_clean(&f);
	fixture_stop(&f);
}

/* It may be killed before the abort is through: no other process is to go on with it. */
static void a_cancel_is_in_the_journal_before_its_cleaning_up(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	start(&f);
	fixture_write(&f, "big", BIG, 1);
	stall(&f, "PUT", "partNumber", 3);
	stall(&f, "DELETE", NULL, 1);
	fixture_upload(&f, &spec, "big", "", "big");
	job_id id = engine_submit(f.engine, &spec);
	wait_for_parts(&f, 2);
	engine_cancel(f.engine, id);
	wait_for_requests(&f, "DELETE", 1);
	struct journal_file *files = fixture_saved(&f);
	assert_true(only_job(files)->is_cancelled);
	journal_files_free(files);
	fixture_stop(&f);
}

/* Items that go on with something wait like others; a cancel finds them there. */
static void a_cancel_removes_what_waiting_items_would_have_gone_on_with(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	start(&f);
	job_id id = fail_upload(&f);
	for (unsigned i = 0; i < 20; i++) {
		char name[32];
		snprintf(name, sizeof name, "busy/%u", i);
		fixture_write(&f, name, 10, i);
	}
	uint64_t puts = count(&f, "PUT");
	stall(&f, "PUT", "busy", 1);
	fixture_upload(&f, &spec, "busy", "busy/", "");
	job_id busy = engine_submit(f.engine, &spec);
	wait_for_requests(&f, "PUT", puts + 8); /* all workers */
	engine_retry_failed(f.engine, id);
	engine_cancel(f.engine, id);
	sandbox_clear_faults(f.server);
	engine_cancel(f.engine, busy);
	fixture_wait(&f, id);
	assert_true(f.was_cancelled);
	fixture_suspend(&f); /* and the other one */
	assert_clean(&f);
	fixture_stop(&f);
}

/* Create was done, its answer was lost, and then somebody cancelled. */
static void a_cancel_finds_the_upload_whose_id_was_never_heard(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	struct sandbox_options late = {.latency_ms = 200};
	fixture_start(&f, &late, ini);
	fixture_journal(&f);
	struct sandbox_fault lost = {.kind = SANDBOX_FAULT_WORK_CLOSE,
		.method = "POST",
		.target = "uploads",
		.times = SANDBOX_FOREVER};
	sandbox_fault(f.server, &lost);
	fixture_write(&f, "big", BIG, 1);
	fixture_upload(&f, &spec, "big", "", "big");
	job_id id = engine_submit(f.engine, &spec);
	wait_for_requests(&f, "POST", 1);
	engine_cancel(f.engine, id);
	fixture_wait(&f, id);
	assert_true(f.was_cancelled);
	assert_true(sandbox_fault_count(f.server) > 0);
	assert_clean(&f);
	fixture_stop(&f);
}

static void an_upload_that_cannot_be_listed_is_not_forgotten(void **state)
{
	(void)state;
	struct fixture f;
	start(&f);
	suspend_upload(&f);
	fail_forever(&f, "GET", "uploadId", 1, 501);
	fixture_wait(&f, fixture_resume(&f));
	assert_int_equal(f.failed, 1);
	/* aborted, or in the journal */
	fixture_suspend(&f);
	assert_int_equal(sandbox_upload_count(f.server), fixture_saved_count(&f));
	fixture_stop(&f);
}

/* --- downloads --- */

static void put_object(struct fixture *f, unsigned seed)
{
	struct job_spec spec;
	fixture_write(f, "object", OBJECT, seed);
	fixture_upload(f, &spec, "object", "", "object");
	spec.multipart_threshold = 1 << 30;
	fixture_run(f, &spec);
	assert_int_equal(f->failed, 0);
}

/* A download of demo/object to f->dir/dst/object that ended when four of its ranges were there. */
static void suspend_download_under(struct fixture *f, enum conflict_policy policy)
{
	struct job_spec spec;
	put_object(f, 1);
	stall(f, "GET", "/object", 5);
	fixture_download(f, &spec, "object", "dst", "object");
	spec.policy = policy;
	engine_submit(f->engine, &spec);
	wait_for_ranges(f, 4);
	fixture_suspend(f);
	sandbox_clear_faults(f->server);
	struct journal_file *files = fixture_saved(f);
	assert_int_equal(only_job(files)->partials->ranges.done_count, 4);
	journal_files_free(files);
	assert_int_equal(fixture_temp_count(f), 1);
}

static void suspend_download(struct fixture *f)
{
	suspend_download_under(f, CONFLICT_OVERWRITE);
}

static char *temp_path(struct fixture *f)
{
	char *dir = s3t_asprintf("%s/dst", f->dir), *path = NULL;
	DIR *d = opendir(dir);
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));)
		if (strstr(e->d_name, ".s3tui-"))
			path = s3t_asprintf("%s/%s", dir, e->d_name);
	closedir(d);
	free(dir);
	assert_non_null(path);
	return path;
}

static void a_download_goes_on_with_the_ranges_that_are_missing(void **state)
{
	(void)state;
	struct fixture f;
	struct stat st;
	start(&f);
	suspend_download(&f);
	char *path = temp_path(&f);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	free(path);
	uint64_t gets = count(&f, "GET");
	resume_and_succeed(&f);
	assert_int_equal(count(&f, "GET") - gets, RANGES - 4);
	assert_true(fixture_files_equal(&f, "object", "dst/object"));
	assert_string_equal(f.proof, "MD5 = ETag");
	assert_clean(&f);
	fixture_stop(&f);
}

static void a_file_under_the_temporary_name_that_is_not_it_is_left_alone(void **state)
{
	(void)state;
	struct fixture f;
	start(&f);
	suspend_download(&f);
	char *path = temp_path(&f), *name = path + strlen(f.dir) + 1;
	assert_int_equal(unlink(path), 0);
	fixture_write(&f, name, 100, 9); /* as anybody writes a file: 0644 */
	fixture_write(&f, "theirs", 100, 9);
	uint64_t gets = count(&f, "GET");
	resume_and_succeed(&f);
	assert_int_equal(count(&f, "GET") - gets, RANGES);
	assert_true(fixture_files_equal(&f, "object", "dst/object"));
	assert_true(fixture_files_equal(&f, "theirs", name));
	assert_int_equal(unlink(path), 0);
	assert_clean(&f);
	free(path);
	fixture_stop(&f);
}

static void a_temporary_file_of_another_inode_is_not_gone_on_with(void **state)
{
	(void)state;
	struct fixture f;
	start(&f);
	suspend_download(&f);
	char *path = temp_path(&f), *old = s3t_asprintf("%s/old", f.dir);
	assert_int_equal(rename(path, old), 0); /* so that its inode is not used again */
	fixture_write(&f, path + strlen(f.dir) + 1, OBJECT, 9);
	assert_int_equal(chmod(path, 0600), 0);
	uint64_t gets = count(&f, "GET");
	resume_and_succeed(&f);
	assert_int_equal(count(&f, "GET") - gets, RANGES);
	assert_true(fixture_files_equal(&f, "object", "dst/object"));
	assert_clean(&f);
	free(path);
	free(old);
	fixture_stop(&f);
}

/* A symbolic link in its place leads nowhere; of a file that lost its end nothing is trusted. */
static void a_temporary_file_that_was_damaged_never_gets_the_name(void **state)
{
	(void)state;
	for (int is_link = 0; is_link < 2; is_link++) {
		struct fixture f;
		start(&f);
		suspend_download(&f);
		char *path = temp_path(&f), *victim = s3t_asprintf("%s/victim", f.dir);
		fixture_write(&f, "victim", 100, 9);
		fixture_write(&f, "theirs", 100, 9);
		if (is_link) {
			assert_int_equal(unlink(path), 0);
			assert_int_equal(symlink(victim, path), 0);
		} else {
			assert_int_equal(truncate(path, 1000), 0);
		}
		uint64_t gets = count(&f, "GET");
		resume_and_succeed(&f);
		assert_int_equal(count(&f, "GET") - gets, RANGES);
		assert_true(fixture_files_equal(&f, "object", "dst/object"));
		assert_true(fixture_files_equal(&f, "theirs", "victim"));
		if (is_link)
			assert_int_equal(unlink(path), 0);
		assert_clean(&f);
		free(path);
		free(victim);
		fixture_stop(&f);
	}
}

static void a_file_that_came_meanwhile_is_replaced_only_if_it_may(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof meanwhile / sizeof *meanwhile; i++) {
		enum conflict_policy policy = meanwhile[i].policy;
		struct fixture f;
		start(&f);
		suspend_download_under(&f, policy);
		fixture_write(&f, "dst/object", 100, 9);
		fixture_write(&f, "theirs", 100, 9);
		fixture_wait(&f, fixture_resume(&f));
		assert_int_equal(f.done, meanwhile[i].done);
		assert_int_equal(f.failed, meanwhile[i].failed);
		assert_int_equal(f.skipped, meanwhile[i].skipped);
		assert_int_equal(fixture_files_equal(&f, "theirs", "dst/object"),
			policy != CONFLICT_OVERWRITE);
		assert_int_equal(fixture_exists(&f, "dst/object (2)"), policy == CONFLICT_RENAME);
		fixture_suspend(&f);
		assert_clean(&f);
		fixture_stop(&f);
	}
}

static void an_object_that_changed_is_not_mixed_with_the_old_one(void **state)
{
	(void)state;
	struct fixture f;
	start(&f);
	fixture_write(&f, "dst/object", 10, 5);
	fixture_write(&f, "old", 10, 5);
	suspend_download(&f);
	fixture_journal(&f);
	put_object(&f, 2);
	fixture_suspend(&f);
	fixture_wait(&f, fixture_resume(&f));
	assert_int_equal(f.failed, 1);
	assert_int_equal(f.first_error.rc, S3T_CHANGED);
	assert_true(fixture_files_equal(&f, "old", "dst/object"));
	assert_int_equal(fixture_temp_count(&f), 0);
	fixture_suspend(&f);
	assert_clean(&f);
	fixture_stop(&f);
}

/* The source cannot be asked for just now: hours of work are not thrown away for that. */
static void a_download_survives_a_network_that_is_away_at_the_resume(void **state)
{
	(void)state;
	struct fixture f;
	start(&f);
	suspend_download(&f);
	fail_forever(&f, NULL, NULL, 1, 0);
	fixture_wait(&f, fixture_resume(&f));
	assert_int_equal(f.failed, 1);
	assert_true(f.is_kept);
	assert_int_equal(fixture_temp_count(&f), 1);
	fixture_suspend(&f);
	sandbox_clear_faults(f.server);
	uint64_t gets = count(&f, "GET");
	resume_and_succeed(&f);
	assert_int_equal(count(&f, "GET") - gets, RANGES - 4);
	assert_true(fixture_files_equal(&f, "object", "dst/object"));
	assert_clean(&f);
	fixture_stop(&f);
}

/* --- trees --- */

enum { FILES = 600, STOP_AT = 300 };

static void write_tree(struct fixture *f, unsigned files)
{
	for (unsigned i = 0; i < files; i++) {
		char name[64];
		snprintf(name, sizeof name, "tree/%u/%u.txt", i % 7, i);
		fixture_write(f, name, i % 50, i);
	}
}

static void assert_tree_is_there(struct fixture *f, const char *from, unsigned files)
{
	for (unsigned i = 0; i < files; i++) {
		char name[64], key[64];
		snprintf(name, sizeof name, "%s/%u/%u.txt", from, i % 7, i);
		snprintf(key, sizeof key, "up/%u/%u.txt", i % 7, i);
		assert_true(fixture_file_is_object(f, name, key));
	}
}

static void suspend_tree(struct fixture *f, enum job_kind kind)
{
	struct job_spec spec;
	write_tree(f, FILES);
	stall(f, "PUT", "/up/", STOP_AT);
	fixture_upload(f, &spec, "tree", "up/", "");
	spec.kind = kind;
	engine_submit(f->engine, &spec);
	wait_for_requests(f, "PUT", STOP_AT + 7);
	fixture_suspend(f);
	sandbox_clear_faults(f->server);
}

static void a_tree_goes_on_where_it_was(void **state)
{
	(void)state;
	struct fixture f;
	start(&f);
	suspend_tree(&f, JOB_COPY);
	fixture_wait(&f, fixture_resume(&f));
	assert_int_equal(f.failed, 0);
	assert_int_equal(f.done, FILES);
	assert_in_range(count(&f, "PUT"), FILES, FILES + 8);
	assert_tree_is_there(&f, "tree", FILES);
	assert_clean(&f);
	fixture_stop(&f);
}

/* The process died before its last group was on disk: these are looked at, and not sent again. */
static void a_tree_without_its_last_group_is_looked_at(void **state)
{
	(void)state;
	struct fixture f;
	struct strbuf text, less;
	size_t lines = 0, lost = 0;
	start(&f);
	suspend_tree(&f, JOB_COPY);
	fixture_journal_text(&f, &text);
	strbuf_init_cap(&less, 1 << 20);
	for (int pass = 0; pass < 2; pass++) {
		size_t at = 0;
		for (struct strview rest = strbuf_view(&text); rest.len;) {
			size_t len = sv_find(rest, '\n') + 1;
			struct record_head head;
			assert_true(record_head(sv_n(rest.data, len - 1), &head));
			bool is_done = sv_eq(head.type, SV("done"));
			lines += pass == 0 && is_done;
			at += is_done;
			if (pass == 1 && is_done && at == lines)
				lost = len;
			else if (pass == 1)
				strbuf_add(&less, rest.data, len);
			rest = sv_from(rest, len);
		}
	}
	assert_true(lost > 0);
	fixture_set_journal(&f, strbuf_view(&less));
	fixture_wait(&f, fixture_resume(&f));
	assert_int_equal(f.failed, 0);
	assert_int_equal(f.done, FILES);
	assert_in_range(count(&f, "PUT"), FILES, FILES + 8);
	assert_tree_is_there(&f, "tree", FILES);
	assert_clean(&f);
	strbuf_deinit(&text);
	strbuf_deinit(&less);
	fixture_stop(&f);
}

static void a_tree_that_is_moved_is_moved_whole(void **state)
{
	(void)state;
	struct fixture f;
	start(&f);
	write_tree(&f, FILES);
	char *tree = s3t_asprintf("%s/tree", f.dir), *kept = s3t_asprintf("%s/kept", f.dir);
	assert_int_equal(rename(tree, kept), 0);
	suspend_tree(&f, JOB_MOVE);
	fixture_wait(&f, fixture_resume(&f));
	assert_int_equal(f.failed, 0);
	assert_false(fixture_exists(&f, "tree"));
	assert_tree_is_there(&f, "kept", FILES);
	assert_clean(&f);
	free(tree);
	free(kept);
	fixture_stop(&f);
}

/* --- the queue --- */

static void a_job_that_is_done_says_so_while_others_are_busy(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	start(&f);
	fixture_write(&f, "one", 10, 1);
	write_tree(&f, 50);
	stall(&f, "PUT", "/up/", 1);
	fixture_upload(&f, &spec, "one", "", "one");
	job_id one = engine_submit(f.engine, &spec);
	fixture_upload(&f, &spec, "tree", "up/", "");
	engine_submit(f.engine, &spec);
	wait_for_requests(&f, "PUT", 9); /* all workers */
	fixture_wait(&f, one);
	assert_int_equal(f.done, 1);
	fixture_stop(&f);
}

static void order_and_pause_outlive_the_process(void **state)
{
	(void)state;
	struct fixture f;
	job_id ids[3];
	struct job_spec spec;
	start(&f);
	stall(&f, "PUT", NULL, 1);
	for (unsigned i = 0; i < 3; i++) {
		char name[8];
		snprintf(name, sizeof name, "f%u", i);
		fixture_write(&f, name, 10 + i, i);
		fixture_upload(&f, &spec, name, "", name);
		ids[i] = engine_submit(f.engine, &spec);
	}
	engine_pause(f.engine, ids[0], true);
	engine_move(f.engine, ids[2], true);
	engine_move(f.engine, ids[2], true);
	engine_pause(f.engine, ids[1], true);
	engine_pause(f.engine, ids[1], false);
	struct journal_file *files = fixture_saved(&f);
	static const char *const names[] = {"f2", "f0", "f1"};
	for (unsigned i = 0; i < 3; i++) {
		const struct saved_job *first = NULL;
		for (const struct saved_job *job = files->content.jobs; job; job = job->next)
			if (job->order == i + 1)
				first = job;
		assert_non_null(first);
		assert_string_equal(first->spec.sources[0].target_rel, names[i]);
		assert_int_equal(first->is_paused, i == 1);
	}
	journal_files_free(files);
	fixture_suspend(&f);
	sandbox_clear_faults(f.server);
	job_id last = fixture_resume(&f);
	fixture_wait(&f, last);
	assert_int_equal(f.failed, 0);
	assert_true(fixture_file_is_object(&f, "f1", "f1"));
	struct engine_snapshot snap = {0};
	engine_snapshot(f.engine, &snap);
	assert_int_equal(snap.job_count, 3);
	assert_true(snap.jobs[1].is_paused);
	job_id paused = snap.jobs[1].id;
	engine_snapshot_deinit(&snap);
	assert_false(fixture_has_key(&f, "f0"));
	engine_pause(f.engine, paused, false);
	fixture_wait(&f, paused);
	assert_true(fixture_file_is_object(&f, "f0", "f0"));
	fixture_suspend(&f);
	assert_true(fixture_file_is_object(&f, "f2", "f2"));
	assert_clean(&f);
	fixture_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_upload_goes_on_with_the_parts_that_are_missing),
		cmocka_unit_test(an_upload_that_is_suspended_again_and_again_sends_no_part_twice),
		cmocka_unit_test(an_object_that_came_meanwhile_is_replaced_only_if_it_may),
		cmocka_unit_test(without_a_journal_nothing_is_kept),
		cmocka_unit_test(a_part_that_the_server_lost_is_sent_again),
		cmocka_unit_test(a_file_that_changed_is_uploaded_anew),
		cmocka_unit_test(a_file_that_was_written_to_in_place_is_uploaded_anew),
		cmocka_unit_test(a_file_that_is_gone_leaves_no_upload),
		cmocka_unit_test(an_upload_that_is_gone_is_begun_anew),
		cmocka_unit_test(an_upload_that_was_completed_is_found_to_be_whole),
		cmocka_unit_test(another_object_of_that_size_is_not_taken_for_the_upload),
		cmocka_unit_test(an_intent_without_an_id_aborts_what_may_be_its_upload_only),
		cmocka_unit_test(where_etags_are_opaque_a_resumed_upload_is_right_too),
		cmocka_unit_test(a_renamed_target_keeps_its_name),
		cmocka_unit_test(a_resumed_move_removes_its_source_once_it_arrived),
		cmocka_unit_test(a_part_that_is_wrong_twice_fails_its_item),
		cmocka_unit_test(a_failed_upload_goes_on_in_the_same_process),
		cmocka_unit_test(a_failed_upload_goes_on_in_another_process),
		cmocka_unit_test(a_failed_upload_that_is_dismissed_is_removed),
		cmocka_unit_test(an_upload_that_cannot_be_aborted_stays_in_the_journal),
		cmocka_unit_test(a_cancel_is_in_the_journal_before_its_cleaning_up),
		cmocka_unit_test(a_cancel_removes_what_waiting_items_would_have_gone_on_with),
		cmocka_unit_test(a_cancel_finds_the_upload_whose_id_was_never_heard),
		cmocka_unit_test(an_upload_that_cannot_be_listed_is_not_forgotten),
		cmocka_unit_test(a_download_goes_on_with_the_ranges_that_are_missing),
		cmocka_unit_test(a_file_under_the_temporary_name_that_is_not_it_is_left_alone),
		cmocka_unit_test(a_temporary_file_of_another_inode_is_not_gone_on_with),
		cmocka_unit_test(a_temporary_file_that_was_damaged_never_gets_the_name),
		cmocka_unit_test(a_file_that_came_meanwhile_is_replaced_only_if_it_may),
		cmocka_unit_test(an_object_that_changed_is_not_mixed_with_the_old_one),
		cmocka_unit_test(a_download_survives_a_network_that_is_away_at_the_resume),
		cmocka_unit_test(a_tree_goes_on_where_it_was),
		cmocka_unit_test(a_tree_without_its_last_group_is_looked_at),
		cmocka_unit_test(a_tree_that_is_moved_is_moved_whole),
		cmocka_unit_test(a_job_that_is_done_says_so_while_others_are_busy),
		cmocka_unit_test(order_and_pause_outlive_the_process),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
