/*
 * A listing that several connections share where the link is long (decision 19). It begins page
 * after page; after two full ones that took SPLIT_ABOVE_MS each, workers list ranges of names side
 * by side. The names come out once each, in the order in which the server would have told them,
 * page after page. A server whose names do not ascend is listed page after page to the end.
 *
 * One thread at a time calls it; the workers are its own.
 */
#ifndef TRANSFER_SPLIT_LIST_H
#define TRANSFER_SPLIT_LIST_H

#include "core/location.h"

#define SPLIT_ABOVE_MS 15

struct split_list;

/* As location_ops.list_new. transport: of the workers' connections; NULL: libcurl. */
struct split_list *split_list_new(struct location *loc, struct strview dir, unsigned flags,
	loc_problem_fn problem, void *arg, const struct http_transport *transport);
/* As location_ops.list_next; io's connection is used until workers have theirs. */
enum s3t_rc split_list_next(struct split_list *l, const struct loc_io *io, struct entry_page **page,
	bool *done, struct s3t_err *err) S3T_MUST_CHECK;
/* Ends what is under way. NULL is allowed. */
void split_list_free(struct split_list *l);

#endif
