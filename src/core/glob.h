/* Names and what a person writes to choose some of them. Bytes; "?" and "[...]" take a UTF-8
 * character.
 */
#ifndef CORE_GLOB_H
#define CORE_GLOB_H

#include "core/strbuf.h"

/* "*.jpg": * ? [a-z] [!a-z]; the whole text. */
bool glob_match(struct strview pattern, struct strview text);
/* What finding means: a pattern without '/' is for the last component of path (a final '/' aside),
 * one with it for all of it; without * ? [ it is a part of the name, in any case. */
bool glob_finds(struct strview pattern, struct strview path);

#endif
