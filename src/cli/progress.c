#include "cli/internal.h"

#include "core/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { REDRAW_MS = 100, RATE_MS = 3000, RATE_SLOTS = 32 };

static struct {
	bool is_on, is_shown;
	int64_t drawn_ms;
	/* bytes moved at past moments, for the rate */
	struct {
		int64_t ms;
		uint64_t bytes;
	} past[RATE_SLOTS];
	size_t past_count;
	job_id job;
	struct engine_snapshot snapshot;
} line;

void progress_start(void)
{
	const char *term = getenv("TERM");
	line.is_on = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
	line.past_count = 0;
	line.drawn_ms = 0;
}

bool progress_is_shown(void)
{
	return line.is_on;
}

static void put(const char *text)
{
	ssize_t n = write(STDERR_FILENO, text, strlen(text));
	(void)n;
}

void progress_clear(void)
{
	if (!line.is_shown)
		return;
	put("\r\033[K");
	line.is_shown = false;
}

void progress_stop(void)
{
	progress_clear();
	line.is_on = false;
	engine_snapshot_deinit(&line.snapshot);
}

static bool is_due(void)
{
	int64_t now = time_mono_ms();
	if (!line.is_on || now - line.drawn_ms < REDRAW_MS)
		return false;
	line.drawn_ms = now;
	return true;
}

/* Bytes a second over the last three seconds. */
static uint64_t rate_of(uint64_t bytes)
{
	int64_t now = line.drawn_ms;
	size_t drop = 0;
	while (drop < line.past_count && now - line.past[drop].ms > RATE_MS)
		drop++;
	if (line.past_count - drop == RATE_SLOTS)
		drop++;
	memmove(line.past, line.past + drop, (line.past_count - drop) * sizeof *line.past);
	line.past_count -= drop;
	line.past[line.past_count].ms = now;
	line.past[line.past_count++].bytes = bytes;
	int64_t took = now - line.past[0].ms;
	if (took <= 0 || bytes <= line.past[0].bytes)
		return 0;
	return (bytes - line.past[0].bytes) * 1000 / (uint64_t)took;
}

/* All that is shown is ASCII: a byte is a column. */
static void show(const struct strbuf *text)
{
	struct winsize size = {0};
	size_t columns = 80;
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
		columns = size.ws_col;
	struct strbuf out;
	strbuf_init(&out);
	strbuf_add_char(&out, '\r');
	strbuf_add(&out, text->data, text->len < columns ? text->len : columns - 1);
	strbuf_add_str(&out, "\033[K");
	put(out.data);
	line.is_shown = true;
	strbuf_deinit(&out);
}

static void add_rate(struct strbuf *text, uint64_t done, uint64_t total)
{
	char size[TEXT_SIZE_MAX], left[32];
	uint64_t rate = rate_of(done);
	if (!rate)
		return;
	text_size(rate, size);
	strbuf_addf(text, "  %s/s", size);
	if (total > done) {
		text_duration((int64_t)((total - done) / rate), left);
		strbuf_addf(text, "  %s left", left);
	}
}

static void add_bar(struct strbuf *text, uint64_t done, uint64_t total)
{
	enum { CELLS = 20 };
	unsigned percent = total ? (unsigned)((double)done * 100 / (double)total) : 0;
	if (percent > 100)
		percent = 100;
	strbuf_add_char(text, '[');
	for (unsigned i = 0; i < CELLS; i++)
		strbuf_add_char(text, i < percent * CELLS / 100 ? '#' : '-');
	strbuf_addf(text, "] %u%%", percent);
}

void progress_draw(struct engine *e)
{
	if (!is_due())
		return;
	engine_snapshot(e, &line.snapshot);
	if (!line.snapshot.job_count)
		return;
	size_t first = 0;
	while (first + 1 < line.snapshot.job_count &&
		line.snapshot.jobs[first].state == JOB_FINISHED)
		first++;
	const struct job_view *job = &line.snapshot.jobs[first];
	if (job->id != line.job)
		line.past_count = 0;
	line.job = job->id;
	struct strbuf text;
	strbuf_init(&text);
	char done[TEXT_SIZE_MAX], total[TEXT_SIZE_MAX];
	text_size(job->bytes_done, done);
	text_size(job->bytes_total, total);
	if (job->is_counting)
		strbuf_add_str(&text, "counting ... ");
	else if (job->bytes_total)
		add_bar(&text, job->bytes_done, job->bytes_total);
	uint64_t over = job->items_done + job->items_failed + job->items_skipped;
	strbuf_addf(&text, "  %llu/%llu", (unsigned long long)over,
		(unsigned long long)job->items_total);
	if (job->items_failed)
		strbuf_addf(&text, "  %llu failed", (unsigned long long)job->items_failed);
	if (job->bytes_total)
		strbuf_addf(&text, "  %s of %s", done, total);
	add_rate(&text, job->bytes_done, job->is_counting ? 0 : job->bytes_total);
	if (job->is_slowed)
		strbuf_addf(&text, "  the server asks to slow down: %u connection%s",
			job->connections, job->connections == 1 ? "" : "s");
	show(&text);
	strbuf_deinit(&text);
}

void progress_draw_bytes(uint64_t bytes, uint64_t total)
{
	if (!is_due())
		return;
	struct strbuf text;
	strbuf_init(&text);
	char size[TEXT_SIZE_MAX];
	text_size(bytes, size);
	if (total)
		add_bar(&text, bytes, total);
	strbuf_addf(&text, "%s%s", total ? "  " : "", size);
	add_rate(&text, bytes, total);
	show(&text);
	strbuf_deinit(&text);
}
