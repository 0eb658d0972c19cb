/*
 * Encryption by the server: what is asked for, and whether it was done. Some servers take no notice
 * of these headers and answer 200, so only an echo counts.
 */
#include "core/s3_encryption.h"

#include "core/conffile.h"
#include "core/crypto.h"
#include "core/json.h"
#include "core/process.h"
#include "core/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SSE "x-amz-server-side-encryption"

enum { KEY_LEN = 32, KEY_COMMAND_TIMEOUT_MS = 60000, KEY_TEXT_MAX = 4096 };

const char *const s3_customer_key_headers[S3_CUSTOMER_KEY_HEADERS] = {
	SSE "-customer-algorithm", SSE "-customer-key", SSE "-customer-key-MD5"};

static const char *const words[S3_ENCRYPTION_KIND_COUNT] = {
	"none", "SSE_S3", "SSE_KMS", "SSE_C", "ClientSide"};

const char *s3_encryption_word(enum s3_encryption_kind kind)
{
	return words[kind];
}

enum s3_encryption_kind s3_encryption_kind_of(const char *word)
{
	for (int i = 0; word && i < S3_ENCRYPTION_KIND_COUNT; i++)
		if (strcmp(word, words[i]) == 0)
			return (enum s3_encryption_kind)i;
	return S3_ENCRYPTION_NONE;
}

struct s3_encryption s3_encryption_for(
	const struct s3_client *client, const char *type, const char *kms_key_id)
{
	const struct settings *s = &s3_client_profile(client)->settings;
	return (struct s3_encryption){
		.kind = s3_encryption_kind_of(type && type[0] ? type : s->encryption_type),
		.kms_key_id = kms_key_id && kms_key_id[0] ? kms_key_id : s->kms_key_id,
		.kms_context = s->kms_context};
}

struct s3_encryption s3_encryption_as(const struct s3_object *o)
{
	struct s3_encryption e = {.kind = S3_ENCRYPTION_NONE};
	if (!o->encryption)
		return e;
	if (strcmp(o->encryption, "SSE-C") == 0)
		e.kind = S3_ENCRYPTION_SSE_C;
	else if (strcmp(o->encryption, "AES256") == 0)
		e.kind = S3_ENCRYPTION_SSE_S3;
	else if (strcmp(o->encryption, "aws:kms") == 0)
		e = (struct s3_encryption){.kind = S3_ENCRYPTION_SSE_KMS, .kms_key_id = o->key_id};
	return e;
}

void s3_encryption_words(const struct s3_object *o, struct strbuf *out)
{
	const char *kind = o->encryption;
	if (!kind)
		return;
	if (strcmp(kind, "AES256") == 0)
		strbuf_add_str(out, "SSE-S3");
	else if (strcmp(kind, "aws:kms") == 0)
		strbuf_add_str(out, "SSE-KMS");
	else
		strbuf_add_str(out, kind);
	if (o->key_id)
		strbuf_addf(out, ", key %s%s", strcmp(kind, "SSE-C") == 0 ? "MD5 " : "", o->key_id);
}

bool s3_encryption_asks(const struct s3_encryption *e)
{
	return e && e->kind != S3_ENCRYPTION_NONE && e->kind != S3_ENCRYPTION_CLIENT;
}

void s3_encryption_headers(const struct s3_encryption *e, struct strbuf *context,
	void (*add)(void *arg, struct strview name, struct strview value), void *arg)
{
	if (!e)
		return;
	if (e->kind == S3_ENCRYPTION_SSE_S3)
		add(arg, SV(SSE), SV("AES256"));
	if (e->kind != S3_ENCRYPTION_SSE_KMS)
		return;
	add(arg, SV(SSE), SV("aws:kms"));
	if (e->kms_key_id && e->kms_key_id[0])
		add(arg, SV(SSE "-aws-kms-key-id"), sv(e->kms_key_id));
	if (e->kms_context && e->kms_context[0]) {
		base64_encode(
			context, (const unsigned char *)e->kms_context, strlen(e->kms_context));
		add(arg, SV(SSE "-context"), strbuf_view(context));
	}
}

enum s3t_rc s3_encryption_confirm(const struct s3_ctx *ctx, const struct s3_encryption *e,
	const struct http_response *resp, struct s3t_err *err)
{
	struct strview told = http_header(resp, SSE);
	bool is_done = true;
	if (!s3_encryption_asks(e))
		return S3T_OK;
	if (e->kind == S3_ENCRYPTION_SSE_S3) {
		is_done = sv_eq(told, SV("AES256"));
	} else if (e->kind == S3_ENCRYPTION_SSE_KMS) {
		is_done = sv_eq(told, SV("aws:kms"));
	} else {
		const struct s3_customer_key *key;
		enum s3t_rc rc = s3_client_customer_key(ctx->client, ctx->cancel, &key, err);
		if (rc != S3T_OK)
			return rc;
		is_done = key &&
			  sv_eq(http_header(resp, s3_customer_key_headers[0]), SV("AES256")) &&
			  sv_eq(http_header(resp, s3_customer_key_headers[2]), sv(key->md5));
	}
	if (is_done) {
		s3_client_set_confirmed(ctx->client, e->kind);
		return S3T_OK;
	}
	(void)s3t_fail(err, S3T_UNSUPPORTED,
		"The server does not confirm that it encrypts (%s): it was not encrypted, and "
		"nothing of it was kept.",
		words[e->kind]);
	if (err)
		snprintf(err->code, sizeof err->code, "NotEncrypted");
	return S3T_UNSUPPORTED;
}

void s3_encryption_explain(const struct s3_encryption *e, struct s3t_err *err)
{
	if (!err || !e)
		return;
	if (s3_encryption_asks(e) && err->rc == S3T_UNSUPPORTED && err->http_status == 501) {
		snprintf(err->message, sizeof err->message,
			"The server does not encrypt so (%s); nothing was written.",
			words[e->kind]);
		return;
	}
	if (e->kind != S3_ENCRYPTION_SSE_KMS)
		return;
	bool has_id = e->kms_key_id && e->kms_key_id[0];
	bool is_of_key = strncmp(err->code, "KMS.", 4) == 0;
	if (!is_of_key && !(err->http_status == 400 && !has_id))
		return;
	char *id = text_sanitised(sv(has_id ? e->kms_key_id : ""));
	char *told = s3t_strdup(err->message);
	if (has_id)
		snprintf(err->message, sizeof err->message,
			"The server cannot use the KMS key %s (%s); nothing was written.", id,
			err->code);
	else
		snprintf(err->message, sizeof err->message,
			"%.300s Set kms_key_id, or SSE_KMS:KEY-ID: not every server has a key of "
			"its own.",
			told);
	free(told);
	free(id);
}

/* --- the customer's key --- */

bool s3_has_customer_key(const struct settings *s)
{
	return s->sse_c_key_file[0] || s->sse_c_key_command[0];
}

/* 32 raw bytes, or their base64 with white space around. */
static bool read_key(struct strview text, struct s3_customer_key *out)
{
	struct strbuf raw, encoded;
	strbuf_init_cap(&raw, KEY_TEXT_MAX);
	strbuf_init(&encoded);
	if (text.len == KEY_LEN)
		strbuf_add_sv(&raw, text);
	bool ok = raw.len == KEY_LEN || (base64_decode(&raw, sv_trim(text)) && raw.len == KEY_LEN);
	if (ok) {
		unsigned char sum[MD5_LEN];
		md5(strbuf_view(&raw), sum);
		base64_encode(&encoded, (const unsigned char *)raw.data, raw.len);
		snprintf(out->key, sizeof out->key, "%s", encoded.data);
		strbuf_reset(&encoded);
		base64_encode(&encoded, sum, sizeof sum);
		snprintf(out->md5, sizeof out->md5, "%s", encoded.data);
	}
	strbuf_deinit_wipe(&raw);
	strbuf_deinit_wipe(&encoded);
	return ok;
}

static enum s3t_rc run_key_command(
	const char *command, struct strbuf *text, struct cancel *cancel, struct s3t_err *err)
{
	char **argv;
	enum s3t_rc rc = process_split(command, &argv, err);
	if (rc != S3T_OK)
		return rc;
	rc = process_run(argv, KEY_COMMAND_TIMEOUT_MS, text, cancel, err);
	process_argv_free(argv);
	return rc;
}

enum s3t_rc s3_customer_key_load(const struct settings *s, struct cancel *cancel,
	struct s3_customer_key *out, struct s3t_err *err)
{
	bool has_file = s->sse_c_key_file[0];
	char *path = conffile_path(s->sse_c_key_file);
	const char *source = has_file ? "sse_c_key_file" : "sse_c_key_command";
	struct strbuf text;
	strbuf_init_cap(&text, KEY_TEXT_MAX);
	enum s3t_rc rc;
	bool is_shared = false;
	if (has_file)
		rc = conffile_read_bytes(path, &text, &is_shared, err);
	else
		rc = run_key_command(s->sse_c_key_command, &text, cancel, err);
	if (rc == S3T_OK && !read_key(strbuf_view(&text), out))
		rc = s3t_fail(err, S3T_CONFIG,
			"an SSE-C key is 32 bytes, or the base64 of 32 bytes; this one is "
			"neither.");
	if (rc != S3T_OK && rc != S3T_CANCELLED) {
		s3t_err_prefix(err, "%s: ", source);
		if (err)
			err->rc = S3T_CONFIG;
		rc = S3T_CONFIG;
	}
	strbuf_deinit_wipe(&text);
	free(path);
	return rc;
}

/* --- the options --- */

enum s3t_rc s3_encryption_check_settings(
	const struct settings *s, const char *profile, struct strbuf *warnings, struct s3t_err *err)
{
	enum s3_encryption_kind kind = s3_encryption_kind_of(s->encryption_type);
	const char *what = NULL;
	if (s->sse_c_key_file[0] && s->sse_c_key_command[0])
		what = "set one of sse_c_key_file and sse_c_key_command, not both";
	else if (kind == S3_ENCRYPTION_SSE_C && !s3_has_customer_key(s))
		what = "type = SSE_C needs sse_c_key_file or sse_c_key_command";
	else if (kind == S3_ENCRYPTION_CLIENT && !s->client_recipients[0] &&
		 !s->client_passphrase_command[0])
		what = "type = ClientSide needs client_recipients or client_passphrase_command";
	/* AWS KMS API, Encrypt, EncryptionContext: a map of strings to strings. */
	struct json_doc *context = s->kms_context[0] ? json_doc_parse(sv(s->kms_context)) : NULL;
	if (!what && s->kms_context[0] && !(context && json_doc_is_of_strings(context)))
		what = "kms_context is not a JSON object of strings, as {\"department\": "
		       "\"sales\"} is";
	json_doc_free(context);
	if (what)
		return s3t_fail(err, S3T_CONFIG, "[encryption] of profile %s: %s.", profile, what);
	struct stat st;
	char *path = conffile_path(s->sse_c_key_file);
	if (warnings && path[0] && stat(path, &st) == 0 && st.st_mode & (S_IRGRP | S_IROTH))
		strbuf_addf(warnings, "%s is a key that others can read; chmod 600 it\n", path);
	free(path);
	return S3T_OK;
}
