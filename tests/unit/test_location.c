/* Paths as bytes: which names may become files here (T3), and how paths are joined and split. */
#include "core/location.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void names_that_would_leave_the_directory_are_refused(void **state)
{
	(void)state;
	static const struct strview names[] = {
		{"", 0},
		{"/", 1},
		{"//", 2},
		{"//x", 3},
		{"/etc/x", 6},
		{"..", 2},
		{".", 1},
		{"../", 3},
		{"./", 2},
		{"../x", 4},
		{"./x", 3},
		{"a/..", 4},
		{"a/../", 5},
		{"a/.", 3},
		{"a/../../x", 9},
		{"a/./b", 5},
		{"a//b", 4},
		{"a//", 3},
		{"a/b//", 5},
		{"~/x", 3},
		{"~/", 2},
		{"~/", 2 + 1}, /* with a NUL behind it */
		{"\0", 1},
		{"a\0b", 3},
		{"a/b\0", 4},
		{"..\0", 3},
	};
	for (size_t i = 0; i < COUNT(names); i++)
		assert_non_null(path_refusal(names[i]));
}

static void names_that_only_look_odd_are_paths(void **state)
{
	(void)state;
	static const char *const names[] = {"a", "a/", "a/b/c", "a/b/c/", "...", "..a", "a..", ".a",
		"a/...", "a/~", "~", "~x", "a/~/b", "-rf", "$(touch x);", "a b", "a\nb", "\x1b[31m",
		"\xff\xfe", "*", "s3:", "C:\\x", "a\\..\\b", "%2e%2e/x"};
	for (size_t i = 0; i < COUNT(names); i++)
		assert_null(path_refusal(sv(names[i])));
}

static void a_component_has_at_most_255_bytes(void **state)
{
	(void)state;
	char name[600];
	memset(name, 'x', sizeof name);
	assert_null(path_refusal(sv_n(name, 255)));
	assert_non_null(path_refusal(sv_n(name, 256)));
	name[255] = '/';
	assert_null(path_refusal(sv_n(name, 511)));
	assert_non_null(path_refusal(sv_n(name, 512)));
	assert_null(path_refusal(sv_n(name, 256)));
}

static void paths_are_joined_by_one_slash(void **state)
{
	(void)state;
	static const char *const rows[][3] = {
		{"", "name", "name"},
		{"/", "name", "/name"},
		{"/a", "b", "/a/b"},
		{"/a/", "b", "/a/b"},
		{"bucket", "", "bucket/"},
		{"bucket/", "", "bucket/"},
		{"", "", ""},
		{"bucket/a//", "b", "bucket/a//b"},
		{"bucket", "/lead", "bucket//lead"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct strbuf out;
		strbuf_init(&out);
		path_join(&out, sv(rows[i][0]), sv(rows[i][1]));
		assert_string_equal(out.data, rows[i][2]);
		strbuf_deinit(&out);
	}
}

static void a_path_is_its_parent_and_its_last_component(void **state)
{
	(void)state;
	static const char *const rows[][3] = {
		/* path, parent, last component */
		{"", "", ""},
		{"a", "", "a"},
		{"a/", "", "a"},
		{"/", "/", ""},
		{"/a", "/", "a"},
		{"/a/", "/", "a"},
		{"/a/b", "/a/", "b"},
		{"/a/b/", "/a/", "b"},
		{"bucket/key", "bucket/", "key"},
		{"bucket/a/b.c/", "bucket/a/", "b.c"},
		{"bucket//x", "bucket//", "x"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_true(sv_eq(path_parent(sv(rows[i][0])), sv(rows[i][1])));
		assert_true(sv_eq(path_basename(sv(rows[i][0])), sv(rows[i][2])));
	}
}

static void an_s3_path_is_a_bucket_and_a_key(void **state)
{
	(void)state;
	static const char *const rows[][3] = {
		{"", "", ""},
		{"bucket", "bucket", ""},
		{"bucket/", "bucket", ""},
		{"bucket/key", "bucket", "key"},
		{"bucket/a/b/", "bucket", "a/b/"},
		{"bucket//lead", "bucket", "/lead"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct strview bucket, key;
		s3_path_split(sv(rows[i][0]), &bucket, &key);
		assert_true(sv_eq(bucket, sv(rows[i][1])));
		assert_true(sv_eq(key, sv(rows[i][2])));
	}
}

static void only_s3_locations_have_a_client(void **state)
{
	(void)state;
	struct location *local = location_local_new();
	assert_int_equal(local->ops->kind, LOC_LOCAL);
	assert_null(location_s3_client(local));
	assert_null(location_s3_client(NULL));
	struct location *again = location_ref(local);
	location_unref(local);
	assert_int_equal(again->ops->kind, LOC_LOCAL); /* one reference is left */
	location_unref(again);
	location_unref(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_that_would_leave_the_directory_are_refused),
		cmocka_unit_test(names_that_only_look_odd_are_paths),
		cmocka_unit_test(a_component_has_at_most_255_bytes),
		cmocka_unit_test(paths_are_joined_by_one_slash),
		cmocka_unit_test(a_path_is_its_parent_and_its_last_component),
		cmocka_unit_test(an_s3_path_is_a_bucket_and_a_key),
		cmocka_unit_test(only_s3_locations_have_a_client),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
