#include "core/fdio.h"

#include <errno.h>
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
