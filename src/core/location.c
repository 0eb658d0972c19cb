#include "core/location.h"

#include "core/text.h"

#include <stdlib.h>
#include <string.h>

struct location *location_ref(struct location *loc)
{
	atomic_fetch_add(&loc->refs, 1);
	return loc;
}

void location_unref(struct location *loc)
{
	if (loc && atomic_fetch_sub(&loc->refs, 1) == 1)
		loc->ops->destroy(loc);
}

void loc_stat_deinit(struct loc_stat *st)
{
	free(st->content_type);
	st->content_type = NULL;
}

void loc_sink_result_deinit(struct loc_sink_result *r)
{
	free(r->version_id);
	free(r->note);
	r->version_id = r->note = NULL;
}

void loc_token_deinit(struct loc_token *t)
{
	free(t->text);
	t->text = NULL;
}

enum { VERSION_MARK = 0xff, VERSION_DIGITS = 5, VERSION_HEAD = 1 + VERSION_DIGITS + 2 };

struct strview path_version_split(struct strview path, struct path_version *v)
{
	if (v)
		*v = (struct path_version){.id = SV("")};
	const char *mark = path.len ? memrchr(path.data, VERSION_MARK, path.len) : NULL;
	struct strview tail = mark ? sv_from(path, (size_t)(mark - path.data)) : SV("");
	if (tail.len <= VERSION_HEAD)
		return path;
	for (size_t i = 1; i <= VERSION_DIGITS; i++)
		if (tail.data[i] < '0' || tail.data[i] > '9')
			return path;
	char latest = tail.data[1 + VERSION_DIGITS], marker = tail.data[2 + VERSION_DIGITS];
	if ((latest != 'L' && latest != '-') || (marker != 'M' && marker != '-'))
		return path;
	if (v)
		*v = (struct path_version){.id = sv_from(tail, VERSION_HEAD),
			.is_latest = latest == 'L',
			.is_marker = marker == 'M'};
	return sv_n(path.data, path.len - tail.len);
}

void path_version_add(struct strbuf *path, uint32_t ordinal, const struct path_version *v)
{
	strbuf_addf(path, "%c%0*u%c%c%.*s", VERSION_MARK, VERSION_DIGITS,
		ordinal < 99999 ? ordinal : 99999, v->is_latest ? 'L' : '-',
		v->is_marker ? 'M' : '-', (int)v->id.len, v->id.data);
}

void path_show(struct strbuf *out, struct strview path)
{
	enum { SHOWN = 8 };
	struct path_version v;
	text_sanitise(out, path_version_split(path, &v));
	if (!v.id.len)
		return;
	strbuf_add_str(out, " (");
	if (v.is_marker)
		strbuf_add_str(out, v.is_latest ? "deleted" : "was deleted");
	else if (v.is_latest)
		strbuf_add_str(out, "latest");
	else
		text_sanitise(out, v.id.len > SHOWN ? sv_n(v.id.data, SHOWN) : v.id);
	strbuf_add_char(out, ')');
}

void s3_path_split(struct strview path, struct strview *bucket, struct strview *key)
{
	path = path_version_split(path, NULL);
	size_t slash = sv_find(path, '/');
	*bucket = sv_n(path.data, slash);
	*key = sv_from(path, slash + 1);
}

void path_join(struct strbuf *out, struct strview path, struct strview name)
{
	strbuf_add_sv(out, path);
	if (path.len && path.data[path.len - 1] != '/')
		strbuf_add_char(out, '/');
	strbuf_add_sv(out, name);
}

static struct strview without_final_slash(struct strview path)
{
	if (path.len > 1 && path.data[path.len - 1] == '/')
		path.len--;
	return path;
}

struct strview path_basename(struct strview path)
{
	path = without_final_slash(path);
	size_t at = path.len;
	while (at && path.data[at - 1] != '/')
		at--;
	return sv_from(path, at);
}

bool path_below(struct strview dir, struct strview path, struct strview *rel)
{
	bool has_slash = !dir.len || dir.data[dir.len - 1] == '/';
	*rel = sv_from(path, dir.len + !has_slash);
	return sv_starts_with(path, dir) &&
	       (has_slash || path.len == dir.len || path.data[dir.len] == '/');
}

struct strview path_parent(struct strview path)
{
	path = without_final_slash(path);
	while (path.len && path.data[path.len - 1] != '/')
		path.len--;
	return path;
}

static const char *component_refusal(struct strview part, bool is_first)
{
	if (part.len == 0)
		return "it has an empty component";
	if (sv_eq(part, SV(".")) || sv_eq(part, SV("..")))
		return "it has a component . or ..";
	if (part.len > 255)
		return "it has a component of more than 255 bytes";
	if (memchr(part.data, '\0', part.len))
		return "it has a NUL byte";
	if (is_first && part.data[0] == '~' && part.len == 1)
		return "it begins with ~/";
	return NULL;
}

const char *path_refusal(struct strview rel)
{
	struct strview rest = without_final_slash(rel);
	bool is_first = true, is_dir = rest.len < rel.len;
	do {
		size_t slash = sv_find(rest, '/');
		bool has_more = slash < rest.len;
		const char *why =
			component_refusal(sv_n(rest.data, slash), is_first && (has_more || is_dir));
		if (why)
			return why;
		rest = sv_from(rest, slash + 1);
		is_first = false;
		if (has_more && rest.len == 0)
			return "it has an empty component";
	} while (rest.len);
	return NULL;
}
