#include "core/crc64.h"
/*
 * The daemon and a request's way through it: begin (target, fault, signature, route), body, finish
 * (digests, operation, answer). libmicrohttpd gives every connection a thread of its own.
 */
#include "core/parse.h"
#include "core/uri.h"
#include "sandbox/internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 512, CONNECTION_MEMORY = 256 << 10 };

static const uint64_t put_max = (uint64_t)5 << 30;

int64_t sbx_now_s(const struct sandbox *sb)
{
	return time_wall_s() + atomic_load(&sb->clock_offset_s);
}

static size_t method_index(const char *method)
{
	static const char *const names[] = {"GET", "HEAD", "PUT", "POST", "DELETE"};
	size_t i = 0;
	while (i < sizeof names / sizeof *names && strcmp(names[i], method) != 0)
		i++;
	return i;
}

/* ---- begin ---- */

static enum sbx_error prepare_body(struct request *r, struct strview payload)
{
	if (payload.len)
		r->sha256 = digest_new(DIGEST_SHA256);
	if (r->op->sink == SBX_SINK_BLOB || sbx_header(r, "content-md5"))
		r->md5 = digest_new(DIGEST_MD5);
	if (r->op->sink != SBX_SINK_BLOB)
		return SBX_E_NONE;
	const char *length = sbx_header(r, "content-length");
	uint64_t size;
	if (!length || !parse_u64(sv(length), &size))
		return SBX_E_LENGTH;
	if (size > put_max)
		return SBX_E_TOO_LARGE;
	r->blob = sbx_blob_new(&r->sb->store, &r->blob_fd);
	return r->blob ? SBX_E_NONE : SBX_E_INTERNAL;
}

static enum sbx_error admit(struct request *r, bool is_readable)
{
	struct strview payload = {"", 0}, version = sbx_query(r, "versionId");
	if (!is_readable)
		return SBX_E_URI;
	enum sbx_error error = sbx_auth_check(r, &payload);
	if (error != SBX_E_NONE)
		return error;
	r->op = sbx_route(r, &error);
	if (!r->op)
		return error;
	if (r->op->is_write && r->sb->read_only)
		return SBX_E_ACCESS_DENIED;
	if (r->key.len > SBX_KEY_MAX)
		return SBX_E_KEY_TOO_LONG;
	if (version.data && !sv_eq(version, SV("null")))
		return SBX_E_NO_VERSION;
	if (r->op->run != sbx_bucket_create && r->op->level != 's')
		error = sbx_store_check_bucket(&r->sb->store, r->bucket, r->op->is_write);
	return error != SBX_E_NONE ? error : prepare_body(r, payload);
}

/* A fault that answers instead of the work. */
static bool strike_instead(struct request *r)
{
	char text[24];
	switch (r->strike.is_set ? r->strike.kind : SANDBOX_FAULT_KIND_COUNT) {
	case SANDBOX_FAULT_REDIRECT:
		sbx_reply_custom_error(r, 301, "PermanentRedirect",
			"The bucket must be addressed using another endpoint.");
		return true;
	case SANDBOX_FAULT_ERROR_200:
		sbx_reply_custom_error(r, 200, r->strike.code, "Injected.");
		return true;
	case SANDBOX_FAULT_ANSWER:
		sbx_reply_custom_error(r, r->strike.status, r->strike.code, "Injected.");
		if (r->strike.body) {
			strbuf_reset(&r->reply.text);
			strbuf_add_str(&r->reply.text, r->strike.body);
		}
		if (r->strike.retry_after_s > 0) {
			snprintf(text, sizeof text, "%d", r->strike.retry_after_s);
			sbx_reply_header(r, "retry-after", text);
		}
		return true;
	default:
		return false;
	}
}

static bool closes_request(const struct request *r)
{
	return r->strike.is_set && r->strike.kind == SANDBOX_FAULT_CLOSE_REQUEST &&
	       r->received >= r->strike.bytes;
}

static enum MHD_Result begin(struct request *r, const char *method)
{
	r->is_begun = true;
	bool is_readable = sbx_request_read(r, method);
	atomic_fetch_add(&r->sb->requests[method_index(method)], 1);
	sbx_fault_match(r->sb, method, r->target, &r->strike);
	if (closes_request(r))
		return MHD_NO;
	r->is_settled = strike_instead(r);
	enum sbx_error error = r->is_settled ? SBX_E_NONE : admit(r, is_readable);
	if (error != SBX_E_NONE) {
		sbx_reply_error(r, error);
		r->is_settled = true;
	}
	/* A client that waits for "100 Continue" is spared the body; any other sends it anyway, and
	 * closing on it would lose the answer. */
	if (r->is_settled && sbx_header(r, "expect"))
		return sbx_reply_send(r);
	return MHD_YES;
}

/* ---- body ---- */

static enum MHD_Result take_body(struct request *r, const char *data, size_t len)
{
	r->received += len;
	if (closes_request(r) || !sbx_throttle(r->sb, SBX_IN, len))
		return MHD_NO;
	if (r->is_settled)
		return MHD_YES;
	if (r->sha256)
		digest_update(r->sha256, data, len);
	if (r->md5)
		digest_update(r->md5, data, len);
	r->crc64 = crc64nvme(r->crc64, data, len);
	if (r->op->sink == SBX_SINK_TEXT) {
		strbuf_add(&r->text, data, len);
	} else if (r->op->sink == SBX_SINK_BLOB && !sbx_blob_append(r->blob_fd, data, len)) {
		sbx_reply_error(r, SBX_E_INTERNAL);
		r->is_settled = true;
	}
	return MHD_YES;
}

/* Whether the body is what the client says it is. */
static enum sbx_error check_body(struct request *r)
{
	if (r->sha256) {
		unsigned char sum[SHA256_LEN], claimed[SHA256_LEN];
		digest_final(r->sha256, sum);
		const char *header = sbx_header(r, "x-amz-content-sha256");
		if (!hex_decode(sv(header), claimed, sizeof claimed) ||
			memcmp(sum, claimed, sizeof sum) != 0)
			return SBX_E_SHA256_MISMATCH;
	}
	if (r->md5)
		digest_final(r->md5, r->md5_sum);
	const char *md5_header = sbx_header(r, "content-md5");
	if (md5_header) {
		struct strbuf claimed;
		strbuf_init(&claimed);
		bool is_digest = base64_decode(&claimed, sv(md5_header)) && claimed.len == MD5_LEN;
		bool is_same = is_digest && memcmp(claimed.data, r->md5_sum, MD5_LEN) == 0;
		strbuf_deinit(&claimed);
		if (!is_same)
			return is_digest ? SBX_E_BAD_DIGEST : SBX_E_DIGEST;
	}
	const char *crc_header = sbx_header(r, "x-amz-checksum-crc64nvme");
	uint64_t claimed_crc;
	if (crc_header && r->op->sink == SBX_SINK_BLOB &&
		(!crc64nvme_parse(sv(crc_header), &claimed_crc) || claimed_crc != r->crc64))
		return SBX_E_BAD_DIGEST;
	if (r->blob_fd >= 0) {
		int fd = r->blob_fd;
		r->blob_fd = -1;
		if (close(fd) != 0)
			return SBX_E_INTERNAL;
	}
	return strbuf_ok(&r->text) ? SBX_E_NONE : SBX_E_TOO_LARGE;
}

static void work(struct request *r)
{
	enum sbx_error error = check_body(r);
	if (error != SBX_E_NONE)
		sbx_reply_error(r, error);
	else
		r->op->run(r);
}

/* ---- finish ---- */

static enum MHD_Result finish(struct request *r)
{
	struct sandbox *sb = r->sb;
	bool is_struck = r->strike.is_set;
	if (sb->latency_ms > 0 && !sbx_pause(sb, r->fd, sb->latency_ms))
		return MHD_NO;
	if (is_struck && r->strike.kind == SANDBOX_FAULT_STALL &&
		!sbx_pause(sb, r->fd, r->strike.stall_ms))
		return MHD_NO;
	if (is_struck && r->strike.kind == SANDBOX_FAULT_CLOSE)
		return MHD_NO;
	if (!r->is_settled)
		work(r);
	if (is_struck && r->strike.kind == SANDBOX_FAULT_WORK_CLOSE)
		return MHD_NO;
	if (is_struck && r->strike.kind == SANDBOX_FAULT_WORK_ERROR)
		sbx_reply_custom_error(r, r->strike.status, r->strike.code, "Injected.");
	return sbx_reply_send(r);
}

/* ---- libmicrohttpd ---- */

static void *on_target(void *arg, const char *target, struct MHD_Connection *connection)
{
	return sbx_request_new(arg, target, connection);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *data, size_t *data_len, void **context)
{
	(void)arg;
	(void)connection;
	(void)url; /* decoded, hence useless */
	(void)version;
	struct request *r = *context;
	if (!r)
		return MHD_NO;
	if (!r->is_begun)
		return begin(r, method);
	if (*data_len == 0)
		return finish(r);
	enum MHD_Result result = take_body(r, data, *data_len);
	*data_len = 0;
	return result;
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **context,
	enum MHD_RequestTerminationCode why)
{
	(void)arg;
	(void)connection;
	(void)why;
	if (*context)
		sbx_request_free(*context);
	*context = NULL;
}

/* A listening socket on a port of the system's choice, its URL in sb->endpoint; -1 on failure. */
static int listen_on_loopback(struct sandbox *sb)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	socklen_t len = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
		listen(fd, CONNECTIONS_MAX) != 0 ||
		getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
		int why = errno;
		close(fd);
		errno = why;
		return -1;
	}
	snprintf(sb->endpoint, sizeof sb->endpoint, "http://127.0.0.1:%u",
		(unsigned)ntohs(address.sin_port));
	return fd;
}

static enum s3t_rc listen_and_serve(struct sandbox *sb, struct s3t_err *err)
{
	int fd = listen_on_loopback(sb);
	if (fd < 0)
		return s3t_fail_errno(err, errno, "The sandbox cannot listen on 127.0.0.1");
	/* The server's threads must not be chosen for the program's signals. */
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	sb->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD |
					      MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL |
					      MHD_USE_ITC | MHD_USE_SUPPRESS_DATE_NO_CLOCK,
		0, NULL, NULL, on_request, sb, MHD_OPTION_LISTEN_SOCKET, (MHD_socket)fd,
		MHD_OPTION_URI_LOG_CALLBACK, on_target, sb, MHD_OPTION_NOTIFY_COMPLETED,
		on_completed, sb, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_END);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (sb->daemon)
		return S3T_OK;
	close(fd);
	return s3t_fail(err, S3T_IO, "The sandbox cannot start its server thread.");
}

static struct sandbox *new_sandbox(const struct sandbox_options *options)
{
	struct sandbox *sb = s3t_alloc(sizeof *sb);
	sb->stop = cancel_new(NULL);
	sb->region = s3t_strdup(options->region ? options->region : "us-east-1");
	sb->session_token = options->session_token ? s3t_strdup(options->session_token) : NULL;
	sb->min_part_bytes = options->min_part_bytes ? options->min_part_bytes : 5 << 20;
	sb->latency_ms = options->latency_ms;
	sb->read_only = options->read_only;
	sb->opaque_etags = options->opaque_etags;
	sb->ignores_encryption = options->ignores_encryption;
	atomic_init(&sb->clock_offset_s, options->clock_offset_s);
	atomic_init(&sb->bytes_per_second, options->bytes_per_second);
	memcpy(sb->access_key, "SBX", 3);
	random_name(sb->access_key + 3, sizeof sb->access_key - 4);
	random_name(sb->secret_key, sizeof sb->secret_key - 1);
	pthread_mutex_init(&sb->throttle_lock, NULL);
	pthread_mutex_init(&sb->fault_lock, NULL);
	return sb;
}

enum s3t_rc sandbox_start(
	const struct sandbox_options *options, struct sandbox **out, struct s3t_err *err)
{
	*out = NULL;
	struct sandbox *sb = new_sandbox(options);
	enum s3t_rc rc = sbx_store_open(&sb->store, options->dir, options->synthetic_keys, err);
	if (rc == S3T_OK) {
		enum sbx_error error =
			sbx_store_create_bucket(&sb->store, SV(SANDBOX_BUCKET), time_wall_s());
		if (error != SBX_E_NONE && error != SBX_E_BUCKET_EXISTS)
			rc = s3t_fail(err, S3T_IO, "The sandbox cannot make its first bucket.");
	}
	if (rc == S3T_OK)
		rc = listen_and_serve(sb, err);
	if (rc == S3T_OK)
		*out = sb;
	else
		sandbox_stop(sb);
	return rc;
}

void sandbox_stop(struct sandbox *sb)
{
	if (!sb)
		return;
	cancel_trigger(sb->stop);
	if (sb->daemon)
		MHD_stop_daemon(sb->daemon);
	sbx_store_close(&sb->store);
	sbx_faults_deinit(sb);
	pthread_mutex_destroy(&sb->throttle_lock);
	pthread_mutex_destroy(&sb->fault_lock);
	cancel_free(sb->stop);
	free(sb->region);
	free(sb->session_token);
	explicit_bzero(sb->secret_key, sizeof sb->secret_key);
	free(sb);
}

const char *sandbox_endpoint(const struct sandbox *sb)
{
	return sb->endpoint;
}

const char *sandbox_access_key(const struct sandbox *sb)
{
	return sb->access_key;
}

const char *sandbox_secret_key(const struct sandbox *sb)
{
	return sb->secret_key;
}

const char *sandbox_bucket(const struct sandbox *sb)
{
	(void)sb;
	return SANDBOX_BUCKET;
}

const char *sandbox_region(const struct sandbox *sb)
{
	return sb->region;
}

uint64_t sandbox_request_count(const struct sandbox *sb, const char *method)
{
	if (method)
		return atomic_load(&sb->requests[method_index(method)]);
	uint64_t sum = 0;
	for (size_t i = 0; i < sizeof sb->requests / sizeof *sb->requests; i++)
		sum += atomic_load(&sb->requests[i]);
	return sum;
}

uint64_t sandbox_bytes_sent(const struct sandbox *sb)
{
	return atomic_load(&sb->bytes_sent);
}

uint64_t sandbox_part_count(const struct sandbox *sb)
{
	return atomic_load(&sb->parts);
}

void sandbox_set_clock_offset(struct sandbox *sb, int64_t seconds)
{
	atomic_store(&sb->clock_offset_s, seconds);
}

void sandbox_set_bytes_per_second(struct sandbox *sb, uint64_t bytes_per_second)
{
	atomic_store(&sb->bytes_per_second, bytes_per_second);
}
