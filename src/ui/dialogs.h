/* The dialogs: each call puts one on the stack and returns. */
#ifndef UI_DIALOGS_H
#define UI_DIALOGS_H

#include "transfer/engine.h"

struct app;
struct journal_file;

/* kind: copy, move, pipe. */
void dialog_copy_open(struct app *app, enum job_kind kind);
/* Another name for the row under the cursor, in the same place. */
void dialog_rename_open(struct app *app);
void dialog_delete_open(struct app *app);
void dialog_mkdir_open(struct app *app);
void dialog_limit_open(struct app *app);
void dialog_goto_open(struct app *app);
/* Bookmarks and places that were visited. */
void dialog_bookmarks_open(struct app *app);
/* The profile of the start has no keys: what there is, a form for new ones, the demo. */
void dialog_welcome_open(struct app *app);
/* A form for a new profile; it is tested before it is kept. */
void dialog_new_profile_open(struct app *app);
/* What the active pane shows: another profile's buckets, or local files. */
void dialog_profiles_open(struct app *app);
void dialog_share_open(struct app *app);
void dialog_links_open(struct app *app);
/* Class, headers, metadata and tags of what is selected. */
void dialog_change_open(struct app *app);
/* Restores archived objects: what is selected, or the given paths, which are copied. */
void dialog_restore_open(struct app *app);
void dialog_restore_offer(struct app *app, struct location *location, const struct strview *paths,
	size_t count, uint64_t archived);
/* How the bucket under the cursor, or the one that the pane is in, is configured. */
void dialog_bucket_open(struct app *app);
/* The rules of the bucket under the cursor, or of the one that the pane is in. */
void dialog_lifecycle_open(struct app *app);
void dialog_quit_open(struct app *app);
/* files: with unfinished jobs; the answer goes to app_saved_answer(). */
void dialog_resume_open(struct app *app, const struct journal_file *files);
void dialog_pattern_open(struct app *app, bool mark);
/* Find below where the active pane is. */
void dialog_find_open(struct app *app);
void dialog_verify_open(struct app *app);
/* One line of text. done gets it when the button is pressed; false: err says why, and the dialog
 * stays. arg must outlive the dialog. */
typedef bool (*prompt_fn)(void *arg, struct strview text, struct s3t_err *err);
void dialog_prompt_open(struct app *app, const char *title, const char *label, const char *button,
	struct strview initial, prompt_fn done, void *arg);
/* All that is known of a row: of an object also metadata, tags, encryption, checksum. path is
 * copied. */
void dialog_info_open(struct app *app, struct location *location, struct strview path);
/* Edits a file in $VISUAL or $EDITOR. An object is edited as a draft and saved if it is still the
 * same on the server. path is copied. */
void dialog_edit_open(struct app *app, struct location *location, struct strview path);
/* The same of a document that configures a bucket (s3_bucket_document()); it is checked before it
 * is written, and an empty text takes it away. bucket is copied, name is static. */
void dialog_edit_document_open(
	struct app *app, struct location *location, struct strview bucket, const char *name);
/* text may have several lines; it is copied. */
void dialog_message_open(struct app *app, const char *title, const char *text);
/* ask: EV_ASK; what is needed is copied. The app opens it only while no other dialog is there. */
void dialog_conflict_open(struct app *app, const struct event *ask);
/* failed: EV_ITEM of a job that goes on. As above. */
void dialog_item_error_open(struct app *app, const struct event *failed);
/* done: EV_JOB_DONE with failures; what failed is in the snapshot (ITEM_BROKEN). As above. */
void dialog_error_open(struct app *app, const struct event *done);

#endif
