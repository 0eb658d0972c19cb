/* Threat T2: combining marks in heaps and wide characters at a column's edge move no column. */
#include "support/tty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Each row has its frame where the first one has it: at both edges of both panes. */
static bool check_frames(struct tty *t, void *arg)
{
	int half = tty_cols(t) / 2, last = tty_cols(t) - 1;
	(void)arg;
	for (int y = 2; y < tty_rows(t) - 3; y++) {
		static const int edges = 4;
		const int at[] = {0, half - 1, half, last};
		for (int i = 0; i < edges; i++)
			if (strcmp(tty_part(t, y, at[i], 1), "│") != 0)
				return false;
	}
	return true;
}

static size_t marks_in(const char *row)
{
	size_t n = 0;
	for (const char *p = row; (p = strstr(p, "\xcc\x81")); p += 2)
		n++;
	return n;
}

static void columns_stay_straight_at_every_width(void **state)
{
	struct stage *s = *state;
	struct strbuf marks, wide;
	stage_open(s, NULL, NULL);
	strbuf_init(&marks);
	strbuf_init(&wide);
	strbuf_add_str(&marks, "z");
	for (int i = 0; i < 200; i++)
		strbuf_add_str(&marks, "\xcc\x81");
	strbuf_add_str(&marks, ".txt");
	for (int i = 0; i < 40; i++)
		strbuf_add_str(&wide, "\xe4\xb8\xad");
	strbuf_add_char(&marks, '\0');
	strbuf_add_char(&wide, '\0');
	char *odd = s3t_asprintf("a%s", wide.data); /* the other half of the columns */
	fixture_put(&s->f, marks.data, "x");
	fixture_put(&s->f, wide.data, "x");
	fixture_put(&s->f, odd, "x");
	fixture_put(&s->f, "\xef\xb8\x8f\xe2\x80\x8d joiners", "x");
	fixture_put(&s->f, "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x9a\x80", "x");
	fixture_put(&s->f, "\xcc\x81 begins with a mark", "x");
	static const char *const args[] = {"s3://demo/", "s3://demo/", NULL};
	struct tty_options o = {.args = args, .rows = 24, .cols = 80};
	stage_start(s, &o);
	struct tty *t = s->tty;
	tty_wait_text(t, "6 items", TTY_WAIT_MS);
	for (int cols = 60; cols <= 131; cols++) {
		tty_resize(t, 24, cols);
		tty_wait(t, check_frames, NULL, "straight columns", TTY_WAIT_MS);
	}
	int y = 0;
	assert_true(tty_find(t, ".txt", &y, NULL));
	assert_in_range(marks_in(tty_row(t, y)), 0, 4); /* two in each pane */
	free(odd);
	strbuf_deinit(&marks);
	strbuf_deinit(&wide);
	stage_quit(s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STAGE_TEST(columns_stay_straight_at_every_width),
	};
	tty_budget_s(100);
	return cmocka_run_group_tests_name("T2", tests, NULL, NULL);
}
