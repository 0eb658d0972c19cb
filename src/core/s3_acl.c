#include "core/s3.h"
#include "core/s3_document.h"
#include "core/text.h"
#include "core/xml.h"

struct acl {
	unsigned grants;
	struct strbuf owner, grantee;
	bool is_full;
};

static void on_close(
	void *arg, int depth, struct strview parent, struct strview name, struct strview text)
{
	struct acl *a = arg;
	(void)depth;
	if (sv_eq(name, SV("Grant")))
		a->grants++;
	else if (sv_eq(name, SV("ID")) && sv_eq(parent, SV("Owner")))
		strbuf_add_sv(&a->owner, text);
	else if (sv_eq(name, SV("ID")) && sv_eq(parent, SV("Grantee")))
		strbuf_add_sv(&a->grantee, text);
	else if (sv_eq(name, SV("Permission")))
		a->is_full = sv_eq(text, SV("FULL_CONTROL"));
}

/* Full control for the owner and nothing for others. */
static bool is_default(struct strview document)
{
	struct acl a = {.grants = 0};
	struct xml_handler handler = {.close = on_close, .arg = &a};
	strbuf_init(&a.owner);
	strbuf_init(&a.grantee);
	bool is = xml_parse(document, &handler, NULL, NULL) == S3T_OK && a.grants == 1 &&
		  a.is_full && sv_eq(strbuf_view(&a.owner), strbuf_view(&a.grantee));
	strbuf_deinit(&a.owner);
	strbuf_deinit(&a.grantee);
	return is;
}

static struct s3_document document_of(struct strview bucket, struct strview key)
{
	return (struct s3_document){
		.bucket = bucket, .key = key, .name = "acl", .root = "AccessControlPolicy"};
}

enum s3t_rc s3_keep_acl(const struct s3_ctx *ctx, struct strview bucket, struct strview key,
	struct strbuf *out, struct s3t_err *err)
{
	struct s3_document d = document_of(bucket, key);
	enum s3t_rc rc = s3_document_get(ctx, &d, out, NULL, err);
	bool has_none = rc == S3T_UNSUPPORTED || rc == S3T_DENIED ||
			(rc == S3T_OK && is_default(strbuf_view(out)));
	if (has_none)
		strbuf_reset(out);
	return has_none ? S3T_OK : rc;
}

enum s3t_rc s3_put_acl(const struct s3_ctx *ctx, struct strview bucket, struct strview key,
	struct strview document, struct s3t_err *err)
{
	struct s3_document d = document_of(bucket, key);
	return s3_document_put(ctx, &d, document, true, err);
}

struct owner {
	struct strbuf id, name;
};

static void on_owner(
	void *arg, int depth, struct strview parent, struct strview name, struct strview text)
{
	struct owner *o = arg;
	(void)depth;
	if (sv_eq(parent, SV("Owner")) && sv_eq(name, SV("ID")))
		text_sanitise(&o->id, text);
	else if (sv_eq(parent, SV("Owner")) && sv_eq(name, SV("DisplayName")))
		text_sanitise(&o->name, text);
}

void s3_object_owner(const struct s3_ctx *ctx, struct strview bucket, struct strview key,
	const char *version_id, struct strbuf *out)
{
	struct s3_document d = document_of(bucket, key);
	struct owner o;
	struct xml_handler handler = {.close = on_owner, .arg = &o};
	struct strbuf text;
	d.version_id = version_id;
	strbuf_init(&text);
	strbuf_init(&o.id);
	strbuf_init(&o.name);
	if (s3_document_get(ctx, &d, &text, NULL, NULL) == S3T_OK &&
		xml_parse(strbuf_view(&text), &handler, NULL, NULL) == S3T_OK)
		strbuf_addf(
			out, o.name.len && o.id.len ? "%s (%s)" : "%s%s", o.name.data, o.id.data);
	strbuf_deinit(&text);
	strbuf_deinit(&o.id);
	strbuf_deinit(&o.name);
}
