/* Numbers, sizes, durations and dates of foreign origin: what is taken is what was written. */
#include "core/parse.h"
#include "core/text.h"
#include "core/timeutil.h"
#include "fuzz.h"

#include <stdio.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static struct strview without_zeros(struct strview s)
{
	while (s.len > 1 && s.data[0] == '0')
		s = sv_from(s, 1);
	return s;
}

static void check_integers(struct strview s)
{
	char again[32];
	uint64_t u, size;
	int64_t i;
	if (parse_u64(s, &u)) {
		snprintf(again, sizeof again, "%llu", (unsigned long long)u);
		CHECK(sv_eq(without_zeros(s), sv(again)));
		CHECK(parse_size(s, &size) && size == u);
		text_count(u, again);
		CHECK(strlen(again) >= 1 && strlen(again) <= 26);
		char human[TEXT_SIZE_MAX];
		text_size(u, human);
		CHECK(strlen(human) <= 10);
	}
	if (parse_i64(s, &i)) {
		bool negative = s.data[0] == '-';
		struct strview digits = negative ? sv_from(s, 1) : s;
		snprintf(again, sizeof again, "%llu",
			negative ? 0 - (unsigned long long)i : (unsigned long long)i);
		CHECK(sv_eq(without_zeros(digits), sv(again)));
	}
}

/* "16k" is 1024 times "16", and so on, or there is no such number. */
static void check_units(struct strview s)
{
	static const char *const units[] = {"k", "MiB", "G", "TiB", "P", "EiB"};
	uint64_t n, scaled, factor = 1;
	char text[64];
	if (s.len > 30 || !parse_u64(s, &n))
		return;
	for (size_t i = 0; i < 6; i++) {
		uint64_t wanted;
		factor *= 1024;
		snprintf(text, sizeof text, "%.*s %s", (int)s.len, s.data, units[i]);
		bool fits = !__builtin_mul_overflow(n, factor, &wanted);
		CHECK(parse_size(sv(text), &scaled) == fits);
		CHECK(!fits || scaled == wanted);
	}
}

static void check_durations(struct strview s)
{
	int64_t ms, again;
	char text[48];
	if (!parse_duration_ms(s, &ms))
		return;
	CHECK(ms >= 0 && ms <= INT64_MAX / 2);
	snprintf(text, sizeof text, "%lldms", (long long)ms);
	CHECK(parse_duration_ms(sv(text), &again) && again == ms);
	text_duration(ms / 1000, text);
	CHECK(strlen(text) >= 4);
}

static void check_dates(struct strview s)
{
	char text[40];
	int64_t ns = time_parse_iso_ns(s), unix_s = time_parse_http(s);
	if (ns != TIME_UNKNOWN) {
		int64_t at = ns / NS_PER_S - (ns % NS_PER_S < 0);
		time_format_iso(at, text);
		CHECK(time_parse_iso_ns(sv(text)) == at * NS_PER_S);
		time_format_local(at, true, text);
		CHECK(*text);
	}
	if (unix_s != TIME_UNKNOWN) {
		CHECK(unix_s >= -62135596800 && unix_s <= 253402300800);
		time_format_iso(unix_s, text);
		time_format_local(unix_s, false, text);
		CHECK(*text);
	}
	ns = time_parse_mtime_ns(s);
	if (ns != TIME_UNKNOWN) {
		time_format_mtime(ns, text);
		CHECK(time_parse_mtime_ns(sv(text)) == ns);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strview s = sv_n((const char *)data, size);
	check_integers(s);
	check_units(s);
	check_durations(s);
	check_dates(s);
	return 0;
}
