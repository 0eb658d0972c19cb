/*
 * A download from a hostile server: what it gets is exactly what was asked for, byte for byte where
 * it belongs, or an error (threats T16, T17). The first three bytes are offset, length and total
 * ('-': unknown), the fourth whether an ETag is known; the server's answers follow (fuzz.h).
 * Content-Range by itself is looked at, too.
 */
#include "core/range.h"
#include "core/timeutil.h"
#include "fuzz.h"

#include <stdio.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_server_init();
	return 0;
}

/* text without the zeros that may stand before a number */
static void add_plain(struct strbuf *out, struct strview text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i], before = i ? text.data[i - 1] : ' ';
		bool has_more =
			i + 1 < text.len && text.data[i + 1] >= '0' && text.data[i + 1] <= '9';
		bool is_inside = out->len && before >= '0' && before <= '9' &&
				 out->data[out->len - 1] >= '0' && out->data[out->len - 1] <= '9';
		if (c != '0' || !has_more || is_inside)
			strbuf_add_char(out, c);
	}
}

static void check_content_range(struct strview text)
{
	struct content_range r;
	char again[96];
	if (!content_range_parse(text, &r))
		return;
	CHECK(r.first <= r.last && r.last < r.total);
	snprintf(again, sizeof again, "bytes %llu-%llu/%llu", (unsigned long long)r.first,
		(unsigned long long)r.last, (unsigned long long)r.total);
	struct strbuf plain;
	strbuf_init(&plain);
	add_plain(&plain, text);
	CHECK(strcmp(plain.data, again) == 0);
	strbuf_deinit(&plain);
	CHECK(content_range_is(sv(again), r.first, r.last, r.total));
	CHECK(!content_range_is(sv(again), r.first + 1, r.last, r.total));
	CHECK(r.last == 0 || !content_range_is(sv(again), r.first, r.last - 1, r.total));
	CHECK(content_range_is(sv(again), r.first, UINT64_MAX, UINT64_MAX) ==
		(r.last == r.total - 1));
}

struct download {
	struct fuzz_server *server;
	const struct s3_get *get;
	const char *body; /* of the answer that is being read */
	uint64_t got, got_before;
};

static bool on_data(void *arg, const char *data, size_t len)
{
	struct download *d = arg;
	uint64_t end = d->get->len == UINT64_MAX ? d->get->total : d->get->offset + d->get->len;
	CHECK(d->server->status / 100 == 2);
	if (d->body != d->server->body.data) {
		d->body = d->server->body.data;
		d->got_before = d->got;
	}
	CHECK(data == d->body + (d->got - d->got_before)); /* in order, none left out */
	d->got += len;
	CHECK(d->get->offset + d->got <= end);
	return true;
}

static void check_download(struct strview input)
{
	struct fuzz_server s;
	struct s3_object object;
	struct s3t_err err;
	const char *head = input.data;
	struct s3_get get = {.bucket = SV("bucket"),
		.key = SV("key"),
		.offset = (unsigned char)head[0] & 15,
		.len = head[1] == '-' ? UINT64_MAX : (unsigned char)head[1] & 15,
		.total = head[2] == '-' ? UINT64_MAX : (unsigned char)head[2] & 31,
		.etag = head[3] == '-' ? "" : "abc",
		.sink = on_data,
		.object = &object};
	/* what a caller asks for lies inside of what it knows */
	if (get.total != UINT64_MAX &&
		(get.offset > get.total ||
			(get.len != UINT64_MAX && get.len > get.total - get.offset)))
		return;
	struct download d = {.server = &s, .get = &get};
	get.sink_arg = &d;
	s3_object_init(&object);
	fuzz_server_start(&s, sv_from(input, 4));
	enum s3t_rc rc = s3_get_object(&s.ctx, &get, &err);
	fuzz_check_err(rc, &err);
	if (rc == S3T_OK && get.len != UINT64_MAX)
		CHECK(d.got == get.len);
	else if (rc == S3T_OK && get.total != UINT64_MAX)
		CHECK(d.got == get.total - get.offset);
	if (rc == S3T_OK && d.got && get.etag[0] && object.etag[0])
		CHECK(strcmp(object.etag, get.etag) == 0);
	CHECK(s3_object_time_ns(&object) == TIME_UNKNOWN || object.mtime_ns != TIME_UNKNOWN ||
		object.last_modified_s != TIME_UNKNOWN);
	s3_object_deinit(&object);
	fuzz_server_stop(&s);
}

static void check_head(struct strview answers)
{
	struct fuzz_server s;
	struct s3_object object;
	struct s3t_err err;
	s3_object_init(&object);
	fuzz_server_start(&s, answers);
	enum s3t_rc rc = s3_head_object(&s.ctx, SV("bucket"), SV("key"), &object, &err);
	fuzz_check_err(rc, &err);
	CHECK(memchr(object.etag, '\0', sizeof object.etag));
	(void)s3_object_time_ns(&object);
	s3_object_deinit(&object);
	fuzz_server_stop(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strview input = sv_n((const char *)data, size);
	check_content_range(input);
	if (size >= 4 && memcmp(data, "head", 4) == 0)
		check_head(sv_from(input, 5));
	else if (size >= 4)
		check_download(input);
	return 0;
}
