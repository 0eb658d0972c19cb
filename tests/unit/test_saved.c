/* Saved jobs: what is done, and finding a location again. */
#include "transfer/saved.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- done --- */

static void identity(uint64_t n, unsigned char out[MD5_LEN])
{
	md5(sv_n((const char *)&n, sizeof n), out);
}

static void a_set_of_many_has_exactly_these(void **state)
{
	(void)state;
	enum { MANY = 200000 };
	struct done_set s = {.slots = NULL};
	unsigned char id[MD5_LEN];
	identity(0, id);
	assert_false(done_set_has(&s, id));
	for (uint64_t i = 0; i < MANY; i++) {
		identity(i, id);
		done_set_add(&s, id);
		if (i % 3 == 0)
			done_set_add(&s, id); /* twice is once */
	}
	assert_int_equal(s.count, MANY);
	assert_true(s.capacity * sizeof *s.slots <= 16 << 20);
	for (uint64_t i = 0; i < MANY; i++) {
		identity(i, id);
		assert_true(done_set_has(&s, id));
		identity(i + MANY, id);
		assert_false(done_set_has(&s, id));
	}
	done_set_deinit(&s);
	assert_false(done_set_has(&s, id));
}

/* All of them want the same slots, and wrap around at the end. */
static void those_that_collide_are_told_apart(void **state)
{
	(void)state;
	struct done_set s = {.slots = NULL};
	unsigned char id[MD5_LEN];
	for (int round = 0; round < 2; round++)
		for (unsigned i = 0; i < 1000; i++) {
			memset(id, 0xff, sizeof id);
			memcpy(id + 8, &i, sizeof i);
			assert_int_equal(done_set_has(&s, id), round == 1);
			if (round == 0)
				done_set_add(&s, id);
		}
	assert_int_equal(s.count, 1000);
	done_set_deinit(&s);
}

/* --- places --- */

static const char *no_env(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return NULL;
}

static struct config *config_of(const char *text)
{
	struct config *c;
	struct s3t_err err;
	assert_int_equal(config_parse("test.ini", sv(text), no_env, NULL, &c, NULL, &err), S3T_OK);
	return c;
}

static const char here[] =
	"[default]\nendpoint = http://127.0.0.1:9000\naccess_key_id = a\nsecret_access_key = b\n"
	"[profile work]\nendpoint = http://127.0.0.1:9001\naccess_key_id = a\n"
	"secret_access_key = b\n";
static const char elsewhere[] =
	"[default]\nendpoint = http://127.0.0.1:9000\naccess_key_id = a\nsecret_access_key = b\n"
	"[profile work]\nendpoint = http://127.0.0.2:9001\naccess_key_id = a\n"
	"secret_access_key = b\n";
static const char other_keys[] =
	"[default]\nendpoint = http://127.0.0.1:9000\naccess_key_id = a\nsecret_access_key = b\n"
	"[profile work]\nendpoint = http://127.0.0.1:9001\naccess_key_id = new\n"
	"secret_access_key = new\nregion = eu-west-9\n";
static const char gone[] = "[default]\nendpoint = http://127.0.0.1:9000\naccess_key_id = a\n"
			   "secret_access_key = b\n";

static void save(struct saved_place *p, const char *ini, const struct profile_request *req)
{
	struct config *c = config_of(ini);
	struct profile *profile;
	struct s3t_err err;
	assert_int_equal(profile_resolve(c, req, no_env, NULL, &profile, NULL, &err), S3T_OK);
	struct s3_client *client = s3_client_new(profile);
	struct location *loc = location_s3_new(client);
	saved_place_set(p, loc);
	location_unref(loc);
	s3_client_unref(client);
	profile_unref(profile);
	config_free(c);
}

static void a_place_is_found_again_by_its_profile(void **state)
{
	(void)state;
	static const char *const inis[] = {here, other_keys};
	struct saved_place p;
	struct profile_request req = {.profile = "work", .path_style = 1};
	save(&p, here, &req);
	assert_true(p.is_s3);
	assert_string_equal(p.address, "http://127.0.0.1:9001");
	assert_string_equal(p.request.profile, "work");
	assert_int_equal(p.request.path_style, 1);
	for (size_t i = 0; i < 2; i++) { /* keys are renewed, that is no other place */
		struct config *c = config_of(inis[i]);
		struct location *loc;
		struct s3t_err err;
		assert_int_equal(saved_place_open(&p, c, &loc, &err), S3T_OK);
		assert_int_equal(loc->ops->kind, LOC_S3);
		struct strbuf address;
		strbuf_init(&address);
		profile_address(s3_client_profile(location_s3_client(loc)), &address);
		assert_string_equal(address.data, p.address);
		strbuf_deinit(&address);
		location_unref(loc);
		config_free(c);
	}
	saved_place_deinit(&p);
}

static void a_profile_that_leads_elsewhere_or_is_gone_is_refused(void **state)
{
	(void)state;
	static const char *const inis[] = {elsewhere, gone};
	static const char *const says[] = {"http://127.0.0.2:9001", "work"};
	struct saved_place p;
	struct profile_request req = {.profile = "work"};
	save(&p, here, &req);
	for (size_t i = 0; i < 2; i++) {
		struct config *c = config_of(inis[i]);
		struct location *loc = (struct location *)&p; /* is cleared */
		struct s3t_err err;
		assert_int_equal(saved_place_open(&p, c, &loc, &err), S3T_CONFIG);
		assert_null(loc);
		assert_non_null(strstr(err.message, says[i]));
		config_free(c);
	}
	saved_place_deinit(&p);
}

static void an_endpoint_of_the_command_line_is_asked_for_again(void **state)
{
	(void)state;
	struct saved_place p;
	struct profile_request req = {.profile = "work", .endpoint = "http://127.0.0.1:7777"};
	save(&p, here, &req);
	assert_string_equal(p.address, "http://127.0.0.1:7777");
	struct config *c = config_of(elsewhere); /* what it says does not matter */
	struct location *loc;
	struct s3t_err err;
	assert_int_equal(saved_place_open(&p, c, &loc, &err), S3T_OK);
	location_unref(loc);
	config_free(c);
	saved_place_deinit(&p);
}

static void without_an_address_nothing_is_found(void **state)
{
	(void)state;
	struct saved_place p = {.is_s3 = true};
	struct config *c = config_of(here);
	struct location *loc;
	assert_int_equal(saved_place_open(&p, c, &loc, NULL), S3T_CONFIG);
	assert_null(loc);
	config_free(c);
}

static void a_local_place_needs_nothing(void **state)
{
	(void)state;
	struct saved_place p;
	struct location *local = location_local_new(), *again;
	struct config *c = config_of(gone);
	struct s3t_err err;
	saved_place_set(&p, local);
	assert_false(p.is_s3);
	assert_null(p.address);
	assert_int_equal(saved_place_open(&p, c, &again, &err), S3T_OK);
	assert_int_equal(again->ops->kind, LOC_LOCAL);
	location_unref(again);
	location_unref(local);
	saved_place_deinit(&p);
	config_free(c);
}

/* saved_place_open() asks the environment, which is not this test's. */
static int clear_environment(void **state)
{
	(void)state;
	static const char *const names[] = {"AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION",
		"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ACCESS_KEY_ID",
		"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CONFIG_FILE",
		"AWS_SHARED_CREDENTIALS_FILE"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unsetenv(names[i]);
	return setenv("HOME", "/nonexistent", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_set_of_many_has_exactly_these),
		cmocka_unit_test(those_that_collide_are_told_apart),
		cmocka_unit_test(a_place_is_found_again_by_its_profile),
		cmocka_unit_test(a_profile_that_leads_elsewhere_or_is_gone_is_refused),
		cmocka_unit_test(an_endpoint_of_the_command_line_is_asked_for_again),
		cmocka_unit_test(without_an_address_nothing_is_found),
		cmocka_unit_test(a_local_place_needs_nothing),
	};
	return cmocka_run_group_tests(tests, clear_environment, NULL);
}
