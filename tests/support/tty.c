/* vterm.h before anything of curses: both have a name too many in common */
#include <vterm.h>

#include "support/tty.h"

#include "core/timeutil.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#define FRAME_BEGIN "\033[?2026h"
#define FRAME_END "\033[?2026l"

enum { ENV_MAX = 64, ARGS_MAX = 16, SLICE_MS = 50, MODES_MAX = 3000, WHAT_MAX = 256 };

/* What the process between says. */
struct report {
	pid_t pid;
	int status; /* of waitpid(); -1: the program has been started */
};

struct tty {
	int master, reports, commands;
	pid_t shell, pid;
	struct termios before;
	VTerm *vt;
	VTermScreen *screen;
	int rows, cols;
	bool is_alternate, is_cursor_visible, is_stopped, has_ended;
	int mouse_mode, status;
	struct strbuf raw;
	size_t scanned; /* of raw, for frames */
	bool is_in_frame;
	uint64_t frames;
	char **lines; /* what tty_row() gave out */
	int line_count;
	char *part;
	char *san_dir;
};

static int64_t budget_end_ms;

void tty_budget_s(int64_t seconds)
{
	budget_end_ms = time_mono_ms() + seconds * 1000;
}

/* --- the process between: only system calls, the test has threads --- */

static void report(int fd, pid_t pid, int status)
{
	struct report r = {.pid = pid, .status = status};
	(void)!write(fd, &r, sizeof r);
}

static void run_program(char *const *argv, char *const *envp, const char *dir)
{
	static const int reset[] = {SIGHUP, SIGTTOU, SIGTTIN, SIGTSTP, SIGINT, SIGTERM, SIGPIPE};
	(void)setpgid(0, 0);
	(void)tcsetpgrp(STDIN_FILENO, getpid());
	for (size_t i = 0; i < sizeof reset / sizeof *reset; i++)
		(void)signal(reset[i], SIG_DFL);
	sigset_t none;
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (dir && chdir(dir) != 0)
		_exit(126);
	(void)close_range(3, ~0U, 0);
	(void)execve(argv[0], argv, envp);
	_exit(127);
}

static void be_shell(
	int reports, int commands, char *const *argv, char *const *envp, const char *dir)
{
	char byte;
	int status;
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGTTOU, SIG_IGN);
	pid_t pid = fork();
	if (pid == 0)
		run_program(argv, envp, dir);
	(void)setpgid(pid, pid);
	(void)tcsetpgrp(STDIN_FILENO, pid);
	report(reports, pid, -1);
	while (waitpid(pid, &status, WUNTRACED) == pid) {
		(void)tcsetpgrp(STDIN_FILENO, getpid());
		report(reports, pid, status);
		if (!WIFSTOPPED(status))
			break;
		if (read(commands, &byte, 1) != 1) {
			(void)kill(-pid, SIGKILL);
			continue;
		}
		(void)tcsetpgrp(STDIN_FILENO, pid);
		(void)kill(-pid, SIGCONT);
	}
	/* holds the terminal until the test has looked at it */
	(void)!read(commands, &byte, 1);
	_exit(0);
}

/* --- the emulator --- */

static int on_prop(VTermProp prop, VTermValue *value, void *user)
{
	struct tty *t = user;
	if (prop == VTERM_PROP_ALTSCREEN)
		t->is_alternate = value->boolean;
	else if (prop == VTERM_PROP_CURSORVISIBLE)
		t->is_cursor_visible = value->boolean;
	else if (prop == VTERM_PROP_MOUSE)
		t->mouse_mode = value->number;
	return 1;
}

static const VTermScreenCallbacks screen_callbacks = {.settermprop = on_prop};

static void open_emulator(struct tty *t)
{
	t->vt = vterm_new(t->rows, t->cols);
	assert_non_null(t->vt);
	vterm_set_utf8(t->vt, 1);
	t->screen = vterm_obtain_screen(t->vt);
	t->is_cursor_visible = true;
	vterm_screen_set_callbacks(t->screen, &screen_callbacks, t);
	vterm_screen_enable_altscreen(t->screen, 1);
	vterm_screen_reset(t->screen, 1);
}

/* Counts the ends of frames in what has come. */
static void scan_frames(struct tty *t)
{
	const size_t len = sizeof FRAME_END - 1;
	for (; t->scanned + len <= t->raw.len; t->scanned++) {
		const char *p = t->raw.data + t->scanned;
		if (*p != '\033')
			continue;
		if (memcmp(p, FRAME_BEGIN, len) == 0) {
			t->is_in_frame = true;
		} else if (memcmp(p, FRAME_END, len) == 0) {
			t->is_in_frame = false;
			t->frames++;
		}
	}
}

/* Reads once; false if nothing was there. */
static bool read_master(struct tty *t)
{
	char buf[1 << 16];
	ssize_t n = read(t->master, buf, sizeof buf);
	if (n <= 0)
		return false;
	strbuf_add(&t->raw, buf, (size_t)n);
	(void)vterm_input_write(t->vt, buf, (size_t)n);
	scan_frames(t);
	char answer[256];
	size_t len = vterm_output_read(t->vt, answer, sizeof answer);
	if (len)
		(void)!write(t->master, answer, len);
	return true;
}

static void read_report(struct tty *t)
{
	struct report r;
	if (read(t->reports, &r, sizeof r) != (ssize_t)sizeof r) {
		t->has_ended = true;
		return;
	}
	t->pid = r.pid;
	if (r.status == -1)
		return;
	t->is_stopped = WIFSTOPPED(r.status);
	t->has_ended = !t->is_stopped;
	t->status = r.status;
}

static bool pump(struct tty *t, int timeout_ms)
{
	struct pollfd fds[] = {{.fd = t->master, .events = POLLIN},
		{.fd = t->has_ended ? -1 : t->reports, .events = POLLIN}};
	if (poll(fds, 2, timeout_ms) <= 0)
		return false;
	bool any = fds[0].revents && read_master(t);
	if (fds[1].revents) {
		read_report(t);
		any = true;
	}
	return any;
}

void tty_pump(struct tty *t)
{
	while (pump(t, 0))
		;
}

/* --- start and end --- */

static bool has_name(const char *const *env, const char *entry)
{
	size_t n = strcspn(entry, "=") + 1;
	for (size_t i = 0; env && env[i]; i++)
		if (strncmp(env[i], entry, n) == 0)
			return true;
	return false;
}

static void add_env(char **envp, size_t *count, const char *const *instead, char *entry)
{
	if (has_name(instead, entry)) {
		free(entry);
		return;
	}
	assert_true(*count < ENV_MAX);
	envp[(*count)++] = entry;
}

/* An environment of its own: nothing of the person's who runs the tests. */
static void make_env(struct tty *t, const struct tty_options *o, char **envp)
{
	static const char *const dirs[][2] = {{"HOME", ""}, {"XDG_CONFIG_HOME", "/config"},
		{"XDG_STATE_HOME", "/state"}, {"XDG_CACHE_HOME", "/cache"},
		{"XDG_DATA_HOME", "/data"}, {"TMPDIR", "/tmp"}};
	static const char *const fixed[] = {"PATH=/usr/bin:/bin", "TERM=xterm-256color",
		"LANG=C.UTF-8", "TZ=UTC", "UBSAN_OPTIONS=print_stacktrace=1",
		"XDG_CONFIG_DIRS=/nonexistent"};
	size_t n = 0;
	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
		char *path = s3t_asprintf("%s%s", o->home, dirs[i][1]);
		(void)mkdir(path, 0700);
		add_env(envp, &n, o->env, s3t_asprintf("%s=%s", dirs[i][0], path));
		free(path);
	}
	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
		add_env(envp, &n, o->env, s3t_strdup(fixed[i]));
	t->san_dir = s3t_asprintf("%s/sanitizer", o->home);
	(void)mkdir(t->san_dir, 0700);
	add_env(envp, &n, o->env,
		s3t_asprintf("ASAN_OPTIONS=log_path=%s/"
			     "asan:handle_segv=2:handle_sigfpe=2:handle_sigbus=2",
			t->san_dir));
	add_env(envp, &n, o->env,
		s3t_asprintf("TSAN_OPTIONS=log_path=%s/"
			     "tsan:handle_segv=2:handle_sigfpe=2:handle_sigbus=2",
			t->san_dir));
	const char *lsan = getenv("LSAN_OPTIONS");
	if (lsan)
		add_env(envp, &n, o->env, s3t_asprintf("LSAN_OPTIONS=%s", lsan));
	for (size_t i = 0; o->env && o->env[i]; i++)
		add_env(envp, &n, NULL, s3t_strdup(o->env[i]));
	envp[n] = NULL;
}

struct tty *tty_start(const struct tty_options *o)
{
	const char *program = o->program ? o->program : getenv("S3TUI_BIN");
	char *argv[ARGS_MAX], *envp[ENV_MAX + 1];
	int reports[2], commands[2];
	if (!program)
		fail_msg("S3TUI_BIN is not set");
	struct tty *t = s3t_alloc(sizeof *t);
	t->rows = o->rows ? o->rows : 24;
	t->cols = o->cols ? o->cols : 80;
	strbuf_init_cap(&t->raw, (size_t)1 << 28);
	size_t n = 0;
	argv[n++] = s3t_strdup(program);
	for (size_t i = 0; o->args && o->args[i] && n < ARGS_MAX - 1; i++)
		argv[n++] = s3t_strdup(o->args[i]);
	argv[n] = NULL;
	make_env(t, o, envp);
	open_emulator(t);
	assert_int_equal(pipe2(reports, O_CLOEXEC), 0);
	assert_int_equal(pipe2(commands, O_CLOEXEC), 0);
	struct winsize size = {
		.ws_row = (unsigned short)t->rows, .ws_col = (unsigned short)t->cols};
	t->shell = forkpty(&t->master, NULL, NULL, &size);
	assert_true(t->shell >= 0);
	if (t->shell == 0) {
		(void)close(commands[1]);
		be_shell(reports[1], commands[0], argv, envp, o->dir);
	}
	close(reports[1]);
	close(commands[0]);
	t->reports = reports[0];
	t->commands = commands[1];
	(void)fcntl(t->master, F_SETFD, FD_CLOEXEC);
	assert_int_equal(tcgetattr(t->master, &t->before), 0);
	for (size_t i = 0; argv[i]; i++)
		free(argv[i]);
	for (size_t i = 0; envp[i]; i++)
		free(envp[i]);
	while (!t->pid && !t->has_ended)
		(void)pump(t, SLICE_MS);
	return t;
}

/* Prints the reports of sanitizers; whether there were none. */
static bool sanitizers_are_content(const struct tty *t)
{
	bool ok = true;
	DIR *dir = opendir(t->san_dir);
	for (struct dirent *e; dir && (e = readdir(dir));) {
		char buf[4096];
		if (e->d_name[0] == '.')
			continue;
		char *path = s3t_asprintf("%s/%s", t->san_dir, e->d_name);
		FILE *in = fopen(path, "r");
		ok = false;
		for (size_t n; in && (n = fread(buf, 1, sizeof buf, in)) > 0;)
			(void)fwrite(buf, 1, n, stderr);
		if (in)
			(void)fclose(in);
		free(path);
	}
	if (dir)
		closedir(dir);
	return ok;
}

bool tty_free(struct tty *t)
{
	if (!t)
		return true;
	if (!t->has_ended && t->pid > 0)
		(void)kill(t->pid, SIGKILL);
	close(t->commands);
	while (!t->has_ended)
		(void)pump(t, SLICE_MS);
	if (t->master >= 0)
		close(t->master);
	close(t->reports);
	(void)waitpid(t->shell, NULL, 0);
	vterm_free(t->vt);
	for (int i = 0; i < t->line_count; i++)
		free(t->lines[i]);
	free(t->lines);
	free(t->part);
	strbuf_deinit(&t->raw);
	bool ok = sanitizers_are_content(t);
	free(t->san_dir);
	free(t);
	return ok;
}

pid_t tty_pid(const struct tty *t)
{
	return t->pid;
}

void tty_hang_up(struct tty *t)
{
	close(t->master);
	t->master = -1;
}

bool tty_has_ended(const struct tty *t)
{
	return t->has_ended;
}

/* --- keys --- */

static void send(struct tty *t, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(t->master, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		assert_true(n > 0);
		data += n;
		len -= (size_t)n;
	}
}

void tty_type(struct tty *t, const char *text)
{
	send(t, text, strlen(text));
}

static void send_key(struct tty *t, const char *name, size_t len)
{
	static const char *const keys[][2] = {{"Up", "\033OA"}, {"Down", "\033OB"},
		{"Right", "\033OC"}, {"Left", "\033OD"}, {"Home", "\033OH"}, {"End", "\033OF"},
		{"PgUp", "\033[5~"}, {"PgDn", "\033[6~"}, {"Insert", "\033[2~"}, {"Del", "\033[3~"},
		{"F1", "\033OP"}, {"F2", "\033OQ"}, {"F3", "\033OR"}, {"F4", "\033OS"},
		{"F5", "\033[15~"}, {"F6", "\033[17~"}, {"F7", "\033[18~"}, {"F8", "\033[19~"},
		{"F9", "\033[20~"}, {"F10", "\033[21~"}, {"Tab", "\t"}, {"Shift-Tab", "\033[Z"},
		{"Enter", "\r"}, {"Esc", "\033"}, {"Backspace", "\177"}, {"Space", " "},
		{"Alt-Left", "\033[1;3D"}, {"Alt-Right", "\033[1;3C"}, {"Shift-Up", "\033[1;2A"},
		{"Shift-Down", "\033[1;2B"}};
	if (len == 10 && memcmp(name, "Ctrl-Space", len) == 0) {
		send(t, "", 1);
		return;
	}
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (strlen(keys[i][0]) == len && memcmp(keys[i][0], name, len) == 0) {
			tty_type(t, keys[i][1]);
			return;
		}
	char byte;
	if (len == 6 && memcmp(name, "Ctrl-", 5) == 0) {
		byte = (char)(name[5] & 0x1f);
		send(t, &byte, 1);
	} else if (len == 5 && memcmp(name, "Alt-", 4) == 0) {
		send(t, (char[]){27, name[4]}, 2);
	} else if (len == 1) {
		send(t, name, 1);
	} else {
		fail_msg("no key is called %.*s", (int)len, name);
	}
}

void tty_keys(struct tty *t, const char *keys)
{
	while (*keys) {
		size_t n = strcspn(keys, " ");
		if (n)
			send_key(t, keys, n);
		keys += n + (keys[n] == ' ');
	}
}

void tty_resize(struct tty *t, int rows, int cols)
{
	struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
	tty_pump(t);
	t->rows = rows;
	t->cols = cols;
	vterm_set_size(t->vt, rows, cols);
	assert_int_equal(ioctl(t->master, TIOCSWINSZ, &size), 0);
}

/* --- waiting --- */

static void give_up(struct tty *t, const char *what)
{
	tty_print(t);
	if (t->has_ended)
		print_error("the program has ended: status 0x%x\n", (unsigned)t->status);
	fail_msg("%s", what);
}

static int64_t deadline_ms(int64_t timeout_ms)
{
	int64_t end = time_mono_ms() + timeout_ms;
	return budget_end_ms && budget_end_ms < end ? budget_end_ms : end;
}

/* One step of waiting: until something comes, or the end. */
static void step(struct tty *t, int64_t end, const char *what)
{
	int64_t left = end - time_mono_ms();
	if (left <= 0) {
		char text[WHAT_MAX + 64];
		snprintf(text, sizeof text, "did not see %s%s", what,
			budget_end_ms && time_mono_ms() >= budget_end_ms
				? " (the time of the whole file is over)"
				: "");
		give_up(t, text);
	}
	(void)pump(t, left > SLICE_MS ? SLICE_MS : (int)left);
}

void tty_mouse(struct tty *t, int code, int y, int x, bool is_release)
{
	char text[48];
	int64_t end = deadline_ms(TTY_WAIT_MS);
	while (t->mouse_mode != VTERM_PROP_MOUSE_DRAG) /* 1002 */
		step(t, end, "the program listen to the mouse");
	snprintf(text, sizeof text, "\033[<%d;%d;%d%c", code, x + 1, y + 1, is_release ? 'm' : 'M');
	tty_type(t, text);
}

void tty_click(struct tty *t, int y, int x)
{
	tty_mouse(t, 0, y, x, false);
	tty_mouse(t, 0, y, x, true);
}

static void find_behind(struct tty *t, const char *text, int min_x, int *y, int *x)
{
	for (*y = 0; *y < tty_rows(t); ++*y) {
		for (*x = min_x; *x < tty_cols(t); ++*x) {
			const char *rest = tty_part(t, *y, *x, tty_cols(t) - *x);
			if (strncmp(rest, text, strlen(text)) == 0)
				return;
		}
	}
	tty_print(t);
	fail_msg("'%s' is not on the screen", text);
}

void tty_drag(struct tty *t, const char *from, const char *to, int min_x)
{
	int y0 = 0, x0 = 0, y1 = 0, x1 = 0;
	find_behind(t, from, 0, &y0, &x0);
	find_behind(t, to, min_x, &y1, &x1);
	tty_mouse(t, 0, y0, x0, false);
	for (int i = 1; i <= 4; i++)
		tty_mouse(t, 32, y0 + (y1 - y0) * i / 4, x0 + (x1 - x0) * i / 4, false);
}

void tty_wait(struct tty *t, tty_check_fn check, void *arg, const char *what, int64_t timeout_ms)
{
	int64_t end = deadline_ms(timeout_ms);
	tty_pump(t);
	for (;;) {
		if (!t->is_in_frame && check(t, arg))
			return;
		if (t->has_ended) {
			tty_pump(t);
			if (check(t, arg))
				return;
			give_up(t, what);
		}
		step(t, end, what);
	}
}

static bool check_text(struct tty *t, void *arg)
{
	return tty_shows(t, arg);
}

static bool check_gone(struct tty *t, void *arg)
{
	return !tty_shows(t, arg);
}

static bool check_cursor(struct tty *t, void *arg)
{
	return strstr(tty_cursor_row(t), arg) != NULL;
}

static bool check_frames(struct tty *t, void *arg)
{
	return t->frames > *(uint64_t *)arg;
}

static bool check_either(struct tty *t, void *arg)
{
	const char *const *texts = arg;
	return tty_shows(t, texts[0]) || tty_shows(t, texts[1]);
}

void tty_wait_text(struct tty *t, const char *text, int64_t timeout_ms)
{
	tty_wait(t, check_text, (void *)(uintptr_t)text, text, timeout_ms);
}

void tty_wait_gone(struct tty *t, const char *text, int64_t timeout_ms)
{
	char what[WHAT_MAX];
	snprintf(what, sizeof what, "the end of %s", text);
	tty_wait(t, check_gone, (void *)(uintptr_t)text, what, timeout_ms);
}

void tty_wait_cursor(struct tty *t, const char *text, int64_t timeout_ms)
{
	char what[WHAT_MAX];
	snprintf(what, sizeof what, "the cursor on %s", text);
	tty_wait(t, check_cursor, (void *)(uintptr_t)text, what, timeout_ms);
}

bool tty_wait_either(struct tty *t, const char *a, const char *b, int64_t timeout_ms)
{
	const char *texts[] = {a, b};
	char what[WHAT_MAX];
	snprintf(what, sizeof what, "%s or %s", a, b);
	tty_wait(t, check_either, texts, what, timeout_ms);
	return tty_shows(t, a);
}

void tty_select(struct tty *t, const char *name)
{
	tty_keys(t, "/");
	tty_type(t, name);
	tty_wait_text(t, "1 with /", TTY_WAIT_MS);
	tty_keys(t, "Enter End");
	tty_wait_cursor(t, name, TTY_WAIT_MS);
}

void tty_wait_frame(struct tty *t, int64_t timeout_ms)
{
	uint64_t before = t->frames;
	tty_keys(t, "Ctrl-L");
	tty_wait(t, check_frames, &before, "another frame", timeout_ms);
}

void tty_wait_stopped(struct tty *t, int64_t timeout_ms)
{
	int64_t end = deadline_ms(timeout_ms);
	while (!t->is_stopped && !t->has_ended)
		step(t, end, "the program stop");
	tty_pump(t);
}

void tty_continue(struct tty *t)
{
	t->is_stopped = false;
	assert_int_equal(write(t->commands, "c", 1), 1);
}

int tty_wait_exit(struct tty *t, int64_t timeout_ms)
{
	int64_t end = deadline_ms(timeout_ms);
	while (!t->has_ended)
		step(t, end, "the program end");
	/* what the line discipline still passes on comes before the answer to this */
	for (int silent = 0; silent < 2;)
		silent = pump(t, 20) ? 0 : silent + 1;
	return WIFSIGNALED(t->status) ? 128 + WTERMSIG(t->status) : WEXITSTATUS(t->status);
}

int64_t tty_time_cursor_us(struct tty *t, const char *keys, int64_t timeout_ms)
{
	tty_pump(t);
	char *before = s3t_strdup(tty_cursor_row(t));
	int64_t end = deadline_ms(timeout_ms), start = time_mono_ns();
	tty_keys(t, keys);
	while (t->is_in_frame || strcmp(tty_cursor_row(t), before) == 0)
		step(t, end, "another row under the cursor");
	free(before);
	return (time_mono_ns() - start) / 1000;
}

/* --- the terminal afterwards --- */

/* The private modes as the byte stream left them. */
static void read_modes(struct strview raw, signed char *modes)
{
	memset(modes, -1, MODES_MAX);
	for (size_t i = 0; i + 3 < raw.len; i++) {
		if (raw.data[i] != '\033' || raw.data[i + 1] != '[' || raw.data[i + 2] != '?')
			continue;
		unsigned list[8] = {0};
		size_t count = 0, at = i + 3;
		for (; at < raw.len; at++) {
			char c = raw.data[at];
			if (c >= '0' && c <= '9' && count < 8)
				list[count] = list[count] * 10 + (unsigned)(c - '0');
			else if (c == ';' && count < 7)
				count++;
			else
				break;
		}
		if (at >= raw.len || (raw.data[at] != 'h' && raw.data[at] != 'l'))
			continue;
		for (size_t k = 0; k <= count; k++)
			if (list[k] < MODES_MAX)
				modes[list[k]] = raw.data[at] == 'h';
	}
}

void tty_assert_restored(struct tty *t)
{
	static const int off[] = {1, 47, 1000, 1002, 1003, 1004, 1006, 1047, 1049, 2004, 2026};
	signed char modes[MODES_MAX];
	struct termios now;
	read_modes(strbuf_view(&t->raw), modes);
	for (size_t i = 0; i < sizeof off / sizeof *off; i++)
		if (modes[off[i]] == 1) {
			char text[64];
			snprintf(text, sizeof text, "mode ?%d was left on", off[i]);
			give_up(t, text);
		}
	if (modes[25] == 0 || !t->is_cursor_visible)
		give_up(t, "the cursor was left invisible");
	if (t->is_alternate)
		give_up(t, "the alternate screen was not left");
	if (t->mouse_mode != 0)
		give_up(t, "the mouse was left on");
	assert_int_equal(tcgetattr(t->master, &now), 0);
	if (now.c_lflag != t->before.c_lflag || now.c_iflag != t->before.c_iflag ||
		now.c_oflag != t->before.c_oflag)
		give_up(t, "the line discipline was left changed");
	VTermState *state = vterm_obtain_state(t->vt);
	VTermValue bold, reverse;
	(void)vterm_state_get_penattr(state, VTERM_ATTR_BOLD, &bold);
	(void)vterm_state_get_penattr(state, VTERM_ATTR_REVERSE, &reverse);
	if (bold.boolean || reverse.boolean)
		give_up(t, "attributes were left on");
}

/* --- looking --- */

int tty_rows(const struct tty *t)
{
	return t->rows;
}

int tty_cols(const struct tty *t)
{
	return t->cols;
}

static void add_utf8(struct strbuf *out, uint32_t c)
{
	if (c < 0x80) {
		strbuf_add_char(out, (char)c);
	} else if (c < 0x800) {
		strbuf_add_char(out, (char)(0xc0 | c >> 6));
		strbuf_add_char(out, (char)(0x80 | (c & 0x3f)));
	} else {
		if (c >= 0x10000) {
			strbuf_add_char(out, (char)(0xf0 | c >> 18));
			strbuf_add_char(out, (char)(0x80 | (c >> 12 & 0x3f)));
		} else {
			strbuf_add_char(out, (char)(0xe0 | c >> 12));
		}
		strbuf_add_char(out, (char)(0x80 | (c >> 6 & 0x3f)));
		strbuf_add_char(out, (char)(0x80 | (c & 0x3f)));
	}
}

/* Appends the cells of a row; at_byte (may be NULL) becomes the column of a byte. */
static void read_cells(
	struct tty *t, int y, int x, int w, struct strbuf *out, size_t byte, int *column)
{
	for (int end = x + w; x < end && x < t->cols;) {
		VTermScreenCell cell;
		VTermPos pos = {.row = y, .col = x};
		(void)vterm_screen_get_cell(t->screen, pos, &cell);
		if (column && out->len <= byte)
			*column = x;
		if (!cell.chars[0] || cell.chars[0] == UINT32_MAX)
			strbuf_add_char(out, ' ');
		for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i] &&
				cell.chars[0] != UINT32_MAX;
			i++)
			add_utf8(out, cell.chars[i]);
		x += cell.width > 1 ? cell.width : 1;
	}
}

static char *cells_text(struct tty *t, int y, int x, int w)
{
	struct strbuf sb;
	strbuf_init(&sb);
	if (y >= 0 && y < t->rows)
		read_cells(t, y, x, w, &sb, 0, NULL);
	while (sb.len && sb.data[sb.len - 1] == ' ')
		strbuf_truncate(&sb, sb.len - 1);
	return strbuf_take(&sb);
}

const char *tty_row(struct tty *t, int y)
{
	if (y >= t->line_count) {
		t->lines = realloc(t->lines, (size_t)(y + 1) * sizeof *t->lines);
		assert_non_null(t->lines);
		while (t->line_count <= y)
			t->lines[t->line_count++] = NULL;
	}
	free(t->lines[y]);
	t->lines[y] = cells_text(t, y, 0, t->cols);
	return t->lines[y];
}

const char *tty_part(struct tty *t, int y, int x, int w)
{
	free(t->part);
	t->part = cells_text(t, y, x, w);
	return t->part;
}

bool tty_find(struct tty *t, const char *text, int *y, int *x)
{
	for (int row = y ? *y : 0; row < t->rows; row++) {
		const char *line = tty_row(t, row), *at = strstr(line, text);
		if (!at)
			continue;
		if (y)
			*y = row;
		if (x) {
			struct strbuf sb;
			strbuf_init(&sb);
			read_cells(t, row, 0, t->cols, &sb, (size_t)(at - line), x);
			strbuf_deinit(&sb);
		}
		return true;
	}
	return false;
}

bool tty_shows(struct tty *t, const char *text)
{
	return tty_find(t, text, NULL, NULL);
}

struct tty_cell tty_cell(struct tty *t, int y, int x)
{
	VTermScreenCell c;
	VTermPos pos = {.row = y, .col = x};
	(void)vterm_screen_get_cell(t->screen, pos, &c);
	struct tty_cell out = {.is_reverse = c.attrs.reverse,
		.is_bold = c.attrs.bold,
		.is_underlined = c.attrs.underline != 0,
		.has_fg = !VTERM_COLOR_IS_DEFAULT_FG(&c.fg),
		.has_bg = !VTERM_COLOR_IS_DEFAULT_BG(&c.bg),
		.fg = -1,
		.bg = -1};
	if (out.has_fg && VTERM_COLOR_IS_INDEXED(&c.fg))
		out.fg = c.fg.indexed.idx;
	if (out.has_bg && VTERM_COLOR_IS_INDEXED(&c.bg))
		out.bg = c.bg.indexed.idx;
	return out;
}

bool tty_has_colors(struct tty *t)
{
	for (int y = 0; y < t->rows; y++)
		for (int x = 0; x < t->cols; x++) {
			struct tty_cell c = tty_cell(t, y, x);
			if (c.has_fg || c.has_bg)
				return true;
		}
	return false;
}

static bool stands_out(struct tty *t, int y, int x)
{
	struct tty_cell c = tty_cell(t, y, x);
	return c.is_reverse || c.bg == 39 || c.bg == 214 || c.bg == 6 || c.bg == 3;
}

/* The first long run of highlighted cells above the F-key bar; buttons and fields are shorter, or
 * of other colours. */
const char *tty_cursor_row(struct tty *t)
{
	for (int y = 1; y < t->rows - 1; y++)
		for (int x = 0; x < t->cols; x++) {
			int from = x;
			while (x < t->cols && stands_out(t, y, x))
				x++;
			if (x - from >= 20)
				return tty_part(t, y, from, x - from);
		}
	return "";
}

void tty_print(struct tty *t)
{
	print_error("screen of %d x %d, frame %llu:\n", t->cols, t->rows,
		(unsigned long long)t->frames);
	for (int y = 0; y < t->rows; y++)
		print_error("%2d|%s\n", y, tty_row(t, y));
}

struct strview tty_raw(const struct tty *t)
{
	return strbuf_view(&t->raw);
}

uint64_t tty_frames(const struct tty *t)
{
	return t->frames;
}

/* --- a stage --- */

int stage_setup(void **state)
{
	*state = s3t_alloc(sizeof(struct stage));
	return 0;
}

int stage_teardown(void **state)
{
	struct stage *s = *state;
	bool ok = tty_free(s->tty);
	if (s->is_open)
		fixture_stop(&s->f);
	free(s);
	return ok ? 0 : -1;
}

void stage_write_ini(struct stage *s, const char *endpoint, const char *access_key,
	const char *secret_key, const char *more)
{
	char *path = s3t_asprintf("%s/config", s->home);
	(void)mkdir(path, 0700);
	free(path);
	path = s3t_asprintf("%s/config/s3tui", s->home);
	(void)mkdir(path, 0700);
	free(path);
	path = s3t_asprintf("%s/config/s3tui/s3tui.ini", s->home);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_true(dprintf(fd,
			    "[default]\nendpoint = %s\naccess_key_id = %s\nsecret_access_key = %s\n"
			    "force_path_style = true\n%s",
			    endpoint, access_key, secret_key, more ? more : "") > 0);
	assert_int_equal(close(fd), 0);
	free(path);
}

void stage_open(struct stage *s, const struct sandbox_options *options, const char *ini)
{
	fixture_start(&s->f, options, ini);
	s->is_open = true;
	snprintf(s->home, sizeof s->home, "%s/home", s->f.dir);
	snprintf(s->left, sizeof s->left, "%s/left", s->f.dir);
	assert_int_equal(mkdir(s->home, 0700), 0);
	assert_int_equal(mkdir(s->left, 0755), 0);
	stage_write_ini(s, sandbox_endpoint(s->f.server), sandbox_access_key(s->f.server),
		sandbox_secret_key(s->f.server), ini);
}

void stage_start(struct stage *s, const struct tty_options *options)
{
	struct tty_options o = options ? *options : (struct tty_options){0};
	const char *args[] = {s->left, "s3://" SANDBOX_BUCKET "/", NULL};
	if (!o.home)
		o.home = s->home;
	if (!o.dir)
		o.dir = s->left;
	if (!o.args)
		o.args = args;
	assert_null(s->tty);
	s->tty = tty_start(&o);
}

static bool check_listed(struct tty *t, void *arg)
{
	(void)arg;
	int y = 0, found = 0;
	for (; tty_find(t, "└ ", &y, NULL); y++) {
		const char *line = tty_row(t, y);
		for (const char *p = line; (p = strstr(p, " item")); p++)
			found++;
		if (strstr(line, "Esc stops"))
			return false;
	}
	return found >= 2;
}

void stage_run(struct stage *s, const char *right)
{
	const char *args[] = {s->left, right ? right : "s3://" SANDBOX_BUCKET "/", NULL};
	struct tty_options o = {.args = args};
	stage_start(s, &o);
	tty_wait(s->tty, check_listed, NULL, "two listed panes", TTY_WAIT_MS);
}

void stage_quit(struct stage *s)
{
	tty_keys(s->tty, "q");
	assert_int_equal(tty_wait_exit(s->tty, TTY_WAIT_MS), 0);
	tty_assert_restored(s->tty);
}

/* Looks again after whatever the program does; a frame or a slice is as long as a look takes. */
struct wanted {
	struct stage *stage;
	const char *name;
	bool is_key, is_there;
};

static bool check_wanted(struct tty *t, void *arg)
{
	const struct wanted *w = arg;
	(void)t;
	bool there = w->is_key ? fixture_has_key(&w->stage->f, w->name)
			       : fixture_exists(&w->stage->f, w->name);
	return there == w->is_there;
}

static void wait_wanted(
	struct stage *s, const char *name, bool is_key, bool is_there, int64_t timeout_ms)
{
	struct wanted w = {s, name, is_key, is_there};
	char what[WHAT_MAX];
	snprintf(what, sizeof what, "%s %s", is_there ? "the making of" : "the end of", name);
	tty_wait(s->tty, check_wanted, &w, what, timeout_ms);
}

void stage_wait_key(struct stage *s, const char *key, int64_t timeout_ms)
{
	wait_wanted(s, key, true, true, timeout_ms);
}

void stage_wait_no_key(struct stage *s, const char *key, int64_t timeout_ms)
{
	wait_wanted(s, key, true, false, timeout_ms);
}

void stage_wait_file(struct stage *s, const char *name, int64_t timeout_ms)
{
	wait_wanted(s, name, false, true, timeout_ms);
}

void stage_wait_no_file(struct stage *s, const char *name, int64_t timeout_ms)
{
	wait_wanted(s, name, false, false, timeout_ms);
}
