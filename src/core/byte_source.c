#include "core/byte_source.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void byte_scratch_deinit(struct byte_scratch *s)
{
	if (s->data)
		explicit_bzero(s->data, s->len);
	free(s->data);
	*s = (struct byte_scratch){.data = NULL};
}

ssize_t byte_source_read(const struct byte_source *b, struct byte_scratch *scratch, char *buf,
	size_t len, uint64_t offset)
{
	return b->read ? b->read(b->arg, scratch, buf, len, offset)
		       : pread(b->fd, buf, len, (off_t)offset);
}
