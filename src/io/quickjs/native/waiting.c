/* Waiting in the middle of an event, for commands that ask a question at the terminal. */
#include <errno.h>
#include <limits.h>
#include <poll.h>

#include "failures.h"

#define MOST_DESCRIPTORS 64

static JSValue ready_of(JSContext *ctx, const struct pollfd *polled, uint32_t length)
{
	for (uint32_t i = 0; i < length; i++)
		if (polled[i].revents & (POLLIN | POLLHUP | POLLERR))
			return JS_NewInt32(ctx, polled[i].fd);
	return JS_NewInt32(ctx, -1);
}

static JSValue wait_here(ARGUMENTS)
{
	struct pollfd polled[MOST_DESCRIPTORS];
	uint32_t length;
	double limit_ms, left_ms;
	int64_t begun_us = monotonic_us();
	int ready;

	NEEDS(2);
	if (!length_of(ctx, arguments[0], &length) || !number_of(ctx, arguments[1], &limit_ms))
		return JS_EXCEPTION;
	if (length > MOST_DESCRIPTORS)
		return JS_ThrowTypeError(ctx, "at most %d descriptors", MOST_DESCRIPTORS);
	for (uint32_t i = 0; i < length; i++) {
		JSValue value = JS_GetPropertyUint32(ctx, arguments[0], i);
		bool is_good = int_of(ctx, value, &polled[i].fd);

		JS_FreeValue(ctx, value);
		if (!is_good)
			return JS_EXCEPTION;
		polled[i].events = POLLIN;
	}
	do {
		left_ms = limit_ms - (double)(monotonic_us() - begun_us) / 1000;
		/* Rounded up; one that has no end is waited for in pieces. */
		ready = poll(polled, length, left_ms > INT_MAX - 1 ? INT_MAX : left_ms > 0 ? (int)left_ms + 1 : 0);
	} while ((ready < 0 && errno == EINTR) || (ready == 0 && left_ms > 0));
	/* The watchdog looks at what we do, and not at how long others make us wait. */
	begin_event();
	return ready < 0 ? JS_NewInt32(ctx, -1) : ready_of(ctx, polled, length);
}

static const JSCFunctionListEntry exports[] = {
	JS_CFUNC_DEF("wait", 2, wait_here),
};

PART(waiting)
