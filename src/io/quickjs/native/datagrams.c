/* Datagrams that have come, and errors that wait on their sockets, such as those of ICMP. */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "addresses.h"
#include "descriptors.h"
#include "events.h"
#include "timer.h"

/* Then the other sockets have their turn. */
#define MOST_OF_A_SOCKET 32
/* Longer than any of UDP. */
static uint8_t octets[65536];

static void tell_datagram(JSContext *ctx, int fd, size_t length, const struct address *from)
{
	JSValue arguments[] = {
		JS_NewInt32(ctx, fd),
		text_from_latin1(ctx, octets, length),
		known_address_text(ctx, from),
		JS_NewInt32(ctx, address_port(from)),
	};

	tell(ON_DATAGRAM, COUNT(arguments), arguments);
}

static void tell_error(JSContext *ctx, int fd, int error)
{
	JSValue arguments[] = {JS_NewInt32(ctx, fd), JS_NewInt32(ctx, error)};

	tell(ON_SOCKET_ERROR, COUNT(arguments), arguments);
}

/* Reads what waits, some datagrams at most, and tells each. */
static void tell_datagrams(JSContext *ctx, struct watch socket)
{
	for (int i = 0; i < MOST_OF_A_SOCKET && is_watched(socket); i++) {
		struct address from = {.length = sizeof(from.any)};
		ssize_t length =
		    recvfrom(socket.fd, octets, sizeof(octets), MSG_DONTWAIT, &from.any.plain, &from.length);

		if (length >= 0)
			tell_datagram(ctx, socket.fd, (size_t)length, &from);
		else if (errno == EAGAIN)
			return;
		else if (errno != EINTR)
			tell_error(ctx, socket.fd, errno);
		/* On a slow processor 32 messages take longer than a timer may be late. */
		tell_timer();
	}
}

static void tell_socket(JSContext *ctx, struct watch socket, uint32_t events)
{
	if (events & ~(uint32_t)EPOLLOUT)
		tell_datagrams(ctx, socket);
	if (events & EPOLLOUT && is_waiting_for(socket, WRITING))
		tell_ready(socket.fd, false, true);
}

static JSValue hear_datagrams(ARGUMENTS)
{
	int fd, type;
	socklen_t length = sizeof(type);

	NEEDS(1);
	if (!int_of(ctx, arguments[0], &fd))
		return JS_EXCEPTION;
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) < 0)
		return JS_NewInt32(ctx, -errno);
	if (type != SOCK_DGRAM)
		return JS_NewInt32(ctx, -EPROTOTYPE);
	return result_or_errno(ctx, watch_descriptor(fd, tell_socket, READING | (JS_ToBool(ctx, arguments[1]) == 1 ? WRITING : 0)));
}

static const JSCFunctionListEntry exports[] = {
	JS_CFUNC_DEF("hearDatagrams", 2, hear_datagrams),
};

PART(datagrams)
