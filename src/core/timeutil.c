#include "core/timeutil.h"

#include <stdio.h>
#include <string.h>

int64_t time_mono_ns(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

int64_t time_mono_ms(void)
{
	return time_mono_ns() / NS_PER_MS;
}

int64_t time_wall_s(void)
{
	return (int64_t)time(NULL);
}

int64_t time_ns(int64_t unix_s, int64_t ns)
{
	int64_t total;
	if (__builtin_mul_overflow(unix_s, NS_PER_S, &total) ||
		__builtin_add_overflow(total, ns, &total))
		return TIME_UNKNOWN;
	return total;
}

struct timespec time_deadline(int64_t ms)
{
	int64_t ns = time_mono_ns() + ms * NS_PER_MS;
	return (struct timespec){.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};
}

static struct tm utc(int64_t unix_s)
{
	time_t t = (time_t)unix_s;
	struct tm tm;
	if (!gmtime_r(&t, &tm))
		memset(&tm, 0, sizeof tm);
	return tm;
}

void time_format_amz(int64_t unix_s, char out[17])
{
	struct tm tm = utc(unix_s);
	strftime(out, 17, "%Y%m%dT%H%M%SZ", &tm);
}

void time_format_iso(int64_t unix_s, char out[32])
{
	struct tm tm = utc(unix_s);
	strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

void time_format_http(int64_t unix_s, char out[TIME_HTTP_MAX])
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm tm = utc(unix_s);
	snprintf(out, TIME_HTTP_MAX, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
		days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon, tm.tm_year + 1900,
		tm.tm_hour, tm.tm_min, tm.tm_sec);
}

void time_format_local(int64_t unix_s, bool with_seconds, char out[32])
{
	out[0] = '\0';
	time_t t = (time_t)unix_s;
	struct tm tm;
	if (unix_s == TIME_UNKNOWN || !localtime_r(&t, &tm))
		return;
	strftime(out, 32, with_seconds ? "%Y-%m-%d %H:%M:%S" : "%Y-%m-%d %H:%M", &tm);
}

/* Reads exactly n digits at *pos; -1 if they are not there. */
static int digits(struct strview s, size_t *pos, size_t n)
{
	if (*pos + n > s.len)
		return -1;
	int value = 0;
	for (size_t i = 0; i < n; i++) {
		char c = s.data[*pos + i];
		if (c < '0' || c > '9')
			return -1;
		value = value * 10 + (c - '0');
	}
	*pos += n;
	return value;
}

static bool literal(struct strview s, size_t *pos, char c)
{
	if (*pos >= s.len || s.data[*pos] != c)
		return false;
	++*pos;
	return true;
}

/* Days since 1970-01-01 of a proleptic Gregorian date (the usual era arithmetic). */
static int64_t days_from_civil(int64_t y, int m, int d)
{
	y -= m <= 2;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * 146097 + day_of_era - 719468;
}

static int days_of_month(int y, int mo)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool is_leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
	return days[mo - 1] + (mo == 2 && is_leap);
}

static int64_t seconds_of(int y, int mo, int d, int h, int mi, int s)
{
	if (y < 1 || mo < 1 || mo > 12 || d < 1 || d > days_of_month(y, mo) || h < 0 || h > 23 ||
		mi < 0 || mi > 59 || s < 0 || s > 60)
		return TIME_UNKNOWN;
	return days_from_civil(y, mo, d) * 86400 + h * 3600 + mi * 60 + s;
}

static int64_t fraction_ns(struct strview s, size_t *pos)
{
	int64_t ns = 0, scale = NS_PER_S;
	while (*pos < s.len && s.data[*pos] >= '0' && s.data[*pos] <= '9') {
		scale /= 10;
		ns += (s.data[*pos] - '0') * scale;
		++*pos;
	}
	return ns;
}

int64_t time_parse_iso_ns(struct strview s)
{
	size_t pos = 0;
	int y = digits(s, &pos, 4);
	if (!literal(s, &pos, '-'))
		return TIME_UNKNOWN;
	int mo = digits(s, &pos, 2);
	if (!literal(s, &pos, '-'))
		return TIME_UNKNOWN;
	int d = digits(s, &pos, 2);
	if (!literal(s, &pos, 'T'))
		return TIME_UNKNOWN;
	int h = digits(s, &pos, 2);
	if (!literal(s, &pos, ':'))
		return TIME_UNKNOWN;
	int mi = digits(s, &pos, 2);
	if (!literal(s, &pos, ':'))
		return TIME_UNKNOWN;
	int sec = digits(s, &pos, 2);
	int64_t ns = literal(s, &pos, '.') ? fraction_ns(s, &pos) : 0;
	int64_t offset = 0;
	if (pos < s.len && (s.data[pos] == '+' || s.data[pos] == '-')) {
		int sign = s.data[pos++] == '+' ? 1 : -1;
		int oh = digits(s, &pos, 2);
		literal(s, &pos, ':');
		int om = digits(s, &pos, 2);
		if (oh < 0 || oh > 23 || om < 0 || om > 59)
			return TIME_UNKNOWN;
		offset = sign * (oh * 3600 + om * 60);
	} else if (!literal(s, &pos, 'Z')) {
		return TIME_UNKNOWN;
	}
	int64_t unix_s = seconds_of(y, mo, d, h, mi, sec);
	if (pos != s.len || unix_s == TIME_UNKNOWN)
		return TIME_UNKNOWN;
	return time_ns(unix_s - offset, ns);
}

int64_t time_parse_http(struct strview s)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	size_t pos = sv_find(s, ',');
	if (!literal(s, &pos, ',') || !literal(s, &pos, ' '))
		return TIME_UNKNOWN;
	int d = digits(s, &pos, 2);
	if (!literal(s, &pos, ' ') || pos + 3 > s.len)
		return TIME_UNKNOWN;
	int mo = 0;
	for (int i = 0; i < 12; i++)
		if (memcmp(months + 3 * i, s.data + pos, 3) == 0)
			mo = i + 1;
	pos += 3;
	if (!literal(s, &pos, ' '))
		return TIME_UNKNOWN;
	int y = digits(s, &pos, 4);
	if (!literal(s, &pos, ' '))
		return TIME_UNKNOWN;
	int h = digits(s, &pos, 2);
	bool whole = literal(s, &pos, ':');
	int mi = digits(s, &pos, 2);
	whole = literal(s, &pos, ':') && whole;
	int sec = digits(s, &pos, 2);
	if (!whole || !sv_eq(sv_from(s, pos), SV(" GMT")))
		return TIME_UNKNOWN;
	return seconds_of(y, mo, d, h, mi, sec);
}

int64_t time_parse_mtime_ns(struct strview s)
{
	size_t pos = 0;
	bool negative = literal(s, &pos, '-');
	int64_t unix_s = 0;
	size_t start = pos;
	while (pos < s.len && s.data[pos] >= '0' && s.data[pos] <= '9') {
		if (pos - start > 10)
			return TIME_UNKNOWN;
		unix_s = unix_s * 10 + (s.data[pos++] - '0');
	}
	if (pos == start)
		return TIME_UNKNOWN;
	int64_t ns = literal(s, &pos, '.') ? fraction_ns(s, &pos) : 0;
	if (pos != s.len || unix_s > INT64_MAX / NS_PER_S - 1)
		return TIME_UNKNOWN;
	int64_t total = unix_s * NS_PER_S + ns;
	return negative ? -total : total;
}

void time_format_mtime(int64_t ns, char out[40])
{
	bool negative = ns < 0;
	uint64_t magnitude = negative ? 0 - (uint64_t)ns : (uint64_t)ns;
	snprintf(out, 40, "%s%llu.%09llu", negative ? "-" : "",
		(unsigned long long)(magnitude / (uint64_t)NS_PER_S),
		(unsigned long long)(magnitude % (uint64_t)NS_PER_S));
}
