/*
 * Tags and metadata as people write them in one field: "a=b; c=d\; e", a backslash before what
 * would end a name or a value. Bytes are as typed. Pure.
 */
#ifndef UI_PAIRS_H
#define UI_PAIRS_H

#include "core/strbuf.h"

/* Appends one. */
void pairs_add(struct strbuf *out, struct strview name, struct strview value);
/* Takes the next off rest into name and value; false at the end. *has_value: there was an '='. */
bool pairs_next(struct strview *rest, struct strbuf *name, struct strbuf *value, bool *has_value);

#endif
