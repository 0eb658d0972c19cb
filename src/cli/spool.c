/* What goes up as it comes, its size not known: what is done to its bytes first. */
#include "cli/internal.h"

#include "core/mime.h"

enum s3t_rc spool_coding_begin(struct spool_coding *c, struct cli *cli, struct cancel *cancel,
	const char *content_type, struct s3t_err *err)
{
	const struct settings *settings = &cli->settings;
	const struct age_keys *keys = NULL;
	*c = (struct spool_coding){
		.coding = {.compression = compression_of(settings->compress),
			.is_age = s3_encryption_kind_of(settings->encryption_type) ==
				  S3_ENCRYPTION_CLIENT}};
	if (!compression_is_worth(content_type))
		c->coding.compression = COMPRESS_OFF;
	if (coding_is_none(c->coding))
		return S3T_OK;
	enum s3t_rc rc = S3T_OK;
	if (c->coding.is_age)
		rc = s3_client_age_keys(cli->client, cancel, &keys, err);
	if (rc == S3T_OK && c->coding.is_age && !age_keys_can_encrypt(keys))
		rc = s3t_fail(err, S3T_CONFIG,
			"ClientSide needs client_recipients or client_passphrase_command in "
			"[encryption] of profile %s.",
			cli->profile->name);
	return rc == S3T_OK ? encoder_new(c->coding, keys, NULL, &c->encoder, err) : rc;
}

void spool_coding_tell(const struct spool_coding *c, uint64_t plain, struct strbuf *metadata,
	struct loc_sink_spec *spec)
{
	if (!c->encoder)
		return;
	strbuf_add_str(metadata, CODING_META ": ");
	coding_add_name(c->coding, metadata);
	strbuf_add_char(metadata, '\n');
	if (plain != UINT64_MAX)
		strbuf_addf(metadata, CODING_META_SIZE ": %llu\n", (unsigned long long)plain);
	if (c->coding.is_age) {
		strbuf_addf(metadata, CODING_META_TYPE ": %s\n", spec->content_type);
		spec->content_type = "application/octet-stream";
	} else {
		spec->content_encoding = compression_word(c->coding.compression);
	}
	spec->metadata = strbuf_view(metadata);
}

void spool_coding_end(struct spool_coding *c)
{
	encoder_free(c->encoder);
	c->encoder = NULL;
}
