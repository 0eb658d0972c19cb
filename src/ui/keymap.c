#include "ui/keymap.h"

#include <stdlib.h>
#include <string.h>

enum { KEYS_PER_ACTION = 8 };

struct keymap {
	struct {
		ui_key keys[KEYS_PER_ACTION];
		size_t count;
		bool is_changed; /* by the person */
	} rows[ACTION_COUNT];
};

static const struct action_info actions[] = {
#define X(id, config, keys, contexts, label, help) {config, keys, contexts, label, help},
	ACTION_TABLE(X)
#undef X
};
_Static_assert(sizeof actions / sizeof *actions == ACTION_COUNT, "one row an action");

const struct action_info *action_info(enum action a)
{
	return &actions[a];
}

/* The terminal has these for itself (flow control), or they are other keys' bytes. */
static const char *refusal(ui_key key)
{
	if (!(key & K_CTRL) || K_CODE(key) >= K_FIRST)
		return NULL;
	switch (K_CODE(key)) {
	case 's':
	case 'q':
		return "the terminal stops and starts its output with it";
	case 'z':
		return "it suspends the program";
	case 'h':
		return "it is Backspace on some terminals";
	case 'i':
		return "it is Tab";
	case 'j':
	case 'm':
		return "it is Enter";
	case '[':
		return "it is Esc";
	case '\\':
		return "the terminal has it for itself";
	default:
		return NULL;
	}
}

static struct strview next_word(struct strview *s)
{
	*s = sv_trim(*s);
	size_t n = 0;
	while (n < s->len && s->data[n] != ' ' && s->data[n] != '\t')
		n++;
	struct strview word = sv_n(s->data, n);
	*s = sv_from(*s, n);
	return word;
}

static enum s3t_rc set_keys(
	struct keymap *map, enum action a, struct strview keys, struct s3t_err *err)
{
	map->rows[a].count = 0;
	for (struct strview word; (word = next_word(&keys)).len;) {
		ui_key key = key_parse(word);
		if (!key)
			return s3t_fail(err, S3T_CONFIG,
				"\"%.*s\" is no key: write F5, Ctrl-R, Alt-Left, Space, Enter or a "
				"character.",
				(int)word.len, word.data);
		const char *why = refusal(key);
		if (why)
			return s3t_fail(err, S3T_CONFIG, "%.*s cannot be bound: %s.", (int)word.len,
				word.data, why);
		if (map->rows[a].count == KEYS_PER_ACTION)
			return s3t_fail(err, S3T_CONFIG, "\"%s\" has more than %d keys.",
				actions[a].name, KEYS_PER_ACTION);
		map->rows[a].keys[map->rows[a].count++] = key;
	}
	return S3T_OK;
}

struct keymap *keymap_new(void)
{
	struct keymap *map = s3t_alloc(sizeof *map);
	for (unsigned a = 0; a < ACTION_COUNT; a++)
		if (set_keys(map, (enum action)a, sv(actions[a].keys), NULL) != S3T_OK)
			abort(); /* the table itself is wrong */
	return map;
}

void keymap_free(struct keymap *map)
{
	free(map);
}

enum s3t_rc keymap_bind(
	struct keymap *map, const char *action, const char *keys, struct s3t_err *err)
{
	for (unsigned a = 0; a < ACTION_COUNT; a++) {
		if (strcmp(actions[a].name, action) != 0)
			continue;
		map->rows[a].is_changed = true;
		return set_keys(map, (enum action)a, sv(keys), err);
	}
	return s3t_fail(err, S3T_CONFIG,
		"There is no action \"%s\"; F1 and s3tui.ini.example list them.", action);
}

static bool has_key(const struct keymap *map, unsigned a, ui_key key)
{
	for (size_t i = 0; i < map->rows[a].count; i++)
		if (map->rows[a].keys[i] == key)
			return true;
	return false;
}

static void drop_key(struct keymap *map, unsigned a, ui_key key)
{
	size_t kept = 0;
	for (size_t i = 0; i < map->rows[a].count; i++)
		if (map->rows[a].keys[i] != key)
			map->rows[a].keys[kept++] = map->rows[a].keys[i];
	map->rows[a].count = kept;
}

/* A key that the person gave to one action leaves those that had it by default. */
static void take_defaults_away(struct keymap *map)
{
	for (unsigned a = 0; a < ACTION_COUNT; a++)
		for (unsigned b = 0; b < ACTION_COUNT; b++) {
			if (!map->rows[a].is_changed || map->rows[b].is_changed ||
				!(actions[a].contexts & actions[b].contexts))
				continue;
			for (size_t i = 0; i < map->rows[a].count; i++)
				drop_key(map, b, map->rows[a].keys[i]);
		}
}

enum s3t_rc keymap_check(const struct keymap *map, struct s3t_err *err)
{
	for (unsigned a = 0; a < ACTION_COUNT; a++)
		for (unsigned b = a + 1; b < ACTION_COUNT; b++) {
			if (!(actions[a].contexts & actions[b].contexts))
				continue;
			for (size_t i = 0; i < map->rows[a].count; i++) {
				if (!has_key(map, b, map->rows[a].keys[i]))
					continue;
				char name[32];
				key_text(map->rows[a].keys[i], name);
				return s3t_fail(err, S3T_CONFIG,
					"The key %s is given to both \"%s\" and \"%s\".", name,
					actions[a].name, actions[b].name);
			}
		}
	return S3T_OK;
}

/* Whether the action of [keys] entry i is in a conflict, to name its line. */
static bool is_involved(const struct keymap *map, const char *action)
{
	for (unsigned a = 0; a < ACTION_COUNT; a++) {
		if (strcmp(actions[a].name, action) != 0)
			continue;
		for (unsigned b = 0; b < ACTION_COUNT; b++)
			for (size_t i = 0; a != b && i < map->rows[a].count; i++)
				if (actions[a].contexts & actions[b].contexts &&
					has_key(map, b, map->rows[a].keys[i]))
					return true;
	}
	return false;
}

enum s3t_rc keymap_apply(struct keymap *map, const struct config *config, struct s3t_err *err)
{
	const char *action, *keys;
	int line;
	for (size_t i = 0; config_key_binding(config, i, &action, &keys, &line); i++) {
		enum s3t_rc rc = keymap_bind(map, action, keys, err);
		if (rc != S3T_OK) {
			s3t_err_prefix(
				err, "%s:%d: [keys] %s: ", config_path(config), line, action);
			return rc;
		}
	}
	take_defaults_away(map);
	enum s3t_rc rc = keymap_check(map, err);
	if (rc == S3T_OK)
		return rc;
	int at = 0;
	for (size_t i = 0; config_key_binding(config, i, &action, &keys, &line); i++)
		if (is_involved(map, action))
			at = line;
	s3t_err_prefix(err, "%s:%d: [keys]: ", config_path(config), at);
	return rc;
}

enum action keymap_find(const struct keymap *map, unsigned context, ui_key key)
{
	for (unsigned a = 0; a < ACTION_COUNT; a++)
		if (actions[a].contexts & context && has_key(map, a, key))
			return (enum action)a;
	return ACTION_NONE;
}

void keymap_keys(const struct keymap *map, enum action action, struct strbuf *out)
{
	for (size_t i = 0; i < map->rows[action].count; i++) {
		char name[32];
		key_text(map->rows[action].keys[i], name);
		strbuf_addf(out, "%s%s", i ? " " : "", name);
	}
}

void keymap_hint(const struct keymap *map, enum action action, const char *word, struct strbuf *out)
{
	char name[32];
	if (!map->rows[action].count)
		return;
	key_text(map->rows[action].keys[0], name);
	strbuf_addf(out, "%s%s %s", out->len ? "  " : "", name, word);
}
