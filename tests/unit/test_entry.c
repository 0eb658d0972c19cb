/* Pages of listed names: what goes in comes out, in the memory that was promised. */
#include "core/entry.h"

#include "core/timeutil.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void an_entry_is_24_bytes(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct entry), 24);
}

static void names_and_attributes_come_back(void **state)
{
	(void)state;
	struct entry_page *page = entry_page_new(false);
	assert_true(entry_page_add(page, SV("a"), ENTRY_FILE, UINT64_MAX, 17, 3, SV("ignored")));
	assert_true(entry_page_add(page, SV(""), ENTRY_DIR, 0, TIME_UNKNOWN, 0, SV("")));
	assert_true(entry_page_add(page, SV("n\0l\n\xff"), ENTRY_LINK, 1, -5, 255, SV("")));
	entry_page_trim(page);
	assert_int_equal(page->count, 3);
	const struct entry *e = page->entries;
	assert_true(sv_eq(entry_name(page, &e[0]), SV("a")));
	assert_int_equal(e[0].size, UINT64_MAX);
	assert_int_equal(e[0].mtime_s, 17);
	assert_int_equal(e[0].kind, ENTRY_FILE);
	assert_int_equal(e[0].storage_class, 3);
	assert_int_equal(entry_etag(page, &e[0]).len, 0);
	assert_int_equal(entry_name(page, &e[1]).len, 0);
	assert_int_equal(e[1].mtime_s, TIME_UNKNOWN);
	assert_true(sv_eq(entry_name(page, &e[2]), SV("n\0l\n\xff")));
	assert_int_equal(e[2].storage_class, 255);
	entry_page_free(page);
}

static void etags_are_kept_only_where_they_are_wanted(void **state)
{
	(void)state;
	char longest[255], longer[256];
	memset(longest, 'x', sizeof longest);
	memset(longer, 'y', sizeof longer);
	struct entry_page *page = entry_page_new(true);
	assert_true(entry_page_add(page, SV("a"), ENTRY_FILE, 1, 1, 0, SV("abc-2")));
	assert_true(entry_page_add(page, SV(""), ENTRY_FILE, 1, 1, 0, SV("d")));
	assert_true(entry_page_add(page, SV("none"), ENTRY_DIR, 1, 1, 0, SV("")));
	assert_true(entry_page_add(page, SV("b"), ENTRY_FILE, 1, 1, 0, sv_n(longest, 255)));
	assert_true(entry_page_add(page, SV("c"), ENTRY_FILE, 1, 1, 0, sv_n(longer, 256)));
	entry_page_trim(page);
	assert_true(sv_eq(entry_etag(page, &page->entries[0]), SV("abc-2")));
	assert_true(sv_eq(entry_name(page, &page->entries[0]), SV("a")));
	assert_true(sv_eq(entry_etag(page, &page->entries[1]), SV("d")));
	assert_int_equal(entry_etag(page, &page->entries[2]).len, 0);
	assert_true(sv_eq(entry_etag(page, &page->entries[3]), sv_n(longest, 255)));
	assert_int_equal(entry_etag(page, &page->entries[4]).len, 0); /* too long: not half of it */
	assert_true(sv_eq(entry_name(page, &page->entries[4]), SV("c")));
	entry_page_free(page);
}

static void the_longest_name_fits_and_a_longer_one_does_not(void **state)
{
	(void)state;
	char *name = s3t_alloc(65536);
	memset(name, 'n', 65536);
	struct entry_page *page = entry_page_new(true);
	assert_true(entry_page_add(page, sv_n(name, 65535), ENTRY_FILE, 1, 1, 0, SV("e")));
	assert_false(entry_page_add(page, sv_n(name, 65536), ENTRY_FILE, 1, 1, 0, SV("e")));
	assert_int_equal(page->count, 1);
	assert_true(sv_eq(entry_name(page, page->entries), sv_n(name, 65535)));
	assert_true(sv_eq(entry_etag(page, page->entries), SV("e")));
	entry_page_free(page);
	free(name);
}

static void an_empty_page_is_a_page(void **state)
{
	(void)state;
	struct entry_page *page = entry_page_new(false);
	entry_page_trim(page);
	assert_int_equal(page->count, 0);
	entry_page_free(page);
	entry_page_free(NULL);
}

static void a_full_page_takes_no_more_than_its_bytes(void **state)
{
	(void)state;
	enum { KEYS = 10000 };
	struct entry_page *page = entry_page_new(false);
	char name[40];
	for (unsigned i = 0; i < KEYS; i++) {
		snprintf(name, sizeof name, "key-of-32-bytes-in-all-%09u", i);
		assert_true(entry_page_add(page, sv(name), ENTRY_FILE, i, i, 0, SV("")));
	}
	entry_page_trim(page);
	assert_int_equal(page->count, KEYS);
	assert_int_equal(page->capacity, KEYS);
	assert_int_equal(page->arena_capacity, KEYS * 32);
	for (unsigned i = 0; i < KEYS; i += 997) {
		snprintf(name, sizeof name, "key-of-32-bytes-in-all-%09u", i);
		assert_true(sv_eq(entry_name(page, &page->entries[i]), sv(name)));
		assert_int_equal(page->entries[i].size, i);
	}
	entry_page_free(page);
}

static void storage_classes_are_remembered_as_they_came(void **state)
{
	(void)state;
	uint8_t a = storage_class_index(SV("GLACIER_IR")), b = storage_class_index(SV("x-new"));
	assert_true(a && b && a != b);
	assert_string_equal(storage_class_name(a), "GLACIER_IR");
	assert_string_equal(storage_class_name(b), "x-new");
	assert_int_equal(storage_class_index(SV("GLACIER_IR")), a);
	assert_string_equal(storage_class_name(0), "");
	assert_int_equal(storage_class_index(SV("")), 0);
	assert_int_equal(storage_class_index(SV("a-name-of-forty-characters-is-too-long--")), 0);
	assert_string_equal(storage_class_name(255), "");
}

static void *index_many(void *arg)
{
	bool *ok = arg;
	char name[16];
	*ok = true;
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "CLASS-%d", i);
		uint8_t at = storage_class_index(sv(name));
		*ok = *ok && at && strcmp(storage_class_name(at), name) == 0;
	}
	return NULL;
}

static void threads_agree_on_the_numbers_of_classes(void **state)
{
	(void)state;
	pthread_t threads[4];
	bool ok[4];
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, index_many, &ok[i]), 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_true(ok[i]);
	}
}

/* Runs last: the table is the process's. */
static void too_many_storage_classes_are_none(void **state)
{
	(void)state;
	char name[16];
	uint8_t last = 1;
	for (int i = 0; i < 400; i++) {
		snprintf(name, sizeof name, "MANY-%d", i);
		uint8_t at = storage_class_index(sv(name));
		assert_true(!at || strcmp(storage_class_name(at), name) == 0);
		last = at;
	}
	assert_int_equal(last, 0);
	assert_true(storage_class_index(SV("MANY-0")) != 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_is_24_bytes),
		cmocka_unit_test(names_and_attributes_come_back),
		cmocka_unit_test(etags_are_kept_only_where_they_are_wanted),
		cmocka_unit_test(the_longest_name_fits_and_a_longer_one_does_not),
		cmocka_unit_test(an_empty_page_is_a_page),
		cmocka_unit_test(a_full_page_takes_no_more_than_its_bytes),
		cmocka_unit_test(storage_classes_are_remembered_as_they_came),
		cmocka_unit_test(threads_agree_on_the_numbers_of_classes),
		cmocka_unit_test(too_many_storage_classes_are_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
