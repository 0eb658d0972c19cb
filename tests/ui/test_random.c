/*
 * Ten thousand random keys, pastes, resizes and mouse events against a read-only profile: nothing
 * breaks, nothing is written, the terminal is given back. The seed is printed; $S3TUI_SEED repeats
 * it. Run as root, the program is given to a user who may write nowhere else.
 */
#include "support/tty.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { EVENTS = 10000, BATCH = 25, CI_SEED = 20261126 };

static const char *const keys[] = {"Up", "Down", "Left", "Right", "Home", "End", "PgUp", "PgDn",
	"Insert", "Del", "F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "Tab", "Shift-Tab",
	"Enter", "Enter", "Esc", "Esc", "Backspace", "Space", "Alt-Left", "Alt-Right", "Shift-Up",
	"Shift-Down", "Ctrl-R", "Ctrl-G", "Ctrl-U", "Ctrl-P", "Ctrl-L", "Ctrl-D", "Ctrl-B", "Alt-i",
	"Alt-m", "j", "k", "g", "G", "h", "l", "v", "e", "d", "D", "+", "-", "*", "\\", "/", "s",
	"S", "R", "V", "t", "y", "Y", "b", "[", "]", ":", "n", "N", "w", "H", "E", "F", "x", "r",
	"p", "K", "J", "a", "m", "0", "9", "."};

static unsigned pick(unsigned below)
{
	return (unsigned)rand() %
	       below; /* NOLINT(cert-msc30-c,cert-msc50-cpp): a seed repeats it */
}

static void random_mouse(struct tty *t)
{
	static const int codes[] = {0, 0, 0, 1, 2, 2, 32, 32, 32, 34, 35, 64, 65, 4, 16, 66, 99};
	char text[48];
	snprintf(text, sizeof text, "\033[<%d;%u;%u%c", codes[pick(sizeof codes / sizeof *codes)],
		pick((unsigned)tty_cols(t) + 2), pick((unsigned)tty_rows(t) + 2),
		pick(3) ? 'M' : 'm');
	tty_type(t, text);
}

static void random_event(struct tty *t)
{
	static const char *const pastes[] = {"\033[200~letters\033[201~",
		"\033[200~two\nlines\033[201~", "\033[200~s3://demo/\xc3\xa9\033[201~", "\033[",
		"\033[1;", "\033O", "\xff\xfe", "\033[<0;5"};
	static const int sizes[][2] = {{24, 80}, {20, 60}, {60, 200}, {10, 40}, {24, 80}};
	unsigned what = pick(100);
	if (what < 25) {
		random_mouse(t);
	} else if (what < 28) {
		tty_type(t, pastes[pick(sizeof pastes / sizeof *pastes)]);
	} else if (what < 29) {
		const int *size = sizes[pick(sizeof sizes / sizeof *sizes)];
		tty_resize(t, size[0], size[1]);
	} else {
		tty_keys(t, keys[pick(sizeof keys / sizeof *keys)]);
	}
}

static void fill(struct stage *s)
{
	struct s3t_err err;
	static const char *const names[] = {"letters/alpha.txt", "letters/deep/er/gamma.txt",
		"top.bin", "esc\033[31mred", "\xe2\x80\xae bidi", "\xe4\xb8\xad\xe6\x96\x87 wide",
		"e\xcc\x81 combining", "a  b/ /c", "\xff\xfe", "nl\nx/y"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		assert_int_equal(sandbox_put(s->f.server, "demo", sv(names[i]),
					 SV("some text\nof lines\n"), NULL, &err),
			S3T_OK);
	for (int i = 0; i < 1500; i++) {
		char name[32];
		snprintf(name, sizeof name, "many/%04d", i);
		fixture_put(&s->f, name, "x");
	}
}

/* As another user, from a copy of the program that this one can read. */
static void start(struct stage *s)
{
	static const char *args[] = {"--reuid=65534", "--regid=65534", "--clear-groups", NULL,
		"s3://demo/", "s3://demo/", NULL};
	static const char *const env[] = {"EDITOR=true", NULL};
	const char *program = getenv("S3TUI_BIN");
	char *copy = s3t_asprintf("%s/program", s->f.dir);
	struct tty_options o = {.program = "/usr/bin/setpriv", .args = args, .env = env};
	assert_non_null(program);
	if (access(copy, X_OK) != 0) {
		char *command = s3t_asprintf(
			"cp '%s' '%s' && mkdir -p '%s/sanitizer' && chown -R 65534:65534 '%s'",
			program, copy, s->home, s->f.dir);
		assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): a test's own */
		free(command);
	}
	args[3] = copy;
	if (geteuid() != 0) {
		o.program = NULL;
		o.args = args + 4;
	}
	stage_start(s, &o);
	tty_wait_text(s->tty, "top.bin", TTY_WAIT_MS);
	free(copy);
}

static bool check_frame_or_end(struct tty *t, void *arg)
{
	return tty_has_ended(t) || tty_frames(t) > *(uint64_t *)arg;
}

/* Until it has drawn something after all that was sent. */
static void wait_for_it(struct tty *t)
{
	tty_pump(t);
	uint64_t frames = tty_frames(t);
	if (!tty_has_ended(t)) /* where nothing looks otherwise only they bring a frame */
		tty_type(t, "\033[201~");
	if (!tty_has_ended(t))
		tty_keys(t, "Ctrl-L Ctrl-L"); /* a sequence that broke off may swallow one */
	tty_wait(t, check_frame_or_end, &frames, "a frame", TTY_WAIT_MS);
}

static void end(struct stage *s)
{
	if (!tty_has_ended(s->tty))
		assert_int_equal(kill(tty_pid(s->tty), SIGTERM), 0);
	int status = tty_wait_exit(s->tty, TTY_WAIT_MS);
	if (status != 0 && status != 128 + SIGTERM) {
		tty_print(s->tty);
		fail_msg("it ended with %d", status);
	}
	tty_assert_restored(s->tty);
	assert_true(tty_free(s->tty));
	s->tty = NULL;
}

static void random_events_break_and_write_nothing(void **state)
{
	struct stage *s = *state;
	const char *given = getenv("S3TUI_SEED");
	unsigned any = getenv("CI") ? CI_SEED : (unsigned)time(NULL); /* CI tells of changes only */
	unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : any;
	print_message("S3TUI_SEED=%u\n", seed);
	srand(seed);
	stage_open(s, NULL, "readonly = true\n[retry]\ninitial_delay = 1ms\nmax_delay = 2ms\n");
	fill(s);
	start(s);
	unsigned starts = 1;
	uint64_t frames = 0;
	for (int i = 0; i < EVENTS; i++) {
		random_event(s->tty);
		if (i % BATCH)
			continue;
		wait_for_it(s->tty);
		if (tty_has_ended(s->tty)) {
			frames += tty_frames(s->tty);
			end(s);
			start(s);
			starts++;
		}
	}
	frames += tty_frames(s->tty);
	end(s);
	print_message("%llu frames, %u starts\n", (unsigned long long)frames, starts);
	assert_true(frames > EVENTS / BATCH);
	assert_int_equal(sandbox_request_count(s->f.server, "PUT"), 0);
	assert_int_equal(sandbox_request_count(s->f.server, "POST"), 0);
	assert_int_equal(sandbox_request_count(s->f.server, "DELETE"), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STAGE_TEST(random_events_break_and_write_nothing),
	};
	tty_budget_s(240);
	return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
