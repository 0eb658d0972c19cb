#include "ui/viewer_file.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW_MAX = 1 << 20, SEARCH_BLOCK = 256 << 10 };

/* What a task reads; the task's own while it runs. */
struct reading {
	struct location *location;
	char *path;
	size_t path_len;
	struct loc_stat st; /* asks_stat: filled in */
	bool asks_stat;
	uint64_t offset, len;
	char *data;
	size_t got;
};

struct search {
	struct reading base;
	char *text;
	size_t text_len;
	bool backwards, is_folded;
	uint64_t from;
	atomic_ullong progress; /* offset; read by the UI meanwhile */
	bool is_found;
	uint64_t found;
	/* forward: the end of what was seen before, and new bytes */
	char *buf;
	size_t fill;
	uint64_t buf_at; /* offset of buf's first byte */
};

struct viewer_file {
	struct lister *lister;
	struct location *location;
	char *path;
	size_t path_len;
	bool is_open;
	struct loc_stat st;
	struct s3t_err err;
	unsigned generation;
	/* the window */
	char *data;
	uint64_t from;
	size_t len;
	list_id reading; /* 0: nothing is being read */
	/* search */
	list_id searching;
	const struct search *search; /* of searching; it lives until its event comes */
	enum viewer_search state;
	uint64_t found;
};

/* --- reading: the lister's threads --- */

static void reading_init(struct reading *r, const struct viewer_file *f)
{
	*r = (struct reading){.location = location_ref(f->location),
		.path = s3t_strndup(f->path, f->path_len),
		.path_len = f->path_len,
		.st = f->st};
	r->st.content_type = NULL;
}

static void reading_deinit(struct reading *r)
{
	location_unref(r->location);
	free(r->path);
	free(r->data);
	loc_stat_deinit(&r->st);
}

static void free_reading(void *arg)
{
	reading_deinit(arg);
	free(arg);
}

static bool take_bytes(void *arg, const char *data, size_t n)
{
	struct reading *r = arg;
	if (n > r->len - r->got)
		n = (size_t)(r->len - r->got);
	memcpy(r->data + r->got, data, n);
	r->got += n;
	return true;
}

static enum s3t_rc read_range(struct reading *r, const struct loc_io *io, uint64_t offset,
	uint64_t len, bool (*sink)(void *arg, const char *data, size_t n), void *arg,
	struct s3t_err *err)
{
	const struct location_ops *ops = r->location->ops;
	struct loc_source *source = NULL;
	enum s3t_rc rc =
		ops->source_open(r->location, io, sv_n(r->path, r->path_len), &r->st, &source, err);
	if (rc == S3T_OK)
		rc = ops->source_read(source, io, offset, len, sink, arg, err);
	if (source)
		ops->source_close(source);
	return rc;
}

/* What is stored compressed or encrypted is shown as it was; of what others have encrypted only the
 * name tells. */
static enum s3t_rc look_behind(struct reading *r, const struct loc_io *io, struct s3t_err *err)
{
	const struct location_ops *ops = r->location->ops;
	struct loc_source *source = NULL;
	bool in_one;
	struct strview path = path_version_split(sv_n(r->path, r->path_len), NULL);
	r->st.decode = ops->source_look && (r->st.stored_size || sv_ends_with(path, SV(".age")));
	if (!r->st.decode)
		return S3T_OK;
	uint64_t stored = r->st.stored_size ? r->st.stored_size : r->st.size, size = r->st.size;
	enum s3t_rc rc =
		ops->source_open(r->location, io, sv_n(r->path, r->path_len), &r->st, &source, err);
	if (rc == S3T_OK)
		rc = ops->source_look(source, io, &size, &in_one, err);
	if (source)
		ops->source_close(source);
	r->st.stored_size = stored;
	r->st.size = size;
	return rc;
}

static enum s3t_rc run_reading(
	void *arg, struct http_conn *conn, struct cancel *cancel, struct s3t_err *err)
{
	struct reading *r = arg;
	struct loc_io io = {.conn = conn, .cancel = cancel};
	enum s3t_rc rc = S3T_OK;
	if (r->asks_stat) {
		rc = r->location->ops->stat(
			r->location, &io, sv_n(r->path, r->path_len), &r->st, err);
		if (rc == S3T_OK && r->st.kind != ENTRY_FILE)
			rc = s3t_fail(err, S3T_INVALID, "It is no file.");
	}
	if (rc == S3T_OK && r->asks_stat)
		rc = look_behind(r, &io, err);
	if (rc != S3T_OK || r->len == 0)
		return rc;
	r->data = s3t_alloc((size_t)r->len);
	return read_range(r, &io, r->offset, r->len, take_bytes, r, err);
}

/* --- searching: the same --- */

static char folded(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Zeros may stand in it: UTF-16, hex. */
static bool is_match(const struct search *s, const char *at)
{
	if (!s->is_folded)
		return memcmp(at, s->text, s->text_len) == 0;
	size_t i = 0;
	while (i < s->text_len && folded(at[i]) == folded(s->text[i]))
		i++;
	return i == s->text_len;
}

/* The first or the last place in data; SIZE_MAX: none. */
static size_t find_in(const struct search *s, const char *data, size_t len, bool last)
{
	size_t found = SIZE_MAX;
	for (size_t i = 0; i + s->text_len <= len; i++) {
		if (!is_match(s, data + i))
			continue;
		found = i;
		if (!last)
			break;
	}
	return found;
}

static bool search_bytes(void *arg, const char *data, size_t n)
{
	struct search *s = arg;
	while (n && !s->is_found) {
		size_t room = SEARCH_BLOCK - s->fill, take = n < room ? n : room;
		memcpy(s->buf + s->fill, data, take);
		s->fill += take;
		data += take;
		n -= take;
		if (s->fill < s->text_len)
			break;
		size_t at = find_in(s, s->buf, s->fill, false);
		s->is_found = at != SIZE_MAX;
		s->found = s->buf_at + at;
		/* what may be the beginning of a match stays */
		size_t keep = s->text_len - 1;
		memmove(s->buf, s->buf + s->fill - keep, keep);
		s->buf_at += s->fill - keep;
		s->fill = keep;
		atomic_store(&s->progress, s->buf_at);
	}
	return !s->is_found;
}

static enum s3t_rc search_forward(struct search *s, const struct loc_io *io, struct s3t_err *err)
{
	uint64_t size = s->base.st.size;
	if (s->from >= size)
		return S3T_OK;
	s->buf_at = s->from;
	s->buf = s3t_alloc(SEARCH_BLOCK);
	enum s3t_rc rc = read_range(&s->base, io, s->from, size - s->from, search_bytes, s, err);
	return s->is_found ? S3T_OK : rc;
}

static enum s3t_rc search_backward(struct search *s, const struct loc_io *io, struct s3t_err *err)
{
	struct reading *r = &s->base;
	uint64_t end = s->from < r->st.size ? s->from : r->st.size;
	enum s3t_rc rc = S3T_OK;
	r->data = s3t_alloc(SEARCH_BLOCK + s->text_len);
	while (end && rc == S3T_OK && !s->is_found) {
		uint64_t begin = end > SEARCH_BLOCK ? end - SEARCH_BLOCK : 0;
		uint64_t stop = end + s->text_len - 1; /* a match may begin before end */
		if (stop > r->st.size)
			stop = r->st.size;
		r->got = 0;
		r->len = stop - begin;
		rc = read_range(r, io, begin, r->len, take_bytes, r, err);
		size_t at = rc == S3T_OK ? find_in(s, r->data, r->got, true) : SIZE_MAX;
		if (at != SIZE_MAX) {
			s->is_found = true;
			s->found = begin + at;
		}
		end = begin;
		atomic_store(&s->progress, end);
	}
	return rc;
}

static enum s3t_rc run_search(
	void *arg, struct http_conn *conn, struct cancel *cancel, struct s3t_err *err)
{
	struct search *s = arg;
	struct loc_io io = {.conn = conn, .cancel = cancel};
	return s->backwards ? search_backward(s, &io, err) : search_forward(s, &io, err);
}

static void free_search(void *arg)
{
	struct search *s = arg;
	reading_deinit(&s->base);
	free(s->text);
	free(s->buf);
	free(s);
}

/* --- the file --- */

static void ask(struct viewer_file *f, bool stat, uint64_t offset, uint64_t len)
{
	struct reading *r = s3t_alloc(sizeof *r);
	reading_init(r, f);
	r->asks_stat = stat;
	r->offset = offset;
	r->len = len;
	f->reading = lister_run(f->lister, run_reading, r, free_reading);
}

struct viewer_file *viewer_file_new(
	struct lister *lister, struct location *location, struct strview path)
{
	struct viewer_file *f = s3t_alloc(sizeof *f);
	f->lister = lister;
	f->location = location_ref(location);
	f->path = s3t_strndup(path.data, path.len);
	f->path_len = path.len;
	ask(f, true, 0, 0);
	return f;
}

void viewer_file_free(struct viewer_file *f)
{
	if (!f)
		return;
	if (f->reading)
		lister_cancel(f->lister, f->reading);
	viewer_file_search_stop(f);
	location_unref(f->location);
	loc_stat_deinit(&f->st);
	free(f->path);
	free(f->data);
	free(f);
}

static bool is_same(const struct loc_stat *a, const struct loc_stat *b)
{
	return a->size == b->size && a->mtime_ns == b->mtime_ns && strcmp(a->etag, b->etag) == 0 &&
	       a->ino == b->ino;
}

static void take_stat(struct viewer_file *f, struct reading *r)
{
	if (!f->is_open || !is_same(&f->st, &r->st)) {
		f->generation++;
		f->len = 0;
	}
	loc_stat_deinit(&f->st);
	f->st = r->st;
	r->st.content_type = NULL;
	f->is_open = true;
}

/* Puts what was read to the window, if it fits on either side of it; else it is the window. */
static void take_window(struct viewer_file *f, struct reading *r)
{
	if (!r->got)
		return;
	bool is_behind = f->len && r->offset == f->from + f->len;
	bool is_before = f->len && r->offset + r->got == f->from;
	if (!is_behind && !is_before) {
		free(f->data);
		f->data = r->data;
		f->from = r->offset;
		f->len = r->got;
		r->data = NULL;
		return;
	}
	size_t kept = f->len + r->got > WINDOW_MAX ? WINDOW_MAX - r->got : f->len;
	char *data = s3t_alloc(kept + r->got);
	if (is_behind) {
		memcpy(data, f->data + f->len - kept, kept);
		memcpy(data + kept, r->data, r->got);
		f->from += f->len - kept;
	} else {
		memcpy(data, r->data, r->got);
		memcpy(data + r->got, f->data, kept);
		f->from = r->offset;
	}
	free(f->data);
	f->data = data;
	f->len = kept + r->got;
}

static void take_search(struct viewer_file *f, const struct lister_event *e)
{
	const struct search *s = e->arg;
	f->searching = 0;
	f->search = NULL;
	f->state = s->is_found ? SEARCH_FOUND : SEARCH_NOT_FOUND;
	f->found = s->found;
	if (e->err.rc == S3T_CANCELLED) {
		f->state = SEARCH_NONE;
	} else if (e->err.rc != S3T_OK && !s->is_found) {
		f->state = SEARCH_NONE;
		f->err = e->err;
	}
}

bool viewer_file_on_list(struct viewer_file *f, struct lister_event *e)
{
	if (e->kind != LISTER_TASK)
		return false;
	if (f->searching && e->id == f->searching) {
		take_search(f, e);
		return true;
	}
	if (!f->reading || e->id != f->reading)
		return false;
	f->reading = 0;
	if (e->err.rc == S3T_OK) {
		struct reading *r = e->arg;
		f->err.rc = S3T_OK;
		if (r->asks_stat)
			take_stat(f, r);
		else if (is_same(&f->st, &r->st))
			take_window(f, r);
	} else if (e->err.rc != S3T_CANCELLED) {
		f->err = e->err;
	}
	return true;
}

struct strview viewer_file_path(const struct viewer_file *f)
{
	return sv_n(f->path, f->path_len);
}

bool viewer_file_is_s3(const struct viewer_file *f)
{
	return f->location->ops->kind == LOC_S3;
}

bool viewer_file_is_open(const struct viewer_file *f)
{
	return f->is_open;
}

uint64_t viewer_file_size(const struct viewer_file *f)
{
	return f->st.size;
}

const struct s3t_err *viewer_file_error(const struct viewer_file *f)
{
	return &f->err;
}

unsigned viewer_file_generation(const struct viewer_file *f)
{
	return f->generation;
}

void viewer_file_refresh(struct viewer_file *f)
{
	f->err.rc = S3T_OK;
	if (!f->reading)
		ask(f, true, 0, 0);
}

/* Asks for the next block that is missing around `at`. */
static void ask_around(struct viewer_file *f, uint64_t at)
{
	uint64_t size = f->st.size, end = f->from + f->len;
	if (f->reading || f->err.rc != S3T_OK || !f->is_open || size == 0)
		return;
	at = at < size ? at : size;
	if (!f->len || at < f->from || at > end) {
		/* somewhere else: a block with the offset in its middle */
		uint64_t from = at > WINDOW_BLOCK / 2 ? at - WINDOW_BLOCK / 2 : 0;
		from -= from % 16;
		ask(f, false, from, size - from < WINDOW_BLOCK ? size - from : WINDOW_BLOCK);
	} else if (end < size && end - at < WINDOW_AHEAD) {
		ask(f, false, end, size - end < WINDOW_BLOCK ? size - end : WINDOW_BLOCK);
	} else if (f->from > 0 && at - f->from < WINDOW_BACK) {
		uint64_t len = f->from < WINDOW_BLOCK ? f->from : WINDOW_BLOCK;
		ask(f, false, f->from - len, len);
	}
}

struct strview viewer_file_window(struct viewer_file *f, uint64_t at, uint64_t *from)
{
	ask_around(f, at);
	*from = f->from;
	bool has_it = f->len && at >= f->from && at <= f->from + f->len;
	return sv_n(f->data, has_it ? f->len : 0);
}

void viewer_file_search(
	struct viewer_file *f, struct strview bytes, uint64_t from, bool backwards, bool is_folded)
{
	viewer_file_search_stop(f);
	if (bytes.len == 0 || bytes.len > SEARCH_BLOCK / 2 || !f->is_open)
		return;
	struct search *s = s3t_alloc(sizeof *s);
	reading_init(&s->base, f);
	s->text = s3t_strndup(bytes.data, bytes.len);
	s->text_len = bytes.len;
	s->from = from;
	s->backwards = backwards;
	s->is_folded = is_folded;
	atomic_init(&s->progress, from);
	f->search = s;
	f->state = SEARCH_RUNNING;
	f->searching = lister_run(f->lister, run_search, s, free_search);
}

enum viewer_search viewer_file_search_state(struct viewer_file *f, uint64_t *at)
{
	enum viewer_search state = f->state;
	*at = state == SEARCH_RUNNING ? atomic_load(&f->search->progress) : f->found;
	if (state != SEARCH_RUNNING)
		f->state = SEARCH_NONE;
	return state;
}

void viewer_file_search_stop(struct viewer_file *f)
{
	if (!f->searching)
		return;
	lister_cancel(f->lister, f->searching);
	f->searching = 0; /* its event is nobody's now */
	f->search = NULL;
	f->state = SEARCH_NONE;
}
