/*
 * The headless commands: ls, cp, mv, rm … for scripts and for measuring. Whoever owns main() parses
 * the command line here, runs cli_run() for a command, and opens the browser for CLI_BROWSE.
 *
 * Commands and options stand in one table each: parsing, --help and the checks of what goes with
 * what come from there.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config;
struct profile_request;

#define CLI_MANY 100000

/* name, word, least and most operands, operands as shown, help */
#define CLI_COMMANDS(X)                                                                        \
	X(LS, "ls", 0, 1, "[URL]", "list buckets, a prefix or a directory")                    \
	X(CP, "cp", 2, CLI_MANY, "SRC... DST", "copy; each is a path, s3://bucket/key or -")   \
	X(MV, "mv", 2, CLI_MANY, "SRC... DST", "move: copy, prove, then remove the source")    \
	X(RM, "rm", 1, CLI_MANY, "URL...", "remove objects or files")                          \
	X(MB, "mb", 1, 1, "s3://BUCKET", "make a bucket")                                      \
	X(RB, "rb", 1, 1, "s3://BUCKET", "remove a bucket")                                    \
	X(STAT, "stat", 1, 1, "URL", "show what is known of an object, prefix or file")        \
	X(DU, "du", 1, 1, "URL", "count objects and bytes")                                    \
	X(PRESIGN, "presign", 1, 1, "s3://BUCKET/KEY", "print a link that works without keys") \
	X(SET, "set", 2, CLI_MANY, "s3://BUCKET/KEY... NAME=VALUE...",                         \
		"change objects in place: storage-class, content-type, cache-control,\n"       \
		"meta.NAME, tag.KEY, encryption ...; an empty value removes")                  \
	X(UNDELETE, "undelete", 1, CLI_MANY, "s3://BUCKET/KEY...",                             \
		"bring back what was deleted in a bucket that keeps versions")                 \
	X(VERSIONING, "versioning", 1, 2, "s3://BUCKET [on | off]",                            \
		"show whether a bucket keeps versions, begin it, or suspend it")               \
	X(BUCKET, "bucket", 1, 3, "s3://BUCKET [DOCUMENT [FILE | - | remove]]",                \
		"how a bucket is configured; print or write its policy, cors ...")             \
	X(LIFECYCLE, "lifecycle", 1, CLI_MANY, "s3://BUCKET [set | on | off | remove ID ...]", \
		"rules in words; set ID prefix=P tag=KEY=VALUE larger=SIZE smaller=SIZE\n"     \
		"expire=DAYS transition=CLASS:DAYS (or on a day: 2030-01-31)\n"                \
		"noncurrent=DAYS[:KEEP] noncurrent-transition=CLASS:DAYS[:KEEP]\n"             \
		"markers=yes abort=DAYS")                                                      \
	X(RESTORE, "restore", 1, CLI_MANY, "s3://BUCKET/KEY...",                               \
		"ask for copies of archived objects that can be read")                         \
	X(PIPE, "pipe", 3, CLI_MANY, "SRC DST -- COMMAND [ARGUMENT...]",                       \
		"run a command for each object: its bytes on standard input,\n"                \
		"what it prints becomes an object under DST")                                  \
	X(VERIFY, "verify", 2, 2, "A B",                                                       \
		"compare by content, moving only what no ETag can settle")                     \
	X(JOBS, "jobs", 0, CLI_MANY, "[list | resume | drop] [ID...]",                         \
		"show what is unfinished, go on with it, or remove it")                        \
	X(CHECK, "check", 0, 1, "[URL]", "find out what is wrong with a connection")

enum cli_command {
	CLI_BROWSE, /* no command word: the two panes */
#define X(name, word, least, most, operands, help) CLI_##name,
	CLI_COMMANDS(X)
#undef X
		CLI_COMMAND_COUNT
};

#define CLI_ON(command) (1U << CLI_##command)
#define CLI_ANY (~0U)
#define CLI_COPIES (CLI_ON(CP) | CLI_ON(MV))
#define CLI_CHANGES (CLI_ON(SET) | CLI_ON(RESTORE) | CLI_ON(UNDELETE))
#define CLI_MAKES (CLI_COPIES | CLI_ON(PIPE))
#define CLI_RUNS (CLI_MAKES | CLI_ON(RM) | CLI_ON(RB) | CLI_CHANGES)
#define CLI_HEADLESS (CLI_ANY & ~CLI_ON(BROWSE))

/* field, kind, name, short name or 0, argument, commands it goes with, help */
#define CLI_OPTIONS(X)                                                                             \
	X(config, TEXT, "config", 0, "FILE", CLI_ANY, "read FILE instead of s3tui.ini's place")    \
	X(profile, TEXT, "profile", 'p', "NAME", CLI_ANY, "use [profile NAME]")                    \
	X(endpoint, TEXT, "endpoint", 0, "URL", CLI_ANY, "URL of the service")                     \
	X(region, TEXT, "region", 0, "NAME", CLI_ANY, "region to sign for")                        \
	X(path_style, FLAG, "path-style", 0, NULL, CLI_ANY, "address buckets as host/bucket")      \
	X(virtual_style, FLAG, "virtual-style", 0, NULL, CLI_ANY,                                  \
		"address buckets as bucket.host")                                                  \
	X(no_sign_request, FLAG, "no-sign-request", 0, NULL, CLI_ANY, "use no credentials")        \
	X(ca_bundle, TEXT, "ca-bundle", 0, "FILE", CLI_ANY,                                        \
		"certificates to trust instead of the system's")                                   \
	X(no_verify_ssl, FLAG, "no-verify-ssl", 0, NULL, CLI_ANY,                                  \
		"do not verify the server's certificate: unsafe")                                  \
	X(request_payer, FLAG, "request-payer", 0, NULL, CLI_ANY,                                  \
		"accept to pay in requester-pays buckets")                                         \
	X(recursive, FLAG, "recursive", 'r', NULL,                                                 \
		CLI_ON(LS) | CLI_COPIES | CLI_ON(RM) | CLI_CHANGES | CLI_ON(PIPE),                 \
		"everything under a prefix or directory")                                          \
	X(on_conflict, TEXT, "on-conflict", 0, "HOW", CLI_MAKES,                                   \
		"overwrite (default), newer, size, skip, rename, resume (a part that is there), "  \
		"fail, ask")                                                                       \
	X(storage_class, TEXT, "storage-class", 0, "CLASS", CLI_MAKES, "class of new objects")     \
	X(encryption, TEXT, "encryption", 0, "TYPE", CLI_MAKES | CLI_ON(PRESIGN),                  \
		"none, SSE_S3, SSE_KMS[:KEY-ID], SSE_C, ClientSide; presign: SSE_C")               \
	X(compress, TEXT, "compress", 0, "HOW", CLI_MAKES, "off, gzip, zstd: of uploads")          \
	X(raw, FLAG, "raw", 0, NULL, CLI_MAKES,                                                    \
		"fetch what s3tui has compressed or encrypted as it is stored")                    \
	X(content_type, TEXT, "content-type", 0, "TYPE", CLI_MAKES,                                \
		"instead of the one by extension")                                                 \
	X(part_size, TEXT, "part-size", 0, "SIZE", CLI_COPIES, "size of an upload's parts")        \
	X(expected_size, SIZE, "expected-size", 0, "SIZE", CLI_ON(CP),                             \
		"of what comes through -, to plan its parts")                                      \
	X(limit_rate, RATE, "limit-rate", 0, "SIZE",                                               \
		CLI_MAKES | CLI_ON(BROWSE) | CLI_ON(JOBS) | CLI_ON(VERIFY),                        \
		"bytes a second at the most")                                                      \
	X(follow, FLAG, "follow", 0, NULL, CLI_MAKES | CLI_ON(VERIFY),                             \
		"follow symbolic links to directories")                                            \
	X(no_verify, FLAG, "no-verify", 0, NULL, CLI_COPIES, "do not prove what was transferred")  \
	X(name_encoding, TEXT, "name-encoding", 0, "CODE", CLI_COPIES,                             \
		"utf8 (default), latin1: of local names")                                          \
	X(jobs, JOBS, "jobs", 'j', "N", CLI_RUNS | CLI_ON(BROWSE) | CLI_ON(JOBS) | CLI_ON(VERIFY), \
		"parallel requests at the most; pipe: commands, 4 by default")                     \
	X(dry_run, FLAG, "dry-run", 'n', NULL, CLI_RUNS, "say what would be done")                 \
	X(yes, FLAG, "yes", 'y', NULL, CLI_ON(RM) | CLI_ON(RB) | CLI_ON(VERSIONING),               \
		"agree to emptying a bucket, to versions being kept or not any more")              \
	X(force, FLAG, "force", 0, NULL, CLI_ON(RB) | CLI_ON(JOBS),                                \
		"rb: remove its contents first; jobs drop: forget, removing nothing")              \
	X(all, FLAG, "all", 0, NULL, CLI_ON(JOBS), "every unfinished job")                         \
	X(days, COUNT, "days", 0, "N", CLI_ON(RESTORE), "how long the copies stay, 7 by default")  \
	X(tier, TEXT, "tier", 0, "TIER", CLI_ON(RESTORE), "Standard (default), Bulk, Expedited")   \
	X(versions, FLAG, "versions", 0, NULL, CLI_ON(LS), "all versions, and delete markers")     \
	X(version_id, TEXT, "version-id", 0, "ID",                                                 \
		CLI_COPIES | CLI_ON(RM) | CLI_ON(STAT) | CLI_ON(PRESIGN),                          \
		"that version of an object; rm: for good")                                         \
	X(all_versions, FLAG, "all-versions", 0, NULL, CLI_ON(RM),                                 \
		"remove all versions, for good")                                                   \
	X(max_keys, COUNT, "max-keys", 0, "N", CLI_ON(LS), "stop after N names")                   \
	X(method, TEXT, "method", 0, "METHOD", CLI_ON(PRESIGN), "GET (default), PUT or HEAD")      \
	X(expires, DURATION, "expires", 0, "TIME", CLI_ON(PRESIGN), "1h (default), 15m, 7d …")     \
	X(write_url, TEXT, "write", 0, "URL", CLI_ON(CHECK),                                       \
		"also try to write and remove an object under URL")                                \
	X(no_fetch, FLAG, "no-fetch", 0, NULL, CLI_ON(VERIFY),                                     \
		"leave unknown what only its bytes would tell")                                    \
	X(json, FLAG, "json", 0, NULL, CLI_HEADLESS, "print one JSON object a line")               \
	X(stats, FLAG, "stats", 0, NULL, CLI_HEADLESS, "print counts at the end")                  \
	X(metrics_file, TEXT, "metrics-file", 0, "FILE", CLI_HEADLESS,                             \
		"write them to FILE at the end, in the text format of Prometheus")                 \
	X(demo, FLAG, "demo", 0, NULL, CLI_ON(BROWSE), "open a demo that needs no account")        \
	X(debug, FLAG, "debug", 0, NULL, CLI_ANY, "write a log; its name is told at the end")      \
	X(reset_terminal, FLAG, "reset-terminal", 0, NULL, CLI_ON(BROWSE),                         \
		"bring a garbled terminal back")                                                   \
	X(version, FLAG, "version", 0, NULL, CLI_ANY, "print the versions in use")                 \
	X(help, FLAG, "help", 'h', NULL, CLI_ANY, "print this, or the help of a command")

#define CLI_CTYPE_FLAG bool
#define CLI_CTYPE_TEXT const char * /* NULL: not given */
#define CLI_CTYPE_SIZE uint64_t     /* 0: not given */
#define CLI_CTYPE_RATE uint64_t     /* 0: none */
#define CLI_CTYPE_COUNT uint32_t    /* 0: not given */
#define CLI_CTYPE_JOBS uint32_t     /* 0: not given */
#define CLI_CTYPE_DURATION int64_t  /* ms; 0: not given */

struct cli_options {
	enum cli_command command;
	const char **operands; /* borrowed from argv; the array is owned */
	size_t operand_count;
#define X(field, kind, name, letter, argument, commands, help) CLI_CTYPE_##kind field;
	CLI_OPTIONS(X)
#undef X
};

#define CLI_EXIT_OK 0
#define CLI_EXIT_FAILED 1
#define CLI_EXIT_USAGE 2
#define CLI_EXIT_SIGNAL 128 /* + its number */

/* Reads the command line into out (cli_options_deinit() frees). 0, or CLI_EXIT_USAGE after one
 * sentence on stderr. */
int cli_parse(int argc, char **argv, struct cli_options *out);
void cli_options_deinit(struct cli_options *options);
/* Prints the help of options->command on stdout. */
int cli_help(const struct cli_options *options);
/* Prints our version and those of the libraries. */
int cli_version(void);
/* Switches off what a killed program may have left on: mouse, alternate screen, paste, hidden
 * cursor. */
int cli_reset_terminal(void);
/* Runs a command; the exit status. Starts and ends its own threads; http_global_init() and
 * xml_global_init() must have been called. */
int cli_run(const struct cli_options *options);

/* What the options say about the connection; for the browser, which resolves it itself. */
void cli_profile_request(const struct cli_options *options, struct profile_request *out);
/* One sanitised line "s3tui: …" on stderr. */
void cli_complain(const char *fmt, ...)
#if defined(__GNUC__)
	__attribute__((format(printf, 1, 2)))
#endif
	;

#endif
