#include "ui/commands.h"

#include "core/text.h"
#include "ui/browser.h"
#include "ui/clipboard.h"
#include "ui/dialogs.h"
#include "ui/log_view.h"
#include "ui/menu.h"
#include "ui/metrics_view.h"
#include "ui/sizes_view.h"
#include "ui/transfers_view.h"
#include "ui/versions.h"
#include "ui/viewer.h"

#include <stdlib.h>

/* Moving the cursor of the active pane. */
static bool move_cursor(struct app *app, enum action action)
{
	struct pane *p = app_active(app);
	struct cursor *c = pane_cursor(p);
	cursor_set_rows(c, listing_rows(pane_listing(p)));
	if (!cursor_act(c, action))
		return false;
	pane_note_cursor(p);
	return true;
}

static void mark(struct app *app, enum action then)
{
	struct pane *p = app_active(app);
	struct listing *l = pane_listing(p);
	uint32_t id = listing_row(l, pane_cursor(p)->at);
	if (id != LISTING_PARENT && id != LISTING_NONE)
		listing_mark(l, id, !listing_is_marked(l, id));
	(void)move_cursor(app, then);
}

static void next_sort(struct app *app)
{
	struct pane *p = app_active(app);
	enum listing_sort sort = listing_sort(pane_listing(p)) + 1;
	bool reversed = listing_is_reversed(pane_listing(p));
	if (sort == LISTING_SORT_COUNT) {
		sort = SORT_NAME;
		reversed = !reversed;
	}
	pane_set_sort(p, sort, reversed);
}

static void copy_uri(struct app *app)
{
	struct pane *p = app_active(app);
	struct pane_row row;
	struct strbuf uri, shown;
	strbuf_init(&uri);
	strbuf_init(&shown);
	pane_uri(p, pane_current(p, &row) ? row.name : sv_n("", 0), &uri);
	text_sanitise(&shown, strbuf_view(&uri));
	enum clipboard_way way = clipboard_set(strbuf_view(&uri));
	app_status(app, "%s (%s)", shown.data, clipboard_sentence(way));
	strbuf_deinit(&uri);
	strbuf_deinit(&shown);
}

/* The other pane goes where this one is. */
static void same(struct app *app)
{
	struct pane *p = app_active(app);
	struct pane_row row;
	bool has_row = pane_current(p, &row);
	pane_go(app_other(app), pane_location(p), pane_path(p), has_row ? row.name : sv_n("", 0));
}

static void enter(struct app *app)
{
	struct pane *p = app_active(app);
	struct pane_row row;
	struct strbuf path;
	if (pane_enter(p) || !pane_current(p, &row))
		return;
	strbuf_init(&path);
	pane_join(p, row.name, &path);
	viewer_open(app, pane_location(p), strbuf_view(&path));
	strbuf_deinit(&path);
}

static void info(struct app *app)
{
	struct pane *p = app_active(app);
	struct pane_row row;
	struct strbuf path;
	strbuf_init(&path);
	if (pane_current(p, &row))
		pane_join(p, row.name, &path);
	else
		strbuf_add_sv(&path, pane_path(p));
	dialog_info_open(app, pane_location(p), strbuf_view(&path));
	strbuf_deinit(&path);
}

/* Files of one pane that the other has not, or has otherwise: of another size, or older. Marks
 * them. Directories are compared by F5 and V. */
static size_t mark_differences(struct pane *p, struct pane *other)
{
	struct listing *mine = pane_listing(p), *theirs = pane_listing(other);
	size_t marked = 0;
	listing_unmark_all(mine);
	for (size_t row = 0; row < listing_rows(mine); row++) {
		uint32_t id = listing_row(mine, row);
		if (id >= LISTING_NONE)
			continue;
		const struct entry *a = listing_entry(mine, id);
		if (a->kind != ENTRY_FILE)
			continue;
		uint32_t found = listing_find(theirs, listing_name(mine, id), 0);
		const struct entry *b = found < LISTING_NONE ? listing_entry(theirs, found) : NULL;
		/* an object's time is that of its copying, and so later than its file's */
		bool is_newer = b && !pane_is_s3(p) && a->mtime_s > b->mtime_s;
		bool is_same = b && b->kind == ENTRY_FILE && a->size == b->size && !is_newer;
		listing_mark(mine, id, !is_same);
		marked += !is_same;
	}
	return marked;
}

/* Looking each name up is linear: for what people look at, not for a million. */
static void compare(struct app *app)
{
	enum { ROWS_MAX = 3000 };
	struct pane *a = app_active(app), *b = app_other(app);
	if (pane_is_listing(a) || pane_is_listing(b)) {
		app_status(app, "Both panes have to be listed first.");
		return;
	}
	if (listing_rows(pane_listing(a)) > ROWS_MAX || listing_rows(pane_listing(b)) > ROWS_MAX) {
		app_status(app, "Too many rows to compare; V does it by content, for any number.");
		return;
	}
	size_t here = mark_differences(a, b), there = mark_differences(b, a);
	app_status(
		app, "%zu here and %zu there are missing, newer or of another size.", here, there);
}

static void edit(struct app *app)
{
	struct pane *p = app_active(app);
	struct pane_row row;
	struct strbuf path;
	if (!pane_current(p, &row) || (row.kind != ENTRY_FILE && row.kind != ENTRY_LINK)) {
		app_status(app, "Only files can be edited.");
		return;
	}
	if (versions_refuse(app, row.name))
		return;
	strbuf_init(&path);
	pane_join(p, row.name, &path);
	dialog_edit_open(app, pane_location(p), strbuf_view(&path));
	strbuf_deinit(&path);
}

static void stop(struct app *app)
{
	struct pane *p = app_active(app);
	if (pane_stop(p))
		app_status(app, "Stopped; what came stays.");
	else if (listing_filter(pane_listing(p)).len)
		pane_set_filter(p, sv_n("", 0));
}

static void quit(struct app *app)
{
	if (engine_busy(app_engine(app)) || app_demo_has_new(app))
		dialog_quit_open(app);
	else
		app_quit(app);
}

/* Those that need rows, or a place to put something. */
static bool run_job_action(struct app *app, enum action action)
{
	struct pane *p = app_active(app);
	bool is_copy = action == ACTION_COPY || action == ACTION_MOVE || action == ACTION_PIPE;
	if (!is_copy && action != ACTION_DELETE && action != ACTION_SHARE &&
		action != ACTION_MKDIR && action != ACTION_VERIFY)
		return false;
	if (action != ACTION_MKDIR && action != ACTION_VERIFY && pane_selected_count(p) == 0)
		app_status(app, "Nothing is selected.");
	else if (is_copy)
		dialog_copy_open(app, action == ACTION_MOVE   ? JOB_MOVE
				      : action == ACTION_PIPE ? JOB_PIPE
							      : JOB_COPY);
	else if (action == ACTION_VERIFY)
		dialog_verify_open(app);
	else if (action == ACTION_DELETE)
		dialog_delete_open(app);
	else if (action == ACTION_MKDIR)
		dialog_mkdir_open(app);
	else if (!pane_is_s3(p))
		app_status(app, "Links are made for objects: choose them in a bucket.");
	else
		dialog_share_open(app);
	return true;
}

static bool run_pane_action(struct app *app, struct view *browser, enum action action)
{
	struct pane *p = app_active(app);
	switch (action) {
	case ACTION_ENTER:
	case ACTION_VIEW:
		enter(app);
		return true;
	case ACTION_PARENT:
		pane_parent(p);
		return true;
	case ACTION_MARK:
	case ACTION_MARK_DOWN:
		mark(app, ACTION_DOWN);
		return true;
	case ACTION_MARK_UP:
		mark(app, ACTION_UP);
		return true;
	case ACTION_INVERT:
		listing_invert(pane_listing(p));
		return true;
	case ACTION_FILTER:
		browser_start_filter(browser);
		return true;
	case ACTION_JUMP_NAME:
		browser_start_jump(browser);
		return true;
	case ACTION_FIND:
		dialog_find_open(app);
		return true;
	case ACTION_MEASURE:
		if (pane_count(p) == 0)
			app_status(app, "Only directories, prefixes and buckets are counted.");
		return true;
	case ACTION_SORT:
		next_sort(app);
		return true;
	case ACTION_SORT_REVERSE:
		pane_set_sort(
			p, listing_sort(pane_listing(p)), !listing_is_reversed(pane_listing(p)));
		return true;
	case ACTION_REFRESH:
		pane_refresh(p);
		return true;
	case ACTION_STOP:
		stop(app);
		return true;
	default:
		return move_cursor(app, action);
	}
}

bool command_run(struct app *app, struct view *browser, enum action action)
{
	if (run_job_action(app, action) || run_pane_action(app, browser, action))
		return true;
	switch (action) {
	case ACTION_EDIT:
		edit(app);
		return true;
	case ACTION_INFO:
		info(app);
		return true;
	case ACTION_COMPARE:
		compare(app);
		return true;
	case ACTION_MENU:
		menu_open(app, browser);
		return true;
	case ACTION_QUIT:
		quit(app);
		return true;
	case ACTION_SWITCH:
		app_switch_panes(app);
		return true;
	case ACTION_MARK_PATTERN:
	case ACTION_UNMARK_PATTERN:
		dialog_pattern_open(app, action == ACTION_MARK_PATTERN);
		return true;
	case ACTION_LINKS:
		dialog_links_open(app);
		return true;
	case ACTION_LOG:
		log_view_open(app);
		return true;
	case ACTION_METRICS:
		metrics_view_open(app);
		return true;
	case ACTION_SIZES:
		sizes_view_open(app);
		return true;
	case ACTION_TRANSFERS:
		transfers_view_open(app);
		return true;
	case ACTION_COPY_URI:
		copy_uri(app);
		return true;
	case ACTION_GOTO:
		dialog_goto_open(app);
		return true;
	case ACTION_BACK:
	case ACTION_FORWARD:
		if (!pane_travel(app_active(app), action == ACTION_BACK ? -1 : 1))
			app_status(app, "There is no such place.");
		return true;
	case ACTION_BOOKMARKS:
		dialog_bookmarks_open(app);
		return true;
	case ACTION_PROFILE:
		dialog_profiles_open(app);
		return true;
	case ACTION_SWAP:
		app_swap_panes(app);
		return true;
	case ACTION_SYNC:
		app_toggle_sync(app);
		return true;
	case ACTION_RENAME:
		dialog_rename_open(app);
		return true;
	case ACTION_CHANGE:
		dialog_change_open(app);
		return true;
	case ACTION_RESTORE:
		versions_restore(app);
		return true;
	case ACTION_BUCKET:
		dialog_bucket_open(app);
		return true;
	case ACTION_LIFECYCLE:
		dialog_lifecycle_open(app);
		return true;
	case ACTION_VERSIONS:
		versions_toggle(app);
		return true;
	case ACTION_UNDELETE:
		versions_undelete(app);
		return true;
	case ACTION_SAME:
		same(app);
		return true;
	case ACTION_MOUSE:
		app_toggle_mouse(app);
		return true;
	default:
		return false;
	}
}
