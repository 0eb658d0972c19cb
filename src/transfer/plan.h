/* How a transfer is cut into parts: pure arithmetic. */
#ifndef TRANSFER_PLAN_H
#define TRANSFER_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#define PLAN_MIB ((uint64_t)1 << 20)

struct plan {
	uint64_t part_size;  /* of all parts but the last; the object's size when there is one */
	uint32_t part_count; /* at least 1, also for an empty object */
	bool was_raised;     /* the wanted part size would have needed too many parts */
};

/* Upload: one piece below threshold; else parts of `wanted` bytes (0: clamp(round_up(max(16 MiB,
 * size/9500), 1 MiB), 5 MiB, 5 GiB)), larger where max_parts would not suffice. False if size is
 * more than max_parts parts of 5 GiB. */
bool plan_upload(
	uint64_t size, uint64_t threshold, uint64_t wanted, uint32_t max_parts, struct plan *out);
/* Download: ranges of `wanted` bytes (0: by size, so that PLAN_WORKERS end at about the same time).
 */
#define PLAN_WORKERS 16
struct plan plan_download(uint64_t size, bool parallel, uint64_t wanted);
/* A stream of unknown length: the size of part `index` when parts may grow. */
uint64_t plan_stream_part(uint64_t wanted, uint32_t index, bool may_grow);

uint64_t plan_part_offset(const struct plan *p, uint32_t index);
uint64_t plan_part_len(const struct plan *p, uint32_t index, uint64_t size);

#endif
