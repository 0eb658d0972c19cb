/* What location_local.c and its sinks share; nobody else includes it. */
#ifndef CORE_LOCATION_LOCAL_PRIVATE_H
#define CORE_LOCATION_LOCAL_PRIVATE_H

#include "core/location.h"

/* "'/home/u/x'", sanitised, for messages; caller frees. */
char *local_quoted(struct strview path);
/* "Cannot WHAT 'path': why" */
enum s3t_rc local_fail(struct s3t_err *err, int sys_errno, const char *what, struct strview path);
/* The umask when the location was made. */
unsigned local_location_mask(const struct location *loc);
/* Opens the directory of rel's last component below root; make: what is missing is made. The
 * component is written to name. */
enum s3t_rc local_open_parent(struct strview root, struct strview rel, bool make, char name[256],
	int *dir, struct s3t_err *err);

/* As in struct location_ops. */
enum s3t_rc local_sink_begin(struct location *loc, const struct loc_io *io, struct strview root,
	struct strview rel, const struct loc_sink_spec *spec, struct loc_sink **out,
	struct s3t_err *err);
int local_sink_fd(const struct loc_sink *s);
bool local_sink_token(const struct loc_sink *s, struct loc_token *out);
bool local_sink_has_part(const struct loc_sink *s, uint32_t index);
bool local_sink_is_proven(const struct loc_sink *s, uint32_t index);
bool local_sink_prove(struct loc_sink *s, uint32_t index, const unsigned char sum[MD5_LEN]);
enum s3t_rc local_sink_sync(struct loc_sink *s, struct s3t_err *err);
enum s3t_rc local_sink_part(struct loc_sink *s, const struct loc_io *io, uint32_t index,
	uint64_t offset, const struct byte_source *bytes, uint64_t from, uint64_t len,
	struct s3t_err *err);
enum s3t_rc local_sink_commit(struct loc_sink *s, const struct loc_io *io, uint32_t count,
	struct loc_sink_result *result, struct s3t_err *err);
void local_sink_set_mtime(struct loc_sink *s, int64_t mtime_ns);
enum s3t_rc local_sink_abort(struct loc_sink *s, const struct loc_io *io, struct s3t_err *err);
void local_sink_free(struct loc_sink *s);
enum s3t_rc local_sink_discard(struct location *loc, const struct loc_io *io, struct strview root,
	struct strview rel, const struct loc_token *token, int64_t since_s, struct s3t_err *err);

#endif
