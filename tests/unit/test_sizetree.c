/* The tree of sizes below a place. */
#include "ui/sizetree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_name(const struct sizetree *t, uint32_t node, const char *name)
{
	struct strbuf path;
	strbuf_init(&path);
	sizetree_path(t, node, &path);
	assert_string_equal(path.data, name);
	strbuf_deinit(&path);
}

static void sums_go_up_to_the_root(void **state)
{
	(void)state;
	struct sizetree *t = sizetree_new();
	uint32_t ids[8];
	assert_true(sizetree_add(t, SV("a/b/one"), 10));
	assert_true(sizetree_add(t, SV("a/two"), 5));
	assert_true(sizetree_add(t, SV("z/three"), 100));
	assert_true(sizetree_add(t, SV("a/b/four"), 1)); /* not in order */
	assert_true(sizetree_add(t, SV("empty/"), 0));
	assert_true(sizetree_add(t, SV("five"), 7));
	const struct size_node *root = sizetree_node(t, SIZETREE_ROOT);
	assert_int_equal(root->bytes, 123);
	assert_int_equal(root->files, 5);
	assert_int_equal(root->own_files, 1);
	assert_int_equal(root->own_bytes, 7);
	assert_int_equal(root->children, 3);
	sizetree_children(t, SIZETREE_ROOT, ids);
	assert_name(t, ids[0], "z/");
	assert_name(t, ids[1], "a/");
	assert_name(t, ids[2], "empty/");
	assert_int_equal(sizetree_node(t, ids[1])->bytes, 16);
	assert_int_equal(sizetree_node(t, ids[1])->own_bytes, 5);
	assert_int_equal(sizetree_node(t, ids[1])->children, 1);
	sizetree_children(t, ids[1], ids);
	assert_name(t, ids[0], "a/b/");
	assert_int_equal(sizetree_node(t, ids[0])->files, 2);
	sizetree_free(t);
}

/* Keys are bytes: what lies below "/", "a//b" and ".." are directories of those names. */
static void odd_keys_have_their_own_directories(void **state)
{
	(void)state;
	struct sizetree *t = sizetree_new();
	uint32_t ids[8];
	assert_true(sizetree_add(t, SV("/lead"), 3));
	assert_true(sizetree_add(t, SV("a//b"), 2));
	assert_true(sizetree_add(t, SV("../up"), 1));
	assert_int_equal(sizetree_node(t, SIZETREE_ROOT)->children, 3);
	sizetree_children(t, SIZETREE_ROOT, ids);
	assert_name(t, ids[0], "/");
	assert_name(t, ids[1], "a/");
	assert_name(t, ids[2], "../");
	sizetree_children(t, ids[1], ids);
	assert_name(t, ids[0], "a//");
	sizetree_free(t);
}

static void many_directories_are_found_again(void **state)
{
	enum { N = 20000 };
	(void)state;
	struct sizetree *t = sizetree_new();
	char name[64];
	for (int round = 0; round < 2; round++)
		for (unsigned i = 0; i < N; i++) {
			int n = snprintf(name, sizeof name, "d%u/e%u/f%d", i % 200, i, round);
			assert_true(sizetree_add(t, sv_n(name, (size_t)n), i));
		}
	const struct size_node *root = sizetree_node(t, SIZETREE_ROOT);
	assert_int_equal(root->children, 200);
	assert_int_equal(root->files, 2 * N);
	uint32_t *ids = s3t_alloc(root->children * sizeof *ids);
	sizetree_children(t, SIZETREE_ROOT, ids);
	for (unsigned i = 0; i + 1 < 200; i++)
		assert_true(sizetree_node(t, ids[i])->bytes >= sizetree_node(t, ids[i + 1])->bytes);
	assert_int_equal(sizetree_node(t, ids[0])->children, N / 200);
	free(ids);
	sizetree_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_go_up_to_the_root),
		cmocka_unit_test(odd_keys_have_their_own_directories),
		cmocka_unit_test(many_directories_are_found_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
