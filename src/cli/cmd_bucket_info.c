/* bucket and lifecycle: how a bucket is configured, and changing it. */
#include "cli/internal.h"

#include "core/fdio.h"
#include "core/s3_bucket_info.h"
#include "core/s3_lifecycle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int find_bucket(struct cli *cli, struct place *p)
{
	int rc = cli_place(cli, cli->opt->operands[0], p);
	if (rc == 0 && (!p->is_s3 || !p->bucket.len || p->key.len)) {
		cli_complain("%s is no bucket; write s3://BUCKET", p->text);
		rc = CLI_EXIT_USAGE;
	}
	return rc;
}

struct printing {
	bool is_json;
	struct json_writer w;
	struct strbuf line;
};

static void print_line(void *arg, const char *name, const char *value)
{
	struct printing *p = arg;
	if (p->is_json)
		json_add_string(&p->w, name, sv(value));
	else
		out_printf("%-13s %s\n", name, value);
}

static int show_info(struct cli *cli, const struct place *p)
{
	struct s3_ctx ctx = cli_ctx(cli);
	struct printing to = {.is_json = cli->opt->json};
	struct s3t_err err;
	strbuf_init(&to.line);
	json_begin(&to.w, &to.line);
	json_add_bytes(&to.w, "bucket", p->bucket);
	enum s3t_rc rc = s3_bucket_info(&ctx, p->bucket, print_line, &to, &err);
	json_end(&to.w);
	if (rc == S3T_OK && to.is_json)
		out_json(&to.line);
	strbuf_deinit(&to.line);
	return rc == S3T_OK ? CLI_EXIT_OK : cli_fail(cli, "look at", p->text, &err);
}

/* --- documents --- */

static enum s3t_rc read_file(const char *name, struct strbuf *out, struct s3t_err *err)
{
	char buf[8192];
	ssize_t n;
	int fd = strcmp(name, "-") == 0 ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return s3t_fail_errno(err, errno, "Cannot open %s", name);
	while ((n = read(fd, buf, sizeof buf)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			strbuf_add(out, buf, (size_t)n);
	int why = errno;
	if (fd != STDIN_FILENO)
		close(fd);
	if (n < 0)
		return s3t_fail_errno(err, why, "Cannot read %s", name);
	return strbuf_ok(out) ? S3T_OK
			      : s3t_fail(err, S3T_INVALID, "%s is larger than 1 MiB.", name);
}

static int change_document(
	struct cli *cli, const struct place *p, const struct s3_document *d, const char *what)
{
	struct s3_ctx ctx = cli_ctx(cli);
	struct s3t_err err;
	struct strbuf text;
	bool removes = strcmp(what, "remove") == 0;
	strbuf_init_cap(&text, S3_DOCUMENT_MAX);
	enum s3t_rc rc = removes ? S3T_OK : read_file(what, &text, &err);
	bool is_lifecycle = strcmp(d->name, "lifecycle") == 0;
	if (rc == S3T_OK && !removes)
		rc = s3_document_check(d, strbuf_view(&text), &err);
	if (rc == S3T_OK && is_lifecycle)
		rc = s3_lifecycle_replace(&ctx, p->bucket, strbuf_view(&text), &err);
	else if (rc == S3T_OK && removes)
		rc = s3_document_delete(&ctx, d, false, &err);
	else if (rc == S3T_OK)
		rc = s3_document_put(&ctx, d, strbuf_view(&text), false, &err);
	strbuf_deinit(&text);
	return rc == S3T_OK ? CLI_EXIT_OK : cli_fail(cli, "configure", p->text, &err);
}

static int show_document(struct cli *cli, const struct place *p, const struct s3_document *d)
{
	struct s3_ctx ctx = cli_ctx(cli);
	struct s3t_err err;
	struct strbuf text;
	bool exists;
	strbuf_init(&text);
	enum s3t_rc rc = s3_document_get(&ctx, d, &text, &exists, &err);
	if (rc == S3T_OK && !exists)
		rc = s3t_fail(&err, S3T_NOT_FOUND, "The bucket has no %s.", d->name);
	if (rc == S3T_OK) {
		out_name(strbuf_view(&text));
		if (!sv_ends_with(strbuf_view(&text), SV("\n")))
			out_text(SV("\n"));
	}
	strbuf_deinit(&text);
	return rc == S3T_OK ? CLI_EXIT_OK : cli_fail(cli, "look at", p->text, &err);
}

int cmd_bucket(struct cli *cli)
{
	const struct cli_options *o = cli->opt;
	struct place p;
	struct s3_document d;
	int rc = find_bucket(cli, &p);
	if (rc == 0 && o->operand_count == 1) {
		rc = show_info(cli, &p);
	} else if (rc == 0 && !s3_bucket_document(o->operands[1], p.bucket, &d)) {
		cli_complain("'%s' is none of policy, cors, lifecycle, encryption, versioning, "
			     "object-lock, acl, tagging, website, logging",
			o->operands[1]);
		rc = CLI_EXIT_USAGE;
	} else if (rc == 0 && o->operand_count == 2) {
		rc = show_document(cli, &p, &d);
	} else if (rc == 0) {
		rc = change_document(cli, &p, &d, o->operands[2]);
	}
	place_deinit(&p);
	return rc;
}

/* --- lifecycle --- */

static void add_json_conditions(struct json_writer *w, const struct s3_rule *r)
{
	char name[48];
	if (r->expire_date[0])
		json_add_string(w, "expire_date", sv(r->expire_date));
	if (r->has_larger)
		json_add_uint(w, "larger", r->larger);
	if (r->has_smaller)
		json_add_uint(w, "smaller", r->smaller);
	json_open_object(w, "tags");
	for (size_t i = 0; i < r->tag_count; i++)
		json_add_bytes(w, r->tags[i].key, sv(r->tags[i].value));
	json_close_object(w);
	for (int is_older = 0; is_older < 2; is_older++) {
		const struct s3_move *moves = is_older ? r->older_moves : r->moves;
		size_t count = is_older ? r->older_move_count : r->move_count;
		json_open_object(w, is_older ? "noncurrent_transitions" : "transitions");
		for (size_t i = 0; i < count; i++) {
			snprintf(name, sizeof name, "%s", moves[i].class);
			if (moves[i].date[0])
				json_add_string(w, name, sv(moves[i].date));
			else
				json_add_uint(w, name, moves[i].days);
		}
		json_close_object(w);
	}
	json_add_bool(w, "expired_markers", r->expires_markers);
}

static void print_rules(const struct cli *cli, const struct place *p, const struct s3_lifecycle *l)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct s3_rule *r = &l->rules[i];
		struct strbuf words, line;
		struct json_writer w;
		strbuf_init(&words);
		strbuf_init(&line);
		s3_rule_words(r, &words);
		if (cli->opt->json) {
			json_begin(&w, &line);
			json_add_bytes(&w, "bucket", p->bucket);
			json_add_string(&w, "id", sv(r->id));
			json_add_bool(&w, "enabled", r->is_enabled);
			json_add_bytes(&w, "prefix", sv(r->prefix));
			json_add_uint(&w, "expire_days", r->expire_days);
			json_add_uint(&w, "noncurrent_days", r->noncurrent_days);
			json_add_uint(&w, "abort_days", r->abort_days);
			add_json_conditions(&w, r);
			json_add_string(&w, "words", strbuf_view(&words));
			json_end(&w);
			out_json(&line);
		} else {
			out_name(r->id[0] ? sv(r->id) : SV("(no name)"));
			out_printf(": %s\n", words.data);
		}
		strbuf_deinit(&words);
		strbuf_deinit(&line);
	}
	if (!l->count && !cli->opt->json)
		out_text(SV("no rules\n"));
}

enum { VERB_SET, VERB_ON, VERB_OFF, VERB_REMOVE, VERBS };

static size_t verb_of(const struct cli_options *o)
{
	static const char *const verbs[VERBS] = {"set", "on", "off", "remove"};
	size_t i = 0;
	while (i < VERBS && strcmp(o->operands[1], verbs[i]) != 0)
		i++;
	return i;
}

static enum s3t_rc change_rules(
	const struct cli_options *o, struct s3_lifecycle *l, struct s3t_err *err)
{
	const char *id = o->operand_count > 2 ? o->operands[2] : "";
	size_t at = s3_lifecycle_find(l, id), verb = verb_of(o);
	if (verb == VERB_SET)
		return s3_lifecycle_set(l, id, o->operands + 3,
			o->operand_count > 3 ? o->operand_count - 3 : 0, err);
	if (!l->rules || at == l->count)
		return s3t_fail(err, S3T_INVALID, "There is no rule '%s'.", id);
	if (verb == VERB_REMOVE)
		s3_lifecycle_remove(l, at);
	else
		l->rules[at].is_enabled = verb == VERB_ON;
	return S3T_OK;
}

/* What cannot be, whatever rules there are, is refused before anything is asked. */
static int check_command(const struct cli_options *o)
{
	struct s3_lifecycle none = {.rules = NULL};
	struct s3t_err err = {.rc = S3T_OK};
	if (o->operand_count < 2)
		return CLI_EXIT_OK;
	if (verb_of(o) == VERBS)
		(void)s3t_fail(
			&err, S3T_INVALID, "'%s' is none of set, on, off, remove.", o->operands[1]);
	else if (verb_of(o) == VERB_SET)
		(void)!change_rules(o, &none, &err);
	s3_lifecycle_deinit(&none);
	if (err.rc != S3T_OK)
		cli_complain("%s", err.message);
	return err.rc == S3T_OK ? CLI_EXIT_OK : CLI_EXIT_USAGE;
}

int cmd_lifecycle(struct cli *cli)
{
	struct place p;
	struct s3_lifecycle l = {.rules = NULL};
	struct s3t_err err;
	bool is_usage = false;
	int status = find_bucket(cli, &p);
	if (status == 0)
		status = check_command(cli->opt);
	if (status == 0) {
		struct s3_ctx ctx = cli_ctx(cli);
		enum s3t_rc rc = s3_lifecycle_get(&ctx, p.bucket, &l, &err);
		if (rc == S3T_OK && cli->opt->operand_count > 1) {
			rc = change_rules(cli->opt, &l, &err);
			is_usage = rc != S3T_OK;
			if (rc == S3T_OK)
				rc = s3_lifecycle_put(&ctx, p.bucket, &l, &err);
		}
		if (rc == S3T_OK)
			print_rules(cli, &p, &l);
		else if (is_usage)
			cli_complain("%s", err.message);
		if (rc != S3T_OK)
			status = is_usage ? CLI_EXIT_USAGE
					  : cli_fail(cli, "configure", p.text, &err);
	}
	s3_lifecycle_deinit(&l);
	place_deinit(&p);
	return status;
}
