/* Addresses of sockets, as the kernel has them and as text. */
#ifndef ADDRESSES_H
#define ADDRESSES_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "host.h"

struct address {
	union {
		struct sockaddr plain;
		struct sockaddr_in ipv4;
		struct sockaddr_in6 ipv6;
		struct sockaddr_un local;
	} any;
	socklen_t length;
};

/* @param family AF_INET, AF_INET6 or AF_UNIX @return 0, or minus an errno */
int parse_address(int family, const char *text, int port, struct address *address);
/* IPv6 has a colon, a path a slash. */
int guess_family(const char *text);
/* 0 where it has none. */
int address_port(const struct address *address);
JSValue address_text(JSContext *ctx, const struct address *address);
/* The same; texts of those asked for lately are kept, so that a peer's datagrams share one. */
JSValue known_address_text(JSContext *ctx, const struct address *address);
void forget_addresses(JSContext *ctx);

#endif
