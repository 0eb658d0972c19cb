/* What a client keeps of objects that it has asked for or written, for listings to show. */
#include "core/coding.h"
#include "core/location.h"
#include "core/parse.h"
#include "core/s3_client_private.h"
#include "core/text.h"
#include "core/timeutil.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void note(struct s3_client *c, struct strview bucket, struct strview key,
	const struct s3_object *o, bool is_written)
{
	struct known_object known = {.size = o->size,
		.modified_s = o->last_modified_s,
		.is_written = is_written,
		.plain_size = o->coding ? o->plain_size : UINT64_MAX,
		.is_encrypted = o->encryption || (o->coding && strstr(o->coding, "age"))};
	struct strbuf words, path;
	strbuf_init(&words);
	strbuf_init(&path);
	text_sanitise(&words, sv(o->coding ? o->coding : ""));
	if (o->coding && o->encryption)
		strbuf_add_str(&words, ", ");
	s3_encryption_words(o, &words);
	snprintf(known.words, sizeof known.words, "%s", words.data);
	utf8_trim_end(known.words);
	path_join(&path, bucket, key);
	known_note(&c->known, strbuf_view(&path), &known);
	strbuf_deinit(&words);
	strbuf_deinit(&path);
}

void s3_client_note(
	struct s3_client *c, struct strview bucket, struct strview key, const struct s3_object *o)
{
	note(c, bucket, key, o, false);
}

void s3_client_forget(struct s3_client *c, struct strview bucket, struct strview key)
{
	struct strbuf path;
	strbuf_init(&path);
	path_join(&path, bucket, key);
	known_forget(&c->known, strbuf_view(&path));
	strbuf_deinit(&path);
}

void s3_client_note_written(struct s3_client *c, struct strview bucket, struct strview key,
	uint64_t size, const struct s3_put *put)
{
	static const char *const kinds[S3_ENCRYPTION_KIND_COUNT] = {
		[S3_ENCRYPTION_SSE_S3] = "AES256",
		[S3_ENCRYPTION_SSE_KMS] = "aws:kms",
		[S3_ENCRYPTION_SSE_C] = "SSE-C"};
	const struct s3_encryption *e = put->encryption;
	struct strview coding = sv_line_value(put->metadata, CODING_META);
	struct strview plain = sv_line_value(put->metadata, CODING_META_SIZE);
	struct s3_object o;
	s3_object_init(&o);
	o.size = size;
	o.last_modified_s = s3_client_now_s(c);
	o.coding = coding.len ? s3t_strndup(coding.data, coding.len) : NULL;
	if (!parse_u64(plain, &o.plain_size))
		o.plain_size = UINT64_MAX;
	if (e && kinds[e->kind])
		o.encryption = s3t_strdup(kinds[e->kind]);
	if (e && e->kind == S3_ENCRYPTION_SSE_KMS && e->kms_key_id && e->kms_key_id[0])
		o.key_id = s3t_strdup(e->kms_key_id);
	/* what the bucket does by itself only a question tells */
	if (o.coding || o.encryption)
		note(c, bucket, key, &o, true);
	else
		s3_client_forget(c, bucket, key);
	s3_object_deinit(&o);
}

bool s3_client_known(struct s3_client *c, struct strview path, uint64_t size, int64_t modified_s,
	struct known_object *out)
{
	return known_find(&c->known, path, size, modified_s, out);
}
