#include "core/creds.h"
#include "core/process.h"
#include "core/timeutil.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <pthread.h>

#define JSON_A                                                                         \
	"{\"Version\":1,\"AccessKeyId\":\"AK\",\"SecretAccessKey\":\"canary-secret\"," \
	"\"SessionToken\":\"TOK\",\"Expiration\":\"2200-01-01T00:00:00Z\"}"

/* A directory of the test with a file "json" to print and a file "log" that counts runs. */
struct fixture {
	char dir[32];
	char *json, *log, *command;
};

static void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int set_up(void **state)
{
	struct fixture *f = s3t_alloc(sizeof *f);
	snprintf(f->dir, sizeof f->dir, "/tmp/s3tui-creds-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->json = s3t_asprintf("%s/json", f->dir);
	f->log = s3t_asprintf("%s/log", f->dir);
	f->command = s3t_asprintf("sh -c 'echo x >>\"%s\"; cat \"%s\"'", f->log, f->json);
	write_text(f->log, "");
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	unlink(f->json);
	unlink(f->log);
	rmdir(f->dir);
	free(f->json);
	free(f->log);
	free(f->command);
	free(f);
	return 0;
}

static long runs(const struct fixture *f)
{
	FILE *file = fopen(f->log, "r");
	assert_non_null(file);
	fseek(file, 0, SEEK_END);
	long size = ftell(file);
	fclose(file);
	return size / 2;
}

static void assert_sv(struct strview got, const char *wanted)
{
	assert_int_equal(got.len, strlen(wanted));
	assert_memory_equal(got.data, wanted, got.len);
}

static void a_command_is_split_as_a_shell_splits_words(void **state)
{
	static const struct {
		const char *command, *words; /* joined by "|"; NULL: refused */
	} rows[] = {
		{"a b c", "a|b|c"},
		{"  a\tb  ", "a|b"},
		{"'a b' c", "a b|c"},
		{"a 'b'\"c\"d", "a|bcd"},
		{"a ''", "a|"},
		{"a \"\"", "a|"},
		{"a 'b\\c'", "a|b\\c"},
		{"a \"b\\\"c\\\\d\\$e\\f\"", "a|b\"c\\d$e\\f"},
		{"a\\ b c\\'d", "a b|c'd"},
		{"a $HOME $(b) `c` * ~ ; d", "a|$HOME|$(b)|`c`|*|~|;|d"},
		{"a \\", "a|\\"},
		{"a \"b'c\"", "a|b'c"},
		{"a 'b", NULL},
		{"a \"b", NULL},
		{"a \"b\\", NULL},
		{"", NULL},
		{"   ", NULL},
		{"''", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char **argv;
		struct s3t_err err;
		enum s3t_rc rc = process_split(rows[i].command, &argv, &err);
		assert_int_equal(rc, rows[i].words ? S3T_OK : S3T_INVALID);
		struct strbuf joined;
		strbuf_init(&joined);
		for (char **word = argv; word && *word; word++)
			strbuf_addf(&joined, "%s%s", word == argv ? "" : "|", *word);
		assert_string_equal(joined.data, rows[i].words ? rows[i].words : "");
		strbuf_deinit(&joined);
		process_argv_free(argv);
	}
}

static enum s3t_rc run(const char *command, int64_t timeout_ms, size_t cap, struct cancel *cancel,
	char **out, struct s3t_err *err)
{
	char **argv;
	struct strbuf text;
	assert_int_equal(process_split(command, &argv, NULL), S3T_OK);
	strbuf_init_cap(&text, cap);
	enum s3t_rc rc = process_run(argv, timeout_ms, &text, cancel, err);
	process_argv_free(argv);
	*out = strbuf_take(&text);
	return rc;
}

static void a_process_ends_in_one_of_these_ways(void **state)
{
	static const struct {
		const char *command;
		enum s3t_rc rc;
		const char *out, *message;
	} rows[] = {
		{"printf hello", S3T_OK, "hello", ""},
		{"sh -c 'echo noise >&2; echo fine'", S3T_OK, "fine\n", ""},
		{"sh -c 'exec >&-; echo late >&2'", S3T_OK, "", ""},
		{"cat", S3T_OK, "", ""}, /* stdin is empty */
		{"sh -c 'echo no luck >&2; exit 3'", S3T_IO, "", "exit status 3: no luck"},
		{"sh -c 'exit 4'", S3T_IO, "", "exit status 4."},
		{"sh -c 'printf \"a\\033[31mb\" >&2; exit 1'", S3T_IO, "", "a\\x1b[31mb"},
		{"sh -c 'kill -TERM $$'", S3T_IO, "", "signal 15"},
		{"/nonexistent/program", S3T_IO, "", "cannot be started"},
		{"sh -c 'head -c 2000 /dev/zero | tr \"\\\\0\" x'", S3T_IO, NULL, "1000 bytes"},
		{"sh -c 'head -c 300000 /dev/zero >&2; echo done'", S3T_OK, "done\n", ""},
		{"sh -c 'sleep 5 & echo mother is gone'", S3T_OK, "mother is gone\n", ""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *out;
		struct s3t_err err = {.rc = S3T_OK};
		/* its vfork is a fork, which tells nothing of an exec that failed */
		if (getenv("S3TUI_TEST_VALGRIND") && strstr(rows[i].message, "cannot be started"))
			continue;
		assert_int_equal(run(rows[i].command, 30000, 1000, NULL, &out, &err), rows[i].rc);
		if (rows[i].out)
			assert_string_equal(out, rows[i].out);
		if (!strstr(err.message, rows[i].message))
			fail_msg("%s: %s", rows[i].command, err.message);
		free(out);
	}
}

static void a_process_that_hangs_is_killed_with_its_children(void **state)
{
	static const char *const commands[] = {"sleep 1000", "sh -c 'sleep 1000; :'",
		"sh -c 'while :; do echo x >&2; done'", "sh -c 'exec >&- 2>&-; sleep 1000'"};
	(void)state;
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		char *out;
		struct s3t_err err;
		assert_int_equal(run(commands[i], 50, 1000, NULL, &out, &err), S3T_TIMEOUT);
		free(out);
	}
}

static void *trigger(void *arg)
{
	cancel_trigger(arg);
	return NULL;
}

static void cancelling_ends_a_process(void **state)
{
	(void)state;
	for (int already = 0; already < 2; already++) {
		struct cancel *cancel = cancel_new(NULL);
		pthread_t thread;
		char *out;
		struct s3t_err err;
		if (already)
			cancel_trigger(cancel);
		pthread_create(&thread, NULL, trigger, cancel);
		assert_int_equal(run("sleep 1000", 600000, 10, cancel, &out, &err), S3T_CANCELLED);
		pthread_join(thread, NULL);
		cancel_free(cancel);
		free(out);
	}
}

static void a_child_does_not_see_our_keys(void **state)
{
	(void)state;
	setenv("AWS_ACCESS_KEY_ID", "canary-1", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "canary-2", 1);
	setenv("AWS_SESSION_TOKEN", "canary-3", 1);
	setenv("AWS_PROFILE", "visible", 1);
	char *out;
	assert_int_equal(run("env", 30000, 1 << 20, NULL, &out, NULL), S3T_OK);
	assert_null(strstr(out, "canary"));
	assert_non_null(strstr(out, "AWS_PROFILE=visible"));
	free(out);
	unsetenv("AWS_ACCESS_KEY_ID");
	unsetenv("AWS_SECRET_ACCESS_KEY");
	unsetenv("AWS_SESSION_TOKEN");
	unsetenv("AWS_PROFILE");
}

static void a_static_provider_gives_what_it_was_given(void **state)
{
	(void)state;
	struct creds *c = creds_new("AK", "SK", NULL, CREDS_NO_EXPIRY, "test"), *got;
	struct creds_provider *p = creds_provider_static(c);
	creds_unref(c);
	creds_provider_invalidate(p);
	assert_int_equal(creds_provider_get(p, NULL, &got, NULL), S3T_OK);
	creds_provider_unref(creds_provider_ref(p));
	creds_provider_unref(p);
	assert_sv(creds_access_key(got), "AK");
	assert_sv(creds_secret_key(got), "SK");
	assert_sv(creds_token(got), "");
	assert_true(creds_expires_s(got) == CREDS_NO_EXPIRY);
	assert_string_equal(creds_source(got), "test");
	creds_unref(got);
}

static void anonymous_is_no_credentials_and_no_error(void **state)
{
	(void)state;
	struct creds *got = (struct creds *)1;
	struct creds_provider *p = creds_provider_static(NULL);
	assert_int_equal(creds_provider_get(p, NULL, &got, NULL), S3T_OK);
	assert_null(got);
	creds_unref(NULL);
	creds_provider_unref(p);
	creds_provider_unref(NULL);
}

static void a_failing_provider_says_why(void **state)
{
	(void)state;
	struct creds *got;
	struct s3t_err err;
	struct creds_provider *p = creds_provider_failing("There are 100% none.");
	assert_int_equal(creds_provider_get(p, NULL, &got, &err), S3T_CREDENTIALS);
	assert_string_equal(err.message, "There are 100% none.");
	assert_null(got);
	creds_provider_unref(p);
}

static void a_process_is_run_once_until_it_is_invalidated(void **state)
{
	struct fixture *f = *state;
	write_text(f->json, JSON_A);
	struct creds_provider *p = creds_provider_process(f->command, "test");
	struct creds *got;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(creds_provider_get(p, NULL, &got, NULL), S3T_OK);
		assert_sv(creds_access_key(got), "AK");
		assert_sv(creds_secret_key(got), "canary-secret");
		assert_sv(creds_token(got), "TOK");
		assert_int_equal(creds_expires_s(got), 7258118400);
		creds_unref(got);
	}
	assert_int_equal(runs(f), 1);
	creds_provider_invalidate(p);
	assert_int_equal(creds_provider_get(p, NULL, &got, NULL), S3T_OK);
	creds_unref(got);
	assert_int_equal(runs(f), 2);
	creds_provider_unref(p);
}

static void what_a_process_prints_is_checked(void **state)
{
	static const struct {
		const char *json, *message; /* NULL: accepted */
	} rows[] = {
		{JSON_A, NULL},
		{"{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"B\"}", NULL},
		{"{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"B\","
		 "\"SessionToken\":\"\"}",
			NULL},
		{"{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"B\","
		 "\"Expiration\":\"9999-12-31T23:59:59Z\"}",
			NULL},
		{"{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"B\","
		 "\"Expiration\":\"9999-99-31T23:59:59Z\"}",
			"Expiration"},
		{"", "JSON object"},
		{"canary-secret", "JSON object"},
		{"[\"canary-secret\"]", "JSON object"},
		{"{\"Version\":2,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"canary-secret\"}",
			"Version"},
		{"{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"canary-secret\"}", "Version"},
		{"{\"Version\":1,\"AccessKeyId\":\"A\"}", "SecretAccessKey"},
		{"{\"Version\":1,\"AccessKeyId\":\"\",\"SecretAccessKey\":\"canary-secret\"}",
			"AccessKeyId"},
		{"{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"canary-"
		 "secret\\r\\nx\"}",
			"SecretAccessKey"},
		{"{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"canary-secret\","
		 "\"SessionToken\":\"a b\"}",
			"SessionToken"},
		{"{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"canary-secret\","
		 "\"Expiration\":\"soon\"}",
			"Expiration"},
		{"{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"canary-secret\","
		 "\"Expiration\":\"2001-01-01T00:00:00Z\"}",
			"have expired"},
	};
	struct fixture *f = *state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct creds *got;
		struct s3t_err err = {.rc = S3T_OK};
		write_text(f->json, rows[i].json);
		struct creds_provider *p = creds_provider_process(f->command, "test command");
		enum s3t_rc rc = creds_provider_get(p, NULL, &got, &err);
		assert_int_equal(rc, rows[i].message ? S3T_CREDENTIALS : S3T_OK);
		assert_int_equal(got != NULL, rc == S3T_OK);
		assert_true(
			sv_starts_with(sv(err.message), rc == S3T_OK ? SV("") : SV("The test")));
		assert_non_null(strstr(err.message, rows[i].message ? rows[i].message : ""));
		assert_null(strstr(err.message, "canary"));
		creds_unref(got);
		creds_provider_unref(p);
	}
}

static void a_command_that_cannot_run_is_a_lack_of_credentials(void **state)
{
	static const char *const commands[] = {"/nonexistent/x", "'open", "", "false"};
	(void)state;
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		struct creds *got;
		struct s3t_err err;
		struct creds_provider *p = creds_provider_process(commands[i], "command");
		assert_int_equal(creds_provider_get(p, NULL, &got, &err), S3T_CREDENTIALS);
		assert_int_equal(err.rc, S3T_CREDENTIALS);
		assert_null(got);
		creds_provider_unref(p);
	}
}

static void write_json(const struct fixture *f, const char *key, int64_t life_s)
{
	char when[32];
	time_format_iso(time_wall_s() + life_s, when);
	char *json = s3t_asprintf("{\"Version\":1,\"AccessKeyId\":\"%s\","
				  "\"SecretAccessKey\":\"B\",\"Expiration\":\"%s\"}",
		key, when);
	write_text(f->json, json);
	free(json);
}

static void a_life_of_an_hour_needs_no_renewal_now(void **state)
{
	struct fixture *f = *state;
	struct creds_provider *p = creds_provider_process(f->command, "test");
	struct creds *got;
	write_json(f, "A", 3600);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(creds_provider_get(p, NULL, &got, NULL), S3T_OK);
		creds_unref(got);
	}
	assert_int_equal(runs(f), 1);
	creds_provider_unref(p);
}

static void a_short_life_is_not_renewed_at_every_call(void **state)
{
	struct fixture *f = *state;
	struct creds_provider *p = creds_provider_process(f->command, "test");
	struct creds *got;
	write_json(f, "A", 600); /* less than the 15 minutes of long ones */
	for (int i = 0; i < 3; i++) {
		assert_int_equal(creds_provider_get(p, NULL, &got, NULL), S3T_OK);
		creds_unref(got);
	}
	assert_int_equal(runs(f), 1);
	creds_provider_unref(p);
}

static void what_was_invalidated_does_not_serve_again(void **state)
{
	struct fixture *f = *state;
	struct creds_provider *p = creds_provider_process(f->command, "test");
	struct creds *got;
	write_json(f, "A", 3600);
	assert_int_equal(creds_provider_get(p, NULL, &got, NULL), S3T_OK);
	creds_unref(got);
	creds_provider_invalidate(p);
	write_text(f->json, "broken");
	assert_int_equal(creds_provider_get(p, NULL, &got, NULL), S3T_CREDENTIALS);
	assert_null(got);
	write_json(f, "C", 3600);
	assert_int_equal(creds_provider_get(p, NULL, &got, NULL), S3T_OK);
	assert_sv(creds_access_key(got), "C");
	creds_unref(got);
	creds_provider_unref(p);
}

#define GETTERS 8

struct getter {
	struct creds_provider *p;
	struct cancel *cancel;
	enum s3t_rc rc;
	struct creds *got;
	pthread_t thread;
};

static void *get_one(void *arg)
{
	struct getter *g = arg;
	g->rc = creds_provider_get(g->p, g->cancel, &g->got, NULL);
	return NULL;
}

static void many_threads_share_one_run(void **state)
{
	struct fixture *f = *state;
	struct getter getters[GETTERS];
	write_text(f->json, JSON_A);
	struct creds_provider *p = creds_provider_process(f->command, "test");
	for (int i = 0; i < GETTERS; i++) {
		getters[i] = (struct getter){.p = p};
		pthread_create(&getters[i].thread, NULL, get_one, &getters[i]);
	}
	for (int i = 0; i < GETTERS; i++) {
		pthread_join(getters[i].thread, NULL);
		assert_int_equal(getters[i].rc, S3T_OK);
		assert_sv(creds_access_key(getters[i].got), "AK");
		creds_unref(getters[i].got);
	}
	assert_int_equal(runs(f), 1);
	creds_provider_unref(p);
}

static void cancelling_frees_all_who_wait_for_a_process(void **state)
{
	struct getter getters[GETTERS];
	struct cancel *root = cancel_new(NULL);
	(void)state;
	struct creds_provider *p = creds_provider_process("sleep 1000", "test");
	for (int i = 0; i < GETTERS; i++) {
		getters[i] = (struct getter){.p = p, .cancel = cancel_new(root)};
		pthread_create(&getters[i].thread, NULL, get_one, &getters[i]);
	}
	cancel_trigger(root);
	for (int i = 0; i < GETTERS; i++) {
		pthread_join(getters[i].thread, NULL);
		assert_int_equal(getters[i].rc, S3T_CANCELLED);
		assert_null(getters[i].got);
		cancel_free(getters[i].cancel);
	}
	creds_provider_unref(p);
	cancel_free(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_is_split_as_a_shell_splits_words),
		cmocka_unit_test(a_process_ends_in_one_of_these_ways),
		cmocka_unit_test(a_process_that_hangs_is_killed_with_its_children),
		cmocka_unit_test(cancelling_ends_a_process),
		cmocka_unit_test(a_child_does_not_see_our_keys),
		cmocka_unit_test(a_static_provider_gives_what_it_was_given),
		cmocka_unit_test(anonymous_is_no_credentials_and_no_error),
		cmocka_unit_test(a_failing_provider_says_why),
		cmocka_unit_test_setup_teardown(
			a_process_is_run_once_until_it_is_invalidated, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_a_process_prints_is_checked, set_up, tear_down),
		cmocka_unit_test(a_command_that_cannot_run_is_a_lack_of_credentials),
		cmocka_unit_test_setup_teardown(
			a_life_of_an_hour_needs_no_renewal_now, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_short_life_is_not_renewed_at_every_call, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_was_invalidated_does_not_serve_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(many_threads_share_one_run, set_up, tear_down),
		cmocka_unit_test(cancelling_frees_all_who_wait_for_a_process),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
