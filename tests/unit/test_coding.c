/* age and compression: round trips in any pieces, what is tampered with is never handed out. */
#include "core/age_armor.h"
#include "core/coding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
/* of age-keygen */
#define SECRET "AGE-SECRET-KEY-1CXU79M5TP4P7JT9FSEXX7JTDM3ZD8Y2N3GYNLGUCVTTFRA92877SGLSNVJ"
#define RECIPIENT "age1n4tnmx7ret4nzqc08csm7g526pr8a6frzj425cpv78n30f2dksas0af59v"

static struct age_keys *keys_of(const char *recipients, const char *identities, const char *pass)
{
	struct age_keys *k = NULL;
	struct s3t_err err;
	if (age_keys_new(recipients, sv(identities), sv(pass), &k, &err) != S3T_OK)
		fail_msg("%s", err.message);
	return k;
}

static void fill(struct strbuf *out, size_t len)
{
	strbuf_init_cap(out, SIZE_MAX / 2);
	for (size_t i = 0; i < len; i++)
		strbuf_add_char(out, (char)(i * 31 + i / 251 + i / 65521));
}

static bool take(void *arg, const char *data, size_t len)
{
	strbuf_add(arg, data, len);
	return true;
}

static void encode(struct coding c, const struct age_keys *k, struct strview plain, size_t piece,
	struct strbuf *out)
{
	struct encoder *e;
	struct s3t_err err;
	strbuf_init_cap(out, SIZE_MAX / 2);
	assert_int_equal(encoder_new(c, k, NULL, &e, &err), S3T_OK);
	do {
		size_t n = plain.len < piece ? plain.len : piece;
		assert_true(encoder_add(e, plain.data, n, n == plain.len, out));
		plain = sv_from(plain, n);
	} while (plain.len);
	encoder_free(e);
}

static enum s3t_rc decode(struct coding c, const struct age_keys *k, struct strview coded,
	size_t piece, struct strbuf *out, struct s3t_err *err)
{
	struct decoder *d = decoder_new(c, k);
	strbuf_init_cap(out, SIZE_MAX / 2);
	enum s3t_rc rc = S3T_OK;
	while (coded.len && rc == S3T_OK) {
		size_t n = coded.len < piece ? coded.len : piece;
		rc = decoder_add(d, coded.data, n, take, out, err);
		coded = sv_from(coded, n);
	}
	if (rc == S3T_OK)
		rc = decoder_end(d, take, out, err);
	decoder_free(d);
	return rc;
}

static void test_round_trips(void **state)
{
	static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 131072, 400000};
	static const size_t pieces[] = {1 << 20, 65536, 977};
	static const char *const names[] = {"age", "gzip", "zstd", "gzip+age", "zstd+age"};
	struct age_keys *k = keys_of(RECIPIENT, SECRET, "");
	(void)state;
	for (size_t n = 0; n < COUNT(names); n++) {
		struct coding c;
		struct strbuf name;
		assert_true(coding_parse(sv(names[n]), &c));
		strbuf_init(&name);
		coding_add_name(c, &name);
		assert_string_equal(name.data, names[n]);
		strbuf_deinit(&name);
		for (size_t i = 0; i < COUNT(sizes); i++) {
			for (size_t j = 0; j < COUNT(pieces); j++) {
				struct strbuf plain, coded, back;
				struct s3t_err err;
				fill(&plain, sizes[i]);
				encode(c, k, strbuf_view(&plain), pieces[j], &coded);
				if (c.is_age && c.compression == COMPRESS_OFF)
					assert_int_equal(coded.len,
						age_head_len(k) + age_sealed_size(sizes[i]));
				assert_int_equal(
					decode(c, k, strbuf_view(&coded),
						pieces[COUNT(pieces) - 1 - j], &back, &err),
					S3T_OK);
				assert_true(sv_eq(strbuf_view(&back), strbuf_view(&plain)));
				strbuf_deinit(&plain);
				strbuf_deinit(&coded);
				strbuf_deinit(&back);
			}
		}
	}
	struct coding none;
	assert_false(coding_parse(SV("rot13"), &none));
	assert_false(coding_parse(SV("gzip+rot13"), &none));
	assert_false(coding_parse(SV(""), &none));
	age_keys_free(k);
}

/* One bit anywhere, one byte less, chunks swapped, the end cut off: an error, and what was handed
 * out is the beginning of the truth. */
static void test_tampering(void **state)
{
	struct age_keys *k = keys_of(RECIPIENT, SECRET, "");
	struct coding c = {.is_age = true};
	struct strbuf plain, coded, back;
	struct s3t_err err;
	(void)state;
	fill(&plain, 150000);
	encode(c, k, strbuf_view(&plain), 1 << 20, &coded);
	for (size_t at = 0; at < coded.len; at += at < 400 ? 1 : 1009) {
		coded.data[at] ^= 4;
		enum s3t_rc rc = decode(c, k, strbuf_view(&coded), 1 << 20, &back, &err);
		if (rc != S3T_MISMATCH && rc != S3T_DENIED)
			fail_msg("byte %zu: %d", at, rc);
		assert_true(back.len <= plain.len && memcmp(back.data, plain.data, back.len) == 0);
		assert_true(back.len % AGE_CHUNK == 0);
		strbuf_deinit(&back);
		coded.data[at] ^= 4;
	}
	size_t head = age_head_len(k);
	const size_t cuts[] = {0, 10, head - 1, head, head + 100, head + AGE_SEALED,
		head + 2 * AGE_SEALED, coded.len - 1};
	for (size_t i = 0; i < COUNT(cuts); i++) {
		assert_int_equal(decode(c, k, sv_n(coded.data, cuts[i]), 1 << 20, &back, &err),
			S3T_MISMATCH);
		strbuf_deinit(&back);
	}
	char *swapped = s3t_alloc(coded.len);
	memcpy(swapped, coded.data, coded.len);
	memcpy(swapped + head, coded.data + head + AGE_SEALED, AGE_SEALED);
	memcpy(swapped + head + AGE_SEALED, coded.data + head, AGE_SEALED);
	assert_int_equal(
		decode(c, k, sv_n(swapped, coded.len), 1 << 20, &back, &err), S3T_MISMATCH);
	assert_int_equal(back.len, 0);
	strbuf_deinit(&back);
	free(swapped);
	/* a last chunk that is empty, behind a full one, is no file */
	assert_true(age_plain_size(AGE_SEALED + AEAD_TAG_LEN) == UINT64_MAX);
	assert_int_equal(age_plain_size(AEAD_TAG_LEN), 0);
	assert_int_equal(age_plain_size(AGE_SEALED), AGE_CHUNK);
	assert_true(age_plain_size(3) == UINT64_MAX);
	strbuf_deinit(&plain);
	strbuf_deinit(&coded);
	age_keys_free(k);
}

static void test_damaged_compression(void **state)
{
	static const char *const names[] = {"gzip", "zstd"};
	(void)state;
	for (size_t n = 0; n < 2; n++) {
		struct coding c;
		struct strbuf plain, coded, back;
		struct s3t_err err;
		assert_true(coding_parse(sv(names[n]), &c));
		fill(&plain, 100000);
		encode(c, NULL, strbuf_view(&plain), 1 << 20, &coded);
		assert_int_equal(decode(c, NULL, sv_n(coded.data, coded.len - 1), 99, &back, &err),
			S3T_MISMATCH);
		strbuf_deinit(&back);
		coded.data[coded.len / 2] ^= 1;
		assert_int_equal(
			decode(c, NULL, strbuf_view(&coded), 4096, &back, &err), S3T_MISMATCH);
		strbuf_deinit(&plain);
		strbuf_deinit(&coded);
		strbuf_deinit(&back);
	}
}

static void test_keys(void **state)
{
	static const struct {
		const char *recipients, *identities, *pass, *says;
	} bad[] = {
		{"age1nonsense", "", "", "client_recipients"},
		{"age1n4tnmx7ret4nzqc08csm7g526pr8a6frzj425cpv78n30f2dksas0af59w", "", "",
			"client_recipients"},
		{"Age1n4tnmx7ret4nzqc08csm7g526pr8a6frzj425cpv78n30f2dksas0af59v", "", "",
			"client_recipients"},
		{"", "hello\n", "", "client_identity_file"},
		{"", "# only a comment\n", "", "no identity"},
		{RECIPIENT, "", "pass", "one of"},
	};
	struct age_keys *k;
	struct s3t_err err;
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_int_equal(age_keys_new(bad[i].recipients, sv(bad[i].identities),
					 sv(bad[i].pass), &k, &err),
			S3T_CONFIG);
		if (!strstr(err.message, bad[i].says))
			fail_msg("%zu: %s", i, err.message);
	}
	/* for several, opened by one; not by another */
	struct age_keys *writer = keys_of(RECIPIENT ", " RECIPIENT, "", "");
	struct age_keys *reader = keys_of("", "# mine\n" SECRET "\n", "");
	struct age_keys *other = keys_of("",
		"AGE-SECRET-KEY-1F8276AQYTNPF5U5AUUXJ6075Y2A4FL992LKUHYTW499NX3FRG72QTF9EDZ", "");
	struct coding c = {.is_age = true};
	struct strbuf coded, back;
	assert_true(age_keys_can_encrypt(writer) && !age_keys_can_decrypt(writer));
	assert_true(!age_keys_can_encrypt(reader) && age_keys_can_decrypt(reader));
	encode(c, writer, SV("hello"), 100, &coded);
	assert_int_equal(decode(c, reader, strbuf_view(&coded), 7, &back, &err), S3T_OK);
	assert_string_equal(back.data, "hello");
	strbuf_deinit(&back);
	assert_int_equal(decode(c, other, strbuf_view(&coded), 7, &back, &err), S3T_DENIED);
	assert_int_equal(back.len, 0);
	strbuf_deinit(&back);
	strbuf_deinit(&coded);
	/* the same seed makes the same file, chunk by chunk */
	unsigned char seed[SHA256_LEN] = {7};
	struct age_file a, b;
	assert_int_equal(age_file_new(writer, seed, &a, &err), S3T_OK);
	assert_int_equal(age_file_new(writer, seed, &b, &err), S3T_OK);
	assert_true(sv_eq(strbuf_view(&a.head), strbuf_view(&b.head)));
	assert_memory_equal(a.key, b.key, sizeof a.key);
	assert_int_equal(a.head.len, age_head_len(writer));
	age_file_deinit(&a);
	age_file_deinit(&b);
	age_keys_free(writer);
	age_keys_free(reader);
	age_keys_free(other);
}

static void test_passphrase(void **state)
{
	struct age_keys *k = keys_of("", "", "correct horse"), *wrong = keys_of("", "", "battery");
	struct coding c = {.is_age = true};
	struct strbuf coded, back;
	struct s3t_err err;
	(void)state;
	encode(c, k, SV("hello"), 100, &coded);
	assert_int_equal(coded.len, age_head_len(k) + age_sealed_size(5));
	assert_int_equal(decode(c, k, strbuf_view(&coded), 50, &back, &err), S3T_OK);
	assert_string_equal(back.data, "hello");
	strbuf_deinit(&back);
	assert_int_equal(decode(c, wrong, strbuf_view(&coded), 1000, &back, &err), S3T_DENIED);
	assert_non_null(strstr(err.message, "passphrase"));
	strbuf_deinit(&back);
	strbuf_deinit(&coded);
	age_keys_free(k);
	age_keys_free(wrong);
}

static void test_worth(void **state)
{
	(void)state;
	assert_true(compression_is_worth("text/plain"));
	assert_true(compression_is_worth("image/svg+xml"));
	assert_true(compression_is_worth(NULL));
	assert_false(compression_is_worth("image/jpeg"));
	assert_false(compression_is_worth("application/zip"));
	assert_false(compression_is_worth("video/mp4"));
}

#define ARMOR(lines) \
	"-----BEGIN AGE ENCRYPTED FILE-----\n" lines "-----END AGE ENCRYPTED FILE-----\n"
#define FULL "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2\n"

static enum s3t_rc unarmor(const char *text, size_t piece, struct strbuf *out)
{
	struct age_armor *a = age_armor_new();
	struct s3t_err err;
	enum s3t_rc rc = S3T_OK;
	strbuf_init(out);
	for (struct strview rest = sv(text); rest.len && rc == S3T_OK;) {
		size_t n = rest.len < piece ? rest.len : piece;
		rc = age_armor_add(a, rest.data, n, out, &err);
		rest = sv_from(rest, n);
	}
	if (rc == S3T_OK)
		rc = age_armor_end(a, out, &err);
	age_armor_free(a);
	return rc;
}

static void test_armor(void **state)
{
	static const char *const good[] = {ARMOR(FULL "eA==\n"),
		"\n  \n" ARMOR(FULL "eA==\n") "\n \n",
		"-----BEGIN AGE ENCRYPTED FILE-----\r\n" FULL
		"eA==\r\n-----END AGE ENCRYPTED FILE-----"};
	static const char *const bad[] = {"", "x", "-----BEGIN AGE ENCRYPTED FILE-----\n",
		"-----BEGIN AGE ENCRYPTED FILE-----\n" FULL, "-----BEGIN PGP MESSAGE-----\n",
		ARMOR("eA==\n" FULL), ARMOR("eA=\n"), ARMOR("e*==\n"), ARMOR("\n" FULL),
		ARMOR(FULL) "more", "more\n" ARMOR(FULL),
		ARMOR("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2QUJD\n")};
	static const size_t pieces[] = {1, 7, 1000};
	struct strbuf out;
	(void)state;
	for (size_t p = 0; p < COUNT(pieces); p++) {
		for (size_t i = 0; i < COUNT(good); i++) {
			assert_int_equal(unarmor(good[i], pieces[p], &out), S3T_OK);
			assert_string_equal(
				out.data, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvx");
			strbuf_deinit(&out);
		}
		for (size_t i = 0; i < COUNT(bad); i++) {
			if (unarmor(bad[i], pieces[p], &out) != S3T_MISMATCH)
				fail_msg("%zu is accepted", i);
			strbuf_deinit(&out);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_tampering),
		cmocka_unit_test(test_damaged_compression),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_passphrase),
		cmocka_unit_test(test_worth),
		cmocka_unit_test(test_armor),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
