#include "core/awsfiles.h"

#include "core/conffile.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum section_kind { SECTION_PROFILE, SECTION_SSO_SESSION, SECTION_SERVICES };

struct property {
	char *key;
	char *value;           /* continuation lines joined by line feeds */
	struct property *subs; /* of a block: "s3 =" and indented lines below it */
	struct property *next;
};

struct section {
	enum section_kind kind;
	char *name;
	bool is_prefixed; /* [profile default], which replaces [default] wholly */
	struct property *properties;
	struct section *next;
};

struct awsfiles {
	struct section *sections;
};

/* One file being read. */
struct reader {
	struct awsfiles *files;
	const char *name;
	int line;
	bool is_credentials;
	struct section *section;   /* NULL: its lines are passed over */
	struct property *property; /* what an indented line belongs to, or NULL */
	bool is_fresh_block;       /* property's value is empty: indented lines are its subs */
	bool has_header;           /* a section line was seen, good or bad */
	struct strbuf *warnings;
};

static void warn(struct reader *r, const char *what)
{
	if (r->warnings)
		strbuf_addf(r->warnings, "%s:%d: %s\n", r->name, r->line, what);
}

static void free_properties(struct property *p)
{
	while (p) {
		struct property *next = p->next;
		free_properties(p->subs);
		explicit_bzero(p->value, strlen(p->value));
		free(p->key);
		free(p->value);
		free(p);
		p = next;
	}
}

static struct property *find_property(struct property *p, struct strview key)
{
	while (p && !sv_eq_nocase(sv(p->key), key))
		p = p->next;
	return p;
}

/* Sets key in the list; the last one wins. Its old subs go, for it starts anew. */
static struct property *put_property(
	struct property **list, struct strview key, struct strview value)
{
	struct property *p = find_property(*list, key);
	if (p) {
		explicit_bzero(p->value, strlen(p->value));
		free(p->value);
		free_properties(p->subs);
		p->subs = NULL;
	} else {
		while (*list)
			list = &(*list)->next;
		p = *list = s3t_alloc(sizeof *p);
		p->key = s3t_strndup(key.data, key.len);
	}
	p->value = s3t_strndup(value.data, value.len);
	return p;
}

static struct section *find_section(
	const struct awsfiles *f, enum section_kind kind, struct strview name)
{
	struct section *s = f->sections;
	while (s && (s->kind != kind || !sv_eq(sv(s->name), name)))
		s = s->next;
	return s;
}

static struct section *put_section(struct awsfiles *f, enum section_kind kind, struct strview name)
{
	struct section *s = find_section(f, kind, name);
	if (s)
		return s;
	struct section **end = &f->sections;
	while (*end)
		end = &(*end)->next;
	s = *end = s3t_alloc(sizeof *s);
	s->kind = kind;
	s->name = s3t_strndup(name.data, name.len);
	return s;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_comment_char(char c)
{
	return c == '#' || c == ';';
}

static bool is_name(struct strview name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i];
		bool alnum =
			(c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!alnum && (c == '\0' || !strchr("_-/.%@:+\\", c)))
			return false;
	}
	return name.len > 0;
}

/* "profile work" -> "work" if text starts with the word and white space. */
static bool take_word(struct strview *text, struct strview word)
{
	if (!sv_starts_with(*text, word) || text->len == word.len ||
		!is_blank(text->data[word.len]))
		return false;
	*text = sv_trim(sv_from(*text, word.len));
	return true;
}

static void enter_profile(struct reader *r, struct strview name, bool is_prefixed)
{
	struct section *s = put_section(r->files, SECTION_PROFILE, name);
	if (!r->is_credentials && sv_eq(name, SV("default")) && s->is_prefixed != is_prefixed) {
		if (!is_prefixed) {
			warn(r, "[default] is passed over, there is a [profile default]");
			return;
		}
		free_properties(s->properties);
		s->properties = NULL;
		s->is_prefixed = true;
	}
	r->section = s;
}

/* "[profile NAME] # comment" */
static void read_section(struct reader *r, struct strview line)
{
	r->section = NULL;
	r->property = NULL;
	r->has_header = true;
	size_t close = sv_find(line, ']');
	if (close == line.len) {
		warn(r, "this section has no ]");
		return;
	}
	struct strview rest = sv_trim(sv_from(line, close + 1));
	struct strview name = sv_trim(sv_n(line.data + 1, close - 1));
	if (rest.len && !is_comment_char(rest.data[0])) {
		warn(r, "only a comment may follow a section's name");
		return;
	}
	enum section_kind kind = SECTION_PROFILE;
	bool is_prefixed = !r->is_credentials && take_word(&name, SV("profile"));
	if (!r->is_credentials && !is_prefixed) {
		if (take_word(&name, SV("sso-session")))
			kind = SECTION_SSO_SESSION;
		else if (take_word(&name, SV("services")))
			kind = SECTION_SERVICES;
		else if (!sv_eq(name, SV("default"))) {
			warn(r, "passed over: a profile's section looks like [profile NAME] here");
			return;
		}
	}
	if (!is_name(name))
		warn(r, "passed over: not a name of a profile");
	else if (kind == SECTION_PROFILE)
		enter_profile(r, name, is_prefixed);
	else
		r->section = put_section(r->files, kind, name);
}

static bool split_property(struct strview line, struct strview *key, struct strview *value)
{
	size_t equals = sv_find(line, '=');
	*key = sv_trim(sv_n(line.data, equals));
	*value = sv_from(line, equals + 1);
	return equals < line.len && key->len;
}

/* "key = value # comment": a comment wants white space before it. */
static void read_property(struct reader *r, struct strview line)
{
	r->property = NULL;
	if (!r->section) {
		if (!r->has_header)
			warn(r, "passed over: it stands in no section");
		return;
	}
	struct strview key, value;
	if (!split_property(line, &key, &value)) {
		warn(r, "passed over: not of the form key = value");
		return;
	}
	for (size_t i = 0; i + 1 < value.len; i++) {
		if (is_blank(value.data[i]) && is_comment_char(value.data[i + 1])) {
			value.len = i;
			break;
		}
	}
	value = sv_trim(value);
	r->property = put_property(&r->section->properties, key, value);
	r->is_fresh_block = value.len == 0;
}

/* An indented line: a sub-property of an empty property, else more of its value. */
static void read_continuation(struct reader *r, struct strview line)
{
	struct strview text = sv_trim(line);
	/* aws_profile.c would take an indented comment for a part of the value; the AWS CLI, by
	 * which people test their files, does not. */
	if (is_comment_char(text.data[0]) || (!r->section && r->has_header))
		return;
	struct property *p = r->property;
	if (!p) {
		warn(r, "passed over: an indented line that continues nothing");
		return;
	}
	if (r->is_fresh_block) {
		struct strview key, value;
		if (split_property(text, &key, &value))
			put_property(&p->subs, key, sv_trim(value));
		else
			warn(r, "passed over: not of the form key = value");
		return;
	}
	char *joined = s3t_asprintf("%s\n%.*s", p->value, (int)text.len, text.data);
	explicit_bzero(p->value, strlen(p->value));
	free(p->value);
	p->value = joined;
}

static void read_file(struct awsfiles *f, const char *name, bool is_credentials,
	struct strview text, struct strbuf *warnings)
{
	struct reader r = {
		.files = f, .name = name, .is_credentials = is_credentials, .warnings = warnings};
	if (sv_starts_with(text, SV("\xef\xbb\xbf")))
		text = sv_from(text, 3);
	while (text.len) {
		size_t end = sv_find(text, '\n');
		struct strview line = sv_n(text.data, end);
		text = sv_from(text, end + 1);
		r.line++;
		if (line.len && line.data[line.len - 1] == '\r')
			line.len--;
		if (sv_trim(line).len == 0 || is_comment_char(line.data[0]))
			continue;
		if (line.data[0] == '[')
			read_section(&r, line);
		else if (is_blank(line.data[0]))
			read_continuation(&r, line);
		else
			read_property(&r, line);
	}
}

enum s3t_rc awsfiles_parse(struct strview config, struct strview credentials, struct awsfiles **out,
	struct strbuf *warnings, struct s3t_err *err)
{
	(void)err;
	*out = s3t_alloc(sizeof **out);
	read_file(*out, "config", false, config, warnings);
	read_file(*out, "credentials", true, credentials, warnings);
	return S3T_OK;
}

static void load_file(
	struct awsfiles *f, const char *path, bool is_credentials, struct strbuf *warnings)
{
	if (!path)
		return;
	struct strbuf text;
	struct s3t_err why;
	bool is_shared;
	strbuf_init_cap(&text, CONFFILE_MAX);
	enum s3t_rc rc = conffile_read(path, &text, &is_shared, &why);
	if (rc == S3T_OK)
		read_file(f, path, is_credentials, strbuf_view(&text), warnings);
	else if (rc != S3T_NOT_FOUND && warnings)
		strbuf_addf(warnings, "%s\n", why.message);
	if (rc == S3T_OK && is_credentials && is_shared && warnings)
		strbuf_addf(warnings, "%s holds secrets and can be read by others; chmod 600 it.\n",
			path);
	strbuf_deinit_wipe(&text);
}

enum s3t_rc awsfiles_load(const char *config_path, const char *credentials_path,
	struct awsfiles **out, struct strbuf *warnings, struct s3t_err *err)
{
	(void)err;
	*out = s3t_alloc(sizeof **out);
	load_file(*out, config_path, false, warnings);
	load_file(*out, credentials_path, true, warnings);
	return S3T_OK;
}

void awsfiles_free(struct awsfiles *f)
{
	if (!f)
		return;
	while (f->sections) {
		struct section *next = f->sections->next;
		free_properties(f->sections->properties);
		free(f->sections->name);
		free(f->sections);
		f->sections = next;
	}
	free(f);
}

bool awsfiles_has_profile(const struct awsfiles *f, const char *profile)
{
	return find_section(f, SECTION_PROFILE, sv(profile)) != NULL;
}

static const struct property *lookup(
	const struct awsfiles *f, enum section_kind kind, const char *name, const char *key)
{
	const struct section *s = find_section(f, kind, sv(name));
	return s ? find_property(s->properties, sv(key)) : NULL;
}

static const char *lookup_nested(const struct awsfiles *f, enum section_kind kind, const char *name,
	const char *block, const char *key)
{
	const struct property *p = lookup(f, kind, name, block);
	const struct property *sub = p ? find_property(p->subs, sv(key)) : NULL;
	return sub ? sub->value : NULL;
}

const char *awsfiles_get(const struct awsfiles *f, const char *profile, const char *key)
{
	const struct property *p = lookup(f, SECTION_PROFILE, profile, key);
	return p ? p->value : NULL;
}

const char *awsfiles_get_nested(
	const struct awsfiles *f, const char *profile, const char *block, const char *key)
{
	return lookup_nested(f, SECTION_PROFILE, profile, block, key);
}

const char *awsfiles_get_service(
	const struct awsfiles *f, const char *services, const char *block, const char *key)
{
	return lookup_nested(f, SECTION_SERVICES, services, block, key);
}

const char *awsfiles_get_sso_session(const struct awsfiles *f, const char *session, const char *key)
{
	const struct property *p = lookup(f, SECTION_SSO_SESSION, session, key);
	return p ? p->value : NULL;
}

void awsfiles_each_profile(
	const struct awsfiles *f, void (*fn)(void *arg, const char *name), void *arg)
{
	for (const struct section *s = f->sections; s; s = s->next)
		if (s->kind == SECTION_PROFILE)
			fn(arg, s->name);
}
