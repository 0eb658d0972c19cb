#include "core/timeutil.h"
#include "transfer/internal.h"

#include <stdlib.h>

void batch_free(struct batch *b)
{
	free(b->paths);
	free(b->arena);
	free(b);
}

struct failures {
	struct job *job;
	const struct batch *batch;
	size_t count;
};

static void failed_locked(
	struct job *job, const struct batch *b, size_t index, const struct s3t_err *why)
{
	/* counted when the batch was booked */
	job->items_total--;
	job_problem_locked(job, b->source_index, b->paths[index], sv_n("", 0), ITEM_FAILED, why);
}

static void on_failed(void *arg, size_t index, const struct s3t_err *why)
{
	struct failures *f = arg;
	f->count++;
	pthread_mutex_lock(&f->job->engine->lock);
	failed_locked(f->job, f->batch, index, why);
	pthread_mutex_unlock(&f->job->engine->lock);
}

void batch_run(struct worker *w, struct job *job, struct batch *b)
{
	struct loc_io io = {.conn = w->conn, .cancel = job->cancel};
	struct failures f = {.job = job, .batch = b};
	struct s3t_err err;
	int64_t began_ms = time_mono_ms();
	enum s3t_rc rc = S3T_OK;
	if (!job->spec.dry_run)
		rc = job->spec.from->ops->remove(
			job->spec.from, &io, b->paths, b->count, on_failed, &f, &err);
	pthread_mutex_lock(&job->engine->lock);
	if (rc == S3T_OK) {
		job->items_done += b->count - f.count;
		if (!job->spec.dry_run)
			metrics_add(&job->engine->metrics.deletes_total, b->count - f.count);
		for (size_t i = 0; i < b->count && job->spec.report_items && !f.count; i++) {
			struct event *e = event_new(job, EV_ITEM);
			e->source = s3t_strndup(b->paths[i].data, b->paths[i].len);
			e->source_len = b->paths[i].len;
			msgq_push(job->engine->events, &e->msg);
		}
	} else if (rc != S3T_CANCELLED && !f.count && job_put_off_locked(job, began_ms, &err)) {
		b->next = job->batches;
		job->batches = b;
		job->batch_count++;
		b = NULL;
	} else if (rc != S3T_CANCELLED) {
		for (size_t i = 0; i < b->count; i++)
			failed_locked(job, b, i, &err);
	}
	pthread_mutex_unlock(&job->engine->lock);
	if (b)
		batch_free(b);
}
