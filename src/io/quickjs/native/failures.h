/* What nothing has caught: errors, rejected promises, and events that take too long. */
#ifndef FAILURES_H
#define FAILURES_H

#include "host.h"

void start_failures(JSContext *ctx);
void stop_failures(void);
/* The watchdog's time runs. */
void begin_event(void);
/* It stands still. */
void end_event(void);
/* Tells `onUncaught`, or ends the process. Takes the error. */
void report(JSValue error);
/* The first promise that was rejected in this event and hasn't been handled. @return whether there was one */
bool report_rejection(void);
/*
 * That an event was ended by the watchdog, where nothing has told it yet: a promise's own handler has got the error.
 * @return whether there was something to tell
 */
bool report_overrun(void);

#endif
