#include "transfer/saved.h"

#include "core/timeutil.h"

#include <stdlib.h>
#include <string.h>

void saved_place_set(struct saved_place *p, const struct location *loc)
{
	*p = (struct saved_place){.is_s3 = false};
	const struct s3_client *client = location_s3_client(loc);
	if (!client)
		return;
	const struct profile *profile = s3_client_profile(client);
	struct strbuf address;
	strbuf_init(&address);
	profile_address(profile, &address);
	p->is_s3 = true;
	p->request = profile->request;
	profile_request_own(&p->request);
	p->address = strbuf_take(&address);
}

void saved_place_deinit(struct saved_place *p)
{
	profile_request_deinit(&p->request);
	free(p->address);
	*p = (struct saved_place){.is_s3 = false};
}

bool saved_place_eq(const struct saved_place *a, const struct saved_place *b)
{
	if (a->is_s3 != b->is_s3)
		return false;
	return !a->is_s3 ||
	       (strcmp(a->address ? a->address : "", b->address ? b->address : "") == 0 &&
		       profile_request_eq(&a->request, &b->request));
}

enum s3t_rc saved_place_open(const struct saved_place *p, const struct config *config,
	struct location **out, struct s3t_err *err)
{
	*out = NULL;
	if (!p->is_s3) {
		*out = location_local_new();
		return S3T_OK;
	}
	struct profile *profile = NULL;
	struct strbuf warnings, address;
	strbuf_init(&warnings);
	strbuf_init(&address);
	enum s3t_rc rc = profile_resolve(config, &p->request, NULL, NULL, &profile, &warnings, err);
	if (rc == S3T_OK) {
		profile_address(profile, &address);
		if (strcmp(address.data, p->address ? p->address : "") != 0)
			rc = s3t_fail(err, S3T_CONFIG,
				"Profile %s leads to %s now; the job was for %s (--config and "
				"the environment decide).",
				profile->name, address.data, p->address ? p->address : "");
	}
	if (rc == S3T_OK) {
		struct s3_client *client = s3_client_new(profile);
		*out = location_s3_new(client);
		s3_client_unref(client);
	}
	profile_unref(profile);
	strbuf_deinit(&warnings);
	strbuf_deinit(&address);
	return rc;
}

/* --- done --- */

static void place(struct done_set *s, const uint64_t id[2])
{
	size_t at = id[0] & (s->capacity - 1);
	while ((s->slots[at][0] | s->slots[at][1]) != 0) {
		if (s->slots[at][0] == id[0] && s->slots[at][1] == id[1])
			return;
		at = (at + 1) & (s->capacity - 1);
	}
	memcpy(s->slots[at], id, sizeof s->slots[at]);
	s->count++;
}

/* All zeros mark a free slot; an identity that is all zeros would be one digest in 2^128. */
static void load(const unsigned char identity[MD5_LEN], uint64_t id[2])
{
	memcpy(id, identity, MD5_LEN);
}

void done_set_add(struct done_set *s, const unsigned char identity[MD5_LEN])
{
	uint64_t id[2];
	load(identity, id);
	if (s->count * 4 >= s->capacity * 3) {
		struct done_set grown = {.capacity = s->capacity ? s->capacity * 2 : 256};
		grown.slots = s3t_alloc(grown.capacity * sizeof *grown.slots);
		for (size_t i = 0; i < s->capacity; i++)
			if ((s->slots[i][0] | s->slots[i][1]) != 0)
				place(&grown, s->slots[i]);
		free(s->slots);
		*s = grown;
	}
	place(s, id);
}

bool done_set_has(const struct done_set *s, const unsigned char identity[MD5_LEN])
{
	uint64_t id[2];
	load(identity, id);
	if (!s->count)
		return false;
	size_t at = id[0] & (s->capacity - 1);
	for (; (s->slots[at][0] | s->slots[at][1]) != 0; at = (at + 1) & (s->capacity - 1))
		if (s->slots[at][0] == id[0] && s->slots[at][1] == id[1])
			return true;
	return false;
}

void done_set_deinit(struct done_set *s)
{
	free(s->slots);
	*s = (struct done_set){.slots = NULL};
}

/* --- partials, jobs --- */

struct partial *partial_new(struct strview path, struct strview target, uint32_t part_count)
{
	struct partial *p = s3t_alloc(sizeof *p);
	p->path = s3t_strndup(path.data, path.len);
	p->path_len = path.len;
	p->target = s3t_strndup(target.data, target.len);
	p->target_len = target.len;
	p->mtime_ns = TIME_UNKNOWN;
	p->part_count = part_count;
	parts_init(&p->ranges, part_count);
	return p;
}

void partial_free(struct partial *p)
{
	if (!p)
		return;
	free(p->path);
	free(p->target);
	loc_token_deinit(&p->token);
	parts_deinit(&p->ranges);
	free(p);
}

void saved_job_free(struct saved_job *job)
{
	if (!job)
		return;
	while (job->partials) {
		struct partial *p = job->partials;
		job->partials = p->next;
		partial_free(p);
	}
	saved_place_deinit(&job->from);
	saved_place_deinit(&job->to);
	job_spec_deinit(&job->spec);
	done_set_deinit(&job->done);
	free(job);
}
