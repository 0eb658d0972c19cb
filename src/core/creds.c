#include "core/creds.h"

#include "core/timeutil.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RENEW_BEFORE_S (15 * 60)
#define RETRY_AFTER_S 60 /* a failed renewal of what is still valid */

struct creds {
	atomic_int refs;
	/* immutable after new */
	char *access_key, *secret_key, *token, *source;
	int64_t expires_s;
};

struct creds *creds_new(const char *access_key, const char *secret_key, const char *token,
	int64_t expires_s, const char *source)
{
	struct creds *c = s3t_alloc(sizeof *c);
	atomic_init(&c->refs, 1);
	c->access_key = s3t_strdup(access_key);
	c->secret_key = s3t_strdup(secret_key);
	c->token = s3t_strdup(token ? token : "");
	c->source = s3t_strdup(source);
	c->expires_s = expires_s;
	return c;
}

struct creds *creds_ref(struct creds *c)
{
	if (c)
		atomic_fetch_add(&c->refs, 1);
	return c;
}

static void wipe(char *text)
{
	explicit_bzero(text, strlen(text));
	free(text);
}

void creds_unref(struct creds *c)
{
	if (!c || atomic_fetch_sub(&c->refs, 1) != 1)
		return;
	wipe(c->access_key);
	wipe(c->secret_key);
	wipe(c->token);
	free(c->source);
	free(c);
}

struct strview creds_access_key(const struct creds *c)
{
	return sv(c->access_key);
}

struct strview creds_secret_key(const struct creds *c)
{
	return sv(c->secret_key);
}

struct strview creds_token(const struct creds *c)
{
	return sv(c->token);
}

int64_t creds_expires_s(const struct creds *c)
{
	return c->expires_s;
}

const char *creds_source(const struct creds *c)
{
	return c->source;
}

struct creds_provider {
	atomic_int refs;
	/* immutable after new */
	creds_fetch_fn fetch; /* NULL: what is cached is all there is */
	void (*release)(void *arg);
	void *arg;
	pthread_mutex_t lock;
	pthread_cond_t done; /* a fetch ended, or a waiter is cancelled */
	/* guarded by lock */
	struct creds *cached; /* NULL: none yet, or anonymous where fetch is NULL */
	int64_t renew_s;      /* when it is to be fetched again */
	bool is_fetching;
	unsigned round;      /* fetches that ended */
	unsigned forgotten;  /* calls of invalidate: a fetch from before one is not kept */
	enum s3t_rc last_rc; /* of the last fetch, for those who waited for it */
	struct s3t_err last_err;
};

struct creds_provider *creds_provider_new(
	creds_fetch_fn fetch, void (*release)(void *arg), void *arg)
{
	struct creds_provider *p = s3t_alloc(sizeof *p);
	atomic_init(&p->refs, 1);
	p->fetch = fetch;
	p->release = release;
	p->arg = arg;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->done, NULL);
	return p;
}

struct creds_provider *creds_provider_ref(struct creds_provider *p)
{
	atomic_fetch_add(&p->refs, 1);
	return p;
}

void creds_provider_unref(struct creds_provider *p)
{
	if (!p || atomic_fetch_sub(&p->refs, 1) != 1)
		return;
	creds_unref(p->cached);
	pthread_cond_destroy(&p->done);
	pthread_mutex_destroy(&p->lock);
	if (p->release)
		p->release(p->arg);
	free(p);
}

struct creds_provider *creds_provider_static(struct creds *c)
{
	struct creds_provider *p = creds_provider_new(NULL, NULL, NULL);
	p->cached = creds_ref(c);
	return p;
}

static enum s3t_rc fetch_nothing(
	void *arg, struct cancel *cancel, struct creds **out, struct s3t_err *err)
{
	(void)cancel;
	(void)out;
	return s3t_fail(err, S3T_CREDENTIALS, "%s", (const char *)arg);
}

static enum s3t_rc fetch_none(
	void *arg, struct cancel *cancel, struct creds **out, struct s3t_err *err)
{
	enum s3t_rc rc = fetch_nothing(arg, cancel, out, err);
	if (err)
		snprintf(err->code, sizeof err->code, "%s", CREDS_NONE);
	return rc;
}

struct creds_provider *creds_provider_none(const char *sentence)
{
	return creds_provider_new(fetch_none, free, s3t_strdup(sentence));
}

struct creds_provider *creds_provider_failing(const char *sentence)
{
	return creds_provider_new(fetch_nothing, free, s3t_strdup(sentence));
}

static bool is_key(const char *text)
{
	if (!text || !*text)
		return false;
	for (; *text; text++)
		if ((unsigned char)*text <= ' ' || *text == 0x7f)
			return false;
	return true;
}

/* Seconds; TIME_UNKNOWN if text is not a time. "9999-12-31T…", which no count of nanoseconds
 * reaches, is as good as never. */
static int64_t read_expiry(const char *text)
{
	int64_t ns = time_parse_iso_ns(sv(text));
	if (ns != TIME_UNKNOWN)
		return ns / NS_PER_S;
	if (strlen(text) < 5 || strncmp(text, "2262", 4) < 0 || text[4] != '-')
		return TIME_UNKNOWN;
	char *nearer = s3t_asprintf("2000%s", text + 4); /* a leap year */
	bool is_time = time_parse_iso_ns(sv(nearer)) != TIME_UNKNOWN;
	free(nearer);
	return is_time ? CREDS_NO_EXPIRY : TIME_UNKNOWN;
}

enum s3t_rc creds_from_answer(const char *access_key, const char *secret_key, const char *token,
	const char *expiration, const char *source, struct creds **out, struct s3t_err *err)
{
	int64_t expires_s = expiration ? read_expiry(expiration) : CREDS_NO_EXPIRY;
	if (!is_key(access_key) || !is_key(secret_key))
		return s3t_fail(err, S3T_CREDENTIALS,
			"The answer lacks a usable AccessKeyId or SecretAccessKey.");
	if (token && *token && !is_key(token))
		return s3t_fail(err, S3T_CREDENTIALS, "The answer has an unusable SessionToken.");
	if (expires_s == TIME_UNKNOWN)
		return s3t_fail(err, S3T_CREDENTIALS,
			"The answer has an Expiration that is not an ISO 8601 time.");
	if (expires_s <= time_wall_s())
		return s3t_fail(err, S3T_CREDENTIALS,
			"It gave credentials that have expired; sign in again.");
	*out = creds_new(access_key, secret_key, token, expires_s, source);
	return S3T_OK;
}

/* Half its life where that is under half an hour, else 15 minutes before its end. */
static int64_t renewal_of(const struct creds *c, int64_t now_s)
{
	if (c->expires_s == CREDS_NO_EXPIRY)
		return CREDS_NO_EXPIRY;
	int64_t half = (c->expires_s - now_s) / 2;
	return c->expires_s - (half < RENEW_BEFORE_S ? half : RENEW_BEFORE_S);
}

/* Fetches without the lock, and keeps what came. Enters and leaves with the lock held. */
static enum s3t_rc renew_locked(struct creds_provider *p, struct cancel *cancel)
{
	struct creds *fresh = NULL;
	struct s3t_err err = {.rc = S3T_OK};
	unsigned forgotten = p->forgotten;
	p->is_fetching = true;
	pthread_mutex_unlock(&p->lock);
	enum s3t_rc rc = p->fetch(p->arg, cancel, &fresh, &err);
	pthread_mutex_lock(&p->lock);
	int64_t now_s = time_wall_s();
	if (rc == S3T_OK) {
		creds_unref(p->cached);
		p->cached = fresh;
		p->renew_s = forgotten == p->forgotten ? renewal_of(fresh, now_s) : INT64_MIN;
	} else if (rc != S3T_CANCELLED && p->cached && now_s < p->cached->expires_s) {
		p->renew_s = now_s + RETRY_AFTER_S;
		rc = S3T_OK; /* the old one serves a while */
	}
	p->is_fetching = false;
	p->round++;
	p->last_rc = rc;
	p->last_err = err;
	pthread_cond_broadcast(&p->done);
	return rc;
}

static void wake_waiters(void *arg)
{
	struct creds_provider *p = arg;
	pthread_mutex_lock(&p->lock);
	pthread_cond_broadcast(&p->done);
	pthread_mutex_unlock(&p->lock);
}

static enum s3t_rc get_locked(struct creds_provider *p, struct cancel *cancel)
{
	for (;;) {
		if (cancel_is_set(cancel))
			return S3T_CANCELLED;
		if (!p->is_fetching) {
			if (p->cached && time_wall_s() < p->renew_s)
				return S3T_OK;
			return renew_locked(p, cancel);
		}
		unsigned round = p->round;
		while (p->is_fetching && p->round == round && !cancel_is_set(cancel))
			pthread_cond_wait(&p->done, &p->lock);
		/* Another's cancelling is not ours; its failure is. */
		if (p->round != round && p->last_rc != S3T_CANCELLED && p->last_rc != S3T_OK)
			return p->last_rc;
	}
}

enum s3t_rc creds_provider_get(
	struct creds_provider *p, struct cancel *cancel, struct creds **out, struct s3t_err *err)
{
	*out = NULL;
	if (!p->fetch) {
		*out = creds_ref(p->cached);
		return S3T_OK;
	}
	struct cancel_waker waker = {.wake = wake_waiters, .arg = p};
	cancel_add_waker(cancel, &waker);
	pthread_mutex_lock(&p->lock);
	enum s3t_rc rc = get_locked(p, cancel);
	if (rc == S3T_OK)
		*out = creds_ref(p->cached);
	else if (rc == S3T_CANCELLED)
		(void)s3t_fail(err, S3T_CANCELLED, "Cancelled.");
	else if (err)
		*err = p->last_err;
	pthread_mutex_unlock(&p->lock);
	cancel_remove_waker(cancel, &waker);
	return rc;
}

struct creds *creds_provider_cached(struct creds_provider *p)
{
	pthread_mutex_lock(&p->lock);
	struct creds *c = p->cached ? creds_ref(p->cached) : NULL;
	pthread_mutex_unlock(&p->lock);
	return c;
}

bool creds_provider_is_ready(struct creds_provider *p)
{
	if (!p->fetch)
		return true;
	pthread_mutex_lock(&p->lock);
	bool is_ready = p->cached && time_wall_s() < p->renew_s;
	pthread_mutex_unlock(&p->lock);
	return is_ready;
}

void creds_provider_invalidate(struct creds_provider *p)
{
	pthread_mutex_lock(&p->lock);
	p->forgotten++;
	p->renew_s = INT64_MIN;
	if (p->fetch) {
		creds_unref(p->cached);
		p->cached = NULL;
	}
	pthread_mutex_unlock(&p->lock);
}
