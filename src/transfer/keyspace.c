#include "transfer/keyspace.h"

#include "core/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Positions that are looked at; and how many behind the first that differs within a page matter. */
enum { DEPTH = 1024, PRECISION = 6 };

void keyspace_init(struct keyspace *k, bool is_flat)
{
	*k = (struct keyspace){.seen = s3t_alloc(DEPTH * sizeof *k->seen), .is_flat = is_flat};
	strbuf_init(&k->first);
	strbuf_init(&k->last);
}

void keyspace_deinit(struct keyspace *k)
{
	free(k->seen);
	strbuf_deinit(&k->first);
	strbuf_deinit(&k->last);
}

static size_t common_len(struct strview a, struct strview b)
{
	size_t n = 0;
	while (n < a.len && n < b.len && a.data[n] == b.data[n])
		n++;
	return n;
}

static bool has(const unsigned char bits[32], unsigned byte)
{
	return bits[byte / 8] >> (byte % 8) & 1;
}

static void note(struct keyspace *k, struct strview name, size_t from, size_t to)
{
	for (size_t i = from; i < to && i < name.len; i++) {
		unsigned char byte = (unsigned char)name.data[i];
		k->seen[i][byte / 8] |= (unsigned char)(1U << (byte % 8));
	}
}

void keyspace_add(struct keyspace *k, const struct entry_page *page)
{
	if (page->count < 2)
		return;
	struct strview first = entry_name(page, &page->entries[0]);
	struct strview last = entry_name(page, &page->entries[page->count - 1]);
	size_t same = common_len(first, last), end = same + PRECISION;
	if (sv_cmp(first, last) >= 0 || end > DEPTH)
		return;
	note(k, first, 0, same);
	for (uint32_t i = 0; i < page->count; i++)
		note(k, entry_name(page, &page->entries[i]), same, end);
	strbuf_reset(&k->first);
	strbuf_reset(&k->last);
	strbuf_add_sv(&k->first, first);
	strbuf_add_sv(&k->last, last);
}

/* The digits of one position, ascending: bytes that were seen there and those of their kind. */
struct alphabet {
	unsigned size;
	unsigned char bytes[256];
};

static void alphabet_of(const unsigned char seen[32], struct alphabet *a)
{
	unsigned digits = 0, lower = 0, upper = 0, beyond_f = 0, others = 0;
	for (unsigned b = 0; b < 256; b++) {
		if (!has(seen, b))
			continue;
		bool is_letter = b < 0x80 && isalpha((int)b);
		digits += b >= '0' && b <= '9';
		lower += is_letter && islower((int)b);
		upper += is_letter && isupper((int)b);
		beyond_f += is_letter && tolower((int)b) > 'f';
		others += b >= 0x80 || !isalnum((int)b);
	}
	bool is_hex = digits && (lower || upper) && !beyond_f && !others;
	a->size = 0;
	for (unsigned b = 0; b < 256; b++) {
		bool in = has(seen, b);
		in = in || (digits && b >= '0' && b <= '9');
		in = in || (lower && b >= 'a' && b <= (is_hex ? 'f' : 'z'));
		in = in || (upper && b >= 'A' && b <= (is_hex ? 'F' : 'Z'));
		if (in)
			a->bytes[a->size++] = (unsigned char)b;
	}
	if (!a->size)
		a->bytes[a->size++] = '0';
}

static unsigned digit_of(const struct alphabet *a, struct strview name, size_t at)
{
	if (at >= name.len)
		return 0;
	unsigned d = 0;
	while (d + 1 < a->size && a->bytes[d] < (unsigned char)name.data[at])
		d++;
	return d;
}

/* from + pages * (last - first), digit by digit from the end; false on overflow. */
static bool add_up(const struct keyspace *k, struct strview from, unsigned pages, size_t depth,
	unsigned char *out)
{
	struct strview first = strbuf_view(&k->first), last = strbuf_view(&k->last);
	long carry = 0;
	for (size_t i = depth; i-- > 0;) {
		struct alphabet a;
		alphabet_of(k->seen[i], &a);
		long radix = (long)a.size;
		long width = (long)digit_of(&a, last, i) - (long)digit_of(&a, first, i);
		long sum = (long)digit_of(&a, from, i) + (long)pages * width + carry;
		carry = sum / radix;
		sum %= radix;
		if (sum < 0) {
			sum += radix;
			carry--;
		}
		out[i] = a.bytes[sum];
	}
	return carry == 0;
}

bool keyspace_ahead(
	const struct keyspace *k, struct strview from, unsigned pages, struct strbuf *out)
{
	unsigned char name[DEPTH];
	size_t same = common_len(strbuf_view(&k->first), strbuf_view(&k->last));
	size_t depth = same + PRECISION;
	strbuf_reset(out);
	if (!k->first.len && !k->last.len)
		return false;
	if (!add_up(k, from, pages, depth, name))
		return false;
	struct strview found = sv_n((const char *)name, depth);
	if (k->is_flat)
		found.len = sv_find(found, '/');
	while (found.len && !utf8_is_valid(found))
		found.len--;
	strbuf_add_sv(out, found);
	return sv_cmp(found, from) > 0;
}
