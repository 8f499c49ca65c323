/* The one timer: JavaScript sets it, and hears of it when its time has come. */
#include <math.h>

#include "events.h"
#include "timer.h"

/* epoll_wait may be asked for no more than this; then it is asked again. */
#define LONGEST_WAIT_ms 86400000

static int64_t timer_at_us = INT64_MAX;

void tell_timer(void)
{
	/* One below 0 is told before anything else: the calls that are due make one turn. */
	do {
		if (timer_at_us == INT64_MAX || monotonic_us() < timer_at_us)
			return;
		timer_at_us = INT64_MAX;
		tell(ON_TIMER, 0, NULL);
	} while (timer_at_us < 0);
}

int timer_wait_ms(void)
{
	int64_t left_us;

	if (timer_at_us == INT64_MAX)
		return -1;
	left_us = timer_at_us - monotonic_us();
	if (left_us <= 0)
		return 0;
	/* Rounded up: a loop that is too early by half a millisecond would spin for it. */
	return left_us / 1000 >= LONGEST_WAIT_ms ? LONGEST_WAIT_ms : (int)((left_us + 999) / 1000);
}

static JSValue set_timer_at(ARGUMENTS)
{
	double at_ms;

	NEEDS(1);
	if (!number_of(ctx, arguments[0], &at_ms))
		return JS_EXCEPTION;
	/* 1e15 ms are 30,000 years. */
	if (!(at_ms < 1e15))
		timer_at_us = INT64_MAX;
	else
		timer_at_us = at_ms < 0 ? -1 : (int64_t)ceil(at_ms * 1000);
	return JS_UNDEFINED;
}

static const JSCFunctionListEntry exports[] = {
	JS_CFUNC_DEF("setTimer", 1, set_timer_at),
};

PART(timer)
