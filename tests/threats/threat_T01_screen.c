/*
 * Threat T1 on the screen: names and errors of foreign origin in panes, dialogs, messages, the list
 * of jobs and the window's title. What the program writes is looked at byte by byte.
 */
#include "support/tty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* An OSC that sets the title, colours, a C1 CSI, a right-to-left override, a bell, line breaks. */
#define EVIL                                      \
	"EVIL\x1b]0;owned\x07\x1b[31mred\xc2\x9b" \
	"2J\xe2\x80\xaegnp\xe2\x80\x8b.\xe2\x80\xa8\r\n\x08X"
#define SHOWN "EVIL\\x1b]0;owned"

static bool wrote(struct tty *t, const char *bytes)
{
	struct strview raw = tty_raw(t);
	return memmem(raw.data, raw.len, bytes, strlen(bytes)) != NULL;
}

/* Nothing of EVIL went out as it is. The program has sequences of its own, but none of these. */
static void assert_harmless(struct tty *t)
{
	static const char *const parts[] = {"\x1b]0;owned", "owned\x07", "\x1b[31mred", "\xc2\x9b",
		"\xe2\x80\xae", "\xe2\x80\x8b", "\xe2\x80\xa8", "\x08X", "\r\n\x08"};
	tty_pump(t);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (wrote(t, parts[i]))
			fail_msg("part %zu of the name went to the terminal as it is", i);
}

/* What XML can hold of it. */
static const char deny_body[] = "<Error><Code>Odd\xe2\x80\xae</Code>"
				"<Message>EVIL\xc2\x9b"
				"2J\xe2\x80\xaegnp\xe2\x80\x8b.\xe2\x80\xa8</Message></Error>";

static void names_are_escaped_in_panes_and_dialogs(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	fixture_put(&s->f, EVIL "-object", "data");
	fixture_put(&s->f, EVIL "-prefix/inner", "data");
	fixture_write(&s->f, "left/" EVIL "-file", 10, 1);
	struct tty_options options = {.rows = 30, .cols = 160};
	stage_start(s, &options);
	struct tty *t = s->tty;
	tty_wait_text(t, "X-file", TTY_WAIT_MS);
	tty_wait_text(t, "X-object", TTY_WAIT_MS);
	tty_keys(t, "Tab Home Down");
	tty_wait_cursor(t, SHOWN, TTY_WAIT_MS);
	assert_harmless(t);
	tty_keys(t, "F5");
	tty_wait_text(t, "[ Dry run ]", TTY_WAIT_MS);
	assert_harmless(t);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "[ Dry run ]", TTY_WAIT_MS);
	tty_keys(t, "End");
	tty_wait_cursor(t, "X-object", TTY_WAIT_MS);
	tty_keys(t, "F8");
	tty_wait_text(t, "[>Cancel<]", TTY_WAIT_MS);
	assert_harmless(t);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "[>Cancel<]", TTY_WAIT_MS);
	tty_keys(t, "Home Down Enter");
	tty_wait_text(t, "inner", TTY_WAIT_MS);
	assert_harmless(t);
	stage_quit(s);
	assert_harmless(t);
}

static void errors_of_the_server_are_escaped(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, "[retry]\nmax_attempts = 1\n");
	fixture_put(&s->f, EVIL "-object", "data");
	struct sandbox_fault fault = {.kind = SANDBOX_FAULT_ANSWER,
		.method = "PUT",
		.times = SANDBOX_FOREVER,
		.status = 418,
		.body = deny_body};
	sandbox_fault(s->f.server, &fault);
	fixture_write(&s->f, "left/" EVIL "-file", 10, 1);
	struct tty_options options = {.rows = 30, .cols = 160};
	stage_start(s, &options);
	struct tty *t = s->tty;
	tty_wait_text(t, "X-file", TTY_WAIT_MS);
	tty_wait_text(t, "X-object", TTY_WAIT_MS);
	tty_keys(t, "Home Down F5");
	tty_wait_text(t, "1 file, 10 B", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	tty_wait_text(t, "1 item failed", TTY_WAIT_MS);
	tty_wait_text(t, "Odd\\u{202e}", TTY_WAIT_MS);
	assert_harmless(t);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "1 item failed;", TTY_WAIT_MS);
	tty_keys(t, "t");
	tty_wait_text(t, "done: 0 of 1", TTY_WAIT_MS);
	assert_harmless(t);
	tty_keys(t, "Esc");
	tty_wait_text(t, "X-object", TTY_WAIT_MS);
	stage_quit(s);
	assert_harmless(t);
}

int main(int argc, char **argv)
{
	tty_budget_s(100);
	cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
	const struct CMUnitTest tests[] = {
		STAGE_TEST(names_are_escaped_in_panes_and_dialogs),
		STAGE_TEST(errors_of_the_server_are_escaped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
