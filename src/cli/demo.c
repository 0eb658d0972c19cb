#include "cli/demo.h"

#include "core/timeutil.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 1 << 20, MIXED_FILES = 200, MIXED_LARGE = 8 };

#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)

struct maker {
	const char *root;
	const volatile sig_atomic_t *stop;
	uint64_t random; /* xorshift64; never 0 */
	uint64_t *chunk;
	int64_t now_s;
	struct s3t_err *err;
};

static uint64_t next_random(uint64_t *state)
{
	uint64_t x = *state;
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return *state = x;
}

static void fill_random(uint64_t *state, uint64_t *words, size_t bytes)
{
	for (size_t i = 0; i < (bytes + 7) / 8; i++)
		words[i] = next_random(state);
}

static enum s3t_rc fail(struct maker *m, const char *path)
{
	return s3t_fail_errno(m->err, errno, "Cannot make %s for the demo", path);
}

static enum s3t_rc make_dir(struct maker *m, const char *name)
{
	char *path = s3t_asprintf("%s/%s", m->root, name);
	enum s3t_rc rc = mkdir(path, 0755) == 0 || errno == EEXIST ? S3T_OK : fail(m, path);
	free(path);
	return rc;
}

static enum s3t_rc write_bytes(struct maker *m, int fd, const char *path, uint64_t size)
{
	while (size) {
		size_t n = size < CHUNK ? (size_t)size : CHUNK;
		if (*m->stop)
			return s3t_fail(m->err, S3T_CANCELLED, "Cancelled.");
		fill_random(&m->random, m->chunk, n);
		ssize_t written = write(fd, m->chunk, n);
		if (written <= 0)
			return fail(m, path);
		size -= (uint64_t)written;
	}
	return S3T_OK;
}

/* A file of random bytes, or of text if that is given; some hours old. */
static enum s3t_rc make_file(
	struct maker *m, const char *name, uint64_t size, const char *text, int64_t age_s)
{
	char *path = s3t_asprintf("%s/%s", m->root, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	enum s3t_rc rc = fd < 0 ? fail(m, path) : S3T_OK;
	if (rc == S3T_OK && text && write(fd, text, strlen(text)) < 0)
		rc = fail(m, path);
	else if (rc == S3T_OK && !text)
		rc = write_bytes(m, fd, path, size);
	if (fd >= 0) {
		struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = m->now_s - age_s}};
		(void)futimens(fd, times);
		close(fd);
	}
	free(path);
	return rc;
}

/* 200 files: two empty, one of 200 MiB, seven of 1 to 20 MiB, the others up to 200 KiB. */
static enum s3t_rc make_mixed(struct maker *m)
{
	static const uint64_t large[MIXED_LARGE] = {200 * MIB, 20 * MIB, 16 * MIB + 1, 12 * MIB,
		8 * MIB - 1, 5 * MIB, 3 * MIB + 12345, MIB};
	static const char *const kinds[] = {
		"txt", "csv", "jpg", "png", "pdf", "json", "bin", "log"};
	static const char *const words[] = {"amber", "birch", "cedar", "delta", "ember", "fjord",
		"grove", "heron", "inlet", "juniper"};
	uint64_t dice = 0x9e3779b97f4a7c15;
	enum s3t_rc rc = make_dir(m, "mixed");
	if (rc == S3T_OK)
		rc = make_dir(m, "mixed/more");
	for (unsigned i = 0; i < MIXED_FILES && rc == S3T_OK; i++) {
		uint64_t size = 0;
		char name[96];
		if (i < MIXED_LARGE)
			size = large[i];
		else if (i >= MIXED_LARGE + 2)
			size = next_random(&dice) % (KIB << (next_random(&dice) % 8)) + 1;
		snprintf(name, sizeof name, "mixed/%s%s-%03u.%s", i % 5 == 4 ? "more/" : "",
			i < MIXED_LARGE ? "large" : words[i % 10], i,
			i < MIXED_LARGE ? "iso" : kinds[next_random(&dice) % 8]);
		rc = make_file(m, name, size, NULL, (int64_t)i * 5021);
	}
	return rc;
}

static enum s3t_rc make_others(struct maker *m)
{
	static const struct {
		const char *name, *text;
		uint64_t size;
	} files[] = {
		{"README.txt",
			"This directory belongs to the demo of s3tui and is removed when it "
			"ends.\n\n"
			"Mark mixed/ with Insert and press F5: it is copied into the bucket on the "
			"right.\n",
			0},
		{"notes/today.md", "# Today\n\n- copy something\n- move it back\n", 0},
		{"notes/with spaces & signs.txt", "A name is bytes; all of them arrive.\n", 0},
		{"notes/\xc3\xbcml\xc3\xa4ute-\xe6\x97\xa5\xe6\x9c\xac.txt",
			"Names in any script.\n", 0},
		{"photos/2026-01-03 lake.jpg", NULL, 2 * MIB + 17},
		{"photos/2026-01-04 hill.jpg", NULL, 3 * MIB + 5},
		{"photos/2026-02-11 snow.jpg", NULL, MIB + 311},
		{"report.pdf", NULL, 312 * KIB},
		{"table.csv", "id,name\n1,first\n2,second\n", 0},
	};
	static const char *const dirs[] = {"notes", "photos", "empty"};
	enum s3t_rc rc = S3T_OK;
	for (size_t i = 0; i < sizeof dirs / sizeof *dirs && rc == S3T_OK; i++)
		rc = make_dir(m, dirs[i]);
	for (size_t i = 0; i < sizeof files / sizeof *files && rc == S3T_OK; i++)
		rc = make_file(
			m, files[i].name, files[i].size, files[i].text, (int64_t)i * 86400 + 7200);
	return rc;
}

enum s3t_rc demo_make_dir(
	struct strbuf *path, const volatile sig_atomic_t *stop, struct s3t_err *err)
{
	const char *tmp = getenv("TMPDIR");
	char *name = s3t_asprintf("%s/s3tui-demo-XXXXXX", tmp && tmp[0] == '/' ? tmp : "/tmp");
	if (!mkdtemp(name)) { /* 0700 */
		enum s3t_rc rc = s3t_fail_errno(err, errno, "Cannot make %s for the demo", name);
		free(name);
		return rc;
	}
	strbuf_add_str(path, name);
	struct maker m = {.root = name,
		.stop = stop,
		.random = 88172645463325252,
		.chunk = s3t_alloc(CHUNK),
		.now_s = time_wall_s(),
		.err = err};
	enum s3t_rc rc = make_others(&m);
	if (rc == S3T_OK)
		rc = make_mixed(&m);
	free(m.chunk);
	free(name);
	return rc;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	(void)remove(path);
	return 0;
}

void demo_remove_dir(const char *path)
{
	(void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* --- the bucket --- */

static const struct object {
	const char *key, *type, *storage_class, *text;
	uint64_t size;
} objects[] = {
	{"welcome.txt", "text/plain", NULL,
		"This bucket lives in a directory that goes with the demo.\n", 0},
	{"inventory.json", "application/json", NULL, "{\"items\": 3, \"checked\": true}\n", 0},
	{"website/index.html", "text/html", NULL,
		"<!doctype html>\n<title>Demo</title>\n<p>Hello.\n", 0},
	{"website/about.html", "text/html", NULL, "<!doctype html>\n<title>About</title>\n", 0},
	{"website/css/main.css", "text/css", NULL, "body { font-family: sans-serif }\n", 0},
	{"website/css/print.css", "text/css", NULL, "nav { display: none }\n", 0},
	{"website/js/app.js", "text/javascript", NULL, "console.log('demo');\n", 0},
	{"website/img/logo.png", "image/png", NULL, NULL, 18 * KIB},
	{"website/img/cover.jpg", "image/jpeg", NULL, NULL, 640 * KIB},
	{"music/01 opening.flac", "audio/flac", NULL, NULL, 4 * MIB},
	{"music/02 interlude.flac", "audio/flac", NULL, NULL, 3 * MIB},
	{"data/sensors.csv", "text/csv", NULL, "time,value\n0,1.5\n60,1.7\n", 0},
	{"data/year=2025/part-0.parquet", NULL, "STANDARD_IA", NULL, 700 * KIB},
	{"data/year=2026/part-0.parquet", NULL, NULL, NULL, 900 * KIB},
	{"data/year=2026/part-1.parquet", NULL, NULL, NULL, 300 * KIB},
	{"empty directory/", "application/x-directory", NULL, "", 0},
};

static enum s3t_rc seed_series(demo_put_fn put, void *arg, uint64_t *random, uint64_t *chunk,
	int64_t now_s, struct s3t_err *err)
{
	char key[96];
	enum s3t_rc rc = S3T_OK;
	for (unsigned i = 1; i <= 12 && rc == S3T_OK; i++) {
		size_t size = (200 + i * 30) * KIB;
		snprintf(key, sizeof key, "backups/2025-%02u.tar.zst", i);
		fill_random(random, chunk, size);
		rc = put(arg, key, sv_n((const char *)chunk, size), "application/zstd",
			now_s - (13 - (int64_t)i) * 30 * 86400, i < 9 ? "GLACIER" : "STANDARD_IA",
			err);
	}
	for (unsigned i = 1; i <= 14 && rc == S3T_OK; i++) {
		size_t size = 1000 + i * 777;
		snprintf(key, sizeof key, "logs/2026/02/%02u/app.log", i);
		fill_random(random, chunk, size);
		rc = put(arg, key, sv_n((const char *)chunk, size), "text/plain",
			now_s - (15 - (int64_t)i) * 86400, NULL, err);
	}
	return rc;
}

enum s3t_rc demo_seed(demo_put_fn put, void *arg, struct s3t_err *err)
{
	uint64_t random = 0x2545f4914f6cdd1d;
	uint64_t *chunk = s3t_alloc(4 * MIB);
	int64_t now_s = time_wall_s();
	enum s3t_rc rc = seed_series(put, arg, &random, chunk, now_s, err);
	for (size_t i = 0; i < sizeof objects / sizeof *objects && rc == S3T_OK; i++) {
		const struct object *o = &objects[i];
		struct strview data = sv_n((const char *)chunk, (size_t)o->size);
		if (o->text)
			data = sv(o->text);
		else
			fill_random(&random, chunk, (size_t)o->size);
		rc = put(arg, o->key, data, o->type, now_s - (int64_t)i * 40000 - 3600,
			o->storage_class, err);
	}
	free(chunk);
	return rc;
}
