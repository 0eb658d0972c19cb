/* Jobs whose targets go up as they come: commands (JOB_PIPE) in every order of reading and
 * printing, failures on each side, cancel, resuming in place. */
#include "support/fixture.h"

#include "core/process.h"
#include "core/timeutil.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char ini[] = "[retry]\nmax_attempts = 2\ninitial_delay = 1ms\nmax_delay = 5ms\n";

static void add_command(struct job_spec *spec, const char *script)
{
	const char *const words[] = {"sh", "-c", script};
	spec->kind = JOB_PIPE;
	spec->max_items = PIPE_AT_ONCE;
	spec->report_problems = true;
	for (size_t i = 0; i < 3; i++)
		process_argv_add(&spec->argv, sv(words[i]));
}

static void assert_object(struct fixture *f, const char *key, const char *wanted)
{
	struct strbuf text;
	struct s3t_err err;
	strbuf_init(&text);
	assert_int_equal(sandbox_get(f->server, SANDBOX_BUCKET, sv(key), &text, &err), S3T_OK);
	strbuf_add_char(&text, '\0');
	assert_string_equal(text.data, wanted);
	strbuf_deinit(&text);
}

/* 20 MiB come before the first byte is read: the target is begun while the source is not. */
static void what_prints_before_it_reads(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	fixture_start(&f, NULL, ini);
	fixture_put(&f, "in", "tail");
	fixture_copy(&f, &spec, "in", "", "out");
	add_command(&spec, "head -c 20971520 /dev/zero; cat");
	fixture_run(&f, &spec);
	assert_int_equal(f.failed, 0);
	assert_int_equal(f.done, 1);
	struct strbuf text;
	struct s3t_err err;
	strbuf_init(&text);
	assert_int_equal(sandbox_get(f.server, SANDBOX_BUCKET, SV("out"), &text, &err), S3T_OK);
	assert_int_equal(text.len, 20971524);
	assert_memory_equal(text.data + 20971520, "tail", 4);
	strbuf_deinit(&text);
	fixture_stop(&f);
}

/* Of "in" nothing comes: the job fails, and neither object nor upload is there. */
static void assert_fails(struct fixture *f, const char *script, const struct sandbox_fault *fault)
{
	struct job_spec spec;
	fixture_put(f, "in", "tail");
	fixture_copy(f, &spec, "in", "", "out");
	add_command(&spec, script);
	sandbox_fault(f->server, fault);
	fixture_run(f, &spec);
	assert_int_equal(f->failed, 1);
	assert_false(fixture_has_key(f, "out"));
	assert_int_equal(sandbox_upload_count(f->server), 0);
}

/* One side fails while the other is under way: that is the reason that is told. */
static void a_side_that_fails_is_a_failure(void **state)
{
	(void)state;
	static const struct {
		const char *script, *method, *target;
	} sides[] = {{"head -c 40000000 /dev/zero; cat", "GET", "/in"},
		{"cat; head -c 40000000 /dev/zero", "PUT", NULL}};
	for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
		struct fixture f;
		fixture_start(&f, NULL, ini);
		assert_fails(&f, sides[i].script,
			&(struct sandbox_fault){.kind = SANDBOX_FAULT_ANSWER,
				.method = sides[i].method,
				.target = sides[i].target,
				.status = 403,
				.code = "AccessDenied",
				.times = SANDBOX_FOREVER});
		assert_string_equal(f.first_error.code, "AccessDenied");
		fixture_stop(&f);
	}
}

/* CreateMultipartUpload is done and its answer lost: what it made does not stay. */
static void a_begin_whose_answer_is_lost(void **state)
{
	(void)state;
	struct fixture f;
	fixture_start(&f, NULL, "[retry]\nmax_attempts = 1\n");
	fixture_journal(&f);
	assert_fails(&f, "cat; head -c 40000000 /dev/zero",
		&(struct sandbox_fault){.kind = SANDBOX_FAULT_WORK_CLOSE,
			.method = "POST",
			.target = "uploads",
			.times = 1});
	fixture_stop(&f);
}

static void wait_for_file(struct fixture *f, const char *name)
{
	int64_t until_ms = time_mono_ms() + 30000;
	while (!fixture_exists(f, name)) {
		assert_true(time_mono_ms() < until_ms);
		usleep(1000);
	}
}

/* Neither what has closed its output nor what it has left behind holds a cancel up. */
static void a_cancel_waits_for_nobody(void **state)
{
	(void)state;
	static const char *const scripts[] = {
		"cat; exec >&-; : >'%s/began'; exec sleep 1000",
		"setsid sh -c ': >\"%s/began\"; exec sleep 20' 2>/dev/null & exit 0",
		": >'%s/began'; exec sleep 1000",
	};
	for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
		struct fixture f;
		struct job_spec spec;
		fixture_start(&f, NULL, ini);
		char *script =
			s3t_asprintf("%.*s%s%s", (int)(strstr(scripts[i], "%s") - scripts[i]),
				scripts[i], f.dir, strstr(scripts[i], "%s") + 2);
		fixture_write(&f, "in", 1 << 20, 1);
		fixture_upload(&f, &spec, "in", "", "out");
		add_command(&spec, script);
		job_id id = engine_submit(f.engine, &spec);
		wait_for_file(&f, "began");
		int64_t began_ms = time_mono_ms();
		engine_cancel(f.engine, id);
		fixture_wait(&f, id);
		assert_true(time_mono_ms() - began_ms < 10000);
		assert_true(f.was_cancelled);
		assert_false(fixture_has_key(&f, "out"));
		free(script);
		fixture_stop(&f);
	}
}

/* What it reads is all or nothing: it is killed before a cut input could look like a whole one. */
static void a_cut_input_is_no_input(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	fixture_start(&f, NULL, ini);
	fixture_write(&f, "in", 4 << 20, 1);
	fixture_upload(&f, &spec, "in", "", "in");
	fixture_run(&f, &spec);
	for (int i = 0; i < 10; i++) {
		char *script = s3t_asprintf("cat >/dev/null; : >'%s/committed'", f.dir);
		fixture_copy(&f, &spec, "in", "", "out");
		add_command(&spec, script);
		sandbox_fault(f.server, &(struct sandbox_fault){.kind = SANDBOX_FAULT_CLOSE_BODY,
						.method = "GET",
						.target = "/in",
						.bytes = 1 << 20,
						.times = 1});
		sandbox_fault(f.server, &(struct sandbox_fault){.kind = SANDBOX_FAULT_ANSWER,
						.method = "GET",
						.target = "/in",
						.nth = 2,
						.status = 403,
						.code = "AccessDenied",
						.times = SANDBOX_FOREVER});
		fixture_run(&f, &spec);
		assert_int_equal(f.failed, 1);
		assert_false(fixture_exists(&f, "committed"));
		sandbox_clear_faults(f.server);
		free(script);
	}
	fixture_stop(&f);
}

/* The file grew while the command ran: what it printed is of another file. */
static void a_source_that_changes(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	fixture_start(&f, NULL, ini);
	fixture_write(&f, "in", 100, 1);
	char *script = s3t_asprintf("cat; echo more >>'%s/in'", f.dir);
	fixture_upload(&f, &spec, "in", "", "out");
	add_command(&spec, script);
	fixture_run(&f, &spec);
	assert_int_equal(f.failed, 1);
	assert_int_equal(f.first_error.rc, S3T_CHANGED);
	assert_false(fixture_has_key(&f, "out"));
	free(script);
	/* the same of an object, whose place it was to take */
	fixture_put(&f, "object", "old");
	script = s3t_asprintf(
		"cat; : >'%s/read'; while [ ! -e '%s/go' ]; do sleep 0.01; done", f.dir, f.dir);
	fixture_copy(&f, &spec, "object", "", "object");
	add_command(&spec, script);
	job_id id = engine_submit(f.engine, &spec);
	wait_for_file(&f, "read");
	fixture_put(&f, "object", "another's");
	fixture_write(&f, "go", 0, 1);
	fixture_wait(&f, id);
	assert_int_equal(f.failed, 1);
	assert_int_equal(f.first_error.rc, S3T_CHANGED);
	assert_object(&f, "object", "another's");
	free(script);
	fixture_stop(&f);
}

/* Ours win over what is inherited: a command within a command knows its own object. */
static void its_environment_is_its_own(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	fixture_start(&f, NULL, ini);
	assert_int_equal(setenv("S3TUI_NAME", "stale", 1), 0);
	fixture_put(&f, "in", "x");
	fixture_copy(&f, &spec, "in", "", "out");
	add_command(&spec, "printf %s \"$S3TUI_NAME\"");
	fixture_run(&f, &spec);
	assert_int_equal(unsetenv("S3TUI_NAME"), 0);
	assert_int_equal(f.done, 1);
	assert_object(&f, "out", "out");
	fixture_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_prints_before_it_reads),
		cmocka_unit_test(a_side_that_fails_is_a_failure),
		cmocka_unit_test(a_begin_whose_answer_is_lost),
		cmocka_unit_test(a_cancel_waits_for_nobody),
		cmocka_unit_test(a_cut_input_is_no_input),
		cmocka_unit_test(a_source_that_changes),
		cmocka_unit_test(its_environment_is_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
