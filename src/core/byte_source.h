/*
 * Bytes that can be read at any place by any thread: those of a descriptor, or what is made of
 * them, as an encrypted file is. Immutable while somebody reads.
 */
#ifndef CORE_BYTE_SOURCE_H
#define CORE_BYTE_SOURCE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What one reader keeps between its reads; zeroed at first. */
struct byte_scratch {
	char *data;
	uint64_t at; /* where it belongs */
	size_t len;
};
void byte_scratch_deinit(struct byte_scratch *s);

struct byte_source {
	int fd; /* also where read is given: the file that all is made of */
	/* as pread(); NULL: that */
	ssize_t (*read)(
		void *arg, struct byte_scratch *scratch, char *buf, size_t len, uint64_t offset);
	void *arg;
};
/* As pread(): may be cut short, 0 at the end, -1 with errno. */
ssize_t byte_source_read(const struct byte_source *b, struct byte_scratch *scratch, char *buf,
	size_t len, uint64_t offset);

#endif
