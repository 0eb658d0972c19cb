/* CRC-64/NVME, the checksum that Amazon S3 keeps of whole objects (x-amz-checksum-crc64nvme): NVM
 * Express base specification, reflected polynomial 0x9a6c9329ac4bc9b5. */
#ifndef CORE_CRC64_H
#define CORE_CRC64_H

#include "core/strbuf.h"

#include <stdint.h>

/* Of data behind bytes whose checksum is crc (0: none). Any thread. */
uint64_t crc64nvme(uint64_t crc, const void *data, size_t len);
/* Of two runs of bytes one behind the other; b is that of the second, which has b_len bytes. */
uint64_t crc64nvme_combine(uint64_t a, uint64_t b, uint64_t b_len);
/* As S3's headers have it: base64 of the eight bytes, the highest first. */
void crc64nvme_base64(uint64_t crc, struct strbuf *out);
bool crc64nvme_parse(struct strview text, uint64_t *out);

#endif
