/* Decision 1: a job whose target is its source, or lies under it, is refused before it does
 * anything. What a command makes of each object may take its place (may_be_same). */
#include "transfer/internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static enum s3t_rc refuse(struct s3t_err *err, bool is_dir)
{
	return is_dir ? s3t_fail(err, S3T_SAME,
				"The target lies inside the source; nothing was changed.")
		      : s3t_fail(err, S3T_SAME,
				"Source and target are the same; nothing was changed.");
}

static enum s3t_rc check_s3(struct strview source, struct strview target, bool is_dir,
	bool may_be_same, struct s3t_err *err)
{
	if (!is_dir)
		return sv_eq(source, target) && !may_be_same ? refuse(err, false) : S3T_OK;
	/* everything under "source/" moves to under "target/" */
	struct strbuf a, b;
	strbuf_init(&a);
	strbuf_init(&b);
	path_join(&a, source, SV(""));
	path_join(&b, target, SV(""));
	bool inside = sv_starts_with(strbuf_view(&b), strbuf_view(&a)) &&
		      !(may_be_same && a.len == b.len);
	strbuf_deinit(&a);
	strbuf_deinit(&b);
	return inside ? refuse(err, true) : S3T_OK;
}

/* Walks up from the target to the root; what does not exist yet is passed over. */
static enum s3t_rc check_local(
	const char *source, const char *target, bool is_dir, bool may_be_same, struct s3t_err *err)
{
	struct stat src, st;
	if (stat(source, &src) != 0)
		return S3T_OK;
	if (stat(target, &st) == 0 && st.st_dev == src.st_dev && st.st_ino == src.st_ino)
		return may_be_same ? S3T_OK : refuse(err, is_dir);
	if (!is_dir)
		return S3T_OK;
	char *path = s3t_strdup(target);
	enum s3t_rc rc = S3T_OK;
	for (size_t len = strlen(path); len > 1 && rc == S3T_OK;) {
		char *real = realpath(path, NULL); /* a symlink's own ancestors count */
		for (char *end = real ? real + strlen(real) : NULL; real && end > real;) {
			if (stat(real, &st) == 0 && st.st_dev == src.st_dev &&
				st.st_ino == src.st_ino)
				rc = refuse(err, true);
			while (end > real && *--end != '/')
				;
			*end = '\0';
		}
		bool found = real != NULL;
		free(real);
		if (found)
			break;
		while (len > 1 && path[--len] != '/')
			;
		path[len] = '\0';
	}
	free(path);
	return rc;
}

enum s3t_rc guard_check(const struct job *job, const struct job_source *src, bool is_dir,
	const struct loc_io *io, struct s3t_err *err)
{
	(void)io;
	const struct location *from = job->spec.from, *to = job->spec.to;
	bool may_be_same = job->spec.kind == JOB_PIPE;
	if (!to || from->ops->kind != to->ops->kind)
		return S3T_OK;
	struct strbuf target;
	strbuf_init(&target);
	path_join(&target, sv_n(job->spec.target_root, job->spec.target_root_len),
		sv_n(src->target_rel, src->target_rel_len));
	enum s3t_rc rc = S3T_OK;
	if (from->ops->kind == LOC_LOCAL)
		rc = check_local(src->path, target.data, is_dir, may_be_same, err);
	else if (s3_client_same_service(location_s3_client(from), location_s3_client(to)))
		rc = check_s3(sv_n(src->path, src->path_len), strbuf_view(&target), is_dir,
			may_be_same, err);
	strbuf_deinit(&target);
	return rc;
}
