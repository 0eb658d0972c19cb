#include "transfer/parts.h"

#include "core/strbuf.h"

#include <stdlib.h>
#include <string.h>

static size_t words(uint32_t count)
{
	return ((size_t)count + 63) / 64;
}

void parts_init(struct parts *p, uint32_t count)
{
	*p = (struct parts){.count = count};
	p->done = s3t_alloc(words(count) * sizeof *p->done);
}

void parts_copy_done(struct parts *to, const struct parts *from)
{
	parts_init(to, from->count);
	memcpy(to->done, from->done, words(from->count) * sizeof *to->done);
	to->done_count = from->done_count;
}

void parts_deinit(struct parts *p)
{
	free(p->done);
	free(p->again);
	*p = (struct parts){0};
}

void parts_restart(struct parts *p)
{
	p->next = p->done_count = 0;
	p->again_count = p->again_next = 0;
	if (p->done) /* not yet begun, there is nothing to forget */
		memset(p->done, 0, words(p->count) * sizeof *p->done);
}

bool parts_is_done(const struct parts *p, uint32_t index)
{
	return p->done[index / 64] >> (index % 64) & 1;
}

uint32_t parts_first_missing(const struct parts *p, uint32_t from)
{
	while (from < p->count && parts_is_done(p, from))
		from++;
	return from;
}

static bool is_again(const struct parts *p, uint32_t index)
{
	size_t i = 0;
	while (i < p->again_count && p->again[i] != index)
		i++;
	return i < p->again_count;
}

bool parts_take(struct parts *p, uint32_t *index)
{
	if (p->again_next < p->again_count) {
		*index = p->again[p->again_next++];
		return true;
	}
	/* what is moved again was given out above, if the cursor has not passed it yet, too */
	do {
		p->next = parts_first_missing(p, p->next);
		if (p->next >= p->count)
			return false;
		*index = p->next++;
	} while (is_again(p, *index));
	return true;
}

void parts_set_done(struct parts *p, uint32_t index)
{
	if (parts_is_done(p, index))
		return;
	p->done[index / 64] |= UINT64_C(1) << (index % 64);
	p->done_count++;
}

bool parts_all_done(const struct parts *p)
{
	return p->done_count == p->count;
}

bool parts_again(struct parts *p, uint32_t index)
{
	if (is_again(p, index))
		return false;
	uint32_t *more = realloc(p->again, (p->again_count + 1) * sizeof *more);
	if (!more)
		s3t_oom();
	p->again = more;
	more[p->again_count++] = index;
	p->done[index / 64] &= ~(UINT64_C(1) << (index % 64));
	p->done_count--;
	return true;
}
