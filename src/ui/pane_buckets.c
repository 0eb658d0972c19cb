/*
 * Buckets that a profile names in s3tui.ini: they stand in the list of buckets also where the
 * server may not be asked for that list. Whether they can be reached is asked for each, one request
 * a bucket.
 */
#include "ui/pane_private.h"

#include "core/timeutil.h"

#include <stdlib.h>

struct reach {
	struct s3_client *client;
	char *bucket;
	enum bucket_access access;
};

static void reach_free(void *arg)
{
	struct reach *r = arg;
	s3_client_unref(r->client);
	free(r->bucket);
	free(r);
}

/* On a lister's worker. What is found out is the result; it never fails. */
static enum s3t_rc run_reach(
	void *arg, struct http_conn *conn, struct cancel *cancel, struct s3t_err *err)
{
	struct reach *r = arg;
	struct s3_ctx ctx = {.client = r->client, .conn = conn, .cancel = cancel};
	enum s3t_rc rc = s3_head_bucket(&ctx, sv(r->bucket), err);
	r->access = rc == S3T_OK          ? BUCKET_OPEN
		    : rc == S3T_DENIED    ? BUCKET_DENIED
		    : rc == S3T_NOT_FOUND ? BUCKET_ABSENT
					  : BUCKET_FAILED;
	return S3T_OK;
}

struct pinning {
	struct pane *pane;
	struct listing *listing;
	struct entry_page *page;
};

static void pin(struct pinning *to, struct strview bucket)
{
	bucket = sv_trim(bucket);
	for (uint32_t i = 0; i < to->page->count; i++)
		if (sv_eq(bucket, entry_name(to->page, &to->page->entries[i])))
			return;
	if (bucket.len && listing_find(to->listing, bucket, 0) == LISTING_NONE &&
		to->pane->pin_count + to->page->count < PINS_MAX)
		(void)entry_page_add(to->page, bucket, ENTRY_BUCKET, 0, TIME_UNKNOWN, 0, SV(""));
}

static void ask(struct pane *p, uint32_t id, struct strview bucket)
{
	struct reach *r = s3t_alloc(sizeof *r);
	r->client = s3_client_ref(location_s3_client(p->location));
	r->bucket = s3t_strndup(bucket.data, bucket.len);
	p->pins[p->pin_count++] =
		(struct pin){.id = id, .task = lister_run(p->lister, run_reach, r, reach_free)};
}

void pane_pin_buckets(struct pane *p, struct listing *l)
{
	struct s3_client *client = location_s3_client(p->location);
	if (!client || p->path_len)
		return;
	const struct settings *s = &s3_client_profile(client)->settings;
	struct pinning to = {.pane = p, .listing = l, .page = entry_page_new(false)};
	pin(&to, sv(s->default_bucket));
	for (struct strview rest = sv(s->buckets); rest.len;) {
		size_t n = sv_find(rest, ',');
		pin(&to, sv_n(rest.data, n));
		rest = sv_from(rest, n + 1);
	}
	uint32_t slot = listing_slots(l);
	size_t count = to.page->count;
	if (!listing_add(l, to.page))
		return;
	for (size_t i = 0; i < count; i++) {
		uint32_t id = listing_id(slot, (uint32_t)i);
		ask(p, id, listing_name(l, id));
	}
}

bool pane_on_reach(struct pane *p, const struct lister_event *e)
{
	for (size_t i = 0; i < p->pin_count; i++) {
		if (p->pins[i].task != e->id)
			continue;
		p->pins[i].task = 0;
		if (e->err.rc == S3T_OK)
			p->pins[i].access = ((const struct reach *)e->arg)->access;
		return true;
	}
	return false;
}

const char *pane_access_text(const struct pane *p, uint32_t id)
{
	static const char *const texts[] = {[BUCKET_ASKED] = "pinned",
		[BUCKET_OPEN] = "open",
		[BUCKET_DENIED] = "denied",
		[BUCKET_ABSENT] = "absent",
		[BUCKET_FAILED] = "unknown"};
	for (size_t i = 0; i < p->pin_count; i++)
		if (p->pins[i].id == id)
			return texts[p->pins[i].access];
	return NULL;
}

void pane_drop_pins(struct pane *p)
{
	for (size_t i = 0; i < p->pin_count; i++)
		if (p->pins[i].task)
			lister_cancel(p->lister, p->pins[i].task);
	p->pin_count = 0;
}
