/* How objects are cut into parts: tables at the edges, properties in between. */
#include "transfer/plan.h"

#include "core/s3.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define MIB PLAN_MIB
#define GIB ((uint64_t)1 << 30)

static const uint64_t largest = S3_PARTS_MAX * S3_PART_MAX;

/* The parts lie end to end and are the object; all but the last have one size. */
static void assert_covers(const struct plan *p, uint64_t size)
{
	assert_true(p->part_count >= 1);
	assert_int_equal(plan_part_offset(p, 0), 0);
	uint32_t last = p->part_count - 1;
	uint64_t offset = plan_part_offset(p, last), len = plan_part_len(p, last, size);
	assert_true(offset <= size);
	assert_int_equal(offset + len, size);
	assert_true(len <= p->part_size);
	assert_true(size == 0 || len > 0);
	if (last) {
		assert_int_equal(plan_part_len(p, 0, size), p->part_size);
		assert_int_equal(plan_part_len(p, last - 1, size), p->part_size);
		assert_int_equal(plan_part_offset(p, last), p->part_size * last);
	}
}

static void assert_upload_holds(uint64_t size, uint64_t wanted, uint32_t max_parts)
{
	struct plan p;
	assert_true(plan_upload(size, 16 * MIB, wanted, max_parts, &p));
	assert_covers(&p, size);
	assert_true(p.part_count <= max_parts);
	assert_true(p.part_size <= S3_PART_MAX);
	assert_true(p.part_count == 1 || p.part_size >= S3_PART_MIN);
	if (wanted && p.part_count > 1) {
		uint64_t least = (size - 1) / max_parts + 1;
		assert_true(p.was_raised == (wanted < least));
		if (!p.was_raised)
			assert_int_equal(p.part_size, wanted);
	}
	if (!wanted)
		assert_false(p.was_raised);
}

static void uploads_are_cut_as_the_table_says(void **state)
{
	(void)state;
	static const struct {
		uint64_t size, threshold, wanted;
		uint32_t max_parts;
		uint64_t part_size;
		uint32_t part_count;
		bool was_raised;
	} rows[] = {
		{0, 16 * MIB, 0, 10000, 0, 1, false},
		{1, 16 * MIB, 0, 10000, 1, 1, false},
		{16 * MIB - 1, 16 * MIB, 0, 10000, 16 * MIB - 1, 1, false},
		{16 * MIB, 16 * MIB, 0, 10000, 16 * MIB, 1, false},
		{16 * MIB + 1, 16 * MIB, 0, 10000, 16 * MIB, 2, false},
		{16 * MIB, 16 * MIB, 5 * MIB, 10000, 5 * MIB, 4, false},
		{15 * MIB, 5 * MIB, 5 * MIB, 10000, 5 * MIB, 3, false},
		{15 * MIB + 1, 5 * MIB, 5 * MIB, 10000, 5 * MIB, 4, false},
		/* 9,500 parts is where automatic sizes start to grow */
		{9500 * 16 * MIB, 16 * MIB, 0, 10000, 16 * MIB, 9500, false},
		{9500 * 16 * MIB + 9500, 16 * MIB, 0, 10000, 17 * MIB, 8942, false},
		/* a wish that suffices stays, one that does not is raised by whole MiB */
		{10000 * 5 * MIB, 16 * MIB, 5 * MIB, 10000, 5 * MIB, 10000, false},
		{10000 * 5 * MIB + 1, 16 * MIB, 5 * MIB, 10000, 6 * MIB, 8334, true},
		{1000 * 5 * MIB + 1, 16 * MIB, 5 * MIB, 1000, 6 * MIB, 834, true},
		/* nothing but S3's own bounds changes a wish silently */
		{64 * MIB, 16 * MIB, 1, 10000, 5 * MIB, 13, false},
		{11 * GIB, 16 * MIB, 6 * GIB, 10000, 5 * GIB, 3, false},
		/* a high threshold does not allow a PUT of more than 5 GiB */
		{5 * GIB, 100 * GIB, 0, 10000, 5 * GIB, 1, false},
		{5 * GIB + 1, 100 * GIB, 0, 10000, 16 * MIB, 321, false},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan p;
		assert_true(plan_upload(
			rows[i].size, rows[i].threshold, rows[i].wanted, rows[i].max_parts, &p));
		assert_int_equal(p.part_size, rows[i].part_size);
		assert_int_equal(p.part_count, rows[i].part_count);
		assert_true(p.was_raised == rows[i].was_raised);
		assert_covers(&p, rows[i].size);
	}
}

static void ten_thousand_parts_suffice_at_every_size(void **state)
{
	(void)state;
	static const uint64_t wishes[] = {0, 5 * MIB, 16 * MIB, 100 * MIB, 5 * GIB};
	for (size_t w = 0; w < COUNT(wishes); w++) {
		for (uint64_t size = 1; size < largest; size = size * 3 / 2 + 1) {
			assert_upload_holds(size, wishes[w], S3_PARTS_MAX);
			assert_upload_holds(size / MIB * MIB, wishes[w], S3_PARTS_MAX);
		}
		for (uint64_t near = 0; near < 3; near++) {
			assert_upload_holds(largest - 1 - near, wishes[w], S3_PARTS_MAX);
			for (uint64_t part = 5 * MIB; part < S3_PART_MAX; part += 311 * MIB) {
				assert_upload_holds(
					S3_PARTS_MAX * part - near, wishes[w], S3_PARTS_MAX);
				assert_upload_holds(
					S3_PARTS_MAX * part + near, wishes[w], S3_PARTS_MAX);
			}
		}
	}
	for (uint64_t size = 1; size < 1000 * S3_PART_MAX; size = size * 3 / 2 + 1)
		assert_upload_holds(size, 0, 1000);
	for (uint64_t size = 1; size < 3 * S3_PART_MAX; size = size * 3 / 2 + 1)
		assert_upload_holds(size, 0, 3);
}

static void the_largest_object_is_ten_thousand_parts_of_5_gib(void **state)
{
	(void)state;
	struct plan p;
	assert_true(plan_upload(largest, 16 * MIB, 0, S3_PARTS_MAX, &p));
	assert_int_equal(p.part_count, S3_PARTS_MAX);
	assert_int_equal(p.part_size, S3_PART_MAX);
	assert_covers(&p, largest);
	assert_false(plan_upload(largest + 1, 16 * MIB, 0, S3_PARTS_MAX, &p));
	assert_false(plan_upload(UINT64_MAX, 16 * MIB, 0, S3_PARTS_MAX, &p));
	assert_false(plan_upload(UINT64_MAX, UINT64_MAX, 5 * MIB, S3_PARTS_MAX, &p));
	assert_true(plan_upload(1000 * S3_PART_MAX, 16 * MIB, 0, 1000, &p));
	assert_false(plan_upload(1000 * S3_PART_MAX + 1, 16 * MIB, 0, 1000, &p));
}

static void downloads_are_cut_as_the_table_says(void **state)
{
	(void)state;
	static const struct {
		uint64_t size;
		bool parallel;
		uint64_t wanted;
		uint64_t part_size;
		uint32_t part_count;
	} rows[] = {
		{0, true, 0, 0, 1},
		{1, true, 0, 1, 1},
		{8 * MIB, true, 0, 8 * MIB, 1},
		{8 * MIB + 1, true, 0, 8 * MIB, 2},
		{256 * MIB, true, 0, 8 * MIB, 32},
		{GIB, true, 0, 32 * MIB, 32},
		{GIB + 1, true, 0, 32 * MIB, 33},
		{10 * GIB, true, 0, 64 * MIB, 160},
		{GIB, false, 0, GIB, 1},
		{GIB, false, MIB, GIB, 1},
		{10 * MIB + 1, true, MIB, MIB, 11},
		{MIB, true, MIB, MIB, 1},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan p = plan_download(rows[i].size, rows[i].parallel, rows[i].wanted);
		assert_int_equal(p.part_size, rows[i].part_size);
		assert_int_equal(p.part_count, rows[i].part_count);
		assert_covers(&p, rows[i].size);
	}
}

/* T16: a size is what a server says it is. */
static void absurd_sizes_still_give_ranges_that_cover_them(void **state)
{
	(void)state;
	static const uint64_t sizes[] = {
		UINT64_MAX, UINT64_MAX - 1, INT64_MAX, (uint64_t)INT64_MAX + 1, largest};
	static const uint64_t wishes[] = {0, 65536, MIB, 5 * GIB};
	for (size_t i = 0; i < COUNT(sizes); i++) {
		for (size_t w = 0; w < COUNT(wishes); w++) {
			struct plan p = plan_download(sizes[i], true, wishes[w]);
			assert_covers(&p, sizes[i]);
		}
	}
}

static void parts_of_a_stream_double_every_thousand_where_they_may(void **state)
{
	(void)state;
	static const struct {
		uint64_t wanted;
		uint32_t index;
		bool may_grow;
		uint64_t expected;
	} rows[] = {
		{16 * MIB, 0, true, 16 * MIB},
		{16 * MIB, 999, true, 16 * MIB},
		{16 * MIB, 1000, true, 32 * MIB},
		{16 * MIB, 1999, true, 32 * MIB},
		{16 * MIB, 2000, true, 64 * MIB},
		{16 * MIB, 9999, true, 5 * GIB},
		{16 * MIB, 9999, false, 16 * MIB},
		{1, 0, true, 5 * MIB},
		{6 * GIB, 0, false, 5 * GIB},
	};
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(plan_stream_part(rows[i].wanted, rows[i].index, rows[i].may_grow),
			rows[i].expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uploads_are_cut_as_the_table_says),
		cmocka_unit_test(ten_thousand_parts_suffice_at_every_size),
		cmocka_unit_test(the_largest_object_is_ten_thousand_parts_of_5_gib),
		cmocka_unit_test(downloads_are_cut_as_the_table_says),
		cmocka_unit_test(absurd_sizes_still_give_ranges_that_cover_them),
		cmocka_unit_test(parts_of_a_stream_double_every_thousand_where_they_may),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
