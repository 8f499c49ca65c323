/* Network interfaces by ioctl(2), as in netdevice(7): that needs no netlink, which qemu-user and small kernels lack. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host.h"

/* Addresses for which there is room at first, and at most. */
#define FIRST_ADDRESSES 32
#define MOST_ADDRESSES 16384

/* All that have an IPv4 address, once for each address. To be given back by free(). @return how many, or -errno */
static int list_addresses(int fd, struct ifreq **list)
{
	struct ifreq *room = NULL;

	for (int most = FIRST_ADDRESSES; most <= MOST_ADDRESSES; most *= 2) {
		const size_t bytes = (size_t)most * sizeof(*room);
		struct ifconf request = {.ifc_len = (int)bytes};
		struct ifreq *larger = realloc(room, bytes);

		if (larger == NULL)
			break;
		room = larger;
		memset(room, 0, bytes);
		request.ifc_req = room;
		if (ioctl(fd, SIOCGIFCONF, &request) < 0) {
			const int error = errno;

			free(room);
			return -error;
		}
		/* Without room for one more, there may be more. */
		if (request.ifc_len >= 0 && (size_t)request.ifc_len < bytes) {
			*list = room;
			return (int)((size_t)request.ifc_len / sizeof(*room));
		}
	}
	free(room);
	return -ENOMEM;
}

static struct in_addr address_in(const struct sockaddr *place)
{
	struct sockaddr_in address;

	memcpy(&address, place, sizeof(address));
	return address.sin_addr;
}

static bool is_running(int fd, const struct ifreq *found)
{
	struct ifreq request = *found;

	return ioctl(fd, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP) != 0 &&
	       (request.ifr_flags & IFF_RUNNING) != 0;
}

/* The kernel looks for the address that the request has, as one name can have several. @return -1: it is gone */
static int prefix_length(int fd, const struct ifreq *found)
{
	struct ifreq request = *found;
	uint32_t mask;

	if (ioctl(fd, SIOCGIFNETMASK, &request) < 0)
		return -1;
	mask = ntohl(address_in(&request.ifr_netmask).s_addr);
	return ~mask == 0 ? 32 : __builtin_clz(~mask);
}

static JSValue entry_of(JSContext *ctx, const struct ifreq *found, int prefix)
{
	const struct in_addr address = address_in(&found->ifr_addr);
	char text[INET_ADDRSTRLEN];
	JSValue entry[3];

	inet_ntop(AF_INET, &address, text, sizeof(text));
	entry[0] = text_from_utf8(ctx, found->ifr_name, strnlen(found->ifr_name, sizeof(found->ifr_name)));
	entry[1] = JS_NewString(ctx, text);
	entry[2] = JS_NewInt32(ctx, prefix);
	return array_of(ctx, COUNT(entry), entry);
}

static JSValue entries_of(JSContext *ctx, int fd, const struct ifreq *list, int length)
{
	JSValue entries = JS_NewArray(ctx);
	uint32_t count = 0;

	for (int i = 0; i < length && !JS_IsException(entries); i++) {
		int prefix;
		JSValue entry;

		if (list[i].ifr_addr.sa_family != AF_INET || !is_running(fd, &list[i]))
			continue;
		prefix = prefix_length(fd, &list[i]);
		if (prefix < 0)
			continue;
		entry = entry_of(ctx, &list[i], prefix);
		if (JS_IsException(entry) || JS_DefinePropertyValueUint32(ctx, entries, count++, entry, JS_PROP_C_W_E) < 0) {
			JS_FreeValue(ctx, entries);
			entries = JS_EXCEPTION;
		}
	}
	return entries;
}

static JSValue ipv4_interfaces(ARGUMENTS)
{
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq *list = NULL;
	int length;
	JSValue result;

	NEEDS(0);
	(void)arguments;
	if (fd < 0)
		return JS_NewInt32(ctx, -errno);
	length = list_addresses(fd, &list);
	if (length < 0) {
		result = JS_NewInt32(ctx, length);
	} else {
		result = entries_of(ctx, fd, list, length);
		free(list);
	}
	close(fd);
	return result;
}

static JSValue interface_index(ARGUMENTS)
{
	const char *name;
	unsigned int index;

	NEEDS(1);
	name = name_of(ctx, arguments[0]);
	if (name == NULL)
		return JS_EXCEPTION;
	index = strlen(name) < IF_NAMESIZE ? if_nametoindex(name) : 0;
	JS_FreeCString(ctx, name);
	return JS_NewInt64(ctx, index);
}

static const JSCFunctionListEntry exports[] = {
	JS_CFUNC_DEF("ipv4Interfaces", 0, ipv4_interfaces),
	JS_CFUNC_DEF("interfaceIndex", 1, interface_index),
};

PART(interfaces)
