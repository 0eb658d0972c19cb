#include "core/call_stats.h"

#include "core/timeutil.h"

#include <stdio.h>
#include <string.h>

enum { FIRST_SHIFT = 6, STEPS = 4, SLOW_US = 1000000, SILENT_MS = 5000 };

static const char *const words[] = {
#define X(name, word) [CALL_OP_##name] = word,
	CALL_OPS(X)
#undef X
};

const char *call_op_word(enum call_op op)
{
	return words[op];
}

const char *connection_word(enum connection_state state)
{
	static const char *const states[] = {[CONNECTION_UNKNOWN] = "not asked yet",
		[CONNECTION_OK] = "ok",
		[CONNECTION_SLOW] = "slow",
		[CONNECTION_FAILING] = "failing"};
	return states[state];
}

static bool asks(struct strview query, const char *name)
{
	size_t len = strlen(name);
	while (query.len) {
		size_t end = sv_find(query, ' ');
		if (end == len && memcmp(query.data, name, len) == 0)
			return true;
		query = sv_from(query, end < query.len ? end + 1 : end);
	}
	return false;
}

enum call_op call_op_of(const char *method, struct strview query, bool has_key, bool is_copy)
{
	bool is_get = strcmp(method, "GET") == 0, is_put = strcmp(method, "PUT") == 0;
	if (is_copy)
		return CALL_OP_COPY;
	if (asks(query, "partNumber") && is_put)
		return CALL_OP_PART;
	if (asks(query, "uploads") || asks(query, "uploadId"))
		return CALL_OP_MULTIPART;
	if (asks(query, "delete") || strcmp(method, "DELETE") == 0)
		return CALL_OP_DELETE;
	if (strcmp(method, "HEAD") == 0)
		return CALL_OP_HEAD;
	bool is_listing = asks(query, "list-type") || asks(query, "versions") ||
			  asks(query, "prefix") || !query.len;
	if (is_get && !has_key)
		return is_listing ? CALL_OP_LIST : CALL_OP_OTHER;
	bool is_plain = !query.len || asks(query, "versionId");
	if (has_key && is_plain && (is_get || is_put))
		return is_get ? CALL_OP_GET : CALL_OP_PUT;
	return CALL_OP_OTHER;
}

static size_t bucket_of(int64_t us)
{
	uint64_t n = us > 0 ? (uint64_t)us : 0;
	if (n >> FIRST_SHIFT == 0)
		return 0;
	int top = 63 - __builtin_clzll(n);
	size_t step = (size_t)(n >> (top - 2)) & (STEPS - 1);
	size_t bucket = (size_t)(top - FIRST_SHIFT) * STEPS + step;
	return bucket < LATENCY_BUCKETS ? bucket : LATENCY_BUCKETS - 1;
}

int64_t latency_bound_us(size_t bucket)
{
	int64_t base = (int64_t)1 << (FIRST_SHIFT + bucket / STEPS);
	return base + base / STEPS * (int64_t)(bucket % STEPS + 1);
}

int64_t latency_percentile_us(const struct call_op_stats *s, double percent)
{
	double wanted = (double)s->count * percent / 100;
	uint64_t seen = 0;
	for (size_t i = 0; i < LATENCY_BUCKETS; i++) {
		seen += s->buckets[i];
		if (seen && (double)seen >= wanted)
			return latency_bound_us(i);
	}
	return 0;
}

void call_stats_init(struct call_stats *s)
{
	memset(s, 0, sizeof *s);
	pthread_mutex_init(&s->lock, NULL);
}

void call_stats_deinit(struct call_stats *s)
{
	pthread_mutex_destroy(&s->lock);
}

static void count_code(struct call_stats_view *v, const char *code)
{
	size_t i = 0;
	while (i < v->code_count && strcmp(v->codes[i].code, code) != 0)
		i++;
	if (i == v->code_count && i < CALL_CODES_MAX) {
		bool is_last = i == CALL_CODES_MAX - 1;
		snprintf(
			v->codes[i].code, sizeof v->codes[i].code, "%s", is_last ? "others" : code);
		v->code_count++;
	}
	v->codes[i < CALL_CODES_MAX ? i : CALL_CODES_MAX - 1].count++;
}

/* What tells of the connection, and not of what was asked for. */
static bool is_of_connection(enum s3t_rc rc)
{
	switch (rc) {
	case S3T_RESOLVE:
	case S3T_CONNECT:
	case S3T_TLS:
	case S3T_TIMEOUT:
	case S3T_NETWORK:
	case S3T_SERVER:
	case S3T_CREDENTIALS:
	case S3T_AUTH:
	case S3T_CLOCK:
		return true;
	default:
		return false;
	}
}

static void judge_connection(struct call_stats_view *v, enum s3t_rc rc, int64_t first_byte_us)
{
	enum connection_state state = CONNECTION_OK;
	if (first_byte_us > 0)
		v->latency_us =
			v->latency_us ? (v->latency_us * 7 + first_byte_us) / 8 : first_byte_us;
	if (is_of_connection(rc))
		state = CONNECTION_FAILING;
	else if (rc == S3T_SLOW_DOWN || v->latency_us > SLOW_US)
		state = CONNECTION_SLOW;
	if (state != v->state)
		v->since_s = time_wall_s();
	v->state = state;
}

void call_stats_add(struct call_stats *s, enum call_op op, int64_t total_us, int64_t first_byte_us,
	enum s3t_rc rc, const char *code)
{
	if (rc == S3T_CANCELLED)
		return;
	pthread_mutex_lock(&s->lock);
	struct call_op_stats *o = &s->view.ops[op];
	o->count++;
	o->total_us += (uint64_t)(total_us > 0 ? total_us : 0);
	o->buckets[bucket_of(total_us)]++;
	if (rc != S3T_OK) {
		o->errors++;
		count_code(&s->view, *code ? code : s3t_rc_name(rc));
	}
	judge_connection(&s->view, rc, first_byte_us);
	s->last_ms = time_mono_ms();
	pthread_mutex_unlock(&s->lock);
}

void call_stats_begin(struct call_stats *s, struct call_wait *wait)
{
	pthread_mutex_lock(&s->lock);
	wait->since_ms = time_mono_ms();
	wait->next = s->waits;
	s->waits = wait;
	pthread_mutex_unlock(&s->lock);
}

void call_stats_end(struct call_stats *s, struct call_wait *wait)
{
	pthread_mutex_lock(&s->lock);
	struct call_wait **at = &s->waits;
	while (*at && *at != wait)
		at = &(*at)->next;
	if (*at)
		*at = wait->next;
	pthread_mutex_unlock(&s->lock);
}

/* What nobody has answered for long makes slow of what was ok. */
static void judge_silence(const struct call_wait *waits, struct call_stats_view *v)
{
	int64_t longest_ms = 0, now_ms = time_mono_ms();
	for (const struct call_wait *w = waits; w; w = w->next)
		if (now_ms - w->since_ms > longest_ms)
			longest_ms = now_ms - w->since_ms;
	if (longest_ms < SILENT_MS || v->state == CONNECTION_SLOW || v->state == CONNECTION_FAILING)
		return;
	v->state = CONNECTION_SLOW;
	v->since_s = time_wall_s() - longest_ms / 1000;
}

enum connection_state call_stats_connection(struct call_stats *s, int64_t *since_s)
{
	pthread_mutex_lock(&s->lock);
	struct call_stats_view now = {.state = s->view.state, .since_s = s->view.since_s};
	judge_silence(s->waits, &now);
	enum connection_state state = now.state;
	*since_s = now.since_s;
	pthread_mutex_unlock(&s->lock);
	return state;
}

int64_t call_stats_last_ms(struct call_stats *s)
{
	pthread_mutex_lock(&s->lock);
	int64_t last_ms = s->last_ms;
	pthread_mutex_unlock(&s->lock);
	return last_ms;
}

void call_stats_read(struct call_stats *s, struct call_stats_view *out)
{
	pthread_mutex_lock(&s->lock);
	*out = s->view;
	judge_silence(s->waits, out);
	pthread_mutex_unlock(&s->lock);
}
