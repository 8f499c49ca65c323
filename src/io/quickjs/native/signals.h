/* Signals become events. */
#ifndef SIGNALS_H
#define SIGNALS_H

/* @return the descriptor that can be read when one has come, or -1 and errno */
int start_signals(void);
/* Tells those that have come. */
void tell_signals(void);

#endif
