/* Key names, the action table's defaults, and [keys]. */
#include "ui/keymap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void names_of_keys_read_back_as_they_were_written(void **state)
{
	(void)state;
	static const char *const names[] = {"F5", "F12", "Ctrl-R", "Alt-Left", "Alt-i", "+", "-",
		"Space", "Ctrl-Space", "Enter", "Esc", "Shift-Tab", "Ctrl-Alt-Up", "é", "PgDn",
		"G"};
	for (size_t i = 0; i < COUNT(names); i++) {
		char text[32];
		ui_key key = key_parse(sv(names[i]));
		assert_int_not_equal(key, 0);
		key_text(key, text);
		assert_string_equal(text, names[i]);
	}
	assert_int_equal(key_parse(SV("ctrl-r")), key_parse(SV("Ctrl-R")));
	assert_int_not_equal(key_parse(SV("g")), key_parse(SV("G")));
}

static void what_is_no_key_is_refused(void **state)
{
	(void)state;
	static const char *const names[] = {
		"", "F13", "Ctrl-", "ab", "Hyper-x", "Shift-a", " ", "\x01"};
	for (size_t i = 0; i < COUNT(names); i++)
		assert_int_equal(key_parse(sv(names[i])), 0);
}

static void the_defaults_have_no_conflict_and_every_action_a_key(void **state)
{
	(void)state;
	struct keymap *map = keymap_new();
	struct s3t_err err;
	assert_int_equal(keymap_check(map, &err), S3T_OK);
	for (unsigned a = 0; a < ACTION_COUNT; a++) {
		struct strbuf keys;
		strbuf_init(&keys);
		keymap_keys(map, (enum action)a, &keys);
		assert_true(keys.len > 0);
		strbuf_deinit(&keys);
	}
	keymap_free(map);
}

static void one_key_means_different_things_in_different_contexts(void **state)
{
	(void)state;
	struct keymap *map = keymap_new();
	assert_int_equal(keymap_find(map, CTX_BROWSER, K_ESC), ACTION_STOP);
	assert_int_equal(keymap_find(map, CTX_TRANSFERS, K_ESC), ACTION_CLOSE);
	assert_int_equal(keymap_find(map, CTX_DIALOG, K_ESC), ACTION_DISMISS);
	assert_int_equal(keymap_find(map, CTX_BROWSER, K_F5), ACTION_COPY);
	assert_int_equal(keymap_find(map, CTX_DIALOG, K_F5), ACTION_NONE);
	keymap_free(map);
}

static struct config *config_of(const char *text)
{
	struct config *config = NULL;
	struct strbuf warnings;
	struct s3t_err err;
	strbuf_init(&warnings);
	assert_int_equal(
		config_parse("t.ini", sv(text), NULL, NULL, &config, &warnings, &err), S3T_OK);
	strbuf_deinit(&warnings);
	return config;
}

static void the_person_s_keys_take_the_place_of_the_defaults(void **state)
{
	(void)state;
	struct config *config = config_of("[keys]\ncopy = F6 Ctrl-P\nmove = Alt-m\n");
	struct keymap *map = keymap_new();
	struct s3t_err err;
	assert_int_equal(keymap_apply(map, config, &err), S3T_OK);
	assert_int_equal(keymap_find(map, CTX_BROWSER, K_F6), ACTION_COPY);
	assert_int_equal(keymap_find(map, CTX_BROWSER, 'p' | K_CTRL), ACTION_COPY);
	assert_int_equal(keymap_find(map, CTX_BROWSER, 'm' | K_ALT), ACTION_MOVE);
	assert_int_equal(keymap_find(map, CTX_BROWSER, K_F5), ACTION_NONE);
	keymap_free(map);
	config_free(config);
}

static void a_key_leaves_the_action_that_had_it_by_default(void **state)
{
	(void)state;
	struct config *config = config_of("[keys]\ncopy = d\n");
	struct keymap *map = keymap_new();
	struct s3t_err err;
	assert_int_equal(keymap_apply(map, config, &err), S3T_OK);
	assert_int_equal(keymap_find(map, CTX_BROWSER, 'd'), ACTION_COPY);
	assert_int_equal(keymap_find(map, CTX_BROWSER, K_F8), ACTION_DELETE);
	keymap_free(map);
	config_free(config);
}

static void mistakes_name_their_line(void **state)
{
	(void)state;
	static const struct {
		const char *text, *where, *what;
	} rows[] = {
		{"[keys]\ncopy = F5\nfly = F6\n", ":3:", "fly"},
		{"[keys]\ncopy = Ctrl-Foo\n", ":2:", "Ctrl-Foo"},
		{"[keys]\ncopy = Ctrl-S\n", ":2:", "Ctrl-S"},
		{"[keys]\nup = k\ncopy = Alt-c\nmove = Alt-c\n", ":4:", "Alt-c"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct config *config = config_of(rows[i].text);
		struct keymap *map = keymap_new();
		struct s3t_err err;
		assert_int_equal(keymap_apply(map, config, &err), S3T_CONFIG);
		assert_non_null(strstr(err.message, rows[i].where));
		assert_non_null(strstr(err.message, rows[i].what));
		keymap_free(map);
		config_free(config);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_keys_read_back_as_they_were_written),
		cmocka_unit_test(what_is_no_key_is_refused),
		cmocka_unit_test(the_defaults_have_no_conflict_and_every_action_a_key),
		cmocka_unit_test(one_key_means_different_things_in_different_contexts),
		cmocka_unit_test(the_person_s_keys_take_the_place_of_the_defaults),
		cmocka_unit_test(a_key_leaves_the_action_that_had_it_by_default),
		cmocka_unit_test(mistakes_name_their_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
