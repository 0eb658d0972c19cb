#include "ui/fuzzy.h"

#include <ctype.h>
#include <stdint.h>

enum { NEXT_SCORE = 8, WORD_SCORE = 6, LETTER_SCORE = 1 };

static int lower(char c)
{
	return tolower((unsigned char)c);
}

static bool begins_word(struct strview text, size_t at)
{
	return at == 0 || !isalnum((unsigned char)text.data[at - 1]);
}

/* Taking each letter at its first place from `from` on. */
static int score_from(struct strview pattern, struct strview text, size_t from)
{
	int score = 0;
	size_t last = SIZE_MAX;
	for (size_t i = 0, at = from; i < pattern.len; i++, at++) {
		while (at < text.len && lower(text.data[at]) != lower(pattern.data[i]))
			at++;
		if (at >= text.len)
			return -1;
		score += LETTER_SCORE + (begins_word(text, at) ? WORD_SCORE : 0) +
			 (i && at == last + 1 ? NEXT_SCORE : 0);
		last = at;
	}
	return score;
}

int fuzzy_score(struct strview pattern, struct strview text)
{
	int best = pattern.len ? -1 : 0;
	for (size_t from = 0; from < text.len && pattern.len; from++) {
		if (lower(text.data[from]) != lower(pattern.data[0]))
			continue;
		int score = score_from(pattern, text, from);
		best = score > best ? score : best;
	}
	return best;
}
