/*
 * struct strbuf: owned, growing bytes with a cap; always NUL-terminated behind its length, so that
 * text can be handed to C, yet keys may hold any byte. struct strview: borrowed bytes.
 *
 * Growing past the cap or out of memory sets `failed` and drops what was to be added: a caller that
 * builds text may check once at the end (strbuf_ok()). Small strings (64 KiB) that cannot be
 * allocated end the program cleanly through s3t_oom(): nobody looks whether half a key is whole.
 */
#ifndef CORE_STRBUF_H
#define CORE_STRBUF_H

#include "core/err.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct strview {
	const char *data;
	size_t len;
};

struct strbuf {
	char *data; /* never NULL after strbuf_init() */
	size_t len;
	size_t capacity;
	size_t cap; /* upper bound of len */
	bool failed;
};

#define STRBUF_CAP_DEFAULT ((size_t)64 << 20)
#define SV(literal) ((struct strview){(literal), sizeof(literal) - 1})

struct strview sv(const char *text);
struct strview sv_n(const char *data, size_t len);
bool sv_eq(struct strview a, struct strview b);
bool sv_starts_with(struct strview s, struct strview prefix);
bool sv_ends_with(struct strview s, struct strview suffix);
/* The first position of byte c, or s.len. */
size_t sv_find(struct strview s, char c);
struct strview sv_trim(struct strview s);
struct strview sv_from(struct strview s, size_t start);
/* The value of "name: value" among lines, names in any case; empty: there is none. */
struct strview sv_line_value(struct strview lines, const char *name);
/* Takes the next word and the space behind it off *rest; empty at the end. */
struct strview sv_next_word(struct strview *rest);
/* Byte order, shorter first. */
int sv_cmp(struct strview a, struct strview b);
bool sv_eq_nocase(struct strview a, struct strview b);
/* For tables in memory (FNV-1a). */
uint64_t sv_hash(struct strview s);
/* Whether part is in text, ASCII letters in any case. */
bool sv_contains_nocase(struct strview text, struct strview part);

void strbuf_init(struct strbuf *sb);
/* cap: the most bytes it may ever hold. */
void strbuf_init_cap(struct strbuf *sb, size_t cap);
/* Frees; sb may be used again after strbuf_init(). */
void strbuf_deinit(struct strbuf *sb);
/* Overwrites its bytes before it frees: for secrets. */
void strbuf_deinit_wipe(struct strbuf *sb);
void strbuf_reset(struct strbuf *sb);
void strbuf_add(struct strbuf *sb, const void *data, size_t len);
void strbuf_add_char(struct strbuf *sb, char c);
void strbuf_add_str(struct strbuf *sb, const char *text);
void strbuf_add_sv(struct strbuf *sb, struct strview s);
void strbuf_addf(struct strbuf *sb, const char *fmt, ...) S3T_PRINTF(2, 3);
void strbuf_vaddf(struct strbuf *sb, const char *fmt, va_list ap) S3T_PRINTF(2, 0);
void strbuf_truncate(struct strbuf *sb, size_t len);
bool strbuf_ok(const struct strbuf *sb);
struct strview strbuf_view(const struct strbuf *sb);
/* Moves the bytes out; the caller frees them. sb is empty and usable afterwards. */
char *strbuf_take(struct strbuf *sb);

/* Allocation of small fixed things: they end the program cleanly instead of returning NULL. */
void *s3t_alloc(size_t size); /* zeroed */
char *s3t_strdup(const char *text);
char *s3t_strndup(const char *data, size_t len);
char *s3t_asprintf(const char *fmt, ...) S3T_PRINTF(1, 2);
/* What s3t_oom() does first (restore the terminal); set once before threads start. */
void s3t_set_oom_hook(void (*hook)(void));
_Noreturn void s3t_oom(void);

#endif
