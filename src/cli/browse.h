/* What the browser is opened with: configuration, the two locations, and where the panes begin. */
#ifndef CLI_BROWSE_H
#define CLI_BROWSE_H

#include "cli/cli.h"

#include "core/location.h"

struct cli_browser {
	struct config *config;
	struct profile *profile;
	struct location *local, *s3;
	struct location *left_location, *right_location; /* borrowed: one of the two */
	struct strbuf left, right;                       /* paths */
	struct strbuf warnings;                          /* one line each */
	struct cli *cli;                                 /* what owns the rest */
};

/* Fills out from the command line. 0, or the exit status after a sentence. ini (NULL: the usual
 * file) is a configuration in memory, used without environment and ~/.aws. cli_browser_close() in
 * any case. */
int cli_browser_open(const struct cli_options *options, const char *ini, struct cli_browser *out);
void cli_browser_close(struct cli_browser *b);

#endif
