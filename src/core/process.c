#include "core/process.h"

#include "core/os_linux.h"
#include "core/text.h"
#include "core/timeutil.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define STDERR_MAX ((size_t)4 << 10) /* kept of what it says; the rest is read and dropped */
#define STDERR_SHOWN 200
#define DRAIN_READS 32
#define TICK_MS 50 /* how soon the end is seen of a child whose own child keeps the pipes open */

struct words {
	char **argv;
	size_t count, capacity;
};

static void add_word(struct words *words, char *word)
{
	if (words->count + 1 >= words->capacity) {
		words->capacity = words->capacity ? words->capacity * 2 : 8;
		words->argv = reallocarray(words->argv, words->capacity, sizeof *words->argv);
		if (!words->argv)
			s3t_oom();
	}
	words->argv[words->count++] = word;
	words->argv[words->count] = NULL;
}

/* Reads a quoted stretch behind its opening quote; the place behind the closing one, or NULL. */
static const char *take_quoted(const char *p, char quote, struct strbuf *word)
{
	for (; *p != quote; p++) {
		if (*p == '\0')
			return NULL;
		if (quote == '"' && *p == '\\' && p[1] && strchr("\"\\$`", p[1]))
			p++;
		strbuf_add_char(word, *p);
	}
	return p + 1;
}

/* Reads one word; the place behind it, or NULL. */
static const char *take_word(const char *p, struct strbuf *word)
{
	while (*p && !strchr(" \t\n", *p)) {
		if (*p == '\'' || *p == '"') {
			p = take_quoted(p + 1, *p, word);
			if (!p)
				return NULL;
			continue;
		}
		if (*p == '\\' && p[1])
			p++;
		strbuf_add_char(word, *p++);
	}
	return p;
}

enum s3t_rc process_split(const char *command, char ***argv, struct s3t_err *err)
{
	struct words words = {NULL, 0, 0};
	struct strbuf word;
	*argv = NULL;
	strbuf_init(&word);
	const char *p = command + strspn(command, " \t\n");
	while (p && *p) {
		p = take_word(p, &word);
		if (!p)
			break;
		add_word(&words, strbuf_take(&word));
		p += strspn(p, " \t\n");
	}
	strbuf_deinit(&word);
	if (p && words.count && words.argv[0][0]) {
		*argv = words.argv;
		return S3T_OK;
	}
	process_argv_free(words.argv);
	return s3t_fail(err, S3T_INVALID, "%s",
		p ? "The command is empty." : "The command has a quote that is not closed.");
}

void process_argv_add(char ***argv, struct strview word)
{
	size_t count = 0;
	while (*argv && (*argv)[count])
		count++;
	*argv = reallocarray(*argv, count + 2, sizeof **argv);
	if (!*argv)
		s3t_oom();
	(*argv)[count] = s3t_strndup(word.data, word.len);
	(*argv)[count + 1] = NULL;
}

void process_argv_free(char **argv)
{
	for (char **word = argv; word && *word; word++)
		free(*word);
	free(argv);
}

struct child {
	pid_t pid;
	int out, errors; /* our ends of the pipes; -1 once they ended */
	int wake[2];     /* written to by the cancel token */
	bool is_gone;    /* it was waited for, status is valid */
	int status;
	struct strbuf stderr_text;
};

static bool is_set_by(char *const more[], const char *variable)
{
	size_t len = strcspn(variable, "=") + 1;
	for (size_t i = 0; more && more[i]; i++)
		if (strncmp(more[i], variable, len) == 0)
			return true;
	return false;
}

/* more: "NAME=value" besides, NULL-terminated; NULL: none. */
static char **environment_without_secrets(char *const more[])
{
	static const struct strview secrets[] = {{"AWS_ACCESS_KEY_ID=", 18},
		{"AWS_SECRET_ACCESS_KEY=", 22}, {"AWS_SESSION_TOKEN=", 18},
		{"AWS_SECURITY_TOKEN=", 19}};
	size_t count = 0, added = 0, kept = 0;
	while (environ && environ[count])
		count++;
	while (more && more[added])
		added++;
	char **env = s3t_alloc((count + added + 1) * sizeof *env);
	for (; kept < added; kept++)
		env[kept] = more[kept];
	for (size_t i = 0; i < count; i++) {
		bool is_out = is_set_by(more, environ[i]);
		for (size_t s = 0; s < sizeof secrets / sizeof *secrets; s++)
			is_out = is_out || sv_starts_with(sv(environ[i]), secrets[s]);
		if (!is_out)
			env[kept++] = environ[i];
	}
	return env;
}

/* in, errors -1: /dev/null, and what ours is. */
static int spawn(pid_t *pid, char *const argv[], char *const more[], int in, int out, int errors)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, ignored;
	sigemptyset(&none);
	sigemptyset(&ignored); /* by us, which a child would inherit */
	sigaddset(&ignored, SIGPIPE);
	sigaddset(&ignored, SIGXFSZ);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &ignored);
	posix_spawnattr_setflags(
		&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
	int rc = in < 0 ? posix_spawn_file_actions_addopen(
				  &actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
			: posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (rc == 0 && errors >= 0)
		rc = posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
	if (rc == 0)
		rc = os_spawn_close_from(&actions, STDERR_FILENO + 1);
	char **env = environment_without_secrets(more);
	if (rc == 0)
		rc = posix_spawnp(pid, argv[0], &actions, &attr, argv, env);
	free(env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return rc;
}

/* A pipe whose ends are no standard descriptor, so that no dup2 in the child hits the other one. */
static bool open_pipe(int fds[2])
{
	if (pipe2(fds, O_CLOEXEC) != 0)
		return false;
	for (int i = 0; i < 2; i++) {
		if (fds[i] > STDERR_FILENO)
			continue;
		int moved = fcntl(fds[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		if (moved < 0) {
			close(fds[0]);
			close(fds[1]);
			return false;
		}
		close(fds[i]);
		fds[i] = moved;
	}
	return true;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static enum s3t_rc start(struct child *child, char *const argv[], struct s3t_err *err)
{
	int out[2] = {-1, -1}, errors[2] = {-1, -1};
	int sys_errno = 0;
	if (!open_pipe(out) || !open_pipe(errors) || !open_pipe(child->wake)) {
		sys_errno = errno;
		goto out;
	}
	for (int i = 0; i < 2; i++)
		if (fcntl(child->wake[i], F_SETFL, O_NONBLOCK) != 0)
			sys_errno = errno;
	if (fcntl(out[0], F_SETFL, O_NONBLOCK) != 0 || fcntl(errors[0], F_SETFL, O_NONBLOCK) != 0)
		sys_errno = errno;
	if (sys_errno == 0)
		sys_errno = spawn(&child->pid, argv, NULL, -1, out[1], errors[1]);
	if (sys_errno == 0) {
		child->out = out[0];
		child->errors = errors[0];
		out[0] = errors[0] = -1;
	}
out:
	for (int i = 0; i < 2; i++) {
		close_fd(&out[i]);
		close_fd(&errors[i]);
	}
	if (sys_errno == 0)
		return S3T_OK;
	(void)s3t_fail_errno(err, sys_errno, "It cannot be started");
	if (err)
		err->rc = S3T_IO;
	return S3T_IO;
}

static void wake_up(void *arg)
{
	const struct child *child = arg;
	ssize_t n = write(child->wake[1], "", 1); /* full is as good as written */
	(void)n;
}

/* Adds what is there to sb, at most what a full pipe holds; closes *fd at its end. */
static void drain(int *fd, struct strbuf *sb)
{
	char buf[4096];
	for (int i = 0; i < DRAIN_READS && *fd >= 0; i++) {
		ssize_t n = read(*fd, buf, sizeof buf);
		if (n > 0)
			strbuf_add(sb, buf, (size_t)n);
		else if (n == 0 || (errno != EAGAIN && errno != EINTR))
			close_fd(fd);
		else if (errno == EAGAIN)
			break;
		if (sb->failed)
			break;
	}
	explicit_bzero(buf, sizeof buf);
}

/* The beginning is what counts, but the pipe must not fill up. */
static void drain_errors(struct child *child)
{
	for (int i = 0; i < DRAIN_READS; i++) {
		child->stderr_text.failed = false;
		drain(&child->errors, &child->stderr_text);
		if (!child->stderr_text.failed)
			break;
	}
}

static void look_whether_gone(struct child *child)
{
	if (child->is_gone)
		return;
	pid_t pid = waitpid(child->pid, &child->status, WNOHANG);
	child->is_gone = pid == child->pid || (pid < 0 && errno != EINTR);
	if (pid < 0 && child->is_gone)
		child->status = 0; /* somebody else reaped it: judge by its output */
}

/* Until it is gone and has said everything, or must be killed. */
static enum s3t_rc collect(struct child *child, int64_t timeout_ms, struct strbuf *out,
	struct cancel *cancel, struct s3t_err *err)
{
	int64_t deadline = time_mono_ms() + timeout_ms;
	for (;;) {
		look_whether_gone(child);
		drain(&child->out, out);
		drain_errors(child);
		if (out->failed)
			return s3t_fail(err, S3T_IO, "It printed more than %zu bytes.", out->cap);
		if (child->is_gone)
			return S3T_OK;
		if (cancel_is_set(cancel))
			return s3t_fail(err, S3T_CANCELLED, "Cancelled.");
		int64_t left = deadline - time_mono_ms();
		if (left <= 0)
			return s3t_fail(err, S3T_TIMEOUT, "It did not end within %lld seconds.",
				(long long)(timeout_ms / 1000));
		bool is_silent = child->out < 0 && child->errors < 0;
		int64_t tick = is_silent ? 2 : TICK_MS;
		struct pollfd fds[] = {{.fd = child->out, .events = POLLIN},
			{.fd = child->errors, .events = POLLIN},
			{.fd = child->wake[0], .events = POLLIN}};
		(void)poll(fds, 3, (int)(left < tick ? left : tick));
	}
}

static enum s3t_rc judge(struct child *child, struct s3t_err *err)
{
	if (WIFEXITED(child->status) && WEXITSTATUS(child->status) == 0)
		return S3T_OK;
	struct strview said = sv_trim(strbuf_view(&child->stderr_text));
	if (said.len > STDERR_SHOWN)
		said.len = STDERR_SHOWN;
	char *text = text_sanitised(said);
	const char *colon = said.len ? ": " : ".";
	enum s3t_rc rc = WIFSIGNALED(child->status)
				 ? s3t_fail(err, S3T_IO, "It was ended by signal %d%s%s",
					   WTERMSIG(child->status), colon, text)
				 : s3t_fail(err, S3T_IO, "It failed with exit status %d%s%s",
					   WEXITSTATUS(child->status), colon, text);
	free(text);
	if (err)
		err->exit_status = WIFEXITED(child->status) ? WEXITSTATUS(child->status)
							    : 128 + WTERMSIG(child->status);
	return rc;
}

enum s3t_rc process_run(char *const argv[], int64_t timeout_ms, struct strbuf *out,
	struct cancel *cancel, struct s3t_err *err)
{
	struct child child = {.out = -1, .errors = -1, .wake = {-1, -1}};
	strbuf_init_cap(&child.stderr_text, STDERR_MAX);
	enum s3t_rc rc = start(&child, argv, err);
	if (rc == S3T_OK) {
		struct cancel_waker waker = {.wake = wake_up, .arg = &child};
		cancel_add_waker(cancel, &waker);
		rc = collect(&child, timeout_ms, out, cancel, err);
		cancel_remove_waker(cancel, &waker);
		if (rc != S3T_OK)
			kill(-child.pid, SIGKILL); /* its whole session's group */
		while (!child.is_gone && waitpid(child.pid, &child.status, 0) < 0 && errno == EINTR)
			;
	}
	if (rc == S3T_OK)
		rc = judge(&child, err);
	close_fd(&child.out);
	close_fd(&child.errors);
	close_fd(&child.wake[0]);
	close_fd(&child.wake[1]);
	strbuf_deinit_wipe(&child.stderr_text);
	return rc;
}

/* --- a program with data on both sides --- */

struct process {
	pid_t pid;
};

enum s3t_rc process_start(char *const argv[], char *const more[], int *in, int *out, int *errors,
	struct process **p, struct s3t_err *err)
{
	int to[2] = {-1, -1}, from[2] = {-1, -1}, said[2] = {-1, -1}, sys_errno = 0;
	struct process *process = s3t_alloc(sizeof *process);
	if (!open_pipe(to) || !open_pipe(from) || (errors && !open_pipe(said)))
		sys_errno = errno;
	if (sys_errno == 0)
		sys_errno = spawn(&process->pid, argv, more, to[0], from[1], said[1]);
	close_fd(&to[0]);
	close_fd(&from[1]);
	close_fd(&said[1]);
	if (sys_errno == 0) {
		*in = to[1];
		*out = from[0];
		if (errors)
			*errors = said[0];
		*p = process;
		return S3T_OK;
	}
	close_fd(&to[1]);
	close_fd(&from[0]);
	close_fd(&said[0]);
	free(process);
	(void)s3t_fail_errno(err, sys_errno, "%.100s cannot be started", argv[0]);
	if (err)
		err->rc = S3T_IO;
	return S3T_IO;
}

void process_kill(struct process *p)
{
	(void)kill(-p->pid, SIGKILL);
}

void process_wait(struct process *p)
{
	siginfo_t info;
	/* it stays a zombie: whoever kills it meanwhile meets no other of that pid */
	while (waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR)
		;
}

enum s3t_rc process_end(struct process *p, struct strview said, struct s3t_err *err)
{
	struct child child = {.pid = p->pid};
	strbuf_init(&child.stderr_text);
	strbuf_add_sv(&child.stderr_text, said);
	while (waitpid(p->pid, &child.status, 0) < 0 && errno == EINTR)
		;
	enum s3t_rc rc = judge(&child, err);
	strbuf_deinit(&child.stderr_text);
	free(p);
	return rc;
}
