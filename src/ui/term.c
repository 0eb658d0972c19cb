/*
 * Taking over and giving back. Curses has the screen; modes that it knows nothing of (bracketed
 * paste, synchronised frames, the mouse) are ours. All that must be undone stands in one
 * string, made at the start, which a signal handler can write. Signals reach the loop through a
 * pipe.
 */
#include "ui/term.h"

#include "ui/curses.h"
#include "ui/draw.h"
#include "ui/stdlog.h"
#include "ui/theme.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define MODES_ON "\033[?2004h"
#define MOUSE_ON "\033[?1002h\033[?1006h"
#define MOUSE_OFF "\033[?1006l\033[?1002l"
#define NO_PROGRESS "\033]9;4;0\033\\"
#define MODES_OFF "\033[?2026l\033[?2004l" MOUSE_OFF

static SCREEN *screen;
static struct termios saved_tty;
static char restore_text[512];
static size_t restore_len;
static int pipe_fds[2] = {-1, -1};
static volatile sig_atomic_t is_ours, quit_signal;
static bool is_mouse_on, has_titles;
static int shown_percent = -1;

static const int quit_signals[] = {SIGTERM, SIGHUP, SIGINT};
static const int fatal_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
static const int loop_signals[] = {SIGWINCH, SIGTSTP, SIGCONT};
#define COUNT(array) (sizeof(array) / sizeof *(array))
enum { SIGNAL_MAX = 64 };
static struct sigaction old_actions[SIGNAL_MAX];

/* --- giving back, async-signal-safe --- */

static void write_to(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);
		if (n < 0 && errno == EAGAIN) {
			struct pollfd p = {.fd = fd, .events = POLLOUT};
			if (poll(&p, 1, 1000) > 0)
				continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		data += n;
		len -= (size_t)n;
	}
}

static void write_all(const char *data, size_t len)
{
	write_to(STDOUT_FILENO, data, len);
}

static void restore_on(int fd)
{
	if (!is_ours)
		return;
	is_ours = 0;
	write_to(fd, restore_text, restore_len);
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &saved_tty);
}

static void emergency_restore(void)
{
	restore_on(STDOUT_FILENO);
}

/* In any thread: what the UI's draws meanwhile must not follow the restored screen. */
static void on_oom(void)
{
	int tty = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	bool is_aside = tty >= 0 && nowhere >= 0 && dup2(nowhere, STDOUT_FILENO) >= 0;
	restore_on(is_aside ? tty : STDOUT_FILENO);
	stdlog_give_back();
}

/* Curses calls exit() where it finds no memory. */
static void at_exit(void)
{
	if (!is_ours)
		return;
	emergency_restore();
	stdlog_stop();
}

static void on_fatal(int sig)
{
	emergency_restore();
	(void)sigaction(sig, &old_actions[sig], NULL);
	(void)raise(sig);
}

static void on_signal(int sig)
{
	int keep = errno;
	for (size_t i = 0; i < COUNT(quit_signals); i++) {
		if (sig != quit_signals[i])
			continue;
		if (quit_signal) { /* the second time it does not wait */
			emergency_restore();
			(void)signal(sig, SIG_DFL);
			(void)raise(sig);
		}
		quit_signal = sig;
	}
	char byte = (char)sig;
	(void)!write(pipe_fds[1], &byte, 1);
	errno = keep;
}

static void add_restore(const char *text)
{
	size_t len = text ? strlen(text) : 0;
	if (restore_len + len > sizeof restore_text)
		return;
	memcpy(restore_text + restore_len, text ? text : "", len);
	restore_len += len;
}

static void add_capability(const char *name)
{
	const char *text = tigetstr(name);
	if (text && text != (const char *)-1)
		add_restore(text);
}

/* --- signals --- */

static void set_handler(int sig, void (*handler)(int), int flags)
{
	struct sigaction sa = {.sa_handler = handler, .sa_flags = flags};
	sigemptyset(&sa.sa_mask);
	(void)sigaction(sig, &sa, &old_actions[sig]);
}

static void catch_signals(void)
{
	for (size_t i = 0; i < COUNT(quit_signals); i++)
		set_handler(quit_signals[i], on_signal, SA_RESTART);
	for (size_t i = 0; i < COUNT(loop_signals); i++)
		set_handler(loop_signals[i], on_signal, SA_RESTART);
	for (size_t i = 0; i < COUNT(fatal_signals); i++)
		set_handler(fatal_signals[i], on_fatal, 0);
}

static void release_signals(void)
{
	for (size_t i = 0; i < COUNT(quit_signals); i++)
		(void)sigaction(quit_signals[i], &old_actions[quit_signals[i]], NULL);
	for (size_t i = 0; i < COUNT(loop_signals); i++)
		(void)sigaction(loop_signals[i], &old_actions[loop_signals[i]], NULL);
	for (size_t i = 0; i < COUNT(fatal_signals); i++)
		(void)sigaction(fatal_signals[i], &old_actions[fatal_signals[i]], NULL);
}

int term_signal_fd(void)
{
	return pipe_fds[0];
}

int term_quit_signal(void)
{
	return quit_signal;
}

enum term_signal term_next_signal(void)
{
	char sig;
	if (read(pipe_fds[0], &sig, 1) != 1)
		return TERM_SIGNAL_NONE;
	switch (sig) {
	case SIGWINCH:
		return TERM_SIGNAL_RESIZE;
	case SIGTSTP:
		return TERM_SIGNAL_SUSPEND;
	case SIGCONT:
		return TERM_SIGNAL_RESUMED;
	default:
		return TERM_SIGNAL_QUIT;
	}
}

/* --- taking over --- */

/* Whether only ASCII glyphs are safe; asked before C.UTF-8 takes the place of the user's locale. */
static bool wants_ascii(const char *option)
{
	(void)setlocale(LC_CTYPE, "");
	bool is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (!is_utf8 && !setlocale(LC_CTYPE, "C.UTF-8"))
		(void)setlocale(LC_CTYPE, "C.utf8");
	if (strcmp(option, "auto") != 0)
		return strcmp(option, "true") == 0;
	const char *term = getenv("TERM");
	static const char *const plain[] = {"linux", "vt100", "dumb"};
	for (size_t i = 0; i < COUNT(plain); i++)
		if (!term || strcmp(term, plain[i]) == 0)
			return true;
	return !is_utf8;
}

/* initscr() and newterm() end badly on a terminal that is not described here: kitty, ghostty and
 * foot are not on every machine. */
static SCREEN *open_screen(void)
{
	const char *const names[] = {getenv("TERM"), "xterm-256color", "vt100"};
	for (size_t i = 0; i < COUNT(names); i++) {
		int found;
		if (!names[i] || !names[i][0] || strcmp(names[i], "dumb") == 0 ||
			setupterm(names[i], STDOUT_FILENO, &found) != OK)
			continue;
		(void)del_curterm(set_curterm(NULL)); /* newterm() reads it for itself */
		SCREEN *s = newterm(names[i], stdout, stdin);
		if (s)
			return s;
	}
	return NULL;
}

static void enter_modes(void)
{
	(void)raw();
	(void)noecho();
	(void)nonl();
	(void)intrflush(stdscr, FALSE);
	(void)keypad(stdscr, TRUE);
	(void)curs_set(0);
	write_all(MODES_ON, sizeof MODES_ON - 1);
	if (is_mouse_on)
		write_all(MOUSE_ON, sizeof MOUSE_ON - 1);
}

void term_set_mouse(bool on)
{
	is_mouse_on = on;
	if (on)
		write_all(MOUSE_ON, sizeof MOUSE_ON - 1);
	else
		write_all(MOUSE_OFF, sizeof MOUSE_OFF - 1);
}

static bool knows_titles(void)
{
	static const char *const none[] = {"linux", "vt", "dumb", "ansi", "cons"};
	const char *term = getenv("TERM");
	for (size_t i = 0; i < COUNT(none); i++)
		if (!term || strncmp(term, none[i], strlen(none[i])) == 0)
			return false;
	return true;
}

void term_show_progress(int percent)
{
	char text[96];
	if (!has_titles || percent == shown_percent)
		return;
	shown_percent = percent;
	int n = percent < 0 ? snprintf(text, sizeof text, "\033]2;s3tui\a" NO_PROGRESS)
			    : snprintf(text, sizeof text, "\033]2;%d%% s3tui\a\033]9;4;1;%d\033\\",
				      percent, percent);
	write_all(text, (size_t)n);
}

/* Emulators on libvterm (Neovim's) give back the cursor as it was saved, which curses does whenever
 * it scrolls a region, and that is invisible: it is shown when all is given back. */
static void leave_screen(void)
{
	term_show_progress(-1);
	write_all(MODES_OFF, sizeof MODES_OFF - 1);
	(void)curs_set(1);
	(void)endwin();
	const char *show = tigetstr("cnorm");
	if (show && show != (const char *)-1)
		write_all(show, strlen(show));
	is_ours = 0;
}

enum s3t_rc term_start(const struct settings *s, struct s3t_err *err)
{
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
		tcgetattr(STDIN_FILENO, &saved_tty) != 0)
		return s3t_fail(err, S3T_UNSUPPORTED,
			"The screen needs a terminal; for scripts there are ls, cp and others "
			"(s3tui --help).");
	if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) != 0)
		return s3t_fail_errno(err, errno, "Cannot make a pipe");
	quit_signal = 0;
	bool ascii = wants_ascii(s->ascii);
	draw_set_ascii(ascii);
	set_escdelay(50);
	/* before curses touches it: that may end the process, too */
	restore_len = 0;
	add_restore(MODES_OFF);
	has_titles = knows_titles();
	shown_percent = -1;
	if (has_titles)
		add_restore(NO_PROGRESS);
	is_ours = 1;
	catch_signals();
	s3t_set_oom_hook(on_oom);
	static bool is_registered;
	if (!is_registered)
		is_registered = atexit(at_exit) == 0;
	screen = open_screen();
	if (!screen) {
		is_ours = 0;
		s3t_set_oom_hook(NULL);
		release_signals();
		close(pipe_fds[0]);
		close(pipe_fds[1]);
		return s3t_fail(err, S3T_UNSUPPORTED,
			"The terminal cannot place its cursor (TERM=%s).",
			getenv("TERM") ? getenv("TERM") : "");
	}
	add_capability("sgr0");
	add_capability("rmkx");
	add_capability("rmcup");
	add_capability("cnorm"); /* last, as in leave_screen() */
	stdlog_start();
	theme_start(strcmp(s->color, "off") != 0, strcmp(s->theme, "light") == 0  ? GROUND_LIGHT
						  : strcmp(s->theme, "dark") == 0 ? GROUND_DARK
										  : GROUND_AUTO);
	is_mouse_on = s->mouse;
	enter_modes();
	return S3T_OK;
}

void term_stop(void)
{
	if (!screen)
		return;
	s3t_set_oom_hook(NULL);
	leave_screen();
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &saved_tty);
	delscreen(screen);
	screen = NULL;
	release_signals();
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	pipe_fds[0] = pipe_fds[1] = -1;
	stdlog_stop();
}

void term_resize(void)
{
	struct winsize size;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col)
		(void)resizeterm(size.ws_row, size.ws_col);
}

void term_suspend(const char *note)
{
	leave_screen();
	if (note) {
		(void)fputs(note, stdout);
		(void)fflush(stdout);
	}
	struct sigaction ours, plain = {.sa_handler = SIG_DFL};
	sigemptyset(&plain.sa_mask);
	(void)sigaction(SIGTSTP, &plain, &ours);
	(void)raise(SIGTSTP); /* stops here */
	(void)sigaction(SIGTSTP, &ours, NULL);
	term_resume();
}

int term_run(char *const argv[])
{
	/* the keyboard's signals are the program's; when it stops, so do we, and a shell sees it */
	static const int keyboard[] = {SIGINT, SIGQUIT, SIGTSTP};
	struct sigaction before[COUNT(keyboard)], now = {.sa_handler = SIG_IGN};
	sigemptyset(&now.sa_mask);
	leave_screen();
	for (size_t i = 0; i < COUNT(keyboard); i++) {
		now.sa_handler = keyboard[i] == SIGTSTP ? SIG_DFL : SIG_IGN;
		(void)sigaction(keyboard[i], &now, &before[i]);
	}
	pid_t child = fork();
	if (child == 0) {
		release_signals();
		for (size_t i = 0; i < COUNT(keyboard); i++)
			(void)signal(keyboard[i], SIG_DFL);
		(void)signal(SIGPIPE, SIG_DFL);
		stdlog_give_back();
		(void)execvp(argv[0], argv);
		_exit(127);
	}
	int status = 0, why = errno;
	pid_t ended = child;
	while (child > 0) {
		ended = waitpid(child, &status, WUNTRACED);
		if (ended < 0 && errno == EINTR)
			continue;
		if (ended < 0 || !WIFSTOPPED(status))
			break;
		(void)raise(SIGSTOP); /* until fg */
		(void)kill(child, SIGCONT);
	}
	for (size_t i = 0; i < COUNT(keyboard); i++)
		(void)sigaction(keyboard[i], &before[i], NULL);
	term_resume();
	if (child < 0 || ended < 0) {
		errno = why;
		return -1;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
		errno = ENOENT;
		return -1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void term_resume(void)
{
	is_ours = 1;
	(void)wrefresh(stdscr); /* after endwin: takes the screen again */
	enter_modes();
	term_resize();
	(void)clearok(curscr, TRUE);
}

void term_frame_begin(void)
{
	write_all("\033[?2026h", 8);
}

void term_frame_end(void)
{
	write_all("\033[?2026l", 8);
}

void term_write(const char *data, size_t len)
{
	write_all(data, len);
}
