/* Whole files through descriptors: calls that were interrupted or cut short go on. Any thread. */
#ifndef CORE_FDIO_H
#define CORE_FDIO_H

#include "core/strbuf.h"

/* False with errno; some of it may have been written. */
bool fd_write_all(int fd, const void *data, size_t len);
/* The same at an offset; fd's own place is not used. */
bool fd_pwrite_all(int fd, const void *data, size_t len, uint64_t offset);
/* Adds what a regular file holds, from its start on; fd's own place is not used. False with errno,
 * or when out is full. */
bool fd_read_all(int fd, struct strbuf *out);

/* Makes path a file of these bytes, readable by its owner alone (0600): as a whole, by a file
 * beside it that is synced and renamed. False with errno; path is as it was then. */
bool file_replace(const char *path, const void *data, size_t len);
/* An unlinked file (0600) in $TMPDIR, else /var/tmp, for what is on its way; -1 with errno. */
int spool_open(void);

#endif
