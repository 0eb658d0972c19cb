/*
 * Bytes of foreign origin (keys, metadata, error messages) on their way to a person: the one
 * sanitising function for every sink (screen, stderr, log, title, clipboard), and human numbers.
 */
#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include "core/strbuf.h"

#include <stdint.h>

/* Appends s with everything that a terminal could act on made visible: C0, DEL, C1, invalid UTF-8
 * as \xNN; bidi controls, zero-width characters and U+2028/9 as \u{NNNN}. At most two combining
 * marks follow a character (threat T2). */
void text_sanitise(struct strbuf *out, struct strview s);
/* The same as a new string; caller frees. */
char *text_sanitised(struct strview s);

/* Decodes one UTF-8 character; its length in bytes, or 0 if s does not start with a valid one. */
size_t utf8_decode(struct strview s, uint32_t *codepoint);
bool utf8_is_valid(struct strview s);
/* Drops the half of a character that cutting may have left at the end of text. */
void utf8_trim_end(char *text);

/* Takes its last character away. */
void utf8_drop_last(struct strbuf *sb);

/* "4.2 MiB", "17 B"; binary units. */
#define TEXT_SIZE_MAX 24
void text_size(uint64_t bytes, char out[TEXT_SIZE_MAX]);
/* "1,204" */
void text_count(uint64_t n, char out[32]);
enum { TEXT_SAVING_MAX = 80 };
/* "compressed 92.4 MiB to 24.3 MiB: 73% less" */
void text_saving(uint64_t before, uint64_t after, char out[TEXT_SAVING_MAX]);
/* "1:20", "2:03:04" */
void text_duration(int64_t seconds, char out[32]);

/* A letter or digit of any language. */
bool text_is_alnum(uint32_t c);

#endif
