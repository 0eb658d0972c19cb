/*
 * How a pane looks. Only the rows that are seen are touched. Columns go as the room gets narrow, in
 * the order storage class, time of day, date, size; the name keeps twenty.
 */
#include "ui/pane_private.h"

#include "core/text.h"
#include "core/timeutil.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MIN = 20, SIZE_W = 9, DATE_W = 10, TIME_W = 16, CLASS_W = 12 };

struct columns {
	int name, size, date, class_; /* widths; 0: not shown */
};

static struct columns lay_out(int w, bool is_s3)
{
	struct columns c = {.name = w - 1}; /* one for the mark */
	if (c.name - 1 - SIZE_W >= NAME_MIN) {
		c.size = SIZE_W;
		c.name -= 1 + SIZE_W;
	}
	if (c.size && c.name - 1 - TIME_W >= NAME_MIN)
		c.date = TIME_W;
	else if (c.size && c.name - 1 - DATE_W >= NAME_MIN)
		c.date = DATE_W;
	c.name -= c.date ? 1 + c.date : 0;
	if (is_s3 && c.date == TIME_W && c.name - 1 - CLASS_W >= NAME_MIN) {
		c.class_ = CLASS_W;
		c.name -= 1 + CLASS_W;
	}
	return c;
}

/* "4.2 MiB" in at most nine columns. */
static void short_size(uint64_t bytes, char out[TEXT_SIZE_MAX])
{
	text_size(bytes, out);
	if (strlen(out) <= SIZE_W)
		return;
	char *dot = strchr(out, '.'), *space = strchr(out, ' ');
	if (dot && space)
		memmove(dot, space, strlen(space) + 1);
}

static void size_text(
	const struct pane *p, uint32_t id, const struct entry *e, char out[TEXT_SIZE_MAX])
{
	const struct dir_count *count = pane_count_of(p, id);
	if (count) {
		short_size(count->bytes, out);
		return;
	}
	const char *access = pane_access_text(p, id);
	if (access) {
		snprintf(out, TEXT_SIZE_MAX, "%s", access);
		return;
	}
	switch ((enum entry_kind)e->kind) {
	case ENTRY_FILE:
		short_size(e->size, out);
		break;
	case ENTRY_DIR:
		snprintf(out, TEXT_SIZE_MAX, pane_is_s3(p) ? "prefix" : "dir");
		break;
	case ENTRY_BUCKET:
		snprintf(out, TEXT_SIZE_MAX, "bucket");
		break;
	case ENTRY_LINK:
		snprintf(out, TEXT_SIZE_MAX, "link");
		break;
	default:
		snprintf(out, TEXT_SIZE_MAX, "special");
	}
}

static enum theme_role row_role(const struct entry *e, bool marked, bool is_cursor, bool is_active)
{
	if (is_cursor && is_active)
		return marked ? THEME_CURSOR_MARKED : THEME_CURSOR;
	if (is_cursor)
		return THEME_CURSOR_IDLE;
	if (marked)
		return THEME_MARKED;
	switch (e ? e->kind : ENTRY_DIR) {
	case ENTRY_DIR:
	case ENTRY_BUCKET:
		return THEME_DIR;
	case ENTRY_LINK:
		return THEME_LINK;
	case ENTRY_OTHER:
		return THEME_OTHER;
	default:
		return THEME_NORMAL;
	}
}

static void draw_name(
	int y, int x, int w, enum theme_role role, struct strview name, bool add_slash)
{
	struct strbuf shown, cut;
	strbuf_init(&shown);
	strbuf_init(&cut);
	path_show(&shown, name);
	if (add_slash)
		strbuf_add_char(&shown, '/');
	text_cut_middle(&cut, strbuf_view(&shown), w);
	draw_field(y, x, w, role, strbuf_view(&cut));
	strbuf_deinit(&cut);
	strbuf_deinit(&shown);
}

/* What a listing does not tell of an object, where something else has. */
static bool find_known(
	const struct pane *p, struct strview name, const struct entry *e, struct known_object *out)
{
	struct s3_client *client = location_s3_client(p->location);
	struct strbuf path;
	if (!client || !e || e->kind != ENTRY_FILE)
		return false;
	strbuf_init(&path);
	path_join(&path, pane_path(p), name);
	bool is_known = s3_client_known(client, strbuf_view(&path), e->size, e->mtime_s, out);
	strbuf_deinit(&path);
	return is_known;
}

static void draw_row(const struct pane *p, int y, int x, const struct columns *c, uint32_t id,
	bool is_cursor, bool is_active, bool is_lit)
{
	const struct entry *e = id == LISTING_PARENT ? NULL : listing_entry(p->listing, id);
	struct strview name = listing_name(p->listing, id);
	bool marked = e && listing_is_marked(p->listing, id);
	enum theme_role role = is_lit ? THEME_DROP : row_role(e, marked, is_cursor, is_active);
	bool add_slash = e && (e->kind == ENTRY_DIR || e->kind == ENTRY_BUCKET) &&
			 !sv_ends_with(name, SV("/"));
	const char *sign = is_lit ? "+" : marked ? "*" : is_cursor && !is_active ? ">" : " ";
	draw_str(y, x, 1, role, sign);
	draw_name(y, x + 1, c->name, role, name, add_slash);
	x += 1 + c->name;
	char size[TEXT_SIZE_MAX] = "", date[32] = "";
	struct known_object known = {.plain_size = UINT64_MAX};
	(void)find_known(p, name, e, &known);
	if (e) {
		size_text(p, id, e, size);
		time_format_local(e->mtime_s, false, date);
	}
	if (known.plain_size != UINT64_MAX)
		short_size(known.plain_size, size);
	if (c->size) {
		draw_str(y, x, 1, role, known.is_encrypted ? "e" : known.words[0] ? "z" : " ");
		draw_right(y, x + 1, c->size, role, sv(size));
		x += 1 + c->size;
	}
	if (c->date) {
		date[c->date] = '\0';
		draw_str(y, x, 1, role, " ");
		draw_field(y, x + 1, c->date, role, sv(date));
		x += 1 + c->date;
	}
	if (c->class_) {
		draw_str(y, x, 1, role, " ");
		draw_name(y, x + 1, c->class_, role,
			sv(e && e->kind == ENTRY_FILE ? storage_class_name(e->storage_class) : ""),
			false);
	}
}

static void draw_header(const struct pane *p, int y, int x, int w, const struct columns *c)
{
	static const char *const labels[] = {"Name", "Size", "Modified", "Class"};
	int sorted = p->sort == SORT_NATURAL ? SORT_NAME : (int)p->sort;
	char text[4][32];
	for (int i = 0; i < 4; i++)
		snprintf(text[i], sizeof text[i], "%s%s%s", labels[i], sorted == i ? " " : "",
			sorted != i   ? ""
			: p->reversed ? glyph(GLYPH_DOWN)
				      : glyph(GLYPH_UP));
	draw_fill((struct rect){y, x, 1, w}, THEME_HEADER);
	draw_str(y, x + 1, c->name, THEME_HEADER, text[SORT_NAME]);
	x += 1 + c->name;
	if (c->size)
		draw_right(y, x + 1, c->size, THEME_HEADER, sv(text[SORT_SIZE]));
	x += c->size ? 1 + c->size : 0;
	if (c->date)
		draw_str(y, x + 1, c->date, THEME_HEADER, text[SORT_DATE]);
	x += c->date ? 1 + c->date : 0;
	if (c->class_)
		draw_str(y, x + 1, c->class_, THEME_HEADER, text[SORT_CLASS]);
}

/* Adds a part to the foot, if there is room for it. */
static void add_part(struct strbuf *out, int room, const char *text)
{
	const char *dot = glyph(GLYPH_DOT);
	if (text[0] && text_columns(strbuf_view(out)) + text_columns(sv(text)) + 3 <= room)
		strbuf_addf(out, "%s%s%s%s", out->len ? " " : "", out->len ? dot : "",
			out->len ? " " : "", text);
}

static void order_text(const struct pane *p, char out[64])
{
	static const char *const orders[] = {"name", "size", "date", "class", "number"};
	out[0] = '\0';
	if (listing_is_sorting(p->listing) && p->sort != SORT_NAME)
		snprintf(out, 64, "sorting by %s", orders[p->sort]);
	else if (p->sort != SORT_NAME || p->reversed)
		snprintf(out, 64, "sorted by %s%s%s", orders[p->sort],
			p->reversed ? ", reversed" : "",
			p->is_partial || (p->list && !p->coming) ? ", so far" : "");
}

/* How the connection does, if it is ok or if it is not, by the last answers. */
static void add_health(const struct pane *p, bool is_ok, int room, struct strbuf *out)
{
	struct s3_client *client = location_s3_client(p->location);
	char part[64], since[32];
	int64_t since_s;
	enum connection_state state =
		client ? s3_client_connection(client, &since_s) : CONNECTION_UNKNOWN;
	if (state == CONNECTION_UNKNOWN || is_ok != (state == CONNECTION_OK))
		return;
	time_format_local(since_s, false, since);
	snprintf(part, sizeof part, "%s since %s", connection_word(state), since + 11);
	size_t before = out->len;
	add_part(out, room, part);
	if (out->len == before)
		add_part(out, room, connection_word(state));
}

/* "1,204+ items · 3 marked, 4.2 MiB · sorted by size" in so many columns */
static void foot_text(const struct pane *p, int room, struct strbuf *out)
{
	struct listing_totals t = listing_totals(p->listing);
	char n[32], part[128], size[TEXT_SIZE_MAX];
	bool is_coming = p->list && !p->coming;
	text_count(t.entries, n);
	strbuf_addf(out, "%s%s item%s", n, is_coming || p->is_partial ? "+" : "",
		t.entries == 1 ? "" : "s");
	if (p->pattern) {
		text_count(p->seen, n);
		strbuf_addf(out, " of %s", n);
	} else if (is_coming && p->rate) {
		text_count(p->rate, n);
		strbuf_addf(out, ", %s/s", n);
	}
	if (t.marked) {
		text_count(t.marked, n);
		uint64_t counted = pane_counted_bytes(p);
		text_size(t.marked_bytes + counted, size);
		bool has_size = t.marked > t.marked_dirs || counted;
		snprintf(part, sizeof part, "%s marked%s%s%s%s", n, has_size ? ", " : "",
			has_size ? size : "", has_size && t.marked_dirs && !counted ? "+" : "",
			listing_marks_later(p->listing) ? ", and what comes" : "");
		add_part(out, room, part);
	}
	struct strview filter = listing_filter(p->listing);
	if (filter.len) {
		char *shown = text_sanitised(filter);
		text_count(t.shown, n);
		snprintf(part, sizeof part, "%s with /%.60s", n, shown);
		free(shown);
		add_part(out, room, part);
	}
	if (is_coming)
		add_part(out, room, "Esc stops");
	else if (p->list)
		add_part(out, room, "listing again");
	else if (p->is_partial)
		add_part(out, room, "stopped");
	add_health(p, false, room, out);
	if (p->problems) {
		text_count(p->problems, n);
		snprintf(part, sizeof part, "%s unreadable", n);
		add_part(out, room, part);
	}
	if (p->is_synced)
		add_part(out, room, "in step");
	order_text(p, part);
	add_part(out, room, part);
	add_health(p, true, room, out); /* good news come last */
}

/* Lines of text, broken at spaces; how many. */
static int draw_wrapped(int y, int x, int w, int h, enum theme_role role, struct strview text)
{
	int lines = 0;
	while (text.len && lines < h) {
		size_t n = text_fit(text, w, NULL), cut = n;
		while (n < text.len && cut > 0 && text.data[cut] != ' ')
			cut--;
		if (n < text.len && cut > 0)
			n = cut;
		if (n == 0)
			break;
		draw_field(y + lines++, x, w, role, sv_n(text.data, n));
		text = sv_from(text, n);
		while (text.len && text.data[0] == ' ')
			text = sv_from(text, 1);
	}
	return lines;
}

/* What stands in a pane besides rows: why there are none. */
static void draw_note(const struct pane *p, struct rect in)
{
	if (p->error.rc != S3T_OK) {
		const char *message =
			p->error.message[0] ? p->error.message : s3t_rc_sentence(p->error.rc);
		int lines =
			draw_wrapped(in.y, in.x + 1, in.w - 2, in.h - 1, THEME_ERROR, sv(message));
		bool names_help = p->error.rc == S3T_DENIED && pane_is_buckets(p);
		const char *todo = s3t_err_hint(&p->error);
		if (todo[0]) {
			struct strbuf hint;
			strbuf_init(&hint);
			strbuf_addf(&hint, "What to do: %s.", todo);
			lines += draw_wrapped(in.y + lines, in.x + 1, in.w - 2, in.h - lines,
				THEME_DIM, strbuf_view(&hint));
			strbuf_deinit(&hint);
		}
		draw_wrapped(in.y + lines, in.x + 1, in.w - 2, in.h - lines, THEME_DIM,
			names_help ? SV("Ctrl-G goes to a bucket by its name.")
				   : SV("Ctrl-R tries again."));
		return;
	}
	int64_t seconds = (time_mono_ms() - p->started_ms) / 1000;
	if (p->list && !p->coming && listing_totals(p->listing).entries == 0) {
		if (seconds < 2)
			draw_str(in.y, in.x + 1, in.w - 2, THEME_DIM, "listing");
		else
			draw_fmt(in.y, in.x + 1, in.w - 2, THEME_DIM,
				"no answer for %d s; Esc stops", (int)seconds);
	} else if (listing_filter(p->listing).len && listing_totals(p->listing).shown == 0) {
		draw_str(in.y, in.x + 1, in.w - 2, THEME_DIM, "nothing with that in its name");
	} else if (!p->list && listing_totals(p->listing).entries == 0) {
		draw_str(in.y, in.x + 1, in.w - 2, THEME_DIM,
			pane_is_buckets(p) ? "no buckets; F7 makes one" : "empty");
	}
}

/* Below the header, inside of the frame. */
static struct rect rows_in(struct rect r)
{
	return (struct rect){r.y + 2, r.x + 1, r.h - 3, r.w - 2};
}

void pane_light_up(struct pane *p, bool is_lit, size_t row)
{
	p->is_lit = is_lit;
	p->lit_row = row;
}

static enum listing_sort column_at(const struct columns *c, int x)
{
	if (c->size && x > c->name && x <= c->name + 1 + c->size)
		return SORT_SIZE;
	if (c->date && x > c->name + 1 + c->size && x <= c->name + 2 + c->size + c->date)
		return SORT_DATE;
	if (c->class_ && x > c->name + 2 + c->size + c->date)
		return SORT_CLASS;
	return SORT_NAME;
}

struct pane_hit pane_hit(const struct pane *p, struct rect r, int y, int x)
{
	struct rect in = rows_in(r);
	struct pane_hit hit = {.part = PANE_FRAME};
	if (x < in.x || x >= in.x + in.w || y <= r.y || y >= in.y + in.h)
		return hit;
	if (y < in.y) {
		struct columns c = lay_out(in.w, pane_is_s3(p));
		hit.part = PANE_HEADER;
		hit.column = column_at(&c, x - in.x);
	} else {
		hit.row = p->cursor.top + (size_t)(y - in.y);
		hit.part = hit.row < p->cursor.rows ? PANE_ROW : PANE_EMPTY;
	}
	if (y <= in.y && p->cursor.top > 0)
		hit.edge = -1;
	else if (y == in.y + in.h - 1 && p->cursor.top + (size_t)in.h < p->cursor.rows)
		hit.edge = 1;
	return hit;
}

static const char *frame_color(const struct pane *p)
{
	const struct s3_client *client = location_s3_client(p->location);
	return client ? s3_client_profile(client)->settings.frame_color : "none";
}

void pane_draw(struct pane *p, struct rect r, bool is_active)
{
	struct strbuf title, foot;
	strbuf_init(&title);
	strbuf_init(&foot);
	pane_title(p, &title);
	foot_text(p, r.w - 4, &foot);
	bool is_frame_lit = p->is_lit && p->lit_row == SIZE_MAX;
	draw_frame(r, is_frame_lit ? THEME_FRAME_DROP : theme_frame(frame_color(p), is_active),
		title.data, foot.data);
	strbuf_deinit(&title);
	strbuf_deinit(&foot);
	struct rect in = rows_in(r);
	struct columns c = lay_out(in.w, pane_is_s3(p));
	draw_header(p, r.y + 1, in.x, in.w, &c);
	cursor_set_rows(&p->cursor, listing_rows(p->listing));
	cursor_set_height(&p->cursor, in.h > 0 ? (size_t)in.h : 0);
	int drawn = 0;
	while (drawn < in.h) {
		size_t row = p->cursor.top + (size_t)drawn;
		uint32_t id = listing_row(p->listing, row);
		if (id == LISTING_NONE)
			break;
		draw_row(p, in.y + drawn, in.x, &c, id, row == p->cursor.at, is_active,
			p->is_lit && row == p->lit_row);
		drawn++;
	}
	struct rect rest = {in.y + drawn, in.x, in.h - drawn, in.w};
	draw_fill(rest, THEME_NORMAL);
	if (rest.h > 0)
		draw_note(p, rest);
}

/* What was counted below the row under the cursor. */
static void count_text(const struct pane *p, struct strbuf *out)
{
	const struct dir_count *c = pane_count_of(p, listing_row(p->listing, p->cursor.at));
	char files[32], size[TEXT_SIZE_MAX];
	if (!c)
		return;
	text_count(c->files, files);
	text_size(c->bytes, size);
	strbuf_addf(out, " %s %s%s file%s, %s%s", glyph(GLYPH_DOT), c->list ? "counting: " : "",
		files, c->files == 1 ? "" : "s", size,
		c->is_partial && !c->list ? ", not all could be counted" : "");
}

void pane_describe(const struct pane *p, int columns, struct strbuf *out)
{
	struct pane_row row;
	if (!pane_current(p, &row)) {
		struct strbuf where;
		strbuf_init(&where);
		pane_title(p, &where);
		text_cut_middle(out, strbuf_view(&where), columns);
		strbuf_deinit(&where);
		return;
	}
	struct strbuf tail, name;
	strbuf_init(&tail);
	strbuf_init(&name);
	char size[TEXT_SIZE_MAX], date[32];
	const char *dot = glyph(GLYPH_DOT);
	struct known_object known = {.plain_size = UINT64_MAX};
	(void)find_known(p, row.name,
		listing_entry(p->listing, listing_row(p->listing, p->cursor.at)), &known);
	text_size(known.plain_size != UINT64_MAX ? known.plain_size : row.size, size);
	time_format_local(row.mtime_s, true, date);
	if (row.kind == ENTRY_FILE)
		strbuf_addf(&tail, " %s %s", dot, size);
	if (known.words[0])
		strbuf_addf(&tail, " %s %s", dot, known.words);
	else if (row.kind == ENTRY_LINK)
		strbuf_addf(&tail, " %s symbolic link", dot);
	else if (row.kind == ENTRY_OTHER)
		strbuf_addf(&tail, " %s no regular file", dot);
	count_text(p, &tail);
	if (row.kind == ENTRY_FILE && pane_is_s3(p)) {
		strbuf_addf(&tail, " %s ", dot);
		text_sanitise(&tail, sv(row.storage_class[0] ? row.storage_class : "STANDARD"));
	}
	if (date[0])
		strbuf_addf(&tail, " %s %s", dot, date);
	path_show(&name, row.name);
	int room = columns - text_columns(strbuf_view(&tail));
	text_cut_middle(out, strbuf_view(&name), room > NAME_MIN ? room : NAME_MIN);
	strbuf_add_sv(out, strbuf_view(&tail));
	strbuf_deinit(&tail);
	strbuf_deinit(&name);
}
