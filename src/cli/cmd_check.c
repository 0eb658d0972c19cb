/*
 * check: from the outside in, a line for each step with what was found and what to do. It only
 * reads;
 * --write makes one object of its own and removes it (check_write.c, decision 9). No step is tried
 * again: what fails now is what is told.
 */
#include "cli/check.h"

#include "core/crypto.h"
#include "core/text.h"
#include "core/timeutil.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	RESOLVE_MS = 15000,
	CLOCK_LIMIT_S = 5 * 60,
};

struct check {
	struct cli *cli;
	const struct profile *profile;
	const char *proxy; /* NULL: none */
	struct addrinfo *addresses;
	bool has_failed;
};

void check_report(struct check *c, const char *step, bool ok, const char *fmt, ...)
{
	struct strbuf text, line;
	struct json_writer w;
	va_list ap;
	strbuf_init(&text);
	strbuf_init(&line);
	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	c->has_failed = c->has_failed || !ok;
	if (c->cli->opt->json) {
		json_begin(&w, &line);
		json_add_string(&w, "check", sv(step));
		json_add_bool(&w, "ok", ok);
		json_add_string(&w, "message", strbuf_view(&text));
		json_end(&w);
		out_json(&line);
	} else {
		strbuf_addf(&line, "%-6s %-11s ", ok ? "ok" : "FAILED", step);
		text_sanitise(&line, strbuf_view(&text));
		strbuf_add_char(&line, '\n');
		out_text(strbuf_view(&line));
	}
	(void)out_flush();
	strbuf_deinit(&text);
	strbuf_deinit(&line);
}

void check_report_err(struct check *c, const char *step, const struct s3t_err *err)
{
	const char *hint = s3t_err_hint(err);
	check_report(c, step, false, "%s%s%s%s%s", err->message, hint[0] ? " What to do: " : "",
		hint, hint[0] ? "." : "", err->rc == S3T_CANCELLED ? " (cancelled)" : "");
}

/* --- name --- */

/* getaddrinfo cannot be cancelled, so it runs in a thread that may outlive us. */
struct lookup {
	char *host, port[16];
	struct cancel *done;
	struct addrinfo *result;
	int error;
	atomic_int refs;
};

static void lookup_unref(struct lookup *l)
{
	if (atomic_fetch_sub(&l->refs, 1) != 1)
		return;
	if (l->result)
		freeaddrinfo(l->result);
	cancel_free(l->done);
	free(l->host);
	free(l);
}

static void *lookup_main(void *arg)
{
	struct lookup *l = arg;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	l->error = getaddrinfo(l->host, l->port, &hints, &l->result);
	cancel_trigger(l->done);
	lookup_unref(l);
	return NULL;
}

static unsigned port_of(const struct endpoint *e)
{
	return e->port ? e->port : e->is_https ? 443 : 80;
}

static void add_address(struct strbuf *out, const struct addrinfo *a)
{
	char text[NI_MAXHOST];
	if (getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST) == 0)
		strbuf_addf(out, "%s%s", out->len ? ", " : "", text);
}

static bool wait_for_lookup(struct cli *cli, struct lookup *l)
{
	int64_t end_ms = time_mono_ms() + RESOLVE_MS;
	while (!cancel_wait(l->done, 50))
		if (cancel_is_set(cli->cancel) || time_mono_ms() > end_ms)
			return false;
	return true;
}

static bool check_name(struct check *c)
{
	const struct endpoint *e = &c->profile->endpoint;
	struct lookup *l = s3t_alloc(sizeof *l);
	pthread_t thread;
	pthread_attr_t attr;
	l->host = s3t_strdup(e->host);
	snprintf(l->port, sizeof l->port, "%u", port_of(e));
	l->done = cancel_new(NULL);
	atomic_init(&l->refs, 2);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &attr, lookup_main, l) != 0)
		s3t_oom();
	pthread_attr_destroy(&attr);
	bool ok = wait_for_lookup(c->cli, l);
	if (!ok) {
		check_report(
			c, "name", false, "%s: no answer from the name server in time", e->host);
	} else if (l->error) {
		check_report(c, "name", false,
			"%s: %s. What to do: look at the endpoint's spelling (--endpoint, endpoint "
			"in "
			"s3tui.ini) and at the network.",
			e->host, gai_strerror(l->error));
		ok = false;
	} else {
		struct strbuf list;
		strbuf_init(&list);
		for (const struct addrinfo *a = l->result; a; a = a->ai_next)
			add_address(&list, a);
		check_report(c, "name", true, "%s is %s", e->host, list.data);
		strbuf_deinit(&list);
		c->addresses = l->result;
		l->result = NULL;
	}
	lookup_unref(l);
	return ok;
}

/* --- route --- */

/* 0, or an errno. */
static int connect_to(struct check *c, const struct addrinfo *a)
{
	int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return errno;
	int error = connect(fd, a->ai_addr, a->ai_addrlen) == 0 ? 0 : errno;
	int64_t limit_ms = c->profile->settings.connect_timeout_ms;
	struct pollfd fds[] = {
		{.fd = fd, .events = POLLOUT}, {.fd = signals_fd(), .events = POLLIN}};
	if (error == EINPROGRESS) {
		socklen_t len = sizeof error;
		int ready = poll(fds, 2, limit_ms > 60000 ? 60000 : (int)limit_ms);
		if (ready <= 0)
			error = ETIMEDOUT;
		else if (fds[1].revents)
			error = ECANCELED;
		else
			(void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	}
	close(fd);
	return error;
}

static bool check_route(struct check *c)
{
	int last = 0;
	struct strbuf name;
	strbuf_init(&name);
	const struct addrinfo *a = c->addresses;
	for (; a; a = a->ai_next) {
		int64_t began_ns = time_mono_ns();
		last = connect_to(c, a);
		strbuf_reset(&name);
		add_address(&name, a);
		if (last == 0) {
			check_report(c, "route", true, "%s port %u answers, %.1f ms", name.data,
				port_of(&c->profile->endpoint),
				(double)(time_mono_ns() - began_ns) / 1e6);
			break;
		}
	}
	if (!a) {
		struct s3t_err err;
		(void)s3t_fail_errno(
			&err, last, "%s port %u", name.data, port_of(&c->profile->endpoint));
		check_report(c, "route", false,
			"%s. What to do: look at the port, at firewalls and whether the service "
			"runs.",
			err.message);
	}
	strbuf_deinit(&name);
	return a != NULL;
}

/* --- TLS and clock: one unsigned request --- */

static void check_clock(struct check *c, const struct http_response *resp)
{
	int64_t server_s = time_parse_http(http_header(resp, "date"));
	int64_t off_s = server_s == TIME_UNKNOWN ? 0 : time_wall_s() - server_s;
	int64_t distance = off_s < 0 ? -off_s : off_s;
	char text[32];
	text_duration(distance, text);
	if (server_s == TIME_UNKNOWN)
		check_report(c, "clock", true, "the server does not tell its time");
	else if (distance <= 2)
		check_report(c, "clock", true, "agrees with the server's");
	else
		check_report(c, "clock",
			distance<CLOCK_LIMIT_S, "this machine is %s %s the server%s", text, off_s> 0
				? "ahead of"
				: "behind",
			distance < CLOCK_LIMIT_S
				? ""
				: ". What to do: set the clock (timedatectl "
				  "set-ntp true); s3tui corrects for it meanwhile.");
}

static bool check_tls(struct check *c)
{
	const struct endpoint *e = &c->profile->endpoint;
	const struct settings *s = &c->profile->settings;
	bool is_v6 = strchr(e->host, ':') != NULL;
	char *url = s3t_asprintf("%s://%s%s%s:%u%s/", e->is_https ? "https" : "http",
		is_v6 ? "[" : "", e->host, is_v6 ? "]" : "", port_of(e), e->base_path);
	struct http_options options = s3_http_options(c->profile);
	struct http_request req = {.method = "GET",
		.url = url,
		.timeout_ms = s->connect_timeout_ms * 3,
		.body_cap = (size_t)1 << 20};
	struct http_response resp;
	struct s3t_err err;
	http_response_init(&resp);
	enum s3t_rc rc = http_perform(c->cli->conn, &options, &req, &resp, c->cli->cancel, &err);
	if (rc != S3T_OK) {
		check_report_err(c, e->is_https ? "TLS" : "HTTP", &err);
	} else {
		if (!e->is_https)
			check_report(
				c, "TLS", true, "not used: what is sent can be read on the way");
		else if (c->profile->no_verify_ssl)
			check_report(
				c, "TLS", true, "works, but is not verified (--no-verify-ssl)");
		else
			check_report(c, "TLS", true, "the certificate is valid for %s", e->host);
		check_clock(c, &resp);
	}
	http_response_deinit(&resp);
	free(url);
	return rc == S3T_OK;
}

/* --- signature and permission: one signed request --- */

static bool is_signature_failure(const struct s3t_err *err)
{
	return err->rc == S3T_AUTH || err->rc == S3T_CREDENTIALS || err->rc == S3T_CLOCK;
}

static enum s3t_rc read_something(
	struct check *c, const struct place *p, uint64_t *found, struct s3t_err *err)
{
	struct s3_ctx ctx = cli_ctx(c->cli);
	struct entry_page *page = NULL;
	enum s3t_rc rc;
	if (p->bucket.len) {
		struct s3_list list;
		s3_list_init(&list, p->bucket, p->key);
		list.max_keys = 1;
		rc = s3_list_page(&ctx, &list, &page, err);
		s3_list_deinit(&list);
	} else {
		page = entry_page_new(false);
		rc = s3_list_buckets(&ctx, page, err);
	}
	*found = rc == S3T_OK ? page->count : 0;
	entry_page_free(page);
	return rc;
}

/* What is denied may be the bucket, or everything: some services answer AccessDenied also to a
 * wrong secret key. */
static bool is_all_denied(struct check *c, const struct place *p)
{
	struct place root = *p;
	uint64_t found;
	struct s3t_err err;
	root.bucket = root.key = SV("");
	return read_something(c, &root, &found, &err) == S3T_DENIED;
}

static void report_accepted(struct check *c, const struct creds *creds)
{
	char until[32] = "";
	if (creds_expires_s(creds) != CREDS_NO_EXPIRY)
		time_format_local(creds_expires_s(creds), true, until);
	check_report(c, "signature", true, "accepted, keys from %s%s%s", creds_source(creds),
		until[0] ? ", good until " : "", until);
}

static bool check_signature(struct check *c, const struct place *p, const struct creds *creds,
	const struct s3t_err *err)
{
	const char *source = creds ? creds_source(creds) : "nowhere";
	if (is_signature_failure(err)) {
		check_report(c, "signature", false, "%s Keys from: %s. What to do: %s.",
			err->message, source, s3t_err_hint(err));
		return false;
	}
	if (creds && err->rc == S3T_DENIED && !c->profile->is_aws && is_all_denied(c, p)) {
		check_report(c, "signature", false,
			"all is denied: either the secret key is wrong, or this key may do "
			"nothing. Keys "
			"from: %s. What to do: compare them with what the service gave out; if "
			"they are "
			"right, ask for permissions%s.",
			source, p->bucket.len ? "" : ", or name a bucket: s3tui check s3://BUCKET");
		return false;
	}
	if (creds)
		report_accepted(c, creds);
	else
		check_report(c, "signature", true, "no credentials: requests are not signed");
	return true;
}

static void check_access(struct check *c, const struct place *p)
{
	struct s3t_err err = {.rc = S3T_OK};
	uint64_t found;
	struct creds *creds = NULL;
	enum s3t_rc rc = creds_provider_get(c->profile->creds, c->cli->cancel, &creds, &err);
	if (rc != S3T_OK) {
		check_report_err(c, "signature", &err);
		return;
	}
	rc = read_something(c, p, &found, &err);
	if (rc == S3T_OK)
		err.rc = S3T_OK;
	bool accepted = check_signature(c, p, creds, &err);
	creds_unref(creds);
	if (!accepted)
		return;
	if (rc == S3T_DENIED && !p->bucket.len)
		check_report(c, "permission", false,
			"the list of buckets is denied, which is common. What to do: name a "
			"bucket: "
			"s3tui check s3://BUCKET");
	else if (rc != S3T_OK)
		check_report_err(c, "permission", &err);
	else if (p->bucket.len)
		check_report(c, "permission", true, "%s can be listed%s", p->text,
			found ? "" : "; nothing is there");
	else
		check_report(c, "permission", true, "%llu buckets can be listed",
			(unsigned long long)found);
}

/* --- */

static const char *find_proxy(const struct profile *p)
{
	static const char *const variables[] = {
		"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
	static const char *const plain[] = {"http_proxy", "all_proxy", "ALL_PROXY", "ALL_PROXY"};
	if (host_is_loopback(p->endpoint.host))
		return NULL;
	if (p->settings.proxy[0])
		return "proxy in s3tui.ini";
	for (size_t i = 0; i < 4; i++) {
		const char *name = p->endpoint.is_https ? variables[i] : plain[i];
		const char *value = getenv(name);
		if (value && value[0])
			return name;
	}
	return NULL;
}

static int find_places(struct cli *cli, struct place *read, struct place *write)
{
	int rc = cli_need_s3(cli);
	if (rc)
		return rc;
	const char *bucket = cli->profile->settings.default_bucket;
	if (cli->opt->operand_count)
		rc = cli_place(cli, cli->opt->operands[0], read);
	else if (cli->opt->write_url)
		rc = cli_place(cli, cli->opt->write_url, read);
	else
		rc = cli_place(cli, bucket[0] ? "s3:///" : "s3://", read);
	if (rc == 0 && cli->opt->write_url)
		rc = cli_place(cli, cli->opt->write_url, write);
	bool is_bad =
		!read->is_s3 || (cli->opt->write_url && (!write->is_s3 || !write->bucket.len));
	if (rc == 0 && is_bad) {
		cli_complain("check wants s3://BUCKET, or s3://BUCKET/PREFIX/");
		rc = CLI_EXIT_USAGE;
	}
	return rc;
}

int cmd_check(struct cli *cli)
{
	struct place read, write;
	place_init(&read);
	place_init(&write);
	int rc = find_places(cli, &read, &write);
	if (rc == 0) {
		struct check c = {.cli = cli, .profile = cli->profile};
		c.proxy = find_proxy(cli->profile);
		bool ok = true;
		if (c.proxy)
			check_report(&c, "route", true, "through a proxy (%s)", c.proxy);
		else
			ok = check_name(&c) && check_route(&c);
		if (ok && check_tls(&c)) {
			check_access(&c, &read);
			if (cli->opt->write_url && !c.has_failed)
				check_write(&c, cli, &write);
		}
		if (c.addresses)
			freeaddrinfo(c.addresses);
		rc = c.has_failed ? CLI_EXIT_FAILED : CLI_EXIT_OK;
	}
	place_deinit(&read);
	place_deinit(&write);
	return rc;
}
