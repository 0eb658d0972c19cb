#include "core/crc64.h"

#include "core/crypto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void the_check_value_is_the_catalogues(void **state)
{
	(void)state;
	assert_true(crc64nvme(0, "123456789", 9) == UINT64_C(0xae8b14860a799888));
	assert_true(crc64nvme(0, "", 0) == 0);
}

static void any_way_of_cutting_gives_the_same(void **state)
{
	(void)state;
	enum { BYTES = 5000 };
	unsigned char *data = s3t_alloc(BYTES);
	random_bytes(data, BYTES);
	uint64_t whole = crc64nvme(0, data, BYTES);
	for (size_t at = 0; at <= BYTES; at += 7) {
		uint64_t a = crc64nvme(0, data, at), b = crc64nvme(0, data + at, BYTES - at);
		assert_true(crc64nvme(a, data + at, BYTES - at) == whole);
		assert_true(crc64nvme_combine(a, b, BYTES - at) == whole);
	}
	data[BYTES / 2] ^= 1;
	assert_false(crc64nvme(0, data, BYTES) == whole);
	free(data);
}

static void it_is_written_and_read_as_base64(void **state)
{
	(void)state;
	struct strbuf text;
	uint64_t back;
	strbuf_init(&text);
	crc64nvme_base64(UINT64_C(0xae8b14860a799888), &text);
	assert_string_equal(text.data, "rosUhgp5mIg=");
	assert_true(crc64nvme_parse(strbuf_view(&text), &back));
	assert_true(back == UINT64_C(0xae8b14860a799888));
	assert_false(crc64nvme_parse(SV("rosUhgp5"), &back));
	assert_false(crc64nvme_parse(SV("!"), &back));
	strbuf_deinit(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_check_value_is_the_catalogues),
		cmocka_unit_test(any_way_of_cutting_gives_the_same),
		cmocka_unit_test(it_is_written_and_read_as_base64),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
