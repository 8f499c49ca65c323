/* One event at a time is told to JavaScript: the call of its handler, then the promises that go on by it, under the watchdog. */
#include "events.h"
#include "failures.h"

static JSContext *context;

void finish_event(JSValue result)
{
	JSRuntime *runtime = JS_GetRuntime(context);
	JSContext *of_job;
	int status;

	if (JS_IsException(result))
		report(JS_GetException(context));
	JS_FreeValue(context, result);
	do {
		while ((status = JS_ExecutePendingJob(runtime, &of_job)) != 0)
			if (status < 0)
				report(JS_GetException(of_job));
	} while (report_rejection() || report_overrun() || JS_IsJobPending(runtime));
	end_event();
}

void tell(enum handler handler, int count, JSValue *arguments)
{
	JSValue result = JS_UNDEFINED;

	begin_event();
	for (int i = 0; i < count; i++)
		if (JS_IsException(arguments[i]))
			result = JS_EXCEPTION;
	if (!JS_IsException(result) && has_handler(handler))
		result = call_handler(handler, count, arguments);
	for (int i = 0; i < count; i++)
		JS_FreeValue(context, arguments[i]);
	finish_event(result);
}

void start_events(JSContext *ctx)
{
	context = ctx;
	start_handlers(ctx);
	start_failures(ctx);
}

void stop_events(void)
{
	stop_handlers();
	stop_failures();
}
