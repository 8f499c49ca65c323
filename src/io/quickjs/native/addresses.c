/* Addresses of sockets, as the kernel has them and as text. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addresses.h"

/* "fe80::1%" and the name or number of an interface. */
#define TEXT_BYTES (INET6_ADDRSTRLEN + IF_NAMESIZE + 1)
#define KNOWN 64

static struct known {
	struct in6_addr bits;
	uint32_t scope;
	int family;
	JSValue text;
} known[KNOWN];

/* @return 0: there is no such interface */
static uint32_t scope_of(const char *name)
{
	char *end;
	unsigned long number = strtoul(name, &end, 10);

	if (name[0] >= '0' && name[0] <= '9' && *end == 0)
		return number <= UINT32_MAX ? (uint32_t)number : 0;
	return if_nametoindex(name);
}

static int parse_ipv6(const char *text, struct sockaddr_in6 *ipv6)
{
	char plain[INET6_ADDRSTRLEN];
	const char *percent = strchr(text, '%');
	size_t length = percent == NULL ? strlen(text) : (size_t)(percent - text);

	if (length >= sizeof(plain))
		return -EINVAL;
	memcpy(plain, text, length);
	plain[length] = 0;
	if (inet_pton(AF_INET6, plain, &ipv6->sin6_addr) != 1)
		return -EINVAL;
	if (percent == NULL)
		return 0;
	ipv6->sin6_scope_id = scope_of(percent + 1);
	return ipv6->sin6_scope_id == 0 ? -ENODEV : 0;
}

int parse_address(int family, const char *text, int port, struct address *address)
{
	memset(address, 0, sizeof(*address));
	address->any.plain.sa_family = (sa_family_t)family;
	if (family == AF_UNIX) {
		struct sockaddr_un *local = &address->any.local;
		size_t length = strlen(text);

		if (length == 0)
			return -EINVAL;
		if (length >= sizeof(local->sun_path))
			return -ENAMETOOLONG;
		memcpy(local->sun_path, text, length + 1);
		address->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
		return 0;
	}
	if (port < 0 || port > 65535)
		return -EINVAL;
	if (family == AF_INET) {
		address->length = sizeof(address->any.ipv4);
		address->any.ipv4.sin_port = htons((uint16_t)port);
		return text[0] == 0 || inet_pton(AF_INET, text, &address->any.ipv4.sin_addr) == 1 ? 0 : -EINVAL;
	}
	if (family == AF_INET6) {
		address->length = sizeof(address->any.ipv6);
		address->any.ipv6.sin6_port = htons((uint16_t)port);
		return text[0] == 0 ? 0 : parse_ipv6(text, &address->any.ipv6);
	}
	return -EAFNOSUPPORT;
}

int guess_family(const char *text)
{
	if (strchr(text, '/') != NULL)
		return AF_UNIX;
	return strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
}

int address_port(const struct address *address)
{
	if (address->length >= sizeof(address->any.ipv4) && address->any.plain.sa_family == AF_INET)
		return ntohs(address->any.ipv4.sin_port);
	if (address->length >= sizeof(address->any.ipv6) && address->any.plain.sa_family == AF_INET6)
		return ntohs(address->any.ipv6.sin6_port);
	return 0;
}

static JSValue ipv6_text(JSContext *ctx, const struct sockaddr_in6 *ipv6)
{
	char text[TEXT_BYTES], *end;

	if (inet_ntop(AF_INET6, &ipv6->sin6_addr, text, INET6_ADDRSTRLEN) == NULL)
		return JS_NewString(ctx, "");
	end = text + strlen(text);
	if (ipv6->sin6_scope_id != 0) {
		*end++ = '%';
		/* An interface that has gone meanwhile still has its number. */
		if (if_indextoname(ipv6->sin6_scope_id, end) == NULL)
			snprintf(end, IF_NAMESIZE, "%lu", (unsigned long)ipv6->sin6_scope_id);
	}
	return text_from_utf8(ctx, text, strlen(text));
}

JSValue address_text(JSContext *ctx, const struct address *address)
{
	const size_t path_at = offsetof(struct sockaddr_un, sun_path);
	char text[INET_ADDRSTRLEN];

	/* The sender of a Unix datagram may have no address at all. */
	if (address->length < sizeof(sa_family_t))
		return JS_NewString(ctx, "");
	if (address->any.plain.sa_family == AF_INET && address->length >= sizeof(address->any.ipv4)) {
		inet_ntop(AF_INET, &address->any.ipv4.sin_addr, text, sizeof(text));
		return JS_NewString(ctx, text);
	}
	if (address->any.plain.sa_family == AF_INET6 && address->length >= sizeof(address->any.ipv6))
		return ipv6_text(ctx, &address->any.ipv6);
	if (address->any.plain.sa_family == AF_UNIX && address->length > path_at) {
		const char *path = address->any.local.sun_path;
		size_t most = address->length - path_at;

		if (most > sizeof(address->any.local.sun_path))
			most = sizeof(address->any.local.sun_path);
		return text_from_utf8(ctx, path, strnlen(path, most));
	}
	return JS_NewString(ctx, "");
}

static bool is_at(const struct known *one, const struct known *other)
{
	return one->family == other->family && one->scope == other->scope &&
	       memcmp(&one->bits, &other->bits, sizeof(one->bits)) == 0;
}

JSValue known_address_text(JSContext *ctx, const struct address *address)
{
	struct known wanted, *place;
	uint32_t hash = 2166136261;

	memset(&wanted, 0, sizeof(wanted));
	wanted.family = address->any.plain.sa_family;
	if (wanted.family == AF_INET) {
		memcpy(&wanted.bits, &address->any.ipv4.sin_addr, sizeof(address->any.ipv4.sin_addr));
	} else if (wanted.family == AF_INET6) {
		wanted.bits = address->any.ipv6.sin6_addr;
		wanted.scope = address->any.ipv6.sin6_scope_id;
	} else {
		return address_text(ctx, address);
	}
	for (size_t i = 0; i < sizeof(wanted.bits); i++)
		hash = (hash ^ wanted.bits.s6_addr[i]) * 16777619;
	place = &known[(hash ^ hash >> 16) % KNOWN];
	if (!is_at(place, &wanted)) {
		wanted.text = address_text(ctx, address);
		if (JS_IsException(wanted.text))
			return wanted.text;
		if (place->family != 0)
			JS_FreeValue(ctx, place->text);
		*place = wanted;
	}
	return JS_DupValue(ctx, place->text);
}

void forget_addresses(JSContext *ctx)
{
	for (int i = 0; i < KNOWN; i++)
		if (known[i].family != 0)
			JS_FreeValue(ctx, known[i].text);
	memset(known, 0, sizeof(known));
}
