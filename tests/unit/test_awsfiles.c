#include "core/awsfiles.h"

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

static struct awsfiles *parse(const char *config, const char *credentials, struct strbuf *warnings)
{
	struct awsfiles *f;
	struct s3t_err err;
	assert_int_equal(awsfiles_parse(sv(config), sv(credentials), &f, warnings, &err), S3T_OK);
	return f;
}

static void assert_text(const char *got, const char *wanted)
{
	if (!wanted)
		assert_null(got);
	else if (!got)
		fail_msg("nothing instead of %s", wanted);
	else
		assert_string_equal(got, wanted);
}

static void a_property_is_read_as_aws_reads_it(void **state)
{
	static const struct {
		const char *config, *key, *value;
	} rows[] = {
		{"[default]\nregion = eu-west-1\n", "region", "eu-west-1"},
		{"[default]\r\nregion=eu-west-1\r\n", "region", "eu-west-1"},
		{"[default]\nregion = eu-west-1", "region", "eu-west-1"},
		{"\xef\xbb\xbf[default]\nregion=x", "region", "x"},
		{"[ default ]  # mine\nregion=x", "region", "x"},
		{"[default];mine\nregion=x", "region", "x"},
		{"[default]\nregion = x # comment\n", "region", "x"},
		{"[default]\nregion = x\t; comment\n", "region", "x"},
		{"[default]\nregion = x#y;z\n", "region", "x#y;z"},
		{"[default]\nregion = # comment\n", "region", ""},
		{"[default]\n# region = y\n; region = z\nregion = x\n", "region", "x"},
		{"[default]\nregion = x\nregion = y\n", "region", "y"},
		{"[default]\nREGION = x\n", "region", "x"},
		{"[default]\na = b = c\n", "a", "b = c"},
		{"[default]\na = one\n two # not a comment\n", "a", "one\ntwo # not a comment"},
		{"[default]\na = one\n  # a comment\nb = two\n", "a", "one"},
		{"[default]\na = one\n\n two\n", "a", "one\ntwo"},
		{"[profile default]\na = x\n", "a", "x"},
		{"[default]\na = x\n[profile default]\nb = y\n", "a", NULL},
		{"[default]\na = x\n[profile default]\nb = y\n", "b", "y"},
		{"[profile default]\nb = y\n[default]\na = x\n", "a", NULL},
		{"[profile default]\nb = y\n[default]\na = x\n", "b", "y"},
		{"[default]\na = x\n[profile p]\nc = d\n[default]\nb = y\n", "a", "x"},
		{"a = x\n[default]\nb = y\n", "a", NULL},
		{"", "a", NULL},
		{"[default]\n", "a", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct awsfiles *f = parse(rows[i].config, "", NULL);
		assert_text(awsfiles_get(f, "default", rows[i].key), rows[i].value);
		awsfiles_free(f);
	}
}

static void credentials_win_over_config_per_property(void **state)
{
	struct awsfiles *f = parse("[profile work]\naws_access_key_id = A\nregion = r\n",
		"[work]\naws_access_key_id = B\naws_secret_access_key = C # x\n", NULL);
	(void)state;
	assert_text(awsfiles_get(f, "work", "aws_access_key_id"), "B");
	assert_text(awsfiles_get(f, "work", "aws_secret_access_key"), "C");
	assert_text(awsfiles_get(f, "work", "region"), "r");
	assert_text(awsfiles_get(f, "other", "region"), NULL);
	awsfiles_free(f);
}

static void nested_blocks_are_read(void **state)
{
	struct awsfiles *f = parse("[profile work]\n"
				   "services = mine\n"
				   "s3 =\n"
				   "  # comment\n"
				   "  addressing_style = path\n"
				   "  max_bandwidth=1\n"
				   "region = r\n"
				   "[services mine]\n"
				   "s3 = \n"
				   "\tendpoint_url = http://localhost:9000\n"
				   "[sso-session mine]\n"
				   "sso_region = q\n",
		"", NULL);
	(void)state;
	assert_text(awsfiles_get_nested(f, "work", "s3", "addressing_style"), "path");
	assert_text(awsfiles_get_nested(f, "work", "s3", "max_bandwidth"), "1");
	assert_text(awsfiles_get_nested(f, "work", "s3", "other"), NULL);
	assert_text(awsfiles_get_nested(f, "work", "region", "other"), NULL);
	assert_text(awsfiles_get(f, "work", "region"), "r");
	assert_text(awsfiles_get(f, "work", "addressing_style"), NULL);
	assert_text(awsfiles_get_service(f, "mine", "s3", "endpoint_url"), "http://localhost:9000");
	assert_text(awsfiles_get_service(f, "none", "s3", "endpoint_url"), NULL);
	assert_false(awsfiles_has_profile(f, "mine"));
	awsfiles_free(f);
}

static void a_bad_line_is_passed_over_with_a_warning(void **state)
{
	static const struct {
		const char *config, *credentials, *warning;
	} rows[] = {
		{"[profile x\na = b\n[profile work]\nok = yes\n", "", "config:1: "},
		{"[profile a b]\na = b\n[profile work]\nok = yes\n", "", "config:1: "},
		{"[profile x] y\na = b\n[profile work]\nok = yes\n", "", "config:1: "},
		{"[work]\nok = no\n[profile work]\nok = yes\n", "", "config:1: "},
		{"a = b\n[profile work]\nok = yes\n", "", "config:1: "},
		{"[profile work]\nnonsense\nok = yes\n", "", "config:2: "},
		{"[profile work]\n = b\nok = yes\n", "", "config:2: "},
		{"[profile work]\n  indented = first\nok = yes\n", "", "config:2: "},
		{"[profile work]\ns3 =\n  nonsense\nok = yes\n", "", "config:3: "},
		{"[profile default]\n[default]\na = b\n[profile work]\nok = yes\n", "",
			"config:2: "},
		{"[profile work]\nok = yes\n", "[profile work]\nok = no\n", "credentials:1: "},
		{"[profile work]\nok = yes\n", "[]\nok = no\n", "credentials:1: "},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct strbuf warnings;
		strbuf_init(&warnings);
		struct awsfiles *f = parse(rows[i].config, rows[i].credentials, &warnings);
		assert_true(sv_starts_with(strbuf_view(&warnings), sv(rows[i].warning)));
		assert_int_equal(sv_find(strbuf_view(&warnings), '\n'), warnings.len - 1);
		assert_text(awsfiles_get(f, "work", "ok"), "yes");
		awsfiles_free(f);
		strbuf_deinit(&warnings);
	}
}

static void add_name(void *arg, const char *name)
{
	strbuf_addf(arg, "%s;", name);
}

static void profiles_come_in_file_order_and_once(void **state)
{
	struct awsfiles *f =
		parse("[profile b]\n[default]\n[profile a]\n[services s]\n[profile b]\n",
			"[c]\n[a]\n", NULL);
	struct strbuf names;
	(void)state;
	strbuf_init(&names);
	awsfiles_each_profile(f, add_name, &names);
	assert_string_equal(names.data, "b;default;a;c;");
	assert_true(awsfiles_has_profile(f, "c"));
	assert_false(awsfiles_has_profile(f, "s"));
	strbuf_deinit(&names);
	awsfiles_free(f);
}

static void any_bytes_are_survived(void **state)
{
	static const char alphabet[] = "[]=# ;\n\r\tab\\s3profile \xff";
	char text[200];
	uint32_t seed = 1;
	(void)state;
	for (int round = 0; round < 3000; round++) {
		for (size_t i = 0; i < sizeof text; i++) {
			seed = seed * 1664525 + 1013904223;
			text[i] = alphabet[(seed >> 16) % (sizeof alphabet - 1)];
		}
		struct awsfiles *f;
		struct strview half = sv_n(text, sizeof text / 2);
		assert_int_equal(
			awsfiles_parse(half, sv_from(sv_n(text, sizeof text), 100), &f, NULL, NULL),
			S3T_OK);
		awsfiles_free(f);
	}
}

static char *write_file(const char *dir, const char *name, const char *text, mode_t mode)
{
	char *path = s3t_asprintf("%s/%s", dir, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(chmod(path, mode), 0);
	return path;
}

static void a_missing_file_is_empty_and_an_untrusted_one_is_not_read(void **state)
{
	char dir[] = "/tmp/s3tui-aws-XXXXXX";
	struct awsfiles *f;
	struct strbuf warnings;
	(void)state;
	assert_non_null(mkdtemp(dir));
	strbuf_init(&warnings);
	char *good = write_file(dir, "good", "[default]\naws_access_key_id = A\n", 0600);
	char *shared = write_file(dir, "shared", "[default]\naws_access_key_id = B\n", 0644);
	char *open = write_file(dir, "open", "[default]\nregion = evil\n", 0666);

	assert_int_equal(awsfiles_load("/nonexistent", NULL, &f, &warnings, NULL), S3T_OK);
	assert_false(awsfiles_has_profile(f, "default"));
	assert_int_equal(warnings.len, 0);
	awsfiles_free(f);

	assert_int_equal(awsfiles_load(open, good, &f, &warnings, NULL), S3T_OK);
	assert_null(awsfiles_get(f, "default", "region"));
	assert_text(awsfiles_get(f, "default", "aws_access_key_id"), "A");
	assert_non_null(strstr(warnings.data, "written by everybody"));
	assert_null(strstr(warnings.data, "read by others"));
	awsfiles_free(f);

	strbuf_reset(&warnings);
	assert_int_equal(awsfiles_load(NULL, shared, &f, &warnings, NULL), S3T_OK);
	assert_text(awsfiles_get(f, "default", "aws_access_key_id"), "B");
	assert_non_null(strstr(warnings.data, "read by others"));
	awsfiles_free(f);

	unlink(good);
	unlink(shared);
	unlink(open);
	rmdir(dir);
	free(good);
	free(shared);
	free(open);
	strbuf_deinit(&warnings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_property_is_read_as_aws_reads_it),
		cmocka_unit_test(credentials_win_over_config_per_property),
		cmocka_unit_test(nested_blocks_are_read),
		cmocka_unit_test(a_bad_line_is_passed_over_with_a_warning),
		cmocka_unit_test(profiles_come_in_file_order_and_once),
		cmocka_unit_test(any_bytes_are_survived),
		cmocka_unit_test(a_missing_file_is_empty_and_an_untrusted_one_is_not_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
