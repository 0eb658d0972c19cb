/* The engine against the sandbox: bytes on the server and on disk after each job. */
#include "support/fixture.h"

#include "core/timeutil.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char ini_small_parts[] =
	"[upload]\nmultipart_threshold = 5MiB\npart_size = 5MiB\n[download]\nchunk_size = 1MiB\n"
	"[retry]\ninitial_delay = 1ms\nmax_delay = 5ms\n";

static void a_tree_goes_up_and_comes_back_unchanged(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	fixture_start(&f, NULL, ini_small_parts);
	fixture_write(&f, "src/empty", 0, 1);
	fixture_write(&f, "src/one", 1, 2);
	fixture_write(&f, "src/a/b/c/deep.txt", 70000, 3);
	fixture_write(&f, "src/big.bin", (12 << 20) + 17, 4);
	fixture_write(&f, "src/a/space + % é.txt", 10, 5);
	char *empty_dir = s3t_asprintf("%s/src/void", f.dir);
	assert_int_equal(mkdir(empty_dir, 0755), 0);
	free(empty_dir);

	fixture_upload(&f, &spec, "src", "up/", "");
	fixture_run(&f, &spec);
	assert_int_equal(f.failed, 0);
	assert_int_equal(f.done, 6);
	assert_true(fixture_file_is_object(&f, "src/big.bin", "up/big.bin"));
	assert_true(fixture_file_is_object(&f, "src/empty", "up/empty"));
	assert_true(fixture_file_is_object(&f, "src/a/space + % é.txt", "up/a/space + % é.txt"));
	assert_true(fixture_has_key(&f, "up/void/"));
	assert_int_equal(sandbox_upload_count(f.server), 0);

	fixture_download(&f, &spec, "up/", "dst", "");
	fixture_run(&f, &spec);
	assert_int_equal(f.failed, 0);
	assert_true(fixture_files_equal(&f, "src/big.bin", "dst/big.bin"));
	assert_true(fixture_files_equal(&f, "src/one", "dst/one"));
	assert_true(fixture_files_equal(&f, "src/empty", "dst/empty"));
	assert_true(fixture_files_equal(&f, "src/a/b/c/deep.txt", "dst/a/b/c/deep.txt"));
	assert_true(fixture_exists(&f, "dst/void"));
	assert_int_equal(fixture_temp_count(&f), 0);
	fixture_stop(&f);
}

static void results_name_their_proof(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	fixture_start(&f, NULL, ini_small_parts);
	fixture_write(&f, "small", 1000, 1);
	fixture_write(&f, "large", 11 << 20, 2);
	fixture_upload(&f, &spec, "small", "", "small");
	fixture_run(&f, &spec);
	assert_string_equal(f.proof, "signed SHA-256");
	fixture_upload(&f, &spec, "large", "", "large");
	fixture_run(&f, &spec);
	assert_string_equal(f.proof, "part MD5 = ETag");
	fixture_download(&f, &spec, "small", "back", "small");
	fixture_run(&f, &spec);
	assert_string_equal(f.proof, "MD5 = ETag");
	fixture_download(&f, &spec, "large", "back", "large");
	fixture_run(&f, &spec);
	assert_string_equal(f.proof, "MD5 of parts = ETag");
	fixture_stop(&f);
}

static void a_server_that_checks_crc64_is_asked_to(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	char *ini = s3t_asprintf("%schecksum_algorithm = crc64nvme\n",
		"[upload]\n"
		"multipart_threshold = 5MiB\npart_size = 5MiB\n");
	fixture_start(&f, NULL, ini);
	free(ini);
	fixture_write(&f, "small", 1000, 1);
	fixture_write(&f, "large", (26 << 20) + 5, 2);
	static const char *const names[] = {"small", "large"};
	for (size_t i = 0; i < 2; i++) {
		struct strbuf header;
		fixture_upload(&f, &spec, names[i], "", names[i]);
		fixture_run(&f, &spec);
		assert_int_equal(f.failed, 0);
		assert_string_equal(f.proof, "CRC64NVME");
		assert_true(fixture_file_is_object(&f, names[i], names[i]));
		strbuf_init(&header);
		assert_int_equal(sandbox_get_header(f.server, "demo", sv(names[i]),
					 "x-amz-checksum-crc64nvme", &header, NULL),
			S3T_OK);
		assert_int_equal(header.len, 12);
		strbuf_deinit(&header);
		fixture_download(&f, &spec, names[i], "back", names[i]);
		fixture_run(&f, &spec);
		assert_string_equal(f.proof, "CRC64NVME");
	}
	assert_true(fixture_files_equal(&f, "large", "back/large"));
	/* one bit on its way down: fetched again, and right */
	sandbox_fault(f.server, &(struct sandbox_fault){.kind = SANDBOX_FAULT_FLIP,
					.method = "GET",
					.target = "large",
					.nth = 2,
					.bytes = 77});
	fixture_download(&f, &spec, "large", "again", "large");
	fixture_run(&f, &spec);
	assert_int_equal(f.failed, 0);
	assert_int_equal(sandbox_fault_count(f.server), 1);
	assert_true(fixture_files_equal(&f, "large", "again/large"));
	fixture_stop(&f);
}

static void the_same_tree_moved_twice_moves_nothing(void **state)
{
	(void)state;
	static const enum conflict_policy policies[] = {CONFLICT_NEWER, CONFLICT_SIZE};
	struct fixture f;
	struct job_spec spec;
	fixture_start(&f, NULL, ini_small_parts);
	fixture_write(&f, "src/a", 100, 1);
	fixture_write(&f, "src/b/c", 200, 2);
	char *void_dir = s3t_asprintf("%s/src/void", f.dir);
	assert_int_equal(mkdir(void_dir, 0755), 0);
	free(void_dir);
	fixture_upload(&f, &spec, "src", "t/", "");
	fixture_run(&f, &spec);
	for (size_t i = 0; i < 2; i++) {
		uint64_t puts = sandbox_request_count(f.server, "PUT");
		fixture_upload(&f, &spec, "src", "t/", "");
		spec.policy = policies[i];
		fixture_run(&f, &spec);
		assert_int_equal(f.skipped, 3);
		assert_int_equal(sandbox_request_count(f.server, "PUT"), puts);
		fixture_download(&f, &spec, "t/", "src", "");
		spec.policy = policies[i];
		fixture_run(&f, &spec);
		assert_int_equal(f.skipped, 3);
	}
	fixture_stop(&f);
}

static void a_cancelled_upload_leaves_no_parts(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	struct sandbox_options slow = {.bytes_per_second = 4 << 20};
	fixture_start(&f, &slow, ini_small_parts);
	fixture_write(&f, "big", 40 << 20, 1);
	fixture_upload(&f, &spec, "big", "", "big");
	job_id id = engine_submit(f.engine, &spec);
	struct engine_snapshot snap = {0};
	do
		engine_snapshot(f.engine, &snap);
	while (snap.job_count == 0 || snap.jobs[0].bytes_done < (1 << 20));
	engine_snapshot_deinit(&snap);
	assert_int_equal(sandbox_upload_count(f.server), 1);
	int64_t start = time_mono_ms();
	engine_cancel(f.engine, id);
	fixture_wait(&f, id);
	assert_true(f.was_cancelled);
	assert_true(time_mono_ms() - start < 5000);
	assert_int_equal(sandbox_upload_count(f.server), 0);
	assert_false(fixture_has_key(&f, "big"));
	fixture_stop(&f);
}

static void wait_snapshot(struct fixture *f, bool (*fn)(const struct engine_snapshot *snap));

static bool is_paused(const struct engine_snapshot *snap)
{
	return snap->job_count == 1 && snap->jobs[0].is_paused;
}

/* Nobody renews a token: the job waits, and what had begun goes on when there is a new one. */
static void an_expired_token_pauses_a_job(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	fixture_start(&f, NULL, ini_small_parts);
	engine_free(f.engine, 1000);
	struct engine_options options = {.workers = 4, .pauses_signed_out = true};
	f.engine = engine_new(&options, f.events);
	fixture_write(&f, "src/small", 1000, 1);
	fixture_write(&f, "src/big", 11 << 20, 2);
	sandbox_fault(f.server, &(struct sandbox_fault){.kind = SANDBOX_FAULT_ANSWER,
					.method = "PUT",
					.status = 400,
					.code = "ExpiredToken",
					.times = SANDBOX_FOREVER});
	fixture_upload(&f, &spec, "src", "t/", "");
	job_id id = engine_submit(f.engine, &spec);
	wait_snapshot(&f, is_paused);
	struct event *e = NULL;
	while (!(e = (struct event *)msgq_pop(f.events)) || e->kind != EV_PAUSED)
		if (e)
			event_free(e);
	assert_string_equal(e->err.code, "ExpiredToken");
	event_free(e);
	sandbox_clear_faults(f.server);
	engine_pause(f.engine, id, false);
	fixture_wait(&f, id);
	assert_int_equal(f.failed, 0);
	assert_int_equal(f.done, 2);
	assert_true(fixture_file_is_object(&f, "src/big", "t/big"));
	assert_true(fixture_file_is_object(&f, "src/small", "t/small"));
	assert_int_equal(sandbox_upload_count(f.server), 0);
	fixture_stop(&f);
}

/* The same where a listing, a look at a source or a batch of deletes meets it. */
static void an_expired_token_pauses_what_is_not_an_item(void **state)
{
	(void)state;
	static const struct {
		const char *method, *target;
	} calls[] = {{"GET", "list-type=2"}, {NULL, "/demo"}, {"POST", "delete"}};
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		struct fixture f;
		struct job_spec spec;
		struct sandbox_options options = {.session_token = "of-a-session"};
		fixture_start(&f, &options, "session_token = of-a-session\n");
		engine_free(f.engine, 1000);
		struct engine_options pausing = {.workers = 4, .pauses_signed_out = true};
		f.engine = engine_new(&pausing, f.events);
		fixture_put(&f, "d/a", "a");
		fixture_put(&f, "d/b", "b");
		fixture_put(&f, "c", "c");
		sandbox_fault(f.server, &(struct sandbox_fault){.kind = SANDBOX_FAULT_ANSWER,
						.method = calls[i].method,
						.target = calls[i].target,
						.status = 400,
						.code = "ExpiredToken",
						.times = SANDBOX_FOREVER});
		job_spec_init(&spec, JOB_DELETE, &f.profile->settings);
		spec.recursive = true;
		spec.from = location_ref(f.s3);
		job_spec_add_source(&spec, SV("demo/d/"), SV(""));
		job_spec_add_source(&spec, SV("demo/c"), SV(""));
		if (i == 1) { /* its HEAD cannot say why */
			job_spec_deinit(&spec);
			fixture_download(&f, &spec, "c", "into", "c");
		}
		spec.report_problems = true;
		job_id id = engine_submit(f.engine, &spec);
		wait_snapshot(&f, is_paused);
		sandbox_clear_faults(f.server);
		engine_pause(f.engine, id, false);
		fixture_wait(&f, id);
		if (f.failed)
			fail_msg("%zu: %s", i, f.first_error.message);
		assert_int_equal(f.done, i == 1 ? 1 : 3);
		assert_true(i == 1 ? fixture_exists(&f, "into/c") : !fixture_has_key(&f, "d/a"));
		assert_int_equal(fixture_has_key(&f, "c"), i == 1);
		fixture_stop(&f);
	}
}

static void a_cancelled_download_leaves_the_old_file(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	fixture_start(&f, NULL, ini_small_parts);
	fixture_write(&f, "big", 20 << 20, 1);
	fixture_write(&f, "dst/big", 10, 2);
	fixture_write(&f, "old", 10, 2);
	fixture_upload(&f, &spec, "big", "", "big");
	fixture_run(&f, &spec);
	sandbox_set_bytes_per_second(f.server, 2 << 20);
	fixture_download(&f, &spec, "big", "dst", "big");
	job_id id = engine_submit(f.engine, &spec);
	struct engine_snapshot snap = {0};
	do
		engine_snapshot(f.engine, &snap);
	while (snap.job_count < 2 || snap.jobs[1].bytes_done < (1 << 18));
	engine_snapshot_deinit(&snap);
	engine_cancel(f.engine, id);
	fixture_wait(&f, id);
	assert_true(f.was_cancelled);
	assert_true(fixture_files_equal(&f, "dst/big", "old"));
	assert_int_equal(fixture_temp_count(&f), 0);
	fixture_stop(&f);
}

/* Takes snapshots until fn says that it has seen what it waits for. */
static void wait_snapshot(struct fixture *f, bool (*fn)(const struct engine_snapshot *snap))
{
	struct engine_snapshot snap = {0};
	int64_t until_ms = time_mono_ms() + 30000;
	do {
		assert_true(time_mono_ms() < until_ms);
		engine_snapshot(f->engine, &snap);
	} while (!fn(&snap));
	engine_snapshot_deinit(&snap);
}

static bool is_slowed(const struct engine_snapshot *snap)
{
	return snap->job_count && snap->jobs[0].is_slowed;
}

static void a_server_that_asks_to_slow_down_is_obeyed_and_it_is_said(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	struct sandbox_fault busy = {.kind = SANDBOX_FAULT_ANSWER,
		.method = "PUT",
		.nth = 50,
		.times = 12,
		.status = 503,
		.code = "SlowDown"};
	struct sandbox_options slow = {.latency_ms = 20};
	fixture_start(
		&f, &slow, "[retry]\ninitial_delay = 10ms\nmax_delay = 20ms\nmax_attempts = 20\n");
	sandbox_fault(f.server, &busy);
	for (int i = 0; i < 400; i++) {
		char name[32];
		snprintf(name, sizeof name, "src/%03d", i);
		fixture_write(&f, name, 100, (unsigned)i);
	}
	fixture_upload(&f, &spec, "src", "", "");
	job_id id = engine_submit(f.engine, &spec);
	wait_snapshot(&f, is_slowed);
	fixture_wait(&f, id);
	assert_int_equal(f.failed, 0);
	assert_int_equal(f.done, 400);
	assert_int_equal(sandbox_fault_count(f.server), 12);
	assert_int_equal(atomic_load(&s3_client_counters(f.client)->slow_downs), 12);
	fixture_stop(&f);
}

static bool has_moved(const struct engine_snapshot *snap)
{
	return snap->job_count && snap->jobs[0].bytes_done;
}

/* At 1 KiB/s it would take an hour. */
static void a_limit_that_is_lifted_holds_nobody_back(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	fixture_start(&f, NULL, ini_small_parts);
	engine_set_rate(f.engine, 1 << 10);
	fixture_write(&f, "big", 4 << 20, 1);
	fixture_upload(&f, &spec, "big", "", "big");
	int64_t begun_ms = time_mono_ms();
	job_id id = engine_submit(f.engine, &spec);
	wait_snapshot(&f, has_moved);
	assert_int_equal(engine_rate(f.engine), 1 << 10);
	engine_set_rate(f.engine, 0);
	fixture_wait(&f, id);
	assert_true(time_mono_ms() - begun_ms < 30000);
	assert_true(fixture_file_is_object(&f, "big", "big"));
	fixture_stop(&f);
}

/* Bytes are counted where they are handed over, so the first buffers come at once. */
static void a_limit_is_kept_by_all_workers_together(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	fixture_start(&f, NULL, NULL);
	engine_set_rate(f.engine, 2 << 20);
	for (int i = 0; i < 40; i++) {
		char name[32];
		snprintf(name, sizeof name, "src/%03d", i);
		fixture_write(&f, name, 100 << 10, (unsigned)i);
	}
	fixture_upload(&f, &spec, "src", "", "");
	int64_t begun_ms = time_mono_ms();
	fixture_run(&f, &spec);
	int64_t took_ms = time_mono_ms() - begun_ms;
	assert_int_equal(f.done, 40);
	/* 3.9 MiB at 2 MiB/s, but for the last files, whose bytes went before they were due */
	assert_true(took_ms > 1000);
	fixture_stop(&f);
}

static void an_endpoint_has_no_more_connections_than_it_may(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	struct sandbox_options slow = {.latency_ms = 10};
	fixture_start(&f, &slow, "[network]\nmax_connections = 3\n");
	for (int i = 0; i < 150; i++) {
		char name[32];
		snprintf(name, sizeof name, "src/%03d", i);
		fixture_write(&f, name, 100, (unsigned)i);
	}
	fixture_upload(&f, &spec, "src", "", "");
	job_id id = engine_submit(f.engine, &spec);
	struct engine_snapshot snap = {0};
	uint32_t most = 0;
	do {
		engine_snapshot(f.engine, &snap);
		most = snap.jobs[0].connections > most ? snap.jobs[0].connections : most;
	} while (snap.jobs[0].state != JOB_FINISHED);
	engine_snapshot_deinit(&snap);
	fixture_wait(&f, id);
	assert_int_equal(f.done, 150);
	assert_int_equal(most, 3);
	fixture_stop(&f);
}

static void parts_that_had_to_be_larger_than_wished_are_told(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	struct engine_snapshot snap = {0};
	fixture_start(&f, NULL, ini_small_parts);
	const struct provider *usual = f.profile->provider;
	struct provider few = *usual;
	few.max_parts = 3;
	f.profile->provider = &few;
	fixture_write(&f, "big", 20 << 20, 1);
	fixture_upload(&f, &spec, "big", "", "big");
	fixture_run(&f, &spec);
	assert_int_equal(f.done, 1);
	engine_snapshot(f.engine, &snap);
	assert_int_equal(snap.jobs[0].raised_part, 7 << 20);
	engine_snapshot_deinit(&snap);
	assert_int_equal(sandbox_part_count(f.server), 3);
	f.profile->provider = usual;
	fixture_stop(&f);
}

static void source_and_target_the_same_is_refused(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	fixture_start(&f, NULL, NULL);
	fixture_put(&f, "p/key", "text");
	uint64_t puts = sandbox_request_count(f.server, "PUT");
	fixture_copy(&f, &spec, "p/key", "p/", "key");
	fixture_run(&f, &spec);
	assert_int_equal(f.failed, 1);
	assert_int_equal(f.first_error.rc, S3T_SAME);
	fixture_copy(&f, &spec, "p/", "p/sub/", "");
	fixture_run(&f, &spec);
	assert_int_equal(f.first_error.rc, S3T_SAME);
	assert_int_equal(sandbox_request_count(f.server, "PUT"), puts);

	fixture_write(&f, "d/x", 5, 1);
	char *a = s3t_asprintf("%s/d/x", f.dir), *b = s3t_asprintf("%s/d/hard", f.dir);
	char *link_name = s3t_asprintf("%s/via", f.dir), *d = s3t_asprintf("%s/d", f.dir);
	assert_int_equal(link(a, b), 0);
	assert_int_equal(symlink(d, link_name), 0);
	const char *const targets[][2] = {{d, "x"}, {d, "hard"}, {link_name, "x"}};
	for (size_t i = 0; i < 3; i++) {
		job_spec_init(&spec, JOB_MOVE, &f.profile->settings);
		spec.from = location_ref(f.local);
		spec.report_items = true;
		job_spec_add_source(&spec, sv(a), sv(targets[i][1]));
		job_spec_set_target(&spec, f.local, sv(targets[i][0]));
		fixture_run(&f, &spec);
		assert_int_equal(f.first_error.rc, S3T_SAME);
		assert_true(fixture_exists(&f, "d/x"));
	}
	free(a);
	free(b);
	free(link_name);
	free(d);
	fixture_stop(&f);
}

static void a_move_takes_the_source_away_only_when_it_arrived(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	fixture_start(&f, NULL, ini_small_parts);
	fixture_write(&f, "src/a", 100, 1);
	fixture_write(&f, "src/sub/b", 200, 2);
	fixture_write(&f, "keep", 200, 2);
	struct sandbox_fault deny = {.kind = SANDBOX_FAULT_ANSWER,
		.method = "PUT",
		.target = "/m/sub/b",
		.times = SANDBOX_FOREVER,
		.status = 403,
		.code = "AccessDenied"};
	sandbox_fault(f.server, &deny);
	fixture_upload(&f, &spec, "src", "m/", "");
	spec.kind = JOB_MOVE;
	fixture_run(&f, &spec);
	assert_int_equal(f.done, 1);
	assert_int_equal(f.failed, 1);
	assert_false(fixture_exists(&f, "src/a"));
	assert_true(fixture_exists(&f, "src/sub/b"));
	sandbox_clear_faults(f.server);
	fixture_upload(&f, &spec, "src", "m/", "");
	spec.kind = JOB_MOVE;
	fixture_run(&f, &spec);
	assert_int_equal(f.failed, 0);
	assert_false(fixture_exists(&f, "src"));
	assert_true(fixture_file_is_object(&f, "keep", "m/sub/b"));

	fixture_copy(&f, &spec, "m/", "n/", "");
	spec.kind = JOB_MOVE;
	fixture_run(&f, &spec);
	assert_int_equal(f.failed, 0);
	assert_true(fixture_file_is_object(&f, "keep", "n/sub/b"));
	assert_false(fixture_has_key(&f, "m/sub/b"));
	fixture_stop(&f);
}

static void a_copy_refused_as_changed_is_read_which_tells_whether_it_was(void **state)
{
	(void)state;
	static const char *const methods[] = {"PUT", NULL};
	for (size_t i = 0; i < 2; i++) {
		struct fixture f;
		struct job_spec spec;
		struct sandbox_fault refusal = {.kind = SANDBOX_FAULT_ANSWER,
			.method = methods[i],
			.times = methods[i] ? 1 : SANDBOX_FOREVER,
			.status = 412,
			.code = "PreconditionFailed"};
		fixture_start(&f, NULL, NULL);
		fixture_write(&f, "file", 1000, 1);
		fixture_upload(&f, &spec, "file", "", "from");
		fixture_run(&f, &spec);
		sandbox_fault(f.server, &refusal);
		fixture_copy(&f, &spec, "from", "", "to");
		fixture_run(&f, &spec);
		sandbox_clear_faults(f.server);
		if (methods[i]) {
			assert_int_equal(f.done, 1);
			assert_true(fixture_file_is_object(&f, "file", "to"));
		} else {
			assert_int_equal(f.first_error.rc, S3T_CHANGED);
			assert_false(fixture_has_key(&f, "to"));
		}
		fixture_stop(&f);
	}
}

static void keys_that_cannot_be_paths_are_refused_and_the_rest_goes_on(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	fixture_start(&f, NULL, NULL);
	fixture_put(&f, "t/../../evil", "x");
	fixture_put(&f, "t//double", "x");
	fixture_put(&f, "t/./dot", "x");
	fixture_put(&f, "t/fine", "x");
	fixture_put(&f, "t/a", "x");
	fixture_put(&f, "t/a/b", "x");
	fixture_download(&f, &spec, "t/", "dst", "");
	fixture_run(&f, &spec);
	assert_int_equal(f.failed, 4); /* a is a file and a directory */
	assert_int_equal(f.done, 2);
	assert_true(fixture_exists(&f, "dst/fine"));
	assert_false(fixture_exists(&f, "evil"));
	assert_false(fixture_exists(&f, "../evil"));
	assert_int_equal(fixture_temp_count(&f), 0);
	fixture_stop(&f);
}

static void deleting_a_prefix_leaves_its_namesakes(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	char key[32];
	fixture_start(&f, NULL, NULL);
	for (int i = 0; i < 1200; i++) {
		snprintf(key, sizeof key, "foo/%04d", i);
		fixture_put(&f, key, "x");
	}
	fixture_put(&f, "foo/ctrl\x01key", "x");
	fixture_put(&f, "foobar", "x");
	job_spec_init(&spec, JOB_DELETE, &f.profile->settings);
	spec.from = location_ref(f.s3);
	spec.recursive = true;
	job_spec_add_source(&spec, SV(SANDBOX_BUCKET "/foo"), SV(""));
	fixture_run(&f, &spec);
	assert_int_equal(f.failed, 0);
	assert_int_equal(f.done, 1201);
	assert_false(fixture_has_key(&f, "foo/0001"));
	assert_false(fixture_has_key(&f, "foo/ctrl\x01key"));
	assert_true(fixture_has_key(&f, "foobar"));
	fixture_stop(&f);
}

static void a_local_delete_never_follows_symlinks(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	fixture_start(&f, NULL, NULL);
	fixture_write(&f, "outside/precious", 10, 1);
	fixture_write(&f, "tree/sub/file", 10, 1);
	char *target = s3t_asprintf("%s/outside", f.dir),
	     *name = s3t_asprintf("%s/tree/link", f.dir);
	assert_int_equal(symlink(target, name), 0);
	char *tree = s3t_asprintf("%s/tree", f.dir);
	job_spec_init(&spec, JOB_DELETE, &f.profile->settings);
	spec.from = location_ref(f.local);
	spec.recursive = true;
	job_spec_add_source(&spec, sv(tree), SV(""));
	fixture_run(&f, &spec);
	assert_int_equal(f.failed, 0);
	assert_false(fixture_exists(&f, "tree"));
	assert_true(fixture_exists(&f, "outside/precious"));
	free(target);
	free(name);
	free(tree);
	fixture_stop(&f);
}

static void deleting_or_moving_a_link_leaves_what_it_leads_to(void **state)
{
	(void)state;
	static const char *const names[] = {"link", "link/"};
	struct fixture f;
	struct job_spec spec;
	fixture_start(&f, NULL, NULL);
	fixture_write(&f, "real/precious", 10, 1);
	char *target = s3t_asprintf("%s/real", f.dir), *name = s3t_asprintf("%s/link", f.dir);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(symlink(target, name), 0);
		fixture_upload(&f, &spec, names[i], "m/", "");
		spec.kind = JOB_MOVE;
		fixture_run(&f, &spec);
		assert_int_equal(f.failed, 1);
		assert_true(fixture_exists(&f, "real/precious"));
		char *path = s3t_asprintf("%s/%s", f.dir, names[i]);
		job_spec_init(&spec, JOB_DELETE, &f.profile->settings);
		spec.from = location_ref(f.local);
		spec.recursive = true;
		job_spec_add_source(&spec, sv(path), SV(""));
		fixture_run(&f, &spec);
		assert_int_equal(f.failed, 0);
		assert_false(fixture_exists(&f, "link"));
		assert_true(fixture_exists(&f, "real/precious"));
		free(path);
	}
	free(target);
	free(name);
	fixture_stop(&f);
}

static void a_flipped_byte_never_gets_the_real_name(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	fixture_start(&f, NULL, ini_small_parts);
	fixture_write(&f, "big", 6 << 20, 1);
	fixture_upload(&f, &spec, "big", "", "big");
	fixture_run(&f, &spec);
	struct sandbox_fault flip = {.kind = SANDBOX_FAULT_FLIP, .method = "GET", .bytes = 5000};
	sandbox_fault(f.server, &flip); /* once: fetched again, then right */
	fixture_download(&f, &spec, "big", "dst", "big");
	fixture_run(&f, &spec);
	assert_int_equal(f.failed, 0);
	assert_true(fixture_files_equal(&f, "big", "dst/big"));
	flip.times = SANDBOX_FOREVER;
	sandbox_fault(f.server, &flip);
	fixture_download(&f, &spec, "big", "dst2", "big");
	fixture_run(&f, &spec);
	assert_int_equal(f.failed, 1);
	assert_int_equal(f.first_error.rc, S3T_MISMATCH);
	assert_false(fixture_exists(&f, "dst2/big"));
	assert_int_equal(fixture_temp_count(&f), 0);
	fixture_stop(&f);
}

static void passing_faults_are_survived(void **state)
{
	(void)state;
	static const struct sandbox_fault faults[] = {
		{.kind = SANDBOX_FAULT_ANSWER, .method = "PUT", .times = 2},
		{.kind = SANDBOX_FAULT_CLOSE, .method = "PUT", .nth = 2},
		{.kind = SANDBOX_FAULT_CLOSE_REQUEST, .method = "PUT", .bytes = 100000},
		{.kind = SANDBOX_FAULT_WORK_ERROR, .method = "PUT", .nth = 2},
		{.kind = SANDBOX_FAULT_WORK_CLOSE,
			.method = "POST",
			.target = "uploadId",
			.nth = 1},
		{.kind = SANDBOX_FAULT_ERROR_200, .method = "POST", .target = "uploadId", .nth = 1},
		{.kind = SANDBOX_FAULT_CLOSE_BODY, .method = "GET", .bytes = 300000, .times = 2},
		{.kind = SANDBOX_FAULT_ANSWER, .method = "GET", .times = 2, .status = 500},
	};
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		struct fixture f;
		struct job_spec spec;
		fixture_start(&f, NULL, ini_small_parts);
		fixture_write(&f, "big", 11 << 20, 1);
		sandbox_fault(f.server, &faults[i]);
		fixture_upload(&f, &spec, "big", "", "big");
		fixture_run(&f, &spec);
		assert_int_equal(f.failed, 0);
		assert_true(fixture_file_is_object(&f, "big", "big"));
		fixture_download(&f, &spec, "big", "dst", "big");
		fixture_run(&f, &spec);
		assert_int_equal(f.failed, 0);
		assert_true(fixture_files_equal(&f, "big", "dst/big"));
		assert_true(sandbox_fault_count(f.server) > 0);
		assert_int_equal(sandbox_upload_count(f.server), 0);
		fixture_stop(&f);
	}
}

static void a_part_with_a_wrong_etag_is_sent_again(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	fixture_start(&f, NULL, ini_small_parts);
	fixture_write(&f, "big", 16 << 20, 1);
	fixture_upload(&f, &spec, "big", "", "first"); /* learns that ETags are MD5s here */
	fixture_run(&f, &spec);
	uint64_t parts = sandbox_part_count(f.server);
	struct sandbox_fault wrong = {
		.kind = SANDBOX_FAULT_WRONG_ETAG, .method = "PUT", .target = "partNumber=2"};
	sandbox_fault(f.server, &wrong);
	fixture_upload(&f, &spec, "big", "", "second");
	fixture_run(&f, &spec);
	assert_int_equal(f.failed, 0);
	assert_int_equal(sandbox_part_count(f.server), 2 * parts + 1);
	assert_true(fixture_file_is_object(&f, "big", "second"));
	fixture_stop(&f);
}

static void questions_wait_without_stopping_the_others(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	fixture_start(&f, NULL, NULL);
	fixture_write(&f, "src/a", 10, 1);
	fixture_write(&f, "src/b", 10, 2);
	fixture_put(&f, "q/a", "old");
	fixture_upload(&f, &spec, "src", "q/", "");
	spec.policy = CONFLICT_ASK;
	fixture_run(&f, &spec); /* the fixture answers skip */
	assert_int_equal(f.skipped, 1);
	assert_int_equal(f.done, 1);
	assert_false(fixture_file_is_object(&f, "src/a", "q/a"));
	fixture_upload(&f, &spec, "src/a", "q/", "a");
	spec.policy = CONFLICT_RENAME;
	fixture_run(&f, &spec);
	assert_true(fixture_file_is_object(&f, "src/a", "q/a (2)"));
	fixture_stop(&f);
}

/* The first `size` bytes of dst/big come from src: a file of the fixture's. */
static void leave_beginning(struct fixture *f, const char *src, size_t size)
{
	char *from = s3t_asprintf("%s/%s", f->dir, src), *to = s3t_asprintf("%s/dst/big", f->dir);
	char *data = s3t_alloc(size);
	FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
	assert_non_null(in);
	assert_non_null(out);
	assert_int_equal(fread(data, 1, size, in), size);
	assert_int_equal(fwrite(data, 1, size, out), size);
	assert_int_equal(fclose(in), 0);
	assert_int_equal(fclose(out), 0);
	free(data);
	free(from);
	free(to);
}

/* Whether dst/big is the first `size` bytes of src. */
static bool is_beginning(struct fixture *f, const char *src, size_t size)
{
	char *from = s3t_asprintf("%s/%s", f->dir, src), *to = s3t_asprintf("%s/dst/big", f->dir);
	FILE *a = fopen(from, "rb"), *b = fopen(to, "rb");
	assert_non_null(a);
	assert_non_null(b);
	size_t n = 0;
	int c;
	while ((c = fgetc(b)) != EOF && fgetc(a) == c)
		n++;
	bool is_it = n == size && c == EOF;
	assert_int_equal(fclose(a), 0);
	assert_int_equal(fclose(b), 0);
	free(from);
	free(to);
	return is_it;
}

static uint64_t fetch_rest(struct fixture *f)
{
	struct job_spec spec;
	uint64_t before = atomic_load(&engine_metrics(f->engine)->bytes_downloaded);
	fixture_download(f, &spec, "big", "dst", "big");
	spec.policy = CONFLICT_RESUME;
	fixture_run(f, &spec);
	return atomic_load(&engine_metrics(f->engine)->bytes_downloaded) - before;
}

static void a_part_that_is_there_is_gone_on_with_and_proven(void **state)
{
	enum { SIZE = 12 << 20, CHUNK = 1 << 20, HALF = 5 * CHUNK + 1000 };
	(void)state;
	struct fixture f;
	struct job_spec spec;
	fixture_start(&f, NULL,
		"[upload]\nmultipart_threshold = 5MiB\npart_size = 5MiB\n"
		"[download]\nchunk_size = 1MiB\n");
	fixture_write(&f, "big", SIZE, 1);
	fixture_write(&f, "other", SIZE + 1, 2);
	fixture_write(&f, "dst/x", 1, 1);
	fixture_upload(&f, &spec, "big", "", "big");
	fixture_run(&f, &spec);
	/* its beginning: only the rest is fetched */
	leave_beginning(&f, "big", HALF);
	assert_int_equal(fetch_rest(&f), SIZE - 5 * CHUNK);
	assert_int_equal(f.done, 1);
	assert_true(fixture_files_equal(&f, "big", "dst/big"));
	/* the whole of it: nothing is */
	assert_int_equal(fetch_rest(&f), 0);
	assert_int_equal(f.skipped, 1);
	/* something else: it is found out, and stays */
	leave_beginning(&f, "other", HALF);
	(void)fetch_rest(&f);
	assert_int_equal(f.failed, 1);
	assert_int_equal(f.first_error.rc, S3T_EXISTS);
	assert_true(is_beginning(&f, "other", HALF));
	/* or only its end is */
	leave_beginning(&f, "big", HALF);
	char *path = s3t_asprintf("%s/dst/big", f.dir);
	FILE *end = fopen(path, "r+b");
	assert_non_null(end);
	assert_int_equal(fseek(end, HALF - 1, SEEK_SET), 0);
	int last = fgetc(end);
	assert_int_equal(fseek(end, HALF - 1, SEEK_SET), 0);
	assert_int_equal(fputc(last ^ 1, end), last ^ 1);
	assert_int_equal(fclose(end), 0);
	(void)fetch_rest(&f);
	assert_int_equal(f.failed, 1);
	assert_int_equal(f.first_error.rc, S3T_EXISTS);
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, HALF);
	free(path);
	/* less than a range, too */
	leave_beginning(&f, "other", 1000);
	(void)fetch_rest(&f);
	assert_int_equal(f.failed, 1);
	assert_true(is_beginning(&f, "other", 1000));
	leave_beginning(&f, "big", 1000);
	(void)fetch_rest(&f);
	assert_int_equal(f.done, 1);
	assert_true(fixture_files_equal(&f, "big", "dst/big"));
	/* more than there can be: it stays */
	leave_beginning(&f, "other", SIZE + 1);
	assert_int_equal(fetch_rest(&f), 0);
	assert_int_equal(f.failed, 1);
	assert_true(fixture_files_equal(&f, "other", "dst/big"));
	assert_int_equal(fixture_temp_count(&f), 0);
	fixture_stop(&f);
}

/* An object whose ETag proves nothing: what is there is not believed. */
static void a_part_that_nothing_proves_is_fetched_again(void **state)
{
	enum { SIZE = 12 << 20, HALF = 3 << 20 };
	(void)state;
	struct fixture f;
	struct job_spec spec;
	struct sandbox_fault no_etag = {.kind = SANDBOX_FAULT_DROP_ETAG, .times = SANDBOX_FOREVER};
	fixture_start(&f, NULL,
		"[upload]\nmultipart_threshold = 5MiB\npart_size = 5MiB\n"
		"[download]\nchunk_size = 1MiB\n");
	fixture_write(&f, "big", SIZE, 1);
	fixture_write(&f, "other", SIZE, 2);
	fixture_write(&f, "dst/x", 1, 1);
	fixture_upload(&f, &spec, "big", "", "big");
	fixture_run(&f, &spec);
	assert_int_equal(f.done, 1);
	leave_beginning(&f, "other", HALF);
	sandbox_fault(f.server, &no_etag);
	(void)fetch_rest(&f);
	assert_int_equal(f.failed, 1);
	assert_true(is_beginning(&f, "other", HALF));
	leave_beginning(&f, "big", HALF);
	(void)fetch_rest(&f);
	assert_int_equal(f.done, 1);
	assert_non_null(strstr(f.proof, "not verifiable"));
	assert_true(fixture_files_equal(&f, "big", "dst/big"));
	fixture_stop(&f);
}

static void failed_items_can_be_tried_again(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	fixture_start(&f, NULL, ini_small_parts);
	fixture_write(&f, "src/a", 10, 1);
	fixture_write(&f, "src/b", 10, 2);
	struct sandbox_fault deny = {.kind = SANDBOX_FAULT_ANSWER,
		.method = "PUT",
		.target = "/r/a",
		.times = SANDBOX_FOREVER,
		.status = 403,
		.code = "AccessDenied"};
	sandbox_fault(f.server, &deny);
	fixture_upload(&f, &spec, "src", "r/", "");
	job_id id = engine_submit(f.engine, &spec);
	fixture_wait(&f, id);
	assert_int_equal(f.failed, 1);
	assert_int_equal(f.first_error.rc, S3T_DENIED);
	sandbox_clear_faults(f.server);
	engine_retry_failed(f.engine, id);
	fixture_wait(&f, id);
	assert_int_equal(f.failed, 0);
	assert_true(fixture_file_is_object(&f, "src/a", "r/a"));
	fixture_stop(&f);
}

static void an_upload_of_a_file_that_changes_fails_and_leaves_nothing(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	struct sandbox_options slow = {.bytes_per_second = 4 << 20};
	fixture_start(&f, &slow, ini_small_parts);
	fixture_write(&f, "big", 16 << 20, 1);
	fixture_upload(&f, &spec, "big", "", "big");
	job_id id = engine_submit(f.engine, &spec);
	struct engine_snapshot snap = {0};
	do
		engine_snapshot(f.engine, &snap);
	while (snap.job_count == 0 || snap.jobs[0].bytes_done < (1 << 20));
	engine_snapshot_deinit(&snap);
	char *path = s3t_asprintf("%s/big", f.dir);
	FILE *file = fopen(path, "r+b");
	assert_non_null(file);
	assert_int_equal(fputc('x', file), 'x');
	assert_int_equal(fclose(file), 0);
	free(path);
	fixture_wait(&f, id);
	assert_int_equal(f.failed, 1);
	assert_int_equal(f.first_error.rc, S3T_CHANGED);
	assert_false(fixture_has_key(&f, "big"));
	assert_int_equal(sandbox_upload_count(f.server), 0);
	fixture_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tree_goes_up_and_comes_back_unchanged),
		cmocka_unit_test(results_name_their_proof),
		cmocka_unit_test(a_server_that_checks_crc64_is_asked_to),
		cmocka_unit_test(the_same_tree_moved_twice_moves_nothing),
		cmocka_unit_test(a_cancelled_upload_leaves_no_parts),
		cmocka_unit_test(an_expired_token_pauses_a_job),
		cmocka_unit_test(an_expired_token_pauses_what_is_not_an_item),
		cmocka_unit_test(a_cancelled_download_leaves_the_old_file),
		cmocka_unit_test(a_server_that_asks_to_slow_down_is_obeyed_and_it_is_said),
		cmocka_unit_test(a_limit_that_is_lifted_holds_nobody_back),
		cmocka_unit_test(a_limit_is_kept_by_all_workers_together),
		cmocka_unit_test(an_endpoint_has_no_more_connections_than_it_may),
		cmocka_unit_test(parts_that_had_to_be_larger_than_wished_are_told),
		cmocka_unit_test(source_and_target_the_same_is_refused),
		cmocka_unit_test(a_move_takes_the_source_away_only_when_it_arrived),
		cmocka_unit_test(a_copy_refused_as_changed_is_read_which_tells_whether_it_was),
		cmocka_unit_test(keys_that_cannot_be_paths_are_refused_and_the_rest_goes_on),
		cmocka_unit_test(deleting_a_prefix_leaves_its_namesakes),
		cmocka_unit_test(a_local_delete_never_follows_symlinks),
		cmocka_unit_test(deleting_or_moving_a_link_leaves_what_it_leads_to),
		cmocka_unit_test(a_flipped_byte_never_gets_the_real_name),
		cmocka_unit_test(passing_faults_are_survived),
		cmocka_unit_test(a_part_with_a_wrong_etag_is_sent_again),
		cmocka_unit_test(questions_wait_without_stopping_the_others),
		cmocka_unit_test(a_part_that_is_there_is_gone_on_with_and_proven),
		cmocka_unit_test(a_part_that_nothing_proves_is_fetched_again),
		cmocka_unit_test(failed_items_can_be_tried_again),
		cmocka_unit_test(an_upload_of_a_file_that_changes_fails_and_leaves_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
