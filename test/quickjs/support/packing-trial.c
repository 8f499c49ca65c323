/* Unpacks the module in a file, and packs it again; then does the same with octets changed or cut off. Says where octets aren't the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packing.h"

enum { TRIALS = 1000, MOST_CHANGES = 4, MOST_BYTES = 1 << 20 };

static uint32_t chance = 20261130;

static uint32_t below(uint32_t limit)
{
	chance ^= chance << 13;
	chance ^= chance >> 17;
	chance ^= chance << 5;
	return chance % limit;
}

static void demand(int is_so, const char *what)
{
	if (!is_so) {
		printf("%s\n", what);
		exit(1);
	}
}

/* As long as it says, so that a sanitizer sees the octet before or after it. */
static uint8_t *copy_of(const uint8_t *octets, size_t length)
{
	uint8_t *copy = malloc(length);
	memcpy(copy, octets, length);
	return copy;
}

static uint8_t *unpacked(const uint8_t *packed, size_t length, size_t *whole_length)
{
	*whole_length = unpacked_length(packed, length);
	if (*whole_length > MOST_BYTES) return NULL;
	uint8_t *whole = malloc(*whole_length);
	if (unpack(packed, length, whole)) return whole;
	free(whole);
	return NULL;
}

/* What can be packed is the same afterwards. @return whether it could */
static int is_packed(const uint8_t *whole, size_t length)
{
	size_t packed_length, again_length;
	uint8_t *packed = pack(whole, length, &packed_length);
	if (!packed) return 0;
	uint8_t *exact = copy_of(packed, packed_length);
	uint8_t *again = unpacked(exact, packed_length, &again_length);
	demand(again && again_length == length && memcmp(again, whole, length) == 0, "another whole");
	free(packed);
	free(exact);
	free(again);
	return 1;
}

static uint8_t *damaged(const uint8_t *octets, size_t length)
{
	uint8_t *copy = copy_of(octets, length);
	for (uint32_t changes = 1 + below(MOST_CHANGES); changes > 0; changes--) {
		/* Half of them at the beginning, where lengths are. */
		const uint32_t at = below(below(2) ? 64 : (uint32_t)length);
		if (at < length) copy[at] = (uint8_t)below(256);
	}
	return copy;
}

int main(int count, char **arguments)
{
	static uint8_t packed[MOST_BYTES];
	FILE *file = count == 2 ? fopen(arguments[1], "rb") : NULL;
	demand(file != NULL, "which file?");
	const size_t length = fread(packed, 1, sizeof(packed), file);
	fclose(file);
	size_t whole_length;
	uint8_t *whole = unpacked(packed, length, &whole_length);
	demand(whole && is_packed(whole, whole_length), "not unpacked");
	printf("whole %zu\n", whole_length);
	int unpacked_count = 0, packed_count = 0;
	for (int trial = 0; trial < TRIALS; trial++) {
		const size_t left = below(4) ? length : below((uint32_t)length);
		uint8_t *some = damaged(packed, left), *other = damaged(whole, whole_length);
		size_t any;
		uint8_t *result = unpacked(some, left, &any);
		unpacked_count += result != NULL;
		packed_count += is_packed(other, whole_length);
		free(result);
		free(some);
		free(other);
	}
	printf("damaged %d %d\n", unpacked_count, packed_count);
	free(whole);
	return 0;
}
