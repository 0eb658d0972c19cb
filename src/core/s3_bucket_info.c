#include "core/s3_bucket_info.h"

#include "core/s3_lifecycle.h"
#include "core/text.h"
#include "core/xml.h"

#include <stdlib.h>
#include <string.h>

enum { RULES_TOLD = 3 };

static const struct {
	const char *name, *root;
} documents[] = {
	{"versioning", "VersioningConfiguration"},
	{"encryption", "ServerSideEncryptionConfiguration"},
	{"object-lock", "ObjectLockConfiguration"},
	{"policy", NULL},
	{"cors", "CORSConfiguration"},
	{"acl", "AccessControlPolicy"},
	{"tagging", "Tagging"},
	{"lifecycle", "LifecycleConfiguration"},
	{"website", "WebsiteConfiguration"},
	{"logging", "BucketLoggingStatus"},
	{"publicAccessBlock", "PublicAccessBlockConfiguration"},
	{"ownershipControls", "OwnershipControls"},
};

bool s3_bucket_document(const char *name, struct strview bucket, struct s3_document *out)
{
	for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
		if (strcmp(documents[i].name, name) != 0)
			continue;
		*out = (struct s3_document){
			.bucket = bucket, .name = documents[i].name, .root = documents[i].root};
		return true;
	}
	return false;
}

/* --- from a document to words --- */

struct words {
	struct strbuf out;
	unsigned rules;
	struct strbuf permission, grantee;
};

static void on_leaf(
	void *arg, int depth, struct strview parent, struct strview name, struct strview text)
{
	static const struct {
		const char *element, *before;
	} told[] = {{"Status", ""}, {"SSEAlgorithm", ""}, {"KMSMasterKeyID", "key "},
		{"ObjectLockEnabled", ""}, {"Mode", ""}, {"Days", "days "}, {"Years", "years "},
		{"AllowedOrigin", ""}, {"AllowedMethod", ""}};
	struct words *w = arg;
	(void)depth;
	if (sv_eq(name, SV("CORSRule")))
		w->rules++;
	for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
		if (!sv_eq(name, sv(told[i].element)) || !sv_trim(text).len)
			continue;
		strbuf_addf(&w->out, "%s%s", w->out.len ? ", " : "", told[i].before);
		text_sanitise(&w->out, sv_trim(text));
	}
	if (sv_eq(parent, SV("Grantee")) && (sv_eq(name, SV("ID")) || sv_eq(name, SV("URI")))) {
		strbuf_reset(&w->grantee);
		strbuf_add_sv(&w->grantee, text);
	} else if (sv_eq(name, SV("Permission"))) {
		struct strview who = strbuf_view(&w->grantee);
		size_t slash = who.len;
		while (slash && who.data[slash - 1] != '/')
			slash--;
		strbuf_add_str(&w->out, w->out.len ? ", " : "");
		text_sanitise(&w->out, sv_from(who, slash));
		strbuf_add_char(&w->out, ' ');
		text_sanitise(&w->out, text);
	} else if (sv_eq(parent, SV("Tag")) && sv_eq(name, SV("Key"))) {
		strbuf_add_str(&w->out, w->out.len ? ", " : "");
		text_sanitise(&w->out, text);
	} else if (sv_eq(parent, SV("Tag")) && sv_eq(name, SV("Value"))) {
		strbuf_add_char(&w->out, '=');
		text_sanitise(&w->out, text);
	}
}

static void describe(const struct s3_document *d, struct strview text, struct strbuf *out)
{
	struct words w = {.rules = 0};
	struct xml_handler handler = {.close = on_leaf, .arg = &w};
	if (!d->root) {
		strbuf_addf(out, "%zu bytes of JSON", text.len);
		return;
	}
	strbuf_init(&w.out);
	strbuf_init(&w.permission);
	strbuf_init(&w.grantee);
	(void)!xml_parse(text, &handler, NULL, NULL);
	if (w.rules)
		strbuf_addf(out, "%u rule%s: ", w.rules, w.rules == 1 ? "" : "s");
	strbuf_add_sv(out, w.out.len ? strbuf_view(&w.out) : SV("none"));
	strbuf_deinit(&w.out);
	strbuf_deinit(&w.permission);
	strbuf_deinit(&w.grantee);
}

/* What ends the whole; the rest is an answer. */
static bool is_fatal(enum s3t_rc rc)
{
	return rc == S3T_CANCELLED || rc == S3T_RESOLVE || rc == S3T_CONNECT || rc == S3T_TIMEOUT ||
	       rc == S3T_NETWORK || rc == S3T_AUTH || rc == S3T_CREDENTIALS;
}

static enum s3t_rc ask(const struct s3_ctx *ctx, struct strview bucket, const char *name,
	struct strbuf *out, struct s3t_err *err)
{
	struct s3_document d;
	struct strbuf text;
	bool exists = false;
	strbuf_init(&text);
	enum s3t_rc rc = s3_bucket_document(name, bucket, &d)
				 ? s3_document_get(ctx, &d, &text, &exists, err)
				 : S3T_OK;
	if (rc == S3T_OK && exists)
		describe(&d, strbuf_view(&text), out);
	else if (rc == S3T_OK)
		strbuf_add_str(out, "none");
	else if (rc == S3T_UNSUPPORTED)
		strbuf_add_str(out, "not supported by this server");
	else if (rc == S3T_DENIED)
		strbuf_add_str(out, "not shown: access is denied");
	else if (!is_fatal(rc))
		strbuf_add_str(out, err->message);
	strbuf_deinit(&text);
	return is_fatal(rc) ? rc : S3T_OK;
}

static enum s3t_rc ask_lifecycle(
	const struct s3_ctx *ctx, struct strview bucket, struct strbuf *out, struct s3t_err *err)
{
	struct s3_lifecycle l;
	enum s3t_rc rc = s3_lifecycle_get(ctx, bucket, &l, err);
	if (rc != S3T_OK)
		return rc;
	for (size_t i = 0; i < l.count && i < RULES_TOLD; i++) {
		strbuf_add_str(out, i ? " | " : "");
		s3_rule_words(&l.rules[i], out);
	}
	if (l.count > RULES_TOLD)
		strbuf_addf(out, " | and %zu more", l.count - RULES_TOLD);
	if (!l.count)
		strbuf_add_str(out, "none");
	s3_lifecycle_deinit(&l);
	return S3T_OK;
}

static void on_location(
	void *arg, int depth, struct strview parent, struct strview name, struct strview text)
{
	(void)parent;
	(void)name;
	if (depth == 0)
		text_sanitise(arg, sv_trim(text));
}

static enum s3t_rc ask_region(
	const struct s3_ctx *ctx, struct strview bucket, struct strbuf *out, struct s3t_err *err)
{
	struct s3_document d = {.bucket = bucket, .name = "location", .root = "LocationConstraint"};
	struct strbuf text;
	struct xml_handler handler = {.close = on_location, .arg = out};
	strbuf_init(&text);
	enum s3t_rc rc = s3_document_get(ctx, &d, &text, NULL, err);
	if (rc == S3T_OK)
		(void)!xml_parse(strbuf_view(&text), &handler, NULL, NULL);
	if (rc == S3T_OK && !out->len)
		strbuf_add_str(
			out, s3_client_profile(ctx->client)->is_aws ? "us-east-1" : "default");
	strbuf_deinit(&text);
	return rc;
}

enum s3t_rc s3_bucket_info(const struct s3_ctx *ctx, struct strview bucket,
	void (*fn)(void *arg, const char *name, const char *value), void *arg, struct s3t_err *err)
{
	static const char *const names[] = {"region", "versioning", "encryption", "object-lock",
		"lifecycle", "policy", "cors", "acl", "tagging"};
	struct s3t_err local;
	if (!err)
		err = &local;
	enum s3t_rc rc = s3_head_bucket(ctx, bucket, err);
	for (size_t i = 0; i < sizeof names / sizeof *names && rc == S3T_OK; i++) {
		struct strbuf value;
		strbuf_init(&value);
		if (i == 0)
			rc = ask_region(ctx, bucket, &value, err);
		else if (strcmp(names[i], "lifecycle") == 0)
			rc = ask_lifecycle(ctx, bucket, &value, err);
		else
			rc = ask(ctx, bucket, names[i], &value, err);
		if (rc != S3T_OK && !is_fatal(rc)) {
			strbuf_add_str(&value, rc == S3T_UNSUPPORTED
						       ? "not supported by this server"
					       : rc == S3T_DENIED ? "not shown: access is denied"
								  : err->message);
			rc = S3T_OK;
		}
		if (rc == S3T_OK)
			fn(arg, names[i], value.data);
		strbuf_deinit(&value);
	}
	return rc;
}
