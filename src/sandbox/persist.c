/*
 * The side files of the store: lines of a word and percent-encoded values. They are written for
 * every store, so that a kept one (sandbox_options.dir) can be opened again.
 */
#include "core/parse.h"
#include "core/uri.h"
#include "sandbox/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { META_MAX = 8 << 20 };

void sbx_meta_path(struct strview bucket, struct strview key, char out[160])
{
	unsigned char hash[SHA256_LEN];
	sha256(key, hash);
	struct strbuf hex;
	strbuf_init(&hex);
	hex_encode(&hex, hash, sizeof hash);
	snprintf(out, 160, "buckets/%.*s/%s", bucket.len < 64 ? (int)bucket.len : 0, bucket.data,
		hex.data);
	strbuf_deinit(&hex);
}

static void add_line(struct strbuf *out, const char *word, struct strview value)
{
	strbuf_add_str(out, word);
	strbuf_add_char(out, ' ');
	uri_encode(out, value, true);
	strbuf_add_char(out, '\n');
}

bool sbx_meta_write(
	struct sbx_store *store, const struct sbx_object *object, char temp[SBX_ID_LEN + 8])
{
	struct strbuf text;
	strbuf_init(&text);
	add_line(&text, "key", sbx_object_key(object));
	add_line(&text, "etag", sv(object->etag));
	add_line(&text, "class", sv(object->storage_class));
	strbuf_addf(&text, "mtime %lld\n", (long long)object->mtime_s);
	for (size_t i = 0; i < object->headers.count; i++) {
		strbuf_addf(&text, "header %s", object->headers.items[i].name);
		add_line(&text, "", sv(object->headers.items[i].value));
	}
	for (size_t i = 0; i < object->segment_count; i++) {
		const struct sbx_segment *s = &object->segments[i];
		strbuf_addf(&text, "segment %s %llu %llu\n", s->blob->id,
			(unsigned long long)s->offset, (unsigned long long)s->size);
	}
	char name[SBX_ID_LEN + 1];
	random_name(name, SBX_ID_LEN);
	snprintf(temp, SBX_ID_LEN + 8, "tmp/%s", name);
	bool ok = false;
	int fd = openat(store->root_fd, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0) {
		ok = strbuf_ok(&text) && fd_write_all(fd, text.data, text.len);
		if (close(fd) != 0 || !ok) {
			ok = false;
			unlinkat(store->root_fd, temp, 0);
		}
	}
	strbuf_deinit(&text);
	return ok;
}

static int compare_blobs(const void *a, const void *b)
{
	return strcmp(((const struct sbx_blob *)a)->id, ((const struct sbx_blob *)b)->id);
}

/* The blob of that name; several objects may share one. tree holds those met so far. */
static struct sbx_blob *loaded_blob(struct sbx_store *store, struct strview id, void **tree)
{
	struct sbx_blob probe = {.id = ""};
	if (id.len != SBX_ID_LEN)
		return NULL;
	memcpy(probe.id, id.data, id.len);
	void *found = tfind(&probe, tree, compare_blobs);
	if (found)
		return sbx_blob_ref(*(struct sbx_blob **)found);
	struct sbx_blob *blob = s3t_alloc(sizeof *blob);
	atomic_init(&blob->refs, 1);
	blob->store = store;
	memcpy(blob->id, probe.id, sizeof blob->id);
	if (!tsearch(blob, tree, compare_blobs))
		s3t_oom();
	return blob;
}

static bool read_line(
	struct sbx_store *store, struct sbx_object *object, struct strview line, void **tree)
{
	struct strview what = sv_next_word(&line);
	struct strbuf value;
	strbuf_init(&value);
	bool ok = true;
	if (sv_eq(what, SV("segment"))) {
		uint64_t offset, size;
		struct strview id = sv_next_word(&line), at = sv_next_word(&line);
		struct sbx_blob *blob = loaded_blob(store, id, tree);
		ok = blob && parse_u64(at, &offset) && parse_u64(line, &size);
		if (ok)
			sbx_object_add_segment(object, blob, offset, size);
		else
			sbx_blob_unref(blob);
	} else if (sv_eq(what, SV("header"))) {
		struct strview name = sv_next_word(&line);
		char *copy = s3t_strndup(name.data, name.len);
		uri_decode(&value, line, false);
		sbx_headers_add(&object->headers, copy, strbuf_view(&value));
		free(copy);
	} else if (sv_eq(what, SV("mtime"))) {
		ok = parse_i64(line, &object->mtime_s);
	} else {
		uri_decode(&value, line, false);
		if (sv_eq(what, SV("key"))) {
			object->key_len = value.len;
			free(object->key);
			object->key = strbuf_take(&value);
		} else if (sv_eq(what, SV("etag")) && value.len < sizeof object->etag) {
			memcpy(object->etag, value.data, value.len + 1);
		} else if (sv_eq(what, SV("class"))) {
			free(object->storage_class);
			object->storage_class = strbuf_take(&value);
		} else {
			ok = false;
		}
	}
	strbuf_deinit(&value);
	return ok;
}

static bool read_file(int dir_fd, const char *name, struct strbuf *out)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return false;
	char buf[4096];
	ssize_t n;
	while ((n = read(fd, buf, sizeof buf)) > 0)
		strbuf_add(out, buf, (size_t)n);
	close(fd);
	return n == 0 && strbuf_ok(out);
}

static bool load_object(struct sbx_store *store, struct sbx_bucket *bucket, int dir_fd,
	const char *name, void **tree)
{
	struct strbuf text;
	strbuf_init_cap(&text, META_MAX);
	struct sbx_object *object = sbx_object_new(SV(""));
	bool ok = read_file(dir_fd, name, &text);
	struct strview rest = strbuf_view(&text);
	while (ok && rest.len) {
		size_t n = sv_find(rest, '\n');
		ok = read_line(store, object, sv_n(rest.data, n), tree);
		rest = sv_from(rest, n + 1);
	}
	strbuf_deinit(&text);
	ok = ok && object->key_len;
	if (ok)
		sbx_bucket_insert_locked(bucket, object);
	else
		sbx_object_unref(object);
	return ok;
}

static DIR *open_dir(int at, const char *path)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (!dir && fd >= 0)
		close(fd);
	return dir;
}

static bool load_bucket(struct sbx_store *store, int buckets_fd, const char *name, void **tree)
{
	DIR *dir = open_dir(buckets_fd, name);
	if (!dir)
		return false;
	struct stat st;
	int64_t created_s = fstat(dirfd(dir), &st) == 0 ? (int64_t)st.st_mtime : time_wall_s();
	struct sbx_bucket *bucket = sbx_bucket_add_locked(store, sv(name), created_s);
	bool ok = true;
	struct dirent *entry;
	while (ok && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			ok = load_object(store, bucket, dirfd(dir), entry->d_name, tree);
	closedir(dir);
	return ok;
}

/* Parts of uploads that ended with an earlier run, and side files never renamed. */
static void remove_leftovers(struct sbx_store *store, const char *path, void *const *tree)
{
	DIR *dir = open_dir(store->root_fd, path);
	struct dirent *entry;
	while (dir && (entry = readdir(dir))) {
		struct sbx_blob probe = {.id = ""};
		if (strlen(entry->d_name) != SBX_ID_LEN)
			continue;
		memcpy(probe.id, entry->d_name, SBX_ID_LEN);
		if (!tree || !tfind(&probe, tree, compare_blobs))
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	if (dir)
		closedir(dir);
}

static void keep_blob(void *blob)
{
	(void)blob; /* the objects own it */
}

enum s3t_rc sbx_store_load(struct sbx_store *store, struct s3t_err *err)
{
	void *tree = NULL;
	DIR *dir = open_dir(store->root_fd, "buckets");
	if (!dir)
		return s3t_fail_errno(err, errno, "The store %s cannot be read", store->dir);
	enum s3t_rc rc = S3T_OK;
	struct dirent *entry;
	atomic_store(&store->is_closing, true); /* what fails to load is not to be removed */
	sbx_store_lock(store);
	while (rc == S3T_OK && (entry = readdir(dir)))
		if (bucket_is_valid(sv(entry->d_name)) &&
			!load_bucket(store, dirfd(dir), entry->d_name, &tree))
			rc = s3t_fail(err, S3T_IO, "The store %s is damaged: bucket %s.",
				store->dir, entry->d_name);
	sbx_store_unlock(store);
	closedir(dir);
	if (rc == S3T_OK) {
		remove_leftovers(store, "data", &tree);
		remove_leftovers(store, "tmp", NULL);
		atomic_store(&store->is_closing, false);
	}
	tdestroy(tree, keep_blob);
	return rc;
}
