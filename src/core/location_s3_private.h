/* What location_s3.c and its sinks share; nobody else includes it. */
#ifndef CORE_LOCATION_S3_PRIVATE_H
#define CORE_LOCATION_S3_PRIVATE_H

#include "core/location.h"

struct loc_source;

struct s3_client *s3_location_client(const struct location *loc);
struct s3_ctx s3_location_ctx(struct location *loc, const struct loc_io *io);

/* As in struct location_ops. */
enum s3t_rc s3_sink_begin(struct location *loc, const struct loc_io *io, struct strview root,
	struct strview rel, const struct loc_sink_spec *spec, struct loc_sink **out,
	struct s3t_err *err);
int s3_sink_fd(const struct loc_sink *s);
bool s3_sink_token(const struct loc_sink *s, struct loc_token *out);
bool s3_sink_has_part(const struct loc_sink *s, uint32_t index);
bool s3_sink_is_proven(const struct loc_sink *s, uint32_t index);
bool s3_sink_prove(struct loc_sink *s, uint32_t index, const unsigned char sum[MD5_LEN]);
enum s3t_rc s3_sink_part(struct loc_sink *s, const struct loc_io *io, uint32_t index,
	uint64_t offset, const struct byte_source *bytes, uint64_t from, uint64_t len,
	struct s3t_err *err);
enum s3t_rc s3_sink_sync(struct loc_sink *s, struct s3t_err *err);
enum s3t_rc s3_sink_commit(struct loc_sink *s, const struct loc_io *io, uint32_t count,
	struct loc_sink_result *result, struct s3t_err *err);
void s3_sink_set_mtime(struct loc_sink *s, int64_t mtime_ns);
enum s3t_rc s3_sink_abort(struct loc_sink *s, const struct loc_io *io, struct s3t_err *err);
void s3_sink_free(struct loc_sink *s);
enum s3t_rc s3_sink_discard(struct location *loc, const struct loc_io *io, struct strview root,
	struct strview rel, const struct loc_token *token, int64_t since_s, struct s3t_err *err);

/* location_s3_source.c */
enum s3t_rc s3_source_open(struct location *loc, const struct loc_io *io, struct strview path,
	const struct loc_stat *listed, struct loc_source **out, struct s3t_err *err);
int s3_source_fd(const struct loc_source *s);
enum s3t_rc s3_source_read(struct loc_source *s, const struct loc_io *io, uint64_t offset,
	uint64_t len, bool (*sink)(void *arg, const char *data, size_t n), void *arg,
	struct s3t_err *err);
enum s3t_rc s3_source_learn(struct loc_source *s, const struct loc_io *io, struct s3t_err *err);
enum s3t_rc s3_source_look(struct loc_source *s, const struct loc_io *io, uint64_t *size,
	bool *in_one, struct s3t_err *err);
void s3_source_facts(struct loc_source *s, struct loc_facts *out);
enum s3t_rc s3_source_check(struct loc_source *s, struct s3t_err *err);
void s3_source_close(struct loc_source *s);

#endif
