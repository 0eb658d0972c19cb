/*
 * Where a pane is and where bytes come from and go to: one interface over local directories and S3.
 * It is shaped by what S3 can do well (pages, ranges, parts, ETags), not by POSIX.
 *
 * A path is bytes. Local: absolute. S3: "bucket/key", "" is the list of buckets. A directory may be
 * written with or without a final '/'.
 *
 * Locations are immutable and shared between threads; lists, sources and sinks belong to one job.
 */
#ifndef CORE_LOCATION_H
#define CORE_LOCATION_H

#include "core/byte_source.h"
#include "core/cancel.h"
#include "core/crypto.h"
#include "core/entry.h"
#include "core/s3.h"

enum loc_kind { LOC_LOCAL, LOC_S3, LOC_KIND_COUNT };

/* Who calls, and where progress is counted. */
struct loc_io {
	struct http_conn *conn;
	struct cancel *cancel;
	/* bytes that moved; negative: taken back by a failed try. May sleep (rate limit). NULL: not
	 * counted. */
	void (*progress)(void *arg, int64_t bytes);
	void *progress_arg;
	atomic_uint_fast32_t *retries; /* as in struct s3_ctx */
};

struct loc_stat {
	enum entry_kind kind;
	uint64_t size;
	int64_t mtime_ns; /* own time of the data; for objects x-amz-meta-mtime, else LastModified
			   */
	char etag[S3_ETAG_MAX];
	uint64_t dev, ino; /* local: identity; 0 where a listing does not tell */
	unsigned mode;     /* local: permission bits */
	bool is_link;      /* local: the path itself is a symbolic link; kind is what it leads to */
	char *content_type; /* S3; NULL: unknown; loc_stat_deinit frees */
	/* For source_open(): what was done to an object's bytes before they came (coding.h) is to
	 * be undone. size is then that of what is read, if stat() found out; stored_size, where it
	 * is another. */
	bool decode;
	uint64_t stored_size; /* 0: as size */
};
void loc_stat_deinit(struct loc_stat *st);

enum loc_list_flags {
	LOC_LIST_RECURSIVE = 1,
	LOC_LIST_ETAGS = 2,
	LOC_LIST_FOLLOW = 4,   /* symlinks to directories too, when recursive */
	LOC_LIST_VERSIONS = 8, /* S3: names with a version each, delete markers too */
	LOC_LIST_EXACT = 16,   /* with versions: only of the object of that very path */
};

/* Called for what could not be listed; the listing goes on. */
typedef void (*loc_problem_fn)(void *arg, struct strview rel, const struct s3t_err *why);

struct loc_list;
struct loc_source;
struct loc_sink;
struct location;

struct loc_facts {
	int64_t mtime_ns;    /* the data's own time; TIME_UNKNOWN: not known */
	bool etag_is_opaque; /* encrypted by the server: the ETag says nothing about the bytes */
	uint64_t part_size;  /* of the parts that a composite ETag is made of; 0: not known */
	uint64_t dev, ino;   /* local: identity */
	const char *decoded; /* what proves bytes that were decoded; static; NULL: they were not */
	bool has_crc64;      /* CRC64NVME of the whole object was told */
	uint64_t crc64;
};

enum { LOC_TOKEN_KEY_LEN = 6 };

/* By what an unfinished sink is found again: an upload's id, or a temporary file. */
struct loc_token {
	char *text;        /* the id, or the file's name; NULL: none; loc_token_deinit frees */
	uint64_t dev, ino; /* of the file; 0: not known */
	char key[LOC_TOKEN_KEY_LEN + 1]; /* beginning of the MD5 of an upload's SSE-C key; or "" */
	const char
		*tag; /* that it was begun with: names a file whose name is not known; borrowed */
};
void loc_token_deinit(struct loc_token *t);

/* What a new file or object is to be. */
struct loc_sink_spec {
	uint64_t size;                            /* UINT64_MAX: unknown (a stream) */
	uint64_t part_size;                       /* 0 or >= size: one piece */
	uint32_t part_count;                      /* with an unknown size: the most there may be */
	int64_t mtime_ns;                         /* TIME_UNKNOWN: none */
	const char *content_type, *storage_class; /* NULL or "": by default */
	const char *encryption, *kms_key_id;      /* the same: as the location's profile says */
	/* S3 only; NULL or empty: none */
	const char *content_encoding, *tagging; /* as in struct s3_put */
	struct strview metadata, headers;       /* "name: value\n" */
	unsigned mode;                          /* permission bits; 0: by umask */
	bool no_replace;                        /* overwriting was not agreed */
	bool prove;                             /* integrity is to be proven */
	bool defer_proof; /* of parts, by sink_prove() instead of on their way */
	const char *tag;  /* local: letters that make the temporary file's name; NULL: random */
	/* sink_begin() goes on with this one; S3T_NOT_FOUND: it is gone, or another's;
	 * S3T_CREDENTIALS: it was begun under another SSE-C key. */
	const struct loc_token *resume;
};

/* Once it is there. */
struct loc_sink_result {
	char etag[S3_ETAG_MAX];
	char *version_id; /* NULL: none; caller frees */
	char *note;       /* what became different, in lines; NULL: nothing is said; caller frees */
	const char *proof; /* "signed SHA-256", "part MD5 = ETag"; static; NULL: none of its own */
};

void loc_sink_result_deinit(struct loc_sink_result *r);

struct location_ops {
	enum loc_kind kind;
	void (*destroy)(struct location *loc);
	/* One step of a listing; *done after the last page. */
	struct loc_list *(*list_new)(struct location *loc, struct strview dir, unsigned flags,
		loc_problem_fn problem, void *arg);
	enum s3t_rc (*list_next)(struct loc_list *list, const struct loc_io *io,
		struct entry_page **page, bool *done, struct s3t_err *err);
	void (*list_free)(struct loc_list *list);
	/* Before the first list_next: only names behind this one. NULL: it cannot. */
	void (*list_from)(struct loc_list *list, struct strview after);
	enum s3t_rc (*stat)(struct location *loc, const struct loc_io *io, struct strview path,
		struct loc_stat *out, struct s3t_err *err);

	enum s3t_rc (*source_open)(struct location *loc, const struct loc_io *io,
		struct strview path, const struct loc_stat *listed, struct loc_source **out,
		struct s3t_err *err);
	/* A descriptor to pread from, or -1. */
	int (*source_fd)(const struct loc_source *s);
	enum s3t_rc (*source_read)(struct loc_source *s, const struct loc_io *io, uint64_t offset,
		uint64_t len, bool (*sink)(void *arg, const char *data, size_t n), void *arg,
		struct s3t_err *err);
	/* S3T_CHANGED if it is not what it was when opened. */
	enum s3t_rc (*source_check)(struct loc_source *s, struct s3t_err *err);
	/* Asks for what reading from the start would tell. S3T_CHANGED: it is another by now. */
	enum s3t_rc (*source_learn)(
		struct loc_source *s, const struct loc_io *io, struct s3t_err *err);
	/* Finds out how the object is coded, before it is read: *size, of what is read; *in_one:
	 * only from its start to its end. NULL: never coded. */
	enum s3t_rc (*source_look)(struct loc_source *s, const struct loc_io *io, uint64_t *size,
		bool *in_one, struct s3t_err *err);
	/* What reading from the start told besides the bytes; before that nothing is known. */
	void (*source_facts)(struct loc_source *s, struct loc_facts *out);
	void (*source_close)(struct loc_source *s);

	/* root: directory chosen by the person; rel: name below it, of foreign origin. */
	enum s3t_rc (*sink_begin)(struct location *loc, const struct loc_io *io,
		struct strview root, struct strview rel, const struct loc_sink_spec *spec,
		struct loc_sink **out, struct s3t_err *err);
	/* A descriptor to pwrite to, or -1. */
	int (*sink_fd)(const struct loc_sink *s);
	/* By what it can be resumed; out is the caller's. False: it cannot (one piece). */
	bool (*sink_token)(const struct loc_sink *s, struct loc_token *out);
	/* Whether the server had the part when the sink was resumed. */
	bool (*sink_has_part)(const struct loc_sink *s, uint32_t index);
	/* Whether the part was proven while it was sent; else sink_prove() compares the MD5 of what
	 * was sent with what the server answered. False: the part has to be sent again. */
	bool (*sink_is_proven)(const struct loc_sink *s, uint32_t index);
	bool (*sink_prove)(struct loc_sink *s, uint32_t index, const unsigned char sum[MD5_LEN]);
	/* Sends len bytes from `from` on as part `index` (from 0), which lies at offset. Any
	 * thread; parts in any order. */
	enum s3t_rc (*sink_part)(struct loc_sink *s, const struct loc_io *io, uint32_t index,
		uint64_t offset, const struct byte_source *bytes, uint64_t from, uint64_t len,
		struct s3t_err *err);
	/* What was written so far outlives a power failure. */
	enum s3t_rc (*sink_sync)(struct loc_sink *s, struct s3t_err *err);
	/* count: parts there are. Makes it visible under its name. */
	enum s3t_rc (*sink_commit)(struct loc_sink *s, const struct loc_io *io, uint32_t count,
		struct loc_sink_result *result, struct s3t_err *err);
	/* The time that the target gets, when it is known only after sink_begin; before
	 * sink_commit. */
	void (*sink_set_mtime)(struct loc_sink *s, int64_t mtime_ns);
	/* Leaves nothing behind; frees nothing. */
	enum s3t_rc (*sink_abort)(struct loc_sink *s, const struct loc_io *io, struct s3t_err *err);
	void (*sink_free)(struct loc_sink *s);
	/* Removes what is left of an unfinished sink of another process. Without a token: uploads
	 * of exactly this key that began at since_s (wall clock, seconds) or later. What is gone
	 * already is S3T_OK; a file that is not the token's stays. */
	enum s3t_rc (*sink_discard)(struct location *loc, const struct loc_io *io,
		struct strview root, struct strview rel, const struct loc_token *token,
		int64_t since_s, struct s3t_err *err);

	/* Files or objects, at most S3_DELETE_MAX of one bucket; failed is called per path. */
	enum s3t_rc (*remove)(struct location *loc, const struct loc_io *io,
		const struct strview *paths, size_t count,
		void (*failed)(void *arg, size_t index, const struct s3t_err *why), void *arg,
		struct s3t_err *err);
	/* What is left of a directory without files: empty directories (local), the marker (S3). */
	enum s3t_rc (*prune)(struct location *loc, const struct loc_io *io, struct strview dir,
		struct s3t_err *err);
	/* A directory with its parents; a bucket; a marker. */
	enum s3t_rc (*mkdir)(struct location *loc, const struct loc_io *io, struct strview root,
		struct strview rel, struct s3t_err *err);
};

struct location {
	const struct location_ops *ops;
	atomic_int refs;
};

struct location *location_ref(struct location *loc);
void location_unref(struct location *loc); /* NULL is allowed */

struct location *location_local_new(void);
/* Takes a reference of client. */
struct location *location_s3_new(struct s3_client *client);
/* NULL for other kinds; borrowed. */
struct s3_client *location_s3_client(const struct location *loc);
/* Splits "bucket/key"; a version in it is left out. */
void s3_path_split(struct strview path, struct strview *bucket, struct strview *key);

/*
 * A version in a path: behind the key a byte that no UTF-8 has, the version's place among those of
 * its key (five digits, the newest first), L for the latest, M for a delete marker, and its id. So
 * a version is a name like any other for lists, marks and jobs, and sorts behind newer ones.
 */
struct path_version {
	struct strview id; /* empty: the path has none */
	bool is_latest, is_marker;
};
/* The path without its version, which goes into v (may be NULL). */
struct strview path_version_split(struct strview path, struct path_version *v);
void path_version_add(struct strbuf *path, uint32_t ordinal, const struct path_version *v);
/* Appends a path or name as a person is to see it, "a.txt (latest)", "a.txt (3HL4kqtJ)". */
void path_show(struct strbuf *out, struct strview path);

/* path + "/" where it is missing and path is not empty, + name. */
void path_join(struct strbuf *out, struct strview path, struct strview name);
/* The last component, without a final '/'. */
struct strview path_basename(struct strview path);
/* Without the last component, with its final '/' ("" where there is none). */
struct strview path_parent(struct strview path);
/* Whether path is dir or below it, and what of it lies below (dir may end in '/', or be ""). */
bool path_below(struct strview dir, struct strview path, struct strview *rel);
/* Threat T3: why a key's name cannot be a path below a local directory; NULL if it can. */
const char *path_refusal(struct strview rel);

#endif
