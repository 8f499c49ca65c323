/* Of packing.h what only the build needs. */
#include <stdlib.h>
#include <string.h>

#include "packing.h"
#include "streams.h"

/* No operand gets more than a quarter longer. */
static size_t most(size_t length)
{
	return length + length / 2 + 8;
}

static uint8_t *joined(struct walk *walk, uint8_t *const *streams, size_t length, size_t *packed_length)
{
	size_t room = 8 * (KINDS + 1);
	for (int kind = 0; kind < KINDS; kind++) room += (size_t)(walk->streams[kind].at - streams[kind]);
	uint8_t *packed = malloc(room);
	if (!packed) return NULL;
	struct octets to = {packed, packed + room};
	give_number(walk, &to, (uint32_t)length);
	for (int kind = 0; kind < KINDS; kind++) give_number(walk, &to, (uint32_t)(walk->streams[kind].at - streams[kind]));
	for (int kind = 0; kind < KINDS; kind++) {
		const size_t bytes = (size_t)(walk->streams[kind].at - streams[kind]);
		memcpy(to.at, streams[kind], bytes);
		to.at += bytes;
	}
	*packed_length = (size_t)(to.at - packed);
	return packed;
}

uint8_t *pack(const uint8_t *whole, size_t length, size_t *packed_length)
{
	struct walk walk = {.packing = true, .whole = {(uint8_t *)whole, (uint8_t *)whole + length}};
	uint8_t *streams[KINDS] = {NULL}, *packed = NULL;
	bool has_room = true;
	for (int kind = 0; kind < KINDS; kind++) {
		streams[kind] = malloc(most(length));
		has_room = has_room && streams[kind];
		walk.streams[kind] = (struct octets){streams[kind], streams[kind] ? streams[kind] + most(length) : NULL};
	}
	if (has_room) walk_through(&walk);
	if (has_room && !walk.broken && walk.whole.at == walk.whole.end)
		packed = joined(&walk, streams, length, packed_length);
	for (int kind = 0; kind < KINDS; kind++) free(streams[kind]);
	return packed;
}
