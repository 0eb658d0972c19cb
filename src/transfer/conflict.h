/* What to do where the target exists: pure decisions (decision 5). */
#ifndef TRANSFER_CONFLICT_H
#define TRANSFER_CONFLICT_H

#include "core/strbuf.h"

#include <stdint.h>

/* name, word on the command line, text in dialogs */
#define CONFLICT_POLICIES(X)                   \
	X(ASK, "ask", "ask")                   \
	X(OVERWRITE, "overwrite", "overwrite") \
	X(NEWER, "newer", "newer only")        \
	X(SIZE, "size", "size differs")        \
	X(SKIP, "skip", "skip")                \
	X(RENAME, "rename", "rename")          \
	X(RESUME, "resume", "resume")          \
	X(FAIL, "fail", "fail")

enum conflict_policy {
#define X(name, word, text) CONFLICT_##name,
	CONFLICT_POLICIES(X)
#undef X
		CONFLICT_POLICY_COUNT
};

enum conflict_action {
	CONFLICT_GO,
	CONFLICT_DO_SKIP,
	CONFLICT_DO_RENAME,
	CONFLICT_DO_FAIL,
	CONFLICT_DO_ASK
};

struct conflict_side {
	uint64_t size;
	int64_t mtime_ns; /* TIME_UNKNOWN: none */
};

const char *conflict_policy_word(enum conflict_policy p);
const char *conflict_policy_text(enum conflict_policy p);
bool conflict_policy_parse(struct strview word, enum conflict_policy *out);
/* The target exists. */
enum conflict_action conflict_decide(
	enum conflict_policy policy, struct conflict_side source, struct conflict_side target);
/* Appends "dir/name (n).ext" for "dir/name.ext"; n from 2. */
void conflict_rename(struct strbuf *out, struct strview rel, unsigned n);

#endif
