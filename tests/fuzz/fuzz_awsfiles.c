/*
 * ~/.aws/config and ~/.aws/credentials, with a byte 0xff between the two. Nothing in them is an
 * error; what was read and is written down again reads the same.
 */
#include "core/awsfiles.h"

#include "fuzz.h"

#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static const char *const keys[] = {"aws_access_key_id", "aws_secret_access_key", "region",
	"endpoint_url", "credential_process", "s3", "services", "a"};
static const char *const nested[] = {"addressing_style", "endpoint_url", "b"};

struct rewriting {
	const struct awsfiles *files;
	struct strbuf out; /* of the profiles, as a config file */
	size_t profiles;
};

/* A value of several lines goes on in indented ones. */
static void write_value(struct strbuf *out, const char *value)
{
	for (; *value; value++)
		strbuf_add_str(out, (char[]){*value, *value == '\n' ? ' ' : '\0', '\0'});
	strbuf_add_char(out, '\n');
}

static void on_profile(void *arg, const char *name)
{
	struct rewriting *r = arg;
	CHECK(fuzz_is_clean(sv(name)) && *name);
	CHECK(!strpbrk(name, " \t[]\n"));
	CHECK(awsfiles_has_profile(r->files, name));
	r->profiles++;
	strbuf_addf(&r->out, "[profile %s]\n", name);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const char *value = awsfiles_get(r->files, name, keys[i]);
		if (!value)
			continue;
		/* no blank before the value: with one, a ';' would begin a comment */
		strbuf_addf(&r->out, "%s =", keys[i]);
		write_value(&r->out, value);
		for (size_t j = 0; j < sizeof nested / sizeof *nested && !*value; j++) {
			const char *sub = awsfiles_get_nested(r->files, name, keys[i], nested[j]);
			if (sub)
				strbuf_addf(&r->out, "  %s = %s\n", nested[j], sub);
		}
	}
}

static struct strbuf rewrite(const struct awsfiles *files)
{
	struct rewriting r = {.files = files};
	strbuf_init(&r.out);
	awsfiles_each_profile(files, on_profile, &r);
	return r.out;
}

static void check_warnings(struct strview lines)
{
	while (lines.len) {
		struct strview line = fuzz_take(&lines, '\n');
		CHECK(sv_starts_with(line, SV("config:")) ||
			sv_starts_with(line, SV("credentials:")));
		CHECK(fuzz_is_clean(line));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strview credentials = sv_n((const char *)data, size);
	struct strview config = fuzz_take(&credentials, '\xff');
	struct awsfiles *files, *again;
	struct strbuf warnings;
	if (memchr(data, '\0', size)) /* refused before it comes here (conffile.h) */
		return 0;
	strbuf_init(&warnings);
	CHECK(awsfiles_parse(config, credentials, &files, &warnings, NULL) == S3T_OK);
	check_warnings(strbuf_view(&warnings));
	struct strbuf first = rewrite(files);
	CHECK(awsfiles_parse(strbuf_view(&first), SV(""), &again, NULL, NULL) == S3T_OK);
	struct strbuf second = rewrite(again);
	CHECK(sv_eq(strbuf_view(&first), strbuf_view(&second)));
	strbuf_deinit(&first);
	strbuf_deinit(&second);
	strbuf_deinit(&warnings);
	awsfiles_free(files);
	awsfiles_free(again);
	return 0;
}
