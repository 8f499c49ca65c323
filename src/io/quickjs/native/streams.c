/* See streams.h. */
#include "streams.h"

#include <string.h>

static uint8_t take(struct walk *walk, struct octets *from)
{
	if (from->at < from->end) return *from->at++;
	walk->broken = true;
	return 0;
}

static void give(struct walk *walk, struct octets *to, uint8_t octet)
{
	if (to->at < to->end) *to->at++ = octet;
	else walk->broken = true;
}

uint8_t octet(struct walk *walk, enum kind kind)
{
	struct octets *stream = &walk->streams[kind];
	const uint8_t value = take(walk, walk->packing ? &walk->whole : stream);
	give(walk, walk->packing ? stream : &walk->whole, value);
	return value;
}

void octets(struct walk *walk, enum kind kind, uint32_t length)
{
	struct octets *stream = &walk->streams[kind];
	struct octets *from = walk->packing ? &walk->whole : stream, *to = walk->packing ? stream : &walk->whole;
	if (length > (size_t)(from->end - from->at) || length > (size_t)(to->end - to->at)) {
		walk->broken = true;
		return;
	}
	memcpy(to->at, from->at, length);
	from->at += length;
	to->at += length;
}

void always(struct walk *walk, uint8_t value)
{
	if (!walk->packing) give(walk, &walk->whole, value);
	else if (take(walk, &walk->whole) != value) walk->broken = true;
}

uint32_t number(struct walk *walk, enum kind kind)
{
	uint32_t value = 0;
	for (int shift = 0; shift < 32; shift += 7) {
		const uint8_t next = octet(walk, kind);
		value |= (uint32_t)(next & 127) << shift;
		if (!(next & 128)) return value;
	}
	walk->broken = true;
	return 0;
}

void give_number(struct walk *walk, struct octets *to, uint32_t value)
{
	for (; value > 127; value >>= 7) give(walk, to, (uint8_t)(value | 128));
	give(walk, to, (uint8_t)value);
}

uint32_t take_number(struct walk *walk, struct octets *from)
{
	uint32_t value = 0;
	for (int shift = 0; shift < 32; shift += 7) {
		const uint8_t next = take(walk, from);
		value |= (uint32_t)(next & 127) << shift;
		if (!(next & 128)) break;
	}
	return value;
}

void operand(struct walk *walk, enum kind kind, int bytes, bool has_sign)
{
	struct octets *stream = &walk->streams[kind];
	const int unused_bits = 32 - 8 * bytes;
	uint32_t value = 0;
	if (bytes == 1) {
		octet(walk, kind);
	} else if (walk->packing) {
		for (int byte = 0; byte < bytes; byte++) value |= (uint32_t)take(walk, &walk->whole) << 8 * byte;
		const int32_t whole = (int32_t)(value << unused_bits) >> unused_bits;
		give_number(walk, stream, has_sign ? (uint32_t)whole << 1 ^ (uint32_t)(whole >> 31) : value);
	} else {
		value = take_number(walk, stream);
		if (has_sign) value = value >> 1 ^ -(value & 1);
		for (int byte = 0; byte < bytes; byte++) give(walk, &walk->whole, (uint8_t)(value >> 8 * byte));
	}
}
