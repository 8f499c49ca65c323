/* The event loop: the timer, then what has come, turn by turn. */
#include "addresses.h"
#include "descriptors.h"
#include "events.h"
#include "loop.h"
#include "signals.h"
#include "timer.h"

static bool is_alive;

static void turn(JSContext *ctx)
{
	tell_timer();
	if (is_alive)
		tell_descriptors(ctx, timer_wait_ms());
}

void run_loop(JSContext *ctx)
{
	for (;;) {
		if (!is_alive)
			tell(ON_IDLE, 0, NULL);
		if (!is_alive)
			return;
		turn(ctx);
	}
}

bool start_loop(void)
{
	return start_descriptors() && start_signals();
}

void stop_loop(JSContext *ctx)
{
	forget_addresses(ctx);
	stop_descriptors();
}

static JSValue set_alive(ARGUMENTS)
{
	NEEDS(1);
	is_alive = JS_ToBool(ctx, arguments[0]) == 1;
	return JS_UNDEFINED;
}

static const JSCFunctionListEntry exports[] = {
	JS_CFUNC_DEF("setAlive", 1, set_alive),
};

PART(loop)
