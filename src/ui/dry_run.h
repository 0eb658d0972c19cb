/*
 * What a job would do: it is run without changing anything, and each item is listed, with how many
 * requests and bytes that would take. For dialogs; UI thread only.
 */
#ifndef UI_DRY_RUN_H
#define UI_DRY_RUN_H

#include "ui/app.h"

struct dry_run {
	job_id job; /* that looks; 0: none */
	enum job_kind kind;
	bool from_s3, to_s3, is_same_service;
	uint64_t threshold, part_size; /* of uploads */
	uint64_t count, others;        /* that would be done; that would not */
	uint64_t requests, bytes;
	struct strbuf list;
};

void dry_run_init(struct dry_run *d);
/* Takes spec. */
void dry_run_begin(struct dry_run *d, struct app *app, struct job_spec *spec);
/* For the dialog's on_event. True: it is over, and its list is open. */
bool dry_run_on_event(struct dry_run *d, struct app *app, const struct event *e);
/* Ends it, if it still looks. */
void dry_run_deinit(struct dry_run *d, struct app *app);

#endif
