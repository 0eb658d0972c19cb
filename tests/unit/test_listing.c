/* The model of a pane: order, filter, marks. */
#include "ui/listing.h"

#include "core/timeutil.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* "name" or "name:size:mtime"; a final '/' makes it a prefix. */
static struct entry_page *page_of(const char *const *names, size_t count)
{
	struct entry_page *page = entry_page_new(false);
	for (size_t i = 0; i < count; i++) {
		char name[64] = "";
		unsigned long long size = 0;
		long long mtime = 0;
		sscanf(names[i], "%63[^:]:%llu:%lld", name, &size, &mtime);
		enum entry_kind kind = sv_ends_with(sv(name), SV("/")) ? ENTRY_DIR : ENTRY_FILE;
		assert_true(entry_page_add(page, sv(name), kind, size, mtime, 0, SV("")));
	}
	return page;
}
#define ADD(l, ...)                                                            \
	do {                                                                   \
		const char *const names_[] = {__VA_ARGS__};                    \
		assert_true(listing_add((l), page_of(names_, COUNT(names_)))); \
	} while (0)

static void finish_work(struct listing *l)
{
	for (int i = 0; listing_work(l, 7); i++)
		assert_true(i < 100000);
}

/* Rows as one text: "a b c". */
static void assert_rows(const struct listing *l, const char *wanted)
{
	struct strbuf got;
	strbuf_init(&got);
	for (size_t row = 0; row < listing_rows(l); row++) {
		struct strview name = listing_name(l, listing_row(l, row));
		strbuf_addf(&got, "%s%.*s%s", row ? " " : "", (int)name.len, name.data,
			listing_is_marked(l, listing_row(l, row)) ? "*" : "");
	}
	assert_string_equal(got.data, wanted);
	strbuf_deinit(&got);
	assert_int_equal(listing_row(l, listing_rows(l)), LISTING_NONE);
}

static void mark_named(struct listing *l, const char *name)
{
	listing_mark(l, listing_find(l, sv(name), 0), true);
}

static void directories_come_first_and_arrival_order_stays(void **state)
{
	(void)state;
	struct listing *l = listing_new(true);
	ADD(l, "a", "c", "b/", "d/");
	ADD(l, "e", "f/");
	assert_false(listing_work(l, 1000));
	assert_rows(l, ".. b/ d/ f/ a c e");
	listing_finish(l);
	assert_false(listing_is_sorting(l));
	listing_free(l);
}

static void the_marker_of_the_prefix_itself_is_no_row(void **state)
{
	(void)state;
	struct listing *l = listing_new(false);
	struct entry_page *page = entry_page_new(false);
	assert_true(entry_page_add(page, SV(""), ENTRY_FILE, 0, 0, 0, SV("")));
	assert_true(entry_page_add(page, SV("x"), ENTRY_FILE, 0, 0, 0, SV("")));
	assert_true(listing_add(l, page));
	assert_rows(l, "x");
	assert_int_equal(listing_totals(l).entries, 1);
	listing_free(l);
}

static void what_arrives_unordered_is_sorted_at_the_end(void **state)
{
	(void)state;
	struct listing *l = listing_new(false);
	ADD(l, "m", "c", "z/", "a", "b/");
	ADD(l, "b");
	assert_rows(l, "z/ b/ m c a b");
	listing_finish(l);
	assert_true(listing_is_sorting(l));
	finish_work(l);
	assert_rows(l, "b/ z/ a b c m");
	listing_free(l);
}

static void the_old_order_stays_until_the_new_one_is_complete(void **state)
{
	(void)state;
	struct listing *l = listing_new(true);
	ADD(l, "a:30:1", "b:10:3", "c:20:2", "d/");
	listing_finish(l);
	listing_set_sort(l, SORT_SIZE, false);
	(void)listing_work(l, 1);
	assert_true(listing_is_sorting(l));
	assert_rows(l, ".. d/ a b c");
	finish_work(l);
	assert_rows(l, ".. d/ b c a");
	listing_set_sort(l, SORT_DATE, false);
	finish_work(l);
	assert_rows(l, ".. d/ a c b");
	listing_set_sort(l, SORT_DATE, true);
	finish_work(l);
	assert_rows(l, ".. d/ b c a");
	listing_set_sort(l, SORT_NAME, true);
	finish_work(l);
	assert_rows(l, ".. d/ c b a");
	listing_free(l);
}

static void numbers_in_names_count_by_their_value(void **state)
{
	(void)state;
	struct listing *l = listing_new(false);
	ADD(l, "f", "f02", "f10", "f2", "f2b", "f9", "x1y10", "x1y9", "d10/", "d9/",
		"n99999999999999999999999", "n100000000000000000000000");
	listing_finish(l);
	listing_set_sort(l, SORT_NATURAL, false);
	finish_work(l);
	assert_rows(l, "d9/ d10/ f f02 f2 f2b f9 f10 n99999999999999999999999 "
		       "n100000000000000000000000 x1y9 x1y10");
	listing_set_sort(l, SORT_CLASS, true); /* all are of one: the names decide */
	finish_work(l);
	assert_rows(l, "d10/ d9/ x1y9 x1y10 n99999999999999999999999 n100000000000000000000000 f9 "
		       "f2b f2 f10 f02 f");
	listing_free(l);
}

static void what_arrives_while_sorting_stands_behind_and_is_merged_in(void **state)
{
	(void)state;
	struct listing *l = listing_new(false);
	ADD(l, "a:3", "b:2", "c:1");
	listing_set_sort(l, SORT_SIZE, false);
	(void)listing_work(l, 1);
	ADD(l, "d:0", "e:9");
	finish_work(l);
	assert_rows(l, "c b a d e");
	listing_finish(l);
	finish_work(l);
	assert_rows(l, "d c b a e");
	listing_free(l);
}

static void a_long_sort_in_slices_is_a_sort(void **state)
{
	(void)state;
	enum { N = 5000 };
	struct listing *l = listing_new(false);
	uint64_t seed = 1;
	for (int p = 0; p < N / 500; p++) {
		struct entry_page *page = entry_page_new(false);
		for (int i = 0; i < 500; i++) {
			char name[32];
			seed = seed * 6364136223846793005U + 1442695040888963407U;
			snprintf(name, sizeof name, "%05d", p * 500 + i);
			assert_true(entry_page_add(
				page, sv(name), ENTRY_FILE, seed >> 52, 0, 0, SV("")));
		}
		assert_true(listing_add(l, page));
		if (p == 4)
			listing_set_sort(l, SORT_SIZE, false);
		(void)listing_work(l, 900);
	}
	listing_finish(l);
	finish_work(l);
	assert_int_equal(listing_rows(l), N);
	for (size_t row = 1; row < N; row++) {
		uint32_t a = listing_row(l, row - 1), b = listing_row(l, row);
		uint64_t x = listing_entry(l, a)->size, y = listing_entry(l, b)->size;
		assert_true(
			x < y || (x == y && sv_cmp(listing_name(l, a), listing_name(l, b)) < 0));
		assert_int_equal(listing_row_of(l, b), row);
	}
	listing_free(l);
}

static void a_filter_shows_what_contains_it_also_of_what_comes_later(void **state)
{
	(void)state;
	struct listing *l = listing_new(true);
	ADD(l, "Alpha", "beta", "gamma", "ALBUM/");
	listing_set_filter(l, SV("aL"));
	finish_work(l);
	assert_rows(l, ".. ALBUM/ Alpha");
	ADD(l, "royal", "zeta");
	finish_work(l);
	assert_rows(l, ".. ALBUM/ Alpha royal");
	listing_set_sort(l, SORT_NAME, true);
	finish_work(l);
	assert_rows(l, ".. ALBUM/ royal Alpha");
	listing_set_filter(l, SV(""));
	finish_work(l);
	assert_int_equal(listing_rows(l), 7);
	listing_free(l);
}

static void marks_stay_when_order_and_filter_change(void **state)
{
	(void)state;
	struct listing *l = listing_new(false);
	ADD(l, "a:1", "b:2", "c:4", "d/");
	listing_finish(l);
	mark_named(l, "b");
	mark_named(l, "d");
	struct listing_totals t = listing_totals(l);
	assert_int_equal(t.marked, 2);
	assert_int_equal(t.marked_dirs, 1);
	assert_int_equal(t.marked_bytes, 2);
	listing_set_sort(l, SORT_SIZE, true);
	finish_work(l);
	assert_rows(l, "d/* c b* a");
	listing_set_filter(l, SV("b"));
	finish_work(l);
	assert_rows(l, "b*");
	assert_int_equal(listing_totals(l).marked, 2);
	listing_free(l);
}

static void invert_changes_files_and_unmarks_directories(void **state)
{
	(void)state;
	struct listing *l = listing_new(true);
	ADD(l, "a:1", "b:2", "c:4", "d/");
	mark_named(l, "a");
	mark_named(l, "d/");
	listing_invert(l);
	assert_rows(l, ".. d/ a b* c*");
	assert_int_equal(listing_totals(l).marked_bytes, 6);
	listing_unmark_all(l);
	assert_rows(l, ".. d/ a b c");
	assert_int_equal(listing_totals(l).marked_bytes, 0);
	listing_free(l);
}

static void a_pattern_marks_the_files_that_match(void **state)
{
	(void)state;
	struct listing *l = listing_new(false);
	ADD(l, "a.jpg", "b.png", "c.jpg", "x.jpg/");
	listing_mark_pattern(l, SV("*.jpg"), true);
	finish_work(l);
	assert_rows(l, "x.jpg/ a.jpg* b.png c.jpg*");
	listing_mark_pattern(l, SV("c*"), false);
	finish_work(l);
	assert_rows(l, "x.jpg/ a.jpg* b.png c.jpg");
	listing_free(l);
}

static void marking_all_holds_for_what_comes_later(void **state)
{
	(void)state;
	struct listing *l = listing_new(false);
	ADD(l, "a.jpg", "b.txt", "dir/");
	listing_mark_pattern(l, SV("*.jpg"), true);
	finish_work(l);
	assert_true(listing_marks_later(l));
	ADD(l, "c.jpg", "d.txt", "e.jpg/");
	assert_rows(l, "dir/ e.jpg/ a.jpg* b.txt c.jpg* d.txt");
	listing_invert(l);
	ADD(l, "f.jpg", "g.txt");
	assert_rows(l, "dir/ e.jpg/ a.jpg b.txt* c.jpg d.txt* f.jpg g.txt*");
	/* only of what was shown then */
	listing_unmark_all(l);
	listing_set_filter(l, SV("x"));
	listing_mark_pattern(l, SV("*"), true);
	finish_work(l);
	listing_set_filter(l, SV(""));
	ADD(l, "h.jpg", "x.jpg");
	listing_mark_pattern(l, SV("xx*"), false);
	ADD(l, "xx.jpg", "xy.jpg");
	finish_work(l);
	assert_rows(l,
		"dir/ e.jpg/ a.jpg b.txt* c.jpg d.txt* f.jpg g.txt* h.jpg x.jpg* xx.jpg xy.jpg*");
	/* what is asked for now wins over marks from before; nothing overtakes */
	struct listing *again = listing_new(false);
	listing_inherit_marks(again, l);
	listing_mark_pattern(again, SV("x*"), false);
	ADD(again, "b.txt", "x.jpg");
	assert_rows(again, "b.txt* x.jpg");
	listing_mark_pattern(again, SV("x*"), true);
	listing_invert(again);
	finish_work(again);
	assert_rows(again, "b.txt x.jpg");
	listing_mark_pattern(again, SV("*"), true);
	listing_unmark_all(again);
	finish_work(again);
	assert_rows(again, "b.txt x.jpg");
	listing_mark_names(again, (const struct strview[]){SV("x.jpg"), SV("none")}, 2);
	assert_rows(again, "b.txt x.jpg*");
	listing_free(again);
	/* nothing comes any more */
	listing_finish(l);
	assert_false(listing_marks_later(l));
	listing_unmark_all(l);
	assert_int_equal(listing_totals(l).marked, 0);
	listing_free(l);
}

static void marks_go_over_to_the_refreshed_listing_by_name(void **state)
{
	(void)state;
	struct listing *old = listing_new(false), *l = listing_new(false);
	ADD(old, "a", "b", "c", "d/");
	mark_named(old, "b");
	mark_named(old, "c");
	mark_named(old, "d/");
	ADD(l, "a", "b");
	listing_inherit_marks(l, old);
	listing_free(old);
	assert_rows(l, "a b*");
	ADD(l, "c", "d/", "e");
	assert_rows(l, "d/* a b* c* e");
	listing_free(l);
}

static void what_was_done_loses_its_mark_also_before_it_is_listed_again(void **state)
{
	(void)state;
	struct listing *old = listing_new(false), *l = listing_new(false);
	ADD(old, "a", "b", "d/");
	listing_invert(old);
	mark_named(old, "d");
	listing_inherit_marks(l, old);
	struct strview done[] = {SV("a"), SV("d")};
	listing_unmark_names(l, done, COUNT(done));
	listing_unmark_names(old, done, COUNT(done));
	assert_rows(old, "d/ a b*");
	listing_free(old);
	ADD(l, "a", "b", "d/");
	assert_rows(l, "d/ a b*");
	listing_free(l);
}

static void names_are_found_with_and_without_a_final_slash(void **state)
{
	(void)state;
	struct listing *l = listing_new(true);
	ADD(l, "a", "ab", "dir/");
	assert_int_equal(listing_row_of(l, listing_find(l, SV("dir"), 0)), 1);
	assert_int_equal(listing_row_of(l, listing_find(l, SV("a/"), 0)), 2);
	assert_int_equal(listing_find(l, SV("nothing"), 0), LISTING_NONE);
	assert_int_equal(listing_row_of(l, LISTING_PARENT), 0);
	assert_int_equal(listing_find(l, SV("a"), listing_slots(l)), LISTING_NONE);
	listing_free(l);
}

static void a_page_larger_than_a_slot_is_one_listing(void **state)
{
	(void)state;
	enum { N = 10000 };
	struct listing *l = listing_new(false);
	struct entry_page *page = entry_page_new(false);
	for (int i = 0; i < N; i++) {
		char name[32];
		snprintf(name, sizeof name, "bucket-%05d", i);
		assert_true(entry_page_add(page, sv(name), ENTRY_BUCKET, 0, 0, 0, SV("")));
	}
	assert_true(listing_add(l, page));
	assert_int_equal(listing_rows(l), N);
	uint32_t last = listing_row(l, N - 1);
	assert_true(sv_eq(listing_name(l, last), SV("bucket-09999")));
	listing_mark(l, last, true);
	assert_true(listing_is_marked(l, last));
	assert_false(listing_is_marked(l, listing_row(l, N - 2)));
	listing_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(directories_come_first_and_arrival_order_stays),
		cmocka_unit_test(the_marker_of_the_prefix_itself_is_no_row),
		cmocka_unit_test(what_arrives_unordered_is_sorted_at_the_end),
		cmocka_unit_test(the_old_order_stays_until_the_new_one_is_complete),
		cmocka_unit_test(numbers_in_names_count_by_their_value),
		cmocka_unit_test(what_arrives_while_sorting_stands_behind_and_is_merged_in),
		cmocka_unit_test(a_long_sort_in_slices_is_a_sort),
		cmocka_unit_test(a_filter_shows_what_contains_it_also_of_what_comes_later),
		cmocka_unit_test(marks_stay_when_order_and_filter_change),
		cmocka_unit_test(invert_changes_files_and_unmarks_directories),
		cmocka_unit_test(a_pattern_marks_the_files_that_match),
		cmocka_unit_test(marking_all_holds_for_what_comes_later),
		cmocka_unit_test(marks_go_over_to_the_refreshed_listing_by_name),
		cmocka_unit_test(what_was_done_loses_its_mark_also_before_it_is_listed_again),
		cmocka_unit_test(names_are_found_with_and_without_a_final_slash),
		cmocka_unit_test(a_page_larger_than_a_slot_is_one_listing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
