#include "core/config_add.h"

#include "core/conffile.h"
#include "core/fdio.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { NAME_LEN_MAX = 64 };

static enum s3t_rc add_line(
	struct strbuf *out, const char *key, const char *value, struct s3t_err *err)
{
	if (!value || !value[0])
		return S3T_OK;
	for (const char *p = value; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return s3t_fail(err, S3T_INVALID,
				"%s holds a character that cannot be in it.", key);
	if (value[0] == ' ' || value[strlen(value) - 1] == ' ')
		return s3t_fail(err, S3T_INVALID, "%s begins or ends with a space.", key);
	strbuf_addf(out, "%s = ", key);
	for (const char *p = value; *p; p++) {
		if (p[0] == '$' && p[1] == '{')
			strbuf_add_char(out, '$'); /* "$${" is a plain "${" */
		strbuf_add_char(out, *p);
	}
	strbuf_add_char(out, '\n');
	return S3T_OK;
}

enum s3t_rc config_profile_text(
	const struct new_profile *p, struct strbuf *out, struct s3t_err *err)
{
	size_t len = strlen(p->name);
	if (len == 0 || len > NAME_LEN_MAX || strcspn(p->name, " \t[]=;#.\"'\\/") != len)
		return s3t_fail(err, S3T_INVALID,
			"A profile's name is 1 to 64 characters without spaces or any of []=;#./");
	bool is_default = strcmp(p->name, "default") == 0;
	strbuf_addf(out, "[%s%s]\n", is_default ? "" : "profile ", p->name);
	const struct {
		const char *key, *value;
	} rows[] = {{"endpoint", p->endpoint}, {"region", p->region},
		{"access_key_id", p->access_key_id}, {"secret_access_key", p->secret_access_key},
		{"default_bucket", p->default_bucket}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		enum s3t_rc rc = add_line(out, rows[i].key, rows[i].value, err);
		if (rc != S3T_OK)
			return rc;
	}
	return S3T_OK;
}

static char *standard_path(void)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	if (config && config[0] == '/')
		return s3t_asprintf("%s/s3tui/s3tui.ini", config);
	return home && home[0] == '/' ? s3t_asprintf("%s/.config/s3tui/s3tui.ini", home) : NULL;
}

static void make_dirs(const char *path)
{
	char *dir = s3t_strdup(path);
	for (char *p = dir + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		(void)mkdir(dir, 0700);
		*p = '/';
	}
	free(dir);
}

static bool has_section(struct strview text, struct strview head)
{
	while (text.len) {
		size_t n = sv_find(text, '\n');
		if (sv_eq(sv_trim(sv_n(text.data, n)), head))
			return true;
		text = sv_from(text, n + 1);
	}
	return false;
}

enum s3t_rc config_add_profile(
	const char *path, const struct new_profile *p, char **written, struct s3t_err *err)
{
	char *name = path && path[0] ? s3t_strdup(path) : standard_path();
	*written = NULL;
	if (!name)
		return s3t_fail(err, S3T_CONFIG, "There is no home to have s3tui.ini in.");
	struct strbuf text, section;
	bool is_shared;
	strbuf_init_cap(&text, CONFFILE_MAX);
	strbuf_init(&section);
	make_dirs(name);
	enum s3t_rc rc = conffile_read(name, &text, &is_shared, err);
	if (rc == S3T_NOT_FOUND)
		rc = S3T_OK;
	if (rc == S3T_OK)
		rc = config_profile_text(p, &section, err);
	struct strview head = strbuf_view(&section);
	head.len = sv_find(head, '\n');
	if (rc == S3T_OK && has_section(strbuf_view(&text), head))
		rc = s3t_fail(err, S3T_EXISTS, "%s has %.*s already; choose another name.", name,
			(int)head.len, head.data);
	if (rc == S3T_OK) {
		if (text.len)
			strbuf_add_str(&text, text.data[text.len - 1] == '\n' ? "\n" : "\n\n");
		strbuf_add_sv(&text, strbuf_view(&section));
		char *real = realpath(name, NULL); /* a link to it stays one */
		if (!file_replace(real ? real : name, text.data, text.len))
			rc = s3t_fail_errno(err, errno, "Cannot write %s", name);
		free(real);
	}
	strbuf_deinit_wipe(&text);
	strbuf_deinit_wipe(&section);
	if (rc == S3T_OK)
		*written = name;
	else
		free(name);
	return rc;
}
