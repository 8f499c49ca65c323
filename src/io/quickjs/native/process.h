/* The process itself. */
#ifndef PROCESS_H
#define PROCESS_H

/* Keeps the arguments, and sees to the descriptors that the process was born with. */
void start_process(int count, char **arguments);
int exit_status(void);

#endif
