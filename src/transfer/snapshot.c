#include "core/text.h"
#include "core/timeutil.h"
#include "transfer/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void copy_name(char out[VIEW_TEXT_MAX], struct strview name)
{
	struct strbuf sb;
	strbuf_init_cap(&sb, 4096);
	if (name.len > 512) /* the end tells more than the beginning */
		name = sv_from(name, name.len - 512);
	path_show(&sb, name);
	snprintf(out, VIEW_TEXT_MAX, "%s", sb.data);
	strbuf_deinit(&sb);
}

static void title_of(const struct job *job, char out[VIEW_TEXT_MAX])
{
	const struct job_spec *spec = &job->spec;
	char name[VIEW_TEXT_MAX] = "", target[VIEW_TEXT_MAX] = "";
	if (spec->source_count) {
		const struct job_source *s = &spec->sources[0];
		struct strview first = spec->kind == JOB_MKDIR
					       ? sv_n(s->target_rel, s->target_rel_len)
					       : path_basename(sv_n(s->path, s->path_len));
		copy_name(name, first);
	}
	copy_name(target, sv_n(spec->target_root, spec->target_root_len));
	char more[32] = "";
	if (spec->source_count > 1)
		snprintf(more, sizeof more, " and %zu more", spec->source_count - 1);
	bool has_target = spec->to && spec->kind != JOB_MKDIR && spec->kind != JOB_CHANGE;
	snprintf(out, VIEW_TEXT_MAX, "%s %.80s%s%s%.120s", job_kind_word(spec->kind), name, more,
		has_target ? " to " : "", has_target ? target : "");
}

static struct item_view *add_item(struct engine_snapshot *s)
{
	if (s->item_count == SNAPSHOT_ITEMS_MAX)
		return NULL;
	if (s->item_count == s->item_capacity) {
		size_t grown = s->item_capacity ? s->item_capacity * 2 : 32;
		struct item_view *more = realloc(s->items, grown * sizeof *more);
		if (!more)
			s3t_oom();
		s->items = more;
		s->item_capacity = grown;
	}
	return &s->items[s->item_count++];
}

static void view_items(struct engine_snapshot *s, const struct item_list *l, size_t max)
{
	size_t n = 0;
	for (const struct item *it = l->head; it && n < max; it = it->next, n++) {
		struct item_view *v = add_item(s);
		if (!v)
			return;
		int64_t bytes = atomic_load_explicit(&it->bytes, memory_order_relaxed);
		*v = (struct item_view){.job = it->job->id,
			.id = it->id,
			.state = it->state,
			.size = it->stat.size,
			.bytes = bytes > 0 ? (uint64_t)bytes : 0,
			.connections = it->parts_running,
			.retries =
				(uint32_t)atomic_load_explicit(&it->retries, memory_order_relaxed),
			.started_ms = it->started_ms};
		copy_name(v->name, path_basename(sv_n(it->path, it->path_len)));
		if (it->state != ITEM_STARTING) { /* else they are the starting worker's */
			v->parts = it->plan.part_count;
			v->parts_done = it->parts.done_count;
			copy_name(v->target, sv_n(it->target, it->target_len));
		}
		if (it->state == ITEM_BROKEN)
			snprintf(v->message, sizeof v->message, "%.255s", it->err.message);
	}
}

static void view_job_locked(const struct job *job, struct job_view *v)
{
	int64_t bytes = atomic_load_explicit(&job->bytes_done, memory_order_relaxed);
	*v = (struct job_view){.id = job->id,
		.kind = job->spec.kind,
		.state = job->state,
		.is_counting = !job->scan_done,
		.was_cancelled = job->was_cancelled,
		.items_total = job->items_total,
		.items_done = job->items_done,
		.items_failed = job->items_failed,
		.items_skipped = job->items_skipped,
		.items_asking = job->asking.count,
		.items_running = job->active.count,
		.bytes_total = job->bytes_total,
		.bytes_done = bytes > 0 ? (uint64_t)bytes : 0,
		.started_ms = job->started_ms,
		.ended_ms = job->ended_ms,
		.is_paused = job->is_paused,
		.is_kept = job_is_kept_locked(job)};
	v->connections = (uint32_t)job->works;
	v->raised_part = job->raised_part;
	for (int i = 0; i < LINKS; i++)
		v->is_slowed = v->is_slowed ||
			       (job->links[i] && pace_yields(&job->links[i]->pace, time_mono_ms()));
	memcpy(v->uid, job->uid, sizeof v->uid);
	title_of(job, v->title);
	if (job->problem.rc != S3T_OK)
		snprintf(v->message, sizeof v->message, "%.255s", job->problem.message);
}

void engine_snapshot(struct engine *e, struct engine_snapshot *out)
{
	out->job_count = out->item_count = 0;
	out->bytes_per_second_limit = limiter_rate(&e->limiter);
	pthread_mutex_lock(&e->lock);
	for (struct job *job = e->jobs; job; job = job->next) {
		if (out->job_count == out->job_capacity) {
			size_t grown = out->job_capacity ? out->job_capacity * 2 : 8;
			struct job_view *more = realloc(out->jobs, grown * sizeof *more);
			if (!more)
				s3t_oom();
			out->jobs = more;
			out->job_capacity = grown;
		}
		view_job_locked(job, &out->jobs[out->job_count++]);
		view_items(out, &job->active, SNAPSHOT_ITEMS_MAX);
		view_items(out, &job->asking, 50);
		view_items(out, &job->broken, 100);
		view_items(out, &job->waiting, 50);
	}
	pthread_mutex_unlock(&e->lock);
}

void engine_snapshot_deinit(struct engine_snapshot *s)
{
	free(s->jobs);
	free(s->items);
	*s = (struct engine_snapshot){0};
}
