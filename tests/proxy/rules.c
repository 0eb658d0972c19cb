#include "rules.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { RULES_MAX = 64 };

const char rules_help[] =
	"A RULE is key=value,key=value,... The first one that strikes has the request.\n"
	"When:\n"
	"  method=PUT      this method              path=TEXT    TEXT in the raw path\n"
	"  query=TEXT      TEXT in the raw query    header=NAME  such a header is there\n"
	"  nth=N           from the Nth request that matches (1)\n"
	"  times=N|forever so many of them (1)\n"
	"What, do=KIND:\n"
	"  refuse          reset as soon as the request is read; nothing reaches the server\n"
	"  delay           wait ms=N first\n"
	"  hold            wait for PUT /-/release first\n"
	"  delay-response  the work is done, the answer waits ms=N or until the client goes\n"
	"  reset-request, fin-request, stall-request\n"
	"                  RST, FIN or silence after at=N bytes of the request's body; at 0, and\n"
	"                  without a body, nothing reaches the server. ms=N: a stall ends\n"
	"  reset-response, fin-response, stall-response\n"
	"                  the same after at=N bytes of the response's body\n"
	"  flip-request, flip-response\n"
	"                  the lowest bit of byte at=N\n"
	"  lose-response   the work is done, the connection closed (how=reset: RST) without an "
	"answer\n"
	"  slow            rate=N bytes a second of body in both directions\n"
	"  answer          status=503,code=SlowDown instead of the work; retry_after=N,\n"
	"                  body=FILE as the body, early=yes without reading the request's body\n"
	"  error-after     the work is done, then status=500,code=InternalError\n"
	"  error-200       200 with <Error> and code=InternalError; the work is not done\n"
	"  cut-body        the response's body ends at=N, Content-Length says so\n"
	"  short-length    Content-Length says by=N more (1) than there is, then FIN\n"
	"  ignore-range    200 with the whole object. A signature that covers Range goes with it:\n"
	"                  the object must be public\n"
	"  wrong-range     Content-Range is off by one\n"
	"  drop-etag, change-etag\n"
	"at=50% is half of the body; a body that is too short for at=N passes whole.\n";

struct counted {
	struct rule rule;
	long seen, struck;
};

struct rules {
	pthread_mutex_t lock;
	/* guarded by lock */
	struct counted *list;
	size_t count;
	long struck, releases;
};

static const char *const kind_names[KIND_COUNT] = {
	[KIND_NONE] = "none",
	[KIND_REFUSE] = "refuse",
	[KIND_DELAY] = "delay",
	[KIND_HOLD] = "hold",
	[KIND_DELAY_RESPONSE] = "delay-response",
	[KIND_RESET_REQUEST] = "reset-request",
	[KIND_FIN_REQUEST] = "fin-request",
	[KIND_STALL_REQUEST] = "stall-request",
	[KIND_FLIP_REQUEST] = "flip-request",
	[KIND_RESET_RESPONSE] = "reset-response",
	[KIND_FIN_RESPONSE] = "fin-response",
	[KIND_STALL_RESPONSE] = "stall-response",
	[KIND_FLIP_RESPONSE] = "flip-response",
	[KIND_LOSE_RESPONSE] = "lose-response",
	[KIND_SLOW] = "slow",
	[KIND_ANSWER] = "answer",
	[KIND_ERROR_AFTER] = "error-after",
	[KIND_ERROR_200] = "error-200",
	[KIND_CUT_BODY] = "cut-body",
	[KIND_SHORT_LENGTH] = "short-length",
	[KIND_IGNORE_RANGE] = "ignore-range",
	[KIND_WRONG_RANGE] = "wrong-range",
	[KIND_DROP_ETAG] = "drop-etag",
	[KIND_CHANGE_ETAG] = "change-etag",
};

static bool set_text(char *out, size_t size, const char *value)
{
	return snprintf(out, size, "%s", value) < (int)size;
}

static bool set_number(long *out, const char *value)
{
	char *end;
	*out = strtol(value, &end, 10);
	return end != value && !*end && *out >= 0;
}

static bool set_place(struct rule *rule, const char *value)
{
	char *end;
	rule->at = strtoll(value, &end, 10);
	rule->is_percent = *end == '%';
	return end != value && !end[rule->is_percent] && rule->at >= 0;
}

static bool set_kind(struct rule *rule, const char *value)
{
	for (int i = KIND_NONE + 1; i < KIND_COUNT; i++)
		if (strcmp(kind_names[i], value) == 0)
			rule->kind = (enum kind)i;
	return rule->kind != KIND_NONE;
}

static bool set_key(struct rule *rule, const char *key, const char *value)
{
	if (strcmp(key, "method") == 0)
		return set_text(rule->method, sizeof rule->method, value);
	if (strcmp(key, "path") == 0)
		return set_text(rule->path, sizeof rule->path, value);
	if (strcmp(key, "query") == 0)
		return set_text(rule->query, sizeof rule->query, value);
	if (strcmp(key, "header") == 0)
		return set_text(rule->header, sizeof rule->header, value);
	if (strcmp(key, "nth") == 0)
		return set_number(&rule->nth, value) && rule->nth > 0;
	if (strcmp(key, "times") == 0 && strcmp(value, "forever") == 0) {
		rule->times = -1;
		return true;
	}
	if (strcmp(key, "times") == 0)
		return set_number(&rule->times, value);
	if (strcmp(key, "do") == 0)
		return set_kind(rule, value);
	if (strcmp(key, "at") == 0)
		return set_place(rule, value);
	if (strcmp(key, "ms") == 0)
		return set_number(&rule->ms, value);
	if (strcmp(key, "rate") == 0)
		return set_number(&rule->rate, value) && rule->rate > 0;
	if (strcmp(key, "by") == 0)
		return set_number(&rule->by, value);
	if (strcmp(key, "early") == 0)
		return rule->is_early = strcmp(value, "yes") == 0;
	if (strcmp(key, "how") == 0)
		return rule->is_reset = strcmp(value, "reset") == 0;
	if (strcmp(key, "code") == 0)
		return set_text(rule->code, sizeof rule->code, value);
	if (strcmp(key, "retry_after") == 0)
		return set_text(rule->retry_after, sizeof rule->retry_after, value);
	if (strcmp(key, "body") == 0)
		return set_text(rule->body, sizeof rule->body, value);
	long status = 0;
	if (strcmp(key, "status") != 0 || !set_number(&status, value) || status < 200 ||
		status > 599)
		return false;
	rule->status = (int)status;
	return true;
}

static bool parse(const char *text, struct rule *out, char *why, size_t why_size)
{
	*out = (struct rule){.nth = 1, .times = 1, .ms = -1, .by = 1};
	char copy[sizeof out->text], *rest = copy;
	if (!set_text(copy, sizeof copy, text) || !set_text(out->text, sizeof out->text, text)) {
		snprintf(why, why_size, "a rule is too long");
		return false;
	}
	for (char *pair; (pair = strsep(&rest, ","));) {
		char *value = strchr(pair, '=');
		if (value)
			*value++ = '\0';
		if (!value || !set_key(out, pair, value)) {
			snprintf(why, why_size, "%s: not understood: %s%s%s", text, pair,
				value ? "=" : "", value ? value : "");
			return false;
		}
	}
	if (out->kind == KIND_NONE) {
		snprintf(why, why_size, "%s: do= is missing", text);
		return false;
	}
	if (!out->status)
		out->status = out->kind == KIND_ANSWER ? 503 : 500;
	if (!out->code[0])
		set_text(out->code, sizeof out->code,
			out->status == 503 ? "SlowDown" : "InternalError");
	if (!out->rate)
		out->rate = 1000;
	return true;
}

struct rules *rules_new(void)
{
	struct rules *r = calloc(1, sizeof *r);
	if (r)
		r->list = calloc(RULES_MAX, sizeof *r->list);
	if (!r || !r->list)
		abort();
	pthread_mutex_init(&r->lock, NULL);
	return r;
}

bool rules_add(struct rules *r, const char *text, char *why, size_t why_size)
{
	struct counted new = {0};
	if (!parse(text, &new.rule, why, why_size))
		return false;
	pthread_mutex_lock(&r->lock);
	bool fits = r->count < RULES_MAX;
	if (fits)
		r->list[r->count++] = new;
	pthread_mutex_unlock(&r->lock);
	if (!fits)
		snprintf(why, why_size, "more than %d rules", RULES_MAX);
	return fits;
}

bool rules_replace(struct rules *r, const char *lines, char *why, size_t why_size)
{
	struct rules *new = rules_new();
	char *copy = strdup(lines), *rest = copy;
	if (!copy)
		abort();
	bool is_good = true;
	for (char *line; is_good && (line = strsep(&rest, "\r\n"));)
		if (*line)
			is_good = rules_add(new, line, why, why_size);
	free(copy);
	if (is_good) {
		pthread_mutex_lock(&r->lock);
		struct counted *old = r->list;
		r->list = new->list;
		r->count = new->count;
		r->struck = 0;
		new->list = old;
		pthread_mutex_unlock(&r->lock);
		rules_release(r);
	}
	free(new->list);
	pthread_mutex_destroy(&new->lock);
	free(new);
	return is_good;
}

static bool matches(const struct rule *rule, const struct head *request)
{
	char path[sizeof request->target], value[8];
	size_t len = strcspn(request->target, "?");
	snprintf(path, sizeof path, "%.*s", (int)len, request->target);
	return (!rule->method[0] || strcmp(rule->method, request->method) == 0) &&
	       strstr(path, rule->path) && strstr(request->target + len, rule->query) &&
	       (!rule->header[0] || head_get(request, rule->header, value, sizeof value));
}

bool rules_strike(struct rules *r, const struct head *request, struct rule *out)
{
	bool is_struck = false;
	pthread_mutex_lock(&r->lock);
	for (size_t i = 0; i < r->count && !is_struck; i++) {
		struct counted *c = &r->list[i];
		if (!matches(&c->rule, request) || ++c->seen < c->rule.nth ||
			(c->rule.times >= 0 && c->struck >= c->rule.times))
			continue;
		c->struck++;
		r->struck++;
		*out = c->rule;
		is_struck = true;
	}
	pthread_mutex_unlock(&r->lock);
	return is_struck;
}

static long get(struct rules *r, const long *value)
{
	pthread_mutex_lock(&r->lock);
	long now = *value;
	pthread_mutex_unlock(&r->lock);
	return now;
}

long rules_struck(struct rules *r)
{
	return get(r, &r->struck);
}

long rules_releases(struct rules *r)
{
	return get(r, &r->releases);
}

void rules_release(struct rules *r)
{
	pthread_mutex_lock(&r->lock);
	r->releases++;
	pthread_mutex_unlock(&r->lock);
}

int64_t rule_place(const struct rule *rule, int64_t total)
{
	int64_t at = rule->at;
	if (rule->is_percent)
		at = total > 0 ? (int64_t)((double)total * (double)rule->at / 100) : 0;
	if (total <= 0 || at < total)
		return at;
	return rule->is_percent ? total - 1 : -1;
}
