/*
 * What the sandbox's files share. Every name with linkage starts with sbx_, since the library is
 * linked into programs that have objects, requests and routes of their own.
 *
 * One thread serves one connection. A struct request lives from the request line to the end of its
 * answer and belongs to that thread. Shared state: the store (its lock), the faults (theirs), the
 * throttle (its own) and atomic counters; no two locks are ever held together. Blobs and objects
 * are immutable and counted, so a download goes on undisturbed while its object is replaced.
 */
#ifndef SANDBOX_INTERNAL_H
#define SANDBOX_INTERNAL_H

#include "core/cancel.h"
#include "core/crypto.h"
#include "core/fdio.h"
#include "core/sigv4.h"
#include "core/timeutil.h"
#include "sandbox/sandbox.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

/* S3's error codes ("Error responses", S3 API reference): code, status, sentence. */
#define SBX_ERROR_TABLE(X)                                                                         \
	X(NONE, "", 200, "")                                                                       \
	X(ACCESS_DENIED, "AccessDenied", 403, "Access Denied.")                                    \
	X(UNSIGNED_HEADER, "AccessDenied", 403, "A header was present that is not signed.")        \
	X(EXPIRED, "AccessDenied", 403, "Request has expired.")                                    \
	X(NOT_YET, "AccessDenied", 403, "Request is not yet valid.")                               \
	X(AUTH_MALFORMED, "AuthorizationHeaderMalformed", 400,                                     \
		"The authorization header or its region is wrong.")                                \
	X(AUTH_QUERY, "AuthorizationQueryParametersError", 400,                                    \
		"The authorization parameters of the query are not valid.")                        \
	X(BAD_DIGEST, "BadDigest", 400, "The Content-MD5 is not that of the body received.")       \
	X(BUCKET_EXISTS, "BucketAlreadyOwnedByYou", 409, "You own a bucket of that name.")         \
	X(BUCKET_NOT_EMPTY, "BucketNotEmpty", 409, "The bucket you tried to delete is not empty.") \
	X(TOO_LARGE, "EntityTooLarge", 400, "The upload exceeds the largest size allowed.")        \
	X(TOO_SMALL, "EntityTooSmall", 400, "A part but the last is smaller than allowed.")        \
	X(LOCATION, "IllegalLocationConstraintException", 400,                                     \
		"The location constraint is not that of this region.")                             \
	X(INTERNAL, "InternalError", 500, "We encountered an internal error. Please try again.")   \
	X(ACCESS_KEY, "InvalidAccessKeyId", 403, "The access key ID does not exist here.")         \
	X(ARGUMENT, "InvalidArgument", 400, "An argument of the request is not valid.")            \
	X(BUCKET_NAME, "InvalidBucketName", 400, "The specified bucket is not valid.")             \
	X(DIGEST, "InvalidDigest", 400, "The Content-MD5 you specified is not valid.")             \
	X(OBJECT_STATE, "InvalidObjectState", 403,                                                 \
		"The operation is not valid for the object's storage class.")                      \
	X(PART, "InvalidPart", 400, "A part could not be found or its ETag does not match.")       \
	X(PART_ORDER, "InvalidPartOrder", 400, "The list of parts was not in ascending order.")    \
	X(RANGE, "InvalidRange", 416, "The requested range cannot be satisfied.")                  \
	X(REQUEST, "InvalidRequest", 400, "The request is not valid.")                             \
	X(COPY_SELF, "InvalidRequest", 400,                                                        \
		"An object is copied to itself without changing its metadata or class.")           \
	X(NEEDS_MD5, "InvalidRequest", 400, "Missing required header: Content-MD5.")               \
	X(NEEDS_SHA256, "InvalidRequest", 400, "Missing required header: x-amz-content-sha256.")   \
	X(STORAGE_CLASS, "InvalidStorageClass", 400, "The storage class is not valid.")            \
	X(TAGS, "InvalidTag", 400, "An object has at most ten tags.")                              \
	X(TOKEN, "InvalidToken", 400, "The provided token is malformed or otherwise invalid.")     \
	X(URI, "InvalidURI", 400, "The specified URI could not be parsed.")                        \
	X(KEY_TOO_LONG, "KeyTooLongError", 400, "Your key is too long.")                           \
	X(MALFORMED_XML, "MalformedXML", 400, "The XML you provided was not well-formed.")         \
	X(METADATA_TOO_LARGE, "MetadataTooLarge", 400, "Your metadata exceeds 2 KB.")              \
	X(METHOD, "MethodNotAllowed", 405, "The method is not allowed against this resource.")     \
	X(KMS_KEY, "KMS.NotFoundException", 400, "There is no such KMS key.")                      \
	X(LENGTH, "MissingContentLength", 411, "You must provide the Content-Length header.")      \
	X(NO_BUCKET, "NoSuchBucket", 404, "The specified bucket does not exist.")                  \
	X(NO_KEY, "NoSuchKey", 404, "The specified key does not exist.")                           \
	X(NO_UPLOAD, "NoSuchUpload", 404, "The specified multipart upload does not exist.")        \
	X(NO_VERSION, "NoSuchVersion", 404, "The specified version does not exist.")               \
	X(NOT_IMPLEMENTED, "NotImplemented", 501, "This is not implemented here.")                 \
	X(PRECONDITION, "PreconditionFailed", 412, "A precondition you specified did not hold.")   \
	X(TIME_SKEWED, "RequestTimeTooSkewed", 403,                                                \
		"The request's time differs too much from the server's.")                          \
	X(SIGNATURE, "SignatureDoesNotMatch", 403,                                                 \
		"The request signature we calculated does not match the one you provided.")        \
	X(SHA256_MISMATCH, "XAmzContentSHA256Mismatch", 400,                                       \
		"The x-amz-content-sha256 is not that of the body received.")

enum sbx_error {
#define X(name, code, status, sentence) SBX_E_##name,
	SBX_ERROR_TABLE(X)
#undef X
		SBX_E_COUNT
};

const char *sbx_error_code(enum sbx_error error);
int sbx_error_status(enum sbx_error error);
const char *sbx_error_sentence(enum sbx_error error);

/* ---- headers.c: lists of names (lower case) and values ---- */

struct sbx_header {
	char *name, *value;
};

struct sbx_headers {
	struct sbx_header *items;
	size_t count, capacity;
};

/* Adds a copy; a second value of a name is joined to the first with a comma. */
void sbx_headers_add(struct sbx_headers *h, const char *name, struct strview value);
/* Replaces or adds. */
void sbx_headers_set(struct sbx_headers *h, const char *name, const char *value);
void sbx_headers_remove(struct sbx_headers *h, const char *name);
/* NULL if it is not there. */
const char *sbx_headers_get(const struct sbx_headers *h, const char *name);
void sbx_headers_copy(struct sbx_headers *out, const struct sbx_headers *from);
void sbx_headers_deinit(struct sbx_headers *h);

/* ---- blob.c: bytes on disk, and objects made of them ---- */

#define SBX_ID_LEN 26
#define SBX_KEY_MAX 1024

/* One immutable file of the store; unlinked when the last reference goes. */
struct sbx_blob {
	atomic_uint refs;
	struct sbx_store *store;
	char id[SBX_ID_LEN + 1];
};

/* Creates an empty file; *fd is the caller's, for writing. NULL if that fails. */
struct sbx_blob *sbx_blob_new(struct sbx_store *store, int *fd);
/* Writes at the end; zeros become a hole, so a sparse file is one here, too. False with errno. */
bool sbx_blob_append(int fd, const char *data, size_t len);
struct sbx_blob *sbx_blob_ref(struct sbx_blob *blob);
void sbx_blob_unref(struct sbx_blob *blob);

struct sbx_segment {
	struct sbx_blob *blob;
	uint64_t offset, size;
};

#define SBX_NO_PATTERN (-1)

/* An object or a part. Immutable once it is in the store, but for the count. */
struct sbx_object {
	atomic_uint refs;
	char *key;
	size_t key_len;
	uint64_t size;
	int64_t mtime_s;
	char etag[64]; /* without quotes */
	char *storage_class;
	struct sbx_headers headers; /* content-type and so on, x-amz-meta-* */
	struct sbx_segment *segments;
	size_t segment_count;
	int pattern; /* a class of synthetic content, or SBX_NO_PATTERN */
};

struct sbx_object *sbx_object_new(struct strview key);
struct sbx_object *sbx_object_ref(struct sbx_object *object);
void sbx_object_unref(struct sbx_object *object);
struct strview sbx_object_key(const struct sbx_object *object);
/* Appends a segment, takes the reference to blob over. */
void sbx_object_add_segment(
	struct sbx_object *object, struct sbx_blob *blob, uint64_t offset, uint64_t size);
/* Appends the segments that hold [offset, offset + size) of another object. */
void sbx_object_add_range(
	struct sbx_object *object, const struct sbx_object *from, uint64_t offset, uint64_t size);

/* Reads an object in any order, best in ascending. */
struct sbx_cursor {
	size_t segment;
	uint64_t segment_start;
	int fd; /* of that segment, or -1 */
};
void sbx_cursor_init(struct sbx_cursor *c);
void sbx_cursor_deinit(struct sbx_cursor *c);
/* Up to len bytes at offset; 0 at the end, -1 on a failure of the disk. */
ssize_t sbx_cursor_read(struct sbx_cursor *c, const struct sbx_object *object, uint64_t offset,
	char *buf, size_t len);
/* The MD5 of a range; false on a failure of the disk. */
/* CRC64NVME of the whole. */
bool sbx_object_crc64(const struct sbx_object *object, uint64_t *out);
bool sbx_object_md5(const struct sbx_object *object, uint64_t offset, uint64_t size,
	unsigned char out[MD5_LEN]);
/* A new blob with data; NULL on a failure of the disk. */
struct sbx_blob *sbx_blob_of(struct sbx_store *store, struct strview data);

/* ---- synthetic.c: the bucket that is computed ---- */

enum { SBX_PATTERNS = 256 };
struct sbx_pattern {
	uint64_t size;
	char etag[33];
};
void sbx_synthetic_init(struct sbx_pattern patterns[SBX_PATTERNS]);
int sbx_synthetic_pattern(uint64_t index);
int64_t sbx_synthetic_mtime(uint64_t index);
/* Bytes [offset, offset + len) of a pattern. */
void sbx_synthetic_fill(int pattern, uint64_t offset, char *buf, size_t len);
/* The index of a key; false if it is none. */
bool sbx_synthetic_index(struct strview key, uint64_t count, uint64_t *index);

/* ---- store.c, persist.c ---- */

struct sbx_part {
	unsigned number;
	struct sbx_object *object;
};

struct sbx_upload {
	char id[SBX_ID_LEN + 1];
	char *key;
	size_t key_len;
	int64_t initiated_s;
	char *storage_class;
	struct sbx_headers headers;
	struct sbx_part *parts; /* ascending numbers */
	size_t part_count, part_capacity;
};

struct sbx_bucket {
	char *name;
	int64_t created_s;
	uint64_t synthetic_keys;   /* > 0: a computed bucket, without items and uploads */
	struct sbx_object **items; /* ascending keys */
	size_t item_count, item_capacity;
	struct sbx_upload **uploads; /* ascending by key, then by age */
	size_t upload_count, upload_capacity;
};

struct sbx_store {
	/* immutable after open */
	int root_fd;
	char *dir;
	bool is_temporary;
	struct sbx_pattern patterns[SBX_PATTERNS];
	atomic_bool is_closing; /* blobs stay on disk */

	/* An uncontended rename or unlink is the only I/O done under it: index and directory must
	 * agree. */
	pthread_mutex_t lock;
	/* guarded by lock */
	struct sbx_bucket **buckets; /* ascending names */
	size_t bucket_count, bucket_capacity;
};

/* dir NULL: a temporary one. */
enum s3t_rc sbx_store_open(struct sbx_store *store, const char *dir, uint64_t synthetic_keys,
	struct s3t_err *err) S3T_MUST_CHECK;
void sbx_store_close(struct sbx_store *store);

void sbx_store_lock(struct sbx_store *store);
void sbx_store_unlock(struct sbx_store *store);
struct sbx_bucket *sbx_bucket_find_locked(struct sbx_store *store, struct strview name);
struct sbx_upload *sbx_upload_find_locked(
	struct sbx_bucket *bucket, struct strview key, struct strview id);
/* Keys of a bucket by position, stored or computed alike. */
uint64_t sbx_bucket_count_locked(const struct sbx_bucket *bucket);
/* buf is where a computed key goes. */
struct strview sbx_bucket_key_locked(const struct sbx_bucket *bucket, uint64_t index, char buf[64]);
/* The first position whose key is not below key. */
uint64_t sbx_bucket_lower_bound_locked(const struct sbx_bucket *bucket, struct strview key);

enum sbx_error sbx_store_create_bucket(struct sbx_store *store, struct strview name, int64_t now_s);
enum sbx_error sbx_store_delete_bucket(struct sbx_store *store, struct strview name);
/* Whether it is there and, for writes, may be written. */
enum sbx_error sbx_store_check_bucket(struct sbx_store *store, struct strview name, bool is_write);
/* A reference to an object. */
enum sbx_error sbx_store_find(struct sbx_store *store, struct strview bucket, struct strview key,
	struct sbx_object **out);
enum sbx_error sbx_store_delete(
	struct sbx_store *store, struct strview bucket, struct strview key, const char *if_match);

struct sbx_condition {
	const char *if_match, *if_none_match; /* as sent, or NULL */
};
/* Puts an object in place of what has its key, and ends the upload it comes from (id empty: none).
 * Takes its own reference. */
enum sbx_error sbx_store_commit(struct sbx_store *store, struct strview bucket,
	struct sbx_object *object, const struct sbx_condition *condition, struct strview upload_id);

/* Takes over headers and storage_class; id gets the upload's name. */
enum sbx_error sbx_store_create_upload(struct sbx_store *store, struct strview bucket,
	struct strview key, struct sbx_headers *headers, char *storage_class, int64_t now_s,
	char id[SBX_ID_LEN + 1]);
/* Takes its own reference. */
enum sbx_error sbx_store_put_part(struct sbx_store *store, struct strview bucket,
	struct strview key, struct strview id, unsigned number, struct sbx_object *part);
enum sbx_error sbx_store_abort(
	struct sbx_store *store, struct strview bucket, struct strview key, struct strview id);
/* Whether an ETag is among those of an If-Match header ("*", quoted or not, a list). */
bool sbx_etag_matches(const char *list, const char *etag);

/* persist.c: the side files. Writes one under a temporary name (out, to be renamed). */
bool sbx_meta_write(
	struct sbx_store *store, const struct sbx_object *object, char temp[SBX_ID_LEN + 8]);
/* "buckets/NAME/HASH" */
void sbx_meta_path(struct strview bucket, struct strview key, char out[160]);
/* Reads what a kept directory holds. */
enum s3t_rc sbx_store_load(struct sbx_store *store, struct s3t_err *err) S3T_MUST_CHECK;
/* Puts an object into the index only; takes the reference over. */
void sbx_bucket_insert_locked(struct sbx_bucket *bucket, struct sbx_object *object);
struct sbx_bucket *sbx_bucket_add_locked(
	struct sbx_store *store, struct strview name, int64_t created_s);

/* ---- the server ---- */

struct sbx_fault_state;

struct sandbox {
	/* immutable after start */
	struct sbx_store store;
	struct MHD_Daemon *daemon;
	struct cancel *stop;
	char endpoint[64], access_key[21], secret_key[41];
	char *region, *session_token;
	uint64_t min_part_bytes;
	int64_t latency_ms;
	bool read_only, opaque_etags, ignores_encryption;

	_Atomic int64_t clock_offset_s;
	atomic_ullong requests[8]; /* by sbx_method_index() */
	atomic_ullong bytes_sent;
	atomic_ullong parts, faults_struck;

	/* throttle.c */
	_Atomic uint64_t bytes_per_second;
	pthread_mutex_t throttle_lock;
	int64_t next_free_ns[2]; /* guarded by throttle_lock */

	/* fault.c */
	pthread_mutex_t fault_lock;
	struct sbx_fault_state *faults; /* guarded by fault_lock */
	size_t fault_count;             /* guarded by fault_lock */
};

int64_t sbx_now_s(const struct sandbox *sb);

/* throttle.c */
enum sbx_direction { SBX_IN, SBX_OUT };
/* Waits until n more bytes may pass; false if the sandbox stops. */
bool sbx_throttle(struct sandbox *sb, enum sbx_direction direction, size_t n);
/* How many bytes to move at once, so that a bar moves smoothly. */
size_t sbx_throttle_step(const struct sandbox *sb, size_t max);
/* Waits; false if the sandbox stops or the peer of fd is gone. ms 0: until then. */
bool sbx_pause(struct sandbox *sb, int fd, int64_t ms);

/* fault.c: the fault that strikes a request; its strings are the caller's. */
struct sbx_strike {
	bool is_set;
	enum sandbox_fault_kind kind;
	int status, retry_after_s;
	uint64_t bytes;
	int64_t stall_ms;
	char code[64], region[32];
	char *body;
};
void sbx_fault_match(
	struct sandbox *sb, const char *method, const char *target, struct sbx_strike *out);
void sbx_faults_deinit(struct sandbox *sb);

enum sbx_content { SBX_CONTENT_NONE, SBX_CONTENT_TEXT, SBX_CONTENT_OBJECT };

struct sbx_reply {
	int status;
	struct sbx_headers headers;
	enum sbx_content content;
	struct strbuf text;
	struct sbx_object *object; /* a reference */
	uint64_t offset, size;     /* of the object */
};

struct sbx_op;

struct request {
	struct sandbox *sb;
	struct MHD_Connection *connection;
	int fd;
	char id[17];
	const char *method; /* MHD's, for the request's time */
	char *target;       /* raw: decoding it first would cut "%00" and merge "%2F" */
	struct strview raw_path;
	struct strview bucket, key; /* decoded; own their bytes */
	struct sigv4_pair *query;   /* decoded; own their bytes */
	size_t query_count;
	struct sbx_headers headers;
	const struct sbx_op *op;
	bool is_begun, is_settled; /* settled: the reply is known, the body only drained */
	struct sbx_strike strike;

	/* the body */
	struct digest *sha256, *md5; /* NULL: not wanted */
	unsigned char md5_sum[MD5_LEN];
	uint64_t crc64; /* of the body */
	uint64_t received;
	struct strbuf text;
	struct sbx_blob *blob; /* taken over by what makes an object of it */
	int blob_fd;

	struct sbx_reply reply;
};

/* request.c */
struct request *sbx_request_new(
	struct sandbox *sb, const char *target, struct MHD_Connection *connection);
void sbx_request_free(struct request *r);
/* Reads headers and target; false if the target makes no sense. */
bool sbx_request_read(struct request *r, const char *method);
/* A parameter's value; data is NULL if it is not there. */
struct strview sbx_query(const struct request *r, const char *name);
bool sbx_query_has(const struct request *r, const char *name);
/* A number in [0, max], or fallback if it is not there; false if it is none. */
bool sbx_query_number(
	const struct request *r, const char *name, uint64_t fallback, uint64_t max, uint64_t *out);
const char *sbx_header(const struct request *r, const char *name);

/* auth.c: every signature is checked; says in *payload what the body must hash to ("" unsigned). */
enum sbx_error sbx_auth_check(const struct request *r, struct strview *payload);

/* route.c */
enum sbx_sink { SBX_SINK_NONE, SBX_SINK_TEXT, SBX_SINK_BLOB };
struct sbx_op {
	const char *method;
	char level;         /* 's'ervice, 'b'ucket, 'o'bject */
	const char *query;  /* the parameter that selects it, or "" */
	const char *header; /* the header that selects it besides, or "" */
	enum sbx_sink sink;
	bool is_write;
	void (*run)(struct request *r);
};
/* NULL with *error set. */
const struct sbx_op *sbx_route(const struct request *r, enum sbx_error *error);

/* reply.c */
void sbx_reply_error(struct request *r, enum sbx_error error);
void sbx_reply_custom_error(struct request *r, int status, const char *code, const char *message);
/* Starts an XML answer in r->reply.text with the declaration and <root xmlns=…>. */
struct strbuf *sbx_reply_xml(struct request *r, const char *root);
void sbx_reply_header(struct request *r, const char *name, const char *value);
/* "name": "\"etag\"" */
void sbx_reply_etag(struct request *r, const char *etag);
/* Sends r->reply, with what the fault does to it. */
enum MHD_Result sbx_reply_send(struct request *r);
/* An element with character data; what XML cannot express becomes a reference, as S3 does. */
void sbx_xml_text(struct strbuf *out, const char *name, struct strview text);
void sbx_xml_uint(struct strbuf *out, const char *name, uint64_t value);
void sbx_xml_time(struct strbuf *out, const char *name, int64_t unix_s);
void sbx_xml_etag(struct strbuf *out, const char *etag);
/* A key, url-encoded as with encoding-type=url if is_url. */
void sbx_xml_key(struct strbuf *out, const char *name, struct strview key, bool is_url);
/* RFC 9110, 5.6.7, whatever the locale. */
void sbx_format_http_date(int64_t unix_s, char out[40]);

/* The operations. Each fills r->reply. */
void sbx_bucket_list_all(struct request *r);
void sbx_bucket_create(struct request *r);
void sbx_bucket_delete(struct request *r);
void sbx_bucket_head(struct request *r);
void sbx_bucket_location(struct request *r);
void sbx_bucket_versioning(struct request *r);
void sbx_list_v1(struct request *r);
void sbx_list_v2(struct request *r);
void sbx_delete_batch(struct request *r);
void sbx_object_put(struct request *r);
void sbx_object_get(struct request *r);
void sbx_object_delete(struct request *r);
void sbx_copy_object(struct request *r);
void sbx_copy_part(struct request *r);
void sbx_object_restore(struct request *r);
void sbx_tagging_get(struct request *r);
void sbx_tagging_put(struct request *r);
void sbx_tagging_delete(struct request *r);
void sbx_multipart_create(struct request *r);
void sbx_multipart_put_part(struct request *r);
void sbx_multipart_complete(struct request *r);
void sbx_multipart_abort(struct request *r);
void sbx_multipart_list_parts(struct request *r);
void sbx_multipart_list_uploads(struct request *r);

/* object.c: the headers of a request that an object keeps; storage_class is the caller's. */
enum sbx_error sbx_object_take_headers(
	const struct request *r, struct sbx_headers *out, char **storage_class);
/* "bytes=a-b" against a size. */
enum sbx_range { SBX_RANGE_WHOLE, SBX_RANGE_PART, SBX_RANGE_BAD };
enum sbx_range sbx_parse_range(const char *text, uint64_t size, uint64_t *offset, uint64_t *length);
struct sbx_condition sbx_write_condition(const struct request *r);

/* encrypt.c: whether an object keeps that header; what is wrong with what is asked for; what the
 * answer says; whether a request has the key that stored headers tell of; those of another object
 * instead. */
bool sbx_encryption_is_kept(const struct request *r, const char *name);
enum sbx_error sbx_encryption_check(const struct request *r);
void sbx_encryption_echo(struct request *r, const struct sbx_headers *headers);
enum sbx_error sbx_encryption_check_key(
	const struct request *r, const struct sbx_headers *stored, bool of_copy_source);
void sbx_encryption_replace(struct sbx_headers *headers, const struct sbx_headers *sent);

/* amend.c: tags as in the x-amz-tagging header; tagging may be NULL. */
size_t sbx_tag_count(const char *tagging);
bool sbx_tags_are_valid(const char *tagging);
/* Archived and not restored: its bytes cannot be read. */
bool sbx_object_is_archived(const struct sbx_object *object);

#endif
