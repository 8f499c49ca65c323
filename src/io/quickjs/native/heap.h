/* The engine's heap: small blocks from slab.c, large ones from malloc. */
#ifndef HEAP_H
#define HEAP_H

#include <quickjs.h>
#include <stddef.h>

/* For JS_NewRuntime2. There is one heap in a process, and one thread that uses it. */
extern const JSMallocFunctions heap_functions;

/* What the engine has of it: live objects, and those that the next collection will find. */
size_t heap_used_bytes(void);

#endif
