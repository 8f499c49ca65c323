/* The event loop. */
#ifndef LOOP_H
#define LOOP_H

#include "host.h"

/* @return false: the kernel refuses, see errno */
bool start_loop(void);
/* Tells events until nothing is left to wait for. */
void run_loop(JSContext *ctx);
void stop_loop(JSContext *ctx);
/* Tells that the timer's time has come, if it has. */
void tell_timer(void);

/* What is watched: a descriptor may have been closed, and its number given to another. */
struct watch {
	int fd;
	uint32_t generation;
};

bool is_watched(struct watch watch);

#endif
