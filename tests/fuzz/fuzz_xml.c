/*
 * Documents of a hostile server, through the operations that read them. The first line names the
 * operation, the rest are the server's answers (fuzz.h); "doc" and "text" go to the parser itself.
 */
#include "core/text.h"
#include "core/timeutil.h"
#include "core/xml.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_server_init();
	return 0;
}

/* --- the parser itself --- */

struct walk {
	int depth; /* of the innermost open element; -1: none */
	char names[XML_DEPTH_MAX][64];
	struct strbuf text; /* of the root */
};

static void on_open(void *arg, int depth, struct strview name)
{
	struct walk *w = arg;
	CHECK(depth == w->depth + 1 && depth < XML_DEPTH_MAX);
	CHECK(name.len && name.len < sizeof w->names[0]);
	w->depth = depth;
	memcpy(w->names[depth], name.data, name.len);
	w->names[depth][name.len] = '\0';
}

static void on_close(
	void *arg, int depth, struct strview parent, struct strview name, struct strview text)
{
	struct walk *w = arg;
	CHECK(depth == w->depth);
	CHECK(sv_eq(name, sv(w->names[depth])));
	CHECK(sv_eq(parent, sv(depth ? w->names[depth - 1] : "")));
	CHECK(utf8_is_valid(text));
	CHECK(sv_find(text, '\0') == text.len);
	w->depth--;
	if (depth == 0)
		strbuf_add_sv(&w->text, text);
}

static bool parse(struct strview doc, struct walk *w)
{
	struct xml_handler handler = {on_open, on_close, w};
	struct s3t_err err;
	char root[64];
	w->depth = -1;
	enum s3t_rc rc = xml_parse(doc, &handler, root, &err);
	fuzz_check_err(rc, &err);
	if (rc == S3T_OK)
		CHECK(w->depth == -1 && strcmp(root, w->names[0]) == 0);
	return rc == S3T_OK;
}

static void check_doc(struct strview doc)
{
	struct walk w;
	strbuf_init(&w.text);
	if (parse(doc, &w)) {
		CHECK(!memmem(doc.data, doc.len, "<!DOCTYPE", 9));
		CHECK(!memmem(doc.data, doc.len, "<!ENTITY", 8) ||
			memmem(doc.data, doc.len, "<![CDATA[", 9) ||
			memmem(doc.data, doc.len, "<!--", 4));
	}
	strbuf_deinit(&w.text);
}

/* What can be written comes back as it was. */
static void check_text(struct strview text)
{
	struct strbuf doc;
	struct walk w;
	strbuf_init(&doc);
	strbuf_init(&w.text);
	strbuf_add_str(&doc, "<a>");
	if (xml_escape(&doc, text)) {
		strbuf_add_str(&doc, "</a>");
		CHECK(parse(strbuf_view(&doc), &w));
		CHECK(sv_eq(strbuf_view(&w.text), text));
	} else {
		CHECK(doc.len == 3);
	}
	strbuf_deinit(&doc);
	strbuf_deinit(&w.text);
}

/* --- operations --- */

static void check_page(const struct entry_page *page)
{
	for (uint32_t i = 0; i < page->count; i++) {
		const struct entry *e = &page->entries[i];
		struct strview name = entry_name(page, e), etag = entry_etag(page, e);
		CHECK(e->kind < ENTRY_KIND_COUNT);
		CHECK((uint64_t)e->name_at + name.len + etag.len <= page->arena_len);
		CHECK(e->mtime_s == TIME_UNKNOWN || llabs(e->mtime_s) < 253402300800);
		CHECK(storage_class_name(e->storage_class));
	}
}

static void list(struct fuzz_server *s, bool is_v1)
{
	struct s3_list l;
	struct s3t_err err;
	s3_list_init(&l, SV("bucket"), SV("pre/"));
	l.want_etags = true;
	l.is_v1 = is_v1;
	struct strbuf before;
	strbuf_init(&before);
	while (!l.is_done) {
		struct entry_page *page;
		strbuf_reset(&before);
		strbuf_add_sv(&before, strbuf_view(&l.token));
		enum s3t_rc rc = s3_list_page(&s->ctx, &l, &page, &err);
		fuzz_check_err(rc, &err);
		CHECK((rc == S3T_OK) == (page != NULL));
		if (!page)
			break;
		check_page(page);
		CHECK(l.is_done ||
			(l.token.len && !sv_eq(strbuf_view(&before), strbuf_view(&l.token))));
		entry_page_free(page);
	}
	strbuf_deinit(&before);
	s3_list_deinit(&l);
}

static enum s3t_rc buckets(struct fuzz_server *s, struct s3t_err *err)
{
	struct entry_page *page = entry_page_new(false);
	enum s3t_rc rc = s3_list_buckets(&s->ctx, page, err);
	check_page(page);
	entry_page_free(page);
	return rc;
}

static void on_not_deleted(void *arg, size_t index, const struct s3t_err *why)
{
	CHECK(index < *(const size_t *)arg);
	fuzz_check_err(why->rc, why);
	CHECK(why->rc != S3T_OK);
}

static enum s3t_rc delete (struct fuzz_server *s, struct s3t_err *err) {
	struct strview keys[] = {SV("a"), SV("b/c"), SV("esc\x1b"), SV("<&>")};
	size_t count = sizeof keys / sizeof *keys;
	return s3_delete_objects(
		&s->ctx, SV("bucket"), keys, NULL, count, on_not_deleted, &count, err);
}

static void on_part(void *arg, uint32_t number, uint64_t size, struct strview etag)
{
	(void)arg;
	(void)size;
	CHECK(number >= 1 && number <= S3_PARTS_MAX);
	CHECK(etag.len < S3_ETAG_MAX);
}

static void on_upload(void *arg, struct strview key, struct strview upload_id, int64_t initiated_s)
{
	(void)arg;
	(void)key;
	(void)upload_id;
	CHECK(initiated_s == TIME_UNKNOWN || llabs(initiated_s) < 253402300800);
}

static enum s3t_rc create(struct fuzz_server *s, struct s3t_err *err)
{
	char *id;
	enum s3t_rc rc =
		s3_create_multipart_upload(&s->ctx, SV("bucket"), SV("key"), NULL, &id, err);
	CHECK((rc == S3T_OK) == (id && *id));
	free(id);
	return rc;
}

static enum s3t_rc complete(struct fuzz_server *s, struct s3t_err *err)
{
	static const char etags[2][S3_ETAG_MAX] = {"0123", "4567"};
	char etag[S3_ETAG_MAX] = "", *version = NULL;
	enum s3t_rc rc = s3_complete_multipart_upload(&s->ctx, SV("bucket"), SV("key"), "id", NULL,
		etags, 2, "expected-2", etag, &version, err);
	CHECK(memchr(etag, '\0', sizeof etag));
	free(version);
	return rc;
}

static enum s3t_rc copy(struct fuzz_server *s, struct s3t_err *err)
{
	char etag[S3_ETAG_MAX];
	struct s3_copy_source from = {.bucket = SV("bucket"), .key = SV("from")};
	enum s3t_rc rc = s3_copy_object(&s->ctx, &from, SV("bucket"), SV("to"), NULL, etag, err);
	CHECK(memchr(etag, '\0', sizeof etag));
	return rc;
}

static enum s3t_rc operate(struct fuzz_server *s, struct strview name, struct s3t_err *err)
{
	struct strview bucket = SV("bucket"), key = SV("key\xe2\x80\xae\x1b");
	if (sv_eq(name, SV("buckets")))
		return buckets(s, err);
	if (sv_eq(name, SV("delete")))
		return delete (s, err);
	if (sv_eq(name, SV("parts")))
		return s3_list_parts(&s->ctx, bucket, key, "id", on_part, NULL, err);
	if (sv_eq(name, SV("uploads")))
		return s3_list_multipart_uploads(&s->ctx, bucket, key, on_upload, NULL, NULL, err);
	if (sv_eq(name, SV("create")))
		return create(s, err);
	if (sv_eq(name, SV("complete")))
		return complete(s, err);
	if (sv_eq(name, SV("copy")))
		return copy(s, err);
	return s3_create_bucket(&s->ctx, bucket, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strview rest = sv_n((const char *)data, size);
	struct strview name = fuzz_take(&rest, '\n');
	struct fuzz_server s;
	struct s3t_err err;
	if (sv_eq(name, SV("doc")))
		return check_doc(rest), 0;
	if (sv_eq(name, SV("text")))
		return check_text(rest), 0;
	fuzz_server_start(&s, rest);
	if (sv_eq(name, SV("list")) || sv_eq(name, SV("list1")))
		list(&s, name.len > 4);
	else
		fuzz_check_err(operate(&s, name, &err), &err);
	fuzz_server_stop(&s);
	return 0;
}
