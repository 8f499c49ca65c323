/* Digests and chance for JavaScript. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "host.h"
#include "sha256.h"

/* The program has one key, and another one when its secret is replaced. */
#define MOST_KEYS 64
#define MOST_RANDOM_BYTES 65536

static struct hmac_key keys[MOST_KEYS];
static int key_count;

/* `hexadecimal` has two digits for each octet, and a 0. */
static void write_hexadecimal(const uint8_t *octets, size_t length, char *hexadecimal)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t at = 0; at < length; at++) {
		*hexadecimal++ = digits[octets[at] >> 4];
		*hexadecimal++ = digits[octets[at] & 15];
	}
	*hexadecimal = 0;
}

/* RFC 4648, section 4. `text` has four characters for three octets or what is left of them, and a 0. */
static void write_base64(const uint8_t *octets, size_t length, char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t at = 0; at < length; at += 3) {
		const size_t left = length - at;
		const uint32_t group = (uint32_t)octets[at] << 16 | (left > 1 ? (uint32_t)octets[at + 1] << 8 : 0) |
		                       (left > 2 ? octets[at + 2] : 0);

		*text++ = digits[group >> 18];
		*text++ = digits[group >> 12 & 63];
		*text++ = left > 1 ? digits[group >> 6 & 63] : '=';
		*text++ = left > 2 ? digits[group & 63] : '=';
	}
	*text = 0;
}

static JSValue sha256_of(ARGUMENTS)
{
	struct sha256 hash;
	uint8_t digest[SHA256_BYTES];
	char hexadecimal[2 * SHA256_BYTES + 1];
	size_t length;
	const char *text;

	NEEDS(1);
	text = utf8_of(ctx, arguments[0], &length);
	if (text == NULL)
		return JS_EXCEPTION;
	sha256_start(&hash);
	sha256_add(&hash, (const uint8_t *)text, length);
	sha256_end(&hash, digest);
	JS_FreeCString(ctx, text);
	write_hexadecimal(digest, sizeof(digest), hexadecimal);
	return JS_NewString(ctx, hexadecimal);
}

/* A key that is kept already has its number. */
static JSValue hmac_key(ARGUMENTS)
{
	struct hmac_key key;
	size_t length;
	const uint8_t *octets;
	int number = 0;

	NEEDS(1);
	octets = bytes_of(ctx, arguments[0], &length);
	if (octets == NULL)
		return JS_EXCEPTION;
	hmac_prepare(&key, octets, length);
	while (number < key_count && memcmp(&keys[number], &key, sizeof(key)) != 0)
		number++;
	if (number == MOST_KEYS)
		return JS_ThrowRangeError(ctx, "more than %d keys", MOST_KEYS);
	if (number == key_count)
		keys[key_count++] = key;
	return JS_NewInt32(ctx, number);
}

static JSValue hmac_of(ARGUMENTS)
{
	uint8_t mac[SHA256_BYTES];
	char base64[(SHA256_BYTES + 2) / 3 * 4 + 1];
	size_t length;
	const char *text;
	int number;

	NEEDS(2);
	if (!int_of(ctx, arguments[0], &number))
		return JS_EXCEPTION;
	if (number < 0 || number >= key_count)
		return JS_ThrowRangeError(ctx, "no key has the number %d", number);
	text = utf8_of(ctx, arguments[1], &length);
	if (text == NULL)
		return JS_EXCEPTION;
	hmac_sha256(&keys[number], (const uint8_t *)text, length, mac);
	JS_FreeCString(ctx, text);
	write_base64(mac, sizeof(mac), base64);
	return JS_NewString(ctx, base64);
}

/* @return 0 or an errno */
static int read_random_device(uint8_t *octets, size_t length)
{
	const int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	size_t done = 0;
	int error = 0;

	if (fd < 0)
		return errno;
	while (done < length && error == 0) {
		const ssize_t got = read(fd, octets + done, length - done);

		if (got > 0)
			done += (size_t)got;
		else if (got == 0)
			error = EIO;
		else if (errno != EINTR)
			error = errno;
	}
	close(fd);
	return error;
}

/*
 * getrandom(2) is there since Linux 3.17. Soon after the start of a machine it would wait until the kernel has gathered
 * enough, for minutes on a router that has little to gather from; the device never waits.
 */
static int fill_random(uint8_t *octets, size_t length)
{
	size_t done = 0;

	while (done < length) {
		const ssize_t got = getrandom(octets + done, length - done, GRND_NONBLOCK);

		if (got > 0)
			done += (size_t)got;
		else if (errno != EINTR)
			return read_random_device(octets + done, length - done);
	}
	return 0;
}

static JSValue random_bytes(ARGUMENTS)
{
	int length, error;
	uint8_t *octets;
	JSValue buffer;

	NEEDS(1);
	if (!int_of(ctx, arguments[0], &length))
		return JS_EXCEPTION;
	if (length < 0 || length > MOST_RANDOM_BYTES)
		return JS_ThrowRangeError(ctx, "0 to %d octets at a time", MOST_RANDOM_BYTES);
	octets = js_malloc(ctx, (size_t)length + 1);
	if (octets == NULL)
		return JS_EXCEPTION;
	error = fill_random(octets, (size_t)length);
	/* A secret that isn't random would be worse than none. */
	buffer = error != 0 ? JS_ThrowInternalError(ctx, "nothing random: %s", strerror(error))
	                    : JS_NewArrayBufferCopy(ctx, octets, (size_t)length);
	js_free(ctx, octets);
	return buffer;
}

static const JSCFunctionListEntry exports[] = {
	JS_CFUNC_DEF("sha256", 1, sha256_of),
	JS_CFUNC_DEF("hmacKey", 1, hmac_key),
	JS_CFUNC_DEF("hmac", 2, hmac_of),
	JS_CFUNC_DEF("random", 1, random_bytes),
};

PART(digest)
