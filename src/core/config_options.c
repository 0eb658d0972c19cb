/* The options of config_schema.h at work: reading a value, checking, copying, explaining. */
#include "core/config_private.h"

#include "core/parse.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>

const struct option config_options[OPTION_COUNT] = {
#define X(section, key, type, field, def, min, max, words, help)                                   \
	{section, key, OPTION_TYPE_##type, offsetof(struct settings, field), def, min, max, words, \
		help},
	CONFIG_SCHEMA(X)
#undef X
};

/* Other spellings of a word; compared as normalise() leaves them. */
static const struct {
	enum option_id option;
	const char *alias, *word;
} aliases[] = {
	{OPTION_storage_class, "glacierinstantretrieval", "GLACIER_IR"},
	{OPTION_encryption_type, "aes256", "SSE_S3"},
	{OPTION_encryption_type, "awskms", "SSE_KMS"},
	{OPTION_compress, "true", "gzip"},
	{OPTION_compress, "false", "off"},
	{OPTION_color, "false", "off"},
};

#define WORD_MAX 64

static void *field_of(struct settings *s, const struct option *o)
{
	return (char *)s + o->offset;
}

static const void *const_field_of(const struct settings *s, const struct option *o)
{
	return (const char *)s + o->offset;
}

static bool is_text(const struct option *o)
{
	return o->type == OPTION_TYPE_STRING || o->type == OPTION_TYPE_SECRET ||
	       o->type == OPTION_TYPE_WORD;
}

static void put_text(struct settings *s, const struct option *o, const char *text)
{
	char **field = field_of(s, o);
	char *copy = s3t_strdup(text);
	if (*field && o->type == OPTION_TYPE_SECRET)
		explicit_bzero(*field, strlen(*field));
	free(*field);
	*field = copy;
}

char *config_quoted(const char *text)
{
	struct strview s = sv(text);
	bool is_long = s.len > WORD_MAX;
	if (is_long)
		s.len = WORD_MAX;
	char *clean = text_sanitised(s);
	char *quoted = s3t_asprintf("'%s%s'", clean, is_long ? "..." : "");
	free(clean);
	return quoted;
}

const struct option *option_find(const char *section, const char *key)
{
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (strcmp(config_options[i].section, section) == 0 &&
			strcmp(config_options[i].key, key) == 0)
			return &config_options[i];
	return NULL;
}

bool option_section_exists(const char *section)
{
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (strcmp(config_options[i].section, section) == 0)
			return true;
	return false;
}

/* "StandardIA", "STANDARD_IA" and "standard-ia" are the same word. */
static void normalise(const char *word, char out[WORD_MAX])
{
	size_t n = 0;
	for (; *word && n + 1 < WORD_MAX; word++) {
		if (*word >= 'A' && *word <= 'Z')
			out[n++] = (char)(*word | 0x20);
		else if ((*word >= 'a' && *word <= 'z') || (*word >= '0' && *word <= '9'))
			out[n++] = *word;
	}
	out[n] = '\0';
}

/* The allowed word that value is a spelling of; caller frees; NULL: none. */
static char *find_word(const struct option *o, const char *value)
{
	char wanted[WORD_MAX], candidate[WORD_MAX];
	normalise(value, wanted);
	for (const char *p = o->words; *p;) {
		size_t len = strcspn(p, "|");
		char *word = s3t_strndup(p, len);
		normalise(word, candidate);
		if (strcmp(candidate, wanted) == 0)
			return word;
		free(word);
		p += len + (p[len] == '|');
	}
	enum option_id id = (enum option_id)(o - config_options);
	for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
		if (aliases[i].option == id && strcmp(aliases[i].alias, wanted) == 0)
			return s3t_strdup(aliases[i].word);
	bool truth;
	if (!parse_bool(sv(value), &truth))
		return NULL;
	const char *plain = truth ? "true" : "false";
	return strcmp(value, plain) == 0 ? NULL : find_word(o, plain);
}

/* Services have classes of their own, and name them as S3 does. */
static bool is_class(const char *value)
{
	size_t len = strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
	return len > 0 && value[len] == '\0' && len < WORD_MAX;
}

static enum s3t_rc assign_word(
	struct settings *s, const struct option *o, const char *value, struct s3t_err *err)
{
	char *word = strlen(value) < WORD_MAX ? find_word(o, value) : NULL;
	enum option_id id = (enum option_id)(o - config_options);
	if (!word && id == OPTION_storage_class && is_class(value))
		word = s3t_strdup(value);
	if (!word) {
		char *shown = config_quoted(value);
		struct strbuf words;
		strbuf_init(&words);
		for (const char *p = o->words; *p; p++)
			if (*p == '|')
				strbuf_add_str(&words, ", ");
			else
				strbuf_add_char(&words, *p);
		(void)s3t_fail(
			err, S3T_CONFIG, "%s is none of the allowed words: %s.", shown, words.data);
		strbuf_deinit(&words);
		free(shown);
		return S3T_CONFIG;
	}
	put_text(s, o, word);
	free(word);
	return S3T_OK;
}

/* A region becomes a part of host names, headers and signatures. */
static bool is_region(const char *region)
{
	size_t len =
		strspn(region, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");
	return region[len] == '\0' && len < 48;
}

static enum s3t_rc assign_text(
	struct settings *s, const struct option *o, const char *value, struct s3t_err *err)
{
	for (const char *p = value; *p; p++)
		if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7f)
			return s3t_fail(
				err, S3T_CONFIG, "The value has a control character in it.");
	enum option_id id = (enum option_id)(o - config_options);
	if (id == OPTION_endpoint && *value) {
		struct endpoint parsed;
		enum s3t_rc rc = endpoint_parse(sv(value), &parsed, err);
		endpoint_deinit(&parsed);
		if (rc != S3T_OK) {
			if (err)
				err->rc = S3T_CONFIG;
			return S3T_CONFIG;
		}
	}
	if (id == OPTION_region && !is_region(value)) {
		char *shown = config_quoted(value);
		(void)s3t_fail(err, S3T_CONFIG,
			"%s is not a region; one looks like eu-central-1, or is auto.", shown);
		free(shown);
		return S3T_CONFIG;
	}
	if (id == OPTION_default_bucket && strchr(value, '/'))
		return s3t_fail(err, S3T_CONFIG, "A bucket's name has no slash in it.");
	put_text(s, o, value);
	return S3T_OK;
}

static void add_bound(struct strbuf *out, const struct option *o, uint64_t value)
{
	static const struct {
		uint64_t ms;
		const char *unit;
	} units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};
	char text[TEXT_SIZE_MAX];
	if (o->type == OPTION_TYPE_SIZE) {
		text_size(value, text);
		strbuf_add_str(out, text);
		return;
	}
	if (o->type == OPTION_TYPE_COUNT || value == 0) {
		strbuf_addf(out, "%llu", (unsigned long long)value);
		return;
	}
	size_t i = 0;
	while (value % units[i].ms)
		i++;
	strbuf_addf(out, "%llu%s", (unsigned long long)(value / units[i].ms), units[i].unit);
}

static enum s3t_rc fail_number(const struct option *o, const char *value, bool has_auto,
	const char *what, struct s3t_err *err)
{
	char *shown = config_quoted(value);
	struct strbuf range;
	strbuf_init(&range);
	strbuf_add_str(&range, has_auto ? "auto, or " : "");
	add_bound(&range, o, o->min);
	strbuf_add_str(&range, " to ");
	add_bound(&range, o, o->max);
	(void)s3t_fail(err, S3T_CONFIG, "%s is %s; allowed is %s.", shown, what, range.data);
	strbuf_deinit(&range);
	free(shown);
	return S3T_CONFIG;
}

static enum s3t_rc assign_number(
	struct settings *s, const struct option *o, const char *value, struct s3t_err *err)
{
	uint64_t number = 0;
	int64_t ms = 0;
	bool has_auto = strcmp(o->def, "auto") == 0;
	if (!has_auto || !sv_eq_nocase(sv(value), SV("auto"))) {
		bool is_number;
		const char *what = "not a number";
		if (o->type == OPTION_TYPE_SIZE) {
			is_number = parse_size(sv(value), &number);
			what = "not a size, as 16MiB is";
		} else if (o->type == OPTION_TYPE_COUNT) {
			is_number = parse_u64(sv(value), &number);
		} else {
			is_number = parse_duration_ms(sv(value), &ms);
			number = (uint64_t)ms;
			what = "not a duration, as 100ms, 30s and 5m are";
		}
		if (!is_number)
			return fail_number(o, value, has_auto, what, err);
		if (number < o->min || number > o->max)
			return fail_number(o, value, has_auto, "out of range", err);
	}
	if (o->type == OPTION_TYPE_SIZE)
		*(uint64_t *)field_of(s, o) = number;
	else if (o->type == OPTION_TYPE_COUNT)
		*(uint32_t *)field_of(s, o) = (uint32_t)number;
	else
		*(int64_t *)field_of(s, o) = (int64_t)number;
	return S3T_OK;
}

static enum s3t_rc assign_any(
	struct settings *s, const struct option *o, const char *value, struct s3t_err *err)
{
	if (o->type == OPTION_TYPE_WORD)
		return assign_word(s, o, value, err);
	if (is_text(o))
		return assign_text(s, o, value, err);
	if (o->type != OPTION_TYPE_BOOL)
		return assign_number(s, o, value, err);
	if (parse_bool(sv(value), field_of(s, o)))
		return S3T_OK;
	char *shown = config_quoted(value);
	(void)s3t_fail(err, S3T_CONFIG, "%s is neither true nor false.", shown);
	free(shown);
	return S3T_CONFIG;
}

enum s3t_rc option_assign(
	struct settings *s, const struct option *o, const char *value, struct s3t_err *err)
{
	return assign_any(s, o, value, err);
}

void option_copy(struct settings *to, const struct settings *from, const struct option *o)
{
	switch (o->type) {
	case OPTION_TYPE_STRING:
	case OPTION_TYPE_SECRET:
	case OPTION_TYPE_WORD:
		put_text(to, o, *(char *const *)const_field_of(from, o));
		break;
	case OPTION_TYPE_BOOL:
		*(bool *)field_of(to, o) = *(const bool *)const_field_of(from, o);
		break;
	case OPTION_TYPE_SIZE:
		*(uint64_t *)field_of(to, o) = *(const uint64_t *)const_field_of(from, o);
		break;
	case OPTION_TYPE_COUNT:
		*(uint32_t *)field_of(to, o) = *(const uint32_t *)const_field_of(from, o);
		break;
	case OPTION_TYPE_DURATION:
		*(int64_t *)field_of(to, o) = *(const int64_t *)const_field_of(from, o);
		break;
	}
}

void option_reset(struct settings *s, const struct option *o)
{
	/* a default that is not valid is caught by every test that reads settings */
	if (assign_any(s, o, o->def, NULL) != S3T_OK)
		abort();
}

enum s3t_rc settings_set(struct settings *s, const char *section, const char *key,
	const char *value, struct s3t_err *err)
{
	const struct option *o = option_find(section, key);
	if (!o) {
		struct strbuf text;
		strbuf_init(&text);
		option_explain_unknown(&text, section, key);
		(void)s3t_fail(err, S3T_CONFIG, "[%s] %s", section, text.data);
		strbuf_deinit(&text);
		return S3T_CONFIG;
	}
	enum s3t_rc rc = option_assign(s, o, value, err);
	if (rc != S3T_OK)
		s3t_err_prefix(err, "[%s] %s: ", section, key);
	return rc;
}

void settings_init_defaults(struct settings *s)
{
	*s = (struct settings){0};
	for (size_t i = 0; i < OPTION_COUNT; i++)
		option_reset(s, &config_options[i]);
}

void settings_copy(struct settings *to, const struct settings *from)
{
	*to = (struct settings){0};
	for (size_t i = 0; i < OPTION_COUNT; i++)
		option_copy(to, from, &config_options[i]);
}

void settings_deinit(struct settings *s)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option *o = &config_options[i];
		if (!is_text(o))
			continue;
		char **field = field_of(s, o);
		if (*field && o->type == OPTION_TYPE_SECRET)
			explicit_bzero(*field, strlen(*field));
		free(*field);
		*field = NULL;
	}
}

/* Edits from a to b (Levenshtein); words longer than WORD_MAX are far from all. */
static size_t distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1], a_len = strlen(a), b_len = strlen(b);
	if (a_len > WORD_MAX || b_len > WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);
			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[b_len];
}

void option_explain_unknown(struct strbuf *out, const char *section, const char *key)
{
	const struct option *nearest = NULL, *elsewhere = NULL;
	size_t nearest_distance = 4; /* more edits are another word */
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option *o = &config_options[i];
		size_t d = distance(key, o->key);
		if (strcmp(o->section, section) != 0)
			elsewhere = d == 0 ? o : elsewhere;
		else if (d < nearest_distance && d < strlen(key)) {
			nearest = o;
			nearest_distance = d;
		}
	}
	char *shown = config_quoted(key);
	strbuf_addf(out, "unknown key %s", shown);
	free(shown);
	if (elsewhere)
		strbuf_addf(out, ", which belongs into [%s]", elsewhere->section);
	else if (nearest)
		strbuf_addf(out, "; did you mean %s?", nearest->key);
	strbuf_add_str(out, nearest && !elsewhere ? " Allowed are" : "; allowed are");
	const char *separator = " ";
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if (strcmp(config_options[i].section, section) != 0)
			continue;
		strbuf_addf(out, "%s%s", separator, config_options[i].key);
		separator = ", ";
	}
	strbuf_add_char(out, '.');
}
