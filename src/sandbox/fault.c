#include "sandbox/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sbx_fault_state {
	struct sandbox_fault fault;
	char *method, *target, *code, *body, *region;
	uint32_t seen, struck;
};

static char *copy(const char *text)
{
	return text ? s3t_strdup(text) : NULL;
}

void sandbox_fault(struct sandbox *sb, const struct sandbox_fault *fault)
{
	pthread_mutex_lock(&sb->fault_lock);
	struct sbx_fault_state *grown = realloc(sb->faults, (sb->fault_count + 1) * sizeof *grown);
	if (!grown)
		s3t_oom();
	sb->faults = grown;
	grown[sb->fault_count++] = (struct sbx_fault_state){
		.fault = *fault,
		.method = copy(fault->method),
		.target = copy(fault->target),
		.code = copy(fault->code),
		.body = copy(fault->body),
		.region = copy(fault->region),
	};
	pthread_mutex_unlock(&sb->fault_lock);
}

void sandbox_clear_faults(struct sandbox *sb)
{
	pthread_mutex_lock(&sb->fault_lock);
	for (size_t i = 0; i < sb->fault_count; i++) {
		free(sb->faults[i].method);
		free(sb->faults[i].target);
		free(sb->faults[i].code);
		free(sb->faults[i].body);
		free(sb->faults[i].region);
	}
	free(sb->faults);
	sb->faults = NULL;
	sb->fault_count = 0;
	pthread_mutex_unlock(&sb->fault_lock);
}

void sbx_faults_deinit(struct sandbox *sb)
{
	sandbox_clear_faults(sb);
}

uint64_t sandbox_fault_count(const struct sandbox *sb)
{
	return atomic_load(&sb->faults_struck);
}

/* Counts the request; true if this knob strikes now. */
static bool strikes(struct sbx_fault_state *f, const char *method, const char *target)
{
	if ((f->method && strcmp(f->method, method) != 0) ||
		(f->target && !strstr(target, f->target)))
		return false;
	uint32_t nth = f->fault.nth ? f->fault.nth : 1;
	uint32_t times = f->fault.times ? f->fault.times : 1;
	if (f->seen < UINT32_MAX)
		f->seen++;
	if (f->seen < nth || (times != SANDBOX_FOREVER && f->struck >= times))
		return false;
	return true;
}

static void fill(struct sbx_strike *out, const struct sbx_fault_state *f)
{
	const struct sandbox_fault *fault = &f->fault;
	bool is_internal =
		fault->kind == SANDBOX_FAULT_WORK_ERROR || fault->kind == SANDBOX_FAULT_ERROR_200;
	*out = (struct sbx_strike){
		.is_set = true,
		.kind = fault->kind,
		.status = fault->status,
		.retry_after_s = fault->retry_after_s,
		.bytes = fault->bytes,
		.stall_ms = fault->stall_ms,
		.body = copy(f->body),
	};
	if (!out->status)
		out->status = fault->kind == SANDBOX_FAULT_WORK_ERROR ? 500 : 503;
	const char *code = f->code ? f->code : is_internal ? "InternalError" : "SlowDown";
	snprintf(out->code, sizeof out->code, "%s", code);
	snprintf(out->region, sizeof out->region, "%s", f->region ? f->region : "eu-west-1");
}

void sbx_fault_match(
	struct sandbox *sb, const char *method, const char *target, struct sbx_strike *out)
{
	pthread_mutex_lock(&sb->fault_lock);
	for (size_t i = 0; i < sb->fault_count; i++) {
		struct sbx_fault_state *f = &sb->faults[i];
		if (!strikes(f, method, target) || out->is_set)
			continue;
		f->struck++;
		fill(out, f);
		atomic_fetch_add(&sb->faults_struck, 1);
	}
	pthread_mutex_unlock(&sb->fault_lock);
}
