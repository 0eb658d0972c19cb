/* stat and du: what is known of one thing, and how much is under it. */
#include "cli/internal.h"

#include "core/mime.h"
#include "core/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Either a JSON object or "name  value" lines. */
struct card {
	bool is_json;
	struct strbuf out;
	struct json_writer w;
};

static void card_begin(struct card *c, bool is_json)
{
	c->is_json = is_json;
	strbuf_init(&c->out);
	if (is_json)
		json_begin(&c->w, &c->out);
}

/* The names of metadata are as foreign as their values. */
static void card_label(struct card *c, const char *name)
{
	(void)c;
	out_name(sv(name));
	out_printf("%*s", strlen(name) < 17 ? 18 - (int)strlen(name) : 1, "");
}

static void card_bytes(struct card *c, const char *name, struct strview value)
{
	if (c->is_json) {
		json_add_bytes(&c->w, name, value);
		return;
	}
	card_label(c, name);
	out_name(value);
	out_text(SV("\n"));
}

/* NULL and "" are null in JSON and nothing in text. */
static void card_string(struct card *c, const char *name, const char *value)
{
	bool has = value && value[0];
	if (has)
		card_bytes(c, name, sv(value));
	else if (c->is_json)
		json_add_null(&c->w, name);
}

static void card_size(struct card *c, const char *name, uint64_t bytes)
{
	char human[TEXT_SIZE_MAX];
	if (c->is_json) {
		json_add_uint(&c->w, name, bytes);
		return;
	}
	text_size(bytes, human);
	card_label(c, name);
	out_printf("%llu (%s)\n", (unsigned long long)bytes, human);
}

static void card_time(struct card *c, const char *name, int64_t time_s)
{
	char when[32];
	if (time_s == TIME_UNKNOWN) {
		card_string(c, name, NULL);
		return;
	}
	time_format_iso(time_s, when);
	card_string(c, name, when);
}

static void card_end(struct card *c)
{
	if (c->is_json) {
		json_end(&c->w);
		out_json(&c->out);
	}
	strbuf_deinit(&c->out);
}

static void card_metadata(struct card *c, struct strview rest)
{
	if (c->is_json)
		json_open_object(&c->w, "metadata");
	while (rest.len) {
		size_t end = sv_find(rest, '\n');
		struct strview line = sv_n(rest.data, end);
		size_t colon = sv_find(line, ':');
		rest = sv_from(rest, end + 1);
		char *name = s3t_strndup(line.data, colon);
		struct strview value = sv_trim(sv_from(line, colon + 1));
		if (!c->is_json) {
			char *label = s3t_asprintf("metadata %s", name);
			card_bytes(c, label, value);
			free(label);
		} else if (name[0]) {
			card_bytes(c, name, value);
		}
		free(name);
	}
	if (c->is_json)
		json_close_object(&c->w);
}

/* "cache-control: no-store\n", as names of the card: cache_control. */
static void card_headers(struct card *c, struct strview headers)
{
	while (headers.len) {
		struct strview line = sv_n(headers.data, sv_find(headers, '\n'));
		size_t colon = sv_find(line, ':');
		char *name = s3t_strndup(line.data, colon), *value;
		struct strview text = sv_trim(sv_from(line, colon + 1));
		headers = sv_from(headers, line.len + 1);
		for (char *at = name; *at; at++)
			*at = *at == '-' ? '_' : *at;
		value = s3t_strndup(text.data, text.len);
		card_string(c, name, value);
		free(value);
		free(name);
	}
}

static enum s3t_rc stat_object(struct cli *cli, const struct place *p, struct s3t_err *err)
{
	struct s3_ctx ctx = cli_ctx(cli);
	struct s3_object o;
	struct card c;
	s3_object_init(&o);
	enum s3t_rc rc = s3_head_version(
		&ctx, p->bucket, p->key, sv(p->version_id ? p->version_id : ""), &o, err);
	if (rc == S3T_OK) {
		card_begin(&c, cli->opt->json);
		card_bytes(&c, "bucket", p->bucket);
		card_bytes(&c, "key", p->key);
		card_size(&c, "size", o.size);
		card_time(&c, "last_modified", o.last_modified_s);
		card_string(&c, "etag", o.etag);
		card_string(&c, "version_id", o.version_id);
		card_string(&c, "lock", o.lock_mode);
		if (o.lock_mode)
			card_time(&c, "locked_until", o.retain_until_s);
		if (o.has_legal_hold)
			card_string(&c, "legal_hold", "on");
		card_string(&c, "content_type", o.content_type);
		card_string(&c, "content_encoding", o.content_encoding);
		card_string(&c, "coding", o.coding);
		if (o.coding && o.plain_size != UINT64_MAX)
			card_size(&c, "plain_size", o.plain_size);
		if (o.coding)
			card_string(&c, "plain_type", o.plain_type);
		card_string(&c, "storage_class", o.storage_class ? o.storage_class : "STANDARD");
		struct strbuf archive;
		strbuf_init(&archive);
		s3_archive_words(&o, &archive);
		card_string(&c, "archive", archive.data);
		strbuf_deinit(&archive);
		card_string(&c, "encryption", o.encryption);
		card_string(&c, "encryption_key", o.key_id);
		card_headers(&c, strbuf_view(&o.headers));
		if (o.has_crc64) {
			char sum[20];
			snprintf(sum, sizeof sum, "%016" PRIx64, o.crc64);
			card_string(&c, "crc64nvme", sum);
		}
		struct strbuf owner;
		strbuf_init(&owner);
		s3_object_owner(&ctx, p->bucket, p->key, o.version_id, &owner);
		card_string(&c, "owner", owner.len ? owner.data : NULL);
		strbuf_deinit(&owner);
		card_metadata(&c, strbuf_view(&o.metadata));
		card_end(&c);
	}
	s3_object_deinit(&o);
	return rc;
}

/* A prefix, a bucket, a local file or directory. */
static enum s3t_rc stat_other(struct cli *cli, const struct place *p, struct s3t_err *err)
{
	struct loc_io io = cli_io(cli);
	struct loc_stat st;
	struct card c;
	enum s3t_rc rc = p->loc->ops->stat(p->loc, &io, strbuf_view(&p->path), &st, err);
	if (rc != S3T_OK)
		return rc;
	card_begin(&c, cli->opt->json);
	if (p->is_s3) {
		card_bytes(&c, "bucket", p->bucket);
		if (p->key.len)
			card_bytes(&c, "prefix", p->key);
	} else {
		card_bytes(&c, "path", strbuf_view(&p->path));
		card_string(&c, "type",
			st.kind == ENTRY_FILE  ? "file"
			: st.kind == ENTRY_DIR ? "directory"
					       : "other");
	}
	if (st.kind == ENTRY_FILE)
		card_size(&c, "size", st.size);
	if (st.mtime_ns != TIME_UNKNOWN)
		card_time(&c, "last_modified", st.mtime_ns / NS_PER_S);
	if (st.kind == ENTRY_FILE)
		card_string(&c, "content_type", mime_type_of(strbuf_view(&p->path)));
	card_end(&c);
	loc_stat_deinit(&st);
	return rc;
}

static int print_missing(
	struct cli *cli, const char *verb, const char *name, const struct s3t_err *err)
{
	if (cli->opt->json && err->rc != S3T_CANCELLED) {
		struct json_writer w;
		struct strbuf line;
		strbuf_init(&line);
		json_begin(&w, &line);
		json_add_bytes(&w, "url", sv(name));
		json_add_string(&w, "status", SV("failed"));
		add_error_json(&w, err);
		json_end(&w);
		out_json(&line);
		strbuf_deinit(&line);
	}
	return cli_fail(cli, verb, name, err);
}

static int find(struct cli *cli, struct place *p)
{
	int rc = cli_place(cli, cli->opt->operands[0], p);
	if (rc == 0 && (p->is_stdio || (p->is_s3 && !p->bucket.len))) {
		cli_complain("%s names nothing that can be looked at", p->text);
		rc = CLI_EXIT_USAGE;
	}
	if (rc == 0)
		rc = place_take_version(p, cli->opt);
	return rc;
}

int cmd_stat(struct cli *cli)
{
	struct place p;
	struct s3t_err err = {.rc = S3T_OK};
	int rc = find(cli, &p);
	if (rc == 0) {
		enum s3t_rc found = S3T_NOT_FOUND;
		if (p.is_s3 && p.key.len)
			found = stat_object(cli, &p, &err);
		if (found == S3T_NOT_FOUND && !p.version_id)
			found = stat_other(cli, &p, &err);
		if (found != S3T_OK)
			rc = print_missing(cli, "stat", p.text, &err);
	}
	place_deinit(&p);
	return rc;
}

/* --- du --- */

struct count {
	struct cli *cli;
	uint64_t objects, bytes;
	bool has_problem;
};

static void on_problem(void *arg, struct strview rel, const struct s3t_err *why)
{
	struct count *n = arg;
	char *name = s3t_strndup(rel.data, rel.len);
	(void)cli_fail(n->cli, "count", name, why);
	n->has_problem = true;
	free(name);
}

static enum s3t_rc count_under(struct count *n, const struct place *p, struct s3t_err *err)
{
	struct loc_io io = cli_io(n->cli);
	struct loc_list *list = p->loc->ops->list_new(
		p->loc, strbuf_view(&p->path), LOC_LIST_RECURSIVE, on_problem, n);
	bool done = false;
	enum s3t_rc rc = S3T_OK;
	while (!done && rc == S3T_OK) {
		struct entry_page *page = NULL;
		rc = p->loc->ops->list_next(list, &io, &page, &done, err);
		for (uint32_t i = 0; rc == S3T_OK && i < page->count; i++) {
			if (page->entries[i].kind != ENTRY_FILE)
				continue;
			n->objects++;
			if (__builtin_add_overflow(n->bytes, page->entries[i].size, &n->bytes))
				n->bytes = UINT64_MAX;
		}
		entry_page_free(page);
		progress_draw_bytes(n->bytes, 0);
	}
	p->loc->ops->list_free(list);
	return rc;
}

/* A single object or file; or nothing. */
static enum s3t_rc count_single(struct count *n, const struct place *p, struct s3t_err *err)
{
	struct loc_io io = cli_io(n->cli);
	struct loc_stat st;
	enum s3t_rc rc = p->loc->ops->stat(p->loc, &io, strbuf_view(&p->path), &st, err);
	if (rc != S3T_OK)
		return rc;
	if (st.kind == ENTRY_FILE) {
		n->objects = 1;
		n->bytes = st.size;
	}
	loc_stat_deinit(&st);
	return rc;
}

static void print_count(struct cli *cli, const struct place *p, const struct count *n)
{
	char human[TEXT_SIZE_MAX], objects[32];
	struct json_writer w;
	struct strbuf line;
	if (!cli->opt->json) {
		text_size(n->bytes, human);
		text_count(n->objects, objects);
		out_printf("%llu bytes (%s) in %s %s\n", (unsigned long long)n->bytes, human,
			objects, p->is_s3 ? "objects" : "files");
		return;
	}
	strbuf_init(&line);
	json_begin(&w, &line);
	json_add_bytes(&w, "url", sv(p->text));
	json_add_uint(&w, "objects", n->objects);
	json_add_uint(&w, "bytes", n->bytes);
	json_end(&w);
	out_json(&line);
	strbuf_deinit(&line);
}

int cmd_du(struct cli *cli)
{
	struct place p;
	struct s3t_err err = {.rc = S3T_OK};
	struct count n = {.cli = cli};
	int rc = find(cli, &p);
	if (rc == 0) {
		bool is_file = false;
		enum s3t_rc counted = S3T_OK;
		if (!p.is_s3) {
			counted = count_single(&n, &p, &err);
			is_file = n.objects == 1;
		}
		progress_start();
		if (counted == S3T_OK && !is_file)
			counted = count_under(&n, &p, &err);
		progress_stop();
		if (counted == S3T_OK && p.is_s3 && !n.objects && p.key.len)
			counted = count_single(&n, &p, &err);
		if (counted == S3T_OK)
			print_count(cli, &p, &n);
		else
			rc = cli_fail(cli, "count", p.text, &err);
	}
	place_deinit(&p);
	return rc ? rc : n.has_problem ? CLI_EXIT_FAILED : CLI_EXIT_OK;
}
