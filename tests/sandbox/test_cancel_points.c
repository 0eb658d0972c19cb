/*
 * Every point at which a job can be ended is walked: before and after each of its requests, by a
 * person's cancel (nothing is left), and by suspending it (another process goes on, and all is
 * right).
 */
#include "support/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char ini[] =
	"[upload]\nmultipart_threshold = 5MiB\npart_size = 5MiB\n[download]\nchunk_size = 1MiB\n"
	"[retry]\ninitial_delay = 1ms\nmax_delay = 5ms\n";

enum { BIG = (11 << 20) + 3, OBJECT = (3 << 20) + 5, SMALL_FILES = 5 };

enum way { WAY_CANCEL, WAY_SUSPEND };

/* The nth request is where it happens. */
struct point {
	struct fixture *f;
	enum way way;
	unsigned nth;
	bool is_after;
	job_id job;
	atomic_uint seen;
	struct http_transport transport; /* of the engine, which outlives run() */
};

static void strike(struct point *p)
{
	if (p->way == WAY_CANCEL)
		engine_cancel(p->f->engine, p->job);
	else
		engine_suspend(p->f->engine);
}

static void *open_conn(void *arg)
{
	void **state = s3t_alloc(2 * sizeof *state);
	state[0] = http_conn_new(NULL);
	state[1] = arg;
	return state;
}

static void close_conn(void *state)
{
	http_conn_free(((void **)state)[0]);
	free(state);
}

static enum s3t_rc perform(void *state, const struct http_options *options,
	const struct http_request *req, struct http_response *resp, struct cancel *cancel,
	struct s3t_err *err)
{
	struct point *p = ((void **)state)[1];
	unsigned n = atomic_fetch_add(&p->seen, 1) + 1;
	if (n == p->nth && !p->is_after)
		strike(p);
	enum s3t_rc rc = http_perform(((void **)state)[0], options, req, resp, cancel, err);
	if (n == p->nth && p->is_after)
		strike(p);
	return rc;
}

/* One kind of work: what it starts with, and what must hold when it ended early. */
struct work {
	const char *name;
	void (*prepare)(struct fixture *f, struct job_spec *spec);
	void (*check)(struct fixture *f); /* old or new on both sides */
	void (*check_done)(struct fixture *f);
};

static void prepare_upload(struct fixture *f, struct job_spec *spec)
{
	fixture_write(f, "big", BIG, 1);
	fixture_put(f, "big", "old");
	fixture_upload(f, spec, "big", "", "big");
}

static bool is_old(struct fixture *f, const char *key)
{
	struct strbuf data;
	strbuf_init(&data);
	bool old = sandbox_get(f->server, "demo", sv(key), &data, NULL) == S3T_OK &&
		   sv_eq(strbuf_view(&data), SV("old"));
	strbuf_deinit(&data);
	return old;
}

static void check_upload(struct fixture *f)
{
	assert_true(is_old(f, "big") || fixture_file_is_object(f, "big", "big"));
}

static void upload_is_done(struct fixture *f)
{
	assert_true(fixture_file_is_object(f, "big", "big"));
}

static void prepare_move(struct fixture *f, struct job_spec *spec)
{
	fixture_write(f, "copy", BIG, 1);
	prepare_upload(f, spec);
	spec->kind = JOB_MOVE;
}

static void check_move(struct fixture *f)
{
	bool is_new = fixture_file_is_object(f, "copy", "big");
	assert_true(is_new || is_old(f, "big"));
	assert_true(is_new || fixture_exists(f, "big"));
}

static void move_is_done(struct fixture *f)
{
	assert_true(fixture_file_is_object(f, "copy", "big"));
	assert_false(fixture_exists(f, "big"));
}

static void prepare_download(struct fixture *f, struct job_spec *spec)
{
	struct s3t_err err;
	fixture_write(f, "was", OBJECT, 2);
	fixture_write(f, "old", 3, 3);
	fixture_write(f, "dst/object", 3, 3);
	struct job_spec up;
	fixture_upload(f, &up, "was", "", "object");
	struct engine_options plain = {.workers = 1};
	struct engine *own = f->engine;
	f->engine = engine_new(&plain, f->events);
	fixture_run(f, &up);
	engine_free(f->engine, 1000);
	f->engine = own;
	(void)err;
	fixture_download(f, spec, "object", "dst", "object");
}

static void check_download(struct fixture *f)
{
	assert_true(fixture_files_equal(f, "dst/object", "old") ||
		    fixture_files_equal(f, "dst/object", "was"));
}

static void download_is_done(struct fixture *f)
{
	assert_true(fixture_files_equal(f, "dst/object", "was"));
}

static void prepare_copy(struct fixture *f, struct job_spec *spec)
{
	fixture_put(f, "from/x", "new");
	fixture_put(f, "to/x", "old");
	fixture_copy(f, spec, "from/x", "to/", "x");
}

static bool is_new(struct fixture *f, const char *key)
{
	struct strbuf data;
	strbuf_init(&data);
	bool yes = sandbox_get(f->server, "demo", sv(key), &data, NULL) == S3T_OK &&
		   sv_eq(strbuf_view(&data), SV("new"));
	strbuf_deinit(&data);
	return yes;
}

static void check_copy(struct fixture *f)
{
	assert_true(is_new(f, "from/x"));
	assert_true(is_new(f, "to/x") || is_old(f, "to/x"));
}

static void copy_is_done(struct fixture *f)
{
	assert_true(is_new(f, "from/x") && is_new(f, "to/x"));
}

static void prepare_delete(struct fixture *f, struct job_spec *spec)
{
	char key[32];
	for (int i = 0; i < SMALL_FILES; i++) {
		snprintf(key, sizeof key, "gone/%d", i);
		fixture_put(f, key, "x");
	}
	fixture_put(f, "goner", "x");
	job_spec_init(spec, JOB_DELETE, &f->profile->settings);
	spec->recursive = spec->report_items = true;
	spec->from = location_ref(f->s3);
	job_spec_add_source(spec, SV("demo/gone/"), SV(""));
}

static void check_delete(struct fixture *f)
{
	assert_true(fixture_has_key(f, "goner"));
}

static void delete_is_done(struct fixture *f)
{
	char key[32];
	check_delete(f);
	for (int i = 0; i < SMALL_FILES; i++) {
		snprintf(key, sizeof key, "gone/%d", i);
		assert_false(fixture_has_key(f, key));
	}
}

static const struct work works[] = {
	{"upload", prepare_upload, check_upload, upload_is_done},
	{"move", prepare_move, check_move, move_is_done},
	{"download", prepare_download, check_download, download_is_done},
	{"copy", prepare_copy, check_copy, copy_is_done},
	{"delete", prepare_delete, check_delete, delete_is_done},
};

/* Runs the work to its end or its point; how many requests there were. */
static unsigned run(const struct work *work, struct point *p, struct fixture *f)
{
	struct job_spec spec;
	p->transport = (struct http_transport){
		.open = open_conn, .close = close_conn, .perform = perform, .arg = p};
	fixture_start(f, NULL, ini);
	fixture_journal(f);
	engine_free(f->engine, 1000);
	struct engine_options options = {
		.workers = 2, .transport = &p->transport, .journal = f->journal};
	p->f = f;
	f->engine = engine_new(&options, f->events);
	work->prepare(f, &spec);
	p->job = 1; /* before it is submitted: its first request may come at once */
	assert_int_equal(engine_submit(f->engine, &spec), 1);
	fixture_wait(f, 1);
	if (p->nth && p->way == WAY_SUSPEND)
		fixture_suspend(f);
	return atomic_load(&p->seen);
}

static void walk(enum way way)
{
	for (size_t w = 0; w < sizeof works / sizeof *works; w++) {
		struct fixture f;
		struct point whole = {.way = way};
		unsigned count = run(&works[w], &whole, &f), points = 0;
		works[w].check_done(&f);
		fixture_stop(&f);
		for (unsigned nth = 1; nth <= count; nth++) {
			for (int after = 0; after < 2; after++, points++) {
				struct point p = {.way = way, .nth = nth, .is_after = after};
				(void)run(&works[w], &p, &f);
				works[w].check(&f);
				if (way == WAY_SUSPEND && fixture_saved_count(&f)) {
					fixture_wait(&f, fixture_resume(&f));
					works[w].check_done(&f);
				}
				assert_int_equal(sandbox_upload_count(f.server), 0);
				assert_int_equal(fixture_temp_count(&f), 0);
				assert_int_equal(fixture_saved_count(&f), 0);
				fixture_stop(&f);
			}
		}
		print_message("%s: %u points\n", works[w].name, points);
		assert_true(points >= 2);
	}
}

static void a_cancel_at_every_request_leaves_nothing(void **state)
{
	(void)state;
	walk(WAY_CANCEL);
}

static void a_job_suspended_at_every_request_is_gone_on_with(void **state)
{
	(void)state;
	walk(WAY_SUSPEND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cancel_at_every_request_leaves_nothing),
		cmocka_unit_test(a_job_suspended_at_every_request_is_gone_on_with),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
