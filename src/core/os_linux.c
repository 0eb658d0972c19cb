#include "core/os_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int os_rename(int dirfd, const char *from, const char *to, bool no_replace)
{
	if (!no_replace)
		return renameat(dirfd, from, dirfd, to);
	int result = renameat2(dirfd, from, dirfd, to, RENAME_NOREPLACE);
	if (result == 0 || (errno != EINVAL && errno != ENOSYS))
		return result;
	if (linkat(dirfd, from, dirfd, to, 0) != 0)
		return -1;
	return unlinkat(dirfd, from, 0);
}

int os_open_dir_beneath(int dirfd, const char *name)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
#ifdef SYS_openat2
	struct open_how how = {
		.flags = (uint64_t)flags, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
	int fd = (int)syscall(SYS_openat2, dirfd, name, &how, sizeof how);
	if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
		return fd;
#endif
	return openat(dirfd, name, flags);
}

int64_t os_copy_range(int from, uint64_t from_at, int to, uint64_t to_at, uint64_t len)
{
	off_t in = (off_t)from_at, out = (off_t)to_at;
	size_t n = len > (1U << 22) ? 1U << 22 : (size_t)len;
	ssize_t done = copy_file_range(from, &in, to, &out, n, 0);
	if (done > 0 || (done < 0 && errno != EXDEV && errno != EINVAL && errno != ENOSYS &&
				errno != EOPNOTSUPP))
		return done;
	/* also where it says 0: special files report a size of 0 and still have bytes */
	char buf[1 << 16];
	ssize_t got = pread(from, buf, n < sizeof buf ? n : sizeof buf, (off_t)from_at);
	if (got <= 0)
		return got;
	ssize_t at = 0;
	while (at < got) {
		ssize_t put = pwrite(to, buf + at, (size_t)(got - at), (off_t)to_at + at);
		if (put < 0)
			return -1;
		at += put;
	}
	return got;
}

int os_spawn_close_from(posix_spawn_file_actions_t *actions, int first)
{
#ifdef __GLIBC__
	return posix_spawn_file_actions_addclosefrom_np(actions, first);
#else
	(void)actions;
	(void)first;
	return 0;
#endif
}

int os_reserve(int fd, uint64_t size)
{
	if (size == 0 || fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)size) == 0)
		return 0;
	return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? errno : 0;
}

unsigned os_umask(void)
{
	char line[256];
	unsigned mask;
	FILE *status = fopen("/proc/self/status", "re");
	while (status && fgets(line, sizeof line, status)) {
		if (strncmp(line, "Umask:", 6) == 0 && sscanf(line + 6, "%o", &mask) == 1) {
			fclose(status);
			return mask;
		}
	}
	if (status)
		fclose(status);
	mask = umask(0);
	umask((mode_t)mask);
	return mask;
}

void os_share_heaps(void)
{
	(void)mallopt(M_ARENA_MAX, 4);
}
