/*
 * How a module lies in the binary. What QuickJS writes is sorted there by what it means: opcodes stand with opcodes, names with
 * names, and a number of 2 or 4 octets takes as many as its value needs. So it has a fifth less, and an archive of it an eighth.
 */
#ifndef PACKING_H
#define PACKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The build's half (build/native/pack.c). @return what `unpack` makes the same octets of, to be freed; NULL where there is no memory, or
 * where these aren't what JS_WriteObject makes of a module of functions, texts and numbers, compiled with JS_STRIP_DEBUG.
 */
uint8_t *pack(const uint8_t *whole, size_t length, size_t *packed_length);

/* @return how many octets were packed; 0 where nothing was */
size_t unpacked_length(const uint8_t *packed, size_t length);

/* @param whole has room for `unpacked_length`. @return false where this isn't what `pack` has made */
bool unpack(const uint8_t *packed, size_t length, uint8_t *whole);

#endif
