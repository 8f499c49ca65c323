/* Sockets: each function is a system call. */
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "addresses.h"

static const struct option {
	const char *name;
	int level, option;
} OPTIONS[] = {
	{"reuseaddr", SOL_SOCKET, SO_REUSEADDR}, {"rcvbuf", SOL_SOCKET, SO_RCVBUF},
	{"v6only", IPPROTO_IPV6, IPV6_V6ONLY},   {"keepalive", SOL_SOCKET, SO_KEEPALIVE},
	{"keepidle", IPPROTO_TCP, TCP_KEEPIDLE}, {"keepintvl", IPPROTO_TCP, TCP_KEEPINTVL},
	{"keepcnt", IPPROTO_TCP, TCP_KEEPCNT},   {"nodelay", IPPROTO_TCP, TCP_NODELAY},
	{"broadcast", SOL_SOCKET, SO_BROADCAST}, {"error", SOL_SOCKET, SO_ERROR},
};

static const struct option *option_of(JSContext *ctx, JSValueConst value)
{
	const struct option *found = NULL;
	const char *name = name_of(ctx, value);

	if (name == NULL)
		return NULL;
	for (int i = 0; i < COUNT(OPTIONS); i++)
		if (strcmp(OPTIONS[i].name, name) == 0)
			found = &OPTIONS[i];
	if (found == NULL)
		JS_ThrowTypeError(ctx, "there is no option '%s'", name);
	JS_FreeCString(ctx, name);
	return found;
}

/* Closes it where it can't be made to be as all are. @return it, or -1 and errno */
static int prepared(int fd)
{
	int error;

	if (fd < 0 || prepare_descriptor(fd) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static JSValue make_socket(ARGUMENTS)
{
	int number, family, type;

	NEEDS(2);
	if (!int_of(ctx, arguments[0], &number))
		return JS_EXCEPTION;
	if (number != 1 && number != 4 && number != 6)
		return JS_ThrowTypeError(ctx, "the family is 1, 4 or 6");
	family = number == 4 ? AF_INET : number == 6 ? AF_INET6 : AF_UNIX;
	type = JS_ToBool(ctx, arguments[1]) == 1 ? SOCK_STREAM : SOCK_DGRAM;
	return result_or_errno(ctx, prepared(socket(family, type, 0)));
}

static JSValue set_option(ARGUMENTS)
{
	const struct option *option;
	int fd, value;

	NEEDS(3);
	option = option_of(ctx, arguments[1]);
	if (option == NULL || !int_of(ctx, arguments[0], &fd) || !int_of(ctx, arguments[2], &value))
		return JS_EXCEPTION;
	return result_or_errno(ctx, setsockopt(fd, option->level, option->option, &value, sizeof(value)));
}

static JSValue get_option(ARGUMENTS)
{
	const struct option *option;
	int fd, value = 0;
	socklen_t length = sizeof(value);

	NEEDS(2);
	option = option_of(ctx, arguments[1]);
	if (option == NULL || !int_of(ctx, arguments[0], &fd))
		return JS_EXCEPTION;
	if (getsockopt(fd, option->level, option->option, &value, &length) < 0)
		return JS_NewInt32(ctx, -errno);
	return JS_NewInt32(ctx, value);
}

/* What bind and connect have in common: (fd, address, port) */
static JSValue with_address(JSContext *ctx, JSValueConst *arguments, int (*call)(int, const struct sockaddr *, socklen_t))
{
	struct address own = {.length = sizeof(own.any)}, address;
	int fd, port, error;
	const char *text;

	if (!int_of(ctx, arguments[0], &fd) || !int_of(ctx, arguments[2], &port))
		return JS_EXCEPTION;
	text = name_of(ctx, arguments[1]);
	if (text == NULL)
		return JS_EXCEPTION;
	/* Tells the family: SO_DOMAIN is newer than Linux 2.6.22. */
	if (getsockname(fd, &own.any.plain, &own.length) < 0)
		error = -errno;
	else
		error = parse_address(own.any.plain.sa_family, text, port, &address);
	JS_FreeCString(ctx, text);
	if (error < 0)
		return JS_NewInt32(ctx, error);
	return result_or_errno(ctx, call(fd, &address.any.plain, address.length));
}

static JSValue bind_to(ARGUMENTS)
{
	NEEDS(3);
	return with_address(ctx, arguments, bind);
}

static JSValue connect_to(ARGUMENTS)
{
	NEEDS(3);
	return with_address(ctx, arguments, connect);
}

static JSValue disconnect(ARGUMENTS)
{
	struct sockaddr nothing;
	int fd;

	NEEDS(1);
	if (!int_of(ctx, arguments[0], &fd))
		return JS_EXCEPTION;
	memset(&nothing, 0, sizeof(nothing));
	nothing.sa_family = AF_UNSPEC;
	return result_or_errno(ctx, connect(fd, &nothing, sizeof(nothing)));
}

static JSValue listen_to(ARGUMENTS)
{
	int fd, backlog;

	NEEDS(2);
	if (!int_of(ctx, arguments[0], &fd) || !int_of(ctx, arguments[1], &backlog))
		return JS_EXCEPTION;
	return result_or_errno(ctx, listen(fd, backlog));
}

static JSValue accept_one(ARGUMENTS)
{
	int fd;

	NEEDS(1);
	if (!int_of(ctx, arguments[0], &fd))
		return JS_EXCEPTION;
	return result_or_errno(ctx, prepared(accept(fd, NULL, NULL)));
}

static JSValue asked_address(JSContext *ctx, JSValueConst *arguments, int (*ask)(int, struct sockaddr *, socklen_t *))
{
	struct address address = {.length = sizeof(address.any)};
	JSValue values[2];
	int fd;

	if (!int_of(ctx, arguments[0], &fd))
		return JS_EXCEPTION;
	if (ask(fd, &address.any.plain, &address.length) < 0)
		return JS_NewInt32(ctx, -errno);
	values[0] = address_text(ctx, &address);
	values[1] = JS_NewInt32(ctx, address_port(&address));
	return array_of(ctx, COUNT(values), values);
}

static JSValue local_address(ARGUMENTS)
{
	NEEDS(1);
	return asked_address(ctx, arguments, getsockname);
}

static JSValue peer_address(ARGUMENTS)
{
	NEEDS(1);
	return asked_address(ctx, arguments, getpeername);
}

static JSValue shut_down(ARGUMENTS)
{
	int fd;

	NEEDS(1);
	if (!int_of(ctx, arguments[0], &fd))
		return JS_EXCEPTION;
	return result_or_errno(ctx, shutdown(fd, SHUT_WR));
}

/* @param address NULL: where the socket is connected to */
static JSValue send_octets(JSContext *ctx, int fd, JSValueConst text, const struct address *address)
{
	size_t length;
	const char *octets = latin1_of(ctx, text, &length);
	ssize_t sent;

	if (octets == NULL)
		return JS_EXCEPTION;
	do {
		if (address == NULL)
			sent = send(fd, octets, length, MSG_NOSIGNAL);
		else
			sent = sendto(fd, octets, length, MSG_NOSIGNAL, &address->any.plain, address->length);
	} while (sent < 0 && errno == EINTR);
	if (sent < 0)
		sent = -errno;
	JS_FreeCString(ctx, octets);
	return JS_NewInt64(ctx, sent);
}

static JSValue send_to(ARGUMENTS)
{
	struct address address;
	int fd, port, error;
	const char *text;

	NEEDS(4);
	if (!int_of(ctx, arguments[0], &fd) || !int_of(ctx, arguments[3], &port))
		return JS_EXCEPTION;
	text = name_of(ctx, arguments[2]);
	if (text == NULL)
		return JS_EXCEPTION;
	error = parse_address(guess_family(text), text, port, &address);
	JS_FreeCString(ctx, text);
	if (error < 0)
		return JS_NewInt32(ctx, error);
	return send_octets(ctx, fd, arguments[1], &address);
}

static JSValue send_connected(ARGUMENTS)
{
	int fd;

	NEEDS(2);
	if (!int_of(ctx, arguments[0], &fd))
		return JS_EXCEPTION;
	return send_octets(ctx, fd, arguments[1], NULL);
}

static JSValue unsent_bytes(ARGUMENTS)
{
	int fd, bytes = 0;

	NEEDS(1);
	if (!int_of(ctx, arguments[0], &fd))
		return JS_EXCEPTION;
	return result_or_errno(ctx, ioctl(fd, TIOCOUTQ, &bytes) < 0 ? -1 : bytes);
}

static const JSCFunctionListEntry exports[] = {
	JS_CFUNC_DEF("socket", 2, make_socket),
	JS_CFUNC_DEF("setOption", 3, set_option),
	JS_CFUNC_DEF("getOption", 2, get_option),
	JS_CFUNC_DEF("bind", 3, bind_to),
	JS_CFUNC_DEF("connect", 3, connect_to),
	JS_CFUNC_DEF("disconnect", 1, disconnect),
	JS_CFUNC_DEF("listen", 2, listen_to),
	JS_CFUNC_DEF("accept", 1, accept_one),
	JS_CFUNC_DEF("localAddress", 1, local_address),
	JS_CFUNC_DEF("peerAddress", 1, peer_address),
	JS_CFUNC_DEF("shutdown", 1, shut_down),
	JS_CFUNC_DEF("sendTo", 4, send_to),
	JS_CFUNC_DEF("send", 2, send_connected),
	JS_CFUNC_DEF("unsent_bytes", 1, unsent_bytes),
};

PART(sockets)
