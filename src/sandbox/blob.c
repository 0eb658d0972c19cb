#include "core/crc64.h"
#include "sandbox/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { IO_BYTES = 256 << 10 };

static void blob_path(const struct sbx_blob *blob, char out[SBX_ID_LEN + 8])
{
	snprintf(out, SBX_ID_LEN + 8, "data/%s", blob->id);
}

struct sbx_blob *sbx_blob_new(struct sbx_store *store, int *fd)
{
	struct sbx_blob *blob = s3t_alloc(sizeof *blob);
	atomic_init(&blob->refs, 1);
	blob->store = store;
	random_name(blob->id, SBX_ID_LEN);
	char path[SBX_ID_LEN + 8];
	blob_path(blob, path);
	*fd = openat(store->root_fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (*fd >= 0)
		return blob;
	free(blob);
	return NULL;
}

bool sbx_blob_append(int fd, const char *data, size_t len)
{
	bool is_zero = len && !data[0] && memcmp(data, data + 1, len - 1) == 0;
	if (!is_zero)
		return fd_write_all(fd, data, len);
	off_t end = lseek(fd, (off_t)len, SEEK_CUR);
	return end >= 0 && ftruncate(fd, end) == 0;
}

struct sbx_blob *sbx_blob_of(struct sbx_store *store, struct strview data)
{
	int fd;
	struct sbx_blob *blob = sbx_blob_new(store, &fd);
	if (!blob)
		return NULL;
	bool ok = fd_write_all(fd, data.data, data.len);
	if (close(fd) == 0 && ok)
		return blob;
	sbx_blob_unref(blob);
	return NULL;
}

struct sbx_blob *sbx_blob_ref(struct sbx_blob *blob)
{
	atomic_fetch_add(&blob->refs, 1);
	return blob;
}

void sbx_blob_unref(struct sbx_blob *blob)
{
	if (!blob || atomic_fetch_sub(&blob->refs, 1) != 1)
		return;
	if (!atomic_load(&blob->store->is_closing)) {
		char path[SBX_ID_LEN + 8];
		blob_path(blob, path);
		unlinkat(blob->store->root_fd, path, 0);
	}
	free(blob);
}

struct sbx_object *sbx_object_new(struct strview key)
{
	struct sbx_object *object = s3t_alloc(sizeof *object);
	atomic_init(&object->refs, 1);
	object->key = s3t_strndup(key.data, key.len);
	object->key_len = key.len;
	object->pattern = SBX_NO_PATTERN;
	object->storage_class = s3t_strdup("STANDARD");
	return object;
}

struct sbx_object *sbx_object_ref(struct sbx_object *object)
{
	atomic_fetch_add(&object->refs, 1);
	return object;
}

void sbx_object_unref(struct sbx_object *object)
{
	if (!object || atomic_fetch_sub(&object->refs, 1) != 1)
		return;
	for (size_t i = 0; i < object->segment_count; i++)
		sbx_blob_unref(object->segments[i].blob);
	sbx_headers_deinit(&object->headers);
	free(object->segments);
	free(object->storage_class);
	free(object->key);
	free(object);
}

struct strview sbx_object_key(const struct sbx_object *object)
{
	return sv_n(object->key, object->key_len);
}

void sbx_object_add_segment(
	struct sbx_object *object, struct sbx_blob *blob, uint64_t offset, uint64_t size)
{
	size_t n = object->segment_count;
	if ((n & (n - 1)) == 0) { /* the capacity is the next power of two */
		struct sbx_segment *grown =
			realloc(object->segments, (n ? n * 2 : 1) * sizeof *grown);
		if (!grown)
			s3t_oom();
		object->segments = grown;
	}
	object->segments[object->segment_count++] = (struct sbx_segment){blob, offset, size};
	object->size += size;
}

void sbx_object_add_range(
	struct sbx_object *object, const struct sbx_object *from, uint64_t offset, uint64_t size)
{
	uint64_t start = 0;
	for (size_t i = 0; i < from->segment_count && size; i++) {
		const struct sbx_segment *s = &from->segments[i];
		if (offset < start + s->size) {
			uint64_t skip = offset - start;
			uint64_t n = s->size - skip < size ? s->size - skip : size;
			sbx_object_add_segment(object, sbx_blob_ref(s->blob), s->offset + skip, n);
			offset += n;
			size -= n;
		}
		start += s->size;
	}
}

void sbx_cursor_init(struct sbx_cursor *c)
{
	*c = (struct sbx_cursor){.fd = -1};
}

void sbx_cursor_deinit(struct sbx_cursor *c)
{
	if (c->fd >= 0)
		close(c->fd);
	sbx_cursor_init(c);
}

/* Opens the segment that holds offset; offset is below the object's size. */
static bool seek_segment(struct sbx_cursor *c, const struct sbx_object *object, uint64_t offset)
{
	if (offset < c->segment_start)
		sbx_cursor_deinit(c);
	while (offset >= c->segment_start + object->segments[c->segment].size) {
		c->segment_start += object->segments[c->segment++].size;
		if (c->fd >= 0)
			close(c->fd);
		c->fd = -1;
	}
	if (c->fd < 0) {
		const struct sbx_blob *blob = object->segments[c->segment].blob;
		char path[SBX_ID_LEN + 8];
		blob_path(blob, path);
		c->fd = openat(blob->store->root_fd, path, O_RDONLY | O_CLOEXEC);
	}
	return c->fd >= 0;
}

ssize_t sbx_cursor_read(struct sbx_cursor *c, const struct sbx_object *object, uint64_t offset,
	char *buf, size_t len)
{
	if (offset >= object->size)
		return 0;
	if (len > object->size - offset)
		len = (size_t)(object->size - offset);
	if (object->pattern != SBX_NO_PATTERN) {
		sbx_synthetic_fill(object->pattern, offset, buf, len);
		return (ssize_t)len;
	}
	if (!seek_segment(c, object, offset))
		return -1;
	const struct sbx_segment *s = &object->segments[c->segment];
	uint64_t inside = offset - c->segment_start;
	if (len > s->size - inside)
		len = (size_t)(s->size - inside);
	ssize_t n;
	do
		n = pread(c->fd, buf, len, (off_t)(s->offset + inside));
	while (n < 0 && errno == EINTR);
	return n > 0 ? n : -1;
}

bool sbx_object_md5(
	const struct sbx_object *object, uint64_t offset, uint64_t size, unsigned char out[MD5_LEN])
{
	struct digest *digest = digest_new(DIGEST_MD5);
	char *buf = s3t_alloc(IO_BYTES);
	struct sbx_cursor cursor;
	sbx_cursor_init(&cursor);
	while (size) {
		size_t want = size < IO_BYTES ? (size_t)size : IO_BYTES;
		ssize_t n = sbx_cursor_read(&cursor, object, offset, buf, want);
		if (n <= 0)
			break;
		digest_update(digest, buf, (size_t)n);
		offset += (uint64_t)n;
		size -= (uint64_t)n;
	}
	digest_final(digest, out);
	sbx_cursor_deinit(&cursor);
	digest_free(digest);
	free(buf);
	return size == 0;
}

bool sbx_object_crc64(const struct sbx_object *object, uint64_t *out)
{
	char *buf = s3t_alloc(IO_BYTES);
	struct sbx_cursor cursor;
	uint64_t at = 0;
	*out = 0;
	sbx_cursor_init(&cursor);
	while (at < object->size) {
		size_t want = object->size - at < IO_BYTES ? (size_t)(object->size - at) : IO_BYTES;
		ssize_t n = sbx_cursor_read(&cursor, object, at, buf, want);
		if (n <= 0)
			break;
		*out = crc64nvme(*out, buf, (size_t)n);
		at += (uint64_t)n;
	}
	sbx_cursor_deinit(&cursor);
	free(buf);
	return at == object->size;
}
