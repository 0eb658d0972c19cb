/*
 * Which requests are struck, and how. A rule is a line of key=value pairs; the first that strikes
 * has the request to itself, and those behind it do not count it.
 */
#ifndef FAULTPROXY_RULES_H
#define FAULTPROXY_RULES_H

#include "http.h"

enum kind {
	KIND_NONE,
	KIND_REFUSE,
	KIND_DELAY,
	KIND_HOLD,
	KIND_DELAY_RESPONSE,
	KIND_RESET_REQUEST,
	KIND_FIN_REQUEST,
	KIND_STALL_REQUEST,
	KIND_FLIP_REQUEST,
	KIND_RESET_RESPONSE,
	KIND_FIN_RESPONSE,
	KIND_STALL_RESPONSE,
	KIND_FLIP_RESPONSE,
	KIND_LOSE_RESPONSE,
	KIND_SLOW,
	KIND_ANSWER,
	KIND_ERROR_AFTER,
	KIND_ERROR_200,
	KIND_CUT_BODY,
	KIND_SHORT_LENGTH,
	KIND_IGNORE_RANGE,
	KIND_WRONG_RANGE,
	KIND_DROP_ETAG,
	KIND_CHANGE_ETAG,
	KIND_COUNT
};

struct rule {
	/* when */
	char method[24], path[1024], query[256], header[64];
	long nth, times; /* times < 0: forever */
	/* what */
	enum kind kind;
	int64_t at;
	bool is_percent, is_early, is_reset;
	long ms, rate, by;
	int status;
	char code[64], retry_after[16], body[1024];
	char text[2048]; /* as it was given */
};

struct rules;

struct rules *rules_new(void);

/* Adds one; false and a reason where it is none. */
bool rules_add(struct rules *r, const char *text, char *why, size_t why_size);

/* Instead of all others: one a line. The numbers start again at 0. Nothing changes on failure. */
bool rules_replace(struct rules *r, const char *lines, char *why, size_t why_size);

/* The rule that strikes this request, copied to *out. */
bool rules_strike(struct rules *r, const struct head *request, struct rule *out);

long rules_struck(struct rules *r);

/* For the kinds with a gate: the requests that wait go on. */
void rules_release(struct rules *r);
long rules_releases(struct rules *r);

/* Where in a body of this size (-1: unknown) the rule strikes; -1: it has no such place. */
int64_t rule_place(const struct rule *rule, int64_t total);

extern const char rules_help[];

#endif
