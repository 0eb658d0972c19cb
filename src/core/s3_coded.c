/* Small objects that are compressed or encrypted here, whole in memory: for editing. */
#include "core/coding.h"
#include "core/s3.h"
#include "core/s3_change.h"

#include <stdio.h>

static enum s3t_rc find_keys(const struct s3_ctx *ctx, const struct s3_object *o,
	struct coding *how, const struct age_keys **keys, struct s3t_err *err)
{
	*keys = NULL;
	if (!coding_parse(sv(o->coding), how))
		return s3t_fail(err, S3T_UNSUPPORTED,
			"It is coded in a way that this program does not know (%.40s).", o->coding);
	return how->is_age ? s3_client_age_keys(ctx->client, ctx->cancel, keys, err) : S3T_OK;
}

static bool gather(void *arg, const char *data, size_t len)
{
	strbuf_add(arg, data, len);
	return strbuf_ok(arg);
}

enum s3t_rc s3_decode_bytes(const struct s3_ctx *ctx, const struct s3_object *o,
	struct strview stored, struct strbuf *plain, struct s3t_err *err)
{
	struct coding how;
	const struct age_keys *keys;
	enum s3t_rc rc = find_keys(ctx, o, &how, &keys, err);
	if (rc == S3T_OK && how.is_age && !age_keys_can_decrypt(keys))
		rc = s3t_fail(err, S3T_DENIED,
			"It is encrypted (age), and the profile has no client_identity_file and no "
			"client_passphrase_command.");
	if (rc != S3T_OK)
		return rc;
	struct decoder *d = decoder_new(how, keys);
	rc = decoder_add(d, stored.data, stored.len, gather, plain, err);
	if (rc == S3T_OK)
		rc = decoder_end(d, gather, plain, err);
	decoder_free(d);
	return rc;
}

enum s3t_rc s3_encode_bytes(const struct s3_ctx *ctx, struct s3_object *o, struct strview plain,
	struct strbuf *stored, struct s3t_err *err)
{
	struct coding how;
	const struct age_keys *keys;
	struct encoder *e;
	struct s3_changes size = {.items = NULL};
	struct strbuf no_tags;
	char text[32];
	enum s3t_rc rc = find_keys(ctx, o, &how, &keys, err);
	if (rc == S3T_OK && how.is_age && !age_keys_can_encrypt(keys))
		rc = s3t_fail(err, S3T_CONFIG,
			"It is encrypted (age), and the profile has no client_recipients to "
			"encrypt "
			"it for again.");
	if (rc == S3T_OK)
		rc = encoder_new(how, keys, NULL, &e, err);
	if (rc != S3T_OK)
		return rc;
	if (!encoder_add(e, plain.data, plain.len, true, stored))
		rc = s3t_fail(err, S3T_MEMORY, "Out of memory.");
	encoder_free(e);
	strbuf_init(&no_tags);
	snprintf(text, sizeof text, "%zu", plain.len);
	if (rc == S3T_OK)
		rc = s3_changes_add(&size, SV("meta." CODING_META_SIZE), sv(text), err);
	if (rc == S3T_OK)
		rc = s3_changes_apply(&size, o, &no_tags, NULL, err);
	s3_changes_deinit(&size);
	strbuf_deinit(&no_tags);
	return rc;
}
