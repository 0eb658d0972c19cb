#include "cli/browse.h"

#include "cli/internal.h"

#include <stdlib.h>

static int place_into(struct cli *cli, const char *text, struct location **loc, struct strbuf *path)
{
	struct place p;
	int rc = cli_place(cli, text, &p);
	if (rc == 0 && p.is_stdio) {
		cli_complain("- cannot be browsed");
		rc = CLI_EXIT_USAGE;
	}
	if (rc == 0) {
		*loc = p.loc;
		strbuf_add_sv(path, strbuf_view(&p.path));
	}
	place_deinit(&p);
	return rc;
}

/* LEFT is the current directory, RIGHT the default bucket or the list of buckets; a lone s3:// on
 * the left has the directory on its right. */
static int find_places(struct cli *cli, struct cli_browser *b)
{
	const struct cli_options *o = cli->opt;
	const char *remote = cli->profile->settings.default_bucket[0] ? "s3:///" : "s3://";
	const char *left = o->operand_count > 0 ? o->operands[0] : ".";
	const char *right = o->operand_count > 1  ? o->operands[1]
			    : uri_is_s3(sv(left)) ? "."
						  : remote;
	int rc = place_into(cli, left, &b->left_location, &b->left);
	return rc ? rc : place_into(cli, right, &b->right_location, &b->right);
}

int cli_browser_open(const struct cli_options *options, const char *ini, struct cli_browser *out)
{
	*out = (struct cli_browser){.cli = s3t_alloc(sizeof *out->cli)};
	strbuf_init(&out->left);
	strbuf_init(&out->right);
	strbuf_init(&out->warnings);
	struct cli *cli = out->cli;
	int rc = cli_open(cli, options, ini, &out->warnings);
	if (rc == 0)
		rc = cli_need_s3(cli);
	if (rc == 0)
		rc = find_places(cli, out);
	out->config = cli->config;
	out->profile = cli->profile;
	out->local = cli->local;
	out->s3 = cli->s3;
	return rc;
}

void cli_browser_close(struct cli_browser *b)
{
	cli_close(b->cli);
	free(b->cli);
	strbuf_deinit(&b->left);
	strbuf_deinit(&b->right);
	strbuf_deinit(&b->warnings);
}
