/*
 * How long a person waits: the round trips of a first byte, the ramp, the end of a cancel, a
 * snapshot for the screen, a listing while uploads are busy. Run by bench/latency, which starts the
 * servers. s3tui-latency RTT_MS DIR S3TUI_TEST_ENDPOINT and S3TUI_TEST_TLS_ENDPOINT are the
 * servers, S3TUI_TEST_FAR_ENDPOINT and S3TUI_TEST_FAR_TLS_ENDPOINT the same behind a link of that
 * round trip; keys and CA as in the tests.
 */
#include "core/config.h"
#include "core/location.h"
#include "core/timeutil.h"
#include "core/xml.h"
#include "transfer/engine.h"
#include "transfer/lister.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUCKET "latency"
enum { SMALL = 10000, TRIES = 40, WORKERS = 64 };

static const char *dir;
static double rtt_ms;

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "s3tui-latency: %s: %s\n", what, why);
	exit(1);
}

static void must(enum s3t_rc rc, const char *what, const struct s3t_err *err)
{
	if (rc != S3T_OK)
		die(what, err->message);
}

static const char *variable(const char *name)
{
	const char *value = getenv(name);
	if (!value)
		die(name, "is not set");
	return value;
}

static const char *no_env(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return NULL;
}

static struct s3_client *client_of(const char *endpoint)
{
	struct strbuf text;
	struct config *config;
	struct profile *profile;
	struct profile_request request = {.ca_bundle = variable("S3TUI_TEST_CA")};
	struct s3t_err err;
	strbuf_init(&text);
	strbuf_addf(&text, "[default]\nendpoint = %s\naccess_key_id = %s\nsecret_access_key = %s\n",
		endpoint, variable("S3TUI_TEST_ACCESS_KEY"), variable("S3TUI_TEST_SECRET_KEY"));
	must(config_parse("bench.ini", strbuf_view(&text), no_env, NULL, &config, NULL, &err),
		"configuration", &err);
	must(profile_resolve(config, &request, no_env, NULL, &profile, NULL, &err), endpoint, &err);
	strbuf_deinit(&text);
	struct s3_client *client = s3_client_new(profile);
	profile_unref(profile);
	config_free(config);
	return client;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double part_of(double *values, size_t count, double part)
{
	qsort(values, count, sizeof *values, compare);
	size_t at = (size_t)((double)count * part);
	return values[at < count ? at : count - 1];
}

static double ms_since(int64_t begun_ns)
{
	return (double)(time_mono_ns() - begun_ns) / NS_PER_MS;
}

/* --- first bytes --- */

static int64_t first_ns;

static bool on_bytes(void *arg, const char *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
	if (!first_ns)
		first_ns = time_mono_ns();
	return true;
}

static double get_ms(const struct s3_ctx *ctx)
{
	struct s3t_err err;
	struct s3_get get = {.bucket = SV(BUCKET),
		.key = SV("object"),
		.len = UINT64_MAX,
		.total = 4,
		.etag = "",
		.sink = on_bytes};
	first_ns = 0;
	int64_t begun_ns = time_mono_ns();
	must(s3_get_object(ctx, &get, &err), "get", &err);
	return (double)(first_ns - begun_ns) / NS_PER_MS;
}

static double put_ms(const struct s3_ctx *ctx)
{
	struct s3t_err err;
	struct s3_put put = {.mtime_ns = TIME_UNKNOWN};
	int64_t begun_ns = time_mono_ns();
	must(s3_put_object(ctx, SV(BUCKET), SV("object"), &put, SV("data"), NULL, &err), "put",
		&err);
	return ms_since(begun_ns);
}

struct zeros {
	uint64_t left;
};

static ssize_t read_zeros(void *arg, char *buf, size_t len)
{
	struct zeros *z = arg;
	size_t n = z->left < len ? (size_t)z->left : len;
	memset(buf, 0, n);
	z->left -= n;
	return (ssize_t)n;
}

static bool rewind_zeros(void *arg)
{
	((struct zeros *)arg)->left = 1024;
	return true;
}

static double multipart_ms(const struct s3_ctx *ctx)
{
	struct s3t_err err;
	struct s3_put put = {.mtime_ns = TIME_UNKNOWN};
	struct zeros zeros = {1024};
	struct http_body body = {
		.size = 1024, .read = read_zeros, .rewind = rewind_zeros, .arg = &zeros};
	char *id = NULL, etag[S3_ETAG_MAX];
	int64_t begun_ns = time_mono_ns();
	must(s3_create_multipart_upload(ctx, SV(BUCKET), SV("parts"), &put, &id, &err), "create",
		&err);
	must(s3_upload_part(ctx, SV(BUCKET), SV("parts"), id, 1, &body, SV("UNSIGNED-PAYLOAD"),
		     NULL, etag, &err),
		"part", &err);
	double took = ms_since(begun_ns);
	must(s3_abort_multipart_upload(ctx, SV(BUCKET), SV("parts"), id, &err), "abort", &err);
	free(id);
	return took;
}

static void first_bytes(const char *name, const char *near, const char *far)
{
	static const struct {
		const char *name;
		double (*run)(const struct s3_ctx *ctx);
	} kinds[] = {{"GET", get_ms}, {"PUT", put_ms}, {"multipart", multipart_ms}};
	const char *const endpoints[] = {near, far};
	for (size_t k = 0; k < 3; k++) {
		double cold[2], warm[2];
		for (size_t e = 0; e < 2; e++) {
			double values[2][TRIES];
			struct s3_client *client = client_of(endpoints[e]);
			for (size_t i = 0; i < TRIES; i++) {
				struct s3_ctx ctx = {.client = client, .conn = http_conn_new(NULL)};
				values[0][i] = kinds[k].run(&ctx);
				values[1][i] = kinds[k].run(&ctx);
				http_conn_free(ctx.conn);
			}
			s3_client_unref(client);
			cold[e] = part_of(values[0], TRIES, 0.5);
			warm[e] = part_of(values[1], TRIES, 0.5);
		}
		printf("first byte, %s, %s: %.2f round trips on a warm connection, %.2f on a cold "
		       "one "
		       "(%.1f and %.1f ms; near %.1f and %.1f ms)\n",
			name, kinds[k].name, (warm[1] - warm[0]) / rtt_ms,
			(cold[1] - cold[0]) / rtt_ms, warm[1], cold[1], warm[0], cold[0]);
	}
}

/* --- jobs --- */

struct stage {
	struct s3_client *client;
	struct location *local, *s3;
	struct msgq *events;
	struct engine *engine;
	job_id job;
};

static void make_file(const char *name, off_t size)
{
	char *path = s3t_asprintf("%s/%s", dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, size) != 0)
		die(path, "cannot be made");
	close(fd);
	free(path);
}

static void open_stage_with(
	struct stage *s, const char *endpoint, uint64_t rate, uint32_t first, uint32_t ceiling)
{
	struct engine_options options = {
		.workers = ceiling, .first_workers = first, .bytes_per_second = rate};
	s->client = client_of(endpoint);
	s->s3 = location_s3_new(s->client);
	s->local = location_local_new();
	s->events = msgq_new();
	s->engine = engine_new(&options, s->events);
}

static void open_stage(struct stage *s, const char *endpoint, uint64_t rate)
{
	open_stage_with(s, endpoint, rate, WORKERS, WORKERS);
}

static void upload(struct stage *s, const char *name)
{
	struct job_spec spec;
	char *path = s3t_asprintf("%s/%s", dir, name);
	job_spec_init(&spec, JOB_COPY, &s3_client_profile(s->client)->settings);
	spec.from = location_ref(s->local);
	spec.recursive = true;
	spec.prove_upload = false;
	job_spec_add_source(&spec, sv(path), sv(name));
	job_spec_set_target(&spec, s->s3, SV(BUCKET));
	s->job = engine_submit(s->engine, &spec);
	free(path);
}

static void wait_end(struct stage *s)
{
	for (bool is_over = false; !is_over;) {
		struct pollfd p = {.fd = msgq_fd(s->events), .events = POLLIN};
		poll(&p, 1, -1);
		for (struct msg *m; (m = msgq_pop(s->events));) {
			is_over = is_over || ((struct event *)m)->kind == EV_JOB_DONE;
			event_free((struct event *)m);
		}
	}
}

static void close_stage(struct stage *s)
{
	engine_free(s->engine, 5000);
	for (struct msg *m; (m = msgq_pop(s->events));)
		event_free((struct event *)m);
	msgq_free(s->events);
	location_unref(s->s3);
	location_unref(s->local);
	s3_client_unref(s->client);
}

static void wait_connections(struct stage *s, uint32_t wanted)
{
	struct engine_snapshot snap = {0};
	do {
		usleep(5000);
		engine_snapshot(s->engine, &snap);
	} while (!snap.job_count || snap.jobs[0].connections < wanted);
	engine_snapshot_deinit(&snap);
}

static void cancels(void)
{
	double stopped[10], values[10];
	make_file("large", (off_t)2 << 30);
	for (size_t i = 0; i < 10; i++) {
		struct stage s;
		open_stage(&s, variable("S3TUI_TEST_FAR_ENDPOINT"), 64 << 20);
		upload(&s, "large");
		wait_connections(&s, WORKERS);
		int64_t begun_ns = time_mono_ns();
		engine_cancel(s.engine, s.job);
		struct engine_snapshot snap = {0};
		do /* the last one aborts the upload */
			engine_snapshot(s.engine, &snap);
		while (snap.jobs[0].connections > 1);
		engine_snapshot_deinit(&snap);
		stopped[i] = ms_since(begun_ns);
		wait_end(&s);
		values[i] = ms_since(begun_ns);
		close_stage(&s);
	}
	printf("cancel of %d running parts: stopped after %.1f ms (median; most %.1f ms), the "
	       "upload "
	       "aborted over a new connection after %.1f ms (most %.1f ms)\n",
		WORKERS, part_of(stopped, 10, 0.5), part_of(stopped, 10, 1),
		part_of(values, 10, 0.5), part_of(values, 10, 1));
}

static void snapshots(void)
{
	static double values[200000];
	size_t count = 0;
	struct stage s;
	struct engine_snapshot snap = {0};
	char *path = s3t_asprintf("%s/small", dir);
	if (mkdir(path, 0700) != 0)
		die(path, "cannot be made");
	free(path);
	for (int i = 0; i < SMALL; i++) {
		char name[32];
		snprintf(name, sizeof name, "small/%05d", i);
		make_file(name, 100);
	}
	open_stage(&s, variable("S3TUI_TEST_ENDPOINT"), 0);
	upload(&s, "small");
	do {
		int64_t begun_ns = time_mono_ns();
		engine_snapshot(s.engine, &snap);
		values[count++] = ms_since(begun_ns);
		usleep(1000);
	} while (snap.jobs[0].state != JOB_FINISHED && count < sizeof values / sizeof *values);
	wait_end(&s);
	close_stage(&s);
	printf("snapshot during a job of %d files by %d workers: median %.3f ms, p99 %.3f ms (%zu "
	       "taken)\n",
		SMALL, WORKERS, part_of(values, count, 0.5), part_of(values, count, 0.99), count);
	engine_snapshot_deinit(&snap);
}

/* --- the ramp --- */

enum { STEP_MS = 50, STEPS = 400, RAMP_FILES = 4000, WINDOW = 5 };

/* How many files were there after each step; the number of steps. */
static size_t run_steps(uint32_t first, uint32_t ceiling, uint64_t *done)
{
	struct stage s;
	struct engine_snapshot snap = {0};
	size_t n = 0;
	open_stage_with(&s, variable("S3TUI_TEST_FAR_ENDPOINT"), 0, first, ceiling);
	upload(&s, "sixteen");
	do {
		usleep(STEP_MS * 1000);
		engine_snapshot(s.engine, &snap);
		done[n++] = snap.jobs[0].items_done;
	} while (snap.jobs[0].state != JOB_FINISHED && n < STEPS);
	engine_snapshot_deinit(&snap);
	wait_end(&s);
	close_stage(&s);
	return n;
}

/* Files a second from the first second on; the last steps are the tail. */
static double steady_rate(const uint64_t *done, size_t n)
{
	size_t from = 1000 / STEP_MS, to = n > 2 ? n - 2 : 0;
	if (to <= from)
		return 0;
	return (double)(done[to] - done[from]) * 1000 / (double)((to - from) * STEP_MS);
}

static void ramps(void)
{
	static const uint32_t constants[] = {8, 16, 32, 64, 128};
	uint64_t done[STEPS];
	double best = 0;
	char *path = s3t_asprintf("%s/sixteen", dir);
	if (mkdir(path, 0700) != 0)
		die(path, "cannot be made");
	free(path);
	for (int i = 0; i < RAMP_FILES; i++) {
		char name[32];
		snprintf(name, sizeof name, "sixteen/%05d", i);
		make_file(name, 16 << 10);
	}
	printf("uploads of %d x 16 KiB over %.0f ms, files a second:", RAMP_FILES, rtt_ms);
	for (size_t i = 0; i < sizeof constants / sizeof *constants; i++) {
		size_t n = run_steps(constants[i], constants[i], done);
		double rate = steady_rate(done, n);
		best = rate > best ? rate : best;
		printf(" %u workers %.0f;", constants[i], rate);
	}
	double reached[5];
	for (size_t i = 0; i < 5; i++) {
		size_t n = run_steps(0, 0, done), at = WINDOW;
		while (at < n &&
			(double)(done[at] - done[at - WINDOW]) * 1000 / (WINDOW * STEP_MS) <
				0.8 * best)
			at++;
		reached[i] = (double)((at + 1) * STEP_MS) / 1000;
	}
	double middle = part_of(reached, 5, 0.5); /* sorts them */
	printf(" the ramp is at 80 %% of the best after %.2f s (median of 5; %.2f..%.2f)\n", middle,
		reached[0], reached[4]);
}

/* --- listing --- */

static double list_ms(struct lister *lister, struct location *s3, struct msgq *events)
{
	double took = 0;
	int64_t begun_ns = time_mono_ns();
	lister_request(lister, s3, SV(BUCKET "/few/"), 0);
	for (bool is_over = false; !is_over;) {
		struct pollfd p = {.fd = msgq_fd(events), .events = POLLIN};
		poll(&p, 1, -1);
		for (struct msg *m; (m = msgq_pop(events));) {
			struct lister_event *e = (struct lister_event *)m;
			is_over = e->done;
			took = ms_since(begun_ns);
			lister_event_free(e);
		}
	}
	return took;
}

static void listings(const char *name, const char *endpoint, uint64_t rate)
{
	double idle[TRIES], busy[TRIES];
	struct stage s;
	struct msgq *events = msgq_new();
	struct lister *lister = lister_new(NULL, events);
	open_stage(&s, endpoint, rate);
	(void)list_ms(lister, s.s3, events);
	for (int i = 0; i < TRIES; i++)
		idle[i] = list_ms(lister, s.s3, events);
	upload(&s, "large");
	wait_connections(&s, WORKERS);
	for (int i = 0; i < TRIES; i++)
		busy[i] = list_ms(lister, s.s3, events);
	double before = part_of(idle, TRIES, 0.5), during = part_of(busy, TRIES, 0.5);
	printf("listing of 50 keys during %d uploads, %s: median %.1f ms, idle %.1f ms: %.2f x\n",
		WORKERS, name, during, before, during / before);
	engine_cancel(s.engine, s.job);
	wait_end(&s);
	close_stage(&s);
	lister_free(lister);
	msgq_free(events);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		die("usage", "s3tui-latency RTT_MS DIR");
	rtt_ms = strtod(argv[1], NULL);
	dir = argv[2];
	xml_global_init();
	if (!http_global_init())
		die("libcurl", "does not start");
	setvbuf(stdout, NULL, _IOLBF, 0);
	struct s3_ctx ctx = {
		.client = client_of(variable("S3TUI_TEST_ENDPOINT")), .conn = http_conn_new(NULL)};
	struct s3t_err err;
	must(s3_create_bucket(&ctx, SV(BUCKET), &err), "bucket", &err);
	struct s3_put put = {.mtime_ns = TIME_UNKNOWN};
	for (int i = 0; i < 50; i++) {
		char key[32];
		snprintf(key, sizeof key, "few/%02d", i);
		must(s3_put_object(&ctx, SV(BUCKET), sv(key), &put, SV("x"), NULL, &err), key,
			&err);
	}
	(void)put_ms(&ctx);
	first_bytes("http", variable("S3TUI_TEST_ENDPOINT"), variable("S3TUI_TEST_FAR_ENDPOINT"));
	first_bytes("https", variable("S3TUI_TEST_TLS_ENDPOINT"),
		variable("S3TUI_TEST_FAR_TLS_ENDPOINT"));
	snapshots();
	ramps();
	cancels();
	listings("a link of 40 ms and 32 MiB/s", variable("S3TUI_TEST_FAR_ENDPOINT"), 32 << 20);
	listings("everything on these CPUs", variable("S3TUI_TEST_ENDPOINT"), 0);
	http_conn_free(ctx.conn);
	s3_client_unref(ctx.client);
	http_global_cleanup();
	return 0;
}
