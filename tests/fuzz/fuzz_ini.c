/*
 * s3tui.ini from memory, and the profiles that it makes. A file is taken with every value inside
 * its bounds, or refused with one clean sentence that says where.
 */
#include "core/config_private.h"
#include "fuzz.h"

#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static const char *env(void *arg, const char *name)
{
	(void)arg;
	return strcmp(name, "EMPTY") == 0  ? ""
	       : strcmp(name, "FIVE") == 0 ? "5"
	       : strcmp(name, "EVIL") == 0 ? "x\n[default]\n\x1b]0;"
					   : NULL;
}

static bool is_word_of(const struct option *o, const char *value)
{
	for (const char *p = o->words; *p;) {
		size_t len = strcspn(p, "|");
		if (strlen(value) == len && strncmp(p, value, len) == 0)
			return true;
		p += len + (p[len] == '|');
	}
	return false;
}

static uint64_t number_of(const char *field, const struct option *o)
{
	uint64_t value;
	uint32_t count;
	if (o->type == OPTION_TYPE_COUNT) {
		memcpy(&count, field, sizeof count);
		return count;
	}
	memcpy(&value, field, sizeof value);
	return value;
}

static void check_settings(const struct settings *s)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option *o = &config_options[i];
		const char *field = (const char *)s + o->offset;
		switch (o->type) {
		case OPTION_TYPE_SIZE:
		case OPTION_TYPE_COUNT:
		case OPTION_TYPE_DURATION: {
			uint64_t n = number_of(field, o);
			bool is_auto = n == 0 && strcmp(o->def, "auto") == 0;
			CHECK(is_auto || (n >= o->min && n <= o->max));
			break;
		}
		case OPTION_TYPE_BOOL:
			CHECK(*field == 0 || *field == 1);
			break;
		case OPTION_TYPE_WORD:
			CHECK(is_word_of(o, *(char *const *)(const void *)field));
			break;
		case OPTION_TYPE_STRING:
		case OPTION_TYPE_SECRET:
			for (const char *p = *(char *const *)(const void *)field; *p; p++)
				CHECK((unsigned char)*p >= 0x20 || *p == '\t');
			break;
		}
	}
}

static void check_profile(const struct config *config, const char *name)
{
	struct profile_request req = {.profile = name};
	struct profile *profile;
	struct strbuf warnings;
	struct s3t_err err;
	strbuf_init(&warnings);
	enum s3t_rc rc =
		profile_resolve(config, &req, fuzz_no_env, NULL, &profile, &warnings, &err);
	fuzz_check_err(rc, &err);
	if (rc == S3T_OK) {
		check_settings(&profile->settings);
		CHECK(profile->endpoint.host[0] && profile->endpoint.port <= 65535);
		CHECK(!profile->settings.secret_access_key[0]);
		CHECK(!profile->settings.session_token[0]);
		profile_unref(profile);
	}
	strbuf_deinit(&warnings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strview text = sv_n((const char *)data, size);
	struct config *config;
	struct s3t_err err;
	const char *action, *keys;
	int line, before = 0;
	enum s3t_rc rc = config_parse("fuzz.ini", text, env, NULL, &config, NULL, &err);
	fuzz_check_err(rc, &err);
	CHECK(rc == S3T_OK || rc == S3T_CONFIG);
	if (rc != S3T_OK) {
		CHECK(strncmp(err.message, "fuzz.ini", 8) == 0);
		CHECK(!config);
		return 0;
	}
	CHECK(sv_find(text, '\0') == size);
	check_settings(config_base(config));
	for (size_t i = 0; config_key_binding(config, i, &action, &keys, &line); i++) {
		CHECK(action && keys && line > before);
		before = line;
	}
	check_profile(config, NULL);
	for (size_t i = 0; i < 4 && config_profile_name(config, i); i++) {
		CHECK(fuzz_is_clean(sv(config_profile_name(config, i))));
		check_profile(config, config_profile_name(config, i));
	}
	config_free(config);
	return 0;
}
