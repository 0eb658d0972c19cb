/* Where a request goes: host and path, by bucket, region and the service's style. */
#include "core/s3_client_private.h"

#include <stdlib.h>
#include <string.h>

void s3_target_init(const struct profile *p, struct strview bucket, struct strview key,
	const char *region, struct s3_target *out)
{
	const struct settings *s = &p->settings;
	strbuf_init(&out->host);
	strbuf_init(&out->path);
	bool is_virtual =
		bucket.len && !p->path_style && !p->endpoint.is_ip &&
		(bucket_is_dns_label(bucket) || (!p->endpoint.is_https && bucket_is_valid(bucket)));
	if (is_virtual) {
		strbuf_add_sv(&out->host, bucket);
		strbuf_add_char(&out->host, '.');
	}
	if (p->is_aws) {
		char *host = aws_endpoint_host(
			region, s->dualstack, s->fips, s->accelerate && is_virtual);
		strbuf_add_str(&out->host, host);
		free(host);
	} else {
		endpoint_add_host(&p->endpoint, &out->host);
	}
	endpoint_add_port(&p->endpoint, &out->host);
	strbuf_add_str(&out->path, p->endpoint.base_path);
	strbuf_add_char(&out->path, '/');
	if (bucket.len && !is_virtual) {
		uri_encode(&out->path, bucket, false);
		if (key.len)
			strbuf_add_char(&out->path, '/');
	}
	uri_encode(&out->path, key, true);
}

void s3_target_deinit(struct s3_target *t)
{
	strbuf_deinit(&t->host);
	strbuf_deinit(&t->path);
}

struct http_options s3_http_options(const struct profile *profile)
{
	const struct settings *s = &profile->settings;
	return (struct http_options){.ca_file = s->ca_bundle[0] ? s->ca_bundle : NULL,
		.proxy = s->proxy[0] ? s->proxy : NULL,
		.no_verify = profile->no_verify_ssl,
		.connect_timeout_ms = s->connect_timeout_ms,
		.low_speed_time_ms = s->low_speed_time_ms,
		.low_speed_limit = (int64_t)s->low_speed_limit};
}
