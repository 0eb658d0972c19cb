/* Lists of places to go to: bookmarks with what was visited, and profiles. */
#include "core/text.h"
#include "ui/bookmarks.h"
#include "ui/chooser.h"
#include "ui/dialogs.h"

#include <stdlib.h>
#include <string.h>

/* --- bookmarks --- */

enum { VISITED_MAX = 32 };

struct visited_place {
	struct location *location; /* a reference */
	char *path;
	size_t path_len;
};

struct places {
	struct bookmarks bookmarks;
	struct visited_place visited[VISITED_MAX];
	size_t visited_count;
};

static void show_place(struct strbuf *out, bool is_s3, struct strview path)
{
	strbuf_reset(out);
	if (is_s3)
		strbuf_add_str(out, "s3://");
	strbuf_add_sv(out, path);
	strbuf_add_char(out, '\0');
}

static const char *profile_of(const struct location *location)
{
	const struct s3_client *client = location_s3_client(location);
	return client ? s3_client_profile(client)->name : "";
}

/* To the file as it is now: others may have changed it, and rows may have gone. */
static void keep_place(struct app *app, const struct pane *pane)
{
	struct bookmarks now;
	struct s3t_err err;
	if (!bookmarks_load(&now))
		app_status_error(app, "The bookmarks cannot be read, and stay as they are.");
	else if (!bookmarks_add(&now, profile_of(pane_location(pane)), pane_path(pane)))
		app_status(app, "This place is a bookmark already.");
	else if (bookmarks_save(&now, &err) != S3T_OK)
		app_status_error(app, "%s", err.message);
	else
		app_status(app, "Kept as a bookmark; b goes there.");
	bookmarks_deinit(&now);
}

/* The first row keeps where the pane is; the bookmarks; what was visited. */
static void choose_place(struct app *app, void *arg, size_t row)
{
	struct places *p = arg;
	struct pane *pane = app_active(app);
	struct s3t_err err;
	size_t marked = p->bookmarks.count;
	if (row == 0) {
		keep_place(app, pane);
		return;
	}
	if (row > marked) {
		const struct visited_place *v = &p->visited[row - 1 - marked];
		pane_go(pane, v->location, sv_n(v->path, v->path_len), SV(""));
		return;
	}
	const struct bookmark *m = &p->bookmarks.items[row - 1];
	struct location *location = app_local(app);
	if (m->profile[0] && app_open_profile(app, m->profile, &location, &err) != S3T_OK)
		app_status_error(app, "%s", err.message);
	else
		pane_go(pane, location, sv_n(m->path, m->path_len), SV(""));
}

/* Rows keep their numbers: the bookmark stays in memory, and goes from the file. */
static bool remove_place(struct app *app, void *arg, size_t row)
{
	const struct places *p = arg;
	struct bookmarks now;
	struct s3t_err err;
	bool is_done = false;
	if (row == 0 || row > p->bookmarks.count)
		return false;
	const struct bookmark *gone = &p->bookmarks.items[row - 1];
	if (!bookmarks_load(&now)) /* others may have gone already */
		return false;
	for (size_t i = 0; i < now.count && !is_done; i++) {
		if (strcmp(now.items[i].profile, gone->profile) != 0 ||
			!sv_eq(sv_n(now.items[i].path, now.items[i].path_len),
				sv_n(gone->path, gone->path_len)))
			continue;
		bookmarks_remove(&now, i);
		is_done = bookmarks_save(&now, &err) == S3T_OK;
		if (!is_done)
			app_status_error(app, "%s", err.message);
		break;
	}
	bookmarks_deinit(&now);
	return is_done;
}

static void free_places(void *arg)
{
	struct places *p = arg;
	bookmarks_deinit(&p->bookmarks);
	for (size_t i = 0; i < p->visited_count; i++) {
		location_unref(p->visited[i].location);
		free(p->visited[i].path);
	}
	free(p);
}

static void note_visited(void *arg, struct location *location, struct strview path)
{
	struct places *p = arg;
	for (size_t i = 0; i < p->visited_count; i++)
		if (p->visited[i].location == location &&
			sv_eq(sv_n(p->visited[i].path, p->visited[i].path_len), path))
			return;
	if (p->visited_count == VISITED_MAX)
		return;
	p->visited[p->visited_count++] = (struct visited_place){.location = location_ref(location),
		.path = s3t_strndup(path.data, path.len),
		.path_len = path.len};
}

static const struct chooser_ops places_ops = {.title = "Go to",
	.hint = "Enter goes, Del takes a bookmark away",
	.choose = choose_place,
	.remove = remove_place,
	.free_arg = free_places};

void dialog_bookmarks_open(struct app *app)
{
	struct places *p = s3t_alloc(sizeof *p);
	struct chooser *c = chooser_new(&places_ops, p);
	struct pane *pane = app_active(app);
	struct strbuf text;
	strbuf_init(&text);
	if (!bookmarks_load(&p->bookmarks))
		app_status_error(app, "The bookmarks cannot be read.");
	show_place(&text, pane_is_s3(pane), pane_path(pane));
	char *keep = s3t_asprintf("keep %s", text.data);
	chooser_add(c, keep, "as a bookmark", "");
	free(keep);
	for (size_t i = 0; i < p->bookmarks.count; i++) {
		const struct bookmark *m = &p->bookmarks.items[i];
		show_place(&text, m->profile[0], sv_n(m->path, m->path_len));
		chooser_add(c, text.data, m->profile[0] ? m->profile : "local", "");
	}
	pane_each_stop(pane, note_visited, p);
	pane_each_stop(app_other(app), note_visited, p);
	for (size_t i = 0; i < p->visited_count; i++) {
		const struct visited_place *v = &p->visited[i];
		show_place(&text, location_s3_client(v->location), sv_n(v->path, v->path_len));
		chooser_add(c, text.data, "visited", "");
	}
	strbuf_deinit(&text);
	chooser_open(app, c);
}

/* --- profiles --- */

struct profiles {
	char **names;
	size_t count;
	struct chooser *chooser;
};

static void choose_profile(struct app *app, void *arg, size_t row)
{
	const struct profiles *p = arg;
	struct location *location;
	struct s3t_err err;
	if (row == 0) {
		const char *home = getenv("HOME");
		pane_go(app_active(app), app_local(app), sv(home ? home : "/"), SV(""));
	} else if (row == 1) {
		dialog_new_profile_open(app);
	} else if (app_open_profile(app, p->names[row - 2], &location, &err) != S3T_OK) {
		app_status_error(app, "%s", err.message);
	} else {
		const struct profile *profile = s3_client_profile(location_s3_client(location));
		pane_go(app_active(app), location, sv(profile->settings.default_bucket), SV(""));
	}
}

static void free_profiles(void *arg)
{
	struct profiles *p = arg;
	for (size_t i = 0; i < p->count; i++)
		free(p->names[i]);
	free(p->names);
	free(p);
}

static void add_profile(void *arg, const char *name, const char *source)
{
	struct profiles *p = arg;
	for (size_t i = 0; i < p->count; i++)
		if (strcmp(p->names[i], name) == 0)
			return;
	char **more = realloc(p->names, (p->count + 1) * sizeof *more);
	if (!more)
		s3t_oom();
	p->names = more;
	p->names[p->count++] = s3t_strdup(name);
	chooser_add(p->chooser, name, source, "");
}

static const struct chooser_ops profiles_ops = {
	.title = "Profile of this pane", .choose = choose_profile, .free_arg = free_profiles};

void dialog_profiles_open(struct app *app)
{
	struct profiles *p = s3t_alloc(sizeof *p);
	p->chooser = chooser_new(&profiles_ops, p);
	chooser_add(p->chooser, "local files", "", "");
	chooser_add(p->chooser, "a new one: endpoint and keys", "", "profile");
	app_each_profile(app, add_profile, p);
	chooser_open(app, p->chooser);
}
