/* The event loop. */
#ifndef LOOP_H
#define LOOP_H

#include "host.h"

/* @return false: the kernel refuses, see errno */
bool start_loop(void);
/* Tells events until nothing is left to wait for. */
void run_loop(JSContext *ctx);
void stop_loop(JSContext *ctx);

#endif
