/* A bucket's lifecycle rules: in words, and a form for one of them that allows what S3 allows. */
#include "core/s3_document.h"
#include "core/s3_lifecycle.h"
#include "core/text.h"
#include "ui/dialogs.h"
#include "ui/form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RULES_SHOWN = FORM_OPTIONS_MAX - 1, LABELS = 8 };
enum { BUTTON_SAVE, BUTTON_SWITCH, BUTTON_REMOVE, BUTTON_XML, BUTTON_CLOSE };

static const char *const classes[] = {"none", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING",
	"GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"};
enum { CLASSES = sizeof classes / sizeof *classes };

struct lifecycle_dialog {
	struct form form;
	struct s3_client *client;
	char *bucket;
	struct s3_lifecycle rules;
	struct strbuf before; /* as the server has them, while they are being changed */
	char names[RULES_SHOWN + 1][48];
	const char *options[RULES_SHOWN + 1];
	list_id running;
	size_t labels[LABELS];
	size_t rule, id, prefix, expire, class, class_days, noncurrent, abort, error;
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
	form_set_label(&d->form, d->error, THEME_DIALOG_DIM, writes ? "writing..." : "reading...");
	d->running = lister_run(app_lister(d->form.view.app), run_task, t, task_free);
}

/* --- showing --- */

static void show_number(struct lifecycle_dialog *d, size_t field, uint32_t n)
{
	char text[16] = "";
	if (n)
		snprintf(text, sizeof text, "%u", n);
	form_set_text(&d->form, field, sv(text));
}

static void show_rule(struct lifecycle_dialog *d)
{
	static const struct s3_rule none = {.id = NULL};
	size_t at = form_selected(&d->form, d->rule);
	const struct s3_rule *r = at && at <= d->rules.count ? &d->rules.rules[at - 1] : &none;
	size_t class = 0;
	for (size_t i = 1; r->transition_count && i < CLASSES; i++)
		if (strcmp(classes[i], r->transitions[0].class) == 0)
			class = i;
	form_set_text(&d->form, d->id, sv(r->id ? r->id : ""));
	form_set_text(&d->form, d->prefix, sv(r->prefix ? r->prefix : ""));
	show_number(d, d->expire, r->expire_days);
	form_select(&d->form, d->class, class);
	show_number(d, d->class_days, class ? r->transitions[0].days : 0);
	show_number(d, d->noncurrent, r->noncurrent_days);
	show_number(d, d->abort, r->abort_days);
}

static void show_rules(struct lifecycle_dialog *d)
{
	size_t n = d->rules.count < RULES_SHOWN ? d->rules.count : RULES_SHOWN;
	for (size_t i = 0; i < LABELS; i++) {
		struct strbuf words;
		strbuf_init(&words);
		if (i < d->rules.count) {
			text_sanitise(&words, sv(d->rules.rules[i].id));
			strbuf_add_str(&words, ": ");
			s3_rule_words(&d->rules.rules[i], &words);
		} else if (i == 0) {
			strbuf_add_str(&words, "There are no rules.");
		}
		form_set_label(&d->form, d->labels[i], THEME_DIALOG, "%s", words.data);
		form_set_hidden(&d->form, d->labels[i], !words.len);
		strbuf_deinit(&words);
	}
	snprintf(d->names[0], sizeof d->names[0], "a new one");
	for (size_t i = 0; i < n; i++) {
		char *clean = text_sanitised(sv(d->rules.rules[i].id));
		snprintf(d->names[i + 1], sizeof d->names[i + 1], "%.40s", clean);
		utf8_trim_end(d->names[i + 1]);
		free(clean);
	}
	form_set_option_count(&d->form, d->rule, n + 1);
	form_select(&d->form, d->rule, 0);
	show_rule(d);
}

/* What was not written is not so. */
static void take_back(struct lifecycle_dialog *d)
{
	s3_lifecycle_deinit(&d->rules);
	(void)!s3_lifecycle_parse(strbuf_view(&d->before), &d->rules, NULL);
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
		if (t->writes) /* what was asked for is still in the fields */
			take_back(d);
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

static char *pair_of(struct lifecycle_dialog *d, const char *name, size_t field)
{
	struct strview text = sv_trim(form_text(&d->form, field));
	return text.len ? s3t_asprintf("%s=%.*s", name, (int)text.len, text.data) : NULL;
}

static enum s3t_rc save(struct lifecycle_dialog *d, struct s3t_err *err)
{
	char *pairs[5 + S3_TRANSITIONS_MAX];
	const char *given[5 + S3_TRANSITIONS_MAX];
	size_t n = 0, count = 0, class = form_selected(&d->form, d->class);
	size_t at = form_selected(&d->form, d->rule);
	const struct s3_rule *old = at && at <= d->rules.count ? &d->rules.rules[at - 1] : NULL;
	struct strview id = sv_trim(form_text(&d->form, d->id));
	struct strview days = sv_trim(form_text(&d->form, d->class_days));
	char *name = s3t_strndup(id.data, id.len);
	pairs[n++] = pair_of(d, "prefix", d->prefix);
	pairs[n++] = pair_of(d, "expire", d->expire);
	pairs[n++] = pair_of(d, "noncurrent", d->noncurrent);
	pairs[n++] = pair_of(d, "abort", d->abort);
	pairs[n++] = class ? s3t_asprintf("transition=%s:%.*s", classes[class],
				     (int)(days.len ? days.len : 1), days.len ? days.data : "0")
			   : NULL;
	/* the form has a field for the first */
	for (size_t i = 1; old && i < old->transition_count; i++)
		pairs[n++] = s3t_asprintf(
			"transition=%s:%u", old->transitions[i].class, old->transitions[i].days);
	for (size_t i = 0; i < n; i++)
		if (pairs[i])
			given[count++] = pairs[i];
	enum s3t_rc rc = s3_lifecycle_set(&d->rules, name, given, count, err);
	for (size_t i = 0; i < n; i++)
		free(pairs[i]);
	free(name);
	return rc;
}

static void on_lifecycle_button(struct form *f, size_t button)
{
	struct lifecycle_dialog *d = (struct lifecycle_dialog *)f;
	struct s3t_err err = {.rc = S3T_OK};
	size_t at = form_selected(f, d->rule);
	if (button == BUTTON_CLOSE) {
		form_close(f);
		return;
	}
	if (d->running)
		return;
	if (button == BUTTON_XML) {
		struct strbuf xml;
		strbuf_init(&xml);
		s3_lifecycle_xml(&d->rules, &xml);
		dialog_message_open(f->view.app, "Rules as XML", xml.data);
		strbuf_deinit(&xml);
		return;
	}
	enum s3t_rc rc = S3T_OK;
	strbuf_reset(&d->before);
	s3_lifecycle_xml(&d->rules, &d->before);
	if (button == BUTTON_SAVE)
		rc = save(d, &err);
	else if (!at || at > d->rules.count)
		rc = s3t_fail(&err, S3T_INVALID, "Choose a rule first.");
	else if (button == BUTTON_SWITCH)
		s3_lifecycle_enable(&d->rules, at - 1, !d->rules.rules[at - 1].is_enabled);
	else
		s3_lifecycle_remove(&d->rules, at - 1);
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
}

static void lifecycle_destroy(struct form *f)
{
	struct lifecycle_dialog *d = (struct lifecycle_dialog *)f;
	if (d->running)
		lister_cancel(app_lister(f->view.app), d->running);
	s3_client_unref(d->client);
	s3_lifecycle_deinit(&d->rules);
	strbuf_deinit(&d->before);
	free(d->bucket);
}

static const struct view_ops lifecycle_ops = {FORM_OPS, .on_list = lifecycle_on_list};

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
	strbuf_init_cap(&d->before, S3_DOCUMENT_MAX);
	for (size_t i = 0; i <= RULES_SHOWN; i++)
		d->options[i] = d->names[i];
	form_init(f, &lifecycle_ops, "Lifecycle rules");
	f->on_button = on_lifecycle_button;
	f->on_change = on_lifecycle_change;
	f->on_destroy = lifecycle_destroy;
	for (size_t i = 0; i < LABELS; i++) {
		d->labels[i] = form_add_label(f, THEME_DIALOG, "");
		form_set_hidden(f, d->labels[i], true);
	}
	d->rule = form_add_choice(f, "Rule                        ", d->options, 1, 0);
	d->id = form_add_text(f, "Name                        ", SV(""));
	d->prefix = form_add_text(f, "Objects under               ", SV(""));
	d->expire = form_add_text(f, "go after days               ", SV(""));
	d->class = form_add_choice(f, "move to                     ", classes, CLASSES, 0);
	d->class_days = form_add_text(f, "after days                  ", SV(""));
	d->noncurrent = form_add_text(f, "older versions go after days", SV(""));
	d->abort = form_add_text(f, "unfinished uploads after    ", SV(""));
	d->error = form_add_label(f, THEME_DIALOG, "");
	form_add_buttons(f, buttons, 5);
	app_push(app, &f->view);
	show_rules(d);
	form_set_label(f, d->labels[0], THEME_DIALOG_DIM, "reading...");
	start(d, false);
}
