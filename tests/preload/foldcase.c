/*
 * A file system that takes names differing in case for the same (as those of other systems do,
 * which cannot be mounted everywhere), for one directory: below $S3TUI_FOLD a name is looked up as
 * the entry that is spelled alike but for case.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* The entry's spelling, or name itself. */
static const char *folded(int dir, const char *name, char out[NAME_MAX + 1])
{
	char link[64], path[PATH_MAX];
	const char *root = getenv("S3TUI_FOLD");
	if (!root || dir < 0 || strchr(name, '/') || strcmp(name, ".") == 0)
		return name;
	(void)snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
	ssize_t n = readlink(link, path, sizeof path - 1);
	if (n <= 0)
		return name;
	path[n] = '\0';
	if (strncmp(path, root, strlen(root)) != 0)
		return name;
	DIR *d = opendir(path);
	const struct dirent *e;
	while (d && (e = readdir(d))) {
		if (strcasecmp(e->d_name, name) != 0)
			continue;
		(void)snprintf(out, NAME_MAX + 1, "%s", e->d_name);
		name = out;
		break;
	}
	if (d)
		closedir(d);
	return name;
}

int fstatat(int dir, const char *restrict name, struct stat *restrict st, int flags)
{
	static int (*real)(int, const char *, struct stat *, int);
	char out[NAME_MAX + 1];
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "fstatat");
	return real(dir, folded(dir, name, out), st, flags);
}

int openat(int dir, const char *name, int flags, ...)
{
	static int (*real)(int, const char *, int, ...);
	char out[NAME_MAX + 1];
	va_list ap;
	va_start(ap, flags);
	mode_t mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "openat");
	return real(dir, folded(dir, name, out), flags, mode);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	static int (*real)(int, const char *, int, const char *, unsigned);
	char a[NAME_MAX + 1], b[NAME_MAX + 1];
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "renameat2");
	return real(from_dir, folded(from_dir, from, a), to_dir, folded(to_dir, to, b), flags);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	return renameat2(from_dir, from, to_dir, to, 0);
}
