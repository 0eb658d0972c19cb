/*
 * Clocks and the date formats of S3 (RFC 9110 dates, ISO 8601, SigV4 stamps), free of locale and
 * time zone. Points in time are nanoseconds or seconds since 1970-01-01 UTC.
 */
#ifndef CORE_TIMEUTIL_H
#define CORE_TIMEUTIL_H

#include "core/strbuf.h"

#include <stdint.h>
#include <time.h>

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
#define TIME_UNKNOWN INT64_MIN

int64_t time_mono_ms(void);
int64_t time_mono_ns(void);
/* Wall clock, seconds. */
int64_t time_wall_s(void);
/* In nanoseconds; TIME_UNKNOWN if that is what unix_s is, or where they do not reach (before 1677,
 * after 2262). */
int64_t time_ns(int64_t unix_s, int64_t ns);
/* CLOCK_MONOTONIC, ms from now; for pthread_cond_timedwait. */
struct timespec time_deadline(int64_t ms);

/* "20130524T000000Z"; out has room for 17 bytes. */
void time_format_amz(int64_t unix_s, char out[17]);
/* "2026-02-11T09:14:02Z" */
void time_format_iso(int64_t unix_s, char out[32]);
/* Local time "2026-02-11 09:14" or with seconds; "" when unknown. */
void time_format_local(int64_t unix_s, bool with_seconds, char out[32]);

/* "2026-02-11T09:14:02.123Z", also with an offset; years 1 to 9999; TIME_UNKNOWN if it is none.
 * Result in nanoseconds. */
int64_t time_parse_iso_ns(struct strview text);
enum { TIME_HTTP_MAX = 40 };
/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7, IMF-fixdate). */
void time_format_http(int64_t unix_s, char out[TIME_HTTP_MAX]);
/* The same back; seconds or TIME_UNKNOWN. */
int64_t time_parse_http(struct strview text);
/* "1700000000.123456789" as rclone and s3fs write it in x-amz-meta-mtime; ns or TIME_UNKNOWN. */
int64_t time_parse_mtime_ns(struct strview text);
void time_format_mtime(int64_t ns, char out[40]);

#endif
