/* A bucket's lifecycle rules: in words, and a form for one of them that allows what S3 allows. */
#include "core/s3_document.h"
#include "core/s3_lifecycle.h"
#include "core/text.h"
#include "core/xml.h"
#include "ui/dialogs.h"
#include "ui/form.h"
#include "ui/pairs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LABELS = 6, CLASSES = 6, PAIRS_MAX = 10 + S3_RULE_TAGS_MAX + 2 * S3_MOVES_MAX };
enum { BUTTON_SAVE, BUTTON_SWITCH, BUTTON_REMOVE, BUTTON_XML, BUTTON_CLOSE };

static const char *const classes[CLASSES] = {"STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING",
	"GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"};

/* Where objects, or older versions of them, move to; one is shown more than there are. */
struct move_fields {
	size_t class, time, keep;
};

struct lifecycle_dialog {
	struct form form;
	struct s3_client *client;
	char *bucket;
	struct s3_lifecycle rules;
	char names[S3_RULES_MAX + 1][48];
	const char *options[S3_RULES_MAX + 1];
	char others[2 * S3_MOVES_MAX][32]; /* classes of the rule that only the service has */
	const char *class_options[1 + CLASSES + 2 * S3_MOVES_MAX];
	size_t class_count;
	list_id running;
	bool is_writing, is_edited;
	size_t confirmed; /* the rule whose removal was asked for once; 0: none */
	char *shown; /* name of the rule that is chosen after the next answer; NULL: a new one */
	size_t labels[LABELS];
	size_t rule, id, prefix, tags, larger, smaller, expire, noncurrent, keep, markers, abort;
	struct move_fields moves[S3_MOVES_MAX], older_moves[S3_MOVES_MAX];
	size_t error;
};

/* --- off the UI thread: the rules are read, or written and read again --- */

struct task {
	struct s3_client *client;
	char *bucket;
	bool writes;
	struct s3_lifecycle rules;
};

static void task_free(void *arg)
{
	struct task *t = arg;
	s3_client_unref(t->client);
	free(t->bucket);
	s3_lifecycle_deinit(&t->rules);
	free(t);
}

static enum s3t_rc run_task(
	void *arg, struct http_conn *conn, struct cancel *cancel, struct s3t_err *err)
{
	struct task *t = arg;
	struct s3_ctx ctx = {.client = t->client, .conn = conn, .cancel = cancel};
	enum s3t_rc rc = t->writes ? s3_lifecycle_put(&ctx, sv(t->bucket), &t->rules, err) : S3T_OK;
	if (rc != S3T_OK)
		return rc;
	s3_lifecycle_deinit(&t->rules);
	return s3_lifecycle_get(&ctx, sv(t->bucket), &t->rules, err);
}

/* Takes the rules, if they are to be written. */
static void start(struct lifecycle_dialog *d, bool writes)
{
	struct task *t = s3t_alloc(sizeof *t);
	t->client = s3_client_ref(d->client);
	t->bucket = s3t_strdup(d->bucket);
	t->writes = writes;
	if (writes) {
		t->rules = d->rules;
		d->rules = (struct s3_lifecycle){.rules = NULL};
	}
	d->form.is_locked = true;
	d->is_writing = writes;
	form_set_label(&d->form, d->error, THEME_DIALOG_DIM, writes ? "writing..." : "reading...");
	d->running = lister_run(app_lister(d->form.view.app), run_task, t, task_free);
}

/* --- showing --- */

static void show_number(struct lifecycle_dialog *d, size_t field, uint64_t n, bool has)
{
	char text[24] = "";
	if (has)
		snprintf(text, sizeof text, "%" PRIu64, n);
	form_set_text(&d->form, field, sv(text));
}

static void show_time(
	struct lifecycle_dialog *d, size_t field, uint32_t days, const char *date, bool has)
{
	if (date[0])
		form_set_text(&d->form, field, sv(date));
	else
		show_number(d, field, days, has);
}

static size_t option_of(struct lifecycle_dialog *d, const char *class)
{
	size_t i = 0;
	while (i < d->class_count && strcmp(d->class_options[i], class) != 0)
		i++;
	if (i == d->class_count) {
		char *other = d->others[d->class_count++ - 1 - CLASSES];
		snprintf(other, sizeof d->others[0], "%s", class);
		d->class_options[i] = other;
	}
	return i;
}

/* One more than there are. */
static void show_slots(struct lifecycle_dialog *d, const struct move_fields *fields)
{
	size_t used = S3_MOVES_MAX;
	while (used && !form_selected(&d->form, fields[used - 1].class))
		used--;
	for (size_t i = 0; i < S3_MOVES_MAX; i++) {
		bool has_class = form_selected(&d->form, fields[i].class) > 0;
		form_set_option_count(&d->form, fields[i].class, d->class_count);
		form_set_hidden(&d->form, fields[i].class, i > used);
		form_set_hidden(&d->form, fields[i].time, !has_class);
		if (fields[i].keep)
			form_set_hidden(&d->form, fields[i].keep, !has_class);
	}
}

static void show_moves(struct lifecycle_dialog *d, const struct move_fields *fields,
	const struct s3_move *moves, size_t count)
{
	static const struct s3_move none = {.days = 0};
	for (size_t i = 0; i < S3_MOVES_MAX; i++) {
		const struct s3_move *m = i < count ? &moves[i] : &none;
		form_select(&d->form, fields[i].class, i < count ? option_of(d, m->class) : 0);
		show_time(d, fields[i].time, m->days, m->date, i < count);
		if (fields[i].keep)
			show_number(d, fields[i].keep, m->keep, m->keep > 0);
	}
}

static void show_tags(struct lifecycle_dialog *d, const struct s3_rule *r)
{
	struct strbuf text;
	strbuf_init(&text);
	for (size_t i = 0; i < r->tag_count; i++)
		pairs_add(&text, sv(r->tags[i].key), sv(r->tags[i].value));
	form_set_text(&d->form, d->tags, strbuf_view(&text));
	strbuf_deinit(&text);
}

/* In words, those around the chosen one. */
static void show_words(struct lifecycle_dialog *d, size_t chosen)
{
	size_t top = chosen > LABELS ? chosen - LABELS : 0;
	for (size_t i = 0; i < LABELS; i++) {
		struct strbuf words;
		strbuf_init(&words);
		if (top + i < d->rules.count) {
			const struct s3_rule *r = &d->rules.rules[top + i];
			text_sanitise(&words, sv(r->id));
			strbuf_add_str(&words, ": ");
			s3_rule_words(r, &words);
		} else if (i == 0) {
			strbuf_add_str(&words, "There are no rules.");
		}
		form_set_label(&d->form, d->labels[i], THEME_DIALOG, "%s", words.data);
		form_set_hidden(&d->form, d->labels[i], !words.len);
		strbuf_deinit(&words);
	}
}

static void show_rule(struct lifecycle_dialog *d)
{
	static const struct s3_rule none = {.id = NULL};
	size_t at = form_selected(&d->form, d->rule);
	const struct s3_rule *r = at && at <= d->rules.count ? &d->rules.rules[at - 1] : &none;
	d->class_count = 1 + CLASSES;
	form_set_text(&d->form, d->id, sv(r->id ? r->id : ""));
	form_set_text(&d->form, d->prefix, sv(r->prefix ? r->prefix : ""));
	show_tags(d, r);
	show_number(d, d->larger, r->larger, r->has_larger);
	show_number(d, d->smaller, r->smaller, r->has_smaller);
	show_moves(d, d->moves, r->moves, r->move_count);
	show_time(d, d->expire, r->expire_days, r->expire_date, r->expire_days > 0);
	show_moves(d, d->older_moves, r->older_moves, r->older_move_count);
	show_number(d, d->noncurrent, r->noncurrent_days, r->noncurrent_days > 0);
	show_number(d, d->keep, r->noncurrent_keep, r->noncurrent_keep > 0);
	form_select(&d->form, d->markers, r->expires_markers);
	show_number(d, d->abort, r->abort_days, r->abort_days > 0);
	show_slots(d, d->moves);
	show_slots(d, d->older_moves);
	show_words(d, at);
	d->is_edited = false;
	d->confirmed = 0;
}

static void show_rules(struct lifecycle_dialog *d)
{
	snprintf(d->names[0], sizeof d->names[0], "a new one");
	for (size_t i = 0; i < d->rules.count; i++) {
		char *clean = text_sanitised(sv(d->rules.rules[i].id));
		snprintf(d->names[i + 1], sizeof d->names[i + 1], "%.30s", clean);
		utf8_trim_end(d->names[i + 1]);
		size_t used = strlen(d->names[i + 1]);
		snprintf(d->names[i + 1] + used, sizeof d->names[i + 1] - used, " (%zu of %zu)",
			i + 1, d->rules.count);
		free(clean);
	}
	form_set_option_count(&d->form, d->rule, d->rules.count + 1);
	size_t at =
		d->shown && d->shown[0] ? s3_lifecycle_find(&d->rules, d->shown) : d->rules.count;
	form_select(&d->form, d->rule, at < d->rules.count ? at + 1 : 0);
	show_rule(d);
}

static bool lifecycle_on_list(struct view *v, struct lister_event *e)
{
	struct lifecycle_dialog *d = (struct lifecycle_dialog *)v;
	if (e->kind != LISTER_TASK || !d->running || e->id != d->running)
		return false;
	struct task *t = e->arg;
	d->running = 0;
	d->form.is_locked = false;
	if (e->err.rc != S3T_OK) {
		form_set_label(&d->form, d->error, THEME_DIALOG_ERROR, "%s", e->err.message);
		if (t->writes) { /* what was not written is not so; it is still in the fields */
			char *stored = t->rules.stored;
			t->rules.stored = NULL;
			s3_lifecycle_deinit(&d->rules);
			(void)!s3_lifecycle_parse(sv(stored ? stored : ""), &d->rules, NULL);
			d->rules.stored = stored;
		}
		return true;
	}
	s3_lifecycle_deinit(&d->rules);
	d->rules = t->rules;
	t->rules = (struct s3_lifecycle){.rules = NULL};
	form_set_label(&d->form, d->error, THEME_DIALOG, "%s", t->writes ? "Written." : "");
	show_rules(d);
	return true;
}

/* --- changing --- */

struct pairs {
	char *items[PAIRS_MAX];
	size_t count;
};

/* "name=", what stands in the field, and, if there is something, ":" and what is in more. */
static void add_pair(
	struct lifecycle_dialog *d, struct pairs *p, const char *name, size_t field, size_t more)
{
	struct strview text = sv_trim(form_text(&d->form, field));
	struct strview rest = more ? sv_trim(form_text(&d->form, more)) : SV("");
	if (text.len || rest.len)
		p->items[p->count++] = s3t_asprintf("%s=%.*s%s%.*s", name, (int)text.len, text.data,
			rest.len ? ":" : "", (int)rest.len, rest.data);
}

static void add_moves(struct lifecycle_dialog *d, struct pairs *p, const char *name,
	const struct move_fields *fields)
{
	for (size_t i = 0; i < S3_MOVES_MAX; i++) {
		const struct field *class = &d->form.fields[fields[i].class];
		struct strview text = sv_trim(form_text(&d->form, fields[i].time));
		struct strview keep =
			fields[i].keep ? sv_trim(form_text(&d->form, fields[i].keep)) : SV("");
		if (class->selected)
			p->items[p->count++] = s3t_asprintf("%s=%s:%.*s%s%.*s", name,
				d->class_options[class->selected], (int)text.len, text.data,
				keep.len ? ":" : "", (int)keep.len, keep.data);
	}
}

/* An '=' in a key is told from that behind it. */
static char *tag_pair(struct strview key, struct strview value)
{
	struct strbuf out;
	strbuf_init(&out);
	strbuf_add_str(&out, "tag=");
	for (size_t i = 0; i < key.len; i++) {
		if (key.data[i] == '=' || key.data[i] == '\\')
			strbuf_add_char(&out, '\\');
		strbuf_add_char(&out, key.data[i]);
	}
	strbuf_add_char(&out, '=');
	strbuf_add_sv(&out, value);
	return strbuf_take(&out);
}

static enum s3t_rc add_tags(struct lifecycle_dialog *d, struct pairs *p, struct s3t_err *err)
{
	struct strview rest = form_text(&d->form, d->tags);
	struct strbuf key, value;
	bool has_value;
	enum s3t_rc rc = S3T_OK;
	strbuf_init(&key);
	strbuf_init(&value);
	while (rc == S3T_OK && pairs_next(&rest, &key, &value, &has_value)) {
		if (!has_value)
			rc = s3t_fail(err, S3T_INVALID, "Tags are written key=value; key=value.");
		else if (p->count == S3_RULE_TAGS_MAX)
			rc = s3t_fail(err, S3T_INVALID, "An object has at most 10 tags.");
		else
			p->items[p->count++] = tag_pair(strbuf_view(&key), strbuf_view(&value));
	}
	strbuf_deinit(&key);
	strbuf_deinit(&value);
	return rc;
}

/* A new rule has a new name; the chosen one may get another. */
static enum s3t_rc set_rule(
	struct lifecycle_dialog *d, const char *name, const struct pairs *p, struct s3t_err *err)
{
	size_t at = form_selected(&d->form, d->rule), same = s3_lifecycle_find(&d->rules, name);
	char *before = NULL;
	if (at > d->rules.count)
		at = 0; /* they could not be read again */
	if (same < d->rules.count && same + 1 != at)
		return s3t_fail(
			err, S3T_INVALID, "There is a rule of that name: choose it to change it.");
	if (at && same == d->rules.count) {
		before = d->rules.rules[at - 1].id;
		d->rules.rules[at - 1].id = s3t_strdup(name);
	}
	enum s3t_rc rc =
		s3_lifecycle_set(&d->rules, name, (const char *const *)p->items, p->count, err);
	if (rc != S3T_OK && before) {
		free(d->rules.rules[at - 1].id);
		d->rules.rules[at - 1].id = before;
		before = NULL;
	}
	free(before);
	return rc;
}

static enum s3t_rc save(struct lifecycle_dialog *d, struct s3t_err *err)
{
	struct pairs p = {.count = 0};
	struct strview id = form_text(&d->form, d->id), prefix = form_text(&d->form, d->prefix);
	enum s3t_rc rc = add_tags(d, &p, err);
	if (prefix.len) /* white space is a part of it */
		p.items[p.count++] = s3t_asprintf("prefix=%.*s", (int)prefix.len, prefix.data);
	add_pair(d, &p, "larger", d->larger, 0);
	add_pair(d, &p, "smaller", d->smaller, 0);
	add_pair(d, &p, "expire", d->expire, 0);
	add_pair(d, &p, "noncurrent", d->noncurrent, d->keep);
	add_pair(d, &p, "abort", d->abort, 0);
	if (form_selected(&d->form, d->markers))
		p.items[p.count++] = s3t_strdup("markers=yes");
	add_moves(d, &p, "transition", d->moves);
	add_moves(d, &p, "noncurrent-transition", d->older_moves);
	free(d->shown);
	d->shown = s3t_strndup(id.data, id.len);
	if (rc == S3T_OK)
		rc = set_rule(d, d->shown, &p, err);
	for (size_t i = 0; i < p.count; i++)
		free(p.items[i]);
	return rc;
}

/* Of the chosen rule as it is stored. */
static enum s3t_rc switch_or_remove(struct lifecycle_dialog *d, size_t button, struct s3t_err *err)
{
	size_t at = form_selected(&d->form, d->rule);
	if (!at || at > d->rules.count)
		return s3t_fail(err, S3T_INVALID, "Choose a rule first.");
	struct s3_rule *r = &d->rules.rules[at - 1];
	if (d->is_edited)
		return s3t_fail(err, S3T_INVALID,
			"Its fields were changed: save them first, or choose the rule again.");
	if (button == BUTTON_REMOVE && d->confirmed != at) {
		d->confirmed = at;
		return s3t_fail(err, S3T_INVALID, "It goes for good: press Remove once more.");
	}
	free(d->shown);
	d->shown = s3t_strdup(r->id);
	if (button == BUTTON_SWITCH)
		r->is_enabled = !r->is_enabled;
	else
		s3_lifecycle_remove(&d->rules, at - 1);
	return S3T_OK;
}

static void show_xml(struct lifecycle_dialog *d)
{
	struct strbuf xml, lines;
	strbuf_init(&xml);
	strbuf_init(&lines);
	(void)s3_lifecycle_xml(&d->rules, &xml);
	bool ok = xml_indent(strbuf_view(&xml), &lines);
	dialog_message_open(d->form.view.app, "Rules as XML", ok ? lines.data : xml.data);
	strbuf_deinit(&xml);
	strbuf_deinit(&lines);
}

static void on_lifecycle_button(struct form *f, size_t button)
{
	struct lifecycle_dialog *d = (struct lifecycle_dialog *)f;
	struct s3t_err err = {.rc = S3T_OK};
	if (button == BUTTON_CLOSE) {
		form_close(f);
		return;
	}
	if (d->running)
		return;
	if (button == BUTTON_XML) {
		show_xml(d);
		return;
	}
	enum s3t_rc rc = button == BUTTON_SAVE ? save(d, &err) : switch_or_remove(d, button, &err);
	if (rc != S3T_OK)
		form_set_label(f, d->error, THEME_DIALOG_ERROR, "%s", err.message);
	else
		start(d, true);
}

static void on_lifecycle_change(struct form *f, size_t field)
{
	struct lifecycle_dialog *d = (struct lifecycle_dialog *)f;
	if (field == d->rule)
		show_rule(d);
	else
		d->is_edited = true;
	show_slots(d, d->moves);
	show_slots(d, d->older_moves);
}

static void lifecycle_destroy(struct form *f)
{
	struct lifecycle_dialog *d = (struct lifecycle_dialog *)f;
	if (d->running)
		lister_cancel(app_lister(f->view.app), d->running);
	if (d->running && d->is_writing)
		app_status_error(f->view.app,
			"Nobody waited for the answer: look whether the rules are written.");
	s3_client_unref(d->client);
	s3_lifecycle_deinit(&d->rules);
	free(d->bucket);
	free(d->shown);
}

static const struct view_ops lifecycle_ops = {FORM_OPS, .on_list = lifecycle_on_list};

static void add_move_fields(struct lifecycle_dialog *d, struct move_fields fields[S3_MOVES_MAX],
	const char *class, bool is_older)
{
	for (size_t i = 0; i < S3_MOVES_MAX; i++) {
		fields[i].class =
			form_add_choice(&d->form, class, d->class_options, d->class_count, 0);
		fields[i].time = form_add_text(&d->form,
			is_older ? "  after days                " : "  after days, or on a day   ",
			SV(""));
		fields[i].keep =
			is_older ? form_add_text(&d->form, "  but for the newest        ", SV(""))
				 : 0;
	}
}

static void add_fields(struct lifecycle_dialog *d)
{
	static const char *const markers[] = {"stay", "go with the last version"};
	struct form *f = &d->form;
	d->rule = form_add_choice(f, "Rule                        ", d->options, 1, 0);
	d->id = form_add_text(f, "Name                        ", SV(""));
	d->prefix = form_add_text(f, "Objects under               ", SV(""));
	d->tags = form_add_text(f, "with tags (a=b; c=d)        ", SV(""));
	d->larger = form_add_text(f, "larger than                 ", SV(""));
	d->smaller = form_add_text(f, "smaller than                ", SV(""));
	add_move_fields(d, d->moves, "move to                     ", false);
	d->expire = form_add_text(f, "go after days, or on a day  ", SV(""));
	add_move_fields(d, d->older_moves, "older versions move to      ", true);
	d->noncurrent = form_add_text(f, "older versions go after days", SV(""));
	d->keep = form_add_text(f, "  but for the newest        ", SV(""));
	d->markers = form_add_choice(f, "Delete markers              ", markers, 2, 0);
	d->abort = form_add_text(f, "unfinished uploads after    ", SV(""));
}

void dialog_lifecycle_open(struct app *app)
{
	static const char *const buttons[] = {"Save", "On/Off", "Remove", "XML", "Close"};
	struct pane *pane = app_active(app);
	struct strview bucket = pane_bucket(pane);
	if (!bucket.len) {
		app_status_error(app, "Rules are a bucket's: put the cursor on one, or enter it.");
		return;
	}
	struct lifecycle_dialog *d = s3t_alloc(sizeof *d);
	struct form *f = &d->form;
	d->client = s3_client_ref(location_s3_client(pane_location(pane)));
	d->bucket = s3t_strndup(bucket.data, bucket.len);
	for (size_t i = 0; i <= S3_RULES_MAX; i++)
		d->options[i] = d->names[i];
	d->class_options[0] = "none";
	memcpy(d->class_options + 1, classes, sizeof classes);
	d->class_count = 1 + CLASSES;
	char *shown = text_sanitised(bucket), *title = s3t_asprintf("Lifecycle rules of %s", shown);
	form_init(f, &lifecycle_ops, title);
	free(shown);
	free(title);
	f->on_button = on_lifecycle_button;
	f->on_change = on_lifecycle_change;
	f->on_destroy = lifecycle_destroy;
	for (size_t i = 0; i < LABELS; i++) {
		d->labels[i] = form_add_label(f, THEME_DIALOG, "");
		form_set_hidden(f, d->labels[i], true);
	}
	add_fields(d);
	d->error = form_add_label(f, THEME_DIALOG, "");
	form_add_buttons(f, buttons, 5);
	app_push(app, &f->view);
	show_rules(d);
	form_set_label(f, d->labels[0], THEME_DIALOG_DIM, "reading...");
	start(d, false);
}
