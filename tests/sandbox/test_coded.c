/*
 * Uploads that are compressed or encrypted on their way and the way back: streams, ranges, resumed
 * uploads, what was tampered with, what others wrote.
 */
#include "support/fixture.h"

#include "core/coding.h"
#include "core/timeutil.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define MIB ((size_t)1 << 20)
#define PACKED_NUMBERS 3500000 /* a few parts, also compressed */
#define SECRET "AGE-SECRET-KEY-1CXU79M5TP4P7JT9FSEXX7JTDM3ZD8Y2N3GYNLGUCVTTFRA92877SGLSNVJ"
#define RECIPIENT "age1n4tnmx7ret4nzqc08csm7g526pr8a6frzj425cpv78n30f2dksas0af59v"
#define PARTS                                                                           \
	"[retry]\ninitial_delay = 0s\nmax_delay = 0s\n[upload]\nmultipart_threshold = " \
	"8MiB\npart_size = 5MiB\n[download]\nchunk_size = 1MiB\n"

static char identity_file[64];

static void start(struct fixture *f, bool encrypts)
{
	static char state_dir[64];
	snprintf(identity_file, sizeof identity_file, "/tmp/s3tui-test-id-%d", (int)getpid());
	int fd = open(identity_file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, SECRET "\n", strlen(SECRET) + 1), strlen(SECRET) + 1);
	assert_int_equal(close(fd), 0);
	char *ini = s3t_asprintf(PARTS "[encryption]\ntype = %s\nclient_recipients = " RECIPIENT
				       "\nclient_identity_file = %s\n",
		encrypts ? "ClientSide" : "none", identity_file);
	fixture_start(f, NULL, ini);
	free(ini);
	snprintf(state_dir, sizeof state_dir, "%s", f->dir);
	assert_int_equal(setenv("XDG_STATE_HOME", state_dir, 1), 0);
}

static void stop(struct fixture *f)
{
	fixture_stop(f);
	(void)unlink(identity_file);
}

static void upload(struct fixture *f, const char *name, const char *compress)
{
	struct job_spec spec;
	fixture_upload(f, &spec, name, "", name);
	free(spec.compress);
	spec.compress = s3t_strdup(compress);
	fixture_run(f, &spec);
}

static void download(struct fixture *f, const char *key, const char *to, bool raw)
{
	struct job_spec spec;
	fixture_download(f, &spec, key, "", to);
	spec.raw = raw;
	fixture_run(f, &spec);
}

/* Numbers, which compress. */
static void write_numbers(struct fixture *f, const char *name, size_t count)
{
	char *path = s3t_asprintf("%s/%s", f->dir, name);
	FILE *out = fopen(path, "w");
	assert_non_null(out);
	for (size_t i = 0; i < count; i++)
		fprintf(out, "%zu\n", i * i);
	assert_int_equal(fclose(out), 0);
	free(path);
}

static void header(struct fixture *f, const char *key, const char *name, char out[256])
{
	struct strbuf value;
	struct s3t_err err;
	strbuf_init(&value);
	assert_int_equal(
		sandbox_get_header(f->server, "demo", sv(key), name, &value, &err), S3T_OK);
	snprintf(out, 256, "%s", value.data);
	strbuf_deinit(&value);
}

static void expect(struct fixture *f, const char *key, const char *name, const char *wanted)
{
	char value[256];
	header(f, key, name, value);
	assert_string_equal(value, wanted);
}

static void test_round_trips(void **state)
{
	static const struct {
		const char *compress, *coding;
		bool encrypts;
	} rows[] = {{"off", "age", true}, {"gzip", "gzip", false}, {"zstd", "zstd", false},
		{"gzip", "gzip+age", true}, {"zstd", "zstd+age", true}};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fixture f;
		start(&f, rows[i].encrypts);
		write_numbers(&f, "numbers.txt", 3000000); /* several parts, also compressed */
		write_numbers(&f, "few.txt", 1000);
		fixture_write(&f, "random.bin", 12 * MIB, 1);
		fixture_write(&f, "empty", 0, 1);
		static const char *const names[] = {
			"numbers.txt", "few.txt", "random.bin", "empty"};
		for (size_t n = 0; n < COUNT(names); n++) {
			upload(&f, names[n], rows[i].compress);
			assert_int_equal(f.done, 1);
			download(&f, names[n], "back", false);
			assert_int_equal(f.done, 1);
			assert_true(fixture_files_equal(&f, names[n], "back"));
		}
		expect(&f, "few.txt", "x-amz-meta-coding", rows[i].coding);
		char size[256], told[32];
		struct stat st;
		char *path = s3t_asprintf("%s/few.txt", f.dir);
		assert_int_equal(stat(path, &st), 0);
		free(path);
		snprintf(told, sizeof told, "%lld", (long long)st.st_size);
		header(&f, "few.txt", "x-amz-meta-plain-size", size);
		assert_string_equal(size, told);
		expect(&f, "few.txt", "content-type",
			rows[i].encrypts ? "application/octet-stream" : "text/plain");
		expect(&f, "few.txt", "content-encoding", rows[i].encrypts ? "" : rows[i].compress);
		if (rows[i].encrypts)
			expect(&f, "few.txt", "x-amz-meta-plain-type", "text/plain");
		/* what does not shrink is left alone */
		expect(&f, "random.bin", "x-amz-meta-coding", rows[i].encrypts ? "age" : "");
		assert_int_equal(sandbox_upload_count(f.server), 0);
		/* as it is stored */
		download(&f, "few.txt", "raw", true);
		assert_true(fixture_file_is_object(&f, "raw", "few.txt"));
		assert_false(fixture_files_equal(&f, "raw", "few.txt"));
		stop(&f);
	}
}

/* Nothing of what was tampered with comes to its name; in one answer and in ranges. */
static void test_tampering(void **state)
{
	static const size_t sizes[] = {100000, 12 * MIB};
	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct fixture f;
		start(&f, true);
		fixture_write(&f, "file", sizes[i], 2);
		upload(&f, "file", "off");
		struct strbuf bytes;
		struct s3t_err err;
		char size[32];
		snprintf(size, sizeof size, "%zu", sizes[i]);
		strbuf_init_cap(&bytes, 16 * MIB);
		assert_int_equal(sandbox_get(f.server, "demo", SV("file"), &bytes, NULL), S3T_OK);
		bytes.data[bytes.len - 100] ^= 1;
		struct s3_ctx ctx = {.client = f.client, .conn = f.conn};
		struct s3_put put = {.mtime_ns = TIME_UNKNOWN,
			.metadata = SV("coding: age\nplain-size: 100000\n")};
		assert_int_equal(s3_put_object(&ctx, SV("demo"), SV("file"), &put,
					 strbuf_view(&bytes), NULL, &err),
			S3T_OK);
		strbuf_deinit(&bytes);
		download(&f, "file", "back", false);
		assert_int_equal(f.failed, 1);
		assert_non_null(strstr(f.first_error.message, "tampered"));
		assert_false(fixture_exists(&f, "back"));
		assert_int_equal(fixture_temp_count(&f), 0);
		stop(&f);
	}
}

/* A range of what is encrypted asks for its chunks only, and gives what the plain file has there.
 */
static bool gather(void *arg, const char *data, size_t len)
{
	strbuf_add(arg, data, len);
	return true;
}

static void test_ranges(void **state)
{
	static const struct {
		uint64_t offset, len;
	} ranges[] = {{0, 1}, {0, 65536}, {65535, 2}, {65536, 65536}, {100, 300000},
		{12 * MIB - 5, 5}, {3 * MIB + 17, 1}, {0, 12 * MIB}};
	struct fixture f;
	(void)state;
	start(&f, true);
	fixture_write(&f, "file", 12 * MIB, 3);
	upload(&f, "file", "off");
	char *path = s3t_asprintf("%s/file", f.dir);
	int fd = open(path, O_RDONLY);
	free(path);
	for (size_t i = 0; i < COUNT(ranges); i++) {
		struct loc_io io = {.conn = f.conn};
		struct loc_stat st;
		struct loc_source *source;
		struct s3t_err err;
		struct strbuf got;
		char *want = s3t_alloc((size_t)ranges[i].len);
		assert_int_equal(f.s3->ops->stat(f.s3, &io, SV("demo/file"), &st, &err), S3T_OK);
		assert_int_equal(st.size, 12 * MIB);
		st.decode = true;
		strbuf_init_cap(&got, 16 * MIB);
		assert_int_equal(
			f.s3->ops->source_open(f.s3, &io, SV("demo/file"), &st, &source, &err),
			S3T_OK);
		uint64_t before = sandbox_bytes_sent(f.server);
		assert_int_equal(f.s3->ops->source_read(source, &io, ranges[i].offset,
					 ranges[i].len, gather, &got, &err),
			S3T_OK);
		assert_true(sandbox_bytes_sent(f.server) - before <
			    ranges[i].len + ranges[i].len / 1000 + 3 * 65552 + 2048);
		f.s3->ops->source_close(source);
		loc_stat_deinit(&st);
		assert_int_equal(pread(fd, want, ranges[i].len, (off_t)ranges[i].offset),
			(ssize_t)ranges[i].len);
		assert_int_equal(got.len, ranges[i].len);
		assert_memory_equal(got.data, want, got.len);
		strbuf_deinit(&got);
		free(want);
	}
	close(fd);
	stop(&f);
}

static void submit_and_kill(struct fixture *f, struct job_spec *spec)
{
	struct sandbox_fault fault = {.kind = SANDBOX_FAULT_STALL,
		.method = "PUT",
		.target = "partNumber",
		.nth = 3,
		.times = SANDBOX_FOREVER};
	sandbox_fault(f->server, &fault);
	engine_submit(f->engine, spec);
	fixture_suspend_at_fault(f, 2);
}

/* Another process makes the same file again: the parts that are there stay. The journal has no
 * secret. */
static void test_resume(void **state)
{
	struct fixture f;
	struct job_spec spec;
	struct strbuf journal;
	(void)state;
	start(&f, true);
	fixture_journal(&f);
	fixture_write(&f, "file", 60 * MIB, 4);
	fixture_upload(&f, &spec, "file", "", "file");
	submit_and_kill(&f, &spec);
	strbuf_init_cap(&journal, MIB);
	fixture_journal_text(&f, &journal);
	assert_non_null(strstr(journal.data, "seed="));
	assert_null(strstr(journal.data, "SECRET"));
	strbuf_deinit(&journal);
	uint64_t before = sandbox_part_count(f.server);
	assert_true(before >= 2);
	fixture_wait(&f, fixture_resume(&f));
	assert_int_equal(f.done, 1);
	assert_int_equal(sandbox_part_count(f.server), 13); /* none was sent twice */
	assert_int_equal(sandbox_upload_count(f.server), 0);
	download(&f, "file", "back", false);
	assert_true(fixture_files_equal(&f, "file", "back"));
	stop(&f);
}

/* A listing tells what is stored, and small objects are not looked at before they are read: the
 * file is as long as what was read all the same. */
static void test_tree_comes_back(void **state)
{
	static const size_t sizes[] = {
		0, 1, 1000, 65536, 200000, 520000, 1000000, 5 * MIB, 8380000, 8 * MIB, 9 * MIB};
	(void)state;
	for (unsigned encrypts = 0; encrypts < 2; encrypts++) {
		struct fixture f;
		struct job_spec spec;
		start(&f, encrypts);
		for (size_t i = 0; i < COUNT(sizes); i++) {
			char name[32];
			snprintf(name, sizeof name, "tree/f%zu", sizes[i]);
			fixture_write(&f, name, sizes[i], (unsigned)i);
		}
		write_numbers(&f, "tree/numbers.txt", 300000);
		fixture_upload(&f, &spec, "tree", "", "tree");
		spec.recursive = true;
		free(spec.compress);
		spec.compress = s3t_strdup("zstd");
		fixture_run(&f, &spec);
		fixture_download(&f, &spec, "tree", "", "back");
		spec.recursive = true;
		fixture_run(&f, &spec);
		assert_int_equal(f.failed, 0);
		assert_int_equal(f.done, COUNT(sizes) + 1);
		for (size_t i = 0; i < COUNT(sizes); i++) {
			char name[32], back[32];
			snprintf(name, sizeof name, "tree/f%zu", sizes[i]);
			snprintf(back, sizeof back, "back/f%zu", sizes[i]);
			if (!fixture_files_equal(&f, name, back))
				fail_msg("%s", name);
		}
		assert_true(fixture_files_equal(&f, "tree/numbers.txt", "back/numbers.txt"));
		stop(&f);
	}
}

/* Another process compresses the same file again, and sends what the server has not. A file that is
 * another one by then begins anew. Either way no upload stays. */
static void test_packed_resume(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		bool encrypts = i & 1, changes = i & 2;
		struct fixture f;
		struct job_spec spec;
		start(&f, encrypts);
		fixture_journal(&f);
		write_numbers(&f, "numbers.txt", PACKED_NUMBERS);
		fixture_upload(&f, &spec, "numbers.txt", "", "numbers.txt");
		free(spec.compress);
		spec.compress = s3t_strdup(encrypts ? "zstd" : "gzip");
		submit_and_kill(&f, &spec);
		if (changes)
			write_numbers(&f, "numbers.txt", PACKED_NUMBERS + 1);
		uint64_t before = sandbox_part_count(f.server);
		assert_int_equal(before, 2);
		fixture_wait(&f, fixture_resume(&f));
		assert_int_equal(f.done, 1);
		assert_int_equal(sandbox_upload_count(f.server), 0);
		char etag[256];
		header(&f, "numbers.txt", "etag", etag);
		const char *dash = strchr(etag, '-');
		assert_non_null(dash);
		uint64_t parts = strtoull(dash + 1, NULL, 10);
		assert_true(parts > before);
		assert_int_equal(sandbox_part_count(f.server), parts + (changes ? before : 0));
		download(&f, "numbers.txt", "back", false);
		assert_true(fixture_files_equal(&f, "numbers.txt", "back"));
		stop(&f);
	}
}

static void set_time(struct fixture *f, const char *name, time_t at_s)
{
	char *path = s3t_asprintf("%s/%s", f->dir, name);
	struct timespec times[2] = {{.tv_sec = at_s}, {.tv_sec = at_s}};
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	free(path);
}

/* What is there already is compared as it really is, in any direction. */
static void test_policies_of_trees(void **state)
{
	static const enum conflict_policy policies[] = {
		CONFLICT_NEWER, CONFLICT_SIZE, CONFLICT_RESUME};
	struct fixture f;
	struct job_spec spec;
	(void)state;
	start(&f, false);
	fixture_write(&f, "d/numbers.txt", 1, 1); /* makes the directory */
	write_numbers(&f, "d/numbers.txt", 100000);
	fixture_upload(&f, &spec, "d", "", "d");
	spec.recursive = true;
	free(spec.compress);
	spec.compress = s3t_strdup("gzip");
	fixture_run(&f, &spec);
	for (size_t i = 0; i < 2 * COUNT(policies); i++) {
		bool is_down = i >= COUNT(policies);
		enum conflict_policy policy = policies[i % COUNT(policies)];
		if (!is_down && policy == CONFLICT_RESUME)
			continue; /* for downloads only */
		for (int again = 0; again < 2; again++) {
			if (is_down)
				fixture_download(&f, &spec, "d", "", "back");
			else
				fixture_copy(&f, &spec, "d", "", "copy");
			spec.recursive = true;
			spec.policy = policy;
			fixture_run(&f, &spec);
			assert_int_equal(f.failed, 0);
			assert_int_equal(f.done + f.skipped, 1);
			if (again)
				assert_int_equal(f.skipped, 1);
		}
	}
	assert_true(fixture_files_equal(&f, "d/numbers.txt", "back/numbers.txt"));
	/* an older source is not newer for having been stored later */
	fixture_write(&f, "new/f", 100, 1);
	set_time(&f, "new/f", 2000);
	fixture_write(&f, "old/f", 200, 2);
	set_time(&f, "old/f", 1000);
	for (int is_old = 0; is_old < 2; is_old++) {
		fixture_upload(&f, &spec, is_old ? "old" : "new", "", is_old ? "old" : "target");
		spec.recursive = true;
		fixture_run(&f, &spec);
		assert_int_equal(f.done, 1);
	}
	fixture_copy(&f, &spec, "old", "", "target");
	spec.recursive = true;
	spec.policy = CONFLICT_NEWER;
	fixture_run(&f, &spec);
	assert_int_equal(f.skipped, 1);
	stop(&f);
}

static void set_word(char **setting, const char *word)
{
	free(*setting);
	*setting = s3t_strdup(word);
}

/* Between the kill and the resume the profile was changed: what goes on is whole and of one kind,
 * and says what it is. */
static void test_profile_changed(void **state)
{
	static const struct {
		const char *type, *compress;
	} kinds[] = {{"none", "off"}, {"none", "gzip"}, {"none", "zstd"}, {"ClientSide", "off"},
		{"ClientSide", "gzip"}};
	(void)state;
	static const unsigned char pairs[][2] = {
		{1, 2}, {1, 4}, {4, 1}, {3, 0}, {0, 3}, {3, 4}, {4, 3}, {0, 1}};
	for (size_t i = 0; i < COUNT(pairs); i++) {
		struct fixture f;
		struct job_spec spec;
		size_t before = pairs[i][0], after = pairs[i][1];
		start(&f, false);
		fixture_journal(&f);
		write_numbers(&f, "numbers.txt", PACKED_NUMBERS);
		fixture_upload(&f, &spec, "numbers.txt", "", "numbers.txt");
		job_spec_leave_to_target(&spec);
		set_word(&f.profile->settings.encryption_type, kinds[before].type);
		set_word(&f.profile->settings.compress, kinds[before].compress);
		submit_and_kill(&f, &spec);
		set_word(&f.profile->settings.encryption_type, kinds[after].type);
		set_word(&f.profile->settings.compress, kinds[after].compress);
		fixture_wait(&f, fixture_resume(&f));
		assert_int_equal(f.done, 1);
		assert_int_equal(sandbox_upload_count(f.server), 0);
		download(&f, "numbers.txt", "back", false);
		if (!fixture_files_equal(&f, "numbers.txt", "back"))
			fail_msg("%s %s, then %s %s", kinds[before].type, kinds[before].compress,
				kinds[after].type, kinds[after].compress);
		stop(&f);
	}
}

/* The same of a copy that was encrypted on its way, and is not any more. */
static void test_seal_changed(void **state)
{
	static const char *const types[] = {"none", "SSE_S3"};
	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		struct fixture f;
		struct job_spec spec;
		start(&f, false);
		fixture_journal(&f);
		fixture_write(&f, "plain", 60 * MIB, 9);
		fixture_upload(&f, &spec, "plain", "", "plain");
		fixture_run(&f, &spec);
		fixture_copy(&f, &spec, "plain", "", "copy");
		spec.kind = JOB_MOVE;
		job_spec_leave_to_target(&spec);
		set_word(&f.profile->settings.encryption_type, "ClientSide");
		submit_and_kill(&f, &spec);
		set_word(&f.profile->settings.encryption_type, types[i]);
		fixture_wait(&f, fixture_resume(&f));
		assert_int_equal(f.done, 1);
		assert_int_equal(sandbox_upload_count(f.server), 0);
		assert_false(fixture_has_key(&f, "plain"));
		download(&f, "copy", "back", false);
		assert_true(fixture_files_equal(&f, "plain", "back"));
		stop(&f);
	}
}

/* An interrupted download of what is encrypted goes on by ranges. */
static void test_download_resume(void **state)
{
	struct fixture f;
	struct job_spec spec;
	(void)state;
	start(&f, true);
	fixture_journal(&f);
	fixture_write(&f, "file", 24 * MIB, 5);
	upload(&f, "file", "off");
	struct sandbox_fault fault = {.kind = SANDBOX_FAULT_STALL,
		.method = "GET",
		.target = "/demo/file",
		.nth = 8,
		.times = SANDBOX_FOREVER};
	sandbox_fault(f.server, &fault);
	fixture_download(&f, &spec, "file", "", "back");
	engine_submit(f.engine, &spec);
	fixture_suspend_at_fault(&f, 0);
	fixture_wait(&f, fixture_resume(&f));
	assert_int_equal(f.done, 1);
	assert_true(fixture_files_equal(&f, "file", "back"));
	assert_int_equal(fixture_temp_count(&f), 0);
	stop(&f);
}

static void test_no_identity(void **state)
{
	struct fixture f;
	(void)state;
	start(&f, true);
	fixture_write(&f, "file", 100000, 6);
	fixture_write(&f, "large", 12 * MIB, 6);
	upload(&f, "file", "off");
	upload(&f, "large", "off");
	struct config *config;
	struct profile *profile;
	struct profile_request req = {0};
	struct s3t_err err;
	char *ini = s3t_asprintf("[default]\nendpoint = %s\naccess_key_id = %s\n"
				 "secret_access_key = %s\n",
		sandbox_endpoint(f.server), sandbox_access_key(f.server),
		sandbox_secret_key(f.server));
	assert_int_equal(config_parse("x", sv(ini), NULL, NULL, &config, NULL, &err), S3T_OK);
	free(ini);
	assert_int_equal(profile_resolve(config, &req, NULL, NULL, &profile, NULL, &err), S3T_OK);
	struct s3_client *client = s3_client_new(profile);
	struct location *plain = location_s3_new(client), *before = f.s3;
	f.s3 = plain;
	static const char *const names[] = {"file", "large"};
	for (size_t i = 0; i < COUNT(names); i++) {
		download(&f, names[i], "back", false);
		assert_int_equal(f.failed, 1);
		assert_non_null(strstr(f.first_error.message, "client_identity_file"));
		assert_false(fixture_exists(&f, "back"));
	}
	f.s3 = before;
	location_unref(plain);
	s3_client_unref(client);
	profile_unref(profile);
	config_free(config);
	stop(&f);
}

/* A server-side copy keeps what is stored and what tells of it; policies compare real sizes. */
static void test_copies_and_policies(void **state)
{
	struct fixture f;
	struct job_spec spec;
	(void)state;
	start(&f, false);
	write_numbers(&f, "numbers.txt", 100000);
	upload(&f, "numbers.txt", "gzip");
	fixture_copy(&f, &spec, "numbers.txt", "", "copy.txt");
	fixture_run(&f, &spec);
	assert_int_equal(f.done, 1);
	download(&f, "copy.txt", "back", false);
	assert_true(fixture_files_equal(&f, "numbers.txt", "back"));
	fixture_upload(&f, &spec, "numbers.txt", "", "numbers.txt");
	free(spec.compress);
	spec.compress = s3t_strdup("gzip");
	spec.policy = CONFLICT_SIZE;
	fixture_run(&f, &spec);
	assert_int_equal(f.skipped, 1);
	/* a listing has what is stored */
	static const enum conflict_policy policies[] = {CONFLICT_SIZE, CONFLICT_NEWER};
	for (size_t i = 0; i < COUNT(policies); i++) {
		uint64_t gets = sandbox_request_count(f.server, "GET");
		fixture_download(&f, &spec, "", "", "");
		spec.recursive = true;
		spec.policy = policies[i];
		char *copy = s3t_asprintf("%s/copy.txt", f.dir),
		     *from = s3t_asprintf("%s/back", f.dir);
		if (i == 0)
			assert_int_equal(link(from, copy), 0);
		free(copy);
		free(from);
		fixture_run(&f, &spec);
		assert_int_equal(f.failed, 0);
		assert_int_equal(f.skipped, 2);
		assert_int_equal(
			sandbox_request_count(f.server, "GET"), gets + 1); /* the listing */
	}
	stop(&f);
}

static void starts_sealed(struct fixture *f, const char *key)
{
	struct strbuf text;
	struct s3t_err err;
	strbuf_init(&text);
	assert_int_equal(sandbox_get(f->server, SANDBOX_BUCKET, sv(key), &text, &err), S3T_OK);
	assert_true(sv_starts_with(strbuf_view(&text), SV("age-encryption.org/v1\n")));
	strbuf_deinit(&text);
}

/* What is copied to where ClientSide is due is encrypted on its way, once. */
static void test_copies_are_sealed(void **state)
{
	static const size_t sizes[] = {0, 100, 40 * MIB + 7};
	struct fixture f;
	struct job_spec spec;
	struct strbuf value;
	struct s3t_err err;
	(void)state;
	start(&f, true);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		fixture_write(&f, "plain.txt", sizes[i], (unsigned)i);
		fixture_upload(&f, &spec, "plain.txt", "", "plain.txt");
		free(spec.encryption);
		spec.encryption = s3t_strdup("none");
		fixture_run(&f, &spec);
		assert_int_equal(f.done, 1);
		for (int again = 0; again < 2; again++) {
			fixture_copy(&f, &spec, again ? "sealed" : "plain.txt", "",
				again ? "again" : "sealed");
			fixture_run(&f, &spec);
			assert_int_equal(f.done, 1);
			starts_sealed(&f, again ? "again" : "sealed");
			download(&f, again ? "again" : "sealed", "back", false);
			assert_true(fixture_files_equal(&f, "plain.txt", "back"));
		}
		assert_int_equal(sandbox_upload_count(f.server), 0);
	}
	/* what we have compressed is encrypted besides */
	write_numbers(&f, "numbers.txt", 1000000);
	fixture_upload(&f, &spec, "numbers.txt", "", "packed");
	free(spec.encryption);
	free(spec.compress);
	spec.encryption = s3t_strdup("none");
	spec.compress = s3t_strdup("gzip");
	fixture_run(&f, &spec);
	expect(&f, "packed", "x-amz-meta-coding", "gzip");
	for (int again = 0; again < 2; again++) {
		fixture_copy(&f, &spec, again ? "both" : "packed", "", again ? "twice" : "both");
		fixture_run(&f, &spec);
		assert_int_equal(f.done, 1);
		starts_sealed(&f, again ? "twice" : "both");
		expect(&f, again ? "twice" : "both", "x-amz-meta-coding", "gzip+age");
		expect(&f, again ? "twice" : "both", "content-encoding", "");
		download(&f, again ? "twice" : "both", "back", false);
		assert_true(fixture_files_equal(&f, "numbers.txt", "back"));
	}
	strbuf_init(&value);
	assert_int_equal(sandbox_get_header(f.server, SANDBOX_BUCKET, SV("again"),
				 "x-amz-meta-plain-type", &value, &err),
		S3T_OK);
	assert_string_equal(value.data, "text/plain");
	strbuf_deinit(&value);
	/* half of it is none: the source breaks off */
	sandbox_fault(f.server, &(struct sandbox_fault){.kind = SANDBOX_FAULT_ANSWER,
					.method = "GET",
					.target = "plain.txt",
					.status = 403,
					.code = "AccessDenied",
					.times = SANDBOX_FOREVER});
	fixture_copy(&f, &spec, "plain.txt", "", "never");
	fixture_run(&f, &spec);
	assert_int_equal(f.failed, 1);
	assert_false(fixture_has_key(&f, "never"));
	assert_int_equal(sandbox_upload_count(f.server), 0);
	stop(&f);
}

/* What is compared is what it was. */
static void test_verify(void **state)
{
	struct fixture f;
	struct job_spec spec;
	(void)state;
	start(&f, true);
	fixture_write(&f, "d/random", 12 * MIB, 7);
	write_numbers(&f, "d/numbers.txt", 100000);
	fixture_upload(&f, &spec, "d/", "", "d");
	spec.recursive = true;
	free(spec.compress);
	spec.compress = s3t_strdup("zstd");
	fixture_run(&f, &spec);
	assert_int_equal(f.done, 2);
	for (int changed = 0; changed < 2; changed++) {
		fixture_upload(&f, &spec, "d/", "", "d");
		spec.kind = JOB_VERIFY;
		spec.recursive = true;
		fixture_run(&f, &spec);
		assert_int_equal(f.done, changed ? 1 : 2);
		assert_int_equal(f.failed, changed);
		fixture_write(&f, "d/random", 12 * MIB, 8);
	}
	stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_tampering),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_resume),
		cmocka_unit_test(test_tree_comes_back),
		cmocka_unit_test(test_packed_resume),
		cmocka_unit_test(test_policies_of_trees),
		cmocka_unit_test(test_profile_changed),
		cmocka_unit_test(test_seal_changed),
		cmocka_unit_test(test_download_resume),
		cmocka_unit_test(test_no_identity),
		cmocka_unit_test(test_copies_and_policies),
		cmocka_unit_test(test_copies_are_sealed),
		cmocka_unit_test(test_verify),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
