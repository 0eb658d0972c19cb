#include "ui/stdlog.h"

#include "core/statedir.h"
#include "core/strbuf.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int saved = -1;
static char *path;
static off_t size_before;

static off_t size_of(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 ? st.st_size : 0;
}

/* Opens the log, making its directory; -1 if that is impossible. */
static int open_log(void)
{
	char *dir = state_dir(NULL);
	if (!dir)
		return -1;
	path = s3t_asprintf("%s/s3tui.log", dir);
	free(dir);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0)
		(void)fchmod(fd, 0600);
	return fd;
}

void stdlog_start(void)
{
	if (saved >= 0 || !isatty(STDERR_FILENO))
		return;
	(void)fflush(stderr);
	saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	int fd = open_log();
	if (fd < 0)
		fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || saved < 0)
		return;
	size_before = size_of(fd);
	(void)dup2(fd, STDERR_FILENO);
	close(fd);
}

void stdlog_give_back(void)
{
	if (saved >= 0)
		(void)dup2(saved, STDERR_FILENO);
}

void stdlog_stop(void)
{
	if (saved < 0)
		return;
	(void)fflush(stderr);
	bool has_more = size_of(STDERR_FILENO) > size_before;
	(void)dup2(saved, STDERR_FILENO);
	close(saved);
	saved = -1;
	if (has_more && path)
		(void)fprintf(stderr, "s3tui: messages of this run are in %s\n", path);
	free(path);
	path = NULL;
}
