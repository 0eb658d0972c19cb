/*
 * Hashing behind a transfer: while parts travel, those that are done are read again from the page
 * cache and hashed, many at a time (md5_lanes.h). An upload's parts are compared with their ETags;
 * a download is hashed in the units that its ETag is made of, or, where that is one MD5 of the
 * whole, in order, as far as nothing is missing.
 *
 * At most one worker runs an item's prover; what it reads of the item's parts it picks under the
 * engine's lock.
 */
#ifndef TRANSFER_PROVER_H
#define TRANSFER_PROVER_H

#include "core/location.h"
#include "transfer/parts.h"

struct item;

struct prover {
	/* immutable once set; unit 0 of a download: not known yet */
	bool is_upload, is_prefix;
	uint64_t size, unit;
	unsigned width;
	/* the running worker's; readable when none runs */
	unsigned char (*sums)[MD5_LEN];
	struct digest *digest; /* is_prefix: of all below `hashed` */
	uint64_t hashed;
	/* guarded by lock */
	struct parts units; /* which are hashed */
	uint32_t looked_at; /* parts that were done when it was last looked for work */
};

/* Of an upload's parts of unit bytes. */
struct prover *prover_new_upload(uint64_t size, uint64_t unit);
/* Of a download with that ETag; facts: what is known by now. NULL: the ETag tells nothing. */
struct prover *prover_new_download(uint64_t size, const char *etag, const struct loc_facts *facts);
void prover_free(struct prover *p);
/* A download's part size became known. Before the first unit is hashed; locked. */
void prover_learn_locked(struct prover *p, const struct loc_facts *facts, const char *etag);
/* Everything is to be hashed again; locked, none runs. */
void prover_restart_locked(struct prover *p);

bool prover_is_due_locked(struct item *it);
/* Whether nothing is left that it could do once all parts are done. */
bool prover_is_done_locked(const struct item *it);
/* Hashes what is due and books it; without lock. Parts that arrived wrong are to be sent again;
 * S3T_MISMATCH: for the second time. */
enum s3t_rc prover_run(
	struct item *it, const struct loc_io *io, struct s3t_err *err) S3T_MUST_CHECK;

#endif
