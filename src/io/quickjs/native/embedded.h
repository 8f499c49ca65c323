/* The program itself: ES modules as QuickJS bytecode, put into the binary by the build (build/native/bytecode.mjs). */
#ifndef EMBEDDED_H
#define EMBEDDED_H

#include <stdint.h>

struct embedded_module {
	/* As others import it, without "./"; the entry point is "main.js". */
	const char *name;
	/* What JS_WriteObject has made of it, for JS_ReadObject with JS_READ_OBJ_BYTECODE, as `pack` of packing.h has packed it. */
	const uint8_t *bytes;
	uint32_t length;
};

/* In the order of their names. */
extern const struct embedded_module embedded_modules[];
extern const uint32_t embedded_modules_count;

#endif
