/*
 * Packing and unpacking are one walk through a module: each octet goes from the whole to the stream of its kind, or back. An octet
 * that isn't there, or that nothing is known of, breaks the walk: what follows is then 0, so that each loop ends.
 */
#ifndef STREAMS_H
#define STREAMS_H

#include <stdbool.h>
#include <stdint.h>

/* What octets mean. What a function begins with repeats from function to function, and so has many kinds. */
enum kind {
	TAG,
	NUMBER,
	TEXT_LENGTH,
	TEXT,
	FLAGS,
	NAME,
	ARGUMENTS,
	VARIABLES,
	NEEDED_ARGUMENTS,
	STACK,
	CAPTURES,
	CONSTANTS,
	CODE_LENGTH,
	CAPTURED,
	CAPTURED_FLAGS,
	OPCODE,
	ATOM,
	CONSTANT,
	VARIABLE,
	CAPTURE,
	LABEL,
	PASSED,
	OTHER,
	KINDS
};

struct octets {
	uint8_t *at, *end;
};

struct walk {
	bool packing, broken;
	struct octets whole, streams[KINDS];
};

/* @return the octet that has gone its way */
uint8_t octet(struct walk *walk, enum kind kind);
void octets(struct walk *walk, enum kind kind, uint32_t length);

/* For what is always the same: it has no stream. */
void always(struct walk *walk, uint8_t value);

/* 7 bits an octet, the lowest first, and the eighth where more follow: so in both. @return its value */
uint32_t number(struct walk *walk, enum kind kind);

/* Takes `bytes` octets in the whole, the lowest first. In the stream it is a `number`; one around 0 is short, whatever its sign. */
void operand(struct walk *walk, enum kind kind, int bytes, bool has_sign);

/* What is in one of the two only. */
void give_number(struct walk *walk, struct octets *to, uint32_t value);
uint32_t take_number(struct walk *walk, struct octets *from);

/* From a module's first octet to its last; see packing.c. */
void walk_through(struct walk *walk);

#endif
