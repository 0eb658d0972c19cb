/*
 * The screen: two panes, dialogs, transfers. One call runs it until the person quits; it owns the
 * terminal, the engine and the lister for that time.
 */
#ifndef UI_UI_H
#define UI_UI_H

#include "core/location.h"

struct ui_place {
	struct location *location; /* borrowed */
	struct strview path;
};

struct ui_options {
	const struct config *config; /* [keys] and [ui] */
	struct profile *profile;     /* upload, download and class options of jobs */
	struct location *local, *s3; /* what "go to" means by a path and by s3://; s3 may be NULL */
	struct ui_place left, right;
	uint32_t workers;          /* ceiling of transfers; 0: auto */
	uint64_t bytes_per_second; /* 0: no limit */
	bool *wants_demo;          /* set if the person asks for the demo; NULL: there is none */
	const char *warnings;      /* one line each, shown at the start; NULL: none */
	/* the demo (decision 2) */
	bool is_demo;
	const char *demo_text;       /* for F1: endpoint, keys, bucket */
	const char *demo_left_root;  /* local directory, */
	const char *demo_right_root; /* "bucket/": move and delete are refused outside of both */
};

/* Runs until the person quits. The terminal is as it was when this returns, also on failure
 * (S3T_UNSUPPORTED: this is no terminal that it can run on; S3T_CONFIG: a line of [keys]). Call
 * from the main thread; may be called once at a time. */
enum s3t_rc ui_run(const struct ui_options *options, struct s3t_err *err) S3T_MUST_CHECK;

#endif
