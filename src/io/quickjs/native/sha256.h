/* SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104). Nothing of the engine is in here. */
#ifndef SHA256_H
#define SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_BYTES = 32, SHA256_BLOCK_BYTES = 64 };

struct sha256 {
	uint32_t state[8];
	/* What has been added, in octets: its last, incomplete block waits in `block`. */
	uint64_t length_bytes;
	uint8_t block[SHA256_BLOCK_BYTES];
};

void sha256_start(struct sha256 *hash);
void sha256_add(struct sha256 *hash, const uint8_t *data, size_t length);
/* Ends it: `hash` can be started again, but not added to. */
void sha256_end(struct sha256 *hash, uint8_t digest[SHA256_BYTES]);

/* A key as both hashes see it after their first block, so that a short text costs two compressions and not four. */
struct hmac_key {
	uint32_t inner[8];
	uint32_t outer[8];
};

void hmac_prepare(struct hmac_key *key, const uint8_t *octets, size_t length);
void hmac_sha256(const struct hmac_key *key, const uint8_t *text, size_t length, uint8_t mac[SHA256_BYTES]);

#endif
