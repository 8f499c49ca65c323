/* The functions by which JavaScript hears of events. */
#ifndef HANDLERS_H
#define HANDLERS_H

#include "host.h"

enum handler {
	ON_READY,
	ON_DATAGRAM,
	ON_SOCKET_ERROR,
	ON_TIMER,
	ON_SIGNAL,
	ON_CHILD,
	ON_UNCAUGHT,
	ON_IDLE,
	HANDLERS,
};

void start_handlers(JSContext *ctx);
bool has_handler(enum handler handler);
/* @return what it returns, or an exception */
JSValue call_handler(enum handler handler, int count, JSValue *arguments);
/* Drops all values, so that the engine can be taken down. */
void stop_handlers(void);

#endif
