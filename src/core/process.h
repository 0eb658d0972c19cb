/*
 * Runs a program without a shell and collects what it prints. The child gets no terminal (a session
 * of its own, stdin from /dev/null), and none of the AWS keys of our environment (threat T11).
 */
#ifndef CORE_PROCESS_H
#define CORE_PROCESS_H

#include "core/cancel.h"
#include "core/strbuf.h"

#include <stdint.h>

/* Splits command into words as a POSIX shell does (quotes and backslashes, nothing is expanded).
 * *argv is NULL-terminated; process_argv_free() frees it. S3T_INVALID: an open quote, or no word.
 */
enum s3t_rc process_split(const char *command, char ***argv, struct s3t_err *err) S3T_MUST_CHECK;
/* Adds a word to *argv, which may be NULL. */
void process_argv_add(char ***argv, struct strview word);
void process_argv_free(char **argv);

/* Runs argv (argv[0] is looked up in PATH) and adds its standard output to out, whose cap bounds
 * it. Blocks until it ends. S3T_CANCELLED and S3T_TIMEOUT kill it with everything it started;
 * S3T_IO: it cannot be started, failed (the sentence ends with what it said on stderr) or printed
 * too much. */
enum s3t_rc process_run(char *const argv[], int64_t timeout_ms, struct strbuf *out,
	struct cancel *cancel, struct s3t_err *err) S3T_MUST_CHECK;

/* Starts argv with pipes at its standard input and output, and if errors is not NULL at its stderr,
 * which else is ours. Their other ends are the caller's to close. more: "NAME=value" for its
 * environment, instead of what is inherited, NULL-terminated. */
struct process;
enum s3t_rc process_start(char *const argv[], char *const more[], int *in, int *out, int *errors,
	struct process **p, struct s3t_err *err) S3T_MUST_CHECK;
/* With all that is still in its process group. Any thread, until process_end(). */
void process_kill(struct process *p);
/* Blocks until it has ended, or was killed. */
void process_wait(struct process *p);
/* After that; frees p. S3T_IO: it failed, with err's exit_status; the sentence ends with said. */
enum s3t_rc process_end(struct process *p, struct strview said, struct s3t_err *err) S3T_MUST_CHECK;

#endif
