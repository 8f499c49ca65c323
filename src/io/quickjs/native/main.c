/* The process: an engine without a parser, the program that is embedded in it, and the loop. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "events.h"
#include "failures.h"
#include "heap.h"
#include "loop.h"
#include "modules.h"
#include "process.h"

/* JavaScript that recurses deeper gets an error: some 1,900 calls. Only what is used of it takes memory. */
#define STACK_BYTES (1024 * 1024)

/* What the program uses of the language. The parser ("Eval") isn't linked in, nor are Proxy, WeakRef and String.normalize. */
static JSContext *new_context(JSRuntime *runtime)
{
	JSContext *ctx = JS_NewContextRaw(runtime);

	if (ctx == NULL)
		return NULL;
	JS_AddIntrinsicBaseObjects(ctx);
	JS_AddIntrinsicDate(ctx);
	JS_AddIntrinsicRegExp(ctx);
	JS_AddIntrinsicJSON(ctx);
	JS_AddIntrinsicMapSet(ctx);
	JS_AddIntrinsicTypedArrays(ctx);
	JS_AddIntrinsicPromise(ctx);
	return ctx;
}

/* Where the kernel gives less, the engine may have half of it. */
static size_t stack_bytes(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_STACK, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur / 2 > STACK_BYTES)
		return STACK_BYTES;
	return (size_t)(limit.rlim_cur / 2);
}

int main(int count, char **arguments)
{
	JSRuntime *runtime;
	JSContext *ctx;

	start_process(count, arguments);
	runtime = JS_NewRuntime2(&heap_functions, NULL);
	ctx = runtime == NULL ? NULL : new_context(runtime);
	if (ctx == NULL || !start_loop()) {
		perror("branchline");
		return 1;
	}
	JS_SetMaxStackSize(runtime, stack_bytes());
	use_modules(runtime);
	start_events(ctx);
	begin_event();
	finish_event(run_module(ctx, "main.js"));
	run_loop(ctx);
#ifdef __SANITIZE_ADDRESS__
	/* So that what we have forgotten to give back is found. */
	stop_events();
	stop_loop(ctx);
	JS_FreeContext(ctx);
	JS_FreeRuntime(runtime);
#endif
	return exit_status();
}
