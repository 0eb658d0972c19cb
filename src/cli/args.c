#include "cli/cli.h"

#include "core/parse.h"
#include "core/s3.h"
#include "transfer/conflict.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum kind { KIND_FLAG, KIND_TEXT, KIND_SIZE, KIND_RATE, KIND_COUNT, KIND_JOBS, KIND_DURATION };

enum { JOBS_MAX = 256 };

struct option {
	const char *name;
	char letter;
	enum kind kind;
	const char *argument;
	unsigned commands;
	size_t offset;
};

static const struct option options[] = {
#define X(field, kind, name, letter, argument, commands, help) \
	{name, letter, KIND_##kind, argument, commands, offsetof(struct cli_options, field)},
	CLI_OPTIONS(X)
#undef X
};

enum { OPTION_COUNT = sizeof options / sizeof *options };

static const struct {
	const char *word;
	enum cli_command command;
	size_t least, most;
	const char *operands;
} commands[] = {
#define X(name, word, least, most, operands, help) {word, CLI_##name, least, most, operands},
	CLI_COMMANDS(X)
#undef X
};

enum { COMMAND_COUNT = sizeof commands / sizeof *commands };

struct parser {
	struct cli_options *out;
	bool seen[OPTION_COUNT];
	bool is_over; /* after "--" */
	int argc, at;
	char **argv;
};

static int usage(struct strview word, const char *what)
{
	cli_complain("%.*s%s; s3tui --help shows what there is", (int)word.len, word.data, what);
	return CLI_EXIT_USAGE;
}

/* Whoever tries to hand over a secret is told where it belongs; it is not repeated. */
static bool is_secret_name(struct strview name)
{
	static const char *const words[] = {"access-key", "access-key-id", "secret", "secret-key",
		"secret-access-key", "session-token", "token", "password"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (sv_eq(name, sv(words[i])))
			return true;
	return false;
}

static bool parse_count(const char *value, uint32_t most, uint32_t *out)
{
	uint64_t n = 0;
	bool ok = parse_u64(sv(value), &n) && n > 0 && n <= most;
	*out = (uint32_t)n;
	return ok;
}

static int assign(struct parser *p, const struct option *o, const char *value)
{
	char *field = (char *)p->out + o->offset;
	bool ok = true;
	const char *wanted = "";
	p->seen[o - options] = true;
	switch (o->kind) {
	case KIND_FLAG:
		*(bool *)field = true;
		break;
	case KIND_TEXT:
		*(const char **)field = value;
		break;
	case KIND_SIZE:
		ok = parse_size(sv(value), (uint64_t *)field) && *(uint64_t *)field > 0 &&
		     *(uint64_t *)field <= S3_OBJECT_MAX;
		wanted = "a size like 16MiB, larger than 0 and at most 48.8 TiB";
		break;
	case KIND_RATE: /* 0 is what it is without the option */
		ok = strcasecmp(value, "none") == 0 || parse_size(sv(value), (uint64_t *)field);
		wanted = "bytes a second, like 10MiB, or none";
		break;
	case KIND_COUNT:
		ok = parse_count(value, UINT32_MAX, (uint32_t *)field);
		wanted = "a whole number from 1";
		break;
	case KIND_JOBS:
		ok = parse_count(value, JOBS_MAX, (uint32_t *)field);
		wanted = "a whole number from 1 to 256";
		break;
	case KIND_DURATION:
		ok = parse_duration_ms(sv(value), (int64_t *)field) && *(int64_t *)field > 0;
		wanted = "a duration like 15m, 1h or 7d";
		break;
	}
	if (ok)
		return 0;
	cli_complain("--%s wants %s, not '%s'", o->name, wanted, value);
	return CLI_EXIT_USAGE;
}

static const struct option *find_long(struct strview name)
{
	if (sv_eq(name, SV("endpoint-url"))) /* as the aws command calls it */
		name = SV("endpoint");
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (sv_eq(name, sv(options[i].name)))
			return &options[i];
	return NULL;
}

static int take_long(struct parser *p, const char *word)
{
	struct strview text = sv(word + 2), name = sv_n(text.data, sv_find(text, '='));
	const char *value = name.len < text.len ? text.data + name.len + 1 : NULL;
	const struct option *o = find_long(name);
	if (!o && is_secret_name(name)) {
		cli_complain(
			"secrets are never taken from the command line, where others can read "
			"them; put them into s3tui.ini, ~/.aws/credentials or the environment");
		return CLI_EXIT_USAGE;
	}
	if (!o)
		return usage(sv_n(word, name.len + 2), " is not an option");
	if (o->kind == KIND_FLAG && value)
		return usage(sv_n(word, name.len + 2), " takes no value");
	if (o->kind != KIND_FLAG && !value) {
		if (p->at >= p->argc)
			return usage(sv_n(word, name.len + 2), " wants a value");
		value = p->argv[p->at++];
	}
	return assign(p, o, value);
}

/* "-r", "-rn", "-j4", "-j 4" */
static int take_short(struct parser *p, const char *word)
{
	for (const char *c = word + 1; *c; c++) {
		const struct option *o = NULL;
		for (size_t i = 0; i < OPTION_COUNT; i++)
			if (options[i].letter == *c)
				o = &options[i];
		if (!o)
			return usage(sv(word), " is not an option");
		if (o->kind == KIND_FLAG) {
			int rc = assign(p, o, NULL);
			if (rc)
				return rc;
			continue;
		}
		const char *value = c[1] ? c + 1 : NULL;
		if (!value && p->at >= p->argc)
			return usage(sv_n((char[]){'-', *c}, 2), " wants a value");
		return assign(p, o, value ? value : p->argv[p->at++]);
	}
	return 0;
}

static void take_operand(struct parser *p, const char *word, bool may_be_command)
{
	for (size_t i = 0; may_be_command && i < COMMAND_COUNT; i++) {
		if (strcmp(word, commands[i].word) == 0) {
			p->out->command = commands[i].command;
			return;
		}
	}
	p->out->operands[p->out->operand_count++] = word;
}

static int check_operands(const struct cli_options *o)
{
	if (o->command == CLI_BROWSE && o->operand_count > 2)
		return usage(sv(o->operands[0]),
			" is not a command, and the browser takes at most two places");
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		size_t n = o->operand_count;
		if (commands[i].command != o->command ||
			(n >= commands[i].least && n <= commands[i].most))
			continue;
		cli_complain("%s operands; the form is: s3tui %s [options] %s",
			n < commands[i].least ? "too few" : "too many", commands[i].word,
			commands[i].operands);
		return CLI_EXIT_USAGE;
	}
	return 0;
}

/* What is one of a few words, and is looked at only after a request. */
static int check_words(const struct cli_options *o)
{
	static const char *const encodings[] = {"utf8", "utf-8", "latin1"};
	enum conflict_policy policy;
	bool is_encoding = !o->name_encoding;
	for (size_t i = 0; i < 3 && !is_encoding; i++)
		is_encoding = strcasecmp(o->name_encoding, encodings[i]) == 0;
	if (!is_encoding) {
		cli_complain("--name-encoding: '%s' is not one of utf8, latin1", o->name_encoding);
		return CLI_EXIT_USAGE;
	}
	if (o->on_conflict && !conflict_policy_parse(sv(o->on_conflict), &policy)) {
		cli_complain("--on-conflict: '%s' is not one of overwrite, newer, size, skip, "
			     "rename, resume, fail, ask",
			o->on_conflict);
		return CLI_EXIT_USAGE;
	}
	return 0;
}

static int check_options(const struct parser *p)
{
	const struct cli_options *o = p->out;
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if (!p->seen[i] || (options[i].commands & 1U << o->command))
			continue;
		const char *word = "the browser";
		for (size_t k = 0; k < COMMAND_COUNT; k++)
			if (commands[k].command == o->command)
				word = commands[k].word;
		cli_complain("--%s does not go with %s", options[i].name, word);
		return CLI_EXIT_USAGE;
	}
	if (o->path_style && o->virtual_style)
		return usage(SV("--path-style and --virtual-style"), " exclude each other");
	return check_words(o);
}

int cli_parse(int argc, char **argv, struct cli_options *out)
{
	*out = (struct cli_options){.command = CLI_BROWSE};
	out->operands = s3t_alloc(((size_t)argc + 1) * sizeof *out->operands);
	struct parser p = {.out = out, .argc = argc, .argv = argv, .at = 1};
	bool had_word = false;
	int rc = 0;
	while (p.at < argc && rc == 0) {
		const char *word = argv[p.at++];
		if (!p.is_over && strcmp(word, "--") == 0) {
			p.is_over = true;
		} else if (!p.is_over && word[0] == '-' && word[1] == '-') {
			rc = take_long(&p, word);
		} else if (!p.is_over && word[0] == '-' && word[1]) {
			rc = take_short(&p, word);
		} else {
			take_operand(&p, word, !had_word && !p.is_over);
			had_word = true;
		}
	}
	if (rc || out->help || out->version || out->reset_terminal)
		return rc;
	rc = check_options(&p);
	return rc ? rc : check_operands(out);
}

void cli_options_deinit(struct cli_options *o)
{
	free(o->operands);
	*o = (struct cli_options){0};
}
