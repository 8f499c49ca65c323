/* One event at a time is told to JavaScript. */
#ifndef EVENTS_H
#define EVENTS_H

#include "handlers.h"

void start_events(JSContext *ctx);
/* An event's call has returned `result`, which is taken: promises go on, and what nothing has caught is told. */
void finish_event(JSValue result);
/* One whole event. The arguments are taken. */
void tell(enum handler handler, int count, JSValue *arguments);
/* Drops all values, so that the engine can be taken down. */
void stop_events(void);

#endif
