#include "core/s3.h"
#include "core/s3_document.h"
#include "core/uri.h"
#include "core/xml.h"

struct tags {
	struct strbuf *out, key;
};

static void on_close(
	void *arg, int depth, struct strview parent, struct strview name, struct strview text)
{
	struct tags *t = arg;
	if (depth != 3 || !sv_eq(parent, SV("Tag")))
		return;
	if (sv_eq(name, SV("Key"))) {
		strbuf_reset(&t->key);
		strbuf_add_sv(&t->key, text);
	} else if (sv_eq(name, SV("Value"))) {
		if (t->out->len)
			strbuf_add_char(t->out, '&');
		uri_encode(t->out, strbuf_view(&t->key), false);
		strbuf_add_char(t->out, '=');
		uri_encode(t->out, text, false);
	}
}

enum s3t_rc s3_get_object_tagging(const struct s3_ctx *ctx, struct strview bucket,
	struct strview key, struct strbuf *out, struct s3t_err *err)
{
	struct tags tags = {.out = out};
	struct sigv4_pair query = {SV("tagging"), SV("")};
	struct xml_handler handler = {.close = on_close, .arg = &tags};
	struct s3_call call = {.method = "GET",
		.bucket = bucket,
		.key = key,
		.query = &query,
		.query_count = 1,
		.root = "Tagging",
		.handler = &handler};
	struct http_response resp;
	strbuf_init(&tags.key);
	http_response_init(&resp);
	enum s3t_rc rc = s3_send(ctx, &call, &resp, err);
	http_response_deinit(&resp);
	strbuf_deinit(&tags.key);
	return rc;
}

enum s3t_rc s3_keep_tagging(const struct s3_ctx *ctx, struct strview bucket, struct strview key,
	struct strbuf *out, struct s3t_err *err)
{
	enum s3t_rc rc = s3_get_object_tagging(ctx, bucket, key, out, err);
	bool has_none = rc == S3T_UNSUPPORTED || rc == S3T_NOT_FOUND || rc == S3T_DENIED;
	if (has_none)
		strbuf_reset(out);
	return has_none ? S3T_OK : rc;
}

enum s3t_rc s3_put_object_tagging(const struct s3_ctx *ctx, struct strview bucket,
	struct strview key, const char *tagging, struct s3t_err *err)
{
	struct s3_document d = {.bucket = bucket, .key = key, .name = "tagging", .root = "Tagging"};
	struct strbuf body, plain;
	strbuf_init(&body);
	strbuf_init(&plain);
	strbuf_add_str(
		&body, "<Tagging xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><TagSet>");
	bool ok = true;
	for (struct strview all = sv(tagging); all.len;) {
		struct strview pair = sv_n(all.data, sv_find(all, '&'));
		all = sv_from(all, pair.len + 1);
		size_t equals = sv_find(pair, '=');
		strbuf_reset(&plain);
		uri_decode(&plain, sv_n(pair.data, equals), false);
		strbuf_add_str(&body, "<Tag><Key>");
		ok = xml_escape(&body, strbuf_view(&plain)) && ok;
		strbuf_reset(&plain);
		uri_decode(&plain, sv_from(pair, equals + 1), false);
		strbuf_add_str(&body, "</Key><Value>");
		ok = xml_escape(&body, strbuf_view(&plain)) && ok;
		strbuf_add_str(&body, "</Value></Tag>");
	}
	strbuf_add_str(&body, "</TagSet></Tagging>");
	enum s3t_rc rc =
		ok ? s3_document_put(ctx, &d, strbuf_view(&body), true, err)
		   : s3t_fail(err, S3T_INVALID, "A tag has characters that XML cannot hold.");
	strbuf_deinit(&body);
	strbuf_deinit(&plain);
	return rc;
}
