#include "ui/fuzzy.h"

#include "ui/actions.h"
#include "ui/menu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static int score(const char *pattern, const char *text)
{
	return fuzzy_score(sv(pattern), sv(text));
}

static void letters_in_order_fit(void **state)
{
	(void)state;
	assert_int_equal(score("", "anything"), 0);
	assert_int_equal(score("", ""), 0);
	assert_int_equal(score("x", ""), -1);
	assert_true(score("cpy", "copy") > 0);
	assert_int_equal(score("ypc", "copy"), -1);
	assert_int_equal(score("copyy", "copy"), -1);
	assert_true(score("COPY", "copy") == score("copy", "COPY"));
}

static void words_and_runs_are_better(void **state)
{
	(void)state;
	assert_true(score("copy", "copy to") > score("copy", "c-o-p-y"));
	assert_true(score("cu", "copy-uri") > score("cu", "focus"));
	/* not the first place but the best one */
	assert_true(score("go", "ag g-x go to") >= score("go", "go"));
}

/* What the browser can do stands in a menu, but for moving. */
static void every_action_is_in_a_menu(void **state)
{
	(void)state;
	for (enum action a = 0; a < ACTION_COUNT; a++) {
		unsigned contexts = action_info(a)->contexts;
		if (a == ACTION_MENU || !(contexts & CTX_BROWSER) ||
			(contexts & CTX_LISTS) == CTX_LISTS)
			continue;
		if (menu_of(a) < 0)
			fail_msg("%s is in no menu", action_info(a)->name);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters_in_order_fit),
		cmocka_unit_test(words_and_runs_are_better),
		cmocka_unit_test(every_action_is_in_a_menu),
	};
	return cmocka_run_group_tests_name("fuzzy", tests, NULL, NULL);
}
