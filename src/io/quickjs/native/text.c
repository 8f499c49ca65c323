/* Octets and texts. The engine takes UTF-8 and gives UTF-8, so the two are made of it and into it. */
#include <stdlib.h>
#include <string.h>

#include "host.h"

/* U+FFFD, the replacement character, has three octets. */
static const char REPLACEMENT[] = "\xEF\xBF\xBD";
#define REPLACEMENT_BYTES 3
/* A text of the wire up to this length is made without asking for memory. */
#define SMALL_BYTES 4096

static size_t ascii_prefix(const uint8_t *octets, size_t length)
{
	size_t at = 0;
	uint64_t word;

	for (; at + sizeof(word) <= length; at += sizeof(word)) {
		memcpy(&word, octets + at, sizeof(word));
		if (word & UINT64_C(0x8080808080808080))
			break;
	}
	while (at < length && octets[at] < 0x80)
		at++;
	return at;
}

JSValue text_from_latin1(JSContext *ctx, const void *octets, size_t length)
{
	const uint8_t *from = octets;
	uint8_t small[SMALL_BYTES], *wide = small, *to;
	size_t ascii = ascii_prefix(from, length);
	JSValue text;

	if (ascii == length)
		return JS_NewStringLen(ctx, octets, length);
	if (2 * length > sizeof(small)) {
		wide = js_malloc(ctx, 2 * length);
		if (wide == NULL)
			return JS_EXCEPTION;
	}
	memcpy(wide, from, ascii);
	to = wide + ascii;
	for (size_t at = ascii; at < length; at++) {
		if (from[at] < 0x80) {
			*to++ = from[at];
		} else {
			*to++ = (uint8_t)(0xC0 | from[at] >> 6);
			*to++ = (uint8_t)(0x80 | (from[at] & 0x3F));
		}
	}
	text = JS_NewStringLen(ctx, (const char *)wide, (size_t)(to - wide));
	if (wide != small)
		js_free(ctx, wide);
	return text;
}

/*
 * The length of the character at `octets`, or minus that of the piece which one U+FFFD stands for: the longest beginning
 * of a character, or one octet (Unicode 3.9, "maximal subpart"; Encoding Standard 8.1.1).
 */
static int character_length(const uint8_t *octets, size_t length)
{
	uint8_t first = octets[0], low = 0x80, high = 0xBF;
	int more, at;

	if (first < 0x80)
		return 1;
	if (first < 0xC2 || first > 0xF4)
		return -1;
	more = first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
	if (first == 0xE0)
		low = 0xA0;
	if (first == 0xED)
		high = 0x9F;
	if (first == 0xF0)
		low = 0x90;
	if (first == 0xF4)
		high = 0x8F;
	for (at = 1; at <= more; at++) {
		if ((size_t)at >= length || octets[at] < low || octets[at] > high)
			return -at;
		low = 0x80;
		high = 0xBF;
	}
	return at;
}

/* How long UTF-8 will be once what isn't has been replaced. */
static size_t repaired_length(const uint8_t *octets, size_t length)
{
	size_t at = 0, repaired = 0;

	while (at < length) {
		int step = character_length(octets + at, length - at);

		repaired += step > 0 ? (size_t)step : REPLACEMENT_BYTES;
		at += (size_t)abs(step);
	}
	return repaired;
}

static bool is_utf8(const uint8_t *octets, size_t length)
{
	size_t at = ascii_prefix(octets, length);

	while (at < length) {
		int step = character_length(octets + at, length - at);

		if (step < 0)
			return false;
		at += (size_t)step;
	}
	return true;
}

JSValue text_from_utf8(JSContext *ctx, const void *octets, size_t length)
{
	const uint8_t *from = octets;
	size_t repaired, to = 0;
	char *copy;
	JSValue text;

	if (is_utf8(from, length))
		return JS_NewStringLen(ctx, octets, length);
	repaired = repaired_length(from, length);
	copy = js_malloc(ctx, repaired);
	if (copy == NULL)
		return JS_EXCEPTION;
	for (size_t at = 0; at < length;) {
		int step = character_length(from + at, length - at);
		size_t written = step > 0 ? (size_t)step : REPLACEMENT_BYTES;

		memcpy(copy + to, step > 0 ? (const void *)(from + at) : REPLACEMENT, written);
		to += written;
		at += (size_t)abs(step);
	}
	text = JS_NewStringLen(ctx, copy, repaired);
	js_free(ctx, copy);
	return text;
}

/*
 * The engine's own octets where all are ASCII: these aren't to be written to. Otherwise a copy that it has made for us,
 * and which may be changed in its place.
 */
static char *engine_utf8(JSContext *ctx, JSValueConst value, size_t *length, size_t *ascii)
{
	const char *octets;

	if (!JS_IsString(value)) {
		JS_ThrowTypeError(ctx, "a text is needed");
		return NULL;
	}
	octets = JS_ToCStringLen(ctx, length, value);
	if (octets != NULL)
		*ascii = ascii_prefix((const uint8_t *)octets, *length);
	return (char *)octets;
}

const char *utf8_of(JSContext *ctx, JSValueConst value, size_t *length)
{
	size_t ascii;
	char *octets = engine_utf8(ctx, value, length, &ascii);

	if (octets == NULL)
		return NULL;
	/* The engine writes half a pair as if it were a character: ED A0 80 to ED BF BF. */
	for (size_t at = ascii; at + 2 < *length; at++)
		if ((uint8_t)octets[at] == 0xED && (uint8_t)octets[at + 1] >= 0xA0)
			memcpy(octets + at, REPLACEMENT, REPLACEMENT_BYTES);
	return octets;
}

const char *name_of(JSContext *ctx, JSValueConst value)
{
	size_t length;
	const char *name = utf8_of(ctx, value, &length);

	if (name != NULL && strlen(name) != length) {
		JS_FreeCString(ctx, name);
		JS_ThrowTypeError(ctx, "a name has no octet 0 in it");
		return NULL;
	}
	return name;
}

const char *latin1_of(JSContext *ctx, JSValueConst value, size_t *length)
{
	size_t ascii, at, to;
	char *octets = engine_utf8(ctx, value, length, &ascii);

	if (octets == NULL || ascii == *length)
		return octets;
	for (at = to = ascii; at < *length;) {
		const uint8_t *from = (const uint8_t *)octets + at;

		if (from[0] < 0x80) {
			octets[to++] = (char)from[0];
			at += 1;
		} else if (from[0] < 0xE0) {
			octets[to++] = (char)(from[0] << 6 | (from[1] & 0x3F));
			at += 2;
		} else if (from[0] < 0xF0) {
			octets[to++] = (char)(from[1] << 6 | (from[2] & 0x3F));
			at += 3;
		} else {
			/* Two units of UTF-16. Their lower octets: bits 10 to 17 less those of 0x10000, and bits 0 to 7. */
			uint32_t code = (uint32_t)(from[0] & 7) << 18 | (uint32_t)(from[1] & 0x3F) << 12 |
			                (uint32_t)(from[2] & 0x3F) << 6 | (from[3] & 0x3F);

			octets[to++] = (char)(((code - 0x10000) >> 10) & 0xFF);
			octets[to++] = (char)(code & 0xFF);
			at += 4;
		}
	}
	octets[to] = 0;
	*length = to;
	return octets;
}

static JSValue buffer_of(JSContext *ctx, const char *octets, size_t length)
{
	JSValue buffer;

	if (octets == NULL)
		return JS_EXCEPTION;
	buffer = JS_NewArrayBufferCopy(ctx, (const uint8_t *)octets, length);
	JS_FreeCString(ctx, octets);
	return buffer;
}

static JSValue encode_utf8(ARGUMENTS)
{
	size_t length;
	const char *octets;

	NEEDS(1);
	octets = utf8_of(ctx, arguments[0], &length);
	return buffer_of(ctx, octets, length);
}

static JSValue encode_latin1(ARGUMENTS)
{
	size_t length;
	const char *octets;

	NEEDS(1);
	octets = latin1_of(ctx, arguments[0], &length);
	return buffer_of(ctx, octets, length);
}

static JSValue decode_utf8(ARGUMENTS)
{
	size_t length;
	const uint8_t *bytes;

	NEEDS(1);
	bytes = bytes_of(ctx, arguments[0], &length);
	return bytes == NULL ? JS_EXCEPTION : text_from_utf8(ctx, bytes, length);
}

static JSValue decode_latin1(ARGUMENTS)
{
	size_t length;
	const uint8_t *bytes;

	NEEDS(1);
	bytes = bytes_of(ctx, arguments[0], &length);
	return bytes == NULL ? JS_EXCEPTION : text_from_latin1(ctx, bytes, length);
}

static const JSCFunctionListEntry exports[] = {
	JS_CFUNC_DEF("encodeUtf8", 1, encode_utf8),
	JS_CFUNC_DEF("decodeUtf8", 1, decode_utf8),
	JS_CFUNC_DEF("encodeLatin1", 1, encode_latin1),
	JS_CFUNC_DEF("decodeLatin1", 1, decode_latin1),
};

PART(text)
