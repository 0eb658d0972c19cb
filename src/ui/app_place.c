/* Reading what a person types as a place; profiles as places. */
#include "ui/app_private.h"

#include "core/text.h"

#include <stdlib.h>
#include <string.h>

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

static enum s3t_rc parse_s3(const struct location *location, struct strview text,
	struct strbuf *path, struct s3t_err *err)
{
	struct s3_uri uri;
	if (!location)
		return s3t_fail(err, S3T_UNSUPPORTED, "No S3 endpoint is set up.");
	if (!uri_parse_s3(text, &uri))
		return s3t_fail(err, S3T_INVALID, "That is not of the form s3://bucket/prefix.");
	const struct profile *profile = s3_client_profile(location_s3_client(location));
	struct strview bucket = uri.bucket;
	if (bucket.len == 0 && uri.has_slash && uri.key.len)
		bucket = sv(profile->settings.default_bucket);
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

enum s3t_rc app_parse_place(struct app *app, struct pane *relative_to, struct pane *s3_of,
	struct strview text, struct location **location, struct strbuf *path, struct s3t_err *err)
{
	while (text.len && text.data[0] == ' ')
		text = sv_from(text, 1);
	if (text.len == 0)
		return s3t_fail(err, S3T_INVALID, "No place was given.");
	bool is_tilde = text.data[0] == '~' && (text.len == 1 || text.data[1] == '/');
	if (uri_is_s3(text)) {
		*location = pane_is_s3(s3_of)         ? pane_location(s3_of)
			    : pane_is_s3(relative_to) ? pane_location(relative_to)
						      : app->options->s3;
		return parse_s3(*location, text, path, err);
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

/* --- profiles --- */

struct location *app_local(struct app *app)
{
	return app->options->local;
}

static const char *profile_name(const struct location *location)
{
	return s3_client_profile(location_s3_client(location))->name;
}

void app_add_profile(struct app *app, struct profile *profile, struct location **location)
{
	struct s3_client *client = s3_client_new(profile);
	s3_client_set_log(client, app->log);
	struct location **more =
		realloc(app->opened, (app->opened_count + 1) * sizeof *app->opened);
	if (!more)
		s3t_oom();
	app->opened = more;
	/* the newest first: it may have the name of one that did not work */
	memmove(app->opened + 1, app->opened, app->opened_count++ * sizeof *app->opened);
	*location = app->opened[0] = location_s3_new(client);
	s3_client_unref(client);
}

bool app_start_demo(struct app *app)
{
	if (!app->options->wants_demo)
		return false;
	*app->options->wants_demo = true;
	app_quit(app);
	return true;
}

enum s3t_rc app_open_profile(
	struct app *app, const char *name, struct location **location, struct s3t_err *err)
{
	const struct ui_options *o = app->options;
	for (size_t i = 0; i < app->opened_count; i++) {
		if (strcmp(profile_name(app->opened[i]), name) != 0)
			continue;
		*location = app->opened[i];
		return S3T_OK;
	}
	if (o->s3 && strcmp(profile_name(o->s3), name) == 0) {
		*location = o->s3;
		return S3T_OK;
	}
	if (o->is_demo || !o->config)
		return s3t_fail(err, S3T_UNSUPPORTED, "The demo has one profile, its own.");
	struct profile_request request = {.profile = name};
	struct profile *profile = NULL;
	enum s3t_rc rc = profile_resolve(o->config, &request, NULL, NULL, &profile, NULL, err);
	if (rc != S3T_OK)
		return rc;
	app_add_profile(app, profile, location);
	profile_unref(profile);
	return S3T_OK;
}

void app_place_deinit(struct app *app)
{
	for (size_t i = 0; i < app->opened_count; i++)
		location_unref(app->opened[i]);
	free(app->opened);
}

void app_each_profile(
	struct app *app, void (*fn)(void *arg, const char *name, const char *source), void *arg)
{
	const struct ui_options *o = app->options;
	if (o->s3)
		fn(arg, profile_name(o->s3), "at the start");
	if (!o->is_demo && o->config)
		profile_each_name(o->config, fn, arg);
}
