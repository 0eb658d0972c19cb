/* The client: what is kept between requests to one service – profile, keys, regions of buckets,
 * counts. */
#include "core/age.h"
#include "core/crypto.h"
#include "core/s3_client_private.h"
#include "core/s3_encryption.h"
#include "core/timeutil.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct s3_client *s3_client_new(struct profile *profile)
{
	struct s3_client *c = s3t_alloc(sizeof *c);
	c->profile = profile_ref(profile);
	atomic_init(&c->refs, 1);
	call_stats_init(&c->stats);
	known_init(&c->known);
	atomic_init(&c->retry_tokens, RETRY_TOKENS);
	atomic_init(&c->etag_rule, (int)profile->provider->etag);
	atomic_init(&c->reads_with_key,
		s3_encryption_kind_of(profile->settings.encryption_type) == S3_ENCRYPTION_SSE_C);
	pthread_mutex_init(&c->key_lock, NULL);
	pthread_mutex_init(&c->lock, NULL);
	return c;
}

struct s3_client *s3_client_ref(struct s3_client *c)
{
	atomic_fetch_add(&c->refs, 1);
	return c;
}

void s3_client_unref(struct s3_client *c)
{
	if (!c || atomic_fetch_sub(&c->refs, 1) != 1)
		return;
	profile_unref(c->profile);
	call_stats_deinit(&c->stats);
	known_deinit(&c->known);
	pthread_mutex_destroy(&c->lock);
	pthread_mutex_destroy(&c->key_lock);
	explicit_bzero(&c->key, sizeof c->key);
	explicit_bzero(&c->customer_key, sizeof c->customer_key);
	age_keys_free(c->age_keys);
	free(c);
}

const struct profile *s3_client_profile(const struct s3_client *c)
{
	return c->profile;
}

int64_t s3_client_now_s(struct s3_client *c)
{
	return time_wall_s() + atomic_load(&c->clock_offset_s);
}

void s3_client_set_log(struct s3_client *c, struct call_log *log)
{
	atomic_store(&c->log, log);
}

enum connection_state s3_client_connection(struct s3_client *c, int64_t *since_s)
{
	return call_stats_connection(&c->stats, since_s);
}

int64_t s3_client_last_call_ms(struct s3_client *c)
{
	return call_stats_last_ms(&c->stats);
}

void s3_client_read_stats(struct s3_client *c, struct call_stats_view *out)
{
	call_stats_read(&c->stats, out);
}

struct s3_counters *s3_client_counters(struct s3_client *c)
{
	return &c->counters;
}

bool s3_client_same_service(const struct s3_client *a, const struct s3_client *b)
{
	const struct endpoint *x = &a->profile->endpoint, *y = &b->profile->endpoint;
	return a == b || (a->profile->creds == b->profile->creds && x->is_https == y->is_https &&
				 x->port == y->port && strcmp(x->host, y->host) == 0 &&
				 strcmp(x->base_path, y->base_path) == 0);
}

bool s3_client_uses_crc64(const struct s3_client *c)
{
	const char *wanted = c->profile->settings.checksum_algorithm;
	return strcmp(wanted, "crc64nvme") == 0 ||
	       (strcmp(wanted, "auto") == 0 && c->profile->provider->checks_crc64);
}

enum etag_rule s3_client_etag_rule(const struct s3_client *c)
{
	return (enum etag_rule)atomic_load(&c->etag_rule);
}

void s3_client_learn_etag_rule(struct s3_client *c, enum etag_rule rule)
{
	atomic_store(&c->etag_rule, (int)rule);
}

/* --- encryption --- */

bool s3_client_has_confirmed(const struct s3_client *c, enum s3_encryption_kind kind)
{
	return atomic_load(&c->confirmed_kinds) & 1U << kind;
}

void s3_client_set_confirmed(struct s3_client *c, enum s3_encryption_kind kind)
{
	atomic_fetch_or(&c->confirmed_kinds, 1U << kind);
}

enum s3t_rc s3_client_customer_key(struct s3_client *c, struct cancel *cancel,
	const struct s3_customer_key **out, struct s3t_err *err)
{
	const struct profile *p = c->profile;
	*out = NULL;
	if (!s3_has_customer_key(&p->settings))
		return S3T_OK;
	if (!p->endpoint.is_https && !host_is_loopback(p->endpoint.host))
		return s3t_fail(err, S3T_CONFIG,
			"An SSE-C key is not sent over http, where others can read it; use https.");
	enum s3t_rc rc = S3T_OK;
	if (!atomic_load(&c->has_customer_key)) {
		pthread_mutex_lock(&c->key_lock);
		if (!atomic_load(&c->has_customer_key)) {
			rc = s3_customer_key_load(&p->settings, cancel, &c->customer_key, err);
			atomic_store(&c->has_customer_key, rc == S3T_OK);
		}
		pthread_mutex_unlock(&c->key_lock);
	}
	*out = rc == S3T_OK ? &c->customer_key : NULL;
	return rc;
}

enum s3t_rc s3_client_age_keys(struct s3_client *c, struct cancel *cancel,
	const struct age_keys **out, struct s3t_err *err)
{
	enum s3t_rc rc = S3T_OK;
	if (!atomic_load(&c->has_age_keys)) {
		pthread_mutex_lock(&c->key_lock);
		if (!atomic_load(&c->has_age_keys)) {
			rc = age_keys_load(&c->profile->settings, cancel, &c->age_keys, err);
			atomic_store(&c->has_age_keys, rc == S3T_OK);
		}
		pthread_mutex_unlock(&c->key_lock);
	}
	*out = rc == S3T_OK ? c->age_keys : NULL;
	return rc;
}

/* --- region of a bucket --- */

void s3_client_region(struct s3_client *c, struct strview bucket, char out[48])
{
	snprintf(out, 48, "%s", c->profile->settings.region);
	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < c->region_count; i++)
		if (sv_eq(bucket, sv(c->regions[i].bucket)))
			snprintf(out, 48, "%s", c->regions[i].region);
	pthread_mutex_unlock(&c->lock);
}

void s3_client_learn_region(struct s3_client *c, struct strview bucket, const char *region)
{
	if (bucket.len >= sizeof c->regions->bucket)
		return;
	pthread_mutex_lock(&c->lock);
	size_t i = 0;
	while (i < c->region_count && !sv_eq(bucket, sv(c->regions[i].bucket)))
		i++;
	if (i == REGIONS_MAX)
		i = (size_t)random_below_or_equal(REGIONS_MAX - 1);
	else if (i == c->region_count)
		c->region_count++;
	snprintf(c->regions[i].bucket, sizeof c->regions->bucket, "%.*s", (int)bucket.len,
		bucket.data);
	snprintf(c->regions[i].region, sizeof c->regions->region, "%s", region);
	pthread_mutex_unlock(&c->lock);
}

/* The signing key is good for a day; the secret is compared by its hash. */
void s3_client_signing_key(struct s3_client *c, const struct creds *creds, int64_t now_s,
	const char *region, struct sigv4_key *out)
{
	char stamp[17];
	unsigned char hash[SHA256_LEN];
	time_format_amz(now_s, stamp);
	stamp[8] = '\0';
	sha256(creds_secret_key(creds), hash);
	pthread_mutex_lock(&c->lock);
	if (strcmp(c->key_day, stamp) != 0 || strcmp(c->key_region, region) != 0 ||
		memcmp(c->key_secret_hash, hash, sizeof hash) != 0) {
		sigv4_derive_key(creds_secret_key(creds), now_s, region, "s3", &c->key);
		memcpy(c->key_day, stamp, sizeof c->key_day);
		snprintf(c->key_region, sizeof c->key_region, "%s", region);
		memcpy(c->key_secret_hash, hash, sizeof hash);
	}
	*out = c->key;
	pthread_mutex_unlock(&c->lock);
}

/* Below everything that a person or a job can ask for. */
enum s3t_rc s3_client_refuse_change(
	const struct profile *profile, const char *method, struct s3t_err *err)
{
	if (!profile->settings.readonly || strcmp(method, "GET") == 0 ||
		strcmp(method, "HEAD") == 0)
		return S3T_OK;
	return s3t_fail(err, S3T_UNSUPPORTED,
		"The profile %s is read-only: readonly = true in s3tui.ini.", profile->name);
}
