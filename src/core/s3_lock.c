#include "core/s3_lock.h"

#include "core/parse.h"
#include "core/s3_document.h"
#include "core/timeutil.h"

#include <stdio.h>
#include <string.h>

enum { DAYS_MAX = 36500, DAY_S = 86400 };

/* The last second of a day, "2030-01-31". */
static int64_t end_of_day(struct strview day)
{
	char text[32];
	if (day.len != 10)
		return TIME_UNKNOWN;
	snprintf(text, sizeof text, "%.10sT23:59:59Z", day.data);
	int64_t ns = time_parse_iso_ns(sv(text));
	return ns == TIME_UNKNOWN ? ns : ns / NS_PER_S;
}

enum s3t_rc s3_retention_parse(
	const char *text, int64_t now_s, struct s3_retention *out, struct s3t_err *err)
{
	static const char *const modes[] = {"GOVERNANCE", "COMPLIANCE"};
	struct strview s = sv(text), until = sv_from(s, sv_find(s, ':') + 1);
	uint64_t days;
	*out = (struct s3_retention){.until_s = TIME_UNKNOWN};
	s.len = sv_find(s, ':');
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
		if (sv_eq_nocase(s, sv(modes[i])))
			memcpy(out->mode, modes[i], strlen(modes[i]) + 1);
	if (!out->mode[0])
		return s3t_fail(err, S3T_INVALID,
			"Retention is GOVERNANCE or COMPLIANCE with days or a day: GOVERNANCE:30, "
			"COMPLIANCE:2030-01-31. It can be made longer, never be taken away here.");
	if (until.len && until.data[until.len - 1] == 'd')
		until.len--;
	if (parse_u64(until, &days)) {
		if (days < 1 || days > DAYS_MAX)
			return s3t_fail(err, S3T_INVALID, "Retention lasts 1 to 36,500 days.");
		out->until_s = now_s + (int64_t)days * DAY_S;
		return S3T_OK;
	}
	out->until_s = end_of_day(until);
	if (out->until_s == TIME_UNKNOWN)
		return s3t_fail(err, S3T_INVALID,
			"Behind the colon stand days (30) or a day (2030-01-31).");
	if (out->until_s <= now_s)
		return s3t_fail(err, S3T_INVALID, "Retention ends in the future.");
	return S3T_OK;
}

/* "400 InvalidRequest: bucket object lock not configured" */
static enum s3t_rc explain(enum s3t_rc rc, struct s3t_err *err)
{
	if (rc == S3T_OK || !err || strcmp(err->code, "InvalidRequest") != 0)
		return rc;
	return s3t_fail(err, S3T_UNSUPPORTED,
		"The bucket has no object lock, which is switched on when a bucket is made; "
		"nothing was "
		"changed.");
}

static enum s3t_rc put(const struct s3_ctx *ctx, const struct s3_document *d, struct strbuf *body,
	struct s3t_err *err)
{
	struct s3t_err local;
	if (!err)
		err = &local;
	enum s3t_rc rc = explain(s3_document_put(ctx, d, strbuf_view(body), false, err), err);
	strbuf_deinit(body);
	return rc;
}

enum s3t_rc s3_put_retention(const struct s3_ctx *ctx, struct strview bucket, struct strview key,
	const struct s3_retention *r, struct s3t_err *err)
{
	struct s3_document d = {
		.bucket = bucket, .key = key, .name = "retention", .root = "Retention"};
	struct strbuf body;
	char until[32];
	time_format_iso(r->until_s, until);
	strbuf_init(&body);
	strbuf_addf(&body,
		"<Retention xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Mode>%s</Mode>"
		"<RetainUntilDate>%s</RetainUntilDate></Retention>",
		r->mode, until);
	enum s3t_rc rc = put(ctx, &d, &body, err);
	if (rc == S3T_DENIED)
		s3t_err_prefix(err, "A retention is never made shorter or weaker here, and "
				    "COMPLIANCE by nobody; "
				    "else the permission for it is missing: ");
	return rc;
}

enum s3t_rc s3_put_legal_hold(const struct s3_ctx *ctx, struct strview bucket, struct strview key,
	bool is_on, struct s3t_err *err)
{
	struct s3_document d = {
		.bucket = bucket, .key = key, .name = "legal-hold", .root = "LegalHold"};
	struct strbuf body;
	strbuf_init(&body);
	strbuf_addf(&body,
		"<LegalHold xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Status>%s</Status>"
		"</LegalHold>",
		is_on ? "ON" : "OFF");
	return put(ctx, &d, &body, err);
}
