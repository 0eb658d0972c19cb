/*
 * What dialogs are made of: lines of text, text fields, choices and one row of buttons, in a frame
 * of min(76, columns - 4) that scrolls when the screen is low. A dialog embeds struct form as its
 * first member and gives it callbacks. UI thread only.
 *
 * Tab, Shift-Tab and the arrows move between fields, Left and Right change a choice or a button,
 * Enter presses the button in focus (the first one from a field), Esc closes. PgUp, PgDn and the
 * wheel scroll; a click focuses a field, goes to the next choice, presses a button.
 */
#ifndef UI_FORM_H
#define UI_FORM_H

#include "ui/app.h"

enum field_kind { FIELD_LABEL, FIELD_TEXT, FIELD_CHOICE, FIELD_BUTTONS, FIELD_KIND_COUNT };

enum { FORM_FIELDS_MAX = 64 };

struct field {
	enum field_kind kind;
	const char *label;          /* of text and choice; static */
	enum theme_role role;       /* of a label */
	struct strbuf text;         /* a label's or a field's; a field's bytes are as typed */
	size_t cursor;              /* byte in text */
	const char *const *options; /* choices and buttons; static */
	size_t option_count, selected;
	bool is_hidden;
	bool is_secret; /* shown as dots; wiped at the end */
};

struct form {
	struct view view;
	char title[96];
	struct field fields[FORM_FIELDS_MAX];
	size_t field_count, focus;
	int top;          /* first line shown */
	bool is_scrolled; /* by the person; else what has the focus is kept in sight */
	bool is_locked;   /* fields are still being filled: nothing is taken that would be lost */
	/* a button was pressed; may close the form with app_close() */
	void (*on_button)(struct form *f, size_t button);
	/* a text or a choice changed; may be NULL */
	void (*on_change)(struct form *f, size_t field);
	/* frees what the dialog owns besides the form; may be NULL */
	void (*on_destroy)(struct form *f);
};

void form_init(struct form *f, const struct view_ops *ops, const char *title);
/* Each returns the field's index. */
size_t form_add_label(struct form *f, enum theme_role role, const char *text);
size_t form_add_text(struct form *f, const char *label, struct strview initial);
size_t form_add_choice(struct form *f, const char *label, const char *const *options, size_t count,
	size_t selected);
size_t form_add_buttons(struct form *f, const char *const *labels, size_t count);

/* Says that rows are still to come, if the pane marks them, too: a dialog has those that there are.
 */
void form_warn_of_later(struct form *f, const struct pane *p);
void form_set_label(struct form *f, size_t field, enum theme_role role, const char *fmt, ...)
	S3T_PRINTF(4, 5);
/* Replaces what a text field holds; the cursor is at its end. */
void form_set_text(struct form *f, size_t field, struct strview text);
/* What is typed into it is not shown. */
void form_set_secret(struct form *f, size_t field);
void form_set_hidden(struct form *f, size_t field, bool is_hidden);
struct strview form_text(const struct form *f, size_t field);
size_t form_selected(const struct form *f, size_t field);
/* Of a choice: another option; fewer or more of them than it was made with. */
void form_select(struct form *f, size_t field, size_t option);
void form_set_option_count(struct form *f, size_t field, size_t count);
void form_close(struct form *f);

/* The view's operations that every dialog takes. */
void form_draw(struct view *v);
bool form_on_key(struct view *v, const struct input_event *in);
bool form_on_action(struct view *v, enum action action);
void form_on_mouse(struct view *v, const struct mouse_event *m);
void form_destroy(struct view *v);

#define FORM_OPS                                                         \
	.context = CTX_DIALOG, .draw = form_draw, .on_key = form_on_key, \
	.on_action = form_on_action, .on_mouse = form_on_mouse, .destroy = form_destroy

#endif
