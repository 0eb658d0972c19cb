/*
 * A request's target and headers. The target is read as it came: libmicrohttpd's own decoding would
 * end a key at "%00" and take "%2F" for a separator.
 */
#include "core/parse.h"
#include "core/uri.h"
#include "sandbox/internal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct request *sbx_request_new(
	struct sandbox *sb, const char *target, struct MHD_Connection *connection)
{
	struct request *r = s3t_alloc(sizeof *r);
	r->sb = sb;
	r->connection = connection;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	r->fd = info ? info->connect_fd : -1;
	random_name(r->id, sizeof r->id - 1);
	r->target = s3t_strdup(target);
	r->blob_fd = -1;
	strbuf_init_cap(&r->text, (size_t)8 << 20);
	strbuf_init(&r->reply.text);
	return r;
}

void sbx_request_free(struct request *r)
{
	for (size_t i = 0; i < r->query_count; i++) {
		free((char *)r->query[i].name.data);
		free((char *)r->query[i].value.data);
	}
	free(r->query);
	free((char *)r->bucket.data);
	free((char *)r->key.data);
	free(r->target);
	sbx_headers_deinit(&r->headers);
	sbx_headers_deinit(&r->reply.headers);
	strbuf_deinit(&r->reply.text);
	sbx_object_unref(r->reply.object);
	digest_free(r->sha256);
	digest_free(r->md5);
	strbuf_deinit(&r->text);
	if (r->blob_fd >= 0)
		close(r->blob_fd);
	sbx_blob_unref(r->blob);
	free(r->strike.body);
	free(r);
}

static struct strview decoded(struct strview s)
{
	struct strbuf out;
	strbuf_init(&out);
	uri_decode(&out, s, false);
	size_t len = out.len;
	return sv_n(strbuf_take(&out), len);
}

static void read_query(struct request *r, struct strview raw)
{
	size_t most = 1;
	for (size_t i = 0; i < raw.len; i++)
		most += raw.data[i] == '&';
	r->query = s3t_alloc(most * sizeof *r->query);
	while (raw.len) {
		size_t n = sv_find(raw, '&');
		struct strview one = sv_n(raw.data, n);
		raw = sv_from(raw, n + 1);
		if (!one.len)
			continue;
		size_t equals = sv_find(one, '=');
		struct sigv4_pair *pair = &r->query[r->query_count++];
		pair->name = decoded(sv_n(one.data, equals));
		pair->value = decoded(sv_from(one, equals + 1));
	}
}

/* "bucket.localhost:port" names a bucket, as an endpoint with virtual hosts would have it. */
static struct strview virtual_host(const struct request *r)
{
	struct strview host = sv(sbx_header(r, "host"));
	host.len = sv_find(host, ':');
	struct strview suffix = SV(".localhost");
	if (host.len <= suffix.len || !sv_ends_with(host, suffix))
		return sv_n("", 0);
	return sv_n(host.data, host.len - suffix.len);
}

static enum MHD_Result collect(
	void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
	(void)kind;
	struct request *r = arg;
	sbx_headers_add(&r->headers, name, sv_trim(sv(value)));
	return MHD_YES;
}

bool sbx_request_read(struct request *r, const char *method)
{
	r->method = method;
	MHD_get_connection_values(r->connection, MHD_HEADER_KIND, collect, r);
	struct strview target = sv(r->target);
	if (sv_starts_with(target, SV("http://"))) {
		target = sv_from(target, 7);
		target = sv_from(target, sv_find(target, '/'));
	}
	size_t question = sv_find(target, '?');
	r->raw_path = sv_n(target.data, question);
	read_query(r, sv_from(target, question + 1));
	if (r->raw_path.len == 0 || r->raw_path.data[0] != '/')
		return false;
	struct strview rest = sv_from(r->raw_path, 1);
	struct strview host_bucket = virtual_host(r);
	if (host_bucket.len) {
		r->bucket = decoded(host_bucket);
		r->key = decoded(rest);
	} else {
		size_t slash = sv_find(rest, '/');
		r->bucket = decoded(sv_n(rest.data, slash));
		r->key = decoded(sv_from(rest, slash + 1));
	}
	return true;
}

static const struct sigv4_pair *find_query(const struct request *r, const char *name)
{
	for (size_t i = 0; i < r->query_count; i++)
		if (sv_eq(r->query[i].name, sv(name)))
			return &r->query[i];
	return NULL;
}

struct strview sbx_query(const struct request *r, const char *name)
{
	const struct sigv4_pair *found = find_query(r, name);
	return found ? found->value : sv_n(NULL, 0);
}

bool sbx_query_has(const struct request *r, const char *name)
{
	return find_query(r, name) != NULL;
}

bool sbx_query_number(
	const struct request *r, const char *name, uint64_t fallback, uint64_t max, uint64_t *out)
{
	const struct sigv4_pair *found = find_query(r, name);
	*out = fallback;
	return !found || (parse_u64(found->value, out) && *out <= max);
}

const char *sbx_header(const struct request *r, const char *name)
{
	return sbx_headers_get(&r->headers, name);
}
