/*
 * Buckets, objects and uploads: an index in memory, sorted by key, and files below one directory:
 *   data/ID             bytes of objects and parts (blob.c)
 *   buckets/NAME/HASH   an object's key, metadata and segments; HASH is the key's SHA-256
 * Keys may be any bytes of any length up to 1,024, so no key is ever a file name. An object appears
 * by the rename of its side file. Uploads are kept in memory only and end with the server.
 */
#include "core/uri.h"
#include "sandbox/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the index ---- */

void sbx_store_lock(struct sbx_store *store)
{
	pthread_mutex_lock(&store->lock);
}

void sbx_store_unlock(struct sbx_store *store)
{
	pthread_mutex_unlock(&store->lock);
}

/* Makes room at position at of an array of pointers. */
static void insert_pointer(void *array, size_t *count, size_t *capacity, size_t at, void *item)
{
	void **items = *(void ***)array;
	if (*count == *capacity) {
		*capacity = *capacity ? *capacity * 2 : 16;
		items = realloc(items, *capacity * sizeof *items);
		if (!items)
			s3t_oom();
		*(void ***)array = items;
	}
	memmove(items + at + 1, items + at, (*count - at) * sizeof *items);
	items[at] = item;
	++*count;
}

static void remove_pointer(void *array, size_t *count, size_t at)
{
	void **items = *(void ***)array;
	memmove(items + at, items + at + 1, (--*count - at) * sizeof *items);
}

struct sbx_bucket *sbx_bucket_find_locked(struct sbx_store *store, struct strview name)
{
	for (size_t i = 0; i < store->bucket_count; i++)
		if (sv_eq(sv(store->buckets[i]->name), name))
			return store->buckets[i];
	return NULL;
}

struct sbx_bucket *sbx_bucket_add_locked(
	struct sbx_store *store, struct strview name, int64_t created_s)
{
	struct sbx_bucket *bucket = s3t_alloc(sizeof *bucket);
	bucket->name = s3t_strndup(name.data, name.len);
	bucket->created_s = created_s;
	size_t at = 0;
	while (at < store->bucket_count && strcmp(store->buckets[at]->name, bucket->name) < 0)
		at++;
	insert_pointer(&store->buckets, &store->bucket_count, &store->bucket_capacity, at, bucket);
	return bucket;
}

uint64_t sbx_bucket_count_locked(const struct sbx_bucket *bucket)
{
	return bucket->synthetic_keys ? bucket->synthetic_keys : bucket->item_count;
}

struct strview sbx_bucket_key_locked(const struct sbx_bucket *bucket, uint64_t index, char buf[64])
{
	if (!bucket->synthetic_keys)
		return sbx_object_key(bucket->items[index]);
	snprintf(buf, 64, SANDBOX_SYNTHETIC_KEY, (unsigned long long)index);
	return sv(buf);
}

uint64_t sbx_bucket_lower_bound_locked(const struct sbx_bucket *bucket, struct strview key)
{
	uint64_t low = 0, high = sbx_bucket_count_locked(bucket);
	while (low < high) {
		char buf[64];
		uint64_t middle = low + (high - low) / 2;
		if (sv_cmp(sbx_bucket_key_locked(bucket, middle, buf), key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct sbx_object **find_item(struct sbx_bucket *bucket, struct strview key)
{
	if (bucket->synthetic_keys)
		return NULL;
	uint64_t at = sbx_bucket_lower_bound_locked(bucket, key);
	bool found = at < bucket->item_count && sv_eq(sbx_object_key(bucket->items[at]), key);
	return found ? &bucket->items[at] : NULL;
}

void sbx_bucket_insert_locked(struct sbx_bucket *bucket, struct sbx_object *object)
{
	uint64_t at = sbx_bucket_lower_bound_locked(bucket, sbx_object_key(object));
	insert_pointer(
		&bucket->items, &bucket->item_count, &bucket->item_capacity, (size_t)at, object);
}

static void free_upload(struct sbx_upload *upload)
{
	if (!upload)
		return;
	for (size_t i = 0; i < upload->part_count; i++)
		sbx_object_unref(upload->parts[i].object);
	sbx_headers_deinit(&upload->headers);
	free(upload->parts);
	free(upload->storage_class);
	free(upload->key);
	free(upload);
}

static void free_bucket(struct sbx_bucket *bucket)
{
	for (size_t i = 0; i < bucket->item_count; i++)
		sbx_object_unref(bucket->items[i]);
	for (size_t i = 0; i < bucket->upload_count; i++)
		free_upload(bucket->uploads[i]);
	free(bucket->items);
	free(bucket->uploads);
	free(bucket->name);
	free(bucket);
}

/* ---- open and close ---- */

static enum s3t_rc open_directory(struct sbx_store *store, const char *dir, struct s3t_err *err)
{
	if (dir) {
		store->dir = s3t_strdup(dir);
		if (mkdir(dir, 0700) != 0 && errno != EEXIST)
			return s3t_fail_errno(err, errno, "The store %s cannot be made", dir);
	} else {
		const char *tmp = getenv("TMPDIR");
		store->dir = s3t_asprintf("%s/s3tui-sandbox-XXXXXX", tmp && *tmp ? tmp : "/tmp");
		if (!mkdtemp(store->dir)) {
			int why = errno;
			return s3t_fail_errno(err, why, "No temporary directory for the store");
		}
		store->is_temporary = true;
	}
	store->root_fd = open(store->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->root_fd < 0)
		return s3t_fail_errno(err, errno, "The store %s cannot be opened", store->dir);
	static const char *const names[] = {"data", "buckets", "tmp"};
	for (size_t i = 0; i < 3; i++)
		if (mkdirat(store->root_fd, names[i], 0700) != 0 && errno != EEXIST)
			return s3t_fail_errno(
				err, errno, "The store %s cannot be used", store->dir);
	return S3T_OK;
}

enum s3t_rc sbx_store_open(
	struct sbx_store *store, const char *dir, uint64_t synthetic_keys, struct s3t_err *err)
{
	*store = (struct sbx_store){.root_fd = -1};
	atomic_init(&store->is_closing, false);
	pthread_mutex_init(&store->lock, NULL);
	enum s3t_rc rc = open_directory(store, dir, err);
	if (rc == S3T_OK && dir)
		rc = sbx_store_load(store, err);
	if (rc != S3T_OK)
		return rc;
	if (synthetic_keys) {
		sbx_synthetic_init(store->patterns);
		sbx_store_lock(store);
		sbx_bucket_add_locked(store, SV(SANDBOX_SYNTHETIC_BUCKET), sbx_synthetic_mtime(0))
			->synthetic_keys = synthetic_keys;
		sbx_store_unlock(store);
	}
	return S3T_OK;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void sbx_store_close(struct sbx_store *store)
{
	for (size_t i = 0; i < store->bucket_count; i++) {
		struct sbx_bucket *bucket = store->buckets[i];
		while (!store->is_temporary && bucket->upload_count)
			free_upload(bucket->uploads[--bucket->upload_count]);
	}
	atomic_store(&store->is_closing, true);
	for (size_t i = 0; i < store->bucket_count; i++)
		free_bucket(store->buckets[i]);
	free(store->buckets);
	if (store->root_fd >= 0)
		close(store->root_fd);
	if (store->is_temporary)
		nftw(store->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(store->dir);
	pthread_mutex_destroy(&store->lock);
}

/* ---- buckets ---- */

static void bucket_path(struct strview name, char out[80])
{
	snprintf(out, 80, "buckets/%.*s", (int)name.len, name.data);
}

enum sbx_error sbx_store_create_bucket(struct sbx_store *store, struct strview name, int64_t now_s)
{
	if (!bucket_is_valid(name))
		return SBX_E_BUCKET_NAME;
	char path[80];
	bucket_path(name, path);
	enum sbx_error error = SBX_E_NONE;
	sbx_store_lock(store);
	if (sbx_bucket_find_locked(store, name))
		error = SBX_E_BUCKET_EXISTS;
	else if (mkdirat(store->root_fd, path, 0700) != 0)
		error = SBX_E_INTERNAL;
	else
		sbx_bucket_add_locked(store, name, now_s);
	sbx_store_unlock(store);
	return error;
}

enum sbx_error sbx_store_delete_bucket(struct sbx_store *store, struct strview name)
{
	struct sbx_bucket *gone = NULL;
	enum sbx_error error = SBX_E_NONE;
	sbx_store_lock(store);
	struct sbx_bucket *bucket = sbx_bucket_find_locked(store, name);
	if (!bucket) {
		error = SBX_E_NO_BUCKET;
	} else if (sbx_bucket_count_locked(bucket)) {
		error = bucket->synthetic_keys ? SBX_E_ACCESS_DENIED : SBX_E_BUCKET_NOT_EMPTY;
	} else {
		char path[80];
		bucket_path(name, path);
		unlinkat(store->root_fd, path, AT_REMOVEDIR);
		size_t at = 0;
		while (store->buckets[at] != bucket)
			at++;
		remove_pointer(&store->buckets, &store->bucket_count, at);
		gone = bucket;
	}
	sbx_store_unlock(store);
	if (gone)
		free_bucket(gone);
	return error;
}

enum sbx_error sbx_store_check_bucket(struct sbx_store *store, struct strview name, bool is_write)
{
	sbx_store_lock(store);
	const struct sbx_bucket *bucket = sbx_bucket_find_locked(store, name);
	enum sbx_error error = !bucket                              ? SBX_E_NO_BUCKET
			       : is_write && bucket->synthetic_keys ? SBX_E_ACCESS_DENIED
								    : SBX_E_NONE;
	sbx_store_unlock(store);
	return error;
}

/* ---- objects ---- */

static struct sbx_object *synthetic_object(
	const struct sbx_store *store, struct strview key, uint64_t index)
{
	struct sbx_object *object = sbx_object_new(key);
	object->pattern = sbx_synthetic_pattern(index);
	object->size = store->patterns[object->pattern].size;
	memcpy(object->etag, store->patterns[object->pattern].etag, 33);
	object->mtime_s = sbx_synthetic_mtime(index);
	sbx_headers_add(&object->headers, "content-type", SV("application/octet-stream"));
	return object;
}

enum sbx_error sbx_store_find(struct sbx_store *store, struct strview bucket_name,
	struct strview key, struct sbx_object **out)
{
	enum sbx_error error = SBX_E_NONE;
	uint64_t index;
	*out = NULL;
	sbx_store_lock(store);
	struct sbx_bucket *bucket = sbx_bucket_find_locked(store, bucket_name);
	struct sbx_object **item = bucket ? find_item(bucket, key) : NULL;
	if (!bucket)
		error = SBX_E_NO_BUCKET;
	else if (item)
		*out = sbx_object_ref(*item);
	else if (sbx_synthetic_index(key, bucket->synthetic_keys, &index))
		*out = synthetic_object(store, key, index);
	else
		error = SBX_E_NO_KEY;
	sbx_store_unlock(store);
	return error;
}

bool sbx_etag_matches(const char *list, const char *etag)
{
	struct strview rest = sv(list);
	while (rest.len) {
		size_t comma = sv_find(rest, ',');
		struct strview one = sv_trim(sv_n(rest.data, comma));
		rest = sv_from(rest, comma + 1);
		if (sv_starts_with(one, SV("W/")))
			one = sv_from(one, 2);
		if (one.len >= 2 && one.data[0] == '"' && one.data[one.len - 1] == '"')
			one = sv_n(one.data + 1, one.len - 2);
		if (sv_eq(one, SV("*")) || sv_eq(one, sv(etag)))
			return true;
	}
	return false;
}

static enum sbx_error check_condition(
	const struct sbx_condition *condition, const struct sbx_object *old)
{
	if (!condition)
		return SBX_E_NONE;
	if (condition->if_match && !old)
		return SBX_E_NO_KEY;
	if (condition->if_match && !sbx_etag_matches(condition->if_match, old->etag))
		return SBX_E_PRECONDITION;
	if (condition->if_none_match && old &&
		sbx_etag_matches(condition->if_none_match, old->etag))
		return SBX_E_PRECONDITION;
	return SBX_E_NONE;
}

static struct sbx_upload *take_upload(struct sbx_bucket *bucket, const struct sbx_upload *upload)
{
	for (size_t i = 0; i < bucket->upload_count; i++)
		if (bucket->uploads[i] == upload) {
			struct sbx_upload *found = bucket->uploads[i];
			remove_pointer(&bucket->uploads, &bucket->upload_count, i);
			return found;
		}
	return NULL;
}

enum sbx_error sbx_store_commit(struct sbx_store *store, struct strview bucket_name,
	struct sbx_object *object, const struct sbx_condition *condition, struct strview upload_id)
{
	char temp[SBX_ID_LEN + 8], path[160];
	if (!sbx_meta_write(store, object, temp))
		return SBX_E_INTERNAL;
	sbx_meta_path(bucket_name, sbx_object_key(object), path);
	struct sbx_object *replaced = NULL;
	struct sbx_upload *upload = NULL;
	enum sbx_error error = SBX_E_NONE;
	sbx_store_lock(store);
	struct sbx_bucket *bucket = sbx_bucket_find_locked(store, bucket_name);
	struct sbx_object **item = bucket ? find_item(bucket, sbx_object_key(object)) : NULL;
	if (!bucket)
		error = SBX_E_NO_BUCKET;
	else if (bucket->synthetic_keys)
		error = SBX_E_ACCESS_DENIED;
	else
		error = check_condition(condition, item ? *item : NULL);
	if (error == SBX_E_NONE && upload_id.len) {
		upload = sbx_upload_find_locked(bucket, sbx_object_key(object), upload_id);
		error = upload ? SBX_E_NONE : SBX_E_NO_UPLOAD;
	}
	if (error == SBX_E_NONE && renameat(store->root_fd, temp, store->root_fd, path) != 0)
		error = SBX_E_INTERNAL;
	if (error != SBX_E_NONE) {
		upload = NULL;
	} else {
		if (upload)
			upload = take_upload(bucket, upload);
		if (item) {
			replaced = *item;
			*item = sbx_object_ref(object);
		} else {
			sbx_bucket_insert_locked(bucket, sbx_object_ref(object));
		}
	}
	sbx_store_unlock(store);
	if (error != SBX_E_NONE)
		unlinkat(store->root_fd, temp, 0);
	sbx_object_unref(replaced);
	free_upload(upload);
	return error;
}

enum sbx_error sbx_store_delete(struct sbx_store *store, struct strview bucket_name,
	struct strview key, const char *if_match)
{
	struct sbx_object *gone = NULL;
	enum sbx_error error = SBX_E_NONE;
	char path[160];
	sbx_meta_path(bucket_name, key, path);
	sbx_store_lock(store);
	struct sbx_bucket *bucket = sbx_bucket_find_locked(store, bucket_name);
	struct sbx_object **item = bucket ? find_item(bucket, key) : NULL;
	if (!bucket)
		error = SBX_E_NO_BUCKET;
	else if (bucket->synthetic_keys)
		error = SBX_E_ACCESS_DENIED;
	else if (if_match && (!item || !sbx_etag_matches(if_match, (*item)->etag)))
		error = item ? SBX_E_PRECONDITION : SBX_E_NO_KEY;
	if (error == SBX_E_NONE && item) {
		gone = *item;
		unlinkat(store->root_fd, path, 0);
		remove_pointer(&bucket->items, &bucket->item_count, (size_t)(item - bucket->items));
	}
	sbx_store_unlock(store);
	sbx_object_unref(gone);
	return error;
}

/* ---- uploads ---- */

struct sbx_upload *sbx_upload_find_locked(
	struct sbx_bucket *bucket, struct strview key, struct strview id)
{
	for (size_t i = 0; i < bucket->upload_count; i++) {
		struct sbx_upload *u = bucket->uploads[i];
		if (sv_eq(sv(u->id), id) && sv_eq(sv_n(u->key, u->key_len), key))
			return u;
	}
	return NULL;
}

enum sbx_error sbx_store_create_upload(struct sbx_store *store, struct strview bucket_name,
	struct strview key, struct sbx_headers *headers, char *storage_class, int64_t now_s,
	char id[SBX_ID_LEN + 1])
{
	struct sbx_upload *upload = s3t_alloc(sizeof *upload);
	random_name(upload->id, SBX_ID_LEN);
	memcpy(id, upload->id, sizeof upload->id);
	upload->key = s3t_strndup(key.data, key.len);
	upload->key_len = key.len;
	upload->initiated_s = now_s;
	upload->storage_class = storage_class;
	upload->headers = *headers;
	*headers = (struct sbx_headers){0};
	sbx_store_lock(store);
	struct sbx_bucket *bucket = sbx_bucket_find_locked(store, bucket_name);
	bool is_there = bucket && !bucket->synthetic_keys;
	if (is_there) {
		size_t at = bucket->upload_count;
		while (at &&
			sv_cmp(sv_n(bucket->uploads[at - 1]->key, bucket->uploads[at - 1]->key_len),
				key) > 0)
			at--;
		insert_pointer(&bucket->uploads, &bucket->upload_count, &bucket->upload_capacity,
			at, upload);
	}
	sbx_store_unlock(store);
	if (!is_there)
		free_upload(upload);
	return is_there ? SBX_E_NONE : SBX_E_NO_BUCKET;
}

enum sbx_error sbx_store_put_part(struct sbx_store *store, struct strview bucket_name,
	struct strview key, struct strview id, unsigned number, struct sbx_object *part)
{
	struct sbx_object *replaced = NULL;
	enum sbx_error error = SBX_E_NONE;
	sbx_store_lock(store);
	struct sbx_bucket *bucket = sbx_bucket_find_locked(store, bucket_name);
	struct sbx_upload *u = bucket ? sbx_upload_find_locked(bucket, key, id) : NULL;
	if (!u) {
		error = bucket ? SBX_E_NO_UPLOAD : SBX_E_NO_BUCKET;
		goto out;
	}
	size_t at = u->part_count;
	while (at && u->parts[at - 1].number >= number)
		at--;
	if (at < u->part_count && u->parts[at].number == number) {
		replaced = u->parts[at].object;
		u->parts[at].object = sbx_object_ref(part);
		goto out;
	}
	if (u->part_count == u->part_capacity) {
		u->part_capacity = u->part_capacity ? u->part_capacity * 2 : 16;
		struct sbx_part *grown = realloc(u->parts, u->part_capacity * sizeof *grown);
		if (!grown)
			s3t_oom();
		u->parts = grown;
	}
	memmove(u->parts + at + 1, u->parts + at, (u->part_count - at) * sizeof *u->parts);
	u->parts[at] = (struct sbx_part){number, sbx_object_ref(part)};
	u->part_count++;
out:
	sbx_store_unlock(store);
	sbx_object_unref(replaced);
	return error;
}

enum sbx_error sbx_store_abort(
	struct sbx_store *store, struct strview bucket_name, struct strview key, struct strview id)
{
	sbx_store_lock(store);
	struct sbx_bucket *bucket = sbx_bucket_find_locked(store, bucket_name);
	struct sbx_upload *upload = bucket ? sbx_upload_find_locked(bucket, key, id) : NULL;
	if (upload)
		upload = take_upload(bucket, upload);
	sbx_store_unlock(store);
	free_upload(upload);
	return upload ? SBX_E_NONE : SBX_E_NO_UPLOAD;
}
