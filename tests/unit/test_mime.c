#include "core/mime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void the_type_follows_the_extension(void **state)
{
	static const struct {
		const char *name, *type;
	} rows[] = {
		{"index.html", "text/html"},
		{"index.htm", "text/html"},
		{"a.css", "text/css"},
		{"a.js", "application/javascript"},
		{"a.json", "application/json"},
		{"a.xml", "application/xml"},
		{"a.pdf", "application/pdf"},
		{"a.zip", "application/zip"},
		{"a.tar.gz", "application/gzip"},
		{"IMG.JPG", "image/jpeg"},
		{"img.jpeg", "image/jpeg"},
		{"img.png", "image/png"},
		{"img.gif", "image/gif"},
		{"img.svg", "image/svg+xml"},
		{"a.mp4", "video/mp4"},
		{"a.mp3", "audio/mpeg"},
		{"a.txt", "text/plain"},
		{"a.csv", "text/csv"},
		{"a.7z", "application/x-7z-compressed"},
		{"a.zst", "application/zstd"},
		{"a.yaml", "application/yaml"},
		{"README.md", "text/markdown"},
		{"dir.d/photo.webp", "image/webp"},
		{"dir.html/file", "application/octet-stream"},
		{".html", "application/octet-stream"},
		{"dir/.html", "application/octet-stream"},
		{"..html", "text/html"},
		{"html", "application/octet-stream"},
		{"a.", "application/octet-stream"},
		{"a.html.", "application/octet-stream"},
		{"", "application/octet-stream"},
		{".", "application/octet-stream"},
		{"/", "application/octet-stream"},
		{"a.no-such-extension", "application/octet-stream"},
		{"a.extension-that-is-far-too-long-to-be-one-at-all", "application/octet-stream"},
		{"a.\xff\xfe", "application/octet-stream"},
	};
	(void)state;
	mime_unload();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_string_equal(mime_type_of(sv(rows[i].name)), rows[i].type);
}

static void every_builtin_extension_is_found_by_bisection(void **state)
{
	/* first, last, and some in the middle: a row out of order would not be found */
	static const char *const extensions[] = {"7z", "aac", "avif", "bz2", "cjs", "dmg", "eot",
		"flac", "go", "heic", "ico", "jar", "jxl", "less", "m3u8", "mkv", "ndjson", "odt",
		"otf", "parquet", "php", "pptx", "py", "rar", "rs", "rtf", "sql", "srt", "tar",
		"tiff", "toml", "ttf", "vtt", "wasm", "webm", "woff", "woff2", "xlsx", "xz", "yml",
		"zip", "zst"};
	(void)state;
	for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
		char name[32];
		snprintf(name, sizeof name, "a.%s", extensions[i]);
		assert_string_not_equal(mime_type_of(sv(name)), "application/octet-stream");
	}
}

static void a_name_is_bytes_and_may_hold_a_nul(void **state)
{
	(void)state;
	assert_string_equal(mime_type_of(sv_n("a.ht\0ml", 7)), "application/octet-stream");
	assert_string_equal(mime_type_of(sv_n("a\0b.html", 8)), "text/html");
	assert_string_equal(mime_type_of(sv_n("a.htmlxxx", 6)), "text/html");
}

static void the_system_table_adds_to_the_builtin_one(void **state)
{
	char path[] = "/tmp/s3tui-mime-XXXXXX";
	(void)state;
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	static const char text[] = "# comment\n"
				   "application/x-one  one ONE2\r\n"
				   "\n"
				   "text/wrong  html\n"
				   "nonsense  bad\n"
				   "evil/\x01type  evil\n"
				   "application/x-alone\n"
				   "application/x-two two # rest\n"
				   "application/x-last last";
	assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
	close(fd);
	mime_load(path);
	assert_string_equal(mime_type_of(SV("a.one")), "application/x-one");
	assert_string_equal(mime_type_of(SV("a.One2")), "application/x-one");
	assert_string_equal(mime_type_of(SV("a.two")), "application/x-two");
	assert_string_equal(mime_type_of(SV("a.last")), "application/x-last");
	assert_string_equal(mime_type_of(SV("a.html")), "text/html");
	assert_string_equal(mime_type_of(SV("a.bad")), "application/octet-stream");
	assert_string_equal(mime_type_of(SV("a.evil")), "application/octet-stream");
	assert_string_equal(mime_type_of(SV("a.rest")), "application/octet-stream");
	mime_unload();
	assert_string_equal(mime_type_of(SV("a.one")), "application/octet-stream");
	unlink(path);
}

static void a_missing_system_table_is_fine(void **state)
{
	(void)state;
	mime_load("/nonexistent/mime.types");
	assert_string_equal(mime_type_of(SV("a.html")), "text/html");
	mime_unload();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_type_follows_the_extension),
		cmocka_unit_test(every_builtin_extension_is_found_by_bisection),
		cmocka_unit_test(a_name_is_bytes_and_may_hold_a_nul),
		cmocka_unit_test(the_system_table_adds_to_the_builtin_one),
		cmocka_unit_test(a_missing_system_table_is_fine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
