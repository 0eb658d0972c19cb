/* What the two files of check share. */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "cli/internal.h"

struct check;

/* A line for one step; not ok: the whole has failed. */
void check_report(struct check *c, const char *step, bool ok, const char *fmt, ...)
	S3T_PRINTF(4, 5);
void check_report_err(struct check *c, const char *step, const struct s3t_err *err);
/* Tries what this server proves and honours, with an object of its own below p. */
void check_write(struct check *c, struct cli *cli, const struct place *p);

#endif
