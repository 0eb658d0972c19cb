/* Content type by file name: the built-in table, then /etc/mime.types. */
#ifndef CORE_MIME_H
#define CORE_MIME_H

#include "core/strbuf.h"

/* Loads path ("/etc/mime.types" normally); once before threads start. A missing file is fine. */
void mime_load(const char *path);
void mime_unload(void);
/* The type for a name by its extension (any case); "application/octet-stream" when unknown. */
const char *mime_type_of(struct strview name);

#endif
