#include "core/fdio.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

bool fd_write_all(int fd, const void *data, size_t len)
{
	const char *at = data;
	while (len) {
		ssize_t n = write(fd, at, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

bool fd_pwrite_all(int fd, const void *data, size_t len, uint64_t offset)
{
	const char *p = data;
	while (len) {
		ssize_t n = pwrite(fd, p, len, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return true;
}

bool fd_read_all(int fd, struct strbuf *out)
{
	char buf[1 << 14];
	off_t at = 0;
	for (;;) {
		ssize_t n = pread(fd, buf, sizeof buf, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0 && strbuf_ok(out);
		strbuf_add(out, buf, (size_t)n);
		at += n;
	}
}

bool file_replace(const char *path, const void *data, size_t len)
{
	char *fresh = s3t_asprintf("%s.new", path);
	(void)unlink(fresh); /* of one that was killed */
	int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool ok = fd >= 0 && fd_write_all(fd, data, len) && fsync(fd) == 0;
	int why = errno;
	if (fd >= 0)
		close(fd);
	if (ok && rename(fresh, path) != 0) {
		ok = false;
		why = errno;
	}
	if (!ok && fd >= 0)
		(void)unlink(fresh);
	free(fresh);
	errno = why;
	return ok;
}

int spool_open(void)
{
	const char *dir = getenv("TMPDIR");
	if (!dir || !dir[0])
		dir = "/var/tmp";
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	char *name = s3t_asprintf("%s/s3tui-XXXXXX", dir);
	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0)
		unlink(name);
	free(name);
	return fd;
}
