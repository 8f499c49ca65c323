/* The modules of the program. */
#ifndef MODULES_H
#define MODULES_H

#include "host.h"

/* Has `import` find what is embedded, and "native". */
void use_modules(JSRuntime *runtime);
/* Loads and evaluates an embedded module. @return its promise, or an exception */
JSValue run_module(JSContext *ctx, const char *name);

#endif
