/*
 * The bytes that a viewer looks at: one window of a file or object, filled by ranged reads of the
 * lister around where the viewer is, and searched. UI thread only; reading is the lister's.
 */
#ifndef UI_VIEWER_FILE_H
#define UI_VIEWER_FILE_H

#include "transfer/lister.h"

struct viewer_file;

/* Begins to ask what it is. location is referenced, path copied. */
struct viewer_file *viewer_file_new(
	struct lister *lister, struct location *location, struct strview path);
void viewer_file_free(struct viewer_file *f);
/* True if the event was its own. */
bool viewer_file_on_list(struct viewer_file *f, struct lister_event *e);

struct strview viewer_file_path(const struct viewer_file *f);
bool viewer_file_is_s3(const struct viewer_file *f);
/* Whether its size is known. */
bool viewer_file_is_open(const struct viewer_file *f);
uint64_t viewer_file_size(const struct viewer_file *f);
/* What went wrong last; rc S3T_OK if nothing did. */
const struct s3t_err *viewer_file_error(const struct viewer_file *f);

/* The bytes there are around an offset; *from is where they begin. Asks for those that are missing:
 * WINDOW_BACK before and WINDOW_AHEAD behind. Empty as long as the offset itself is missing. */
struct strview viewer_file_window(struct viewer_file *f, uint64_t at, uint64_t *from);
enum { WINDOW_BACK = 96 << 10, WINDOW_AHEAD = 96 << 10, WINDOW_BLOCK = 128 << 10 };

/* Looks whether it changed: what it had is dropped then, and the generation is another. */
void viewer_file_refresh(struct viewer_file *f);
unsigned viewer_file_generation(const struct viewer_file *f);

/* Looks for bytes from an offset on, or before it. is_folded: ASCII letters in any case. */
void viewer_file_search(
	struct viewer_file *f, struct strview bytes, uint64_t from, bool backwards, bool is_folded);
enum viewer_search { SEARCH_NONE, SEARCH_RUNNING, SEARCH_FOUND, SEARCH_NOT_FOUND };
/* FOUND and NOT_FOUND are told once. *at: where it is, or how far it has come. */
enum viewer_search viewer_file_search_state(struct viewer_file *f, uint64_t *at);
void viewer_file_search_stop(struct viewer_file *f);

#endif
