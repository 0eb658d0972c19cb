/* S3Metrics of the specification: counted by the engine, shown by the UI and --stats. */
#ifndef TRANSFER_METRICS_H
#define TRANSFER_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

struct metrics {
	atomic_uint_fast64_t uploads_total, downloads_total, copies_total, deletes_total;
	atomic_uint_fast64_t bytes_uploaded, bytes_downloaded, bytes_copied;
	atomic_uint_fast64_t upload_duration_ms, download_duration_ms, copy_duration_ms;
	atomic_uint_fast64_t failures_total;
};

static inline void metrics_add(atomic_uint_fast64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

#endif
