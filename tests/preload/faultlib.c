/*
 * LD_PRELOAD: makes the nth call of a kind fail, in a program that was built without sanitizers.
 *
 *   S3TUI_FAULT="call=pwrite,nth=3,times=1,errno=ENOSPC,path=/target/"
 *
 * call   names of the table below, joined by '+'; "alloc" is all of memory, "opens" whatever opens
 *        a file by name
 * nth    the first call that fails, from 1 (the default); 0: none, calls are counted only
 * times  how many fail from there on, 1 by default, or "forever"
 * errno  a name of the table below or a number; the default is the usual one of the call. STOP
 *        fails nothing: the process gets SIGSTOP before the call, for others to change the world.
 * path   only calls on a path, or on a descriptor of a file, that contains this
 *
 * Up to four such rules, with ';' between them. Calls count from the entry of main() to its return,
 * so that the loader and the constructors of libraries do not move the numbers.
 *
 * S3TUI_FAULT_REPORT=FILE gets a line "seen N failed M" a rule and, after it, the stack of the
 * first failure and of a deadly signal. It is written at a failure, at such a signal and at the
 * end.
 *
 * Nothing here allocates once main() runs; the counters are atomic.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum call {
	CALL_MALLOC,
	CALL_CALLOC,
	CALL_REALLOC,
	CALL_MEMALIGN,
	CALL_OPEN,
	CALL_OPENAT,
	CALL_CREAT,
	CALL_MKOSTEMP,
	CALL_FOPEN,
	CALL_OPENDIR,
	CALL_THREAD,
	CALL_PREAD,
	CALL_READ,
	CALL_PWRITE,
	CALL_WRITE,
	CALL_COPY_RANGE,
	CALL_FSYNC,
	CALL_FDATASYNC,
	CALL_RENAME,
	CALL_LINK,
	CALL_FTRUNCATE,
	CALL_FALLOCATE,
	CALL_CLOSE,
	CALL_MKDIR,
	CALL_UNLINK,
	CALL_FSTAT,
	CALL_FCHMOD,
	CALL_COUNT
};

#define BIT(call) (1U << (call))

static const struct {
	const char *name;
	unsigned calls;
	int error; /* the default */
} call_names[] = {
	{"alloc", BIT(CALL_MALLOC) | BIT(CALL_CALLOC) | BIT(CALL_REALLOC) | BIT(CALL_MEMALIGN),
		ENOMEM},
	{"malloc", BIT(CALL_MALLOC), ENOMEM},
	{"calloc", BIT(CALL_CALLOC), ENOMEM},
	{"realloc", BIT(CALL_REALLOC), ENOMEM},
	{"memalign", BIT(CALL_MEMALIGN), ENOMEM},
	{"opens",
		BIT(CALL_OPEN) | BIT(CALL_OPENAT) | BIT(CALL_CREAT) | BIT(CALL_MKOSTEMP) |
			BIT(CALL_FOPEN) | BIT(CALL_OPENDIR),
		EMFILE},
	{"open", BIT(CALL_OPEN), EMFILE},
	{"openat", BIT(CALL_OPENAT), EMFILE},
	{"creat", BIT(CALL_CREAT), EMFILE},
	{"mkostemp", BIT(CALL_MKOSTEMP), EMFILE},
	{"fopen", BIT(CALL_FOPEN), EMFILE},
	{"opendir", BIT(CALL_OPENDIR), EMFILE},
	{"pthread_create", BIT(CALL_THREAD), EAGAIN},
	{"pread", BIT(CALL_PREAD), EIO},
	{"read", BIT(CALL_READ), EIO},
	{"pwrite", BIT(CALL_PWRITE), EIO},
	{"write", BIT(CALL_WRITE), EIO},
	{"copy_file_range", BIT(CALL_COPY_RANGE), EIO},
	{"fsync", BIT(CALL_FSYNC), EIO},
	{"fdatasync", BIT(CALL_FDATASYNC), EIO},
	{"rename", BIT(CALL_RENAME), EIO},
	{"link", BIT(CALL_LINK), EIO},
	{"ftruncate", BIT(CALL_FTRUNCATE), EIO},
	{"fallocate", BIT(CALL_FALLOCATE), ENOSPC},
	{"close", BIT(CALL_CLOSE), EIO},
	{"mkdir", BIT(CALL_MKDIR), EIO},
	{"unlink", BIT(CALL_UNLINK), EIO},
	{"fstat", BIT(CALL_FSTAT), EIO},
	{"fchmod", BIT(CALL_FCHMOD), EIO},
};

static const struct {
	const char *name;
	int error;
} error_names[] = {{"EACCES", EACCES}, {"EAGAIN", EAGAIN}, {"EDQUOT", EDQUOT}, {"EEXIST", EEXIST},
	{"EFBIG", EFBIG}, {"EINTR", EINTR}, {"EINVAL", EINVAL}, {"EIO", EIO}, {"EMFILE", EMFILE},
	{"ENFILE", ENFILE}, {"ENOENT", ENOENT}, {"ENOMEM", ENOMEM}, {"ENOSPC", ENOSPC},
	{"EPERM", EPERM}, {"EROFS", EROFS}, {"EXDEV", EXDEV}};

enum { RULES_MAX = 4, TEXT_MAX = 4096, FRAMES_MAX = 40, STOP = -1 };

struct rule {
	unsigned calls;
	uint64_t nth, times;
	int error;
	const char *path; /* in text */
	atomic_uint_fast64_t seen, failed;
};

static struct rule rules[RULES_MAX];
static size_t rule_count;
static char text[TEXT_MAX], report_path[TEXT_MAX];
static atomic_bool is_armed;
static _Thread_local bool is_inside;
static void *failure_stack[FRAMES_MAX], *signal_stack[FRAMES_MAX];
static atomic_int failure_frames, signal_frames, signal_number;

/* --- what is to fail --- */

static void give_up(const char *what)
{
	dprintf(STDERR_FILENO, "faultlib: %s in S3TUI_FAULT\n", what);
	_exit(99);
}

static void parse_calls(struct rule *r, char *value)
{
	char *rest = NULL;
	for (char *word = strtok_r(value, "+", &rest); word; word = strtok_r(NULL, "+", &rest)) {
		size_t i = 0, count = sizeof call_names / sizeof *call_names;
		while (i < count && strcmp(call_names[i].name, word) != 0)
			i++;
		if (i == count)
			give_up("an unknown call");
		r->calls |= call_names[i].calls;
		r->error = r->error ? r->error : call_names[i].error;
	}
}

static int parse_error(const char *value)
{
	if (strcmp(value, "STOP") == 0)
		return STOP;
	for (size_t i = 0; i < sizeof error_names / sizeof *error_names; i++)
		if (strcmp(error_names[i].name, value) == 0)
			return error_names[i].error;
	int number = (int)strtol(value, NULL, 10);
	if (number <= 0)
		give_up("an unknown errno");
	return number;
}

static void parse_rule(struct rule *r, char *rule)
{
	char *rest = NULL;
	int error = 0;
	r->nth = r->times = 1;
	for (char *word = strtok_r(rule, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
		char *value = strchr(word, '=');
		if (!value)
			give_up("no value");
		*value++ = '\0';
		if (strcmp(word, "call") == 0)
			parse_calls(r, value);
		else if (strcmp(word, "nth") == 0)
			r->nth = strtoull(value, NULL, 10);
		else if (strcmp(word, "times") == 0)
			r->times = strcmp(value, "forever") == 0 ? UINT64_MAX
								 : strtoull(value, NULL, 10);
		else if (strcmp(word, "errno") == 0)
			error = parse_error(value);
		else if (strcmp(word, "path") == 0)
			r->path = value;
		else
			give_up("an unknown word");
	}
	if (!r->calls)
		give_up("no call");
	r->error = error ? error : r->error;
}

static void parse_environment(void)
{
	const char *fault = getenv("S3TUI_FAULT"), *report = getenv("S3TUI_FAULT_REPORT");
	if ((fault && strlen(fault) >= sizeof text) ||
		(report && strlen(report) >= sizeof report_path))
		give_up("too much");
	if (report)
		memcpy(report_path, report, strlen(report) + 1);
	if (!fault)
		return;
	memcpy(text, fault, strlen(fault) + 1);
	char *rest = NULL;
	for (char *rule = strtok_r(text, ";", &rest); rule; rule = strtok_r(NULL, ";", &rest)) {
		if (rule_count == RULES_MAX)
			give_up("too many rules");
		parse_rule(&rules[rule_count++], rule);
	}
}

/* --- the real ones --- */

/* Not by dlsym(), which may allocate itself. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static void *find(const char *name)
{
	bool was_inside = is_inside;
	is_inside = true;
	void *symbol = dlsym(RTLD_NEXT, name);
	is_inside = was_inside;
	if (!symbol) {
		dprintf(STDERR_FILENO, "faultlib: no %s in the libraries\n", name);
		_exit(99);
	}
	return symbol;
}

/* ISO C has no cast between the two kinds of pointers; POSIX promises that they are alike. */
#define RESOLVE(pointer, name)                                      \
	do {                                                        \
		if (!(pointer)) {                                   \
			void *symbol = find(name);                  \
			memcpy(&(pointer), &symbol, sizeof symbol); \
		}                                                   \
	} while (0)

/* --- the report --- */

static void write_stack(int fd, const char *what, void *const *stack, int frames)
{
	if (frames <= 0)
		return;
	dprintf(fd, "%s\n", what);
	backtrace_symbols_fd(stack, frames, fd);
}

static void write_report(void)
{
	if (!report_path[0])
		return;
	int before = errno;
	bool was_inside = is_inside;
	is_inside = true;
	int fd = (int)syscall(
		SYS_openat, AT_FDCWD, report_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd >= 0) {
		for (size_t i = 0; i < rule_count; i++)
			dprintf(fd, "seen %llu failed %llu\n",
				(unsigned long long)atomic_load(&rules[i].seen),
				(unsigned long long)atomic_load(&rules[i].failed));
		write_stack(fd, "failure", failure_stack, atomic_load(&failure_frames));
		if (atomic_load(&signal_number)) {
			dprintf(fd, "signal %d\n", atomic_load(&signal_number));
			write_stack(fd, "at", signal_stack, atomic_load(&signal_frames));
		}
		(void)syscall(SYS_close, fd);
	}
	is_inside = was_inside;
	errno = before;
}

static void on_deadly_signal(int number)
{
	is_inside = true;
	atomic_store(&signal_number, number);
	atomic_store(&signal_frames, backtrace(signal_stack, FRAMES_MAX));
	write_report(); /* the handler is gone by now: returning into the fault ends the process */
}

/* --- the decision --- */

static bool concerns(const struct rule *r, int fd, const char *path)
{
	if (!r->path)
		return true;
	char link[64], target[TEXT_MAX];
	if (path && strstr(path, r->path))
		return true;
	if (fd < 0)
		return false;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t len = readlink(link, target, sizeof target - 1);
	target[len < 0 ? 0 : len] = '\0';
	return strstr(target, r->path) != NULL;
}

/* True, and errno is set: this call fails. */
static bool is_due(enum call call, int fd, const char *path)
{
	if (!atomic_load_explicit(&is_armed, memory_order_acquire) || is_inside)
		return false;
	int before = errno, error = 0;
	is_inside = true;
	for (size_t i = 0; i < rule_count && !error; i++) {
		struct rule *r = &rules[i];
		if (!(r->calls & BIT(call)) || !concerns(r, fd, path))
			continue;
		uint64_t n = atomic_fetch_add(&r->seen, 1) + 1;
		if (r->nth == 0 || n < r->nth || n - r->nth >= r->times)
			continue;
		error = r->error;
		if (atomic_fetch_add(&r->failed, 1) == 0 && report_path[0]) {
			atomic_store(&failure_frames, backtrace(failure_stack, FRAMES_MAX));
			write_report();
		}
	}
	is_inside = false;
	if (error == STOP)
		(void)raise(SIGSTOP);
	errno = error > 0 ? error : before;
	return error > 0;
}

/* --- memory --- */

void *malloc(size_t size)
{
	return is_due(CALL_MALLOC, -1, NULL) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return is_due(CALL_CALLOC, -1, NULL) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return is_due(CALL_REALLOC, -1, NULL) ? NULL : __libc_realloc(old, size);
}

void *reallocarray(void *old, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(old, count * size);
}

void *memalign(size_t alignment, size_t size);
void *memalign(size_t alignment, size_t size)
{
	return is_due(CALL_MEMALIGN, -1, NULL) ? NULL : __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
	if (alignment % sizeof(void *) || alignment & (alignment - 1))
		return EINVAL;
	int before = errno;
	void *p = memalign(alignment, size);
	errno = before;
	if (!p)
		return ENOMEM;
	*out = p;
	return 0;
}

/* --- files: one line a call that takes what it gets --- */

/* What is_due() is told about the call: fd or path. */
#define HOOK(type, name, call, fd, path, failed, params, args)              \
	type name params                                                    \
	{                                                                   \
		static type(*real) params;                                  \
		RESOLVE(real, #name);                                       \
		return is_due((call), (fd), (path)) ? (failed) : real args; \
	}

HOOK(int, creat, CALL_CREAT, -1, path, -1, (const char *path, mode_t mode), (path, mode))
HOOK(int, creat64, CALL_CREAT, -1, path, -1, (const char *path, mode_t mode), (path, mode))
HOOK(int, mkstemp, CALL_MKOSTEMP, -1, path, -1, (char *path), (path))
HOOK(int, mkstemp64, CALL_MKOSTEMP, -1, path, -1, (char *path), (path))
HOOK(int, mkostemp, CALL_MKOSTEMP, -1, path, -1, (char *path, int flags), (path, flags))
HOOK(int, mkostemp64, CALL_MKOSTEMP, -1, path, -1, (char *path, int flags), (path, flags))
HOOK(FILE *, fopen, CALL_FOPEN, -1, path, NULL, (const char *path, const char *mode), (path, mode))
HOOK(FILE *, fopen64, CALL_FOPEN, -1, path, NULL, (const char *path, const char *mode),
	(path, mode))
HOOK(DIR *, opendir, CALL_OPENDIR, -1, path, NULL, (const char *path), (path))

HOOK(ssize_t, pread, CALL_PREAD, fd, NULL, -1, (int fd, void *buf, size_t n, off_t at),
	(fd, buf, n, at))
HOOK(ssize_t, pread64, CALL_PREAD, fd, NULL, -1, (int fd, void *buf, size_t n, off_t at),
	(fd, buf, n, at))
HOOK(ssize_t, read, CALL_READ, fd, NULL, -1, (int fd, void *buf, size_t n), (fd, buf, n))
HOOK(ssize_t, pwrite, CALL_PWRITE, fd, NULL, -1, (int fd, const void *buf, size_t n, off_t at),
	(fd, buf, n, at))
HOOK(ssize_t, pwrite64, CALL_PWRITE, fd, NULL, -1, (int fd, const void *buf, size_t n, off_t at),
	(fd, buf, n, at))
HOOK(ssize_t, write, CALL_WRITE, fd, NULL, -1, (int fd, const void *buf, size_t n), (fd, buf, n))
HOOK(ssize_t, copy_file_range, CALL_COPY_RANGE, to, NULL, -1,
	(int from, off64_t *from_at, int to, off64_t *to_at, size_t n, unsigned flags),
	(from, from_at, to, to_at, n, flags))

HOOK(int, fsync, CALL_FSYNC, fd, NULL, -1, (int fd), (fd))
HOOK(int, fdatasync, CALL_FDATASYNC, fd, NULL, -1, (int fd), (fd))
HOOK(int, ftruncate, CALL_FTRUNCATE, fd, NULL, -1, (int fd, off_t size), (fd, size))
HOOK(int, ftruncate64, CALL_FTRUNCATE, fd, NULL, -1, (int fd, off64_t size), (fd, size))
HOOK(int, fallocate, CALL_FALLOCATE, fd, NULL, -1, (int fd, int mode, off_t at, off_t n),
	(fd, mode, at, n))
HOOK(int, fallocate64, CALL_FALLOCATE, fd, NULL, -1, (int fd, int mode, off64_t at, off64_t n),
	(fd, mode, at, n))
HOOK(int, posix_fallocate, CALL_FALLOCATE, fd, NULL, errno, (int fd, off_t at, off_t n),
	(fd, at, n))
HOOK(int, posix_fallocate64, CALL_FALLOCATE, fd, NULL, errno, (int fd, off64_t at, off64_t n),
	(fd, at, n))
HOOK(int, fchmod, CALL_FCHMOD, fd, NULL, -1, (int fd, mode_t mode), (fd, mode))
HOOK(int, fstat, CALL_FSTAT, fd, NULL, -1, (int fd, struct stat *st), (fd, st))
HOOK(int, fstat64, CALL_FSTAT, fd, NULL, -1, (int fd, struct stat64 *st), (fd, st))

HOOK(int, rename, CALL_RENAME, -1, to, -1, (const char *from, const char *to), (from, to))
HOOK(int, renameat, CALL_RENAME, to_dir, to, -1,
	(int from_dir, const char *from, int to_dir, const char *to), (from_dir, from, to_dir, to))
HOOK(int, renameat2, CALL_RENAME, to_dir, to, -1,
	(int from_dir, const char *from, int to_dir, const char *to, unsigned flags),
	(from_dir, from, to_dir, to, flags))
HOOK(int, link, CALL_LINK, -1, to, -1, (const char *from, const char *to), (from, to))
HOOK(int, linkat, CALL_LINK, to_dir, to, -1,
	(int from_dir, const char *from, int to_dir, const char *to, int flags),
	(from_dir, from, to_dir, to, flags))
HOOK(int, mkdir, CALL_MKDIR, -1, path, -1, (const char *path, mode_t mode), (path, mode))
HOOK(int, mkdirat, CALL_MKDIR, dir, path, -1, (int dir, const char *path, mode_t mode),
	(dir, path, mode))
HOOK(int, unlink, CALL_UNLINK, -1, path, -1, (const char *path), (path))
HOOK(int, unlinkat, CALL_UNLINK, dir, path, -1, (int dir, const char *path, int flags),
	(dir, path, flags))

/* As Linux does it: the descriptor is gone, also where close() fails. */
int close(int fd)
{
	static int (*real)(int);
	RESOLVE(real, "close");
	bool fails = is_due(CALL_CLOSE, fd, NULL);
	int error = errno, result = real(fd);
	if (!fails)
		return result;
	errno = error;
	return -1;
}

static mode_t mode_of(int flags, va_list ap)
{
	return flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)) ? va_arg(ap, mode_t) : 0;
}

#define HOOK_OPEN(name)                                                            \
	int name(const char *path, int flags, ...)                                 \
	{                                                                          \
		static int (*real)(const char *, int, ...);                        \
		RESOLVE(real, #name);                                              \
		va_list ap;                                                        \
		va_start(ap, flags);                                               \
		mode_t mode = mode_of(flags, ap);                                  \
		va_end(ap);                                                        \
		return is_due(CALL_OPEN, -1, path) ? -1 : real(path, flags, mode); \
	}

#define HOOK_OPENAT(name)                                                                  \
	int name(int dir, const char *path, int flags, ...)                                \
	{                                                                                  \
		static int (*real)(int, const char *, int, ...);                           \
		RESOLVE(real, #name);                                                      \
		va_list ap;                                                                \
		va_start(ap, flags);                                                       \
		mode_t mode = mode_of(flags, ap);                                          \
		va_end(ap);                                                                \
		return is_due(CALL_OPENAT, dir, path) ? -1 : real(dir, path, flags, mode); \
	}

HOOK_OPEN(open)
HOOK_OPEN(open64)
HOOK_OPENAT(openat)
HOOK_OPENAT(openat64)

/* What _FORTIFY_SOURCE makes of them. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dir, const char *path, int flags);
int __openat64_2(int dir, const char *path, int flags);
HOOK(int, __open_2, CALL_OPEN, -1, path, -1, (const char *path, int flags), (path, flags))
HOOK(int, __open64_2, CALL_OPEN, -1, path, -1, (const char *path, int flags), (path, flags))
HOOK(int, __openat_2, CALL_OPENAT, dir, path, -1, (int dir, const char *path, int flags),
	(dir, path, flags))
HOOK(int, __openat64_2, CALL_OPENAT, dir, path, -1, (int dir, const char *path, int flags),
	(dir, path, flags))

/* openat2() has no wrapper in the C library. */
long syscall(long number, ...)
{
	static long (*real)(long, ...);
	RESOLVE(real, "syscall");
	va_list ap;
	long a[6];
	va_start(ap, number);
	for (size_t i = 0; i < sizeof a / sizeof *a; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (number == SYS_openat2 && is_due(CALL_OPENAT, (int)a[0], (const char *)a[1]))
		return -1;
	return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
	static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
	RESOLVE(real, "pthread_create");
	int before = errno;
	int error = is_due(CALL_THREAD, -1, NULL) ? errno : 0;
	errno = before;
	return error ? error : real(thread, attr, run, arg);
}

/* --- from the first call of main() to the end --- */

static int (*real_main)(int, char **, char **);

static int run_main(int argc, char **argv, char **env)
{
	atomic_store(&is_armed, true);
	int status = real_main(argc, argv, env);
	atomic_store(&is_armed, false);
	write_report();
	return status;
}

/* Ends that pass by the return of main(). */
void exit(int status)
{
	static void (*real)(int);
	RESOLVE(real, "exit");
	if (atomic_exchange(&is_armed, false))
		write_report();
	real(status);
	abort(); /* exit() does not come back */
}

void _exit(int status)
{
	if (atomic_exchange(&is_armed, false))
		write_report();
	for (;;)
		(void)syscall(SYS_exit_group, status);
}

void _Exit(int status)
{
	_exit(status);
}

int __libc_start_main(int (*main_function)(int, char **, char **), int argc, char **argv,
	void (*init)(void), void (*fini)(void), void (*loader_fini)(void), void *stack_end);
int __libc_start_main(int (*main_function)(int, char **, char **), int argc, char **argv,
	void (*init)(void), void (*fini)(void), void (*loader_fini)(void), void *stack_end)
{
	static const int deadly[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
	static int (*real)(int (*)(int, char **, char **), int, char **, void (*)(void),
		void (*)(void), void (*)(void), void *);
	RESOLVE(real, "__libc_start_main");
	parse_environment();
	if (report_path[0]) {
		void *frames[4];
		(void)backtrace(frames, 4); /* the first one loads libgcc */
		for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++) {
			struct sigaction action = {
				.sa_handler = on_deadly_signal, .sa_flags = (int)SA_RESETHAND};
			sigemptyset(&action.sa_mask);
			(void)sigaction(deadly[i], &action, NULL);
		}
	}
	real_main = main_function;
	return real(run_main, argc, argv, init, fini, loader_fini, stack_end);
}
