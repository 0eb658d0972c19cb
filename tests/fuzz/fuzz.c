#include "fuzz.h"

#include "core/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fuzz_fail(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}

bool fuzz_is_clean(struct strview text)
{
	while (text.len) {
		uint32_t c;
		size_t n = utf8_decode(text, &c);
		if (n == 0 || c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x61c || c == 0xfeff ||
			(c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
			(c >= 0x2060 && c <= 0x2069))
			return false;
		text = sv_from(text, n);
	}
	return true;
}

void fuzz_check_err(enum s3t_rc rc, const struct s3t_err *err)
{
	if (rc == S3T_OK)
		return;
	CHECK(err->rc == rc);
	CHECK(err->message[0]);
	CHECK(fuzz_is_clean(sv(err->message)));
	CHECK(fuzz_is_clean(sv(err->code)));
	CHECK(fuzz_is_clean(sv(err->request_id)));
	CHECK(fuzz_is_clean(sv(err->region)));
}

struct strview fuzz_take(struct strview *rest, char end)
{
	size_t at = sv_find(*rest, end);
	struct strview part = sv_n(rest->data, at);
	*rest = sv_from(*rest, at + 1);
	return part;
}

const char *fuzz_no_env(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return NULL;
}
