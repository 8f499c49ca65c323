/* What nothing has caught: errors, rejected promises, and events that take too long. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "failures.h"
#include "handlers.h"

/* What `onUncaught` may have beyond the limit, to say that the memory is full. */
#define LAST_WORDS_BYTES (256 * 1024)

static JSContext *context;

/* Rejected promises that nothing has handled, until the event is over. */
static struct rejection {
	JSValue promise, reason;
} *rejections;
static size_t rejections_length, rejections_room;

static int64_t limit_us, deadline_us;
/* Processor time at the half of the limit; below 0: it isn't reached. */
static int64_t half_cpu_us = -1;
static bool has_overrun;

static int64_t cpu_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int is_overrun(JSRuntime *runtime, void *opaque)
{
	(void)runtime;
	(void)opaque;
	if (limit_us == 0 || deadline_us == 0 || monotonic_us() < deadline_us)
		return 0;
	/* Behind the half, the processor's time counts: a process that was stopped, or has to share, doesn't hang. */
	int64_t cpu = cpu_us();
	if (half_cpu_us < 0)
		half_cpu_us = cpu;
	/* All that it has had since then: with a small share of the processor, no single wait has enough of it. */
	if (cpu - half_cpu_us < limit_us / 4) {
		deadline_us = monotonic_us() + limit_us / 2;
		return 0;
	}
	has_overrun = true;
	/* What else waits for this event has its time too. */
	begin_event();
	return 1;
}

void begin_event(void)
{
	deadline_us = limit_us == 0 ? 0 : monotonic_us() + limit_us / 2;
	half_cpu_us = -1;
}

static bool has_message(JSValueConst error, const char *wanted)
{
	JSValue message;
	const char *octets;
	bool is_so;

	if (!JS_IsError(context, error))
		return false;
	message = JS_GetPropertyStr(context, error, "message");
	octets = JS_IsString(message) ? JS_ToCString(context, message) : NULL;
	is_so = octets != NULL && strcmp(octets, wanted) == 0;
	JS_FreeCString(context, octets);
	JS_FreeValue(context, message);
	return is_so;
}

static void set_message(JSValueConst error, const char *message)
{
	int flags = JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE;

	JS_DefinePropertyValueStr(context, error, "message", JS_NewString(context, message), flags);
}

static void say_overrun(JSValueConst error)
{
	char message[80];

	snprintf(message, sizeof(message), "an event took longer than %" PRId64 " ms", limit_us / 1000);
	set_message(error, message);
	JS_SetUncatchableError(context, error, false);
	has_overrun = false;
}

/* Up to a length, and without what could steer a terminal. @return octets written */
static size_t put_text(char *to, size_t room, JSValue text)
{
	const char *octets = JS_IsString(text) ? JS_ToCString(context, text) : NULL;
	size_t length = 0;

	for (const char *at = octets; at != NULL && *at != 0 && length < room; at++) {
		bool is_control = ((uint8_t)*at < 0x20 && *at != '\n') || *at == 0x7F;

		to[length++] = is_control ? '?' : *at;
	}
	JS_FreeCString(context, octets);
	JS_FreeValue(context, text);
	return length;
}

/* An engine without memory for an error throws null. Takes what it has thrown. */
static JSValue memory_error(JSValue error)
{
	if (!JS_IsNull(error))
		return error;
	error = JS_NewError(context);
	set_message(error, "out of memory");
	return error;
}

/* The last word of the process, in one write. */
static _Noreturn void die(JSValue error)
{
	char text[4096];
	size_t length;
	ssize_t written;

	deadline_us = 0;
	JS_SetMemoryLimit(JS_GetRuntime(context), SIZE_MAX);
	error = memory_error(error);
	if (has_overrun && has_message(error, "interrupted"))
		say_overrun(error);
	length = put_text(text, sizeof(text) / 2, JS_ToString(context, error));
	text[length++] = '\n';
	if (JS_IsError(context, error))
		length += put_text(text + length, sizeof(text) - length, JS_GetPropertyStr(context, error, "stack"));
	written = write(STDERR_FILENO, text, length);
	(void)written;
	exit(1);
}

static bool is_out_of_memory(JSValueConst error)
{
	return JS_IsNull(error) || has_message(error, "out of memory");
}

/* Takes the error. */
static void hand_over(JSValue error)
{
	JSValue result;

	if (!has_handler(ON_UNCAUGHT))
		die(error);
	begin_event();
	result = call_handler(ON_UNCAUGHT, 1, &error);
	if (JS_IsException(result))
		die(JS_GetException(context));
	JS_FreeValue(context, result);
	JS_FreeValue(context, error);
}

void report(JSValue error)
{
	JSRuntime *runtime = JS_GetRuntime(context);
	const size_t limit_bytes = heap_limit_bytes();

	if (has_overrun && has_message(error, "interrupted"))
		say_overrun(error);
	if (!is_out_of_memory(error)) {
		hand_over(error);
		return;
	}
	/* What has to be said needs memory too. */
	if (limit_bytes < SIZE_MAX - LAST_WORDS_BYTES)
		JS_SetMemoryLimit(runtime, limit_bytes + LAST_WORDS_BYTES);
	JS_RunGC(runtime);
	hand_over(memory_error(error));
	JS_SetMemoryLimit(runtime, limit_bytes);
}

static void note_rejection(JSContext *ctx, JSValueConst promise, JSValueConst reason, JS_BOOL is_handled, void *opaque)
{
	struct rejection *list;

	(void)opaque;
	for (size_t i = 0; is_handled && i < rejections_length; i++) {
		if (JS_VALUE_GET_PTR(rejections[i].promise) != JS_VALUE_GET_PTR(promise))
			continue;
		JS_FreeValue(ctx, rejections[i].promise);
		JS_FreeValue(ctx, rejections[i].reason);
		rejections_length--;
		memmove(&rejections[i], &rejections[i + 1], (rejections_length - i) * sizeof(*rejections));
		return;
	}
	if (is_handled)
		return;
	if (rejections_length == rejections_room) {
		list = realloc(rejections, (rejections_room + 16) * sizeof(*rejections));
		if (list == NULL)
			return;
		rejections = list;
		rejections_room += 16;
	}
	rejections[rejections_length].promise = JS_DupValue(ctx, promise);
	rejections[rejections_length++].reason = JS_DupValue(ctx, reason);
}

bool report_rejection(void)
{
	struct rejection first;

	if (rejections_length == 0)
		return false;
	first = rejections[0];
	rejections_length--;
	memmove(rejections, rejections + 1, rejections_length * sizeof(*rejections));
	JS_FreeValue(context, first.promise);
	report(first.reason);
	return true;
}

bool report_overrun(void)
{
	JSValue error;

	if (!has_overrun || rejections_length > 0)
		return false;
	error = JS_NewError(context);
	say_overrun(error);
	report(error);
	return true;
}

void end_event(void)
{
	deadline_us = 0;
}

void start_failures(JSContext *ctx)
{
	context = ctx;
	JS_SetHostPromiseRejectionTracker(JS_GetRuntime(ctx), note_rejection, NULL);
	JS_SetInterruptHandler(JS_GetRuntime(ctx), is_overrun, NULL);
}

void stop_failures(void)
{
	free(rejections);
}

static JSValue set_watchdog(ARGUMENTS)
{
	double limit_ms;

	NEEDS(1);
	if (!number_of(ctx, arguments[0], &limit_ms))
		return JS_EXCEPTION;
	limit_us = limit_ms > 0 && limit_ms < 1e9 ? (int64_t)(limit_ms * 1000) : 0;
	begin_event();
	return JS_UNDEFINED;
}

static const JSCFunctionListEntry exports[] = {
	JS_CFUNC_DEF("setWatchdog", 1, set_watchdog),
};

PART(failures)
