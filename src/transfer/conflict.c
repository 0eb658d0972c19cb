#include "transfer/conflict.h"

#include "core/timeutil.h"

static const struct {
	const char *word, *text;
} policies[] = {
#define X(name, word, text) {word, text},
	CONFLICT_POLICIES(X)
#undef X
};
_Static_assert(
	sizeof policies / sizeof *policies == CONFLICT_POLICY_COUNT, "a row for every policy");

const char *conflict_policy_word(enum conflict_policy p)
{
	return policies[p].word;
}

const char *conflict_policy_text(enum conflict_policy p)
{
	return policies[p].text;
}

bool conflict_policy_parse(struct strview word, enum conflict_policy *out)
{
	for (int i = 0; i < CONFLICT_POLICY_COUNT; i++)
		if (sv_eq(word, sv(policies[i].word)))
			return *out = (enum conflict_policy)i, true;
	return false;
}

enum conflict_action conflict_decide(
	enum conflict_policy policy, struct conflict_side source, struct conflict_side target)
{
	switch (policy) {
	case CONFLICT_OVERWRITE:
		return CONFLICT_GO;
	case CONFLICT_NEWER:
		/* an unknown time proves nothing: moving is the safe side */
		if (source.mtime_ns == TIME_UNKNOWN || target.mtime_ns == TIME_UNKNOWN)
			return source.size == target.size ? CONFLICT_DO_SKIP : CONFLICT_GO;
		return source.mtime_ns > target.mtime_ns ? CONFLICT_GO : CONFLICT_DO_SKIP;
	case CONFLICT_SIZE:
		return source.size != target.size ? CONFLICT_GO : CONFLICT_DO_SKIP;
	case CONFLICT_RESUME: /* a smaller target is the beginning of the source, until proven */
		return target.size < source.size    ? CONFLICT_GO
		       : target.size == source.size ? CONFLICT_DO_SKIP
						    : CONFLICT_DO_FAIL;
	case CONFLICT_SKIP:
		return CONFLICT_DO_SKIP;
	case CONFLICT_RENAME:
		return CONFLICT_DO_RENAME;
	case CONFLICT_FAIL:
		return CONFLICT_DO_FAIL;
	default:
		return CONFLICT_DO_ASK;
	}
}

void conflict_rename(struct strbuf *out, struct strview rel, unsigned n)
{
	size_t base = rel.len;
	while (base && rel.data[base - 1] != '/')
		base--;
	size_t dot = rel.len;
	for (size_t i = base + 1; i < rel.len; i++) /* a leading dot is no extension */
		if (rel.data[i] == '.')
			dot = i;
	strbuf_add(out, rel.data, dot);
	strbuf_addf(out, " (%u)", n);
	strbuf_add_sv(out, sv_from(rel, dot));
}
