#include "core/mime.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXTENSION_MAX 32
#define MIME_FILE_MAX ((size_t)4 << 20)

struct mime_row {
	const char *extension; /* lower case */
	const char *type;
};

/* Sorted by extension. */
static const struct mime_row builtin[] = {
	{"7z", "application/x-7z-compressed"},
	{"aac", "audio/aac"},
	{"apk", "application/vnd.android.package-archive"},
	{"atom", "application/atom+xml"},
	{"avi", "video/x-msvideo"},
	{"avif", "image/avif"},
	{"avro", "application/avro"},
	{"bmp", "image/bmp"},
	{"br", "application/x-brotli"},
	{"bz2", "application/x-bzip2"},
	{"c", "text/x-c"},
	{"cjs", "application/javascript"},
	{"conf", "text/plain"},
	{"cpp", "text/x-c++"},
	{"css", "text/css"},
	{"csv", "text/csv"},
	{"deb", "application/vnd.debian.binary-package"},
	{"dmg", "application/x-apple-diskimage"},
	{"doc", "application/msword"},
	{"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
	{"eot", "application/vnd.ms-fontobject"},
	{"epub", "application/epub+zip"},
	{"flac", "audio/flac"},
	{"geojson", "application/geo+json"},
	{"gif", "image/gif"},
	{"go", "text/x-go"},
	{"gz", "application/gzip"},
	{"h", "text/x-c"},
	{"heic", "image/heic"},
	{"heif", "image/heif"},
	{"htm", "text/html"},
	{"html", "text/html"},
	{"ico", "image/vnd.microsoft.icon"},
	{"ics", "text/calendar"},
	{"ini", "text/plain"},
	{"iso", "application/x-iso9660-image"},
	{"jar", "application/java-archive"},
	{"java", "text/x-java"},
	{"jpeg", "image/jpeg"},
	{"jpg", "image/jpeg"},
	{"js", "application/javascript"},
	{"json", "application/json"},
	{"jsonl", "application/x-ndjson"},
	{"jxl", "image/jxl"},
	{"less", "text/css"},
	{"log", "text/plain"},
	{"m3u8", "application/vnd.apple.mpegurl"},
	{"m4a", "audio/mp4"},
	{"m4v", "video/mp4"},
	{"map", "application/json"},
	{"markdown", "text/markdown"},
	{"md", "text/markdown"},
	{"mid", "audio/midi"},
	{"mjs", "application/javascript"},
	{"mkv", "video/x-matroska"},
	{"mov", "video/quicktime"},
	{"mp3", "audio/mpeg"},
	{"mp4", "video/mp4"},
	{"mpd", "application/dash+xml"},
	{"mpeg", "video/mpeg"},
	{"mpg", "video/mpeg"},
	{"ndjson", "application/x-ndjson"},
	{"odp", "application/vnd.oasis.opendocument.presentation"},
	{"ods", "application/vnd.oasis.opendocument.spreadsheet"},
	{"odt", "application/vnd.oasis.opendocument.text"},
	{"oga", "audio/ogg"},
	{"ogg", "audio/ogg"},
	{"ogv", "video/ogg"},
	{"opus", "audio/ogg"},
	{"orc", "application/vnd.apache.orc"},
	{"otf", "font/otf"},
	{"parquet", "application/vnd.apache.parquet"},
	{"pdf", "application/pdf"},
	{"pem", "application/x-pem-file"},
	{"php", "application/x-httpd-php"},
	{"png", "image/png"},
	{"ppt", "application/vnd.ms-powerpoint"},
	{"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
	{"ps", "application/postscript"},
	{"psd", "image/vnd.adobe.photoshop"},
	{"py", "text/x-python"},
	{"rar", "application/vnd.rar"},
	{"rpm", "application/x-rpm"},
	{"rs", "text/x-rust"},
	{"rss", "application/rss+xml"},
	{"rtf", "application/rtf"},
	{"sh", "application/x-sh"},
	{"sql", "application/sql"},
	{"sqlite", "application/vnd.sqlite3"},
	{"srt", "application/x-subrip"},
	{"svg", "image/svg+xml"},
	{"svgz", "image/svg+xml"},
	{"tar", "application/x-tar"},
	{"tgz", "application/gzip"},
	{"tif", "image/tiff"},
	{"tiff", "image/tiff"},
	{"toml", "application/toml"},
	{"tsv", "text/tab-separated-values"},
	{"ttf", "font/ttf"},
	{"txt", "text/plain"},
	{"vtt", "text/vtt"},
	{"wasm", "application/wasm"},
	{"wav", "audio/wav"},
	{"weba", "audio/webm"},
	{"webm", "video/webm"},
	{"webmanifest", "application/manifest+json"},
	{"webp", "image/webp"},
	{"woff", "font/woff"},
	{"woff2", "font/woff2"},
	{"xhtml", "application/xhtml+xml"},
	{"xls", "application/vnd.ms-excel"},
	{"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
	{"xml", "application/xml"},
	{"xz", "application/x-xz"},
	{"yaml", "application/yaml"},
	{"yml", "application/yaml"},
	{"zip", "application/zip"},
	{"zst", "application/zstd"},
};

/* Written by mime_load() before threads start, only read afterwards. Rows point into text. */
static struct {
	char *text;
	struct mime_row *rows; /* sorted */
	size_t count, capacity;
} loaded;

static int compare_rows(const void *a, const void *b)
{
	const struct mime_row *x = a, *y = b;
	return strcmp(x->extension, y->extension);
}

static void add_row(const char *extension, const char *type)
{
	if (loaded.count == loaded.capacity) {
		loaded.capacity = loaded.capacity ? loaded.capacity * 2 : 1024;
		loaded.rows = reallocarray(loaded.rows, loaded.capacity, sizeof *loaded.rows);
		if (!loaded.rows)
			s3t_oom();
	}
	loaded.rows[loaded.count++] = (struct mime_row){extension, type};
}

/* A type goes into a header as it is. */
static bool is_type(const char *type)
{
	bool has_slash = false;
	for (const char *p = type; *p; p++) {
		if (*p <= ' ' || *p > '~')
			return false;
		has_slash = has_slash || *p == '/';
	}
	return has_slash;
}

/* "text/plain  asc txt text"; line is cut into strings. */
static void read_line(char *line)
{
	static const char blanks[] = " \t\r";
	char *rest = NULL;
	char *type = strtok_r(line, blanks, &rest);
	if (!type || type[0] == '#' || !is_type(type))
		return;
	for (char *word; (word = strtok_r(NULL, blanks, &rest)) && word[0] != '#';) {
		for (char *p = word; *p; p++)
			*p = (char)tolower((unsigned char)*p);
		add_row(word, type);
	}
}

static char *read_text(const char *path)
{
	FILE *file = fopen(path, "re");
	if (!file)
		return NULL;
	struct strbuf text;
	strbuf_init_cap(&text, MIME_FILE_MAX);
	char buf[8192];
	size_t n;
	while ((n = fread(buf, 1, sizeof buf, file)) > 0 && strbuf_ok(&text))
		strbuf_add(&text, buf, n);
	fclose(file);
	return strbuf_take(&text);
}

void mime_load(const char *path)
{
	mime_unload();
	loaded.text = read_text(path);
	if (!loaded.text)
		return;
	char *rest = NULL;
	for (char *line = strtok_r(loaded.text, "\n", &rest); line;
		line = strtok_r(NULL, "\n", &rest))
		read_line(line);
	if (loaded.count)
		qsort(loaded.rows, loaded.count, sizeof *loaded.rows, compare_rows);
}

void mime_unload(void)
{
	free(loaded.rows);
	free(loaded.text);
	loaded.rows = NULL;
	loaded.text = NULL;
	loaded.count = loaded.capacity = 0;
}

static const char *lookup(const struct mime_row *rows, size_t count, const char *extension)
{
	struct mime_row key = {extension, NULL};
	const struct mime_row *row =
		count ? bsearch(&key, rows, count, sizeof key, compare_rows) : NULL;
	return row ? row->type : NULL;
}

const char *mime_type_of(struct strview name)
{
	static const char unknown[] = "application/octet-stream";
	size_t at = name.len;
	while (at && name.data[at - 1] != '.' && name.data[at - 1] != '/')
		at--;
	/* ".profile" has a name and no extension */
	if (at < 2 || name.data[at - 1] != '.' || name.data[at - 2] == '/')
		return unknown;
	struct strview extension = sv_from(name, at);
	char lower[EXTENSION_MAX];
	if (extension.len == 0 || extension.len >= sizeof lower ||
		sv_find(extension, '\0') < extension.len)
		return unknown;
	for (size_t i = 0; i < extension.len; i++)
		lower[i] = (char)tolower((unsigned char)extension.data[i]);
	lower[extension.len] = '\0';
	const char *type = lookup(builtin, sizeof builtin / sizeof *builtin, lower);
	if (!type)
		type = lookup(loaded.rows, loaded.count, lower);
	return type ? type : unknown;
}
