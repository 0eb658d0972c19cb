/* Encryption as S3 answers about it; on this disk nothing is encrypted. */
#include "sandbox/internal.h"

#include <stdlib.h>
#include <string.h>

#define SSE "x-amz-server-side-encryption"
#define CUSTOMER SSE "-customer-"
#define COPY_CUSTOMER "x-amz-copy-source-server-side-encryption-customer-"

static const char *const kept[] = {
	SSE, SSE "-aws-kms-key-id", SSE "-context", CUSTOMER "algorithm", CUSTOMER "key-md5"};
enum { KEPT = sizeof kept / sizeof *kept };

bool sbx_encryption_is_kept(const struct request *r, const char *name)
{
	for (size_t i = 0; i < KEPT; i++)
		if (strcmp(name, kept[i]) == 0)
			return !r->sb->ignores_encryption;
	return false;
}

/* A key and its MD5 belong together. */
static bool is_key(const char *key, const char *md5_told)
{
	unsigned char sum[MD5_LEN];
	struct strbuf raw, text;
	strbuf_init(&raw);
	strbuf_init(&text);
	bool ok = key && md5_told && base64_decode(&raw, sv(key)) && raw.len == 32;
	if (ok) {
		md5(strbuf_view(&raw), sum);
		base64_encode(&text, sum, sizeof sum);
		ok = strcmp(text.data, md5_told) == 0;
	}
	strbuf_deinit(&raw);
	strbuf_deinit(&text);
	return ok;
}

enum sbx_error sbx_encryption_check(const struct request *r)
{
	const char *sse = sbx_header(r, SSE), *algorithm = sbx_header(r, CUSTOMER "algorithm");
	const char *kms_key = sbx_header(r, SSE "-aws-kms-key-id");
	if (r->sb->ignores_encryption)
		return SBX_E_NONE;
	if (sse && strcmp(sse, "AES256") != 0 && strcmp(sse, "aws:kms") != 0)
		return SBX_E_ARGUMENT;
	if (kms_key && strncmp(kms_key, "missing", 7) == 0)
		return SBX_E_KMS_KEY;
	if (!algorithm)
		return SBX_E_NONE;
	bool ok = !sse && strcmp(algorithm, "AES256") == 0 &&
		  is_key(sbx_header(r, CUSTOMER "key"), sbx_header(r, CUSTOMER "key-md5"));
	return ok ? SBX_E_NONE : SBX_E_ARGUMENT;
}

void sbx_encryption_echo(struct request *r, const struct sbx_headers *headers)
{
	for (size_t i = 0; i < KEPT; i++) {
		const char *value = sbx_headers_get(headers, kept[i]);
		if (value)
			sbx_reply_header(r, kept[i], value);
	}
}

enum sbx_error sbx_encryption_check_key(
	const struct request *r, const struct sbx_headers *stored, bool of_copy_source)
{
	const char *of = sbx_headers_get(stored, CUSTOMER "key-md5");
	const char *key = sbx_header(r, of_copy_source ? COPY_CUSTOMER "key" : CUSTOMER "key");
	const char *sum =
		sbx_header(r, of_copy_source ? COPY_CUSTOMER "key-md5" : CUSTOMER "key-md5");
	if (r->sb->ignores_encryption || (!of && !key))
		return SBX_E_NONE;
	if (!of || !key)
		return SBX_E_REQUEST;
	return is_key(key, sum) && strcmp(of, sum) == 0 ? SBX_E_NONE : SBX_E_ACCESS_DENIED;
}

void sbx_encryption_replace(struct sbx_headers *headers, const struct sbx_headers *sent)
{
	for (size_t i = 0; i < KEPT; i++) {
		const char *value = sbx_headers_get(sent, kept[i]);
		if (value)
			sbx_headers_set(headers, kept[i], value);
		else
			sbx_headers_remove(headers, kept[i]);
	}
}
