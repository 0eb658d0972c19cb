#include "core/known.h"

#include "core/timeutil.h"

#include <stdlib.h>

enum { SLOTS = 4096, GUESS_S = 120 };

/* A path has one place; what comes later takes it. */
struct known_slot {
	uint64_t hash; /* of the path; 0: free */
	struct known_object object;
};

void known_init(struct known *k)
{
	*k = (struct known){.slots = NULL};
	pthread_mutex_init(&k->lock, NULL);
}

void known_deinit(struct known *k)
{
	pthread_mutex_destroy(&k->lock);
	free(k->slots);
}

void known_note(struct known *k, struct strview path, const struct known_object *object)
{
	uint64_t hash = sv_hash(path) | 1;
	pthread_mutex_lock(&k->lock);
	if (!k->slots)
		k->slots = s3t_alloc(SLOTS * sizeof *k->slots);
	k->slots[(hash >> 1) % SLOTS] = (struct known_slot){hash, *object};
	pthread_mutex_unlock(&k->lock);
}

void known_forget(struct known *k, struct strview path)
{
	uint64_t hash = sv_hash(path) | 1;
	pthread_mutex_lock(&k->lock);
	struct known_slot *slot = k->slots ? &k->slots[(hash >> 1) % SLOTS] : NULL;
	if (slot && slot->hash == hash)
		slot->hash = 0;
	pthread_mutex_unlock(&k->lock);
}

static bool is_same_time(const struct known_object *known, int64_t modified_s)
{
	int64_t ahead = modified_s - known->modified_s;
	return known->is_written ? ahead > -GUESS_S && ahead < GUESS_S : ahead == 0;
}

bool known_find(struct known *k, struct strview path, uint64_t size, int64_t modified_s,
	struct known_object *out)
{
	uint64_t hash = sv_hash(path) | 1;
	pthread_mutex_lock(&k->lock);
	const struct known_slot *slot = k->slots ? &k->slots[(hash >> 1) % SLOTS] : NULL;
	bool is_it = slot && slot->hash == hash && slot->object.size == size &&
		     is_same_time(&slot->object, modified_s);
	if (is_it)
		*out = slot->object;
	pthread_mutex_unlock(&k->lock);
	return is_it;
}
