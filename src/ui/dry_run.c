#include "ui/dry_run.h"

#include "core/text.h"
#include "transfer/plan.h"
#include "ui/dialogs.h"

#include <string.h>

enum { SHOWN = 1000, LIST_BYTES_MAX = 1 << 20 };

void dry_run_init(struct dry_run *d)
{
	*d = (struct dry_run){.job = 0};
	strbuf_init_cap(&d->list, LIST_BYTES_MAX);
}

static void forget(struct dry_run *d)
{
	d->job = 0;
	d->count = d->others = d->requests = d->bytes = 0;
	strbuf_reset(&d->list);
}

/* Nobody asks for it any more. */
static void end(struct dry_run *d, struct app *app)
{
	if (d->job)
		engine_cancel(app_engine(app), d->job);
}

void dry_run_begin(struct dry_run *d, struct app *app, struct job_spec *spec)
{
	struct s3_client *from = location_s3_client(spec->from), *to = location_s3_client(spec->to);
	end(d, app);
	forget(d);
	job_spec_take_profiles(spec);
	d->kind = spec->kind;
	d->from_s3 = from;
	d->to_s3 = to;
	d->is_same_service = from && to && s3_client_same_service(from, to);
	d->threshold = spec->multipart_threshold;
	d->part_size = spec->part_size;
	spec->dry_run = spec->report_items = true;
	if (spec->policy == CONFLICT_ASK)
		spec->policy = CONFLICT_FAIL; /* what exists is named as such */
	d->job = engine_submit(app_engine(app), spec);
}

/* How often the server would be asked for one item; deletes go by the thousand. */
static uint64_t requests_of(const struct dry_run *d, uint64_t size)
{
	struct plan plan;
	uint64_t n = 0;
	if (d->is_same_service)
		return 2 + (d->kind == JOB_MOVE); /* copy, and a look at what came of it */
	if (d->from_s3)
		n += plan_download(size, true, 0).part_count;
	if (d->to_s3 && plan_upload(size, d->threshold, d->part_size, S3_PARTS_MAX, &plan))
		n += plan.part_count > 1 ? plan.part_count + 2 : 1;
	return n + (d->kind == JOB_MOVE && d->from_s3);
}

/* Below its item, a line each. */
static void add_note(struct dry_run *d, const char *note)
{
	for (struct strview rest = sv(note); rest.len;
		rest = sv_from(rest, sv_find(rest, '\n') + 1))
		strbuf_addf(&d->list, "    %.*s\n", (int)sv_find(rest, '\n'), rest.data);
}

static void take_item(struct dry_run *d, const struct event *e)
{
	bool is_done = e->outcome == ITEM_COMPLETED;
	struct strview name = job_kind_removes(d->kind) ? sv_n(e->source, e->source_len)
							: sv_n(e->target, e->target_len);
	char size[TEXT_SIZE_MAX];
	text_size(e->size, size);
	if (is_done) {
		d->count++;
		d->bytes += job_kind_removes(d->kind) ? 0 : e->size;
		d->requests += job_kind_removes(d->kind) ? 0 : requests_of(d, e->size);
	} else {
		d->others++;
	}
	if (d->count + d->others > SHOWN)
		return;
	strbuf_addf(
		&d->list, "%s ", is_done ? job_kind_word(d->kind) : item_outcome_word(e->outcome));
	path_show(&d->list, name);
	if (!job_kind_removes(d->kind))
		strbuf_addf(&d->list, ", %s", size);
	if (e->err.message[0])
		strbuf_addf(&d->list, ": %s", e->err.message);
	strbuf_add_char(&d->list, '\n');
	if (d->kind == JOB_CHANGE && is_done)
		add_note(d, e->result.note ? e->result.note : "as it is\n");
}

static void show(struct dry_run *d, struct app *app)
{
	struct strbuf all;
	char count[32], requests[32], size[TEXT_SIZE_MAX];
	if (job_kind_removes(d->kind) && d->from_s3)
		d->requests = (d->count + S3_DELETE_MAX - 1) / S3_DELETE_MAX;
	strbuf_init_cap(&all, 2 * LIST_BYTES_MAX);
	text_count(d->count, count);
	text_count(d->requests, requests);
	text_size(d->bytes, size);
	strbuf_addf(&all, "%s item%s would be done so", count, d->count == 1 ? "" : "s");
	if (!job_kind_removes(d->kind))
		strbuf_addf(&all, ", %s", size);
	if (d->from_s3 || d->to_s3)
		strbuf_addf(&all, ", about %s request%s", requests, d->requests == 1 ? "" : "s");
	text_count(d->others, count);
	if (d->others)
		strbuf_addf(&all, "; %s would not", count);
	strbuf_add_str(&all, ":\n\n");
	strbuf_add_sv(&all, strbuf_view(&d->list));
	if (d->count + d->others > SHOWN)
		strbuf_addf(&all, "... and %llu more\n",
			(unsigned long long)(d->count + d->others - SHOWN));
	dialog_message_open(app, "Dry run", all.data);
	strbuf_deinit(&all);
}

bool dry_run_on_event(struct dry_run *d, struct app *app, const struct event *e)
{
	if (!d->job || e->job != d->job)
		return false;
	if (e->kind == EV_ITEM)
		take_item(d, e);
	if (e->kind != EV_JOB_DONE)
		return false;
	engine_dismiss(app_engine(app), d->job);
	show(d, app);
	forget(d);
	return true;
}

void dry_run_deinit(struct dry_run *d, struct app *app)
{
	end(d, app);
	strbuf_deinit(&d->list);
}
