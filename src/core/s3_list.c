/*
 * ListObjectsV2 page by page, with a fall back to version 1 where the server has no other. The
 * prefix that the answer echoes is never used: some servers mangle it. A token that does not change
 * ends the listing with an error instead of going round for ever (threat T8).
 */
#include "core/parse.h"
#include "core/s3.h"
#include "core/timeutil.h"
#include "core/xml.h"

#include <stdio.h>
#include <string.h>

struct page_reader {
	const struct s3_list *list;
	struct entry_page *page;
	bool is_encoded, truncated, failed;
	bool says_encoded, has_decoded; /* the answer says so; decoding made a difference */
	struct strbuf key, etag, storage_class, last_key, next_token, next_marker;
	uint64_t size;
	int64_t mtime_ns;
};

void s3_list_init(struct s3_list *list, struct strview bucket, struct strview prefix)
{
	*list = (struct s3_list){.bucket = bucket, .prefix = prefix};
	strbuf_init(&list->token);
	strbuf_init(&list->after);
}

void s3_list_deinit(struct s3_list *list)
{
	strbuf_deinit(&list->token);
	strbuf_deinit(&list->after);
}

static void set_text(struct strbuf *to, struct strview text)
{
	strbuf_reset(to);
	strbuf_add_sv(to, text);
}

static void set_name(struct page_reader *r, struct strbuf *to, struct strview text)
{
	strbuf_reset(to);
	if (r->is_encoded)
		uri_decode(to, text, true);
	else
		strbuf_add_sv(to, text);
	r->has_decoded = r->has_decoded || !sv_eq(strbuf_view(to), text);
}

static void add_entry(struct page_reader *r, enum entry_kind kind)
{
	struct strview name = strbuf_view(&r->key);
	if (sv_cmp(name, strbuf_view(&r->last_key)) > 0)
		set_text(&r->last_key, name);
	if (!sv_starts_with(name, r->list->prefix))
		return; /* not asked for */
	name = sv_from(name, r->list->prefix.len);
	char etag[S3_ETAG_MAX];
	s3_clean_etag(strbuf_view(&r->etag), etag);
	int64_t mtime_s = r->mtime_ns == TIME_UNKNOWN ? TIME_UNKNOWN : r->mtime_ns / NS_PER_S;
	if (!entry_page_add(r->page, name, kind, r->size, mtime_s,
		    storage_class_index(strbuf_view(&r->storage_class)), sv(etag)))
		r->failed = true;
}

static void on_open(void *arg, int depth, struct strview name)
{
	struct page_reader *r = arg;
	if (depth != 1)
		return;
	(void)name;
	strbuf_reset(&r->key);
	strbuf_reset(&r->etag);
	strbuf_reset(&r->storage_class);
	r->size = 0;
	r->mtime_ns = TIME_UNKNOWN;
}

static void on_content(struct page_reader *r, struct strview name, struct strview text)
{
	if (sv_eq(name, SV("Key")))
		set_name(r, &r->key, text);
	else if (sv_eq(name, SV("Size")) && !parse_u64(text, &r->size))
		r->failed = true;
	else if (sv_eq(name, SV("LastModified")))
		r->mtime_ns = time_parse_iso_ns(text);
	else if (sv_eq(name, SV("ETag")))
		set_text(&r->etag, text);
	else if (sv_eq(name, SV("StorageClass")))
		set_text(&r->storage_class, text);
}

static void on_close(
	void *arg, int depth, struct strview parent, struct strview name, struct strview text)
{
	struct page_reader *r = arg;
	if (depth == 2 && sv_eq(parent, SV("Contents")))
		on_content(r, name, text);
	else if (depth == 2 && sv_eq(parent, SV("CommonPrefixes")) && sv_eq(name, SV("Prefix")))
		set_name(r, &r->key, text);
	else if (depth == 1 && sv_eq(name, SV("Contents")))
		add_entry(r, ENTRY_FILE);
	else if (depth == 1 && sv_eq(name, SV("CommonPrefixes")))
		add_entry(r, ENTRY_DIR);
	else if (depth == 1 && sv_eq(name, SV("EncodingType")))
		r->says_encoded = sv_eq(text, SV("url"));
	else if (depth == 1 && sv_eq(name, SV("IsTruncated")))
		r->truncated = sv_eq(text, SV("true"));
	else if (depth == 1 && sv_eq(name, SV("NextContinuationToken")))
		set_text(&r->next_token, text);
	else if (depth == 1 && sv_eq(name, SV("NextMarker")))
		set_name(r, &r->next_marker, text);
}

/* Before each try: what half a page left behind is forgotten. */
static void start_page(void *arg, struct s3_call *call)
{
	struct page_reader *r = arg;
	(void)call;
	r->page->count = 0;
	r->page->arena_len = 0;
	r->truncated = r->failed = r->says_encoded = r->has_decoded = false;
	strbuf_reset(&r->last_key);
	strbuf_reset(&r->next_token);
	strbuf_reset(&r->next_marker);
}

static enum s3t_rc fetch(
	const struct s3_ctx *ctx, struct s3_list *list, struct page_reader *r, struct s3t_err *err)
{
	const struct provider *provider = s3_client_profile(ctx->client)->provider;
	struct sigv4_pair query[8];
	size_t n = 0;
	char max_keys[16];
	snprintf(max_keys, sizeof max_keys, "%u", list->max_keys ? list->max_keys : 1000);
	r->is_encoded = !provider->no_url_encoding && !list->is_plain;
	if (!list->is_v1)
		query[n++] = (struct sigv4_pair){SV("list-type"), SV("2")};
	if (list->prefix.len)
		query[n++] = (struct sigv4_pair){SV("prefix"), list->prefix};
	if (!list->is_recursive)
		query[n++] = (struct sigv4_pair){SV("delimiter"), SV("/")};
	if (r->is_encoded)
		query[n++] = (struct sigv4_pair){SV("encoding-type"), SV("url")};
	query[n++] = (struct sigv4_pair){SV("max-keys"), sv(max_keys)};
	if (list->token.len) {
		struct strview name = list->is_v1 ? SV("marker") : SV("continuation-token");
		query[n++] = (struct sigv4_pair){name, strbuf_view(&list->token)};
	} else if (list->after.len) {
		struct strview name = list->is_v1 ? SV("marker") : SV("start-after");
		query[n++] = (struct sigv4_pair){name, strbuf_view(&list->after)};
	}
	struct xml_handler handler = {.open = on_open, .close = on_close, .arg = r};
	struct s3_call call = {.method = "GET",
		.bucket = list->bucket,
		.query = query,
		.query_count = n,
		.root = "ListBucketResult",
		.handler = &handler,
		.prepare = start_page,
		.prepare_arg = r};
	struct http_response resp;
	http_response_init(&resp);
	enum s3t_rc rc = s3_send(ctx, &call, &resp, err);
	http_response_deinit(&resp);
	return rc;
}

/* Where the next page starts; false if the server gives no way on. */
static bool advance(struct s3_list *list, struct page_reader *r)
{
	struct strbuf *next = &r->next_token;
	/* made of a key, and mangled where XML could not hold that key: version 1 takes the key */
	if (memmem(next->data, next->len, "\xef\xbf\xbd", 3))
		list->is_v1 = true;
	if (list->is_v1)
		next = r->next_marker.len ? &r->next_marker : &r->last_key;
	if (next->len == 0 || sv_eq(strbuf_view(next), strbuf_view(&list->token)))
		return false;
	set_text(&list->token, strbuf_view(next));
	return true;
}

static void reader_init(struct page_reader *r, const struct s3_list *list)
{
	*r = (struct page_reader){.list = list, .page = entry_page_new(list->want_etags)};
	struct strbuf *all[] = {&r->key, &r->etag, &r->storage_class, &r->last_key, &r->next_token,
		&r->next_marker};
	for (size_t i = 0; i < 6; i++)
		strbuf_init(all[i]);
}

static void reader_deinit(struct page_reader *r)
{
	struct strbuf *all[] = {&r->key, &r->etag, &r->storage_class, &r->last_key, &r->next_token,
		&r->next_marker};
	for (size_t i = 0; i < 6; i++)
		strbuf_deinit(all[i]);
	entry_page_free(r->page);
}

enum s3t_rc s3_list_page(const struct s3_ctx *ctx, struct s3_list *list, struct entry_page **page,
	struct s3t_err *err)
{
	*page = NULL;
	if (s3_client_profile(ctx->client)->provider->list_v1)
		list->is_v1 = true;
	struct page_reader r;
	reader_init(&r, list);
	enum s3t_rc rc = fetch(ctx, list, &r, err);
	bool first = list->pages == 0 && !list->is_v1;
	if (first &&
		(rc == S3T_UNSUPPORTED || (rc == S3T_OK && r.truncated && !r.next_token.len))) {
		list->is_v1 = true;
		rc = fetch(ctx, list, &r, err);
	}
	/* it did not encode what it was asked to: names with '+' and '%' are what they are */
	if (rc == S3T_OK && r.has_decoded && !r.says_encoded) {
		list->is_plain = true;
		rc = fetch(ctx, list, &r, err);
	}
	if (rc == S3T_OK && r.failed)
		rc = s3t_fail(err, S3T_PROTOCOL,
			"The server's listing has a size or name that "
			"cannot be.");
	if (rc == S3T_OK && r.truncated && !advance(list, &r))
		rc = s3t_fail(err, S3T_PROTOCOL,
			"The server says that the listing goes on but not from where.");
	if (rc == S3T_OK) {
		list->pages++;
		list->is_done = !r.truncated;
		entry_page_trim(r.page);
		*page = r.page;
		r.page = NULL;
	}
	reader_deinit(&r);
	return rc;
}
