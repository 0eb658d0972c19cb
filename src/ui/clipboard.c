#include "ui/clipboard.h"

#include "core/crypto.h"
#include "core/timeutil.h"
#include "ui/term.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WAIT_MS = 1000, OSC52_MAX = 74994 };

/* Our environment without the AWS keys (threat T11). */
static char **clean_environment(void)
{
	size_t n = 0, kept = 0;
	while (environ[n])
		n++;
	char **copy = s3t_alloc((n + 1) * sizeof *copy);
	for (size_t i = 0; i < n; i++)
		if (strncmp(environ[i], "AWS_", 4) != 0)
			copy[kept++] = environ[i];
	return copy;
}

/* Starts argv with our end of its standard input in *input; its pid, or -1. */
static pid_t start(char *const argv[], int *input)
{
	int fds[2];
	pid_t pid = -1;
	if (pipe2(fds, O_CLOEXEC) != 0)
		return -1;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	posix_spawn_file_actions_adddup2(&actions, fds[0], STDIN_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	sigset_t none, ignored;
	sigemptyset(&none);
	sigemptyset(&ignored); /* by us; a program must not */
	sigaddset(&ignored, SIGPIPE);
	sigaddset(&ignored, SIGXFSZ);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &ignored);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	char **env = clean_environment();
	if (posix_spawnp(&pid, argv[0], &actions, &attr, argv, env) != 0)
		pid = -1;
	free(env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	close(fds[0]);
	*input = fds[1];
	if (pid < 0)
		close(fds[1]);
	return pid;
}

/* Writes text as far as the program takes it until the deadline. */
static bool feed(int fd, struct strview text, int64_t until)
{
	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	while (text.len) {
		ssize_t n = write(fd, text.data, text.len);
		if (n > 0) {
			text = sv_from(text, (size_t)n);
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return false;
		int64_t left = until - time_mono_ms();
		struct pollfd p = {.fd = fd, .events = POLLOUT};
		if (left <= 0 || poll(&p, 1, (int)left) <= 0)
			return false;
	}
	return true;
}

/* Whether the program took text and ended well in time. */
static bool run(char *const argv[], struct strview text)
{
	int input, status = -1;
	int64_t until = time_mono_ms() + WAIT_MS;
	pid_t pid = start(argv, &input);
	if (pid < 0)
		return false;
	bool ok = feed(input, text, until);
	close(input);
	pid_t ended;
	while ((ended = waitpid(pid, &status, WNOHANG)) == 0 && time_mono_ms() < until)
		(void)poll(NULL, 0, 5);
	if (ended == 0) {
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, &status, 0);
		return false;
	}
	return ok && ended == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool is_set(const char *name)
{
	const char *value = getenv(name);
	return value && value[0];
}

static bool print_osc52(struct strview text)
{
	if (text.len > OSC52_MAX)
		return false;
	struct strbuf sb;
	strbuf_init(&sb);
	strbuf_add_str(&sb, "\033]52;c;");
	base64_encode(&sb, (const unsigned char *)text.data, text.len);
	strbuf_add_str(&sb, "\033\\");
	term_write(sb.data, sb.len);
	strbuf_deinit(&sb);
	return true;
}

enum clipboard_way clipboard_set(struct strview text)
{
	char *tmux[] = {
		(char[]){"tmux"}, (char[]){"load-buffer"}, (char[]){"-w"}, (char[]){"-"}, NULL};
	char *wayland[] = {(char[]){"wl-copy"}, NULL};
	char *xclip[] = {(char[]){"xclip"}, (char[]){"-selection"}, (char[]){"clipboard"}, NULL};
	char *xsel[] = {(char[]){"xsel"}, (char[]){"--clipboard"}, (char[]){"--input"}, NULL};
	if (is_set("TMUX") && run(tmux, text))
		return CLIPBOARD_TMUX;
	if (is_set("WAYLAND_DISPLAY") && run(wayland, text))
		return CLIPBOARD_WAYLAND;
	if (is_set("DISPLAY") && (run(xclip, text) || run(xsel, text)))
		return CLIPBOARD_X11;
	return print_osc52(text) ? CLIPBOARD_OSC52 : CLIPBOARD_NONE;
}

const char *clipboard_sentence(enum clipboard_way way)
{
	static const char *const sentences[CLIPBOARD_WAY_COUNT] = {
		[CLIPBOARD_NONE] = "too long for the clipboard",
		[CLIPBOARD_TMUX] = "copied to tmux's buffer and clipboard",
		[CLIPBOARD_WAYLAND] = "copied to the clipboard",
		[CLIPBOARD_X11] = "copied to the clipboard",
		[CLIPBOARD_OSC52] = "sent to the terminal's clipboard, if it allows that",
	};
	return sentences[way];
}
