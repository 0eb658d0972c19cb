#include "transfer/finder.h"

#include "core/glob.h"
#include "core/timeutil.h"

void finder_init(struct finder *f, struct strview pattern)
{
	*f = (struct finder){.pattern = pattern};
	strbuf_init(&f->dir);
}

void finder_deinit(struct finder *f)
{
	strbuf_deinit(&f->dir);
}

/* How much of name lies in directories that the last name lay in, too. */
static size_t known_part(const struct finder *f, struct strview name)
{
	size_t known = 0;
	for (size_t i = 0; i < f->dir.len && i < name.len && f->dir.data[i] == name.data[i]; i++)
		if (name.data[i] == '/')
			known = i + 1;
	return known;
}

static void take_directories(struct finder *f, struct strview name, struct entry_page *out)
{
	size_t end = known_part(f, name);
	strbuf_truncate(&f->dir, end);
	for (size_t i = end; i < name.len; i++) {
		if (name.data[i] != '/')
			continue;
		struct strview dir = sv_n(name.data, i + 1);
		strbuf_add_sv(&f->dir, sv_from(dir, f->dir.len));
		if (glob_finds(f->pattern, dir))
			(void)entry_page_add(out, dir, ENTRY_DIR, 0, TIME_UNKNOWN, 0, SV(""));
	}
}

void finder_take(struct finder *f, const struct entry_page *page, struct entry_page *out)
{
	for (uint32_t i = 0; i < page->count; i++) {
		const struct entry *e = &page->entries[i];
		struct strview name = entry_name(page, e);
		take_directories(f, name, out);
		f->seen++;
		if (name.len && name.data[name.len - 1] != '/' && glob_finds(f->pattern, name))
			(void)entry_page_add(out, name, (enum entry_kind)e->kind, e->size,
				e->mtime_s, e->storage_class, SV(""));
	}
}
