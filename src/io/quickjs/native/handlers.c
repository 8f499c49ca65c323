/* The functions by which JavaScript hears of events. */
#include "handlers.h"

static const char *const NAMES[HANDLERS] = {
	"onReady", "onDatagram", "onSocketError", "onTimer", "onSignal", "onChild", "onUncaught", "onIdle",
};

static JSContext *context;
static JSValue object, functions[HANDLERS];

bool has_handler(enum handler handler)
{
	return JS_IsFunction(context, functions[handler]);
}

JSValue call_handler(enum handler handler, int count, JSValue *arguments)
{
	/* It may set others meanwhile. */
	JSValue function = JS_DupValue(context, functions[handler]);
	JSValue result = JS_Call(context, function, object, count, arguments);

	JS_FreeValue(context, function);
	return result;
}

static JSValue set_handlers_of(ARGUMENTS)
{
	JSValue found[HANDLERS];
	bool is_good = true;

	NEEDS(1);
	if (!JS_IsObject(arguments[0]))
		return JS_ThrowTypeError(ctx, "an object of handlers is needed");
	for (int i = 0; i < HANDLERS; i++) {
		found[i] = JS_GetPropertyStr(ctx, arguments[0], NAMES[i]);
		if (!JS_IsUndefined(found[i]) && !JS_IsFunction(ctx, found[i]))
			is_good = false;
	}
	for (int i = 0; i < HANDLERS; i++) {
		JSValue dropped = is_good ? functions[i] : found[i];

		if (is_good)
			functions[i] = found[i];
		JS_FreeValue(ctx, dropped);
	}
	if (!is_good)
		return JS_ThrowTypeError(ctx, "a handler is a function");
	JS_FreeValue(ctx, object);
	object = JS_DupValue(ctx, arguments[0]);
	return JS_UNDEFINED;
}

static const JSCFunctionListEntry exports[] = {
	JS_CFUNC_DEF("setHandlers", 1, set_handlers_of),
};

PART(handlers)

void start_handlers(JSContext *ctx)
{
	context = ctx;
	object = JS_UNDEFINED;
	for (int i = 0; i < HANDLERS; i++)
		functions[i] = JS_UNDEFINED;
}

void stop_handlers(void)
{
	JS_FreeValue(context, object);
	for (int i = 0; i < HANDLERS; i++)
		JS_FreeValue(context, functions[i]);
}
