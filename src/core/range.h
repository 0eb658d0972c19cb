/* Content-Range (RFC 9110, 14.4), strictly: what it says decides where bytes land (threats T16,
 * T17). */
#ifndef CORE_RANGE_H
#define CORE_RANGE_H

#include "core/strbuf.h"

#include <stdint.h>

struct content_range {
	uint64_t first, last, total; /* last is the index of the last byte */
};

/* "bytes 0-9/100" and nothing else: an unknown total ("*"), an unsatisfied range and
 * one that ends before it begins or behind the total are none. */
bool content_range_parse(struct strview value, struct content_range *out);
/* Whether value is the range asked for. last UINT64_MAX: to the end; total UINT64_MAX: any. */
bool content_range_is(struct strview value, uint64_t first, uint64_t last, uint64_t total);

#endif
