/*
 * S3 operations (names as in the S3 API reference). A client is immutable and shared; a call blocks
 * and takes the caller's connection and cancel token. All failures of the network and of the server
 * are tried again here and nowhere else (s3_send.c).
 */
#ifndef CORE_S3_H
#define CORE_S3_H

#include "core/call_log.h"
#include "core/call_stats.h"
#include "core/config.h"
#include "core/entry.h"
#include "core/http.h"
#include "core/known.h"
#include "core/sigv4.h"
#include "core/uri.h"

#include <stdatomic.h>

#define S3_PARTS_MAX 10000
#define S3_PART_MIN ((uint64_t)5 << 20)
#define S3_PART_MAX ((uint64_t)5 << 30)
#define S3_OBJECT_MAX (S3_PARTS_MAX * S3_PART_MAX)
#define S3_DELETE_MAX 1000
#define S3_ETAG_MAX 136

struct s3_client;
struct cancel;

/* --- encryption by the server (s3_encryption.c) --- */

enum s3_encryption_kind {
	S3_ENCRYPTION_NONE, /* nothing is asked for: as the bucket has it */
	S3_ENCRYPTION_SSE_S3,
	S3_ENCRYPTION_SSE_KMS,
	S3_ENCRYPTION_SSE_C,
	S3_ENCRYPTION_CLIENT, /* by ourselves: the server does not hear of it */
	S3_ENCRYPTION_KIND_COUNT
};

/* What is asked of the server for a new object; texts are borrowed. */
struct s3_encryption {
	enum s3_encryption_kind kind;
	const char *kms_key_id;  /* NULL or "": the account's own key */
	const char *kms_context; /* a JSON object; NULL or "": none */
};

/* The word of s3tui.ini, "SSE_KMS"; static. */
const char *s3_encryption_word(enum s3_encryption_kind kind);
/* NULL or "" is none. */
enum s3_encryption_kind s3_encryption_kind_of(const char *word);
/* As a job wants it: type and key id NULL: as the client's profile does. Borrows from both. */
struct s3_encryption s3_encryption_for(
	const struct s3_client *client, const char *type, const char *kms_key_id);

/* Counted over all calls of a client; relaxed atomics, read at any time. */
struct s3_counters {
	atomic_uint_fast64_t requests, retries, errors;
	atomic_uint_fast64_t slow_downs; /* answers that asked for fewer requests */
};

/* Takes a reference of profile. transport NULL: libcurl. */
struct s3_client *s3_client_new(struct profile *profile);
struct s3_client *s3_client_ref(struct s3_client *c);
void s3_client_unref(struct s3_client *c);
const struct profile *s3_client_profile(const struct s3_client *c);
/* The server's clock, as far as it is known; seconds. */
int64_t s3_client_now_s(struct s3_client *c);
/* How a profile's connections are made; borrows from it. */
struct http_options s3_http_options(const struct profile *profile);
struct s3_counters *s3_client_counters(struct s3_client *c);
/* When the last answer came, or its failure: monotonic; 0: nothing was asked yet. */
int64_t s3_client_last_call_ms(struct s3_client *c);
/* What is known of a row of a listing (core/known.h); path: "bucket/key". */
bool s3_client_known(struct s3_client *c, struct strview path, uint64_t size, int64_t modified_s,
	struct known_object *out);
/* What HEAD told of an object; what one is that has just been written, its size as stored; that it
 * was replaced by something. */
struct s3_object;
struct s3_put;
void s3_client_note(
	struct s3_client *c, struct strview bucket, struct strview key, const struct s3_object *o);
void s3_client_note_written(struct s3_client *c, struct strview bucket, struct strview key,
	uint64_t size, const struct s3_put *put);
void s3_client_forget(struct s3_client *c, struct strview bucket, struct strview key);
/* Every try in numbers. */
enum connection_state s3_client_connection(struct s3_client *c, int64_t *since_s);
void s3_client_read_stats(struct s3_client *c, struct call_stats_view *out);
/* Every try is noted there from now on; it must outlive the client's calls. NULL: nowhere. Any
 * thread. */
void s3_client_set_log(struct s3_client *c, struct call_log *log);
/* Whether a copy between the two can be done by the server: same endpoint and credentials. */
bool s3_client_same_service(const struct s3_client *a, const struct s3_client *b);
/* Whether CRC64NVME proves at this endpoint: by its provider, or as configured. */
bool s3_client_uses_crc64(const struct s3_client *c);
/* What is known of part ETags at this endpoint (decision 11). */
enum etag_rule s3_client_etag_rule(const struct s3_client *c);
void s3_client_learn_etag_rule(struct s3_client *c, enum etag_rule rule);

/* Who calls: connection and token go together. */
struct s3_ctx {
	struct s3_client *client;
	struct http_conn *conn;
	struct cancel *cancel; /* may be NULL */
	atomic_uint_fast32_t
		*retries;  /* tries after the first of each call are counted there; NULL: nowhere */
	bool once;         /* no second try after a pause */
	bool is_probe;     /* only finds out what the server does: a refusal is not explained */
	bool customer_key; /* parts belong to an upload under SSE-C */
};

/* A customer's key (SSE-C) as it is sent: base64 of its 32 bytes and of their MD5. */
struct s3_customer_key {
	char key[45], md5[25];
};
/* The one of the profile, read from its file or command at the first call, once; borrowed, NULL
 * with S3T_OK: the profile has none. Refused where it would go over http to another machine. Any
 * thread; may block while a command runs. */
enum s3t_rc s3_client_customer_key(struct s3_client *c, struct cancel *cancel,
	const struct s3_customer_key **out, struct s3t_err *err) S3T_MUST_CHECK;
/* What the profile encrypts with and decrypts on this machine (age.h), read at the first call,
 * once; borrowed, NULL with S3T_OK: nothing. Any thread; may block while a command runs. */
struct age_keys;
enum s3t_rc s3_client_age_keys(struct s3_client *c, struct cancel *cancel,
	const struct age_keys **out, struct s3t_err *err) S3T_MUST_CHECK;
/* Whether the settings name one. */
bool s3_has_customer_key(const struct settings *s);
/* Reads it as the settings say; the caller wipes it. */
enum s3t_rc s3_customer_key_load(const struct settings *s, struct cancel *cancel,
	struct s3_customer_key *out, struct s3t_err *err) S3T_MUST_CHECK;

/* --- one call, for the operations below --- */

/* Whether the profile's customer key (SSE-C) goes along. */
enum s3_key_use {
	S3_KEY_UNUSED,
	S3_KEY_READS, /* if the object turns out to want it */
	S3_KEY_WRITES,
	S3_KEY_COPIES, /* a copy's source is read with it, if it turns out to want it */
};

struct s3_call {
	const char *method;
	struct strview bucket, key;
	const struct sigv4_pair *query;
	size_t query_count;
	const struct sigv4_pair *headers; /* all signed */
	size_t header_count;
	struct strview body;            /* from memory, with has_body */
	const struct http_body *stream; /* instead of body */
	struct strview payload_hash;    /* empty: computed from body */
	bool has_body;
	enum s3_key_use key_use;
	bool copy_is_under_key; /* of a copy: its target is written with the key, too */
	const char *root;       /* root element that a 2xx body must have; NULL: it is not read */
	/* sees only whole documents with that root, unless prepare undoes what it did in a try */
	const struct xml_handler *handler;
	bool (*sink)(void *arg, const char *data, size_t len);
	bool (*on_headers)(void *arg, int status);
	void *sink_arg;
	uint64_t expected; /* bytes that sink will get, about */
	/* after a try whose answer seems good, or was stopped by the sink: what is wrong with its
	 * body. S3T_MISMATCH: damaged on the way, tried again; others are final */
	enum s3t_rc (*check)(void *arg, struct s3t_err *err);
	void *check_arg;
	/* before each try: may change query and headers; sets a stream to its start */
	void (*prepare)(void *arg, struct s3_call *call);
	void *prepare_arg;
	const uint64_t *progress; /* new bytes count as progress: tries start over */
	unsigned unheard; /* out: tries that may have done the work without our hearing of it */
};

/* Sends, tries again by the rules of docs/architecture.md, and reads errors. resp (initialised)
 * holds the last answer. */
enum s3t_rc s3_send(const struct s3_ctx *ctx, struct s3_call *call, struct http_response *resp,
	struct s3t_err *err) S3T_MUST_CHECK;
/* Fills err from an error answer (XML body or bare status). */
enum s3t_rc s3_error_from(const struct http_response *resp, struct strview bucket,
	struct strview key, struct s3t_err *err);

/* --- buckets --- */

/* Adds the buckets to page as ENTRY_BUCKET. */
enum s3t_rc s3_list_buckets(
	const struct s3_ctx *ctx, struct entry_page *page, struct s3t_err *err) S3T_MUST_CHECK;
enum s3t_rc s3_create_bucket(
	const struct s3_ctx *ctx, struct strview bucket, struct s3t_err *err) S3T_MUST_CHECK;
enum s3t_rc s3_delete_bucket(
	const struct s3_ctx *ctx, struct strview bucket, struct s3t_err *err) S3T_MUST_CHECK;
enum s3t_rc s3_head_bucket(
	const struct s3_ctx *ctx, struct strview bucket, struct s3t_err *err) S3T_MUST_CHECK;

/* --- listing --- */

struct s3_list {
	struct strview bucket, prefix;
	bool is_recursive; /* no delimiter */
	bool want_etags;
	uint32_t max_keys;   /* 0: 1,000 */
	struct strbuf after; /* only keys behind this one; "": all */
	/* continuation: "" at first; changed by each page */
	struct strbuf token;
	bool is_v1, is_done;
	bool is_plain; /* the server takes no notice of encoding-type */
	uint64_t pages;
};

void s3_list_init(struct s3_list *list, struct strview bucket, struct strview prefix);
void s3_list_deinit(struct s3_list *list);
/* The next page, names relative to the prefix; the caller frees. A marker equal to the prefix comes
 * as an entry with an empty name. */
enum s3t_rc s3_list_page(const struct s3_ctx *ctx, struct s3_list *list, struct entry_page **page,
	struct s3t_err *err) S3T_MUST_CHECK;

/* --- versions --- */

struct s3_version {
	struct strview key, id, etag, storage_class; /* borrowed for the call */
	uint64_t size;
	int64_t last_modified_s;
	bool is_latest, is_delete_marker;
	bool is_prefix; /* none of these: a common prefix, in key */
};

struct s3_version_list {
	struct strview bucket, prefix;
	bool is_grouped;   /* by '/': prefixes below it are told as such */
	uint32_t max_keys; /* 0: 1,000 */
	/* continuation: "" at first; changed by each page */
	struct strbuf key_marker, id_marker;
	bool is_done;
};
void s3_version_list_init(
	struct s3_version_list *list, struct strview bucket, struct strview prefix);
void s3_version_list_deinit(struct s3_version_list *list);
/* The next page (ListObjectVersions): of each key the newest first. S3T_UNSUPPORTED where the
 * server answers something else. */
enum s3t_rc s3_list_versions_page(const struct s3_ctx *ctx, struct s3_version_list *list,
	void (*fn)(void *arg, const struct s3_version *v), void *arg,
	struct s3t_err *err) S3T_MUST_CHECK;

enum s3_versioning {
	S3_VERSIONING_NEVER, /* it was never switched on */
	S3_VERSIONING_ENABLED,
	S3_VERSIONING_SUSPENDED,
};
/* Whether the bucket keeps what is overwritten or deleted (GetBucketVersioning). */
enum s3t_rc s3_get_bucket_versioning(const struct s3_ctx *ctx, struct strview bucket,
	enum s3_versioning *out, struct s3t_err *err) S3T_MUST_CHECK;
enum s3t_rc s3_put_bucket_versioning(const struct s3_ctx *ctx, struct strview bucket,
	bool is_enabled, struct s3t_err *err) S3T_MUST_CHECK;

/* --- objects --- */

struct s3_object {
	uint64_t size;
	int64_t last_modified_s;
	int64_t mtime_ns;       /* x-amz-meta-mtime, or TIME_UNKNOWN */
	char etag[S3_ETAG_MAX]; /* without quotes */
	char *content_type, *content_encoding, *version_id, *storage_class; /* NULL: none */
	char *encryption; /* "AES256", "aws:kms" …, "SSE-C"; NULL: none is told */
	char *key_id;     /* of the KMS key, or base64 of the MD5 of the customer's; NULL: none */
	char *lock_mode;  /* "GOVERNANCE", "COMPLIANCE"; NULL: not locked */
	int64_t retain_until_s;
	bool has_legal_hold;
	char *restore;          /* x-amz-restore as it came; NULL: none */
	struct strbuf metadata; /* "name: value\n", names without x-amz-meta- */
	struct strbuf headers;  /* the same of Cache-Control, Content-Disposition, Content-Language
				 * and Expires */
	bool etag_is_opaque;    /* SSE-KMS or SSE-C: the ETag is not the MD5 */
	bool has_crc64;         /* x-amz-checksum-crc64nvme of the whole object was told */
	uint64_t crc64;
	uint64_t part_size; /* x-amz-meta-part-size, written by us; 0: none */
	char *coding; /* what was done to the bytes before they came (coding.h); NULL: nothing */
	char *plain_type;    /* the type of what was encrypted; NULL: as content_type */
	uint64_t plain_size; /* the real size; UINT64_MAX: not told */
	uint64_t tag_count;  /* x-amz-tagging-count; not every server tells */
};
/* mtime_ns, else last_modified_s; TIME_UNKNOWN if there is neither. */
int64_t s3_object_time_ns(const struct s3_object *o);
void s3_object_init(struct s3_object *o);
void s3_object_deinit(struct s3_object *o);

enum s3t_rc s3_head_object(const struct s3_ctx *ctx, struct strview bucket, struct strview key,
	struct s3_object *out, struct s3t_err *err) S3T_MUST_CHECK;
/* version_id empty: the latest. */
enum s3t_rc s3_head_version(const struct s3_ctx *ctx, struct strview bucket, struct strview key,
	struct strview version_id, struct s3_object *out, struct s3t_err *err) S3T_MUST_CHECK;

/* Appends its tags as x-amz-tagging takes them: "key=value&...", percent-encoded; nothing where
 * there are none. */
enum s3t_rc s3_get_object_tagging(const struct s3_ctx *ctx, struct strview bucket,
	struct strview key, struct strbuf *out, struct s3t_err *err) S3T_MUST_CHECK;

/* The same encryption for another object; borrows from o. */
struct s3_encryption s3_encryption_as(const struct s3_object *o);
/* In words, "SSE-KMS, key testkey-1"; appends nothing where none is told. */
void s3_encryption_words(const struct s3_object *o, struct strbuf *out);

/* Makes them these. */
enum s3t_rc s3_put_object_tagging(const struct s3_ctx *ctx, struct strview bucket,
	struct strview key, const char *tagging, struct s3t_err *err) S3T_MUST_CHECK;
/* Its ACL's document, to be put again after a copy onto itself, which would lose it. Left empty
 * where it is what every new object has, or where the server shows none. */
enum s3t_rc s3_keep_acl(const struct s3_ctx *ctx, struct strview bucket, struct strview key,
	struct strbuf *out, struct s3t_err *err) S3T_MUST_CHECK;
/* Whose object that version is: "name (id)" or the one that is told; nothing is appended where the
 * server does not show it. */
void s3_object_owner(const struct s3_ctx *ctx, struct strview bucket, struct strview key,
	const char *version_id, struct strbuf *out);
enum s3t_rc s3_put_acl(const struct s3_ctx *ctx, struct strview bucket, struct strview key,
	struct strview document, struct s3t_err *err) S3T_MUST_CHECK;
/* Asks for a copy of an archived object, which is there in hours; tier: "Standard", "Bulk",
 * "Expedited". Only for one that HEAD has shown to be archived. */
enum s3t_rc s3_restore_object(const struct s3_ctx *ctx, struct strview bucket, struct strview key,
	const char *version_id, uint32_t days, const char *tier,
	struct s3t_err *err) S3T_MUST_CHECK;
/* Whether objects of that class have to be restored before they can be read; NULL: STANDARD. */
bool s3_class_is_archived(const char *storage_class);
/* Of a write that was refused, perhaps for its class: names those that the server takes, by uploads
 * that are begun and aborted. */
void s3_class_explain(const struct s3_ctx *ctx, struct strview bucket, struct strview key,
	const char *storage_class, struct s3t_err *err);
/* "restored until …", "being restored", "archived" …; "" for what can be read. */
void s3_archive_words(const struct s3_object *o, struct strbuf *out);

/* The same for a copy that is to have them: none where the server has no tags, or does not show
 * them. */
enum s3t_rc s3_keep_tagging(const struct s3_ctx *ctx, struct strview bucket, struct strview key,
	struct strbuf *out, struct s3t_err *err) S3T_MUST_CHECK;

/* The bytes of an object with a coding (s3_coded.c), whole: as they were, and as they are to be
 * stored again, for which o's metadata gets the new size. Appends. */
enum s3t_rc s3_decode_bytes(const struct s3_ctx *ctx, const struct s3_object *o,
	struct strview stored, struct strbuf *plain, struct s3t_err *err) S3T_MUST_CHECK;
enum s3t_rc s3_encode_bytes(const struct s3_ctx *ctx, struct s3_object *o, struct strview plain,
	struct strbuf *stored, struct s3t_err *err) S3T_MUST_CHECK;

/* What is stored with a new object; NULL, "" and TIME_UNKNOWN for "nothing". */
struct s3_put {
	const char *content_type, *content_encoding, *storage_class;
	int64_t mtime_ns;
	struct strview metadata; /* "name: value\n" as in struct s3_object */
	struct strview headers;  /* the same */
	const char *tagging;     /* "key=value&..." as s3_get_object_tagging() gives it */
	uint64_t part_size;      /* noted as x-amz-meta-part-size: it proves a composite ETag */
	bool if_none_match;      /* only where nothing is yet */
	bool keep_metadata;      /* of a copy: the server takes the source's, none is given here */
	/* NULL: none. What the server does not confirm is undone, and S3T_UNSUPPORTED; it is asked
	 * before the first object is written, by an upload that is aborted */
	const struct s3_encryption *encryption;
	/* the server is to check the CRC64NVME of the body, or of all parts; *crc64_is_taken: it
	 * said that it does (NULL: neither) */
	bool *crc64_is_taken;
	uint64_t crc64; /* of a body; for parts each has its own */
};

/* body from memory. etag may be NULL. */
enum s3t_rc s3_put_object(const struct s3_ctx *ctx, struct strview bucket, struct strview key,
	const struct s3_put *put, struct strview body, char etag[S3_ETAG_MAX],
	struct s3t_err *err) S3T_MUST_CHECK;
/* A streamed body; payload_hash: hex SHA-256 or SIGV4_UNSIGNED. version_id (may be NULL) is the
 * caller's to free. */
enum s3t_rc s3_put_object_stream(const struct s3_ctx *ctx, struct strview bucket,
	struct strview key, const struct s3_put *put, const struct http_body *body,
	struct strview payload_hash, char etag[S3_ETAG_MAX], char **version_id,
	struct s3t_err *err) S3T_MUST_CHECK;

/* A ranged read that goes on from where it broke. */
struct s3_get {
	struct strview bucket, key;
	struct strview version_id; /* empty: the latest */
	uint64_t offset, len;      /* len UINT64_MAX: to the end, no Range header at offset 0 */
	uint64_t total;            /* size of the object as listed; UINT64_MAX: unknown */
	const char *etag;          /* If-Match, without quotes; "": none */
	bool (*sink)(void *arg, const char *data, size_t len);
	void *sink_arg;
	struct s3_object *object; /* filled from the first answer's headers; may be NULL */
};
enum s3t_rc s3_get_object(
	const struct s3_ctx *ctx, const struct s3_get *get, struct s3t_err *err) S3T_MUST_CHECK;

enum s3t_rc s3_delete_object(const struct s3_ctx *ctx, struct strview bucket, struct strview key,
	struct s3t_err *err) S3T_MUST_CHECK;
/* For good; a delete marker's id undeletes. S3T_DENIED explains a lock. */
enum s3t_rc s3_delete_version(const struct s3_ctx *ctx, struct strview bucket, struct strview key,
	struct strview version_id, struct s3t_err *err) S3T_MUST_CHECK;
/* failed is called for each key that was not deleted; keys that XML cannot hold go singly. At most
 * S3_DELETE_MAX keys. versions: of each key, or NULL. S3T_OK also when single keys failed. */
enum s3t_rc s3_delete_objects(const struct s3_ctx *ctx, struct strview bucket,
	const struct strview *keys, const struct strview *versions, size_t count,
	void (*failed)(void *arg, size_t index, const struct s3t_err *why), void *arg,
	struct s3t_err *err) S3T_MUST_CHECK;

struct s3_copy_source {
	struct strview bucket, key;
	struct strview version_id;  /* empty: the latest */
	const char *etag;           /* x-amz-copy-source-if-match; NULL or "": none */
	int64_t unmodified_since_s; /* x-amz-copy-source-if-unmodified-since, without etag; 0: none
				     */
};
/* CopyObject; put NULL: metadata is copied. */
enum s3t_rc s3_copy_object(const struct s3_ctx *ctx, const struct s3_copy_source *from,
	struct strview bucket, struct strview key, const struct s3_put *put, char etag[S3_ETAG_MAX],
	struct s3t_err *err) S3T_MUST_CHECK;

/* --- multipart --- */

/* upload_id is the caller's to free. */
enum s3t_rc s3_create_multipart_upload(const struct s3_ctx *ctx, struct strview bucket,
	struct strview key, const struct s3_put *put, char **upload_id,
	struct s3t_err *err) S3T_MUST_CHECK;
/* crc64: the server is to check it; NULL: none. */
enum s3t_rc s3_upload_part(const struct s3_ctx *ctx, struct strview bucket, struct strview key,
	const char *upload_id, uint32_t part_number, const struct http_body *body,
	struct strview payload_hash, const uint64_t *crc64, char etag[S3_ETAG_MAX],
	struct s3t_err *err) S3T_MUST_CHECK;
enum s3t_rc s3_upload_part_copy(const struct s3_ctx *ctx, const struct s3_copy_source *from,
	uint64_t offset, uint64_t len, struct strview bucket, struct strview key,
	const char *upload_id, uint32_t part_number, char etag[S3_ETAG_MAX],
	struct s3t_err *err) S3T_MUST_CHECK;
/* The ETag of an object of these parts, where ETags are MD5s; "" if one cannot be. */
void s3_expected_etag(const char (*etags)[S3_ETAG_MAX], uint32_t count, char out[S3_ETAG_MAX]);
/* crc64: of the whole object, for the server to check; NULL: none. etags[i] is that of part i + 1.
 * expected: ETag that the object must get, or "": a NoSuchUpload is
 * then looked at by HEAD, since the answer to an earlier try may have been lost. */
enum s3t_rc s3_complete_multipart_upload(const struct s3_ctx *ctx, struct strview bucket,
	struct strview key, const char *upload_id, const uint64_t *crc64,
	const char (*etags)[S3_ETAG_MAX], uint32_t count, const char *expected,
	char etag[S3_ETAG_MAX], char **version_id, struct s3t_err *err) S3T_MUST_CHECK;
/* An upload that is gone already is S3T_OK. */
enum s3t_rc s3_abort_multipart_upload(const struct s3_ctx *ctx, struct strview bucket,
	struct strview key, const char *upload_id, struct s3t_err *err) S3T_MUST_CHECK;
/* part is called in order of part number. */
enum s3t_rc s3_list_parts(const struct s3_ctx *ctx, struct strview bucket, struct strview key,
	const char *upload_id,
	void (*part)(void *arg, uint32_t number, uint64_t size, struct strview etag), void *arg,
	struct s3t_err *err) S3T_MUST_CHECK;
/* Aborts uploads of exactly this key that began at since_s (our wall clock; the server's own is
 * allowed for) or later, but for the one called except (may be NULL). */
enum s3t_rc s3_abort_uploads_since(const struct s3_ctx *ctx, struct strview bucket,
	struct strview key, int64_t since_s, const char *except,
	struct s3t_err *err) S3T_MUST_CHECK;
/* upload may be NULL. *server_s (may be NULL): the server's clock, or TIME_UNKNOWN. */
enum s3t_rc s3_list_multipart_uploads(const struct s3_ctx *ctx, struct strview bucket,
	struct strview prefix,
	void (*upload)(
		void *arg, struct strview key, struct strview upload_id, int64_t initiated_s),
	void *arg, int64_t *server_s, struct s3t_err *err) S3T_MUST_CHECK;

/* --- presigned URLs --- */

struct s3_presign {
	const char *method; /* GET, PUT or HEAD */
	struct strview bucket, key;
	int64_t expires_s;         /* 1 to SIGV4_PRESIGN_MAX_S */
	const char *download_name; /* response-content-disposition; may be NULL */
	const char *content_type;  /* response-content-type; may be NULL */
	const char *version_id;    /* may be NULL */
	/* the object is under the customer's key (SSE-C): whoever uses the link has to send
	 * s3_customer_key_headers[] */
	bool under_customer_key;
};
enum { S3_CUSTOMER_KEY_HEADERS = 3 };
extern const char *const s3_customer_key_headers[S3_CUSTOMER_KEY_HEADERS];
/* Appends the URL. *ends_s: the true end, min(chosen, the credentials' own). No request is made. */
enum s3t_rc s3_presign_url(struct s3_client *client, struct cancel *cancel,
	const struct s3_presign *what, struct strbuf *url, int64_t *ends_s,
	struct s3t_err *err) S3T_MUST_CHECK;

/* A region's name as a server tells it; "" for what cannot be one, since it becomes part of a host
 * name (threat T9). */
void s3_clean_region(struct strview raw, char out[48]);
/* ETag without quotes and weak mark. */
void s3_clean_etag(struct strview raw, char out[S3_ETAG_MAX]);

#endif
