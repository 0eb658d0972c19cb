#include "core/uri.h"

#include "core/parse.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_unreserved(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

void uri_encode(struct strbuf *out, struct strview s, bool keep_slash)
{
	static const char hex[] = "0123456789ABCDEF";
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.data[i];
		if (is_unreserved(c) || (c == '/' && keep_slash))
			strbuf_add_char(out, (char)c);
		else
			strbuf_add(out, (char[]){'%', hex[c >> 4], hex[c & 15]}, 3);
	}
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void uri_decode(struct strbuf *out, struct strview s, bool plus_is_space)
{
	for (size_t i = 0; i < s.len; i++) {
		int high, low;
		if (s.data[i] == '%' && i + 2 < s.len && (high = hex_value(s.data[i + 1])) >= 0 &&
			(low = hex_value(s.data[i + 2])) >= 0) {
			strbuf_add_char(out, (char)(high << 4 | low));
			i += 2;
		} else {
			strbuf_add_char(out, plus_is_space && s.data[i] == '+' ? ' ' : s.data[i]);
		}
	}
}

bool uri_is_s3(struct strview text)
{
	return sv_starts_with(text, SV("s3://"));
}

bool uri_parse_s3(struct strview text, struct s3_uri *out)
{
	if (!uri_is_s3(text))
		return false;
	struct strview rest = sv_from(text, 5);
	size_t slash = sv_find(rest, '/');
	out->bucket = sv_n(rest.data, slash);
	out->has_slash = slash < rest.len;
	out->key = sv_from(rest, slash + 1);
	return true;
}

bool host_is_loopback(const char *host)
{
	struct in_addr v4;
	struct in6_addr v6;
	size_t len = strlen(host);
	if (inet_pton(AF_INET, host, &v4) == 1)
		return (ntohl(v4.s_addr) >> 24) == 127;
	if (inet_pton(AF_INET6, host, &v6) == 1)
		return IN6_IS_ADDR_LOOPBACK(&v6);
	return strcasecmp(host, "localhost") == 0 ||
	       (len > 10 && strcasecmp(host + len - 10, ".localhost") == 0);
}

enum s3t_rc endpoint_parse(struct strview text, struct endpoint *out, struct s3t_err *err)
{
	struct strview s = text;
	*out = (struct endpoint){.is_https = true};
	if (sv_starts_with(s, SV("http://"))) {
		out->is_https = false;
		s = sv_from(s, 7);
	} else if (sv_starts_with(s, SV("https://"))) {
		s = sv_from(s, 8);
	} else if (memmem(s.data, s.len, "://", 3)) {
		return s3t_fail(err, S3T_INVALID, "An endpoint begins with http:// or https://.");
	}
	size_t end = sv_find(s, '/');
	struct strview authority = sv_n(s.data, end), path = sv_from(s, end);
	while (path.len && path.data[path.len - 1] == '/')
		path.len--;
	if (sv_find(authority, '@') < authority.len)
		return s3t_fail(err, S3T_INVALID,
			"An endpoint must not contain a user name or password; give them as keys.");
	if (sv_find(text, '?') < text.len || sv_find(text, '#') < text.len)
		return s3t_fail(err, S3T_INVALID, "An endpoint must not have a query or fragment.");
	struct strview host = authority, port = {"", 0};
	bool has_brackets = host.len && host.data[0] == '[';
	if (has_brackets) {
		size_t close = sv_find(host, ']');
		port = sv_from(host, close + 1);
		host = close < host.len ? sv_n(host.data + 1, close - 1) : sv_n("", 0);
	} else {
		size_t colon = sv_find(host, ':');
		port = sv_from(host, colon);
		host.len = colon;
	}
	uint64_t number = 0;
	if (port.len && (port.data[0] != ':' || !parse_u64(sv_from(port, 1), &number) ||
				number == 0 || number > 65535))
		return s3t_fail(err, S3T_INVALID, "The endpoint's port must be 1 to 65535.");
	for (size_t i = 0; i < host.len; i++) {
		unsigned char c = (unsigned char)host.data[i];
		if (c == 0 || (!isalnum(c) && !strchr("-._:", c)))
			host.len = 0;
	}
	/* it becomes part of a request line */
	for (size_t i = 0; i < path.len; i++)
		if ((unsigned char)path.data[i] <= ' ' || path.data[i] == 0x7f)
			host.len = 0;
	if (host.len == 0)
		return s3t_fail(err, S3T_INVALID,
			"An endpoint looks like https://host, http://host:port or "
			"https://host/path.");
	out->host = s3t_strndup(host.data, host.len);
	for (char *p = out->host; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	out->port = (unsigned)number;
	out->base_path = s3t_strndup(path.data, path.len);
	unsigned char address[16];
	bool is_v6 = inet_pton(AF_INET6, out->host, address) == 1;
	out->is_ip = is_v6 || inet_pton(AF_INET, out->host, address) == 1;
	if (has_brackets && !is_v6) {
		endpoint_deinit(out);
		return s3t_fail(err, S3T_INVALID, "Only an IPv6 address stands in brackets.");
	}
	return S3T_OK;
}

void endpoint_add_host(const struct endpoint *e, struct strbuf *out)
{
	strbuf_addf(out, strchr(e->host, ':') ? "[%s]" : "%s", e->host);
}

void endpoint_add_port(const struct endpoint *e, struct strbuf *out)
{
	unsigned standard = e->is_https ? 443 : 80;
	if (e->port && e->port != standard)
		strbuf_addf(out, ":%u", e->port);
}

void endpoint_deinit(struct endpoint *e)
{
	free(e->host);
	free(e->base_path);
	*e = (struct endpoint){0};
}

/* What S3 keeps for itself. */
static enum s3t_rc check_reserved(struct strview name, struct s3t_err *err)
{
	static const char *const begins[] = {"xn--", "sthree-", "amzn-s3-demo-"};
	static const char *const ends[] = {"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"};
	const char *found = NULL;
	for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
		if (sv_starts_with(name, sv(begins[i])))
			return s3t_fail(err, S3T_INVALID,
				"A bucket's name does not begin with %s, which is S3's own.",
				begins[i]);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (sv_ends_with(name, sv(ends[i])))
			found = ends[i];
	return found ? s3t_fail(err, S3T_INVALID,
			       "A bucket's name does not end with %s, which is S3's own.", found)
		     : S3T_OK;
}

static enum s3t_rc check_shape(struct strview name, struct s3t_err *err)
{
	unsigned char address[4];
	char text[64];
	if (name.len < 3 || name.len > 63)
		return s3t_fail(err, S3T_INVALID, "A bucket's name has 3 to 63 characters.");
	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i];
		bool is_end = i == 0 || i == name.len - 1;
		bool alnum = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		if (!alnum && c != '-' && c != '.')
			return s3t_fail(err, S3T_INVALID,
				"A bucket's name is made of lower-case letters, digits, '-' and "
				"'.'.");
		if (!alnum && is_end)
			return s3t_fail(err, S3T_INVALID,
				"A bucket's name begins and ends with a letter or digit.");
		if (c == '.' && name.data[i - 1] == '.')
			return s3t_fail(
				err, S3T_INVALID, "A bucket's name has no two '.' side by side.");
	}
	memcpy(text, name.data, name.len);
	text[name.len] = '\0';
	if (inet_pton(AF_INET, text, address) == 1)
		return s3t_fail(err, S3T_INVALID, "A bucket's name is no IP address.");
	return S3T_OK;
}

enum s3t_rc bucket_check(struct strview name, struct s3t_err *err)
{
	enum s3t_rc rc = check_shape(name, err);
	return rc == S3T_OK ? check_reserved(name, err) : rc;
}

enum s3t_rc bucket_check_use(struct strview name, struct s3t_err *err)
{
	bool ok = name.len >= 3 && name.len <= BUCKET_OLD_MAX;
	for (size_t i = 0; i < name.len && ok; i++) {
		char c = name.data[i];
		ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		     (c && strchr("-._:", c));
	}
	return ok ? S3T_OK
		  : s3t_fail(err, S3T_INVALID,
			    "No bucket has such a name: it has 3 to 63 characters (255 long ago), "
			    "letters, digits, '-', '.' and '_'.");
}

bool bucket_is_valid(struct strview name)
{
	return check_shape(name, NULL) == S3T_OK;
}

enum s3t_rc key_check(struct strview key, struct s3t_err *err)
{
	return key.len <= S3_KEY_MAX
		       ? S3T_OK
		       : s3t_fail(err, S3T_REFUSED_NAME,
				 "A key has at most 1,024 bytes; this one has %zu.", key.len);
}

bool bucket_is_dns_label(struct strview name)
{
	return bucket_is_valid(name) && sv_find(name, '.') == name.len;
}
