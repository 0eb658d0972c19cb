#include "core/parse.h"

#include <string.h>

bool parse_u64(struct strview s, uint64_t *out)
{
	uint64_t value = 0;
	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned d = (unsigned char)s.data[i] - '0';
		if (d > 9 || __builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, d, &value))
			return false;
	}
	*out = value;
	return true;
}

bool parse_i64(struct strview s, int64_t *out)
{
	bool negative = s.len && s.data[0] == '-';
	uint64_t magnitude;
	if (!parse_u64(negative ? sv_from(s, 1) : s, &magnitude) || magnitude > INT64_MAX)
		return false;
	*out = negative ? -(int64_t)magnitude : (int64_t)magnitude;
	return true;
}

bool parse_bool(struct strview s, bool *out)
{
	static const char *const yes[] = {"true", "yes", "on", "1"};
	static const char *const no[] = {"false", "no", "off", "0"};
	for (size_t i = 0; i < 4; i++) {
		if (sv_eq_nocase(s, sv(yes[i])))
			return *out = true, true;
		if (sv_eq_nocase(s, sv(no[i])))
			return *out = false, true;
	}
	return false;
}

/* Reads "12" or "1.5" from the front of *s as value = whole + fraction/scale. */
static bool take_decimal(struct strview *s, uint64_t *whole, uint64_t *fraction, uint64_t *scale)
{
	size_t n = 0;
	while (n < s->len && s->data[n] >= '0' && s->data[n] <= '9')
		n++;
	if (!parse_u64(sv_n(s->data, n), whole))
		return false;
	*s = sv_from(*s, n);
	*fraction = 0;
	*scale = 1;
	if (s->len == 0 || s->data[0] != '.')
		return true;
	*s = sv_from(*s, 1);
	n = 0;
	while (n < s->len && s->data[n] >= '0' && s->data[n] <= '9' && n < 6) {
		*fraction = *fraction * 10 + (uint64_t)(s->data[n++] - '0');
		*scale *= 10;
	}
	*s = sv_from(*s, n);
	return n > 0;
}

static bool size_unit(struct strview unit, uint64_t *factor)
{
	static const char letters[] = "kmgtpe";
	if (unit.len == 0 || sv_eq_nocase(unit, SV("b"))) {
		*factor = 1;
		return true;
	}
	const char *at = memchr(letters, unit.data[0] | 0x20, sizeof letters - 1);
	if (!at)
		return false;
	struct strview rest = sv_from(unit, 1);
	uint64_t base;
	if (rest.len == 0 || sv_eq_nocase(rest, SV("ib")))
		base = 1024;
	else if (sv_eq_nocase(rest, SV("b")))
		base = 1000;
	else
		return false;
	*factor = 1;
	for (const char *p = letters; p <= at; p++)
		*factor *= base;
	return true;
}

static bool scaled(
	uint64_t whole, uint64_t fraction, uint64_t scale, uint64_t factor, uint64_t *out)
{
	uint64_t part = (uint64_t)((double)fraction / (double)scale * (double)factor + 0.5);
	return !__builtin_mul_overflow(whole, factor, out) &&
	       !__builtin_add_overflow(*out, part, out);
}

bool parse_size(struct strview s, uint64_t *out)
{
	uint64_t whole, fraction, scale, factor;
	s = sv_trim(s);
	return take_decimal(&s, &whole, &fraction, &scale) && size_unit(sv_trim(s), &factor) &&
	       scaled(whole, fraction, scale, factor, out);
}

bool parse_duration_ms(struct strview s, int64_t *out)
{
	static const struct {
		struct strview unit;
		uint64_t ms;
	} units[] = {{{"ms", 2}, 1}, {{"s", 1}, 1000}, {{"m", 1}, 60000}, {{"h", 1}, 3600000},
		{{"d", 1}, 86400000}, {{"w", 1}, 604800000}};
	uint64_t total = 0;
	s = sv_trim(s);
	do {
		uint64_t whole, fraction, scale, add, factor = 0;
		if (!take_decimal(&s, &whole, &fraction, &scale))
			return false;
		size_t n = 0;
		while (n < s.len && s.data[n] >= 'a' && s.data[n] <= 'z')
			n++;
		for (size_t i = 0; i < sizeof units / sizeof *units; i++)
			if (sv_eq(sv_n(s.data, n), units[i].unit))
				factor = units[i].ms;
		if (n == 0 && s.len == 0)
			factor = 1000;
		if (!factor || !scaled(whole, fraction, scale, factor, &add) ||
			__builtin_add_overflow(total, add, &total) || total > INT64_MAX / 2)
			return false;
		s = sv_from(s, n);
	} while (s.len);
	*out = (int64_t)total;
	return true;
}
