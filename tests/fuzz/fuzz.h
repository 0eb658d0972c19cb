/*
 * What the fuzz targets share. A target says what must hold for any input with CHECK(), which is
 * there in every build; a crash, a leak or a sanitizer's complaint is a finding besides.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "core/s3.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Before the first input. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

#define CHECK(condition) ((condition) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #condition))
_Noreturn void fuzz_fail(const char *file, int line, const char *what);

/* Whether a terminal may get text: valid UTF-8 without C0, DEL, C1, bidi, zero width and separators
 * (threat T1). Says so by rules of its own. */
bool fuzz_is_clean(struct strview text);
/* rc and err belong together and can be shown. */
void fuzz_check_err(enum s3t_rc rc, const struct s3t_err *err);
/* The part of *rest before the byte, which goes, too; all of it if there is none. */
struct strview fuzz_take(struct strview *rest, char end);
/* An environment without variables. */
const char *fuzz_no_env(void *arg, const char *name);

/*
 * Answers of a server, in a text that a person can write: "200", lines of headers, an empty line
 * and the body, with a line "%%" between two of them. Each request takes the next one; after the
 * last one the script is over, as if the person had cancelled.
 */
struct fuzz_server {
	struct strview answers; /* still to come */
	struct strview body;    /* of the last one */
	int status;
	unsigned requests;
	struct http_transport transport;
	struct s3_ctx ctx;
};
/* Once, before the first input. */
void fuzz_server_init(void);
/* A client of its own without memory of other inputs. */
void fuzz_server_start(struct fuzz_server *s, struct strview answers);
void fuzz_server_stop(struct fuzz_server *s);

#endif
