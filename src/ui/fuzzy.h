/* Matching as people type: the letters in their order, with gaps. Pure. */
#ifndef UI_FUZZY_H
#define UI_FUZZY_H

#include "core/strbuf.h"

/* How well text has the letters of pattern in it, in any case of ASCII: more is better; -1: not.
 * Letters that follow each other and beginnings of words count most. "" fits all with 0. */
int fuzzy_score(struct strview pattern, struct strview text);

#endif
