#include "core/range.h"

#include "core/parse.h"

bool content_range_parse(struct strview value, struct content_range *out)
{
	if (!sv_starts_with(value, SV("bytes ")))
		return false;
	value = sv_from(value, 6);
	size_t dash = sv_find(value, '-'), slash = sv_find(value, '/');
	return dash < slash && slash < value.len &&
	       parse_u64(sv_n(value.data, dash), &out->first) &&
	       parse_u64(sv_n(value.data + dash + 1, slash - dash - 1), &out->last) &&
	       parse_u64(sv_from(value, slash + 1), &out->total) && out->first <= out->last &&
	       out->last < out->total;
}

bool content_range_is(struct strview value, uint64_t first, uint64_t last, uint64_t total)
{
	struct content_range r;
	return content_range_parse(value, &r) && r.first == first &&
	       (last == UINT64_MAX ? r.last + 1 == r.total : r.last == last) &&
	       (total == UINT64_MAX || r.total == total);
}
