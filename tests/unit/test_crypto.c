/* Digests and encodings against the vectors of FIPS 180-4, RFC 1321, RFC 4231 and RFC 4648. */
#include "core/crypto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void assert_hex(const unsigned char *bytes, size_t len, const char *wanted)
{
	struct strbuf hex;
	strbuf_init(&hex);
	hex_encode(&hex, bytes, len);
	assert_string_equal(hex.data, wanted);
	strbuf_deinit(&hex);
}

static const struct {
	const char *text, *sha256, *md5;
} digests[] = {
	{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"d41d8cd98f00b204e9800998ecf8427e"},
	{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"900150983cd24fb0d6963f7d28e17f72"},
	{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
		"8215ef0796a20bcaaae116d3876c664a"},
	{"message digest", "f7846f55cf23e14eebeab5b4e1550cad5b509e3348fbc4efa3a1413d393cb650",
		"f96b697d7cb7938d525a2f31aaf161d0"},
};

static void digests_match_the_published_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(digests); i++) {
		unsigned char out[SHA256_LEN];
		sha256(sv(digests[i].text), out);
		assert_hex(out, SHA256_LEN, digests[i].sha256);
		md5(sv(digests[i].text), out);
		assert_hex(out, MD5_LEN, digests[i].md5);
	}
}

static void a_running_digest_does_not_depend_on_how_the_data_is_cut(void **state)
{
	(void)state;
	struct digest *sha = digest_new(DIGEST_SHA256), *md = digest_new(DIGEST_MD5);
	for (size_t i = 0; i < COUNT(digests); i++) {
		for (size_t step = 1; step < 8; step++) {
			unsigned char out[SHA256_LEN];
			struct strview s = sv(digests[i].text);
			while (s.len) {
				size_t n = s.len < step ? s.len : step;
				digest_update(sha, s.data, n);
				digest_update(md, s.data, n);
				s = sv_from(s, n);
			}
			digest_final(sha, out);
			assert_hex(out, SHA256_LEN, digests[i].sha256);
			digest_final(md, out);
			assert_hex(out, MD5_LEN, digests[i].md5);
		}
	}
	digest_free(sha);
	digest_free(md);
	digest_free(NULL);
}

static void a_reset_digest_has_forgotten_everything(void **state)
{
	(void)state;
	unsigned char out[SHA256_LEN];
	struct digest *d = digest_new(DIGEST_SHA256);
	digest_update(d, "something else", 14);
	digest_reset(d);
	digest_update(d, "abc", 3);
	digest_final(d, out);
	assert_hex(out, SHA256_LEN, digests[1].sha256);
	digest_final(d, out);
	assert_hex(out, SHA256_LEN, digests[0].sha256);
	digest_free(d);
}

static void a_million_letters_have_the_published_digest(void **state)
{
	(void)state;
	char block[1000];
	memset(block, 'a', sizeof block);
	struct digest *d = digest_new(DIGEST_SHA256);
	for (int i = 0; i < 1000; i++)
		digest_update(d, block, sizeof block);
	unsigned char out[SHA256_LEN];
	digest_final(d, out);
	assert_hex(out, sizeof out,
		"cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	digest_free(d);
}

static void hmacs_match_rfc_4231(void **state)
{
	(void)state;
	char long_key[131], short_key[20], fifty[50];
	memset(long_key, 0xaa, sizeof long_key);
	memset(short_key, 0x0b, sizeof short_key);
	memset(fifty, 0xdd, sizeof fifty);
	const struct {
		struct strview key, data;
		const char *mac;
	} rows[] = {
		{sv_n(short_key, 20), SV("Hi There"),
			"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
		{SV("Jefe"), SV("what do ya want for nothing?"),
			"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{sv_n(long_key, 20), sv_n(fifty, 50),
			"773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
		{sv_n(long_key, 131), SV("Test Using Larger Than Block-Size Key - Hash Key First"),
			"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
		{SV(""), SV(""),
			"b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned char mac[SHA256_LEN];
		hmac_sha256(rows[i].key, rows[i].data, mac);
		assert_hex(mac, sizeof mac, rows[i].mac);
	}
}

static void an_hmac_may_overwrite_its_own_key(void **state)
{
	(void)state;
	unsigned char k[SHA256_LEN], wanted[SHA256_LEN];
	sha256(SV("key"), k);
	hmac_sha256(sv_n((char *)k, sizeof k), SV("data"), wanted);
	hmac_sha256(sv_n((char *)k, sizeof k), SV("data"), k);
	assert_memory_equal(k, wanted, sizeof k);
}

static void hex_is_read_in_both_cases_and_only_whole(void **state)
{
	(void)state;
	unsigned char out[4];
	assert_true(hex_decode(SV("00fF9Aa1"), out, 4));
	assert_memory_equal(out, "\x00\xff\x9a\xa1", 4);
	assert_true(hex_decode(SV(""), out, 0));
	static const char *const bad[] = {"", "00ff9a", "00ff9aa", "00ff9aa1b", "00ff9aa1bb",
		"00ff9aag", "g0ff9aa1", "00 f9aa1", "0x00ff9a", "00ff9a-1"};
	for (size_t i = 0; i < COUNT(bad); i++)
		if (hex_decode(sv(bad[i]), out, 4))
			fail_msg("%s", bad[i]);
}

static void base64_matches_rfc_4648(void **state)
{
	(void)state;
	static const struct {
		const char *bytes, *text;
	} rows[] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
		{"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xfe", "+//+"}};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct strbuf out;
		strbuf_init(&out);
		base64_encode(&out, (const unsigned char *)rows[i].bytes, strlen(rows[i].bytes));
		assert_string_equal(out.data, rows[i].text);
		strbuf_reset(&out);
		assert_true(base64_decode(&out, sv(rows[i].text)));
		assert_string_equal(out.data, rows[i].bytes);
		strbuf_reset(&out);
		char *spaced = s3t_asprintf(" %s\n", rows[i].text);
		assert_true(base64_decode(&out, sv(spaced)));
		assert_string_equal(out.data, rows[i].bytes);
		free(spaced);
		strbuf_deinit(&out);
	}
}

static void base64_of_any_length_comes_back(void **state)
{
	(void)state;
	static const size_t lengths[] = {
		1, 2, 3, 32, 255, 256, 257, 766, 767, 768, 769, 770, 1535, 1536, 1537, 5000};
	unsigned char bytes[5000];
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)(i * 167 + i / 256);
	for (size_t i = 0; i < COUNT(lengths); i++) {
		struct strbuf text, back;
		strbuf_init(&text);
		strbuf_init(&back);
		base64_encode(&text, bytes, lengths[i]);
		assert_int_equal(text.len, (lengths[i] + 2) / 3 * 4);
		assert_int_equal(sv_find(strbuf_view(&text), '\n'), text.len);
		assert_true(base64_decode(&back, strbuf_view(&text)));
		assert_int_equal(back.len, lengths[i]);
		assert_memory_equal(back.data, bytes, lengths[i]);
		strbuf_deinit(&text);
		strbuf_deinit(&back);
	}
}

static void assert_not_base64(const char *const *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct strbuf out;
		strbuf_init(&out);
		strbuf_add_str(&out, "before");
		if (base64_decode(&out, sv(rows[i])))
			fail_msg("%s was taken for base64", rows[i]);
		assert_string_equal(out.data, "before");
		strbuf_deinit(&out);
	}
}

static void what_is_no_base64_is_refused_and_nothing_is_added(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"Z", "Zg", "Zg=", "Zm9vY", "Zm9v!Zm9", "Zm9\xff", "Zm_-", "Zm9vZm\n9v", "Zm9v Zm9"};
	assert_not_base64(rows, COUNT(rows));
}

static void padding_stands_only_at_the_end_of_base64(void **state)
{
	(void)state;
	static const char *const rows[] = {"Zg==Zg==", "Z===", "====", "=AAA", "Zm=v", "Zg=A"};
	assert_not_base64(rows, COUNT(rows));
}

static void trailing_dashes_are_no_base64(void **state)
{
	(void)state;
	static const char *const rows[] = {"----", "Zm9v----"};
	assert_not_base64(rows, COUNT(rows));
}

static void random_names_are_letters_and_digits_and_differ(void **state)
{
	(void)state;
	char first[33], second[33];
	random_name(first, 32);
	random_name(second, 32);
	assert_int_equal(strlen(first), 32);
	assert_int_equal(strspn(first, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz0123456789"),
		32);
	assert_string_not_equal(first, second);
	char none[1] = {'x'};
	random_name(none, 0);
	assert_string_equal(none, "");
}

static void random_numbers_keep_their_bound(void **state)
{
	(void)state;
	bool seen[7] = {false};
	for (int i = 0; i < 2000; i++) {
		uint64_t r = random_below_or_equal(6);
		assert_true(r <= 6);
		seen[r] = true;
		assert_int_equal(random_below_or_equal(0), 0);
	}
	for (int i = 0; i < 7; i++)
		assert_true(seen[i]);
	assert_true(random_below_or_equal(UINT64_MAX) != random_below_or_equal(UINT64_MAX));
}

static void the_library_names_itself(void **state)
{
	(void)state;
	assert_non_null(strstr(crypto_version(), "OpenSSL"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_match_the_published_vectors),
		cmocka_unit_test(a_running_digest_does_not_depend_on_how_the_data_is_cut),
		cmocka_unit_test(a_reset_digest_has_forgotten_everything),
		cmocka_unit_test(a_million_letters_have_the_published_digest),
		cmocka_unit_test(hmacs_match_rfc_4231),
		cmocka_unit_test(an_hmac_may_overwrite_its_own_key),
		cmocka_unit_test(hex_is_read_in_both_cases_and_only_whole),
		cmocka_unit_test(base64_matches_rfc_4648),
		cmocka_unit_test(base64_of_any_length_comes_back),
		cmocka_unit_test(what_is_no_base64_is_refused_and_nothing_is_added),
		cmocka_unit_test(padding_stands_only_at_the_end_of_base64),
		cmocka_unit_test(trailing_dashes_are_no_base64),
		cmocka_unit_test(random_names_are_letters_and_digits_and_differ),
		cmocka_unit_test(random_numbers_keep_their_bound),
		cmocka_unit_test(the_library_names_itself),
	};
	return cmocka_run_group_tests_name("crypto", tests, NULL, NULL);
}
