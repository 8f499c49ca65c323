/* The modules that there are: those embedded in the binary, and "native", which is the C host itself. Nothing is ever read from a file. */
#include <stdlib.h>
#include <string.h>

#include "embedded.h"
#include "modules.h"
#include "packing.h"

static const struct {
	part_function *declare, *set;
} parts[] = {
	{declare_process, set_process},
	{declare_children, set_children},
	{declare_clock, set_clock},
	{declare_timer, set_timer},
	{declare_descriptors, set_descriptors},
	{declare_datagrams, set_datagrams},
	{declare_loop, set_loop},
	{declare_failures, set_failures},
	{declare_handlers, set_handlers},
	{declare_signals, set_signals},
	{declare_sockets, set_sockets},
	{declare_text, set_text},
	{declare_waiting, set_waiting},
	{declare_machine, set_machine},
	{declare_terminal, set_terminal},
	{declare_interfaces, set_interfaces},
	{declare_errors, set_errors},
	{declare_files, set_files},
	{declare_folders, set_folders},
	{declare_digest, set_digest},
};

static int set_native(JSContext *ctx, JSModuleDef *module)
{
	for (int i = 0; i < COUNT(parts); i++)
		if (parts[i].set(ctx, module) < 0)
			return -1;
	return 0;
}

static JSModuleDef *native_module(JSContext *ctx)
{
	JSModuleDef *module = JS_NewCModule(ctx, "native", set_native);

	if (module == NULL)
		return NULL;
	for (int i = 0; i < COUNT(parts); i++)
		if (parts[i].declare(ctx, module) < 0)
			return NULL;
	return module;
}

static int by_name(const void *name, const void *module)
{
	return strcmp(name, ((const struct embedded_module *)module)->name);
}

/* The engine copies what it keeps. */
static JSValue read_packed(JSContext *ctx, const struct embedded_module *packed)
{
	const size_t length = unpacked_length(packed->bytes, packed->length);
	uint8_t *bytes = js_malloc(ctx, length);
	JSValue module;

	if (bytes == NULL)
		return JS_EXCEPTION;
	if (unpack(packed->bytes, packed->length, bytes))
		module = JS_ReadObject(ctx, bytes, length, JS_READ_OBJ_BYTECODE);
	else
		module = JS_ThrowInternalError(ctx, "the module '%s' is damaged", packed->name);
	js_free(ctx, bytes);
	return module;
}

/* @return a value of the tag JS_TAG_MODULE, or an exception */
static JSValue read_module(JSContext *ctx, const char *name)
{
	const struct embedded_module *found =
	    bsearch(name, embedded_modules, embedded_modules_count, sizeof(embedded_modules[0]), by_name);

	if (found == NULL)
		return JS_ThrowReferenceError(ctx, "there is no module '%s' in this program", name);
	return read_packed(ctx, found);
}

/* All modules lie in one folder: "./x.js" and "x.js" are the same. */
static char *normalize(JSContext *ctx, const char *importer, const char *name, void *opaque)
{
	(void)importer;
	(void)opaque;
	while (strncmp(name, "./", 2) == 0)
		name += 2;
	return js_strdup(ctx, name);
}

static JSModuleDef *load(JSContext *ctx, const char *name, void *opaque)
{
	JSValue module;
	JSModuleDef *definition;

	(void)opaque;
	if (strcmp(name, "native") == 0)
		return native_module(ctx);
	module = read_module(ctx, name);
	if (JS_IsException(module))
		return NULL;
	definition = JS_VALUE_GET_PTR(module);
	/* The engine's list of modules keeps it. */
	JS_FreeValue(ctx, module);
	return definition;
}

void use_modules(JSRuntime *runtime)
{
	JS_SetModuleLoaderFunc(runtime, normalize, load, NULL);
}

JSValue run_module(JSContext *ctx, const char *name)
{
	JSValue module = read_module(ctx, name);

	if (JS_IsException(module))
		return module;
	if (JS_ResolveModule(ctx, module) < 0) {
		JS_FreeValue(ctx, module);
		return JS_EXCEPTION;
	}
	return JS_EvalFunction(ctx, module);
}
