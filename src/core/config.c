/*
 * Reading s3tui.ini; the only user of libinih. Its reader callback is where we stand between the
 * file and the library: lines are counted there (its handler is not told a line number), section
 * lines are understood there (its handler is not told of an empty section), and what the library
 * would cut silently is refused there (lines over 64 KiB, section names over 48 bytes).
 */
#include "core/config_private.h"

#include "core/conffile.h"
#include "core/text.h"

#include <ini.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 65536
#define SECTION_MAX_BYTES 48

enum scope_kind { SCOPE_NONE, SCOPE_OPTIONS, SCOPE_KEYS };

struct parser {
	struct config *config;
	const char *name;
	struct strview text;
	size_t pos;
	int line;     /* number of the line being read */
	bool in_line; /* its end was not reached yet */
	config_env_fn env;
	void *env_arg;
	/* the section that the line stands in */
	enum scope_kind kind;
	struct option_scope *scope;
	const char *schema_section; /* "default", "upload" … */
	char *label;                /* as written, sanitised: "[profile x.upload]" */
	bool has_secret;            /* one stands in the file itself, not as ${VAR} */
	enum s3t_rc rc;
	struct s3t_err *err;
};

/* inih's settings are globals of its library. */
static void set_up_inih(void)
{
	ini_allow_multiline = false;
	ini_allow_inline_comments = false;
	ini_use_stack = false;
	ini_allow_realloc = true;
	ini_stop_on_first_error = true;
	ini_max_line = LINE_MAX_BYTES + 3;
}

static bool refuse(struct parser *p, const char *fmt, ...) S3T_PRINTF(2, 3);

/* "file:line: …"; false. */
static bool refuse(struct parser *p, const char *fmt, ...)
{
	struct strbuf text;
	strbuf_init(&text);
	va_list ap;
	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	p->rc = s3t_fail(p->err, S3T_CONFIG, "%s:%d: %s", p->name, p->line, text.data);
	strbuf_deinit(&text);
	return false;
}

const char *config_getenv(config_env_fn env, void *env_arg, const char *name)
{
	const char *value = env ? env(env_arg, name) : getenv(name);
	return value && *value ? value : NULL;
}

/* Profiles. */

static struct config_profile *find_profile(const struct config *c, struct strview name)
{
	for (size_t i = 0; i < c->profile_count; i++)
		if (sv_eq(sv(c->profiles[i].name), name))
			return &c->profiles[i];
	return NULL;
}

const struct config_profile *config_find_profile(const struct config *c, const char *name)
{
	return find_profile(c, sv(name));
}

/* Moves the others: no pointer to a profile outlives it. */
static struct config_profile *put_profile(struct config *c, struct strview name)
{
	struct config_profile *profile = find_profile(c, name);
	if (profile)
		return profile;
	c->profiles = reallocarray(c->profiles, c->profile_count + 1, sizeof(*c->profiles));
	if (!c->profiles)
		s3t_oom();
	profile = &c->profiles[c->profile_count++];
	*profile = (struct config_profile){0};
	profile->name = s3t_strndup(name.data, name.len);
	settings_init_defaults(&profile->scope.values);
	return profile;
}

static bool is_profile_name(struct strview name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i];
		bool alnum =
			(c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!alnum && (c == '\0' || !strchr("_-/.%@:+", c)))
			return false;
	}
	return name.len > 0;
}

/* Section lines. */

static const char *const sections[] = {
	"default", "upload", "download", "retry", "network", "encryption", "ui", "keys"};
#define SECTION_COUNT (sizeof(sections) / sizeof(*sections))

static const char *known_section(struct strview name)
{
	for (size_t i = 0; i < SECTION_COUNT; i++)
		if (sv_eq(sv(sections[i]), name))
			return sections[i];
	return NULL;
}

/* "NAME", or "NAME.upload" with one of the sections that a profile has. */
static bool enter_profile(struct parser *p, struct strview text)
{
	const char *sub = NULL;
	size_t dot = text.len;
	while (dot && text.data[dot - 1] != '.')
		dot--;
	if (dot)
		sub = known_section(sv_from(text, dot));
	struct strview name = sub ? sv_n(text.data, dot - 1) : text;
	if (!is_profile_name(name))
		return refuse(p,
			"%s: a profile's name is made of letters, digits and _ - . / %% @ : +",
			p->label);
	if (sub && (strcmp(sub, "ui") == 0 || strcmp(sub, "keys") == 0))
		return refuse(p, "%s: there is one [%s] for all profiles", p->label, sub);
	if (sub && strcmp(sub, "default") == 0)
		return refuse(p, "%s: put these into [profile NAME] itself", p->label);
	p->kind = SCOPE_OPTIONS;
	p->scope = &put_profile(p->config, name)->scope;
	p->schema_section = sub ? sub : "default";
	return true;
}

static bool enter_section(struct parser *p, struct strview name)
{
	char *clean = text_sanitised(name);
	free(p->label);
	p->label = s3t_asprintf("[%s]", clean);
	free(clean);
	p->kind = SCOPE_NONE;
	if (name.len > SECTION_MAX_BYTES)
		return refuse(p, "%s: a section's name has at most %d bytes", p->label,
			SECTION_MAX_BYTES);
	if (sv_starts_with(name, SV("profile ")) || sv_starts_with(name, SV("profile\t")))
		return enter_profile(p, sv_trim(sv_from(name, 8)));
	const char *section = known_section(name);
	if (!section)
		return refuse(p,
			"%s: unknown section; allowed are [default], [upload], [download], "
			"[retry], [network], [encryption], [ui], [keys], [profile NAME] and "
			"[profile NAME.upload] or another of the sections up to encryption",
			p->label);
	p->kind = strcmp(section, "keys") == 0 ? SCOPE_KEYS : SCOPE_OPTIONS;
	p->scope = &p->config->base;
	p->schema_section = section;
	return true;
}

/* Looks at a line before the library does. */
static bool begin_line(struct parser *p)
{
	struct strview line = sv_from(p->text, p->pos);
	line.len = sv_find(line, '\n');
	p->line++;
	if (line.len > LINE_MAX_BYTES)
		return refuse(p, "the line is longer than 64 KiB");
	if (p->line == 1 && sv_starts_with(line, SV("\xef\xbb\xbf")))
		line = sv_from(line, 3);
	line = sv_trim(line);
	if (line.len == 0 || line.data[0] != '[')
		return true;
	size_t close = sv_find(line, ']');
	if (close == line.len)
		return refuse(p, "a section's line ends in ]");
	struct strview rest = sv_trim(sv_from(line, close + 1));
	if (rest.len && rest.data[0] != '#' && rest.data[0] != ';')
		return refuse(p, "only a comment may follow a section's name");
	return enter_section(p, sv_trim(sv_n(line.data + 1, close - 1)));
}

/* fgets() over p->text. */
static char *read_piece(char *buf, int size, void *arg)
{
	struct parser *p = arg;
	if (size < 2 || p->rc != S3T_OK || p->pos >= p->text.len)
		return NULL;
	if (!p->in_line && !begin_line(p))
		return NULL;
	struct strview rest = sv_from(p->text, p->pos);
	size_t n = sv_find(rest, '\n') + 1;
	p->in_line = n > rest.len || n > (size_t)size - 1;
	if (n > rest.len)
		n = rest.len;
	if (n > (size_t)size - 1)
		n = (size_t)size - 1;
	memcpy(buf, rest.data, n);
	buf[n] = '\0';
	p->pos += n;
	return buf;
}

/* Keys and values. */

/* Replaces ${NAME} by the environment's; "$${" is a plain "${". */
static bool expand(struct parser *p, const char *key, const char *value, struct strbuf *out)
{
	while (*value) {
		if (strncmp(value, "$${", 3) == 0) {
			strbuf_add_str(out, "${");
			value += 3;
			continue;
		}
		if (strncmp(value, "${", 2) != 0) {
			strbuf_add_char(out, *value++);
			continue;
		}
		size_t len = strcspn(value + 2, "}");
		if (value[2 + len] != '}' || len == 0)
			return refuse(p,
				"%s %s: ${ begins a variable, as in ${NAME}; write $${ for "
				"the characters themselves",
				p->label, key);
		char *name = s3t_strndup(value + 2, len);
		const char *found = p->env ? p->env(p->env_arg, name) : getenv(name);
		if (!found) {
			char *shown = config_quoted(name);
			refuse(p, "%s %s: the environment has no variable %s", p->label, key,
				shown);
			free(shown);
		} else {
			strbuf_add_str(out, found);
		}
		free(name);
		if (!found)
			return false;
		value += 2 + len + 1;
	}
	return true;
}

static bool add_binding(struct parser *p, const char *action, const char *keys)
{
	struct config *c = p->config;
	for (size_t i = 0; i < c->binding_count; i++) {
		if (strcmp(c->bindings[i].action, action) != 0)
			continue;
		char *shown = config_quoted(action);
		refuse(p, "[keys] %s is set twice, first in line %d", shown, c->bindings[i].line);
		free(shown);
		return false;
	}
	c->bindings = reallocarray(c->bindings, c->binding_count + 1, sizeof(*c->bindings));
	if (!c->bindings)
		s3t_oom();
	c->bindings[c->binding_count++] =
		(struct config_binding){s3t_strdup(action), s3t_strdup(keys), p->line};
	return true;
}

static bool set_option(struct parser *p, const struct option *o, const char *value, bool is_literal)
{
	int *line = &p->scope->line[o - config_options];
	if (*line)
		return refuse(p, "%s %s: set twice, first in line %d", p->label, o->key, *line);
	*line = p->line;
	if (option_assign(&p->scope->values, o, value, p->err) != S3T_OK) {
		s3t_err_prefix(p->err, "%s:%d: %s %s: ", p->name, p->line, p->label, o->key);
		p->rc = S3T_CONFIG;
		return false;
	}
	if (o->type == OPTION_TYPE_SECRET && strcmp(o->key, "access_key_id") != 0 && *value)
		p->has_secret = p->has_secret || is_literal;
	return true;
}

static bool set_key(struct parser *p, const char *key, const char *value)
{
	if (p->kind == SCOPE_NONE)
		return refuse(p, "a key stands in no section; put it under [default]");
	const struct option *o =
		p->kind == SCOPE_OPTIONS ? option_find(p->schema_section, key) : NULL;
	struct strbuf text;
	strbuf_init(&text);
	bool done = false;
	if (p->kind == SCOPE_OPTIONS && !o) {
		option_explain_unknown(&text, p->schema_section, key);
		refuse(p, "%s %s", p->label, text.data);
	} else if (expand(p, o ? o->key : "value", value, &text)) {
		done = o ? set_option(p, o, text.data, strcmp(text.data, value) == 0)
			 : add_binding(p, key, text.data);
	}
	strbuf_deinit_wipe(&text);
	return done;
}

/* Called by inih for each key; 0 stops it. */
static int on_key(void *arg, const char *section, const char *key, const char *value)
{
	struct parser *p = arg;
	(void)section; /* begin_line() knows it */
	return p->rc == S3T_OK && set_key(p, key, value);
}

static void parse(struct parser *p)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, set_up_inih);
	int result = ini_parse_stream(read_piece, p, on_key, p);
	if (p->rc == S3T_OK && result < 0)
		p->rc = s3t_fail(p->err, S3T_MEMORY, "%s: out of memory.", p->name);
	if (p->rc == S3T_OK && result > 0) {
		p->line = result;
		refuse(p, "the line is neither a [section], nor key = value, nor a # comment");
	}
}

static enum s3t_rc parse_into(const char *name, struct strview text, config_env_fn env,
	void *env_arg, struct config **out, bool *has_secret, struct s3t_err *err)
{
	struct parser p = {.name = name,
		.text = text,
		.env = env,
		.env_arg = env_arg,
		.rc = S3T_OK,
		.err = err};
	*out = NULL;
	p.config = s3t_alloc(sizeof(*p.config));
	p.config->path = s3t_strdup("");
	settings_init_defaults(&p.config->base.values);
	if (sv_find(text, '\0') < text.len)
		p.rc = s3t_fail(err, S3T_CONFIG, "%s is not a text file.", name);
	else
		parse(&p);
	free(p.label);
	*has_secret = p.has_secret;
	if (p.rc == S3T_OK)
		*out = p.config;
	else
		config_free(p.config);
	return p.rc;
}

enum s3t_rc config_parse(const char *name, struct strview text, config_env_fn env, void *env_arg,
	struct config **out, struct strbuf *warnings, struct s3t_err *err)
{
	(void)warnings;
	bool has_secret;
	return parse_into(name, text, env, env_arg, out, &has_secret, err);
}

/* Files. */

static enum s3t_rc load_file(const char *path, config_env_fn env, void *env_arg,
	struct config **out, struct strbuf *warnings, struct s3t_err *err)
{
	struct strbuf text;
	bool is_shared = false, has_secret = false;
	strbuf_init_cap(&text, CONFFILE_MAX);
	*out = NULL;
	enum s3t_rc rc = conffile_read(path, &text, &is_shared, err);
	if (rc == S3T_OK)
		rc = parse_into(path, strbuf_view(&text), env, env_arg, out, &has_secret, err);
	strbuf_deinit_wipe(&text);
	if (rc != S3T_OK)
		return rc;
	free((*out)->path);
	(*out)->path = s3t_strdup(path);
	if (is_shared && has_secret && warnings)
		strbuf_addf(warnings, "%s holds secrets and can be read by others; chmod 600 it.\n",
			path);
	return S3T_OK;
}

/* dir may be relative only by mistake, and the working directory is nobody's to trust. */
static bool add_dir(char **paths, size_t *count, const char *dir, size_t len, const char *below)
{
	if (len == 0 || dir[0] != '/')
		return false;
	paths[(*count)++] = s3t_asprintf("%.*s%s/s3tui/s3tui.ini", (int)len, dir, below);
	return true;
}

#define PATHS_MAX 8

/* The places to look at, in order; caller frees each. */
static size_t standard_paths(config_env_fn env, void *env_arg, char *paths[PATHS_MAX])
{
	const char *config_home = config_getenv(env, env_arg, "XDG_CONFIG_HOME");
	const char *home = config_getenv(env, env_arg, "HOME");
	const char *dirs = config_getenv(env, env_arg, "XDG_CONFIG_DIRS");
	size_t count = 0;
	bool has_own = config_home && add_dir(paths, &count, config_home, strlen(config_home), "");
	if (!has_own && home)
		add_dir(paths, &count, home, strlen(home), "/.config");
	for (const char *p = dirs ? dirs : "/etc/xdg"; *p && count < PATHS_MAX;) {
		size_t len = strcspn(p, ":");
		add_dir(paths, &count, p, len, "");
		p += len + (p[len] == ':');
	}
	return count;
}

enum s3t_rc config_load(const char *path, config_env_fn env, void *env_arg, struct config **out,
	struct strbuf *warnings, struct s3t_err *err)
{
	if (path) {
		enum s3t_rc rc = load_file(path, env, env_arg, out, warnings, err);
		if (rc != S3T_OK && err)
			err->rc = S3T_CONFIG;
		return rc == S3T_OK ? S3T_OK : S3T_CONFIG;
	}
	char *paths[PATHS_MAX];
	size_t count = standard_paths(env, env_arg, paths);
	enum s3t_rc rc = S3T_NOT_FOUND;
	for (size_t i = 0; i < count; i++) {
		if (rc == S3T_NOT_FOUND)
			rc = load_file(paths[i], env, env_arg, out, warnings, err);
		free(paths[i]);
	}
	if (rc == S3T_NOT_FOUND)
		return config_parse("", SV(""), env, env_arg, out, warnings, err);
	if (rc != S3T_OK && err)
		err->rc = S3T_CONFIG;
	return rc == S3T_OK ? S3T_OK : S3T_CONFIG;
}

void config_free(struct config *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->profile_count; i++) {
		settings_deinit(&c->profiles[i].scope.values);
		free(c->profiles[i].name);
	}
	for (size_t i = 0; i < c->binding_count; i++) {
		free(c->bindings[i].action);
		free(c->bindings[i].keys);
	}
	settings_deinit(&c->base.values);
	free(c->profiles);
	free(c->bindings);
	free(c->path);
	free(c);
}

const struct settings *config_base(const struct config *c)
{
	return &c->base.values;
}

bool config_key_binding(
	const struct config *c, size_t i, const char **action, const char **keys, int *line)
{
	if (i >= c->binding_count)
		return false;
	*action = c->bindings[i].action;
	*keys = c->bindings[i].keys;
	*line = c->bindings[i].line;
	return true;
}

const char *config_profile_name(const struct config *c, size_t i)
{
	return i < c->profile_count ? c->profiles[i].name : NULL;
}

const char *config_path(const struct config *c)
{
	return c->path;
}
