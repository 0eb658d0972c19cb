#include "support/fixture.h"

#include "core/timeutil.h"
#include "core/xml.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char *no_env(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return NULL;
}

void fixture_start(struct fixture *f, const struct sandbox_options *options, const char *ini)
{
	static bool is_initialised;
	struct sandbox_options defaults = {0};
	struct s3t_err err;
	if (!is_initialised) {
		xml_global_init();
		assert_true(http_global_init());
		is_initialised = true;
	}
	*f = (struct fixture){0};
	assert_int_equal(sandbox_start(options ? options : &defaults, &f->server, &err), S3T_OK);
	snprintf(f->dir, sizeof f->dir, "/tmp/s3tui-test-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	struct strbuf text;
	strbuf_init(&text);
	strbuf_addf(&text,
		"[default]\nendpoint = %s\naccess_key_id = %s\nsecret_access_key = %s\n%s",
		sandbox_endpoint(f->server), sandbox_access_key(f->server),
		sandbox_secret_key(f->server), ini ? ini : "");
	assert_int_equal(
		config_parse("test.ini", strbuf_view(&text), no_env, NULL, &f->config, NULL, &err),
		S3T_OK);
	strbuf_deinit(&text);
	struct profile_request req = {0};
	assert_int_equal(
		profile_resolve(f->config, &req, no_env, NULL, &f->profile, NULL, &err), S3T_OK);
	f->client = s3_client_new(f->profile);
	f->s3 = location_s3_new(f->client);
	f->local = location_local_new();
	f->conn = http_conn_new(NULL);
	f->events = msgq_new();
	struct engine_options eo = {.workers = 8};
	f->engine = engine_new(&eo, f->events);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void drain(struct fixture *f)
{
	struct msg *m;
	while ((m = msgq_pop(f->events)))
		event_free((struct event *)m);
}

void fixture_stop(struct fixture *f)
{
	engine_free(f->engine, 5000);
	journal_free(f->journal);
	drain(f);
	msgq_free(f->events);
	http_conn_free(f->conn);
	location_unref(f->s3);
	location_unref(f->local);
	s3_client_unref(f->client);
	profile_unref(f->profile);
	config_free(f->config);
	sandbox_stop(f->server);
	nftw(f->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static char *full(struct fixture *f, const char *name)
{
	return s3t_asprintf("%s/%s", f->dir, name);
}

void fixture_write(struct fixture *f, const char *name, size_t size, unsigned seed)
{
	char *path = full(f, name);
	for (char *p = path + strlen(f->dir) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		assert_true(mkdir(path, 0755) == 0 || errno == EEXIST);
		*p = '/';
	}
	FILE *out = fopen(path, "wb");
	assert_non_null(out);
	uint64_t x = seed * 0x9e3779b97f4a7c15ULL + 1;
	for (size_t i = 0; i < size; i++) {
		if (i % 8 == 0) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
		}
		fputc((int)(x >> (i % 8 * 8) & 0xff), out);
	}
	assert_int_equal(fclose(out), 0);
	free(path);
}

static bool read_file(const char *path, struct strbuf *out)
{
	char buf[1 << 16];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n;
	out->cap = (size_t)1 << 30;
	while ((n = read(fd, buf, sizeof buf)) > 0)
		strbuf_add(out, buf, (size_t)n);
	close(fd);
	return n == 0;
}

bool fixture_file_is_object(struct fixture *f, const char *name, const char *key)
{
	struct strbuf a, b;
	char *path = full(f, name);
	strbuf_init(&a);
	strbuf_init_cap(&b, (size_t)1 << 30);
	bool same = read_file(path, &a) &&
		    sandbox_get(f->server, SANDBOX_BUCKET, sv(key), &b, NULL) == S3T_OK &&
		    sv_eq(strbuf_view(&a), strbuf_view(&b));
	strbuf_deinit(&a);
	strbuf_deinit(&b);
	free(path);
	return same;
}

bool fixture_files_equal(struct fixture *f, const char *a, const char *b)
{
	struct strbuf x, y;
	char *pa = full(f, a), *pb = full(f, b);
	strbuf_init(&x);
	strbuf_init(&y);
	bool same =
		read_file(pa, &x) && read_file(pb, &y) && sv_eq(strbuf_view(&x), strbuf_view(&y));
	strbuf_deinit(&x);
	strbuf_deinit(&y);
	free(pa);
	free(pb);
	return same;
}

bool fixture_exists(struct fixture *f, const char *name)
{
	char *path = full(f, name);
	bool exists = access(path, F_OK) == 0;
	free(path);
	return exists;
}

static size_t temp_count;

static int count_temp(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	temp_count += strstr(path + ftw->base, ".s3tui-") != NULL;
	return 0;
}

size_t fixture_temp_count(struct fixture *f)
{
	temp_count = 0;
	nftw(f->dir, count_temp, 16, FTW_PHYS);
	return temp_count;
}

void fixture_put(struct fixture *f, const char *key, const char *text)
{
	struct s3t_err err;
	assert_int_equal(
		sandbox_put(f->server, SANDBOX_BUCKET, sv(key), sv(text), NULL, &err), S3T_OK);
}

bool fixture_has_key(struct fixture *f, const char *key)
{
	struct strbuf b;
	strbuf_init_cap(&b, (size_t)1 << 30);
	bool has = sandbox_get(f->server, SANDBOX_BUCKET, sv(key), &b, NULL) == S3T_OK;
	strbuf_deinit(&b);
	return has;
}

static void job(struct fixture *f, struct job_spec *spec, struct location *from,
	struct location *to, char *source, char *root, const char *target_rel)
{
	job_spec_init(spec, JOB_COPY, &f->profile->settings);
	spec->from = location_ref(from);
	spec->recursive = spec->report_items = true;
	job_spec_add_source(spec, sv(source), sv(target_rel));
	job_spec_set_target(spec, to, sv(root));
	free(source);
	free(root);
}

void fixture_upload(struct fixture *f, struct job_spec *spec, const char *source,
	const char *prefix, const char *target_rel)
{
	job(f, spec, f->local, f->s3, full(f, source),
		s3t_asprintf("%s/%s", SANDBOX_BUCKET, prefix), target_rel);
}

void fixture_download(struct fixture *f, struct job_spec *spec, const char *key, const char *dir,
	const char *target_rel)
{
	job(f, spec, f->s3, f->local, s3t_asprintf("%s/%s", SANDBOX_BUCKET, key), full(f, dir),
		target_rel);
}

void fixture_copy(struct fixture *f, struct job_spec *spec, const char *key, const char *prefix,
	const char *target_rel)
{
	job(f, spec, f->s3, f->s3, s3t_asprintf("%s/%s", SANDBOX_BUCKET, key),
		s3t_asprintf("%s/%s", SANDBOX_BUCKET, prefix), target_rel);
}

void fixture_wait(struct fixture *f, job_id id)
{
	memset(&f->first_error, 0, sizeof f->first_error);
	f->proof[0] = '\0';
	for (bool done = false; !done;) {
		struct pollfd p = {.fd = msgq_fd(f->events), .events = POLLIN};
		assert_true(poll(&p, 1, 60000) > 0);
		struct event *e;
		while ((e = (struct event *)msgq_pop(f->events))) {
			if (e->job == id && e->kind == EV_JOB_DONE) {
				done = true;
				f->done = e->done;
				f->failed = e->failed;
				f->skipped = e->skipped;
				f->was_cancelled = e->job_cancelled;
				f->is_kept = e->is_kept;
			} else if (e->kind == EV_ITEM && e->err.rc != S3T_OK &&
				   !f->first_error.rc) {
				f->first_error = e->err;
			} else if (e->kind == EV_ITEM && e->result.proof) {
				snprintf(f->proof, sizeof f->proof, "%s", e->result.proof);
			} else if (e->kind == EV_ASK) {
				engine_answer(f->engine, e->job, e->item, CONFLICT_SKIP, false);
			}
			event_free(e);
		}
	}
}

void fixture_run(struct fixture *f, struct job_spec *spec)
{
	fixture_wait(f, engine_submit(f->engine, spec));
}

/* --- with a journal --- */

static void start_engine(struct fixture *f)
{
	char *dir = full(f, "jobs");
	assert_true(mkdir(dir, 0700) == 0 || errno == EEXIST);
	f->journal = journal_new(dir);
	assert_non_null(f->journal);
	struct engine_options eo = {.workers = 8, .journal = f->journal};
	f->engine = engine_new(&eo, f->events);
	free(dir);
}

void fixture_journal(struct fixture *f)
{
	engine_free(f->engine, 5000);
	start_engine(f);
}

void fixture_suspend(struct fixture *f)
{
	engine_suspend(f->engine);
	engine_free(f->engine, 30000);
	journal_free(f->journal);
	f->engine = NULL;
	f->journal = NULL;
	drain(f);
}

void fixture_suspend_at_fault(struct fixture *f, uint64_t parts)
{
	int64_t end_ms = time_mono_ms() + 20000;
	while (sandbox_fault_count(f->server) == 0 || sandbox_part_count(f->server) < parts) {
		assert_true(time_mono_ms() < end_ms);
		usleep(1000);
	}
	fixture_suspend(f);
	sandbox_clear_faults(f->server);
}

void fixture_expect_header(struct fixture *f, const char *key, const char *name, const char *wanted)
{
	struct strbuf value;
	struct s3t_err err;
	strbuf_init(&value);
	assert_int_equal(
		sandbox_get_header(f->server, "demo", sv(key), name, &value, &err), S3T_OK);
	assert_string_equal(value.data, wanted);
	strbuf_deinit(&value);
}

struct journal_file *fixture_saved(struct fixture *f)
{
	struct journal_file *files = NULL;
	struct s3t_err err;
	char *dir = full(f, "jobs");
	journal_commit(f->journal);
	assert_int_equal(journal_files_open(dir, &files, &err), S3T_OK);
	free(dir);
	return files;
}

size_t fixture_saved_count(struct fixture *f)
{
	size_t n = 0;
	struct journal_file *files = fixture_saved(f);
	for (const struct journal_file *file = files; file; file = file->next)
		for (const struct saved_job *job = file->content.jobs; job; job = job->next)
			n++;
	journal_files_free(files);
	return n;
}

/* The first job of the queue, and its file. */
static struct saved_job *next_saved(struct journal_file *files, struct journal_file **file)
{
	struct saved_job *first = NULL;
	for (struct journal_file *at = files; at; at = at->next)
		for (struct saved_job *job = at->content.jobs; job && at->fd >= 0; job = job->next)
			if (!first || job->order < first->order) {
				first = job;
				*file = at;
			}
	return first;
}

job_id fixture_resume(struct fixture *f)
{
	location_unref(f->s3);
	s3_client_unref(f->client);
	f->client = s3_client_new(f->profile);
	f->s3 = location_s3_new(f->client);
	if (!f->engine)
		start_engine(f);
	struct journal_file *files = fixture_saved(f), *file = NULL;
	struct saved_job *job;
	job_id id = 0;
	while ((job = next_saved(files, &file))) {
		char uid[JOB_UID_LEN + 1];
		memcpy(uid, job->uid, sizeof uid);
		struct location *from = job->from.is_s3 ? f->s3 : f->local;
		struct location *to = job->to.is_s3 ? f->s3 : f->local;
		bool is_saved;
		id = engine_resume(f->engine, journal_file_take(file, uid), from,
			job->spec.target_root ? to : NULL, &is_saved);
		assert_true(is_saved);
		journal_file_end_job(file, uid);
	}
	assert_true(id > 0);
	journal_files_free(files);
	return id;
}

/* The path of the journal, of which there is exactly one. */
static char *journal_path(struct fixture *f)
{
	struct journal_file *files = fixture_saved(f);
	assert_non_null(files);
	assert_null(files->next);
	char *path = s3t_strdup(files->path);
	journal_files_free(files);
	return path;
}

void fixture_journal_text(struct fixture *f, struct strbuf *out)
{
	char *path = journal_path(f);
	strbuf_init(out);
	assert_true(read_file(path, out));
	free(path);
}

void fixture_set_journal(struct fixture *f, struct strview text)
{
	char *dir = full(f, "jobs"), *path = full(f, "jobs/19700101T000000Z-restored.journal");
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	assert_int_equal(mkdir(dir, 0700), 0);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text.data, text.len), text.len);
	close(fd);
	free(dir);
	free(path);
}
