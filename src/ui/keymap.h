/* Which key means which action in which context: defaults from actions.h, changed by [keys]. */
#ifndef UI_KEYMAP_H
#define UI_KEYMAP_H

#include "core/config.h"
#include "ui/actions.h"
#include "ui/key.h"

struct keymap;

/* The defaults. */
struct keymap *keymap_new(void);
void keymap_free(struct keymap *map);
/* "action = keys": the action gets these keys instead of those it had ("": none). S3T_CONFIG:
 * unknown action or key, a reserved key, or one that another action of the same context has. */
enum s3t_rc keymap_bind(struct keymap *map, const char *action, const char *keys,
	struct s3t_err *err) S3T_MUST_CHECK;
/* All of [keys]; then looks for conflicts. Errors begin with "file:line: ". */
enum s3t_rc keymap_apply(
	struct keymap *map, const struct config *config, struct s3t_err *err) S3T_MUST_CHECK;
/* Two actions on one key of one context: S3T_CONFIG names both. */
enum s3t_rc keymap_check(const struct keymap *map, struct s3t_err *err) S3T_MUST_CHECK;
enum action keymap_find(const struct keymap *map, unsigned context, ui_key key);
/* Appends the action's keys for people: "F8 Del d". */
void keymap_keys(const struct keymap *map, enum action action, struct strbuf *out);
/* Appends its first key and a word, behind two spaces if something stands there: "F8 delete".
 * Nothing where it has no key. */
void keymap_hint(
	const struct keymap *map, enum action action, const char *word, struct strbuf *out);

#endif
