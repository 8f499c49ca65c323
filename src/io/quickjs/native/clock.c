/* Time that never jumps. */
#include <time.h>

#include "host.h"

int64_t monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static JSValue monotonic_ms(ARGUMENTS)
{
	NEEDS(0);
	return JS_NewFloat64(ctx, (double)monotonic_us() / 1000);
}

static const JSCFunctionListEntry exports[] = {
	JS_CFUNC_DEF("monotonic_ms", 0, monotonic_ms),
};

PART(clock)
