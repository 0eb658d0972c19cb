#include "cli/internal.h"

#include "core/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FLUSH_BYTES = 1 << 16, EXIT_PIPE = CLI_EXIT_SIGNAL + 13 };

static struct strbuf buffer;
static int out_errno;

static void begin(void)
{
	if (!buffer.data)
		strbuf_init(&buffer);
}

bool out_is_tty(void)
{
	static int is_tty = -1;
	if (is_tty < 0)
		is_tty = isatty(STDOUT_FILENO);
	return is_tty > 0;
}

bool out_flush(void)
{
	begin();
	if (buffer.len && out_is_tty())
		progress_clear();
	size_t at = 0;
	while (at < buffer.len && !out_errno) {
		ssize_t n = write(STDOUT_FILENO, buffer.data + at, buffer.len - at);
		if (n > 0)
			at += (size_t)n;
		else if (errno != EINTR)
			out_errno = errno;
	}
	strbuf_reset(&buffer);
	return !out_errno;
}

void out_text(struct strview text)
{
	begin();
	strbuf_add_sv(&buffer, text);
	if (buffer.len >= FLUSH_BYTES)
		(void)out_flush();
}

void out_name(struct strview name)
{
	if (!out_is_tty()) {
		out_text(name);
		return;
	}
	char *shown = text_sanitised(name);
	out_text(sv(shown));
	free(shown);
}

void out_right(struct strview text, size_t columns)
{
	static const char blanks[] = "                                ";
	size_t missing = columns > text.len ? columns - text.len : 0;
	for (size_t n; missing; missing -= n) {
		n = missing < sizeof blanks - 1 ? missing : sizeof blanks - 1;
		out_text(sv_n(blanks, n));
	}
	out_text(text);
}

void out_number(uint64_t n, size_t columns)
{
	char digits[20];
	size_t at = sizeof digits;
	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	out_right(sv_n(digits + at, sizeof digits - at), columns);
}

void out_printf(const char *fmt, ...)
{
	va_list ap;
	begin();
	va_start(ap, fmt);
	strbuf_vaddf(&buffer, fmt, ap);
	va_end(ap);
}

void out_json(struct strbuf *line)
{
	strbuf_add_char(line, '\n');
	out_text(strbuf_view(line));
	strbuf_reset(line);
}

int out_finish(int status)
{
	(void)out_flush();
	strbuf_deinit(&buffer);
	buffer.data = NULL;
	if (!out_errno)
		return status;
	if (out_errno == EPIPE) /* the reader has seen enough */
		return status ? status : EXIT_PIPE;
	struct s3t_err err;
	(void)s3t_fail_errno(&err, out_errno, "Cannot write to standard output");
	cli_complain("%s", err.message);
	return CLI_EXIT_FAILED;
}

/* --- stderr --- */

void cli_complain(const char *fmt, ...)
{
	struct strbuf raw, line;
	strbuf_init(&raw);
	strbuf_init(&line);
	va_list ap;
	va_start(ap, fmt);
	strbuf_vaddf(&raw, fmt, ap);
	va_end(ap);
	strbuf_add_str(&line, "s3tui: ");
	text_sanitise(&line, strbuf_view(&raw));
	debug_printf("%s", line.data);
	strbuf_add_char(&line, '\n');
	(void)out_flush();
	progress_clear();
	ssize_t n = write(STDERR_FILENO, line.data, line.len);
	(void)n;
	strbuf_deinit(&raw);
	strbuf_deinit(&line);
}

int cli_fail(const struct cli *cli, const char *verb, const char *name, const struct s3t_err *err)
{
	(void)cli;
	if (err->rc == S3T_CANCELLED)
		return signals_caught() ? CLI_EXIT_SIGNAL + signals_caught() : CLI_EXIT_FAILED;
	struct strview why = sv(err->message[0] ? err->message : s3t_rc_sentence(err->rc));
	const char *hint = s3t_err_hint(err);
	if (hint[0] && sv_ends_with(why, SV(".")))
		why.len--;
	struct strbuf words;
	strbuf_init(&words);
	strbuf_add_str(&words, s3t_rc_name(err->rc));
	if (err->code[0])
		strbuf_addf(&words, ", %s", err->code);
	if (err->request_id[0])
		strbuf_addf(&words, ", request %s", err->request_id);
	cli_complain("cannot %s%s%s: %.*s%s%s (%s)", verb, name ? " " : "", name ? name : "",
		(int)why.len, why.data, hint[0] ? "; " : "", hint, words.data);
	strbuf_deinit(&words);
	return err->rc == S3T_CONFIG ? CLI_EXIT_USAGE : CLI_EXIT_FAILED;
}

void add_error_json(struct json_writer *w, const struct s3t_err *err)
{
	json_open_object(w, "error");
	json_add_string(w, "name", sv(s3t_rc_name(err->rc)));
	json_add_string(w, "message", sv(err->message));
	if (err->http_status)
		json_add_int(w, "http_status", err->http_status);
	if (err->code[0])
		json_add_string(w, "code", sv(err->code));
	if (err->request_id[0])
		json_add_string(w, "request_id", sv(err->request_id));
	json_close_object(w);
}
