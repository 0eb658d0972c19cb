#include "core/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* An environment: "NAME=value", NULL-terminated. */
static const char *env_of(void *arg, const char *name)
{
	const char *const *env = arg;
	size_t len = strlen(name);
	for (; env && *env; env++)
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
			return *env + len + 1;
	return NULL;
}

static struct config *parse(const char *text)
{
	static const char *const env[] = {"SECRET=from env;#", "EMPTY=", NULL};
	struct config *c;
	struct s3t_err err = {.message = ""};
	if (config_parse("t.ini", sv(text), env_of, (void *)env, &c, NULL, &err) != S3T_OK)
		fail_msg("%s", err.message);
	return c;
}

/* What the file is refused with. */
static void assert_refused(const char *text, const char *begin, const char *contains)
{
	static const char *const env[] = {NULL};
	struct config *c;
	struct s3t_err err = {.message = ""};
	assert_int_equal(
		config_parse("t.ini", sv(text), env_of, (void *)env, &c, NULL, &err), S3T_CONFIG);
	assert_null(c);
	assert_int_equal(err.rc, S3T_CONFIG);
	if (!sv_starts_with(sv(err.message), sv(begin)) || !strstr(err.message, contains))
		fail_msg("%s: %s", text, err.message);
	assert_int_equal(
		config_parse("t.ini", sv(text), env_of, (void *)env, &c, NULL, NULL), S3T_CONFIG);
}

static void an_empty_file_gives_the_defaults(void **state)
{
	struct config *c = parse("");
	const struct settings *s = config_base(c);
	(void)state;
	assert_string_equal(s->endpoint, "");
	assert_string_equal(s->region, "us-east-1");
	assert_string_equal(s->storage_class, "STANDARD");
	assert_string_equal(s->force_path_style, "auto");
	assert_int_equal(s->timeout_ms, 300000);
	assert_int_equal(s->multipart_threshold, 16 << 20);
	assert_int_equal(s->part_size, 0);
	assert_int_equal(s->max_concurrent_parts, 0);
	assert_int_equal(s->max_attempts, 3);
	assert_int_equal(s->initial_delay_ms, 100);
	assert_int_equal(s->low_speed_limit, 1);
	assert_int_equal(s->give_up_after_ms, 120000);
	assert_true(s->checksum);
	assert_false(s->versioning);
	assert_null(config_profile_name(c, 0));
	assert_string_equal(config_path(c), "");
	config_free(c);
	config_free(NULL);
}

static void every_kind_of_value_is_read(void **state)
{
	struct config *c = parse("\xef\xbb\xbf[default]\n"
				 "  endpoint = https://Storage.example.org:9000/x  \r\n"
				 "region: eu-central-1\n"
				 "; comment\n"
				 "# comment\n"
				 "secret_access_key = a ;b #c = d\n"
				 "access_key_id = ${SECRET}x$${Y}$Z${EMPTY}\n"
				 "storage_class = StandardIA\n"
				 "timeout = 1h30m\n"
				 "request_payer = yes\n"
				 "force_path_style = on\n"
				 "[ upload ] # comment\n"
				 "part_size = 1.5G\n"
				 "max_concurrent_parts = 7\n"
				 "multipart_threshold = 10MB\n"
				 "[download]\n"
				 "chunk_size = AUTO\n"
				 "[retry]\n"
				 "initial_delay = 0\n"
				 "[ui]\n"
				 "color = off\n"
				 "[upload]\n"
				 "checksum = no\n");
	const struct settings *s = config_base(c);
	(void)state;
	assert_string_equal(s->endpoint, "https://Storage.example.org:9000/x");
	assert_string_equal(s->region, "eu-central-1");
	assert_string_equal(s->secret_access_key, "a ;b #c = d");
	assert_string_equal(s->access_key_id, "from env;#x${Y}$Z");
	assert_string_equal(s->storage_class, "STANDARD_IA");
	assert_int_equal(s->timeout_ms, 5400000);
	assert_true(s->request_payer);
	assert_string_equal(s->force_path_style, "true");
	assert_int_equal(s->part_size, 3 << 29);
	assert_int_equal(s->max_concurrent_parts, 7);
	assert_int_equal(s->multipart_threshold, 10000000);
	assert_int_equal(s->chunk_size, 0);
	assert_int_equal(s->initial_delay_ms, 0);
	assert_string_equal(s->color, "off");
	assert_false(s->checksum);
	config_free(c);
}

static void words_are_read_as_the_specification_and_as_s3_write_them(void **state)
{
	static const struct {
		const char *section, *key, *value, *word;
	} rows[] = {
		{"default", "storage_class", "Standard", "STANDARD"},
		{"default", "storage_class", "ReducedRedundancy", "REDUCED_REDUNDANCY"},
		{"default", "storage_class", "StandardIA", "STANDARD_IA"},
		{"default", "storage_class", "STANDARD_IA", "STANDARD_IA"},
		{"default", "storage_class", "OneZoneIA", "ONEZONE_IA"},
		{"default", "storage_class", "IntelligentTiering", "INTELLIGENT_TIERING"},
		{"default", "storage_class", "Glacier", "GLACIER"},
		{"default", "storage_class", "GlacierInstantRetrieval", "GLACIER_IR"},
		{"default", "storage_class", "glacier_ir", "GLACIER_IR"},
		{"default", "storage_class", "DeepArchive", "DEEP_ARCHIVE"},
		{"default", "storage_class", "EXPRESS_ONEZONE", "EXPRESS_ONEZONE"},
		{"default", "force_path_style", "1", "true"},
		{"default", "force_path_style", "NO", "false"},
		{"upload", "compress", "false", "off"},
		{"upload", "compress", "no", "off"},
		{"encryption", "type", "None", "none"},
		{"encryption", "sse_c_algorithm", "aes256", "AES256"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct settings s;
		struct s3t_err err = {.message = ""};
		settings_init_defaults(&s);
		if (settings_set(&s, rows[i].section, rows[i].key, rows[i].value, &err) != S3T_OK)
			fail_msg("%s", err.message);
		const char *got = strcmp(rows[i].key, "storage_class") == 0 ? s.storage_class
				  : strcmp(rows[i].key, "force_path_style") == 0
					  ? s.force_path_style
				  : strcmp(rows[i].key, "compress") == 0 ? s.compress
				  : strcmp(rows[i].key, "type") == 0     ? s.encryption_type
									 : s.sse_c_algorithm;
		assert_string_equal(got, rows[i].word);
		settings_deinit(&s);
	}
}

static void what_is_wrong_is_said_with_its_line(void **state)
{
	static const struct {
		const char *text, *begin, *contains;
	} rows[] = {
		{"region = x\n", "t.ini:1: ", "[default]"},
		{"[default]\n\nregoin = x\n", "t.ini:3: [default] unknown key 'regoin'",
			"did you mean region?"},
		{"[default]\npart_size = 8MiB\n", "t.ini:2: ", "belongs into [upload]"},
		{"[upload]\nzzz = 1\n", "t.ini:2: ",
			"multipart_threshold, part_size, max_concurrent_parts, compress, "
			"checksum, checksum_algorithm."},
		{"[default]\na\x1b[31mb = 1\n", "t.ini:2: ", "'a\\x1b[31mb'"},
		{"[uplaod]\n", "t.ini:1: [uplaod]: unknown section", "[upload]"},
		{"[default\n", "t.ini:1: ", "]"},
		{"[default] x\n", "t.ini:1: ", "comment"},
		{"[default]\nnonsense\n", "t.ini:2: ", "key = value"},
		{"[profile]\n", "t.ini:1: ", "unknown section"},
		{"[profile ]\n", "t.ini:1: ", "unknown section"},
		{"[profile a b]\n", "t.ini:1: ", "letters, digits"},
		{"[profile .upload]\n", "t.ini:1: ", "letters, digits"},
		{"[profile x.ui]\n", "t.ini:1: ", "one [ui] for all"},
		{"[profile x.keys]\n", "t.ini:1: ", "one [keys] for all"},
		{"[profile x.default]\n", "t.ini:1: ", "[profile NAME]"},
		{"[profile 12345678901234567890123456789012345678901]\n",
			"t.ini:1: ", "at most 48 bytes"},
		{"[default]\nregion = a\nregion = a\n",
			"t.ini:3: [default] region: ", "first in line 2"},
		{"[keys]\ncopy = F5\ncopy = F6\n", "t.ini:3: ", "first in line 2"},
		{"[profile x]\nregion = a\n[profile x]\nregion = b\n",
			"t.ini:4: [profile x] region: ", "first in line 2"},
		{"[default]\naccess_key_id = ${NOPE}\n",
			"t.ini:2: [default] access_key_id: ", "'NOPE'"},
		{"[default]\naccess_key_id = ${NOPE\n", "t.ini:2: ", "${NAME}"},
		{"[default]\naccess_key_id = ${}\n", "t.ini:2: ", "${NAME}"},
		{"[default]\nregion = a/b\n", "t.ini:2: [default] region: ", "not a region"},
		{"[default]\ndefault_bucket = a/b\n", "t.ini:2: ", "no slash"},
		{"[default]\nendpoint = ftp://x\n",
			"t.ini:2: [default] endpoint: ", "http:// or https://"},
		{"[default]\nendpoint = https://me:canary@x\n", "t.ini:2: ", "user name"},
		{"[default]\nsecret_access_key = a\x01"
		 "b\n",
			"t.ini:2: ", "control"},
		{"[default]\nstorage_class = Cold\n", "t.ini:2: ", "STANDARD, REDUCED_REDUNDANCY,"},
		{"[default]\nstorage_class =\n", "t.ini:2: ", "allowed words"},
		{"[default]\nrequest_payer = maybe\n", "t.ini:2: ", "neither true nor false"},
		{"[default]\ntimeout = 0\n", "t.ini:2: ", "1ms to 1d"},
		{"[default]\ntimeout = 10 parsecs\n", "t.ini:2: ", "not a duration"},
		{"[upload]\npart_size = 1M\n",
			"t.ini:2: [upload] part_size: ", "auto, or 5.0 MiB to 5.0 GiB"},
		{"[upload]\npart_size = 99999999999999999999\n", "t.ini:2: ", "not a size"},
		{"[upload]\npart_size = -1\n", "t.ini:2: ", "not a size"},
		{"[upload]\nmultipart_threshold = auto\n", "t.ini:2: ", "not a size"},
		{"[upload]\nmax_concurrent_parts = 257\n", "t.ini:2: ", "auto, or 1 to 256"},
		{"[retry]\nmax_attempts = auto\n", "t.ini:2: ", "1 to 100"},
		{"[profile x.retry]\nmax_attempts = 0\n",
			"t.ini:2: [profile x.retry] max_attempts: ", "1 to 100"},
		{"[ui]\ncolor = pink\n", "t.ini:2: ", "auto, off"},
		{"[encryption]\ntype = SSE_ROT13\n", "t.ini:2: ", "SSE_KMS"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_refused(rows[i].text, rows[i].begin, rows[i].contains);
}

static void a_secret_is_in_no_error(void **state)
{
	static const char *const texts[] = {
		"[default]\nsecret_access_key = canary\nsecret_access_key = canary\n",
		"[default]\nsecret_access_key = canary\x02\n",
		"[default]\nsecret_access_key = canary${NOPE}\n",
		"[default]\nsecret_access_key = canary${\n",
		"[default]\nendpoint = https://x:canary@host\n",
		"[upload]\nsecret_access_key = canary\n",
		"secret_access_key = canary\n",
	};
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct config *c;
		struct s3t_err err;
		assert_int_equal(
			config_parse("t", sv(texts[i]), env_of, NULL, &c, NULL, &err), S3T_CONFIG);
		assert_null(strstr(err.message, "canary"));
	}
}

static void long_lines_are_read_whole_or_refused(void **state)
{
	/* around the steps by which inih's buffer grows, and at our own limit of 65536 */
	static const size_t lengths[] = {150, 181, 182, 183, 184, 185, 383, 384, 60000, 65520};
	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		char *token = s3t_alloc(lengths[i] + 1);
		memset(token, 'x', lengths[i]);
		char *text = s3t_asprintf("[default]\nsession_token = %s\nregion = after\n", token);
		struct config *c = parse(text);
		assert_string_equal(config_base(c)->session_token, token);
		assert_string_equal(config_base(c)->region, "after");
		config_free(c);
		free(text);
		free(token);
	}
	char *token = s3t_alloc(65522);
	memset(token, 'x', 65521);
	char *text = s3t_asprintf("[default]\nsession_token = %s\n", token);
	assert_refused(text, "t.ini:2: ", "64 KiB");
	free(text);
	text = s3t_asprintf("[default]\n# %s\nnonsense\n", token);
	assert_refused(text, "t.ini:3: ", "key = value");
	free(text);
	free(token);
	struct config *c;
	assert_int_equal(config_parse("t", sv_n("[default]\nregion = a\0b\n", 23), NULL, NULL, &c,
				 NULL, NULL),
		S3T_CONFIG);
}

static void key_bindings_are_kept_in_order(void **state)
{
	struct config *c = parse("[keys]\ncopy = F5\nmove = F6, ctrl-x = \nquit =\n");
	const char *action, *keys;
	int line;
	(void)state;
	assert_true(config_key_binding(c, 0, &action, &keys, &line));
	assert_string_equal(action, "copy");
	assert_string_equal(keys, "F5");
	assert_int_equal(line, 2);
	assert_true(config_key_binding(c, 1, &action, &keys, &line));
	assert_string_equal(keys, "F6, ctrl-x =");
	assert_true(config_key_binding(c, 2, &action, &keys, &line));
	assert_string_equal(action, "quit");
	assert_string_equal(keys, "");
	assert_int_equal(line, 4);
	assert_false(config_key_binding(c, 3, &action, &keys, &line));
	config_free(c);
}

static void profiles_come_in_order_even_when_empty(void **state)
{
	struct config *c = parse("[profile b]\n[profile a.retry]\nmax_attempts = 4\n"
				 "[profile b.upload]\n[profile c.d]\n");
	(void)state;
	assert_string_equal(config_profile_name(c, 0), "b");
	assert_string_equal(config_profile_name(c, 1), "a");
	assert_string_equal(config_profile_name(c, 2), "c.d");
	assert_null(config_profile_name(c, 3));
	config_free(c);
}

static void settings_can_be_set_and_copied(void **state)
{
	struct settings a, b;
	struct s3t_err err;
	(void)state;
	settings_init_defaults(&a);
	assert_int_equal(settings_set(&a, "upload", "part_size", "8MiB", &err), S3T_OK);
	assert_int_equal(settings_set(&a, "default", "secret_access_key", "s", &err), S3T_OK);
	assert_int_equal(settings_set(&a, "upload", "part_size", "8", &err), S3T_CONFIG);
	assert_true(sv_starts_with(sv(err.message), SV("[upload] part_size: ")));
	assert_int_equal(settings_set(&a, "upload", "part_siz", "8", &err), S3T_CONFIG);
	assert_non_null(strstr(err.message, "did you mean part_size?"));
	assert_int_equal(settings_set(&a, "upload", "compress", "zstd", &err), S3T_OK);
	assert_string_equal(a.compress, "zstd");
	settings_copy(&b, &a);
	settings_deinit(&a);
	assert_int_equal(b.part_size, 8 << 20);
	assert_string_equal(b.secret_access_key, "s");
	settings_deinit(&b);
}

/* The example. */

static char *read_example(void)
{
	static const char here[] = "tests/unit/test_config.c", file[] = __FILE__;
	char *path = s3t_asprintf("%.*ss3tui.ini.example", (int)(sizeof file - sizeof here), file);
	FILE *in = fopen(path, "r");
	if (!in)
		fail_msg("cannot open %s", path);
	free(path);
	struct strbuf text;
	strbuf_init(&text);
	char buf[4096];
	size_t n;
	while ((n = fread(buf, 1, sizeof buf, in)) > 0)
		strbuf_add(&text, buf, n);
	fclose(in);
	return strbuf_take(&text);
}

/* "#key = value" and "#[section]" lose their '#'; "# text" does not. */
static void uncomment(char *text)
{
	for (char *p = text; *p; p++)
		if (*p == '#' && (p == text || p[-1] == '\n') && p[1] != ' ' && p[1] != '\n')
			*p = ' ';
}

static void the_example_has_every_option_with_its_default(void **state)
{
	static const struct {
		const char *section, *key, *def;
	} options[] = {
#define X(section, key, type, field, def, min, max, words, help) {section, key, def},
		CONFIG_SCHEMA(X)
#undef X
	};
	char *example = read_example();
	(void)state;
	const char *at = example, *section = "";
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		const char *def = options[i].def;
		char *header = s3t_asprintf("\n[%s]\n", options[i].section);
		char *line = s3t_asprintf("\n#%s =%s%s\n", options[i].key, *def ? " " : "", def);
		if (strcmp(section, options[i].section) != 0)
			at = strstr(at, header);
		at = at ? strstr(at, line) : NULL;
		if (!at)
			fail_msg("not in the example: %s%s", header, line);
		section = options[i].section;
		free(header);
		free(line);
	}
	free(example);
}

static void the_example_is_valid_as_it_is_and_with_everything_uncommented(void **state)
{
	static const char *const env[] = {"WORK_ACCESS_KEY=a", "WORK_SECRET_KEY=b", NULL};
	struct config *c;
	struct s3t_err err = {.message = ""};
	const char *action, *keys;
	int line;
	(void)state;
	char *example = read_example();
	c = parse(example);
	assert_null(config_profile_name(c, 0));
	config_free(c);
	uncomment(example);
	if (config_parse("example", sv(example), env_of, (void *)env, &c, NULL, &err) != S3T_OK)
		fail_msg("%s", err.message);
	struct settings defaults;
	settings_init_defaults(&defaults);
	const struct settings *s = config_base(c);
	assert_int_equal(s->multipart_threshold, defaults.multipart_threshold);
	assert_int_equal(s->give_up_after_ms, defaults.give_up_after_ms);
	assert_string_equal(s->region, defaults.region);
	settings_deinit(&defaults);
	assert_string_equal(config_profile_name(c, 0), "work");
	assert_null(config_profile_name(c, 1));
	assert_true(config_key_binding(c, 0, &action, &keys, &line));
	assert_string_equal(action, "copy");
	assert_string_equal(keys, "F5");
	config_free(c);
	free(example);
}

/* Files. */

struct dir {
	char path[32];
	char *home, *config; /* home/.config/s3tui/s3tui.ini */
};

static int make_dir(void **state)
{
	struct dir *d = s3t_alloc(sizeof *d);
	snprintf(d->path, sizeof d->path, "/tmp/s3tui-config-XXXXXX");
	assert_non_null(mkdtemp(d->path));
	static const char *const below[] = {".config", ".config/s3tui", ".aws", "etc", "etc/s3tui"};
	for (size_t i = 0; i < sizeof below / sizeof *below; i++) {
		char *path = s3t_asprintf("%s/%s", d->path, below[i]);
		assert_int_equal(mkdir(path, 0700), 0);
		free(path);
	}
	d->home = s3t_asprintf("HOME=%s", d->path);
	d->config = s3t_asprintf("%s/.config/s3tui/s3tui.ini", d->path);
	*state = d;
	return 0;
}

static int remove_dir(void **state)
{
	struct dir *d = *state;
	static const char *const files[] = {".config/s3tui/s3tui.ini", "etc/s3tui/s3tui.ini",
		".aws/config", ".aws/credentials"};
	static const char *const dirs[] = {
		".config/s3tui", ".config", ".aws", "etc/s3tui", "etc", ""};
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		char *path = s3t_asprintf("%s/%s", d->path, files[i]);
		unlink(path);
		free(path);
	}
	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
		char *path = s3t_asprintf("%s/%s", d->path, dirs[i]);
		rmdir(path);
		free(path);
	}
	free(d->home);
	free(d->config);
	free(d);
	return 0;
}

static void write_file(const struct dir *d, const char *name, const char *text, mode_t mode)
{
	char *path = s3t_asprintf("%s/%s", d->path, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(chmod(path, mode), 0);
	free(path);
}

static void the_file_is_looked_for_where_xdg_says(void **state)
{
	struct dir *d = *state;
	struct config *c;
	char *xdg = s3t_asprintf("XDG_CONFIG_HOME=%s/etc", d->path);
	char *dirs = s3t_asprintf("XDG_CONFIG_DIRS=relative:%s/etc", d->path);
	const char *none[] = {d->home, "XDG_CONFIG_DIRS=/nonexistent", NULL};
	const char *home[] = {d->home, dirs, NULL};
	const char *other[] = {d->home, dirs, xdg, NULL};
	const char *relative[] = {d->home, dirs, "XDG_CONFIG_HOME=.", NULL};

	assert_int_equal(config_load(NULL, env_of, none, &c, NULL, NULL), S3T_OK);
	assert_string_equal(config_path(c), "");
	config_free(c);
	write_file(d, "etc/s3tui/s3tui.ini", "[default]\nregion = etc\n", 0644);
	assert_int_equal(config_load(NULL, env_of, home, &c, NULL, NULL), S3T_OK);
	assert_string_equal(config_base(c)->region, "etc");
	config_free(c);
	write_file(d, ".config/s3tui/s3tui.ini", "[default]\nregion = home\n", 0600);
	assert_int_equal(config_load(NULL, env_of, home, &c, NULL, NULL), S3T_OK);
	assert_string_equal(config_base(c)->region, "home");
	assert_string_equal(config_path(c), d->config);
	config_free(c);
	assert_int_equal(config_load(NULL, env_of, relative, &c, NULL, NULL), S3T_OK);
	assert_string_equal(config_base(c)->region, "home");
	config_free(c);
	assert_int_equal(config_load(NULL, env_of, other, &c, NULL, NULL), S3T_OK);
	assert_string_equal(config_base(c)->region, "etc");
	config_free(c);
	assert_int_equal(config_load("/nonexistent", env_of, home, &c, NULL, NULL), S3T_CONFIG);
	assert_null(c);
	free(xdg);
	free(dirs);
}

static void a_file_that_others_can_touch_is_refused_or_warned_of(void **state)
{
	static const struct {
		const char *text;
		mode_t mode;
		enum s3t_rc rc;
		const char *words; /* of the warning or error; NULL: none */
	} rows[] = {
		{"[default]\nsecret_access_key = a\n", 0600, S3T_OK, NULL},
		{"[default]\nsecret_access_key = a\n", 0640, S3T_OK, "read by others"},
		{"[profile x]\nsession_token = a\n", 0604, S3T_OK, "read by others"},
		{"[default]\nsecret_access_key = ${HOME}\n", 0644, S3T_OK, NULL},
		{"[default]\nregion = a\naccess_key_id = A\n", 0644, S3T_OK, NULL},
		{"[default]\nregion = a\n", 0602, S3T_CONFIG, "written by everybody"},
	};
	struct dir *d = *state;
	const char *env[] = {d->home, NULL};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct config *c;
		struct strbuf warnings;
		struct s3t_err err = {.message = ""};
		strbuf_init(&warnings);
		write_file(d, ".config/s3tui/s3tui.ini", rows[i].text, rows[i].mode);
		assert_int_equal(config_load(NULL, env_of, env, &c, &warnings, &err), rows[i].rc);
		const char *said = rows[i].rc == S3T_OK ? warnings.data : err.message;
		if (rows[i].words ? !strstr(said, rows[i].words) : *said != '\0')
			fail_msg("row %zu: %s", i, said);
		config_free(c);
		strbuf_deinit(&warnings);
	}
}

static void a_file_of_somebody_else_is_refused(void **state)
{
	struct dir *d = *state;
	struct config *c;
	struct s3t_err err;
	const char *path = d->config;
	write_file(d, ".config/s3tui/s3tui.ini", "[default]\n", 0644);
	if (geteuid() == 0)
		assert_int_equal(chown(d->config, 12345, (gid_t)-1), 0);
	else
		path = "/proc/self/nonexistent"; /* only root can give files away */
	assert_int_equal(config_load(path, env_of, NULL, &c, NULL, &err), S3T_CONFIG);
	if (geteuid() == 0)
		assert_non_null(strstr(err.message, "another user (uid 12345)"));
}

/* Resolving profiles. */

#define ENV_MAX 8

struct row {
	const char *ini, *aws, *credentials; /* files; NULL: none */
	const char *env[ENV_MAX];
	struct profile_request req;
	/* what must come out; NULL: not looked at */
	const char *name, *host, *region, *access_key, *token, *source;
	int path_style; /* 1, -1 or 0: not looked at */
	const char *error, *creds_error, *warning;
};

static void check_creds(const struct row *row, const struct profile *p)
{
	struct creds *creds;
	struct s3t_err err = {.message = ""};
	enum s3t_rc rc = creds_provider_get(p->creds, NULL, &creds, &err);
	if (row->creds_error) {
		assert_int_equal(rc, S3T_CREDENTIALS);
		if (!strstr(err.message, row->creds_error))
			fail_msg("%s", err.message);
		return;
	}
	if (!row->access_key) {
		creds_unref(creds);
		return;
	}
	if (rc != S3T_OK)
		fail_msg("%s", err.message);
	if (!*row->access_key) {
		assert_null(creds);
		return;
	}
	assert_true(sv_eq(creds_access_key(creds), sv(row->access_key)));
	assert_true(sv_eq(creds_token(creds), sv(row->token ? row->token : "")));
	assert_non_null(strstr(creds_source(creds), row->source ? row->source : ""));
	creds_unref(creds);
}

static void check_profile(const struct row *row, const struct profile *p)
{
	if (row->name)
		assert_string_equal(p->name, row->name);
	if (row->host)
		assert_string_equal(p->endpoint.host, row->host);
	if (row->region)
		assert_string_equal(p->settings.region, row->region);
	if (row->path_style)
		assert_int_equal(p->path_style ? 1 : -1, row->path_style);
	assert_string_equal(p->settings.secret_access_key, "");
	assert_int_equal(p->is_aws, *p->settings.endpoint == '\0');
	assert_non_null(p->provider);
	check_creds(row, p);
}

static void check_row(const struct dir *d, const struct row *row)
{
	const char *env[ENV_MAX + 3] = {d->home, "AWS_EC2_METADATA_DISABLED=true"};
	for (size_t i = 0; i < ENV_MAX && row->env[i]; i++)
		env[i + 2] = row->env[i];
	write_file(d, ".aws/config", row->aws ? row->aws : "", 0600);
	write_file(d, ".aws/credentials", row->credentials ? row->credentials : "", 0600);
	struct config *c = parse(row->ini ? row->ini : "");
	struct profile *p;
	struct strbuf warnings;
	struct s3t_err err = {.message = ""};
	strbuf_init(&warnings);
	enum s3t_rc rc = profile_resolve(c, &row->req, env_of, env, &p, &warnings, &err);
	config_free(c);
	if (row->error) {
		assert_int_equal(rc, S3T_CONFIG);
		assert_int_equal(err.rc, S3T_CONFIG);
		assert_null(p);
		if (!strstr(err.message, row->error))
			fail_msg("%s", err.message);
	} else {
		if (rc != S3T_OK)
			fail_msg("%s", err.message);
		check_profile(row, profile_ref(p));
		profile_unref(p);
	}
	profile_unref(p);
	if (row->warning ? !strstr(warnings.data, row->warning) : warnings.len != 0)
		fail_msg("warnings: %s", warnings.data);
	strbuf_deinit(&warnings);
}

static void check_rows(const struct dir *d, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		print_message("row %zu\n", i);
		check_row(d, &rows[i]);
	}
}
#define CHECK_ROWS(d, rows) check_rows((d), (rows), sizeof(rows) / sizeof(*(rows)))

static void the_profile_is_named_by_flag_environment_or_default(void **state)
{
	static const struct row rows[] = {
		{.name = "default", .host = "s3.us-east-1.amazonaws.com", .region = "us-east-1"},
		{.ini = "[profile a]\n[profile b]\n",
			.req = {.profile = "a"},
			.env = {"AWS_PROFILE=b"},
			.name = "a"},
		{.ini = "[profile a]\n[profile b]\n",
			.env = {"AWS_PROFILE=b", "AWS_DEFAULT_PROFILE=a"},
			.name = "b"},
		{.ini = "[profile a]\n", .env = {"AWS_DEFAULT_PROFILE=a"}, .name = "a"},
		{.aws = "[profile a]\nregion = eu-west-1\n",
			.req = {.profile = "a"},
			.name = "a",
			.region = "eu-west-1"},
		{.credentials = "[a]\n", .req = {.profile = "a"}, .name = "a"},
		{.req = {.profile = "default"}, .name = "default"},
		{.ini = "[profile a]\n[profile b]\n",
			.aws = "[profile b]\n[profile c]\n",
			.req = {.profile = "x"},
			.error = "no profile x in s3tui.ini or ~/.aws; "
				 "known are: a, b, c."},
		{.env = {"AWS_PROFILE=x"}, .error = "none is known."},
		{.req = {.profile = "\x1b[31m"}, .error = "\\x1b[31m"},
	};
	CHECK_ROWS(*state, rows);
}

static void the_region_comes_from_the_first_who_names_one(void **state)
{
	static const struct row rows[] = {
		{.ini = "[default]\nregion = ini\n",
			.aws = "[default]\nregion = aws\n",
			.env = {"AWS_REGION=env", "AWS_DEFAULT_REGION=old"},
			.req = {.region = "flag"},
			.region = "flag",
			.host = "s3.flag.amazonaws.com"},
		{.ini = "[default]\nregion = ini\n",
			.env = {"AWS_REGION=env", "AWS_DEFAULT_REGION=x"},
			.region = "env"},
		{.ini = "[profile p]\nregion = ini\n",
			.env = {"AWS_DEFAULT_REGION=env"},
			.req = {.profile = "p"},
			.region = "env"},
		{.ini = "[default]\nregion = ini\n[profile p]\nregion = p\n",
			.aws = "[profile p]\nregion = aws\n",
			.req = {.profile = "p"},
			.region = "p"},
		{.ini = "[default]\nregion = ini\n[profile p]\n",
			.req = {.profile = "p"},
			.region = "ini"},
		{.ini = "[default]\nregion = ini\n",
			.aws = "[default]\nregion = aws\n",
			.region = "ini"},
		{.ini = "[upload]\nchecksum = true\n",
			.aws = "[default]\nregion = aws\n",
			.region = "aws"},
		{.ini = "[default]\nregion =\n",
			.aws = "[default]\nregion = aws\n",
			.region = "aws"},
		{.ini = "[default]\nendpoint = https://a.r2.cloudflarestorage.com\n",
			.region = "auto",
			.path_style = 1},
		{.ini = "[default]\nendpoint = http://localhost:9000\n", .region = "us-east-1"},
		{.env = {"AWS_REGION=a/b"}, .error = "AWS_REGION: 'a/b' is not a region"},
		{.req = {.region = "evil.example/"}, .error = "--region: "},
		/* another service's region is not that of a profile only AWS's files know */
		{.ini = "[default]\nregion = ini\n",
			.aws = "[profile p]\n",
			.req = {.profile = "p"},
			.region = "us-east-1"},
		{.env = {"AWS_REGION=cn-north-1"}, .host = "s3.cn-north-1.amazonaws.com.cn"},
	};
	CHECK_ROWS(*state, rows);
}

#define SERVICES                                                 \
	"[default]\nservices = s\nendpoint_url = http://plain\n" \
	"[services s]\ns3 =\n  endpoint_url = http://service\n"

static void the_endpoint_comes_from_the_first_who_names_one(void **state)
{
	static const struct row rows[] = {
		{.ini = "[default]\nendpoint = http://ini\n",
			.env = {"AWS_ENDPOINT_URL_S3=http://s3env"},
			.req = {.endpoint = "http://flag"},
			.host = "flag"},
		{.ini = "[default]\nendpoint = http://ini\n",
			.env = {"AWS_ENDPOINT_URL=http://env", "AWS_ENDPOINT_URL_S3=http://s3env"},
			.host = "s3env"},
		{.ini = "[default]\nendpoint = http://ini\n",
			.env = {"AWS_ENDPOINT_URL=http://env"},
			.host = "env"},
		{.ini = "[profile p]\nendpoint = http://p\n",
			.env = {"AWS_ENDPOINT_URL=http://env"},
			.req = {.profile = "p"},
			.host = "p"},
		{.ini = "[profile p]\nendpoint = http://p\n",
			.env = {"AWS_ENDPOINT_URL=http://env", "AWS_PROFILE=p"},
			.host = "env"},
		{.ini = "[profile p]\n",
			.env = {"AWS_ENDPOINT_URL=http://env"},
			.req = {.profile = "p"},
			.host = "env"},
		{.ini = "[default]\nendpoint = http://ini\n[profile p]\nendpoint =\n",
			.env = {"AWS_ENDPOINT_URL=http://env"},
			.req = {.profile = "p"},
			.host = "s3.us-east-1.amazonaws.com",
			.path_style = -1},
		{.ini = "[default]\nendpoint = http://ini\n", .aws = SERVICES, .host = "ini"},
		{.aws = SERVICES, .host = "service"},
		{.aws = "[default]\nservices = none\nendpoint_url = http://plain\n",
			.host = "plain"},
		{.aws = SERVICES,
			.env = {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true"},
			.host = "s3.us-east-1.amazonaws.com"},
		{.env = {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true", "AWS_ENDPOINT_URL=http://env"},
			.ini = "[default]\nendpoint = http://ini\n",
			.host = "ini"},
		{.env = {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=false",
			 "AWS_ENDPOINT_URL=http://env"},
			.host = "env"},
		{.ini = "[default]\nendpoint = http://ini\n",
			.aws = "[profile p]\n",
			.req = {.profile = "p"},
			.host = "s3.us-east-1.amazonaws.com"},
		{.env = {"AWS_ENDPOINT_URL=http://a@b"}, .error = "AWS_ENDPOINT_URL: An endpoint"},
		{.aws = "[default]\nendpoint_url = http://:99999\n", .error = "~/.aws/config: "},
		{.req = {.endpoint = "http://x:0"}, .error = "--endpoint: "},
		{.ini = "[default]\ndualstack = true\nfips = yes\n",
			.host = "s3-fips.dualstack.us-east-1.amazonaws.com"},
		{.aws = "[default]\ns3 =\n use_dualstack_endpoint = true\n",
			.host = "s3.dualstack.us-east-1.amazonaws.com"},
		{.env = {"AWS_USE_FIPS_ENDPOINT=true"}, .host = "s3-fips.us-east-1.amazonaws.com"},
		{.env = {"AWS_USE_FIPS_ENDPOINT=perhaps"},
			.warning = "AWS_USE_FIPS_ENDPOINT",
			.host = "s3.us-east-1.amazonaws.com"},
		{.ini = "[default]\naccelerate = true\n", .host = "s3-accelerate.amazonaws.com"},
		{.ini = "[default]\naccelerate = true\nfips = true\n", .error = "accelerate"},
		{.ini = "[default]\naccelerate = true\nforce_path_style = true\n",
			.error = "virtual-host"},
	};
	CHECK_ROWS(*state, rows);
}

static void addressing_follows_flag_option_aws_and_provider(void **state)
{
	static const char virtual[] = "[default]\ns3 =\n  addressing_style = virtual\n";
	const struct row rows[] = {
		{.path_style = -1},
		{.req = {.path_style = 1}, .path_style = 1},
		{.ini = "[default]\nforce_path_style = true\n", .path_style = 1},
		{.ini = "[default]\nforce_path_style = true\n",
			.req = {.path_style = -1},
			.path_style = -1},
		{.aws = "[default]\ns3 =\n  addressing_style = path\n", .path_style = 1},
		{.aws = "[default]\ns3 =\n  addressing_style = auto\n", .path_style = -1},
		{.req = {.endpoint = "http://host"}, .path_style = 1},
		{.req = {.endpoint = "http://host"}, .aws = virtual, .path_style = -1},
		{.req = {.endpoint = "http://host"},
			.ini = "[default]\nforce_path_style = false\n",
			.path_style = -1},
		{.req = {.endpoint = "http://host"},
			.aws = virtual,
			.ini = "[default]\nforce_path_style = true\n",
			.path_style = 1},
		{.req = {.endpoint = "https://nyc3.digitaloceanspaces.com"}, .path_style = -1},
		{.req = {.endpoint = "http://127.0.0.1:9000", .path_style = -1}, .path_style = 1},
		{.req = {.endpoint = "http://[::1]:9000"}, .aws = virtual, .path_style = 1},
	};
	CHECK_ROWS(*state, rows);
}

#define ENV_KEYS "AWS_ACCESS_KEY_ID=ENV", "AWS_SECRET_ACCESS_KEY=canary"
#define INI_KEYS "access_key_id = INI\nsecret_access_key = canary\n"
#define AWS_KEYS "aws_access_key_id = AWS\naws_secret_access_key = canary\n"
#define PROCESS(key)                                                         \
	"credential_process = printf '{\"Version\":1,\"AccessKeyId\":\"" key \
	"\",\"SecretAccessKey\":\"canary\"}'\n"

static void credentials_come_whole_from_the_first_source_that_has_any(void **state)
{
	static const struct row rows[] = {
		{.env = {ENV_KEYS, "AWS_SESSION_TOKEN=T"},
			.ini = "[default]\n" INI_KEYS,
			.req = {.no_sign_request = true},
			.access_key = ""},
		{.env = {ENV_KEYS, "AWS_SESSION_TOKEN=T"},
			.ini = "[default]\n" INI_KEYS "session_token = I\n",
			.access_key = "ENV",
			.token = "T",
			.source = "environment"},
		{.env = {ENV_KEYS}, .ini = "[default]\nsession_token = I\n", .access_key = "ENV"},
		{.env = {ENV_KEYS, "AWS_PROFILE=p"},
			.ini = "[profile p]\n" INI_KEYS,
			.access_key = "ENV"},
		{.env = {ENV_KEYS},
			.ini = "[profile p]\n" INI_KEYS "session_token = I\n",
			.req = {.profile = "p"},
			.access_key = "INI",
			.token = "I",
			.source = "s3tui.ini"},
		{.ini = "[default]\n" INI_KEYS PROCESS("PROC"),
			.aws = "[default]\n" AWS_KEYS,
			.access_key = "INI"},
		{.ini = "[default]\n" PROCESS("PROC"),
			.aws = "[default]\n" AWS_KEYS,
			.access_key = "PROC",
			.source = "credential_process of s3tui.ini"},
		{.aws = "[default]\n" PROCESS("PROC"),
			.credentials = "[default]\n" AWS_KEYS,
			.access_key = "AWS",
			.source = "~/.aws"},
		{.credentials = "[default]\n" AWS_KEYS "aws_session_token = T\n",
			.access_key = "AWS",
			.token = "T"},
		{.aws = "[profile p]\n" PROCESS("PROC"),
			.req = {.profile = "p"},
			.access_key = "PROC",
			.source = "~/.aws"},
		/* inherited from [default], but never in part */
		{.ini = "[default]\n" INI_KEYS "session_token = I\n[profile p]\nregion = r\n",
			.req = {.profile = "p"},
			.access_key = "INI",
			.token = "I"},
		{.ini = "[default]\nsession_token = I\n[profile p]\n" INI_KEYS,
			.req = {.profile = "p"},
			.access_key = "INI",
			.token = ""},
		{.ini = "[default]\n" INI_KEYS "[profile p]\n" PROCESS("PROC"),
			.req = {.profile = "p"},
			.access_key = "PROC"},
		/* another service's keys are not those of a profile only AWS's files know */
		{.ini = "[default]\n" INI_KEYS,
			.aws = "[profile p]\n",
			.credentials = "[p]\n" AWS_KEYS,
			.req = {.profile = "p"},
			.access_key = "AWS"},
		{.ini = "[default]\n" INI_KEYS,
			.aws = "[profile p]\n",
			.req = {.profile = "p"},
			.creds_error = "No credentials for profile p"},
		{.credentials = "[default]\n" AWS_KEYS,
			.ini = "[profile p]\n",
			.req = {.profile = "p"},
			.creds_error = "No credentials for profile p in s3tui.ini and ~/.aws"},
	};
	CHECK_ROWS(*state, rows);
}

static void missing_and_half_credentials_are_explained(void **state)
{
	static const struct row rows[] = {
		{.creds_error = "No credentials for profile default in the environment"},
		{.creds_error = "--no-sign-request"},
		{.ini = "[profile p]\n",
			.env = {ENV_KEYS},
			.req = {.profile = "p"},
			.creds_error = "No credentials for profile p in s3tui.ini"},
		{.env = {"AWS_ACCESS_KEY_ID=A"}, .creds_error = "AWS_SECRET_ACCESS_KEY is not"},
		{.env = {"AWS_SECRET_ACCESS_KEY=A"}, .creds_error = "AWS_ACCESS_KEY_ID is not"},
		{.env = {"AWS_ACCESS_KEY_ID=A", "AWS_SECRET_ACCESS_KEY=a\nb"},
			.creds_error = "control characters"},
		{.ini = "[default]\naccess_key_id = A\n", .error = "secret_access_key is not"},
		{.ini = "[default]\n" INI_KEYS "[profile p]\nsecret_access_key = S\n",
			.req = {.profile = "p"},
			.error = "access_key_id is not"},
		{.ini = "[default]\naccess_key_id = A B\nsecret_access_key = S\n",
			.error = "white space"},
		{.credentials = "[default]\naws_access_key_id = A\n",
			.creds_error = "no aws_secret_access_key"},
		{.credentials = "[default]\naws_access_key_id = A\naws_secret_access_key = b\n c\n",
			.creds_error = "control characters"},
		{.aws = "[default]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = y\n",
			.creds_error =
				"source_profile of profile default is y, which is not there"},
		{.aws = "[default]\nrole_arn = x\n", .creds_error = "neither source_profile nor"},
		{.aws = "[default]\nrole_arn = x\ncredential_source = Moon\n",
			.creds_error = "is \"Moon\"; it is Environment"},
		{.aws = "[default]\nrole_arn = x\ncredential_source = Environment\n",
			.creds_error = "Environment of profile default has none"},
		{.aws = "[profile p]\nsso_session = x\n",
			.env = {"AWS_PROFILE=p"},
			.creds_error = "of profile p has no sso_region"},
		{.aws = "[sso-session x]\nsso_region = r\n[profile p]\nsso_session = x\n"
			"sso_account_id = 1\n",
			.env = {"AWS_PROFILE=p"},
			.creds_error = "of profile p has no sso_role_name"},
		{.aws = "[default]\nweb_identity_token_file = /nonexistent/x\nrole_arn = y\n",
			.creds_error = "role y of profile default: "},
		{.aws = "[default]\nweb_identity_token_file = /x\n", .creds_error = "no role_arn"},
		{.env = {"AWS_WEB_IDENTITY_TOKEN_FILE=/x"}, .creds_error = "AWS_ROLE_ARN is not"},
		{.env = {"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://x.example"},
			.creds_error = "neither https nor on this machine"},
		{.aws = "[default]\nrole_arn = x\n", .env = {ENV_KEYS}, .access_key = "ENV"},
		{.ini = "[default]\ncredential_process = /nonexistent/x\n",
			.creds_error = "The credential_process of s3tui.ini, profile default: "},
	};
	CHECK_ROWS(*state, rows);
}

static struct profile *resolve(const struct dir *d, const char *ini, const char *const *more_env,
	const struct profile_request *req)
{
	const char *env[ENV_MAX + 2] = {d->home};
	for (size_t i = 0; more_env && more_env[i]; i++)
		env[i + 1] = more_env[i];
	struct config *c = parse(ini);
	struct profile *p;
	struct s3t_err err;
	if (profile_resolve(c, req, env_of, env, &p, NULL, &err) != S3T_OK)
		fail_msg("%s", err.message);
	config_free(c);
	return p;
}

static void a_profile_overrides_every_section(void **state)
{
	static const char ini[] = "[default]\nstorage_class = GLACIER\ntimeout = 1m\n"
				  "[upload]\npart_size = 8M\nmultipart_threshold = 9M\n"
				  "[retry]\nmax_attempts = 7\n"
				  "[ui]\nascii = true\n"
				  "[profile p]\nstorage_class = STANDARD\n"
				  "[profile p.upload]\npart_size = auto\n"
				  "[profile p.network]\nca_bundle = /ca\n"
				  "[profile q.retry]\nmax_attempts = 9\n";
	struct profile *p = resolve(*state, ini, NULL, &(struct profile_request){.profile = "p"});
	assert_string_equal(p->settings.storage_class, "STANDARD");
	assert_int_equal(p->settings.timeout_ms, 60000);
	assert_int_equal(p->settings.part_size, 0);
	assert_int_equal(p->settings.multipart_threshold, 9 << 20);
	assert_int_equal(p->settings.max_attempts, 7);
	assert_string_equal(p->settings.ca_bundle, "/ca");
	assert_string_equal(p->settings.ascii, "true");
	profile_unref(p);
	p = resolve(*state, ini, NULL, &(struct profile_request){.profile = "q"});
	assert_int_equal(p->settings.max_attempts, 9);
	assert_string_equal(p->settings.storage_class, "GLACIER");
	profile_unref(p);
	profile_unref(NULL);
}

static void flags_and_variables_reach_the_settings(void **state)
{
	struct dir *d = *state;
	static const char *const env[] = {"AWS_CA_BUNDLE=/env", "AWS_MAX_ATTEMPTS=5", NULL};
	static const char *const bad[] = {"AWS_MAX_ATTEMPTS=many", NULL};
	struct profile *p = resolve(d, "[network]\nca_bundle = /ini\n", env,
		&(struct profile_request){.request_payer = true, .no_verify_ssl = true});
	assert_string_equal(p->settings.ca_bundle, "/env");
	assert_int_equal(p->settings.max_attempts, 5);
	assert_true(p->settings.request_payer);
	assert_true(p->no_verify_ssl);
	assert_false(p->anonymous);
	profile_unref(p);
	p = resolve(d, "[retry]\nmax_attempts = 3\n", env,
		&(struct profile_request){.ca_bundle = "/flag", .no_sign_request = true});
	assert_string_equal(p->settings.ca_bundle, "/flag");
	assert_int_equal(p->settings.max_attempts, 3);
	assert_true(p->anonymous);
	profile_unref(p);
	write_file(d, ".aws/config", "[default]\nca_bundle = /aws\n", 0600);
	p = resolve(d, "", bad, &(struct profile_request){.profile = NULL});
	assert_string_equal(p->settings.ca_bundle, "/aws");
	assert_int_equal(p->settings.max_attempts, 3);
	profile_unref(p);
}

static void aws_files_are_found_by_their_variables(void **state)
{
	struct dir *d = *state;
	static const char *const env[] = {"AWS_CONFIG_FILE=~/etc/s3tui/s3tui.ini", NULL};
	write_file(d, "etc/s3tui/s3tui.ini", "[profile there]\nregion = x\n", 0600);
	struct profile *p = resolve(d, "", env, &(struct profile_request){.profile = "there"});
	assert_string_equal(p->settings.region, "x");
	profile_unref(p);
}

static void amazons_hosts_follow_region_and_partition(void **state)
{
	static const struct {
		const char *region;
		bool dualstack, fips, accelerate;
		const char *host;
	} rows[] = {
		{"eu-central-1", false, false, false, "s3.eu-central-1.amazonaws.com"},
		{"us-east-1", true, false, false, "s3.dualstack.us-east-1.amazonaws.com"},
		{"us-east-1", false, true, false, "s3-fips.us-east-1.amazonaws.com"},
		{"us-east-1", true, true, false, "s3-fips.dualstack.us-east-1.amazonaws.com"},
		{"us-east-1", false, false, true, "s3-accelerate.amazonaws.com"},
		{"us-east-1", true, false, true, "s3-accelerate.dualstack.amazonaws.com"},
		{"cn-north-1", false, false, false, "s3.cn-north-1.amazonaws.com.cn"},
		{"us-gov-west-1", false, false, false, "s3.us-gov-west-1.amazonaws.com"},
		{"eusc-de-east-1", false, false, false, "s3.eusc-de-east-1.amazonaws.eu"},
		{"us-iso-east-1", false, false, false, "s3.us-iso-east-1.c2s.ic.gov"},
		{"us-isob-east-1", false, false, false, "s3.us-isob-east-1.sc2s.sgov.gov"},
		{"us-isof-south-1", false, false, false, "s3.us-isof-south-1.csp.hci.ic.gov"},
		{"eu-isoe-west-1", false, false, false, "s3.eu-isoe-west-1.cloud.adc-e.uk"},
		{"xx-new-9", false, false, false, "s3.xx-new-9.amazonaws.com"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *host = aws_endpoint_host(
			rows[i].region, rows[i].dualstack, rows[i].fips, rows[i].accelerate);
		assert_string_equal(host, rows[i].host);
		free(host);
	}
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_file_gives_the_defaults),
		cmocka_unit_test(every_kind_of_value_is_read),
		cmocka_unit_test(words_are_read_as_the_specification_and_as_s3_write_them),
		cmocka_unit_test(what_is_wrong_is_said_with_its_line),
		cmocka_unit_test(a_secret_is_in_no_error),
		cmocka_unit_test(long_lines_are_read_whole_or_refused),
		cmocka_unit_test(key_bindings_are_kept_in_order),
		cmocka_unit_test(profiles_come_in_order_even_when_empty),
		cmocka_unit_test(settings_can_be_set_and_copied),
		cmocka_unit_test(the_example_has_every_option_with_its_default),
		cmocka_unit_test(the_example_is_valid_as_it_is_and_with_everything_uncommented),
		IN_DIR(the_file_is_looked_for_where_xdg_says),
		IN_DIR(a_file_that_others_can_touch_is_refused_or_warned_of),
		IN_DIR(a_file_of_somebody_else_is_refused),
		IN_DIR(the_profile_is_named_by_flag_environment_or_default),
		IN_DIR(the_region_comes_from_the_first_who_names_one),
		IN_DIR(the_endpoint_comes_from_the_first_who_names_one),
		IN_DIR(addressing_follows_flag_option_aws_and_provider),
		IN_DIR(credentials_come_whole_from_the_first_source_that_has_any),
		IN_DIR(missing_and_half_credentials_are_explained),
		IN_DIR(a_profile_overrides_every_section),
		IN_DIR(flags_and_variables_reach_the_settings),
		IN_DIR(aws_files_are_found_by_their_variables),
		cmocka_unit_test(amazons_hosts_follow_region_and_partition),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
