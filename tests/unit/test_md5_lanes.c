/* Every width that this processor has against OpenSSL's MD5. */
#include "core/md5_lanes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { FILE_BYTES = 3 << 20, RANGES = 100 };

static const unsigned widths[] = {1, 4, 8, 16};

struct data {
	int fd;
	unsigned char *bytes;
};

static int make_data(void **state)
{
	struct data *d = s3t_alloc(sizeof *d);
	char name[] = "/tmp/s3tui-test-XXXXXX";
	d->bytes = s3t_alloc(FILE_BYTES);
	random_bytes(d->bytes, FILE_BYTES);
	d->fd = mkstemp(name);
	if (d->fd < 0 || unlink(name) != 0 || write(d->fd, d->bytes, FILE_BYTES) != FILE_BYTES)
		return -1;
	*state = d;
	return 0;
}

static int drop_data(void **state)
{
	struct data *d = *state;
	close(d->fd);
	free(d->bytes);
	free(d);
	return 0;
}

static void check(const struct data *d, struct md5_range *r, size_t count, unsigned width)
{
	assert_int_equal(md5_ranges(r, count, width, NULL, NULL), S3T_OK);
	for (size_t i = 0; i < count; i++) {
		unsigned char sum[MD5_LEN];
		md5(sv_n((const char *)d->bytes + r[i].offset, r[i].len), sum);
		assert_memory_equal(r[i].sum, sum, MD5_LEN);
	}
}

static void every_width_agrees_with_openssl_over_random_lengths(void **state)
{
	const struct data *d = *state;
	struct md5_range r[RANGES];
	for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
		if (!md5_lanes_has(widths[w])) {
			print_message("width %u: absent on this processor\n", widths[w]);
			continue;
		}
		for (int round = 0; round < 20; round++) {
			size_t count = 1 + random_below_or_equal(RANGES - 1);
			for (size_t i = 0; i < count; i++) {
				uint64_t most = round % 2 ? 300 : FILE_BYTES / 8;
				uint64_t len = random_below_or_equal(most);
				uint64_t at = random_below_or_equal(FILE_BYTES - len);
				r[i] = (struct md5_range){
					.bytes = {.fd = d->fd}, .offset = at, .len = len};
			}
			check(d, r, count, widths[w]);
		}
		print_message("width %u: agrees\n", widths[w]);
	}
}

static void lengths_around_blocks_and_buffers_are_padded_right(void **state)
{
	const struct data *d = *state;
	static const uint64_t edges[] = {
		0, 1, 54, 55, 56, 57, 63, 64, 65, 119, 120, 128, 65535, 65536, 65537, 131072};
	struct md5_range r[16];
	for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
		if (!md5_lanes_has(widths[w]))
			continue;
		for (size_t i = 0; i < 16; i++)
			r[i] = (struct md5_range){
				.bytes = {.fd = d->fd}, .offset = i, .len = edges[i]};
		check(d, r, 16, widths[w]);
	}
}

static void a_file_that_ends_early_is_told(void **state)
{
	const struct data *d = *state;
	struct s3t_err err;
	struct md5_range r[5];
	for (size_t i = 0; i < 5; i++)
		r[i] = (struct md5_range){.bytes = {.fd = d->fd}, .len = 100};
	r[3].offset = FILE_BYTES - 99;
	assert_int_equal(md5_ranges(r, 5, 0, NULL, &err), S3T_CHANGED);
	assert_int_equal(md5_ranges(r + 3, 1, 0, NULL, &err), S3T_CHANGED);
}

static void a_cancelled_one_stops(void **state)
{
	const struct data *d = *state;
	struct cancel *cancel = cancel_new(NULL);
	struct md5_range r[4];
	for (size_t i = 0; i < 4; i++)
		r[i] = (struct md5_range){.bytes = {.fd = d->fd}, .len = FILE_BYTES};
	cancel_trigger(cancel);
	assert_int_equal(md5_ranges(r, 4, 0, cancel, NULL), S3T_CANCELLED);
	assert_int_equal(md5_ranges(r, 1, 0, cancel, NULL), S3T_CANCELLED);
	cancel_free(cancel);
}

static void the_widest_is_one_that_is_there(void **state)
{
	(void)state;
	assert_true(md5_lanes_has(md5_lanes_width()));
	assert_false(md5_lanes_has(2));
	assert_false(md5_lanes_has(32));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_width_agrees_with_openssl_over_random_lengths),
		cmocka_unit_test(lengths_around_blocks_and_buffers_are_padded_right),
		cmocka_unit_test(a_file_that_ends_early_is_told),
		cmocka_unit_test(a_cancelled_one_stops),
		cmocka_unit_test(the_widest_is_one_that_is_there),
	};
	return cmocka_run_group_tests(tests, make_data, drop_data);
}
