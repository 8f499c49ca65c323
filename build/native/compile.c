/*
 * Compiles ES modules to QuickJS bytecode, packed as the binary has it: compile FOLDER OUT NAME... reads FOLDER/NAME and writes
 * OUT/NAME.bin. A program of the build machine, or run by qemu-user: bytecode has the order of bytes of the processor that makes it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packing.h"
#include "quickjs.h"

#define MOST_PATH 4096

static void fail(const char *what, const char *name)
{
	fprintf(stderr, "%s %s\n", what, name);
	exit(1);
}

static void fail_in_script(JSContext *ctx, const char *name)
{
	JSValue error = JS_GetException(ctx);
	JSValue stack = JS_GetPropertyStr(ctx, error, "stack");
	const char *message = JS_ToCString(ctx, error);
	const char *place = JS_ToCString(ctx, stack);
	fprintf(stderr, "%s\n%s", message ? message : "?", place ? place : "");
	fail("can't compile", name);
}

/* Ends with a NUL, as JS_Eval wants it. */
static char *read_whole(const char *path, size_t *length)
{
	FILE *file = fopen(path, "rb");
	if (!file || fseek(file, 0, SEEK_END) != 0) fail("can't read", path);
	long size = ftell(file);
	char *text = size < 0 ? NULL : malloc((size_t)size + 1);
	if (!text) fail("no memory for", path);
	rewind(file);
	if (fread(text, 1, (size_t)size, file) != (size_t)size) fail("can't read", path);
	fclose(file);
	text[size] = 0;
	*length = (size_t)size;
	return text;
}

static void write_whole(const char *path, const uint8_t *bytes, size_t length)
{
	FILE *file = fopen(path, "wb");
	if (!file || fwrite(bytes, 1, length, file) != length || fclose(file) != 0) fail("can't write", path);
}

/* What can't be unpacked again isn't written. */
static void write_packed(const char *path, const uint8_t *bytes, size_t length)
{
	size_t packed_length = 0;
	uint8_t *packed = pack(bytes, length, &packed_length);
	uint8_t *again = malloc(length);
	if (!packed || !again || unpacked_length(packed, packed_length) != length) fail("can't pack", path);
	if (!unpack(packed, packed_length, again) || memcmp(again, bytes, length) != 0) fail("can't unpack", path);
	write_whole(path, packed, packed_length);
	free(packed);
	free(again);
}

static int start_nothing(JSContext *ctx, JSModuleDef *module)
{
	(void)ctx;
	(void)module;
	return 0;
}

/* What a module imports is only named in its bytecode: anything may stand for it here. */
static JSModuleDef *load_nothing(JSContext *ctx, const char *name, void *opaque)
{
	(void)opaque;
	return JS_NewCModule(ctx, name, start_nothing);
}

static void compile(const char *folder, const char *out, const char *name)
{
	char from[MOST_PATH], to[MOST_PATH];
	if (snprintf(from, sizeof(from), "%s/%s", folder, name) >= MOST_PATH) fail("too long:", folder);
	if (snprintf(to, sizeof(to), "%s/%s.bin", out, name) >= MOST_PATH) fail("too long:", out);
	JSRuntime *runtime = JS_NewRuntime();
	JSContext *ctx = runtime ? JS_NewContext(runtime) : NULL;
	if (!ctx) fail("no memory for", name);
	JS_SetModuleLoaderFunc(runtime, NULL, load_nothing, NULL);
	size_t length, size;
	char *text = read_whole(from, &length);
	/* Lines of minified code tell nobody where a fault is, and cost a third of the bytes; functions keep their names. */
	JS_SetStripInfo(runtime, JS_STRIP_DEBUG);
	JSValue module = JS_Eval(ctx, text, length, name, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
	if (JS_IsException(module)) fail_in_script(ctx, name);
	uint8_t *bytes = JS_WriteObject(ctx, &size, module, JS_WRITE_OBJ_BYTECODE);
	if (!bytes) fail_in_script(ctx, name);
	write_packed(to, bytes, size);
	js_free(ctx, bytes);
	free(text);
	JS_FreeContext(ctx);
	JS_FreeRuntime(runtime);
}

int main(int argc, char **argv)
{
	if (argc < 4) fail("usage:", "compile FOLDER OUT NAME...");
	for (int index = 3; index < argc; index++) compile(argv[1], argv[2], argv[index]);
	return 0;
}
