/* What the client, sending and signing links share; nobody else includes it. Any thread. */
#ifndef CORE_S3_CLIENT_PRIVATE_H
#define CORE_S3_CLIENT_PRIVATE_H

#include "core/crypto.h"
#include "core/s3.h"
#include "core/s3_encryption.h"

#include <pthread.h>

enum { RETRY_TOKENS = 500, REGIONS_MAX = 64 };

struct region_row {
	char bucket[64], region[48];
};

struct s3_client {
	struct profile *profile;
	struct s3_counters counters;
	struct call_stats stats;
	struct known known;
	struct call_log *_Atomic log;
	atomic_int refs;
	atomic_int etag_rule;
	atomic_int_fast64_t clock_offset_s;
	atomic_int retry_tokens;
	atomic_bool reads_with_key;  /* the last object that was read wanted the customer's key */
	atomic_uint confirmed_kinds; /* of encryption; one bit each */
	pthread_mutex_t key_lock;    /* held while the customer's key is read */
	struct s3_customer_key customer_key; /* guarded by key_lock until has_customer_key */
	atomic_bool has_customer_key;
	struct age_keys *age_keys; /* the same, until has_age_keys */
	atomic_bool has_age_keys;
	pthread_mutex_t lock;
	/* guarded by lock */
	struct region_row regions[REGIONS_MAX];
	size_t region_count;
	struct sigv4_key key;
	char key_region[48], key_day[9];
	unsigned char key_secret_hash[SHA256_LEN];
};

/* Where a request goes. */
struct s3_target {
	struct strbuf host, path; /* host with port; encoded path */
};

/* The region that the bucket is known to be in, else the profile's. */
void s3_client_region(struct s3_client *c, struct strview bucket, char out[48]);
/* Of a bucket whose region a server told. */
void s3_client_learn_region(struct s3_client *c, struct strview bucket, const char *region);
/* Initialises out; s3_target_deinit() ends it. */
void s3_target_init(const struct profile *p, struct strview bucket, struct strview key,
	const char *region, struct s3_target *out);
void s3_target_deinit(struct s3_target *t);
/* The caller wipes it. */
void s3_client_signing_key(struct s3_client *c, const struct creds *creds, int64_t now_s,
	const char *region, struct sigv4_key *out);
/* S3T_UNSUPPORTED where the profile is read-only and the method is not. */
enum s3t_rc s3_client_refuse_change(
	const struct profile *profile, const char *method, struct s3t_err *err) S3T_MUST_CHECK;

#endif
