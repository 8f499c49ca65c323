/* The one timer. */
#ifndef TIMER_H
#define TIMER_H

#include "host.h"

/* Tells that the timer's time has come, if it has. */
void tell_timer(void);
/* How long epoll_wait may wait for it; -1: the timer isn't set. */
int timer_wait_ms(void);

#endif
