/* Signals become events. */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <stdbool.h>

/* @return false: the kernel refuses, see errno */
bool start_signals(void);

#endif
