#include "core/glob.h"

/* Matches one character of text against the pattern's first element; how many bytes each takes. */
static bool match_one(struct strview pattern, struct strview text, size_t *p_len, size_t *t_len)
{
	*t_len = 1;
	while (*t_len < text.len && ((unsigned char)text.data[*t_len] & 0xc0) == 0x80)
		++*t_len;
	*p_len = 1;
	if (pattern.data[0] == '?')
		return true;
	size_t end = pattern.data[0] == '[' ? sv_find(sv_from(pattern, 2), ']') + 2 : pattern.len;
	if (pattern.data[0] != '[' || end >= pattern.len) {
		*t_len = 1;
		return pattern.data[0] == text.data[0];
	}
	*p_len = end + 1;
	bool is_negated = pattern.data[1] == '!' || pattern.data[1] == '^', found = false;
	unsigned char c = (unsigned char)text.data[0];
	for (size_t i = 1 + is_negated; i < end; i++) {
		unsigned char low = (unsigned char)pattern.data[i], high = low;
		if (i + 2 < end && pattern.data[i + 1] == '-') {
			high = (unsigned char)pattern.data[i + 2];
			i += 2;
		}
		found = found || (c >= low && c <= high);
	}
	return found != is_negated;
}

bool glob_match(struct strview pattern, struct strview text)
{
	struct strview retry_pattern = sv_n(NULL, 0), retry_text = text;
	while (text.len) {
		size_t p, t;
		if (pattern.len && pattern.data[0] == '*') {
			pattern = sv_from(pattern, 1);
			retry_pattern = pattern;
			retry_text = text;
		} else if (pattern.len && match_one(pattern, text, &p, &t)) {
			pattern = sv_from(pattern, p);
			text = sv_from(text, t);
		} else if (retry_pattern.data) {
			retry_text = sv_from(retry_text, 1);
			text = retry_text;
			pattern = retry_pattern;
		} else {
			return false;
		}
	}
	while (pattern.len && pattern.data[0] == '*')
		pattern = sv_from(pattern, 1);
	return pattern.len == 0;
}

static bool is_glob(struct strview pattern)
{
	return sv_find(pattern, '*') < pattern.len || sv_find(pattern, '?') < pattern.len ||
	       sv_find(pattern, '[') < pattern.len;
}

bool glob_finds(struct strview pattern, struct strview path)
{
	size_t end = path.len && path.data[path.len - 1] == '/' ? path.len - 1 : path.len,
	       start = 0;
	if (sv_find(pattern, '/') >= pattern.len)
		for (start = end; start > 0 && path.data[start - 1] != '/';)
			start--;
	struct strview text = sv_n(path.data + start, end - start);
	return is_glob(pattern) ? glob_match(pattern, text) : sv_contains_nocase(text, pattern);
}
