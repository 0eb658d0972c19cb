/*
 * Keys: as a path below a directory (threat T3), as text for a terminal (T1) and for a program.
 */
#include "core/json.h"
#include "core/location.h"
#include "core/text.h"
#include "fuzz.h"

#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

/* Follows an accepted name down from its root as a kernel would: never up, never nowhere. */
static void check_path(struct strview rel)
{
	const char *why = path_refusal(rel);
	if (why) {
		CHECK(fuzz_is_clean(sv(why)));
		return;
	}
	struct strview rest = rel;
	CHECK(rel.len && rel.data[0] != '/');
	CHECK(sv_find(rel, '\0') == rel.len);
	CHECK(!sv_starts_with(rel, SV("~/")));
	size_t depth = 0;
	while (rest.len) {
		struct strview part = fuzz_take(&rest, '/');
		CHECK(part.len && part.len <= 255);
		CHECK(!sv_eq(part, SV(".")) && !sv_eq(part, SV("..")));
		depth++;
	}
	CHECK(depth > 0);

	struct strbuf full;
	strbuf_init(&full);
	path_join(&full, SV("/root"), rel);
	CHECK(sv_starts_with(strbuf_view(&full), SV("/root/")));
	CHECK(full.len == 6 + rel.len);
	struct strview base = path_basename(strbuf_view(&full));
	CHECK(base.len && sv_find(base, '/') == base.len);
	strbuf_deinit(&full);
}

static void check_shown(struct strview text)
{
	struct strbuf once, twice;
	strbuf_init(&once);
	strbuf_init(&twice);
	text_sanitise(&once, text);
	CHECK(fuzz_is_clean(strbuf_view(&once)));
	text_sanitise(&twice, strbuf_view(&once)); /* nothing is left to be done */
	CHECK(sv_eq(strbuf_view(&once), strbuf_view(&twice)));
	CHECK(once.len >= text.len); /* nothing vanishes */
	bool is_plain = true;
	for (size_t i = 0; i < text.len; i++)
		is_plain = is_plain && text.data[i] >= ' ' && text.data[i] < 0x7f;
	CHECK(!is_plain || sv_eq(strbuf_view(&once), text));
	strbuf_deinit(&once);
	strbuf_deinit(&twice);
}

static void check_json(struct strview text)
{
	struct strbuf out;
	struct json_writer w;
	strbuf_init(&out);
	json_begin(&w, &out);
	json_add_string(&w, "key", text);
	json_end(&w);
	CHECK(fuzz_is_clean(strbuf_view(&out)));
	struct json_doc *doc = json_doc_parse(strbuf_view(&out));
	if (sv_find(text, '\0') == text.len) {
		const char *back = doc ? json_doc_string(doc, "key") : NULL;
		CHECK(back && utf8_is_valid(sv(back)));
		CHECK(!utf8_is_valid(text) || sv_eq(sv(back), text));
	}
	json_doc_free(doc);
	strbuf_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strview s = sv_n((const char *)data, size);
	check_path(s);
	check_shown(s);
	check_json(s);
	return 0;
}
