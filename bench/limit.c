/*
 * The limit that bench/peers measures against: libcurl, signatures and bytes, and nothing else. No
 * retries, no journal, no proof (but for --hash), no temporary files, no clean-up: what is left out
 * here is what a real program may not leave out. Names are plain: no entity, no '%' in them.
 *   s3tui-limit [--threads N] [--part BYTES] [--hash] WORK ARG...
 *     put FILE BUCKET KEY         in parts of --part bytes; one PUT if it has no more
 *     get BUCKET KEY FILE         in ranges of --part bytes
 *     put-all DIR BUCKET PREFIX   get-all BUCKET PREFIX DIR
 *     ls BUCKET PREFIX            prints how many keys there are, and their bytes
 *     rm BUCKET PREFIX            copy BUCKET KEY NEW
 * The endpoint and keys come from S3TUI_TEST_ENDPOINT, _ACCESS_KEY, _SECRET_KEY and _CA. --hash:
 * the SHA-256 of what one PUT sends goes into its signature, and the MD5 of what a GET brings is
 * computed on its way.
 */
#include "core/crypto.h"
#include "core/sigv4.h"
#include "core/timeutil.h"
#include "core/uri.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { THREADS_MAX = 256, GATHER = 512 << 10, QUERY_MAX = 6, RM_BATCH = 1000 };

static const char *endpoint, *access_key, *secret_key, *ca_file;
static struct sigv4_key signing_key;
static unsigned threads = 4;
static uint64_t part_size = 16 << 20;
static bool hashes;

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "s3tui-limit: %s: %s\n", what, why);
	exit(1);
}

/* --- one request --- */

struct conn {
	CURL *easy;
	int socket;
	char *gather;
	struct digest *md5;
	/* of the running request */
	int fd; /* the body's, or where the answer goes; -1: text */
	uint64_t at, left;
	size_t fill;
	const char *text; /* the body, without a descriptor */
	bool is_send;
	struct strbuf answer;
	char etag[64];
};

struct request {
	const char *method, *bucket, *key;
	const struct sigv4_pair *query;
	size_t query_count;
	struct sigv4_pair header; /* one more; name empty: none */
	const char *payload_hash; /* NULL: not signed */
	int fd;                   /* -1: none */
	uint64_t offset, len;     /* of the body, or of the range that fd gets */
	const char *text;         /* a body in memory */
};

static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	(void)purpose;
	return ((struct conn *)arg)->socket = socket(a->family, a->socktype, a->protocol);
}

static size_t on_header(char *line, size_t size, size_t count, void *arg)
{
	struct conn *c = arg;
	int on = 1;
	if (size * count == 2) /* the kernel's late ACK costs 40 ms an answer; facts in http.c */
		setsockopt(c->socket, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
	else if (strncasecmp(line, "etag:", 5) == 0)
		snprintf(c->etag, sizeof c->etag, "%.*s", (int)strcspn(line + 6, "\r"), line + 6);
	return size * count;
}

static void flush(struct conn *c)
{
	for (size_t done = 0; done < c->fill;) {
		ssize_t n = pwrite(c->fd, c->gather + done, c->fill - done, (off_t)c->at);
		if (n < 0)
			die("write", strerror(errno));
		done += (size_t)n;
		c->at += (uint64_t)n;
	}
	c->fill = 0;
}

static size_t on_data(char *data, size_t size, size_t count, void *arg)
{
	struct conn *c = arg;
	size_t len = size * count;
	if (c->fd < 0 || c->is_send) {
		strbuf_add(&c->answer, data, len);
		return len;
	}
	if (hashes)
		digest_update(c->md5, data, len);
	if (c->fill + len > GATHER)
		flush(c);
	memcpy(c->gather + c->fill, data, len);
	c->fill += len;
	return len;
}

static size_t on_read(char *buf, size_t size, size_t count, void *arg)
{
	struct conn *c = arg;
	size_t len = size * count < c->left ? size * count : (size_t)c->left;
	if (len == 0)
		return 0;
	ssize_t n = (ssize_t)len;
	if (c->text)
		memcpy(buf, c->text + c->at, len);
	else
		n = pread(c->fd, buf, len, (off_t)c->at);
	if (n <= 0)
		die("read", n ? strerror(errno) : "too short");
	c->at += (uint64_t)n;
	c->left -= (uint64_t)n;
	return (size_t)n;
}

static struct conn *conn_new(void)
{
	struct conn *c = s3t_alloc(sizeof *c);
	c->easy = curl_easy_init();
	c->gather = s3t_alloc(GATHER);
	c->md5 = digest_new(DIGEST_MD5);
	strbuf_init(&c->answer);
	return c;
}

static void add_line(struct curl_slist **list, struct strview name, struct strview value)
{
	struct strbuf line;
	strbuf_init(&line);
	strbuf_add_sv(&line, name);
	strbuf_add_str(&line, ": ");
	strbuf_add_sv(&line, value);
	*list = curl_slist_append(*list, line.data);
	strbuf_deinit(&line);
}

static void perform(struct conn *c, const struct request *r)
{
	struct strbuf url, path, authorization;
	char date[17];
	int64_t now_s = time_wall_s();
	const char *hash = r->payload_hash ? r->payload_hash : SIGV4_UNSIGNED;
	strbuf_init(&url);
	strbuf_init(&path);
	strbuf_init(&authorization);
	strbuf_addf(&path, "/%s%s", r->bucket, r->key ? "/" : "");
	if (r->key)
		uri_encode(&path, sv(r->key), true);
	strbuf_addf(&url, "%s%s", endpoint, path.data);
	if (r->query_count) {
		strbuf_add_char(&url, '?');
		sigv4_canonical_query(&url, r->query, r->query_count);
	}
	time_format_amz(now_s, date);
	struct sigv4_pair headers[4] = {{SV("host"), sv(strstr(endpoint, "//") + 2)},
		{SV("x-amz-date"), sv(date)}, {SV("x-amz-content-sha256"), sv(hash)}, r->header};
	struct sigv4_request sign = {.method = r->method,
		.path = strbuf_view(&path),
		.query = r->query,
		.query_count = r->query_count,
		.headers = headers,
		.header_count = r->header.name.len ? 4 : 3,
		.payload_hash = sv(hash),
		.region = "us-east-1",
		.service = "s3",
		.when_s = now_s};
	sigv4_authorization(&authorization, &sign, sv(access_key), &signing_key);
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");
	for (size_t i = 1; i < sign.header_count; i++)
		add_line(&list, headers[i].name, headers[i].value);
	add_line(&list, SV("Authorization"), strbuf_view(&authorization));

	bool has_body = strcmp(r->method, "PUT") == 0 || strcmp(r->method, "POST") == 0;
	c->fd = r->fd;
	c->at = r->text ? 0 : r->offset;
	c->left = r->len;
	c->text = r->text;
	c->is_send = has_body;
	c->fill = 0;
	strbuf_reset(&c->answer);
	CURL *e = c->easy;
	curl_easy_reset(e);
	curl_easy_setopt(e, CURLOPT_URL, url.data);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, list);
	curl_easy_setopt(e, CURLOPT_BUFFERSIZE, (long)GATHER);
	curl_easy_setopt(e, CURLOPT_UPLOAD_BUFFERSIZE, (long)GATHER);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_open);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, c);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, c);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, c);
	curl_easy_setopt(e, CURLOPT_FAILONERROR, 1L);
	if (ca_file)
		curl_easy_setopt(e, CURLOPT_CAINFO, ca_file);
	if (has_body) {
		curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(e, CURLOPT_INFILESIZE_LARGE, (curl_off_t)r->len);
		curl_easy_setopt(e, CURLOPT_READFUNCTION, on_read);
		curl_easy_setopt(e, CURLOPT_READDATA, c);
	}
	curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, r->method);
	CURLcode code = curl_easy_perform(e);
	if (code != CURLE_OK)
		die(url.data, curl_easy_strerror(code));
	if (c->fd >= 0 && !has_body) {
		flush(c);
		unsigned char sum[MD5_LEN];
		if (hashes)
			digest_final(c->md5, sum);
	}
	curl_slist_free_all(list);
	strbuf_deinit(&url);
	strbuf_deinit(&path);
	strbuf_deinit(&authorization);
}

/* --- the threads, and what they take turns at --- */

struct file {
	char *path, *key;
	uint64_t size;
};

struct pool {
	void (*run)(struct conn *c, struct pool *p, size_t index);
	const char *bucket, *key, *upload_id;
	char (*etags)[64];
	int fd;
	uint64_t size;
	pthread_mutex_t lock;
	pthread_cond_t more;
	/* guarded by lock */
	struct file *files;
	size_t count, capacity, next;
	bool is_closed;
};

static void *run_thread(void *arg)
{
	struct pool *p = arg;
	struct conn *c = conn_new();
	for (;;) {
		pthread_mutex_lock(&p->lock);
		while (p->next == p->count && !p->is_closed)
			pthread_cond_wait(&p->more, &p->lock);
		size_t index = p->next;
		bool is_over = index == p->count;
		p->next += !is_over;
		pthread_mutex_unlock(&p->lock);
		if (is_over)
			break;
		p->run(c, p, index);
	}
	curl_easy_cleanup(c->easy);
	return NULL;
}

static void start_threads(struct pool *p, pthread_t *ids)
{
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->more, NULL);
	for (unsigned i = 0; i < threads; i++)
		if (pthread_create(&ids[i], NULL, run_thread, p) != 0)
			die("pthread_create", "no thread");
}

static void join_threads(struct pool *p, pthread_t *ids)
{
	pthread_mutex_lock(&p->lock);
	p->is_closed = true;
	pthread_cond_broadcast(&p->more);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
}

static void add_file(struct pool *p, const char *path, struct strview key, uint64_t size)
{
	pthread_mutex_lock(&p->lock);
	if (p->count == p->capacity) {
		p->capacity = p->capacity ? p->capacity * 2 : 1024;
		p->files = realloc(p->files, p->capacity * sizeof *p->files);
		if (!p->files)
			die("realloc", "no memory");
	}
	p->files[p->count++] = (struct file){.path = path ? s3t_strdup(path) : NULL,
		.key = s3t_strndup(key.data, key.len),
		.size = size};
	pthread_cond_signal(&p->more);
	pthread_mutex_unlock(&p->lock);
}

static struct file file_at(struct pool *p, size_t index)
{
	pthread_mutex_lock(&p->lock);
	struct file f = p->files[index];
	pthread_mutex_unlock(&p->lock);
	return f;
}

/* Threads that know from the start how much there is. */
static void run_pool(struct pool *p)
{
	pthread_t ids[THREADS_MAX];
	p->is_closed = true;
	start_threads(p, ids);
	join_threads(p, ids);
}

/* --- the works --- */

static void put_one(struct conn *c, const char *bucket, const char *key, int fd, uint64_t size)
{
	struct strbuf hex;
	strbuf_init(&hex);
	if (hashes) {
		unsigned char sum[SHA256_LEN];
		struct digest *d = digest_new(DIGEST_SHA256);
		for (uint64_t at = 0; at < size;) {
			ssize_t n = pread(fd, c->gather, GATHER, (off_t)at);
			if (n <= 0)
				die(key, "too short");
			digest_update(d, c->gather, (size_t)n);
			at += (uint64_t)n;
		}
		digest_final(d, sum);
		digest_free(d);
		hex_encode(&hex, sum, sizeof sum);
	}
	perform(c, &(struct request){.method = "PUT",
			   .bucket = bucket,
			   .key = key,
			   .payload_hash = hashes ? hex.data : NULL,
			   .fd = fd,
			   .len = size});
	strbuf_deinit(&hex);
}

static uint64_t part_len(const struct pool *p, size_t index)
{
	uint64_t rest = p->size - index * part_size;
	return rest < part_size ? rest : part_size;
}

static void put_part(struct conn *c, struct pool *p, size_t index)
{
	char number[16];
	snprintf(number, sizeof number, "%zu", index + 1);
	struct sigv4_pair query[] = {
		{SV("partNumber"), sv(number)}, {SV("uploadId"), sv(p->upload_id)}};
	perform(c, &(struct request){.method = "PUT",
			   .bucket = p->bucket,
			   .key = p->key,
			   .query = query,
			   .query_count = 2,
			   .fd = p->fd,
			   .offset = index * part_size,
			   .len = part_len(p, index)});
	memcpy(p->etags[index], c->etag, sizeof c->etag);
}

/* The text between <tag> and the next '<', from *at on; *at moves behind it. False: none. */
static bool next_text(const char **at, const char *tag, struct strview *out)
{
	const char *found = strstr(*at, tag);
	if (!found)
		return false;
	found += strlen(tag);
	*out = sv_n(found, strcspn(found, "<"));
	*at = found + out->len;
	return true;
}

static void put(const char *path, const char *bucket, const char *key)
{
	struct stat st;
	int fd = open(path, O_RDONLY);
	if (fd < 0 || fstat(fd, &st) != 0)
		die(path, strerror(errno));
	struct conn *c = conn_new();
	uint64_t size = (uint64_t)st.st_size;
	if (size <= part_size) {
		put_one(c, bucket, key, fd, size);
		return;
	}
	struct sigv4_pair uploads = {SV("uploads"), SV("")};
	perform(c, &(struct request){.method = "POST",
			   .bucket = bucket,
			   .key = key,
			   .query = &uploads,
			   .query_count = 1,
			   .fd = -1,
			   .text = ""});
	struct strview id;
	const char *at = c->answer.data;
	if (!next_text(&at, "<UploadId>", &id))
		die(key, "no upload id");
	struct pool p = {.run = put_part,
		.bucket = bucket,
		.key = key,
		.upload_id = s3t_strndup(id.data, id.len),
		.fd = fd,
		.size = size,
		.count = (size_t)((size + part_size - 1) / part_size)};
	p.etags = s3t_alloc(p.count * sizeof *p.etags);
	run_pool(&p);
	struct strbuf body;
	strbuf_init(&body);
	strbuf_add_str(&body, "<CompleteMultipartUpload>");
	for (size_t i = 0; i < p.count; i++)
		strbuf_addf(&body, "<Part><PartNumber>%zu</PartNumber><ETag>%s</ETag></Part>",
			i + 1, p.etags[i]);
	strbuf_add_str(&body, "</CompleteMultipartUpload>");
	struct sigv4_pair complete = {SV("uploadId"), sv(p.upload_id)};
	perform(c, &(struct request){.method = "POST",
			   .bucket = bucket,
			   .key = key,
			   .query = &complete,
			   .query_count = 1,
			   .fd = -1,
			   .text = body.data,
			   .len = body.len});
}

static void get_range(struct conn *c, struct pool *p, size_t index)
{
	char range[64];
	uint64_t from = index * part_size;
	snprintf(range, sizeof range, "bytes=%llu-%llu", (unsigned long long)from,
		(unsigned long long)(from + part_len(p, index) - 1));
	perform(c, &(struct request){.method = "GET",
			   .bucket = p->bucket,
			   .key = p->key,
			   .header = {SV("range"), sv(range)},
			   .fd = p->fd,
			   .offset = from});
}

static void get_one(struct conn *c, const char *bucket, const char *key, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	if (fd < 0)
		die(path, strerror(errno));
	perform(c, &(struct request){.method = "GET", .bucket = bucket, .key = key, .fd = fd});
	close(fd);
}

static void get(const char *bucket, const char *key, const char *path)
{
	struct conn *c = conn_new();
	perform(c, &(struct request){.method = "GET",
			   .bucket = bucket,
			   .key = key,
			   .header = {SV("range"), SV("bytes=0-0")},
			   .fd = -1});
	struct curl_header *h;
	if (curl_easy_header(c->easy, "content-range", 0, CURLH_HEADER, -1, &h) != CURLHE_OK)
		die(key, "no Content-Range");
	struct pool p = {.run = get_range, .bucket = bucket, .key = key};
	p.size = strtoull(strchr(h->value, '/') + 1, NULL, 10);
	p.count = (size_t)((p.size + part_size - 1) / part_size);
	p.fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	if (p.fd < 0 || posix_fallocate(p.fd, 0, (off_t)p.size) != 0)
		die(path, "cannot be written");
	run_pool(&p);
}

static void put_file(struct conn *c, struct pool *p, size_t index)
{
	struct file f = file_at(p, index);
	int fd = open(f.path, O_RDONLY);
	if (fd < 0)
		die(f.path, strerror(errno));
	put_one(c, p->bucket, f.key, fd, f.size);
	close(fd);
}

static void put_all(char *dir, const char *bucket, const char *prefix)
{
	struct pool p = {.run = put_file, .bucket = bucket};
	pthread_t ids[THREADS_MAX];
	start_threads(&p, ids);
	char *roots[] = {dir, NULL};
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	size_t skip = strlen(dir) + 1;
	for (FTSENT *e; walk && (e = fts_read(walk));) {
		struct strbuf key;
		if (e->fts_info != FTS_F)
			continue;
		strbuf_init(&key);
		strbuf_addf(&key, "%s/%s", prefix, e->fts_path + skip);
		add_file(&p, e->fts_path, strbuf_view(&key), (uint64_t)e->fts_statp->st_size);
		strbuf_deinit(&key);
	}
	fts_close(walk);
	join_threads(&p, ids);
}

/* Lists page after page; every key goes to take (NULL: they are counted). */
static size_t list(const char *bucket, const char *prefix,
	void (*take)(void *arg, struct strview key), void *arg, uint64_t *bytes)
{
	struct conn *c = conn_new();
	struct strbuf token;
	size_t count = 0;
	*bytes = 0;
	strbuf_init(&token);
	do {
		struct sigv4_pair query[QUERY_MAX] = {{SV("list-type"), SV("2")},
			{SV("max-keys"), SV("1000")}, {SV("prefix"), sv(prefix)},
			{SV("continuation-token"), strbuf_view(&token)}};
		perform(c, &(struct request){.method = "GET",
				   .bucket = bucket,
				   .query = query,
				   .query_count = token.len ? 4 : 3,
				   .fd = -1});
		const char *at = c->answer.data;
		struct strview key, size, next;
		while (next_text(&at, "<Key>", &key)) {
			count++;
			if (next_text(&at, "<Size>", &size))
				*bytes += strtoull(size.data, NULL, 10);
			if (take)
				take(arg, key);
		}
		at = c->answer.data;
		strbuf_reset(&token);
		if (next_text(&at, "<NextContinuationToken>", &next))
			strbuf_add_sv(&token, next);
	} while (token.len);
	return count;
}

static void take_file(void *arg, struct strview key)
{
	add_file(arg, NULL, key, 0);
}

static const char *target_dir, *source_prefix;

static void get_file(struct conn *c, struct pool *p, size_t index)
{
	struct file f = file_at(p, index);
	char path[4096];
	snprintf(path, sizeof path, "%s/%s", target_dir, f.key + strlen(source_prefix) + 1);
	for (char *slash = path + strlen(target_dir) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(path, 0777);
		*slash = '/';
	}
	get_one(c, p->bucket, f.key, path);
}

static void get_all(const char *bucket, const char *prefix, const char *dir)
{
	struct pool p = {.run = get_file, .bucket = bucket};
	pthread_t ids[THREADS_MAX];
	target_dir = dir;
	source_prefix = prefix;
	mkdir(dir, 0777);
	start_threads(&p, ids);
	uint64_t bytes;
	list(bucket, prefix, take_file, &p, &bytes);
	join_threads(&p, ids);
}

struct rm_batch {
	struct pool *pool;
	struct strbuf body;
	size_t count;
};

static void rm_close(struct rm_batch *b)
{
	if (!b->count)
		return;
	strbuf_add_str(&b->body, "</Delete>");
	add_file(b->pool, NULL, strbuf_view(&b->body), b->body.len);
	strbuf_reset(&b->body);
	b->count = 0;
}

static void rm_key(void *arg, struct strview key)
{
	struct rm_batch *b = arg;
	if (!b->count)
		strbuf_add_str(&b->body, "<Delete><Quiet>true</Quiet>");
	strbuf_add_str(&b->body, "<Object><Key>");
	strbuf_add_sv(&b->body, key);
	strbuf_add_str(&b->body, "</Key></Object>");
	if (++b->count == RM_BATCH)
		rm_close(b);
}

static void rm_files(struct conn *c, struct pool *p, size_t index)
{
	struct file f = file_at(p, index); /* key: the document */
	struct sigv4_pair query = {SV("delete"), SV("")};
	unsigned char sum[MD5_LEN];
	struct strbuf text;
	strbuf_init(&text);
	md5(sv_n(f.key, f.size), sum);
	base64_encode(&text, sum, sizeof sum);
	perform(c, &(struct request){.method = "POST",
			   .bucket = p->bucket,
			   .query = &query,
			   .query_count = 1,
			   .header = {SV("content-md5"), strbuf_view(&text)},
			   .fd = -1,
			   .text = f.key,
			   .len = f.size});
	strbuf_deinit(&text);
}

static void rm(const char *bucket, const char *prefix)
{
	struct pool p = {.run = rm_files, .bucket = bucket};
	struct rm_batch b = {.pool = &p};
	pthread_t ids[THREADS_MAX];
	strbuf_init(&b.body);
	start_threads(&p, ids);
	uint64_t bytes;
	list(bucket, prefix, rm_key, &b, &bytes);
	rm_close(&b);
	join_threads(&p, ids);
}

static void copy(const char *bucket, const char *key, const char *new_key)
{
	struct strbuf source;
	strbuf_init(&source);
	strbuf_addf(&source, "/%s/%s", bucket, key);
	perform(conn_new(), &(struct request){.method = "PUT",
				    .bucket = bucket,
				    .key = new_key,
				    .header = {SV("x-amz-copy-source"), strbuf_view(&source)},
				    .fd = -1,
				    .text = ""});
	strbuf_deinit(&source);
}

static void ls(const char *bucket, const char *prefix)
{
	uint64_t bytes;
	size_t count = list(bucket, prefix, NULL, NULL, &bytes);
	printf("%zu %llu\n", count, (unsigned long long)bytes);
}

static const char *variable(const char *name)
{
	const char *value = getenv(name);
	if (!value || !*value)
		die(name, "is not set");
	return value;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"threads", required_argument, NULL, 't'},
		{"part", required_argument, NULL, 'p'}, {"hash", no_argument, NULL, 'h'}, {0}};
	for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (o == 't')
			threads = (unsigned)strtoul(optarg, NULL, 10);
		else if (o == 'p')
			part_size = strtoull(optarg, NULL, 10);
		else if (o == 'h')
			hashes = true;
		else
			return 2;
	}
	if (threads < 1 || threads > THREADS_MAX || part_size == 0)
		die("--threads, --part", "not a number that can be");
	crypto_global_init();
	curl_global_init(CURL_GLOBAL_DEFAULT);
	endpoint = variable("S3TUI_TEST_ENDPOINT");
	access_key = variable("S3TUI_TEST_ACCESS_KEY");
	secret_key = variable("S3TUI_TEST_SECRET_KEY");
	ca_file = getenv("S3TUI_TEST_CA");
	sigv4_derive_key(sv(secret_key), time_wall_s(), "us-east-1", "s3", &signing_key);
	const char *work = optind < argc ? argv[optind] : "";
	char **a = argv + optind + 1;
	int count = argc - optind - 1;
	if (strcmp(work, "put") == 0 && count == 3)
		put(a[0], a[1], a[2]);
	else if (strcmp(work, "get") == 0 && count == 3)
		get(a[0], a[1], a[2]);
	else if (strcmp(work, "put-all") == 0 && count == 3)
		put_all(a[0], a[1], a[2]);
	else if (strcmp(work, "get-all") == 0 && count == 3)
		get_all(a[0], a[1], a[2]);
	else if (strcmp(work, "ls") == 0 && count == 2)
		ls(a[0], a[1]);
	else if (strcmp(work, "rm") == 0 && count == 2)
		rm(a[0], a[1]);
	else if (strcmp(work, "copy") == 0 && count == 3)
		copy(a[0], a[1], a[2]);
	else
		die(work, "no such work, or not its arguments");
	return 0;
}
