/* --help, --version and --reset-terminal: what needs neither configuration nor network. */
#include "cli/internal.h"

#include "core/crypto.h"
#include "core/http.h"
#include "core/xml.h"

#include <string.h>

#ifndef S3TUI_VERSION
#define S3TUI_VERSION "?"
#endif

struct row {
	char letter;
	const char *name, *argument, *help;
	unsigned commands;
};

static const struct row rows[] = {
#define X(field, kind, name, letter, argument, commands, help) \
	{letter, name, argument, help, commands},
	CLI_OPTIONS(X)
#undef X
};

static void add_row(struct strbuf *out, const struct row *r)
{
	char left[40];
	char letter[5] = "    ";
	if (r->letter)
		snprintf(letter, sizeof letter, "-%c, ", r->letter);
	snprintf(left, sizeof left, "%s--%s%s%s", letter, r->name, r->argument ? " " : "",
		r->argument ? r->argument : "");
	strbuf_addf(out, "  %-26s  %s\n", left, r->help);
}

static void add_rows(struct strbuf *out, unsigned command, bool of_all)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool is_of_all = (rows[i].commands | CLI_ON(BROWSE)) == CLI_ANY;
		if (is_of_all == of_all && rows[i].commands & command)
			add_row(out, &rows[i]);
	}
}

static void add_overview(struct strbuf *out)
{
	strbuf_add_str(out, "s3tui, a file manager for S3\n\n"
			    "  s3tui [options] [LEFT [RIGHT]]    two panes: directories or "
			    "s3://bucket/prefix\n");
#define X(name, word, least, most, operands, help) \
	strbuf_addf(out, "  s3tui %-7s %-18s  %s\n", word, operands, help);
	CLI_COMMANDS(X)
#undef X
	strbuf_add_str(out,
		"\nA directory that is called like a command is given as ./ls. Without "
		"a bucket,\ns3:///key is in default_bucket. \"s3tui COMMAND --help\" tells "
		"more.\n\nOptions\n");
	add_rows(out, CLI_ON(BROWSE), false);
	add_rows(out, CLI_ANY, true);
	strbuf_add_str(out,
		"\nExit: 0 all done, 1 something failed, 2 usage or configuration, 128+n "
		"signal n.\n");
}

int cli_help(const struct cli_options *o)
{
	struct strbuf out;
	strbuf_init(&out);
	if (o->command == CLI_BROWSE)
		add_overview(&out);
#define X(name, word, least, most, operands, help) \
	if (o->command == CLI_##name)              \
		strbuf_addf(                       \
			&out, "s3tui %s [options] %s\n\n  %s\n\nOptions\n", word, operands, help);
	CLI_COMMANDS(X)
#undef X
	if (o->command != CLI_BROWSE) {
		add_rows(&out, 1U << o->command, false);
		strbuf_add_str(&out, "\nOptions of every command\n");
		add_rows(&out, 1U << o->command, true);
	}
	out_text(strbuf_view(&out));
	strbuf_deinit(&out);
	return out_finish(CLI_EXIT_OK);
}

int cli_version(void)
{
	struct strbuf out;
	strbuf_init(&out);
	strbuf_addf(&out, "s3tui %s\n%s\n%s\nlibxml2 %s\n", S3TUI_VERSION, http_version(),
		crypto_version(), xml_version());
#ifdef S3TUI_DEMO
	strbuf_add_str(&out, "with --demo\n");
#else
	strbuf_add_str(&out, "without --demo\n");
#endif
	out_text(strbuf_view(&out));
	strbuf_deinit(&out);
	return out_finish(CLI_EXIT_OK);
}

int cli_reset_terminal(void)
{
	/* mouse modes and encodings, focus, paste, synchronised output; then the screen,
	 * attributes, scrolling region, character set, keypad and cursor */
	out_text(SV("\033[?9l\033[?1000l\033[?1001l\033[?1002l\033[?1003l\033[?1004l\033[?1005l"
		    "\033[?1006l\033[?1015l\033[?1016l\033[?2004l\033[?2026l\033[<u\033[>4m"
		    "\033[?1049l\033[0m\033[r\033(B\017\033[?7h\033[?1l\033>\033[?25h\r"));
	return out_finish(CLI_EXIT_OK);
}
