/* Editing: local files as they are, objects by a draft that nothing loses. */
#include "support/tty.h"

#include "core/timeutil.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* An editor of so many lines of shell; $1 is the file. */
static void start_with_editor(struct stage *s, const char *script)
{
	char *path = s3t_asprintf("%s/my editor", s->f.dir);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fprintf(file, "#!/bin/sh\nshift\n%s\n", script) > 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0755), 0);
	free(path);
	/* words, and no shell: a name with a space is found by a link without one */
	char *link = s3t_asprintf("%s/editor", s->f.dir), *env = s3t_asprintf("EDITOR=%s -x", link);
	assert_int_equal(symlink("my editor", link), 0);
	const char *const vars[] = {env, NULL};
	struct tty_options o = {.env = vars};
	stage_start(s, &o);
	tty_wait_text(s->tty, "note.txt", TTY_WAIT_MS);
	free(link);
	free(env);
}

static void go_to_note(struct stage *s)
{
	struct tty *t = s->tty;
	tty_keys(t, "Tab End");
	tty_wait_cursor(t, "note.txt", TTY_WAIT_MS);
}

static void assert_object(struct stage *s, const char *wanted)
{
	struct s3t_err err;
	struct strbuf text;
	strbuf_init(&text);
	assert_int_equal(sandbox_get(s->f.server, "demo", SV("note.txt"), &text, &err), S3T_OK);
	strbuf_add_char(&text, '\0');
	assert_string_equal(text.data, wanted);
	strbuf_deinit(&text);
}

/* Files in the directory of drafts. */
static int count_drafts(struct stage *s)
{
	char *command = s3t_asprintf("find '%s' -path '*/drafts/*' -type f | wc -l", s->home);
	FILE *p = popen(command, "r"); /* NOLINT(cert-env33-c): a test's own */
	int n = -1;
	char line[32] = "";
	assert_non_null(p);
	if (fgets(line, sizeof line, p))
		n = (int)strtol(line, NULL, 10);
	assert_int_equal(pclose(p), 0);
	free(command);
	return n;
}

static void an_object_is_saved_with_its_type_and_metadata(void **state)
{
	struct stage *s = *state;
	struct s3t_err err;
	stage_open(s, NULL, NULL);
	assert_int_equal(
		sandbox_put(s->f.server, "demo", SV("note.txt"), SV("old\n"), "text/x-note", &err),
		S3T_OK);
	start_with_editor(s, "stat -c '%a' \"$1\" \"${1%/*}\" >mode; echo new >>\"$1\"");
	go_to_note(s);
	tty_keys(s->tty, "F4");
	tty_wait_text(s->tty, "Saved.", TTY_WAIT_MS);
	assert_object(s, "old\nnew\n");
	struct strbuf type;
	strbuf_init(&type);
	assert_int_equal(sandbox_get_header(
				 s->f.server, "demo", SV("note.txt"), "content-type", &type, &err),
		S3T_OK);
	strbuf_add_char(&type, '\0');
	assert_string_equal(type.data, "text/x-note");
	strbuf_deinit(&type);
	assert_int_equal(count_drafts(s), 0);
	char *name = s3t_asprintf("%s/mode", s->left), text[16] = "";
	FILE *mode = fopen(name, "r");
	assert_non_null(mode);
	assert_int_equal(fread(text, 1, 8, mode), 8);
	assert_string_equal(text, "600\n700\n");
	assert_int_equal(fclose(mode), 0);
	free(name);
	stage_quit(s);
}

static void nothing_is_written_when_nothing_changed(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	fixture_put(&s->f, "note.txt", "old\n");
	start_with_editor(s, "touch \"$1\"");
	go_to_note(s);
	uint64_t puts = sandbox_request_count(s->f.server, "PUT");
	tty_keys(s->tty, "e");
	tty_wait_text(s->tty, "Nothing was changed.", TTY_WAIT_MS);
	assert_int_equal(sandbox_request_count(s->f.server, "PUT"), puts);
	assert_int_equal(count_drafts(s), 0);
	stage_quit(s);
}

static void what_others_changed_is_not_overwritten(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	fixture_put(&s->f, "note.txt", "old\n");
	start_with_editor(s, "echo mine >\"$1\"; touch here\n"
			     "until [ -e go ]; do sleep 0.05; done");
	go_to_note(s);
	struct tty *t = s->tty;
	tty_keys(t, "F4");
	stage_wait_file(s, "left/here", TTY_WAIT_MS);
	fixture_put(&s->f, "note.txt", "theirs\n");
	fixture_write(&s->f, "left/go", 1, 1);
	tty_wait_text(t, "changed by others meanwhile", TTY_WAIT_MS);
	assert_true(tty_shows(t, "Your text is kept in"));
	assert_object(s, "theirs\n");
	assert_int_equal(count_drafts(s), 1);
	tty_keys(t, "Right");
	tty_wait_text(t, "[>Overwrite it<]", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	tty_wait_text(t, "Saved.", TTY_WAIT_MS);
	assert_object(s, "mine\n");
	assert_int_equal(count_drafts(s), 0);
	stage_quit(s);
}

static void a_draft_stays_when_it_cannot_be_saved(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, "[retry]\ninitial_delay = 1ms\nmax_delay = 2ms\nmax_attempts = 2\n");
	fixture_put(&s->f, "note.txt", "old\n");
	start_with_editor(s, "echo mine >\"$1\"");
	struct sandbox_fault denied = {.kind = SANDBOX_FAULT_ANSWER,
		.method = "PUT",
		.status = 403,
		.code = "AccessDenied",
		.times = 1};
	sandbox_fault(s->f.server, &denied);
	go_to_note(s);
	struct tty *t = s->tty;
	tty_keys(t, "F4");
	tty_wait_text(t, "Your text is kept in", TTY_WAIT_MS);
	assert_object(s, "old\n");
	tty_keys(t, "Enter");
	tty_wait_gone(t, "[>Close<]", TTY_WAIT_MS);
	assert_true(tty_shows(t, "Your text is kept in"));
	assert_int_equal(count_drafts(s), 1);
	stage_quit(s);
}

/* What it had besides its bytes is still there. */
static void headers_and_tags_stay(void **state)
{
	struct stage *s = *state;
	struct s3t_err err;
	stage_open(s, NULL, NULL);
	struct s3_ctx ctx = {.client = s->f.client, .conn = s->f.conn};
	struct s3_put put = {.mtime_ns = TIME_UNKNOWN,
		.metadata = SV("color: blue\n"),
		.headers = SV("cache-control: max-age=60\ncontent-disposition: attachment\n"),
		.tagging = "team=r%26d&a%20b=c"};
	assert_int_equal(
		s3_put_object(&ctx, SV("demo"), SV("note.txt"), &put, SV("old\n"), NULL, &err),
		S3T_OK);
	start_with_editor(s, "echo new >>\"$1\"; echo x >\"$1~\"");
	go_to_note(s);
	tty_keys(s->tty, "F4");
	tty_wait_text(s->tty, "Saved.", TTY_WAIT_MS);
	assert_object(s, "old\nnew\n");
	struct s3_object object;
	struct strbuf tags;
	s3_object_init(&object);
	strbuf_init(&tags);
	assert_int_equal(s3_head_object(&ctx, SV("demo"), SV("note.txt"), &object, &err), S3T_OK);
	assert_non_null(memmem(object.headers.data, object.headers.len, "max-age=60", 10));
	assert_non_null(memmem(object.headers.data, object.headers.len, "attachment", 10));
	assert_non_null(memmem(object.metadata.data, object.metadata.len, "blue", 4));
	assert_int_equal(
		s3_get_object_tagging(&ctx, SV("demo"), SV("note.txt"), &tags, &err), S3T_OK);
	assert_non_null(memmem(tags.data, tags.len, "team=r%26d", 10));
	assert_non_null(memmem(tags.data, tags.len, "a%20b=c", 7));
	s3_object_deinit(&object);
	strbuf_deinit(&tags);
	assert_int_equal(count_drafts(s), 0); /* nor what the editor left beside it */
	stage_quit(s);
}

/* An editor that says no is asked again, and nothing is written. */
static void an_editor_that_fails_saves_nothing(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	fixture_put(&s->f, "note.txt", "old\n");
	start_with_editor(s, "[ -e again ] || { touch again; echo half >\"$1\"; exit 3; }\n"
			     "echo whole >\"$1\"");
	go_to_note(s);
	struct tty *t = s->tty;
	tty_keys(t, "F4");
	tty_wait_text(t, "The editor ended with 3.", TTY_WAIT_MS);
	assert_object(s, "old\n");
	tty_keys(t, "Right");
	tty_wait_text(t, "[>Edit again<]", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	tty_wait_text(t, "Saved.", TTY_WAIT_MS);
	assert_object(s, "whole\n");
	stage_quit(s);
}

static void a_local_file_is_edited_in_place(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	fixture_write(&s->f, "left/note.txt", 5, 1);
	start_with_editor(s, "printf 'much longer' >\"$1\"");
	tty_keys(s->tty, "End F4");
	tty_wait_text(s->tty, "11 B", TTY_WAIT_MS);
	stage_quit(s);
}

static void an_editor_that_is_not_there_is_named(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	fixture_put(&s->f, "note.txt", "old\n");
	const char *const vars[] = {"VISUAL=/no/such/editor", NULL};
	struct tty_options o = {.env = vars};
	stage_start(s, &o);
	tty_wait_text(s->tty, "note.txt", TTY_WAIT_MS);
	go_to_note(s);
	tty_keys(s->tty, "F4");
	tty_wait_text(s->tty, "The editor /no/such/editor cannot be started", TTY_WAIT_MS);
	tty_keys(s->tty, "Enter");
	tty_wait_gone(s->tty, "cannot be started", TTY_WAIT_MS);
	tty_keys(s->tty, "Up F4");
	tty_wait_text(s->tty, "Only files can be edited", TTY_WAIT_MS);
	stage_quit(s);
}

/* What is stored encrypted is shown and edited as it was, and stored encrypted again. */
static void an_encrypted_object(void **state)
{
	struct stage *s = *state;
	struct job_spec spec;
	char id[64];
	snprintf(id, sizeof id, "/tmp/s3tui-test-id-%d", (int)getpid());
	FILE *file = fopen(id, "w");
	assert_non_null(file);
	assert_true(fputs("AGE-SECRET-KEY-1CXU79M5TP4P7JT9FSEXX7JTDM3ZD8Y2N3GYNLGUCVTTFRA92877SG"
			  "LSNVJ\n",
			    file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(id, 0600), 0);
	char *ini = s3t_asprintf("[encryption]\ntype = ClientSide\nclient_recipients = "
				 "age1n4tnmx7ret4nzqc08csm7g526pr8a6frzj425cpv78n30f2dksas0af59v\n"
				 "client_identity_file = %s\n",
		id);
	stage_open(s, NULL, ini);
	free(ini);
	fixture_write(&s->f, "plain", 0, 1);
	char *path = s3t_asprintf("%s/plain", s->f.dir);
	file = fopen(path, "w");
	free(path);
	assert_non_null(file);
	assert_true(fputs("what nobody may read\n", file) >= 0);
	assert_int_equal(fclose(file), 0);
	fixture_upload(&s->f, &spec, "plain", "", "note.txt");
	fixture_run(&s->f, &spec);
	assert_int_equal(s->f.done, 1);
	start_with_editor(s, "echo edited >>\"$1\"");
	go_to_note(s);
	struct tty *t = s->tty;
	tty_keys(t, "F3");
	tty_wait_text(t, "what nobody may read", TTY_WAIT_MS);
	tty_keys(t, "q");
	tty_wait_gone(t, "what nobody may read", TTY_WAIT_MS);
	tty_keys(t, "i");
	tty_wait_text(t, "real size", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "real size", TTY_WAIT_MS);
	tty_keys(t, "F4");
	tty_wait_text(t, "Saved", TTY_WAIT_MS);
	stage_quit(s);
	struct strbuf text, size;
	struct s3t_err err;
	strbuf_init(&text);
	strbuf_init(&size);
	assert_int_equal(sandbox_get(s->f.server, "demo", SV("note.txt"), &text, &err), S3T_OK);
	assert_true(sv_starts_with(strbuf_view(&text), SV("age-encryption.org/v1\n")));
	assert_int_equal(sandbox_get_header(s->f.server, "demo", SV("note.txt"),
				 "x-amz-meta-plain-size", &size, &err),
		S3T_OK);
	assert_string_equal(size.data, "28");
	strbuf_deinit(&text);
	strbuf_deinit(&size);
	fixture_download(&s->f, &spec, "note.txt", "", "back");
	fixture_run(&s->f, &spec);
	char line[64] = "";
	path = s3t_asprintf("%s/back", s->f.dir);
	file = fopen(path, "r");
	free(path);
	assert_non_null(file);
	assert_true(fread(line, 1, sizeof line - 1, file) > 0);
	assert_int_equal(fclose(file), 0);
	assert_string_equal(line, "what nobody may read\nedited\n");
	(void)unlink(id);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STAGE_TEST(an_object_is_saved_with_its_type_and_metadata),
		STAGE_TEST(nothing_is_written_when_nothing_changed),
		STAGE_TEST(what_others_changed_is_not_overwritten),
		STAGE_TEST(a_draft_stays_when_it_cannot_be_saved),
		STAGE_TEST(headers_and_tags_stay),
		STAGE_TEST(an_editor_that_fails_saves_nothing),
		STAGE_TEST(a_local_file_is_edited_in_place),
		STAGE_TEST(an_editor_that_is_not_there_is_named),
		STAGE_TEST(an_encrypted_object),
	};
	tty_budget_s(120);
	return cmocka_run_group_tests_name("edit", tests, NULL, NULL);
}
