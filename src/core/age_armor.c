#include "core/age_armor.h"

#include "core/crypto.h"

#include <stdlib.h>

enum { LINE = 64, LINE_MAX_LEN = 128 };

struct age_armor {
	enum { BEFORE, INSIDE, LAST_LINE, BEHIND } state; /* LAST_LINE: a short one was there */
	struct strbuf line;                               /* that is not whole yet */
};

struct age_armor *age_armor_new(void)
{
	struct age_armor *a = s3t_alloc(sizeof *a);
	strbuf_init_cap(&a->line, LINE_MAX_LEN);
	return a;
}

void age_armor_free(struct age_armor *a)
{
	if (!a)
		return;
	strbuf_deinit(&a->line);
	free(a);
}

static bool take_line(struct age_armor *a, struct strview line, struct strbuf *out)
{
	if (line.len && line.data[line.len - 1] == '\r')
		line.len--;
	bool is_blank = !sv_trim(line).len;
	if (a->state == BEHIND || (a->state == BEFORE && is_blank))
		return is_blank;
	if (a->state == BEFORE) {
		a->state = INSIDE;
		return sv_eq(sv_trim(line), SV(AGE_ARMOR_BEGIN));
	}
	if (sv_eq(line, SV(AGE_ARMOR_END))) {
		a->state = BEHIND;
		return true;
	}
	bool ok = a->state == INSIDE && line.len && line.len <= LINE && line.len % 4 == 0;
	if (line.len < LINE || line.data[line.len - 1] == '=')
		a->state = LAST_LINE;
	return ok && base64_decode(out, line);
}

static enum s3t_rc fail(struct s3t_err *err)
{
	return s3t_fail(err, S3T_MISMATCH,
		"What is encrypted (age, as text) was damaged; nothing behind that is used.");
}

enum s3t_rc age_armor_add(
	struct age_armor *a, const void *data, size_t len, struct strbuf *out, struct s3t_err *err)
{
	struct strview rest = sv_n(data, len);
	while (rest.len) {
		size_t end = sv_find(rest, '\n');
		bool is_whole = end < rest.len;
		strbuf_add_sv(&a->line, sv_n(rest.data, end));
		rest = sv_from(rest, is_whole ? end + 1 : end);
		if (!strbuf_ok(&a->line))
			return fail(err);
		if (!is_whole)
			break;
		bool ok = take_line(a, strbuf_view(&a->line), out);
		strbuf_reset(&a->line);
		if (!ok)
			return fail(err);
	}
	return strbuf_ok(out) ? S3T_OK : s3t_fail(err, S3T_MEMORY, "Out of memory.");
}

enum s3t_rc age_armor_end(struct age_armor *a, struct strbuf *out, struct s3t_err *err)
{
	bool ok = !a->line.len || take_line(a, strbuf_view(&a->line), out);
	strbuf_reset(&a->line);
	return ok && a->state == BEHIND ? S3T_OK : fail(err);
}
