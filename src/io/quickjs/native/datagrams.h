/* Datagrams that have come. */
#ifndef DATAGRAMS_H
#define DATAGRAMS_H

#include "loop.h"

/* Reads what waits, some datagrams at most, and tells each. */
void tell_datagrams(JSContext *ctx, struct watch socket);

#endif
