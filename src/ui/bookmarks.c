#include "ui/bookmarks.h"

#include "core/fdio.h"
#include "core/statedir.h"
#include "core/uri.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20, BOOKMARKS_MAX = 4096 };

static char *file_name(void)
{
	char *dir = state_dir(NULL);
	char *name = dir ? s3t_asprintf("%s/bookmarks", dir) : NULL;
	free(dir);
	return name;
}

static void push(struct bookmarks *b, const char *profile, struct strview path)
{
	struct bookmark *more = realloc(b->items, (b->count + 1) * sizeof *more);
	if (!more)
		s3t_oom();
	b->items = more;
	b->items[b->count++] = (struct bookmark){.profile = s3t_strdup(profile),
		.path = s3t_strndup(path.data, path.len),
		.path_len = path.len};
}

static void read_line(struct bookmarks *b, struct strview line)
{
	size_t space = sv_find(line, ' ');
	struct strview profile = sv_n(line.data, space), uri = sv_from(line, space + 1);
	bool is_local = sv_eq(profile, SV("-"));
	if (!is_local && !sv_starts_with(uri, SV("s3://")))
		return;
	if (is_local && !sv_starts_with(uri, SV("/")))
		return;
	struct strbuf name, path;
	strbuf_init(&name);
	strbuf_init(&path);
	if (!is_local)
		uri_decode(&name, profile, false);
	uri_decode(&path, is_local ? uri : sv_from(uri, 5), false);
	strbuf_add_char(&name, '\0');
	push(b, name.data, strbuf_view(&path));
	strbuf_deinit(&name);
	strbuf_deinit(&path);
}

bool bookmarks_load(struct bookmarks *b)
{
	char *name = file_name();
	struct strbuf text;
	*b = (struct bookmarks){0};
	strbuf_init_cap(&text, FILE_MAX);
	int fd = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
	bool ok = fd >= 0 ? fd_read_all(fd, &text) : !name || errno == ENOENT;
	int why = errno;
	if (fd >= 0)
		close(fd);
	for (struct strview rest = strbuf_view(&text);
		ok && rest.len && b->count < BOOKMARKS_MAX;) {
		size_t n = sv_find(rest, '\n');
		read_line(b, sv_n(rest.data, n));
		rest = sv_from(rest, n + 1);
	}
	strbuf_deinit(&text);
	free(name);
	errno = why;
	return ok;
}

void bookmarks_deinit(struct bookmarks *b)
{
	for (size_t i = 0; i < b->count; i++) {
		free(b->items[i].profile);
		free(b->items[i].path);
	}
	free(b->items);
	*b = (struct bookmarks){0};
}

bool bookmarks_add(struct bookmarks *b, const char *profile, struct strview path)
{
	for (size_t i = 0; i < b->count; i++)
		if (strcmp(b->items[i].profile, profile) == 0 &&
			sv_eq(sv_n(b->items[i].path, b->items[i].path_len), path))
			return false;
	push(b, profile, path);
	return true;
}

void bookmarks_remove(struct bookmarks *b, size_t index)
{
	free(b->items[index].profile);
	free(b->items[index].path);
	memmove(b->items + index, b->items + index + 1, (--b->count - index) * sizeof *b->items);
}

static void write_line(const struct bookmark *m, struct strbuf *out)
{
	if (m->profile[0])
		uri_encode(out, sv(m->profile), false);
	else
		strbuf_add_char(out, '-');
	strbuf_add_str(out, m->profile[0] ? " s3://" : " ");
	uri_encode(out, sv_n(m->path, m->path_len), true);
	strbuf_add_char(out, '\n');
}

enum s3t_rc bookmarks_save(const struct bookmarks *b, struct s3t_err *err)
{
	char *name = file_name();
	if (!name)
		return s3t_fail(err, S3T_IO, "There is no home to keep bookmarks in.");
	struct strbuf text;
	strbuf_init_cap(&text, FILE_MAX);
	for (size_t i = 0; i < b->count; i++)
		write_line(&b->items[i], &text);
	enum s3t_rc rc = S3T_OK;
	if (!strbuf_ok(&text) || b->count > BOOKMARKS_MAX)
		rc = s3t_fail(err, S3T_INVALID, "These are too many bookmarks.");
	else if (!file_replace(name, text.data, text.len))
		rc = s3t_fail_errno(err, errno, "The bookmarks cannot be written to %s", name);
	strbuf_deinit(&text);
	free(name);
	return rc;
}
