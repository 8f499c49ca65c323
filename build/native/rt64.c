/*
 * What a 32-bit MIPS processor can't do with 64 bits by itself, under the names by which gcc calls it. Debian's libgcc has
 * it too, but with a floating point unit in mind, and the linker refuses to mix the two.
 */
#include <stdint.h>

uint64_t __udivdi3(uint64_t n, uint64_t d);
uint64_t __umoddi3(uint64_t n, uint64_t d);
int64_t __divdi3(int64_t n, int64_t d);
int64_t __moddi3(int64_t n, int64_t d);
uint64_t __ashldi3(uint64_t value, int count);
uint64_t __lshrdi3(uint64_t value, int count);
int64_t __ashrdi3(int64_t value, int count);
int __clzdi2(uint64_t value);
int __clzsi2(uint32_t value);
int __ctzdi2(uint64_t value);
int __ctzsi2(uint32_t value);
int __popcountsi2(uint32_t value);
int __popcountdi2(uint64_t value);
uint32_t __bswapsi2(uint32_t value);
uint64_t __bswapdi2(uint64_t value);

static uint64_t pair(uint32_t high, uint32_t low)
{
	union { uint64_t whole; struct {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
		uint32_t high, low;
#else
		uint32_t low, high;
#endif
	} half; } value = { .half = { .high = high, .low = low } };
	return value.whole;
}

static uint32_t high_of(uint64_t value)
{
	return (uint32_t)(value >> 32);
}

/* Shifts by a count that isn't known when this is compiled. */
uint64_t __ashldi3(uint64_t value, int count)
{
	uint32_t high = high_of(value), low = (uint32_t)value;
	if (count == 0) return value;
	if (count >= 32) return pair(low << (count - 32), 0);
	return pair(high << count | low >> (32 - count), low << count);
}

uint64_t __lshrdi3(uint64_t value, int count)
{
	uint32_t high = high_of(value), low = (uint32_t)value;
	if (count == 0) return value;
	if (count >= 32) return pair(0, high >> (count - 32));
	return pair(high >> count, high << (32 - count) | low >> count);
}

int64_t __ashrdi3(int64_t value, int count)
{
	uint32_t high = high_of((uint64_t)value), low = (uint32_t)value;
	int32_t sign = (int32_t)high;
	if (count == 0) return value;
	if (count >= 32) return (int64_t)pair((uint32_t)(sign >> 31), (uint32_t)(sign >> (count - 32)));
	return (int64_t)pair((uint32_t)(sign >> count), high << (32 - count) | low >> count);
}

int __clzsi2(uint32_t value)
{
	int count = 0;
	for (uint32_t bit = 1u << 31; bit != 0 && (value & bit) == 0; bit >>= 1) count++;
	return count;
}

int __clzdi2(uint64_t value)
{
	return high_of(value) != 0 ? __builtin_clz(high_of(value)) : 32 + __builtin_clz((uint32_t)value);
}

int __ctzsi2(uint32_t value)
{
	return 31 - __builtin_clz(value & -value);
}

int __ctzdi2(uint64_t value)
{
	return (uint32_t)value != 0 ? __ctzsi2((uint32_t)value) : 32 + __ctzsi2(high_of(value));
}

int __popcountsi2(uint32_t value)
{
	int count = 0;
	for (; value != 0; value &= value - 1) count++;
	return count;
}

int __popcountdi2(uint64_t value)
{
	return __popcountsi2(high_of(value)) + __popcountsi2((uint32_t)value);
}

uint32_t __bswapsi2(uint32_t value)
{
	uint32_t swapped = (value & 0x00ff00ff) << 8 | (value >> 8 & 0x00ff00ff);
	return swapped << 16 | swapped >> 16;
}

uint64_t __bswapdi2(uint64_t value)
{
	return pair(__bswapsi2((uint32_t)value), __bswapsi2(high_of(value)));
}

/* high:low / d, where high < d: so the quotient has 32 bits. In digits of 16 bits (Knuth's algorithm D). */
static uint32_t divide_narrow(uint32_t high, uint32_t low, uint32_t d)
{
	int shift = __builtin_clz(d);
	if (shift != 0) {
		high = high << shift | low >> (32 - shift);
		low <<= shift;
		d <<= shift;
	}
	uint32_t d1 = d >> 16, d0 = d & 0xffff, quotient = 0;
	for (int digit = 0; digit < 2; digit++) {
		uint32_t next = digit == 0 ? low >> 16 : low & 0xffff;
		uint32_t q = high / d1, rest = high - q * d1;
		while (q > 0xffff || q * d0 > (rest << 16 | next)) {
			q--;
			rest += d1;
			if (rest > 0xffff) break;
		}
		high = (high << 16 | next) - q * d;
		quotient = quotient << 16 | q;
	}
	return quotient;
}

uint64_t __udivdi3(uint64_t n, uint64_t d)
{
	uint32_t n1 = high_of(n), n0 = (uint32_t)n, d1 = high_of(d), d0 = (uint32_t)d;
	if (d1 == 0) {
		if (n1 == 0) return pair(0, n0 / d0);
		uint32_t high = n1 / d0;
		return pair(high, divide_narrow(n1 - high * d0, n0, d0));
	}
	/* The quotient has 32 bits: estimated with the divisor's upper 32, it is right or 1 too large (Hacker's Delight). */
	int shift = __builtin_clz(d1);
	uint64_t half = n >> 1;
	uint32_t top = high_of(d << shift);
	uint32_t q = divide_narrow(high_of(half), (uint32_t)half, top) >> (31 - shift);
	if (q != 0) q--;
	if (n - q * d >= d) q++;
	return q;
}

uint64_t __umoddi3(uint64_t n, uint64_t d)
{
	return n - __udivdi3(n, d) * d;
}

static uint64_t magnitude(int64_t value)
{
	return value < 0 ? -(uint64_t)value : (uint64_t)value;
}

int64_t __divdi3(int64_t n, int64_t d)
{
	uint64_t q = __udivdi3(magnitude(n), magnitude(d));
	return (int64_t)((n < 0) != (d < 0) ? -q : q);
}

int64_t __moddi3(int64_t n, int64_t d)
{
	uint64_t rest = __umoddi3(magnitude(n), magnitude(d));
	return (int64_t)(n < 0 ? -rest : rest);
}
