/* Reading what a person types as a place. */
#include "ui/app_private.h"

#include "core/text.h"

#include <stdlib.h>

/* Appends an absolute path with ".", ".." and "//" taken out. */
static void add_normal(struct strbuf *out, struct strview path)
{
	size_t start = out->len;
	while (path.len) {
		size_t n = sv_find(path, '/');
		struct strview part = sv_n(path.data, n);
		path = sv_from(path, n + 1);
		if (part.len == 0 || sv_eq(part, SV(".")))
			continue;
		if (sv_eq(part, SV(".."))) {
			while (out->len > start && out->data[out->len - 1] != '/')
				strbuf_truncate(out, out->len - 1);
			if (out->len > start)
				strbuf_truncate(out, out->len - 1);
			continue;
		}
		strbuf_add_char(out, '/');
		strbuf_add_sv(out, part);
	}
	if (out->len == start)
		strbuf_add_char(out, '/');
}

static enum s3t_rc parse_s3(
	const struct app *app, struct strview text, struct strbuf *path, struct s3t_err *err)
{
	struct s3_uri uri;
	if (!app->options->s3)
		return s3t_fail(err, S3T_UNSUPPORTED, "No S3 endpoint is set up.");
	if (!uri_parse_s3(text, &uri))
		return s3t_fail(err, S3T_INVALID, "That is not of the form s3://bucket/prefix.");
	struct strview bucket = uri.bucket;
	if (bucket.len == 0 && uri.has_slash && uri.key.len)
		bucket = sv(app->options->profile ? app->options->profile->settings.default_bucket
						  : "");
	if (bucket.len == 0 && uri.key.len)
		return s3t_fail(err, S3T_INVALID,
			"s3:///key needs a default_bucket in s3tui.ini; none is set.");
	strbuf_add_sv(path, bucket);
	if (bucket.len)
		strbuf_add_char(path, '/');
	strbuf_add_sv(path, uri.key);
	return S3T_OK;
}

/* A name below where an S3 pane is; "..": one level up. */
static void parse_s3_relative(const struct pane *pane, struct strview text, struct strbuf *path)
{
	struct strview here = pane_path(pane);
	while (text.len >= 2 && sv_starts_with(text, SV("..")) &&
		(text.len == 2 || text.data[2] == '/')) {
		here = path_parent(here);
		text = sv_from(text, 3);
	}
	strbuf_add_sv(path, here);
	strbuf_add_sv(path, text);
}

enum s3t_rc app_parse_place(struct app *app, struct pane *relative_to, struct strview text,
	struct location **location, struct strbuf *path, struct s3t_err *err)
{
	while (text.len && text.data[0] == ' ')
		text = sv_from(text, 1);
	if (text.len == 0)
		return s3t_fail(err, S3T_INVALID, "No place was given.");
	bool is_tilde = text.data[0] == '~' && (text.len == 1 || text.data[1] == '/');
	if (uri_is_s3(text)) {
		*location = app->options->s3;
		return parse_s3(app, text, path, err);
	}
	if (text.data[0] != '/' && !is_tilde && pane_is_s3(relative_to)) {
		*location = pane_location(relative_to);
		parse_s3_relative(relative_to, text, path);
		return S3T_OK;
	}
	*location = app->options->local;
	struct strbuf whole;
	strbuf_init(&whole);
	if (is_tilde) {
		const char *home = getenv("HOME");
		strbuf_add_str(&whole, home ? home : "/");
		strbuf_add_sv(&whole, sv_from(text, 1));
	} else if (text.data[0] == '/') {
		strbuf_add_sv(&whole, text);
	} else {
		path_join(&whole, pane_path(relative_to), text);
	}
	add_normal(path, strbuf_view(&whole));
	strbuf_deinit(&whole);
	return S3T_OK;
}
