/* Descriptors that the loop watches, by epoll. */
#ifndef DESCRIPTORS_H
#define DESCRIPTORS_H

#include "host.h"

/* What is waited for. */
#define READING 1
#define WRITING 2

/* A descriptor may have been closed, and its number given to another. */
struct watch {
	int fd;
	uint32_t generation;
};

/* Tells what epoll says of a descriptor. @param events EPOLLIN and so on */
typedef void teller(JSContext *ctx, struct watch watch, uint32_t events);

/* @return false: the kernel refuses, see errno */
bool start_descriptors(void);
void stop_descriptors(void);
/* From now on, in place of what was watched before. @return 0, or -1 and errno */
int watch_descriptor(int fd, teller *teller, int interest);
bool is_watched(struct watch watch);
/* Whether it is watched, and for that too. */
bool is_waiting_for(struct watch watch, int interest);
/* Tells JavaScript what can be done with a descriptor. */
void tell_ready(int fd, bool is_readable, bool is_writable);
/* Waits until something can be done, and tells it. @param limit_ms -1: none */
void tell_descriptors(JSContext *ctx, int limit_ms);

#endif
