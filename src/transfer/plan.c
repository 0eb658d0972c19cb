#include "transfer/plan.h"

#include "core/s3.h"

static uint64_t round_up(uint64_t n, uint64_t unit)
{
	uint64_t rest = n % unit;
	return rest ? n + (unit - rest) : n;
}

static uint64_t clamp(uint64_t n, uint64_t low, uint64_t high)
{
	return n < low ? low : n > high ? high : n;
}

bool plan_upload(
	uint64_t size, uint64_t threshold, uint64_t wanted, uint32_t max_parts, struct plan *out)
{
	*out = (struct plan){.part_size = size, .part_count = 1};
	if (size < threshold && size <= S3_PART_MAX)
		return true;
	uint64_t fewest = size / S3_PART_MAX + (size % S3_PART_MAX != 0);
	if (fewest > max_parts || max_parts == 0)
		return false;
	uint64_t automatic = size / (max_parts - max_parts / 20 ? max_parts - max_parts / 20 : 1);
	uint64_t part = wanted;
	if (!part)
		part = clamp(
			round_up(automatic > 16 * PLAN_MIB ? automatic : 16 * PLAN_MIB, PLAN_MIB),
			S3_PART_MIN, S3_PART_MAX);
	part = clamp(part, S3_PART_MIN, S3_PART_MAX);
	uint64_t least = (size + max_parts - 1) / max_parts;
	if (part < least) {
		part = clamp(round_up(least, PLAN_MIB), S3_PART_MIN, S3_PART_MAX);
		out->was_raised = wanted != 0;
	}
	if (part >= size)
		return true;
	out->part_size = part;
	out->part_count = (uint32_t)((size + part - 1) / part);
	return true;
}

struct plan plan_download(uint64_t size, bool parallel, uint64_t wanted)
{
	struct plan p = {.part_size = size, .part_count = 1};
	uint64_t part = wanted;
	if (!part)
		part = clamp(
			round_up(size / (2 * PLAN_WORKERS), PLAN_MIB), 8 * PLAN_MIB, 64 * PLAN_MIB);
	if (!parallel || part >= size)
		return p;
	/* size is what a server says: sums may not be possible */
	while ((size - 1) / part + 1 > UINT32_MAX / 2)
		part *= 2;
	p.part_size = part;
	p.part_count = (uint32_t)((size - 1) / part + 1);
	return p;
}

uint64_t plan_stream_part(uint64_t wanted, uint32_t index, bool may_grow)
{
	uint64_t part = wanted < S3_PART_MIN ? S3_PART_MIN : wanted;
	for (uint32_t i = 1000; may_grow && i <= index && part < S3_PART_MAX; i += 1000)
		part *= 2;
	return part > S3_PART_MAX ? S3_PART_MAX : part;
}

uint64_t plan_part_offset(const struct plan *p, uint32_t index)
{
	return p->part_size * index;
}

uint64_t plan_part_len(const struct plan *p, uint32_t index, uint64_t size)
{
	uint64_t offset = plan_part_offset(p, index);
	return size - offset < p->part_size ? size - offset : p->part_size;
}
