#include "sha256.h"

#include <string.h>

static const uint32_t ROUND[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static const uint32_t START[8] = {
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static inline uint32_t rotate_right(uint32_t word, int bits)
{
	return word >> bits | word << (32 - bits);
}

/* Octet by octet: the text may lie anywhere, and the processor may count from either end. */
static inline uint32_t load(const uint8_t *octets)
{
	return (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 | octets[3];
}

static inline void store(uint8_t *octets, uint32_t word)
{
	octets[0] = (uint8_t)(word >> 24);
	octets[1] = (uint8_t)(word >> 16);
	octets[2] = (uint8_t)(word >> 8);
	octets[3] = (uint8_t)word;
}

/* FIPS 180-4, 6.2.2. The schedule keeps its last 16 words only. */
static void compress(uint32_t state[8], const uint8_t *block)
{
	uint32_t schedule[16];
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
	uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
	for (int round = 0; round < 64; round++) {
		uint32_t word;
		if (round < 16) {
			word = load(block + 4 * round);
		} else {
			const uint32_t before15 = schedule[(round - 15) & 15];
			const uint32_t before2 = schedule[(round - 2) & 15];
			word = schedule[round & 15] + schedule[(round - 7) & 15] +
						 (rotate_right(before15, 7) ^ rotate_right(before15, 18) ^ before15 >> 3) +
						 (rotate_right(before2, 17) ^ rotate_right(before2, 19) ^ before2 >> 10);
		}
		schedule[round & 15] = word;
		const uint32_t one = h + (rotate_right(e, 6) ^ rotate_right(e, 11) ^ rotate_right(e, 25)) + ((e & f) ^ (~e & g)) +
												 ROUND[round] + word;
		const uint32_t two =
				(rotate_right(a, 2) ^ rotate_right(a, 13) ^ rotate_right(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
		h = g, g = f, f = e, e = d + one;
		d = c, c = b, b = a, a = one + two;
	}
	state[0] += a, state[1] += b, state[2] += c, state[3] += d;
	state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

/* Goes on after whole blocks: `state` is what they have made of it. */
static void resume(struct sha256 *hash, const uint32_t state[8], uint64_t length_bytes)
{
	memcpy(hash->state, state, sizeof hash->state);
	hash->length_bytes = length_bytes;
}

void sha256_start(struct sha256 *hash)
{
	resume(hash, START, 0);
}

void sha256_add(struct sha256 *hash, const uint8_t *data, size_t length)
{
	if (length == 0) return;
	const size_t waiting = hash->length_bytes % SHA256_BLOCK_BYTES;
	hash->length_bytes += length;
	if (waiting > 0) {
		const size_t room = SHA256_BLOCK_BYTES - waiting;
		if (length < room) {
			memcpy(hash->block + waiting, data, length);
			return;
		}
		memcpy(hash->block + waiting, data, room);
		compress(hash->state, hash->block);
		data += room;
		length -= room;
	}
	for (; length >= SHA256_BLOCK_BYTES; data += SHA256_BLOCK_BYTES, length -= SHA256_BLOCK_BYTES) {
		compress(hash->state, data);
	}
	if (length > 0) memcpy(hash->block, data, length);
}

void sha256_end(struct sha256 *hash, uint8_t digest[SHA256_BYTES])
{
	enum { LENGTH_AT = SHA256_BLOCK_BYTES - 8 };
	size_t used = hash->length_bytes % SHA256_BLOCK_BYTES;
	hash->block[used++] = 0x80;
	if (used > LENGTH_AT) {
		memset(hash->block + used, 0, SHA256_BLOCK_BYTES - used);
		compress(hash->state, hash->block);
		used = 0;
	}
	memset(hash->block + used, 0, LENGTH_AT - used);
	store(hash->block + LENGTH_AT, (uint32_t)(hash->length_bytes >> 29));
	store(hash->block + LENGTH_AT + 4, (uint32_t)(hash->length_bytes << 3));
	compress(hash->state, hash->block);
	for (int word = 0; word < 8; word++) store(digest + 4 * word, hash->state[word]);
}

void hmac_prepare(struct hmac_key *key, const uint8_t *octets, size_t length)
{
	uint8_t shortened[SHA256_BYTES];
	if (length > SHA256_BLOCK_BYTES) {
		struct sha256 hash;
		sha256_start(&hash);
		sha256_add(&hash, octets, length);
		sha256_end(&hash, shortened);
		octets = shortened;
		length = sizeof shortened;
	}
	uint8_t inner[SHA256_BLOCK_BYTES], outer[SHA256_BLOCK_BYTES];
	for (size_t at = 0; at < SHA256_BLOCK_BYTES; at++) {
		const uint8_t octet = at < length ? octets[at] : 0;
		inner[at] = octet ^ 0x36;
		outer[at] = octet ^ 0x5c;
	}
	memcpy(key->inner, START, sizeof START);
	compress(key->inner, inner);
	memcpy(key->outer, START, sizeof START);
	compress(key->outer, outer);
}

void hmac_sha256(const struct hmac_key *key, const uint8_t *text, size_t length, uint8_t mac[SHA256_BYTES])
{
	struct sha256 hash;
	resume(&hash, key->inner, SHA256_BLOCK_BYTES);
	sha256_add(&hash, text, length);
	sha256_end(&hash, mac);
	resume(&hash, key->outer, SHA256_BLOCK_BYTES);
	sha256_add(&hash, mac, SHA256_BYTES);
	sha256_end(&hash, mac);
}
