/* Listings that several workers share, over a location made of an array of names. */
#include "transfer/split_list.h"

#include "core/crypto.h"
#include "core/timeutil.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka needs the ones above */
#include <cmocka.h>

enum { PAGE = 1000, PAGE_MS = SPLIT_ABOVE_MS + 2 };

/* --- the location --- */

struct shelf {
	struct location base;
	char **names; /* in the order that it tells */
	size_t count;
	bool ignores_from; /* every listing begins at the start */
	size_t fails_at;   /* the page that holds this name fails; 0: none */
	atomic_uint pages;
	struct cancel *cancel; /* triggered by page cancel_at */
	unsigned cancel_at;
};

struct loc_list {
	struct shelf *shelf;
	size_t at;
	bool is_flat;
};

static struct loc_list *shelf_list_new(
	struct location *loc, struct strview dir, unsigned flags, loc_problem_fn problem, void *arg)
{
	(void)dir;
	(void)problem;
	(void)arg;
	struct loc_list *l = s3t_alloc(sizeof *l);
	l->shelf = (struct shelf *)loc;
	l->is_flat = !(flags & LOC_LIST_RECURSIVE);
	return l;
}

static void shelf_list_from(struct loc_list *l, struct strview after)
{
	if (l->shelf->ignores_from)
		return;
	while (l->at < l->shelf->count && sv_cmp(sv(l->shelf->names[l->at]), after) <= 0)
		l->at++;
}

static enum s3t_rc shelf_list_next(struct loc_list *l, const struct loc_io *io,
	struct entry_page **page, bool *done, struct s3t_err *err)
{
	struct shelf *s = l->shelf;
	struct strview dir = sv_n("", 0);
	if (atomic_fetch_add(&s->pages, 1) + 1 == s->cancel_at)
		cancel_trigger(s->cancel);
	if (cancel_wait(io->cancel, PAGE_MS))
		return s3t_fail(err, S3T_CANCELLED, "Cancelled.");
	*page = entry_page_new(false);
	/* as S3 tells a page: files, then what has a '/' in it as one name each */
	struct entry_page *dirs = entry_page_new(false);
	while (l->at < s->count && (*page)->count + dirs->count < PAGE) {
		struct strview name = sv(s->names[l->at]);
		if (s->fails_at && l->at == s->fails_at) {
			entry_page_free(*page);
			entry_page_free(dirs);
			*page = NULL;
			return s3t_fail(err, S3T_NETWORK, "It broke.");
		}
		size_t slash = sv_find(name, '/');
		if (l->is_flat && slash < name.len) {
			struct strview head = sv_n(name.data, slash + 1);
			if (!sv_eq(head, dir))
				(void)entry_page_add(dirs, head, ENTRY_DIR, 0, 0, 0, sv_n("", 0));
			dir = head;
		} else {
			(void)entry_page_add(*page, name, ENTRY_FILE, l->at, 0, 0, sv_n("", 0));
		}
		l->at++;
	}
	/* what is left of the last directory was told with it */
	while (l->is_flat && dir.len && l->at < s->count &&
		sv_starts_with(sv(s->names[l->at]), dir))
		l->at++;
	for (uint32_t i = 0; i < dirs->count; i++)
		(void)entry_page_add(*page, entry_name(dirs, &dirs->entries[i]), ENTRY_DIR, 0, 0, 0,
			sv_n("", 0));
	entry_page_free(dirs);
	*done = l->at == s->count;
	return S3T_OK;
}

static void shelf_list_free(struct loc_list *l)
{
	free(l);
}

static void shelf_destroy(struct location *loc)
{
	(void)loc; /* the test's own */
}

static void *no_open(void *arg)
{
	return arg;
}

static void no_close(void *state)
{
	(void)state;
}

/* Connections that nobody uses. */
static int nothing;
static const struct http_transport no_transport = {
	.open = no_open, .close = no_close, .arg = &nothing};

static const struct location_ops shelf_ops = {.destroy = shelf_destroy,
	.list_new = shelf_list_new,
	.list_next = shelf_list_next,
	.list_from = shelf_list_from,
	.list_free = shelf_list_free};

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void shelf_init(struct shelf *s, size_t count, char *(*name)(size_t i))
{
	*s = (struct shelf){.base.ops = &shelf_ops, .count = count};
	atomic_init(&s->base.refs, 1);
	s->names = s3t_alloc(count * sizeof *s->names);
	for (size_t i = 0; i < count; i++)
		s->names[i] = name(i);
	qsort(s->names, count, sizeof *s->names, compare_names);
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		if (kept && strcmp(s->names[i], s->names[kept - 1]) == 0)
			free(s->names[i]);
		else
			s->names[kept++] = s->names[i];
	}
	s->count = kept;
}

static void shelf_deinit(struct shelf *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->names[i]);
	free(s->names);
}

/* --- what is listed --- */

struct listed {
	unsigned char digest[SHA256_LEN];
	size_t count;
	int64_t took_ms;
	unsigned pages;
	struct s3t_err err;
	enum s3t_rc rc;
};

static void list_with(struct shelf *s, unsigned flags, struct cancel *cancel, struct listed *out)
{
	struct loc_io io = {.cancel = cancel};
	struct split_list *l = split_list_new(&s->base, SV("d/"), flags, NULL, NULL, &no_transport);
	struct digest *d = digest_new(DIGEST_SHA256);
	int64_t begun_ms = time_mono_ms();
	*out = (struct listed){.count = 0};
	atomic_store(&s->pages, 0);
	for (bool done = false; !done && out->rc == S3T_OK;) {
		struct entry_page *page = NULL;
		out->rc = split_list_next(l, &io, &page, &done, &out->err);
		for (uint32_t i = 0; page && i < page->count; i++) {
			struct strview name = entry_name(page, &page->entries[i]);
			digest_update(d, name.data, name.len);
			digest_update(d, "", 1);
			out->count++;
		}
		entry_page_free(page);
	}
	split_list_free(l);
	out->took_ms = time_mono_ms() - begun_ms;
	out->pages = atomic_load(&s->pages);
	digest_final(d, out->digest);
	digest_free(d);
}

static void names_in_order(const struct shelf *s, unsigned char digest[SHA256_LEN])
{
	struct digest *d = digest_new(DIGEST_SHA256);
	for (size_t i = 0; i < s->count; i++)
		digest_update(d, s->names[i], strlen(s->names[i]) + 1);
	digest_final(d, digest);
	digest_free(d);
}

static char *number(size_t i)
{
	return s3t_asprintf("data-%012zu.bin", i);
}

static char *hex(size_t i)
{
	return s3t_asprintf("%016llx", (unsigned long long)i * 0x9e3779b97f4a7c15ULL);
}

/* Most of them on a few days. */
static char *date(size_t i)
{
	size_t day = i % 3 ? 200 + i % 5 : i % 365;
	return s3t_asprintf("2024-%02zu-%02zu/%02zu:%02zu:%02zu-%06zu.log", day / 31 + 1,
		day % 31 + 1, i % 24, i % 60, i * 7 % 60, i);
}

static char *deep(size_t i)
{
	return s3t_asprintf("a/very/long/way/down/to/where/all/the/keys/lie/together/in/one/"
			    "single/prefix/part-%zu-of-many.parquet",
		i);
}

static char *mixed(size_t i)
{
	static const char *const heads[] = {"Archive/", "README ", "_tmp/", "backup-",
		"foto \xc3\xa9", "img/IMG_", "logs.", "z", "\xe6\x97\xa5\xe6\x9c\xac/", "~"};
	return s3t_asprintf(
		"%s%zx-%c", heads[i % 10], i * 2654435761U % 1000003, (char)('A' + (char)(i % 57)));
}

/* Only one listing knows how many there are in all: the end comes in the middle of a cut. */
static char *short_number(size_t i)
{
	return s3t_asprintf("%zu", i);
}

static void every_name_comes_once_and_in_order(void **state)
{
	(void)state;
	static char *(*const kinds[])(size_t) = {number, hex, date, deep, mixed, short_number};
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		struct shelf s;
		struct listed got;
		unsigned char wanted[SHA256_LEN];
		shelf_init(&s, 60000, kinds[k]);
		names_in_order(&s, wanted);
		list_with(&s, LOC_LIST_RECURSIVE, NULL, &got);
		assert_int_equal(got.rc, S3T_OK);
		assert_int_equal(got.count, s.count);
		assert_memory_equal(got.digest, wanted, SHA256_LEN);
		print_message("kind %zu: %zu names, %u pages\n", k, s.count, got.pages);
		/* a page more for each range, and some that had to be guessed */
		assert_in_range(got.pages, s.count / PAGE, s.count / PAGE * 5 / 2);
		shelf_deinit(&s);
	}
}

static void few_names_are_listed_page_after_page(void **state)
{
	(void)state;
	static const size_t counts[] = {0, 1, 999, 1000, 1001, 2000, 2001, 2999};
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		struct shelf s;
		struct listed got;
		shelf_init(&s, counts[i], number);
		list_with(&s, LOC_LIST_RECURSIVE, NULL, &got);
		assert_int_equal(got.rc, S3T_OK);
		assert_int_equal(got.count, counts[i]);
		shelf_deinit(&s);
	}
}

static char *with_directories(size_t i)
{
	return i % 3 ? s3t_asprintf("file-%06zu", i) : s3t_asprintf("dir-%05zu/%zu", i / 9, i % 9);
}

static int compare_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void a_flat_listing_tells_every_directory_once(void **state)
{
	(void)state;
	enum { COUNT = 45000, LEN = 16 };
	struct shelf s;
	shelf_init(&s, COUNT, with_directories);
	struct loc_io io = {.cancel = NULL};
	struct split_list *l = split_list_new(&s.base, SV("d/"), 0, NULL, NULL, &no_transport);
	char(*got)[LEN] = s3t_alloc(COUNT * sizeof *got);
	size_t n = 0;
	for (bool done = false; !done;) {
		struct entry_page *page = NULL;
		assert_int_equal(split_list_next(l, &io, &page, &done, NULL), S3T_OK);
		for (uint32_t i = 0; i < page->count; i++) {
			struct strview name = entry_name(page, &page->entries[i]);
			snprintf(got[n++], LEN, "%.*s", (int)name.len, name.data);
		}
		entry_page_free(page);
	}
	split_list_free(l);
	assert_int_equal(n, COUNT / 3 * 2 + COUNT / 9);
	qsort(got, n, sizeof *got, compare_text);
	for (size_t i = 1; i < n; i++)
		assert_true(strcmp(got[i - 1], got[i]) < 0);
	free(got);
	shelf_deinit(&s);
}

static void a_server_that_always_begins_at_the_start_is_listed_in_one(void **state)
{
	(void)state;
	struct shelf s;
	struct listed got;
	unsigned char wanted[SHA256_LEN];
	shelf_init(&s, 20000, number);
	s.ignores_from = true;
	names_in_order(&s, wanted);
	list_with(&s, LOC_LIST_RECURSIVE, NULL, &got);
	assert_int_equal(got.rc, S3T_OK);
	assert_int_equal(got.count, s.count);
	assert_memory_equal(got.digest, wanted, SHA256_LEN);
	shelf_deinit(&s);
}

static void a_server_without_order_is_listed_in_one(void **state)
{
	(void)state;
	struct shelf s;
	struct listed got;
	unsigned char wanted[SHA256_LEN];
	shelf_init(&s, 20000, number);
	for (size_t i = 0; i + 7 < s.count; i += 8) { /* nearly in order */
		char *name = s.names[i];
		s.names[i] = s.names[i + 7];
		s.names[i + 7] = name;
	}
	names_in_order(&s, wanted);
	list_with(&s, LOC_LIST_RECURSIVE, NULL, &got);
	assert_int_equal(got.rc, S3T_OK);
	assert_memory_equal(got.digest, wanted, SHA256_LEN);
	assert_int_equal(got.pages, s.count / PAGE);
	shelf_deinit(&s);
}

static void a_failure_comes_up_and_ends_it(void **state)
{
	(void)state;
	struct shelf s;
	struct listed got;
	shelf_init(&s, 40000, number);
	s.fails_at = 30500;
	list_with(&s, LOC_LIST_RECURSIVE, NULL, &got);
	assert_int_equal(got.rc, S3T_NETWORK);
	assert_string_equal(got.err.message, "It broke.");
	shelf_deinit(&s);
}

static void a_cancel_ends_it(void **state)
{
	(void)state;
	struct shelf s;
	struct listed got;
	shelf_init(&s, 300000, number);
	s.cancel = cancel_new(NULL);
	s.cancel_at = 30;
	list_with(&s, LOC_LIST_RECURSIVE, s.cancel, &got);
	assert_int_equal(got.rc, S3T_CANCELLED);
	assert_true(got.count < s.count);
	assert_in_range(got.pages, s.cancel_at, s.cancel_at + 8); /* those under way */
	cancel_free(s.cancel);
	shelf_deinit(&s);
}

static void one_that_is_given_up_early_leaves_nothing(void **state)
{
	(void)state;
	struct shelf s;
	struct loc_io io = {.cancel = NULL};
	shelf_init(&s, 100000, number);
	struct split_list *l =
		split_list_new(&s.base, SV("d/"), LOC_LIST_RECURSIVE, NULL, NULL, &no_transport);
	for (int i = 0; i < 10; i++) {
		struct entry_page *page = NULL;
		bool done;
		assert_int_equal(split_list_next(l, &io, &page, &done, NULL), S3T_OK);
		entry_page_free(page);
	}
	split_list_free(l);
	shelf_deinit(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_comes_once_and_in_order),
		cmocka_unit_test(few_names_are_listed_page_after_page),
		cmocka_unit_test(a_flat_listing_tells_every_directory_once),
		cmocka_unit_test(a_server_that_always_begins_at_the_start_is_listed_in_one),
		cmocka_unit_test(a_server_without_order_is_listed_in_one),
		cmocka_unit_test(a_failure_comes_up_and_ends_it),
		cmocka_unit_test(a_cancel_ends_it),
		cmocka_unit_test(one_that_is_given_up_early_leaves_nothing),
	};
	crypto_global_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
