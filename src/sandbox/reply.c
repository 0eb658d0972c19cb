/*
 * Answers: errors, XML, and the body on its way out, with the throttle and what a fault does to it.
 */
#include "core/text.h"
#include "core/uri.h"
#include "core/xml.h"
#include "sandbox/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BLOCK_BYTES = 256 << 10, WHOLE_BYTES = 64 << 10 };

static const struct {
	const char *code;
	int status;
	const char *sentence;
} errors[] = {
#define X(name, code, status, sentence) {code, status, sentence},
	SBX_ERROR_TABLE(X)
#undef X
};
_Static_assert(sizeof errors / sizeof *errors == SBX_E_COUNT, "a row for every error");

const char *sbx_error_code(enum sbx_error error)
{
	return errors[error].code;
}

int sbx_error_status(enum sbx_error error)
{
	return errors[error].status;
}

const char *sbx_error_sentence(enum sbx_error error)
{
	return errors[error].sentence;
}

void sbx_format_http_date(int64_t unix_s, char out[40])
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t t = (time_t)unix_s;
	struct tm tm;
	if (!gmtime_r(&t, &tm))
		memset(&tm, 0, sizeof tm);
	snprintf(out, 40, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", days + (size_t)tm.tm_wday * 3,
		tm.tm_mday, months + (size_t)tm.tm_mon * 3, tm.tm_year + 1900, tm.tm_hour,
		tm.tm_min, tm.tm_sec);
}

/* ---- XML ---- */

static void add_character_data(struct strbuf *out, struct strview text)
{
	if (xml_escape(out, text))
		return;
	while (text.len) {
		uint32_t c;
		size_t n = utf8_decode(text, &c);
		if (n == 0 || !xml_escape(out, sv_n(text.data, n))) {
			n = n ? n : 1;
			for (size_t i = 0; i < n; i++)
				strbuf_addf(out, "&#x%x;", (unsigned char)text.data[i]);
		}
		text = sv_from(text, n);
	}
}

/* A page of 1,000 keys has 5,000 elements: no printf here. */
static void open_tag(struct strbuf *out, const char *name)
{
	strbuf_add_char(out, '<');
	strbuf_add_str(out, name);
	strbuf_add_char(out, '>');
}

static void close_tag(struct strbuf *out, const char *name)
{
	strbuf_add(out, "</", 2);
	strbuf_add_str(out, name);
	strbuf_add_char(out, '>');
}

void sbx_xml_text(struct strbuf *out, const char *name, struct strview text)
{
	open_tag(out, name);
	add_character_data(out, text);
	close_tag(out, name);
}

void sbx_xml_uint(struct strbuf *out, const char *name, uint64_t value)
{
	char digits[24];
	size_t at = sizeof digits;
	do
		digits[--at] = (char)('0' + value % 10);
	while (value /= 10);
	open_tag(out, name);
	strbuf_add(out, digits + at, sizeof digits - at);
	close_tag(out, name);
}

void sbx_xml_time(struct strbuf *out, const char *name, int64_t unix_s)
{
	char iso[32];
	time_format_iso(unix_s, iso);
	open_tag(out, name);
	strbuf_add(out, iso, strcspn(iso, "Z"));
	strbuf_add_str(out, ".000Z");
	close_tag(out, name);
}

void sbx_xml_etag(struct strbuf *out, const char *etag)
{
	strbuf_add_str(out, "<ETag>&quot;");
	strbuf_add_str(out, etag);
	strbuf_add_str(out, "&quot;</ETag>");
}

static bool is_plain_name(struct strview key)
{
	for (size_t i = 0; i < key.len; i++) {
		char c = key.data[i];
		bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
				(c >= '-' && c <= '9') || c == '_'; /* "-./" and digits */
		if (!is_plain)
			return false;
	}
	return true;
}

void sbx_xml_key(struct strbuf *out, const char *name, struct strview key, bool is_url)
{
	open_tag(out, name);
	if (is_plain_name(key)) {
		strbuf_add_sv(out, key);
	} else if (!is_url) {
		add_character_data(out, key);
	} else {
		/* S3 writes a space as '+'; every other byte as in a URL. */
		while (key.len) {
			size_t n = sv_find(key, ' ');
			uri_encode(out, sv_n(key.data, n), true);
			if (n < key.len)
				strbuf_add_char(out, '+');
			key = sv_from(key, n + 1);
		}
	}
	close_tag(out, name);
}

static void reset(struct request *r)
{
	struct sbx_reply *reply = &r->reply;
	sbx_headers_deinit(&reply->headers);
	strbuf_reset(&reply->text);
	sbx_object_unref(reply->object);
	reply->object = NULL;
	reply->content = SBX_CONTENT_NONE;
	reply->status = 0;
}

struct strbuf *sbx_reply_xml(struct request *r, const char *root)
{
	struct strbuf *out = &r->reply.text;
	r->reply.status = 200;
	r->reply.content = SBX_CONTENT_TEXT;
	strbuf_reset(out);
	strbuf_add_str(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	if (root)
		strbuf_addf(out, "<%s xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">", root);
	sbx_reply_header(r, "content-type", "application/xml");
	return out;
}

void sbx_reply_custom_error(struct request *r, int status, const char *code, const char *message)
{
	reset(r);
	struct strbuf *out = sbx_reply_xml(r, NULL);
	r->reply.status = status;
	strbuf_add_str(out, "<Error>");
	sbx_xml_text(out, "Code", sv(code));
	sbx_xml_text(out, "Message", sv(message));
	if (r->bucket.len)
		sbx_xml_text(out, "BucketName", r->bucket);
	if (r->key.len)
		sbx_xml_text(out, "Key", r->key);
	bool is_redirect = r->strike.is_set && r->strike.kind == SANDBOX_FAULT_REDIRECT;
	if (is_redirect || strcmp(code, sbx_error_code(SBX_E_AUTH_MALFORMED)) == 0) {
		const char *region = is_redirect ? r->strike.region : r->sb->region;
		sbx_xml_text(out, "Region", sv(region));
		sbx_reply_header(r, "x-amz-bucket-region", region);
	}
	sbx_xml_text(out, "Resource", r->raw_path);
	sbx_xml_text(out, "RequestId", sv(r->id));
	strbuf_add_str(out, "</Error>");
}

void sbx_reply_error(struct request *r, enum sbx_error error)
{
	sbx_reply_custom_error(r, errors[error].status, errors[error].code, errors[error].sentence);
}

void sbx_reply_header(struct request *r, const char *name, const char *value)
{
	sbx_headers_set(&r->reply.headers, name, value);
}

void sbx_reply_etag(struct request *r, const char *etag)
{
	char *quoted = s3t_asprintf("\"%s\"", etag);
	sbx_reply_header(r, "etag", quoted);
	free(quoted);
}

/* ---- the body ---- */

/* Outlives the request: MHD reads the body when the request's own memory may be gone. */
struct sender {
	struct sandbox *sb;
	int fd;
	char *text;
	struct sbx_object *object; /* NULL: text */
	struct sbx_cursor cursor;
	uint64_t offset, size;
	bool is_struck, has_stalled;
	enum sandbox_fault_kind kind;
	uint64_t bytes;
	int64_t stall_ms;
};

static void free_sender(void *arg)
{
	struct sender *s = arg;
	sbx_cursor_deinit(&s->cursor);
	sbx_object_unref(s->object);
	free(s->text);
	free(s);
}

/* What a fault makes of n bytes that are about to be read at pos; -1 ends the connection. */
static ssize_t strike_before(struct sender *s, uint64_t pos, size_t n)
{
	bool is_stop = s->kind == SANDBOX_FAULT_CLOSE_BODY || s->kind == SANDBOX_FAULT_STALL_BODY;
	if (is_stop && !s->has_stalled && pos >= s->bytes) {
		s->has_stalled = true;
		if (s->kind == SANDBOX_FAULT_CLOSE_BODY || !sbx_pause(s->sb, s->fd, s->stall_ms))
			return -1;
	} else if (is_stop && !s->has_stalled && n > s->bytes - pos) {
		n = (size_t)(s->bytes - pos);
	}
	if (s->kind == SANDBOX_FAULT_SLOW) {
		uint64_t rate = s->bytes ? s->bytes : 1, step = rate / 10 + 1;
		n = n > step ? (size_t)step : n;
		if (!sbx_pause(s->sb, s->fd, (int64_t)(n * 1000 / rate)))
			return -1;
	}
	return (ssize_t)n;
}

static ssize_t send_some(void *arg, uint64_t pos, char *buf, size_t max)
{
	struct sender *s = arg;
	uint64_t left = s->size - pos;
	ssize_t n = (ssize_t)sbx_throttle_step(s->sb, left < max ? (size_t)left : max);
	if (s->is_struck)
		n = strike_before(s, pos, (size_t)n);
	if (n < 0 || !sbx_throttle(s->sb, SBX_OUT, (size_t)n))
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (s->object)
		n = sbx_cursor_read(&s->cursor, s->object, s->offset + pos, buf, (size_t)n);
	else
		memcpy(buf, s->text + pos, (size_t)n);
	if (n <= 0)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	atomic_fetch_add(&s->sb->bytes_sent, (unsigned long long)n);
	if (s->is_struck && s->kind == SANDBOX_FAULT_FLIP && s->bytes >= pos &&
		s->bytes - pos < (uint64_t)n)
		buf[s->bytes - pos] ^= 0x20;
	return n;
}

static struct MHD_Response *streamed(struct request *r, uint64_t size)
{
	struct sender *s = s3t_alloc(sizeof *s);
	s->sb = r->sb;
	s->fd = r->fd;
	s->size = size;
	s->offset = r->reply.offset;
	sbx_cursor_init(&s->cursor);
	if (r->reply.content == SBX_CONTENT_OBJECT)
		s->object = sbx_object_ref(r->reply.object);
	else
		s->text = strbuf_take(&r->reply.text);
	s->is_struck = r->strike.is_set;
	s->kind = r->strike.kind;
	s->bytes = r->strike.bytes;
	s->stall_ms = r->strike.stall_ms;
	struct MHD_Response *response =
		MHD_create_response_from_callback(size, BLOCK_BYTES, send_some, s, free_sender);
	if (!response)
		free_sender(s);
	return response;
}

/* A small object in one piece: one system call sends head and body. */
static struct MHD_Response *small_object(const struct request *r, uint64_t size)
{
	char *buf = malloc((size_t)size);
	struct sbx_cursor cursor;
	sbx_cursor_init(&cursor);
	uint64_t at = 0;
	while (buf && at < size) {
		ssize_t n = sbx_cursor_read(&cursor, r->reply.object, r->reply.offset + at,
			buf + at, (size_t)(size - at));
		if (n <= 0)
			break;
		at += (uint64_t)n;
	}
	sbx_cursor_deinit(&cursor);
	struct MHD_Response *response = NULL;
	if (buf && at == size)
		response =
			MHD_create_response_from_buffer((size_t)size, buf, MHD_RESPMEM_MUST_FREE);
	if (!response)
		free(buf);
	return response;
}

static struct MHD_Response *make_response(struct request *r)
{
	struct sbx_reply *reply = &r->reply;
	uint64_t size = reply->content == SBX_CONTENT_TEXT     ? reply->text.len
			: reply->content == SBX_CONTENT_OBJECT ? reply->size
							       : 0;
	bool is_plain = !r->strike.is_set && atomic_load(&r->sb->bytes_per_second) == 0;
	if (r->strike.is_set && r->strike.kind == SANDBOX_FAULT_CUT_BODY && r->strike.bytes < size)
		size = r->strike.bytes;
	if (size == 0)
		return MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);
	if (is_plain && reply->content == SBX_CONTENT_TEXT) {
		char *text = strbuf_take(&reply->text);
		struct MHD_Response *response =
			MHD_create_response_from_buffer((size_t)size, text, MHD_RESPMEM_MUST_FREE);
		if (!response)
			free(text);
		return response;
	}
	if (is_plain && size <= WHOLE_BYTES && strcmp(r->method, "HEAD") != 0)
		return small_object(r, size);
	return streamed(r, size);
}

static void strike_headers(struct request *r)
{
	const char *etag = sbx_headers_get(&r->reply.headers, "etag");
	const char *range = sbx_headers_get(&r->reply.headers, "content-range");
	if (r->strike.kind == SANDBOX_FAULT_DROP_ETAG) {
		sbx_headers_remove(&r->reply.headers, "etag");
	} else if (r->strike.kind == SANDBOX_FAULT_WRONG_ETAG && etag) {
		sbx_reply_etag(r, "00000000000000000000000000000bad");
	} else if (r->strike.kind == SANDBOX_FAULT_WRONG_RANGE && range && r->reply.object) {
		uint64_t first = r->reply.offset + 1, last = r->reply.offset + r->reply.size;
		uint64_t total = r->reply.object->size + 1;
		char *wrong = s3t_asprintf("bytes %llu-%llu/%llu", (unsigned long long)first,
			(unsigned long long)last, (unsigned long long)total);
		sbx_reply_header(r, "content-range", wrong);
		free(wrong);
	}
}

enum MHD_Result sbx_reply_send(struct request *r)
{
	if (!strbuf_ok(&r->reply.text))
		sbx_reply_error(r, SBX_E_INTERNAL);
	if (r->strike.is_set)
		strike_headers(r);
	struct MHD_Response *response = make_response(r);
	if (!response)
		return MHD_NO;
	char date[40];
	sbx_format_http_date(sbx_now_s(r->sb), date);
	sbx_reply_header(r, "date", date);
	sbx_reply_header(r, "server", "s3tui-sandbox");
	sbx_reply_header(r, "x-amz-request-id", r->id);
	for (size_t i = 0; i < r->reply.headers.count; i++)
		MHD_add_response_header(
			response, r->reply.headers.items[i].name, r->reply.headers.items[i].value);
	enum MHD_Result result =
		MHD_queue_response(r->connection, (unsigned)r->reply.status, response);
	MHD_destroy_response(response);
	return result;
}
