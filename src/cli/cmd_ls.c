/* ls: page by page as they come; nothing is kept. */
#include "cli/internal.h"

#include "transfer/split_list.h"

#include <stdlib.h>

struct lister {
	struct cli *cli;
	struct strview prefix; /* in front of the names; for JSON */
	uint64_t left;         /* names still to be shown */
	uint64_t shown;
	struct strbuf line;
	bool has_problem;
};

static void print_json(struct lister *l, const struct entry_page *page, const struct entry *e)
{
	struct json_writer w;
	struct strbuf name;
	struct path_version version;
	char when[32];
	(void)path_version_split(entry_name(page, e), &version);
	strbuf_init(&name);
	strbuf_add_sv(&name, l->prefix);
	strbuf_add_sv(&name, entry_name(page, e));
	json_begin(&w, &l->line);
	if (e->kind == ENTRY_BUCKET)
		json_add_bytes(&w, "bucket", strbuf_view(&name));
	else if (e->kind == ENTRY_DIR)
		json_add_bytes(&w, "prefix", strbuf_view(&name));
	else
		json_add_bytes(&w, "key", path_version_split(strbuf_view(&name), NULL));
	if (version.id.len) {
		json_add_string(&w, "version_id", version.id);
		json_add_bool(&w, "is_latest", version.is_latest);
		json_add_bool(&w, "is_delete_marker", version.is_marker);
	}
	bool is_object = e->kind != ENTRY_BUCKET && e->kind != ENTRY_DIR;
	if (is_object)
		json_add_uint(&w, "size", e->size);
	if (e->mtime_s != TIME_UNKNOWN) {
		time_format_iso(e->mtime_s, when);
		json_add_string(
			&w, e->kind == ENTRY_BUCKET ? "created" : "last_modified", sv(when));
	} else if (is_object) {
		json_add_null(&w, "last_modified");
	}
	if (is_object && page->has_etags) {
		const char *class = storage_class_name(e->storage_class);
		json_add_string(&w, "etag", entry_etag(page, e));
		json_add_string(&w, "storage_class", sv(class && class[0] ? class : "STANDARD"));
	}
	json_end(&w);
	out_json(&l->line);
	strbuf_deinit(&name);
}

static void print_text(const struct entry_page *page, const struct entry *e)
{
	char when[32];
	struct path_version version;
	struct strview name = path_version_split(entry_name(page, e), &version);
	if (!name.len)
		return; /* the marker of the prefix itself */
	time_format_local(e->mtime_s, true, when);
	out_right(sv(when), 19);
	out_text(SV(" "));
	if (version.is_marker)
		out_right(SV("deleted"), 14);
	else if (e->kind == ENTRY_FILE)
		out_number(e->size, 14);
	else
		out_right(sv(e->kind == ENTRY_DIR           ? "dir"
				  : e->kind == ENTRY_BUCKET ? "bucket"
				  : e->kind == ENTRY_LINK   ? "link"
							    : "other"),
			14);
	out_text(SV("  "));
	out_name(name);
	if (version.id.len) {
		out_text(SV("  "));
		out_name(version.id);
		out_text(version.is_latest ? SV("  latest") : SV(""));
	}
	bool needs_slash = e->kind == ENTRY_DIR && name.data[name.len - 1] != '/';
	out_text(needs_slash ? SV("/\n") : SV("\n"));
}

/* False when enough was shown, or nobody reads. */
static bool print_page(struct lister *l, const struct entry_page *page)
{
	for (uint32_t i = 0; i < page->count && l->left; i++) {
		if (l->cli->opt->json)
			print_json(l, page, &page->entries[i]);
		else
			print_text(page, &page->entries[i]);
		l->shown++;
		l->left--;
	}
	return out_flush() && l->left;
}

static void on_problem(void *arg, struct strview rel, const struct s3t_err *why)
{
	struct lister *l = arg;
	char *name = s3t_strndup(rel.data, rel.len);
	(void)cli_fail(l->cli, "list", name, why);
	l->has_problem = true;
	free(name);
}

static int list_place(struct lister *l, const struct place *p)
{
	struct cli *cli = l->cli;
	struct loc_io io = cli_io(cli);
	unsigned flags = cli->opt->recursive ? LOC_LIST_RECURSIVE : 0;
	if (cli->opt->versions)
		flags |= LOC_LIST_VERSIONS;
	if (cli->opt->json)
		flags |= LOC_LIST_ETAGS;
	struct split_list *list =
		split_list_new(p->loc, strbuf_view(&p->path), flags, on_problem, l, NULL);
	bool done = false, go_on = true;
	enum s3t_rc rc = S3T_OK;
	struct s3t_err err;
	while (!done && go_on && rc == S3T_OK) {
		struct entry_page *page = NULL;
		rc = split_list_next(list, &io, &page, &done, &err);
		if (rc == S3T_OK)
			go_on = print_page(l, page);
		entry_page_free(page);
	}
	split_list_free(list);
	if (rc != S3T_OK)
		return cli_fail(cli, "list", p->text, &err);
	return l->has_problem ? CLI_EXIT_FAILED : CLI_EXIT_OK;
}

/* One page of S3, with no more names than are wanted. */
static int list_s3_some(struct lister *l, const struct place *p)
{
	struct s3_ctx ctx = cli_ctx(l->cli);
	struct s3_list list;
	s3_list_init(&list, p->bucket, l->prefix);
	list.is_recursive = l->cli->opt->recursive;
	list.want_etags = l->cli->opt->json;
	bool go_on = true;
	enum s3t_rc rc = S3T_OK;
	struct s3t_err err;
	while (!list.is_done && go_on && rc == S3T_OK) {
		struct entry_page *page = NULL;
		list.max_keys = l->left < 1000 ? (uint32_t)l->left : 1000;
		rc = s3_list_page(&ctx, &list, &page, &err);
		if (rc == S3T_OK)
			go_on = print_page(l, page);
		entry_page_free(page);
	}
	s3_list_deinit(&list);
	return rc == S3T_OK ? CLI_EXIT_OK : cli_fail(l->cli, "list", p->text, &err);
}

/* Nothing lies under s3://b/foo/: it may be an object, or nothing at all. Also for a local file. */
static int list_single(struct lister *l, const struct place *p)
{
	struct loc_io io = cli_io(l->cli);
	struct loc_stat st;
	struct s3t_err err;
	enum s3t_rc rc = p->loc->ops->stat(p->loc, &io, strbuf_view(&p->path), &st, &err);
	if (rc != S3T_OK)
		return cli_fail(l->cli, "list", p->text, &err);
	struct entry_page *page = entry_page_new(true);
	struct strview name = p->is_s3 ? p->key : strbuf_view(&p->path);
	struct strview base = l->cli->opt->json && p->is_s3 ? name : path_basename(name);
	int64_t mtime_s = st.mtime_ns == TIME_UNKNOWN ? TIME_UNKNOWN : st.mtime_ns / NS_PER_S;
	l->prefix = sv_n("", 0);
	if (st.kind != ENTRY_DIR && entry_page_add(page, base, (enum entry_kind)st.kind, st.size,
					    mtime_s, 0, sv(st.etag)))
		(void)print_page(l, page);
	entry_page_free(page);
	loc_stat_deinit(&st);
	return CLI_EXIT_OK;
}

/* Of one object. */
static int list_versions(struct lister *l, const struct place *p)
{
	struct loc_io io = cli_io(l->cli);
	struct strview path = strbuf_view(&p->path), parent = path_parent(path);
	struct loc_list *list = p->loc->ops->list_new(
		p->loc, path, LOC_LIST_VERSIONS | LOC_LIST_EXACT | LOC_LIST_ETAGS, on_problem, l);
	bool done = false;
	enum s3t_rc rc = S3T_OK;
	struct s3t_err err;
	l->prefix = sv_n("", 0);
	struct strview base = l->cli->opt->json ? p->key : sv_from(path, parent.len);
	while (!done && rc == S3T_OK) {
		struct entry_page *page = NULL, *named = entry_page_new(true);
		rc = p->loc->ops->list_next(list, &io, &page, &done, &err);
		for (uint32_t i = 0; rc == S3T_OK && i < page->count; i++) {
			const struct entry *e = &page->entries[i];
			struct strbuf name;
			strbuf_init(&name);
			strbuf_add_sv(&name, base);
			strbuf_add_sv(&name, entry_name(page, e));
			(void)entry_page_add(named, strbuf_view(&name), ENTRY_FILE, e->size,
				e->mtime_s, e->storage_class, entry_etag(page, e));
			strbuf_deinit(&name);
		}
		done = !print_page(l, named) || done;
		entry_page_free(page);
		entry_page_free(named);
	}
	p->loc->ops->list_free(list);
	if (rc == S3T_OK && !l->shown)
		rc = s3t_fail(&err, S3T_NOT_FOUND,
			"There is no object and no prefix of that name, "
			"and no version of one.");
	return rc == S3T_OK ? CLI_EXIT_OK : cli_fail(l->cli, "list", p->text, &err);
}

int cmd_ls(struct cli *cli)
{
	struct place p;
	struct lister l = {.cli = cli, .left = UINT64_MAX};
	if (cli->opt->max_keys)
		l.left = cli->opt->max_keys;
	int rc = cli_place(cli, cli->opt->operand_count ? cli->opt->operands[0] : "s3://", &p);
	struct strbuf prefix;
	strbuf_init(&prefix);
	strbuf_init(&l.line);
	strbuf_add_sv(&prefix, p.key);
	if (p.key.len && !p.wants_dir)
		strbuf_add_char(&prefix, '/');
	l.prefix = strbuf_view(&prefix);
	struct loc_stat st = {0};
	struct loc_io io = cli_io(cli);
	if (rc == 0 && p.is_stdio) {
		cli_complain("- cannot be listed");
		rc = CLI_EXIT_USAGE;
	} else if (rc == 0 && cli->opt->versions && (!p.is_s3 || !p.bucket.len)) {
		cli_complain("--versions wants a bucket: s3://BUCKET/PREFIX");
		rc = CLI_EXIT_USAGE;
	} else if (rc == 0 && !p.is_s3 &&
		   p.loc->ops->stat(p.loc, &io, strbuf_view(&p.path), &st, NULL) == S3T_OK &&
		   st.kind != ENTRY_DIR) {
		rc = list_single(&l, &p);
	} else if (rc == 0) {
		bool is_some = p.is_s3 && p.bucket.len && cli->opt->max_keys && !cli->opt->versions;
		rc = is_some ? list_s3_some(&l, &p) : list_place(&l, &p);
		if (rc == 0 && !l.shown && p.key.len)
			rc = cli->opt->versions ? list_versions(&l, &p) : list_single(&l, &p);
	}
	strbuf_deinit(&prefix);
	strbuf_deinit(&l.line);
	place_deinit(&p);
	return rc;
}
