/* Strict readers of numbers, sizes and durations: the whole text must fit, overflow is an error. */
#ifndef CORE_PARSE_H
#define CORE_PARSE_H

#include "core/strbuf.h"

#include <stdint.h>

bool parse_u64(struct strview s, uint64_t *out);
bool parse_i64(struct strview s, int64_t *out);
/* true/false, yes/no, on/off, 1/0; any case. */
bool parse_bool(struct strview s, bool *out);
/* Bytes: "5242880", "5MiB", "5M", "64k", "1.5G", "10MB" (units are binary unless they end in a
 * plain "B" behind a letter: kB, MB, GB are powers of 1000). */
bool parse_size(struct strview s, uint64_t *out);
/* Milliseconds: "100ms", "10s", "5m", "2h", "7d", "1h30m"; a bare number is seconds. */
bool parse_duration_ms(struct strview s, int64_t *out);

#endif
