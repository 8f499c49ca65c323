/* The event loop: descriptors by epoll, one timer. It needs no call that Linux 2.6.22 doesn't have. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "addresses.h"
#include "datagrams.h"
#include "handlers.h"
#include "loop.h"
#include "signals.h"

#define BATCH 64
/* epoll_wait may be asked for no more than this; then it is asked again. */
#define LONGEST_WAIT_ms 86400000
#define MOST_DESCRIPTORS 65536
#define READING 1
#define WRITING 2

enum kind { FORGOTTEN, TOLD, DATAGRAMS, SIGNALS };

static struct entry {
	uint32_t generation;
	uint8_t kind, interest;
	/* What epoll refuses is always ready: a plain file, /dev/null. */
	bool is_file;
} *entries;
static int entries_length, files;
static int epoll = -1;
static bool is_alive;
static int64_t timer_at_us = INT64_MAX;

int64_t monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int prepare_descriptor(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -1;
	return fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static bool has_room(int fd)
{
	int length = (fd / 64 + 1) * 64;
	struct entry *grown;

	if (fd < 0 || fd >= MOST_DESCRIPTORS) {
		errno = EBADF;
		return false;
	}
	if (fd < entries_length)
		return true;
	grown = realloc(entries, (size_t)length * sizeof(*entries));
	if (grown == NULL)
		return false;
	memset(grown + entries_length, 0, (size_t)(length - entries_length) * sizeof(*entries));
	entries = grown;
	entries_length = length;
	return true;
}

bool is_watched(struct watch watch)
{
	return watch.fd < entries_length && entries[watch.fd].kind != FORGOTTEN &&
	       entries[watch.fd].generation == watch.generation;
}

void loop_forget(int fd)
{
	struct epoll_event unused = {0};
	struct entry *entry;

	if (fd < 0 || fd >= entries_length || entries[fd].kind == FORGOTTEN)
		return;
	entry = &entries[fd];
	if (entry->is_file)
		files--;
	else
		epoll_ctl(epoll, EPOLL_CTL_DEL, fd, &unused);
	*entry = (struct entry){.generation = entry->generation + 1};
}

/* @return 0, or -1 and errno */
static int remember(int fd, enum kind kind, int interest)
{
	struct epoll_event event = {0};
	struct entry *entry;
	bool is_known;

	if (!has_room(fd))
		return -1;
	entry = &entries[fd];
	is_known = entry->kind != FORGOTTEN;
	event.events = (interest & READING ? EPOLLIN : 0) | (interest & WRITING ? EPOLLOUT : 0);
	event.data.u64 = (uint64_t)entry->generation << 32 | (uint32_t)fd;
	if (!entry->is_file && epoll_ctl(epoll, is_known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) < 0) {
		if (errno != EPERM)
			return -1;
		entry->is_file = true;
		files++;
	}
	entry->kind = (uint8_t)kind;
	entry->interest = (uint8_t)interest;
	return 0;
}

static void tell_ready(int fd, bool is_readable, bool is_writable)
{
	JSValue arguments[] = {
		JS_MKVAL(JS_TAG_INT, fd),
		JS_MKVAL(JS_TAG_BOOL, is_readable),
		JS_MKVAL(JS_TAG_BOOL, is_writable),
	};

	tell(ON_READY, COUNT(arguments), arguments);
}

static void tell_files(void)
{
	for (int fd = 0; files > 0 && fd < entries_length; fd++)
		if (entries[fd].is_file)
			tell_ready(fd, entries[fd].interest & READING, entries[fd].interest & WRITING);
}

void tell_timer(void)
{
	/* One below 0 is told before anything else: the calls that are due make one turn. */
	do {
		if (timer_at_us == INT64_MAX || monotonic_us() < timer_at_us)
			return;
		timer_at_us = INT64_MAX;
		tell(ON_TIMER, 0, NULL);
	} while (timer_at_us < 0);
}

static void tell_event(JSContext *ctx, const struct epoll_event *event)
{
	struct watch watch = {(int)(uint32_t)event->data.u64, (uint32_t)(event->data.u64 >> 32)};
	bool is_bad = event->events & (EPOLLERR | EPOLLHUP);
	struct entry *entry;

	if (!is_watched(watch))
		return;
	entry = &entries[watch.fd];
	if (entry->kind == SIGNALS) {
		tell_signals();
	} else if (entry->kind == DATAGRAMS) {
		if (event->events & ~(uint32_t)EPOLLOUT)
			tell_datagrams(ctx, watch);
		if (event->events & EPOLLOUT && is_watched(watch) && entries[watch.fd].interest & WRITING)
			tell_ready(watch.fd, false, true);
	} else {
		bool is_readable = is_bad || (event->events & EPOLLIN && entry->interest & READING);
		bool is_writable = is_bad || (event->events & EPOLLOUT && entry->interest & WRITING);

		if (is_readable || is_writable)
			tell_ready(watch.fd, is_readable, is_writable);
	}
}

static int wait_ms(void)
{
	int64_t left_us;

	if (files > 0)
		return 0;
	if (timer_at_us == INT64_MAX)
		return -1;
	left_us = timer_at_us - monotonic_us();
	if (left_us <= 0)
		return 0;
	/* Rounded up: a loop that is too early by half a millisecond would spin for it. */
	return left_us / 1000 >= LONGEST_WAIT_ms ? LONGEST_WAIT_ms : (int)((left_us + 999) / 1000);
}

static void turn(JSContext *ctx)
{
	struct epoll_event events[BATCH];
	int count;

	tell_timer();
	if (!is_alive)
		return;
	count = epoll_wait(epoll, events, BATCH, wait_ms());
	for (int i = 0; i < count; i++)
		tell_event(ctx, &events[i]);
	tell_files();
}

void run_loop(JSContext *ctx)
{
	for (;;) {
		if (!is_alive)
			tell(ON_IDLE, 0, NULL);
		if (!is_alive)
			return;
		turn(ctx);
	}
}

bool start_loop(void)
{
	int signals;

	epoll = epoll_create(BATCH);
	if (epoll < 0 || fcntl(epoll, F_SETFD, FD_CLOEXEC) < 0)
		return false;
	signals = start_signals();
	return signals >= 0 && remember(signals, SIGNALS, READING) == 0;
}

void stop_loop(JSContext *ctx)
{
	forget_addresses(ctx);
	free(entries);
	entries_length = 0;
}

static JSValue monotonic_ms(ARGUMENTS)
{
	NEEDS(0);
	return JS_NewFloat64(ctx, (double)monotonic_us() / 1000);
}

static JSValue set_timer(ARGUMENTS)
{
	double at_ms;

	NEEDS(1);
	if (!number_of(ctx, arguments[0], &at_ms))
		return JS_EXCEPTION;
	/* 1e15 ms are 30,000 years. */
	if (!(at_ms < 1e15))
		timer_at_us = INT64_MAX;
	else
		timer_at_us = at_ms < 0 ? -1 : (int64_t)ceil(at_ms * 1000);
	return JS_UNDEFINED;
}

static JSValue watch(ARGUMENTS)
{
	int fd, interest;

	NEEDS(2);
	if (!int_of(ctx, arguments[0], &fd) || !int_of(ctx, arguments[1], &interest))
		return JS_EXCEPTION;
	if (interest & ~(READING | WRITING))
		return JS_ThrowTypeError(ctx, "what is waited for is 0, 1, 2 or 3");
	if (interest != 0)
		return result_or_errno(ctx, remember(fd, TOLD, interest));
	loop_forget(fd);
	return JS_NewInt32(ctx, 0);
}

static JSValue hear_datagrams(ARGUMENTS)
{
	int fd, type;
	socklen_t length = sizeof(type);

	NEEDS(1);
	if (!int_of(ctx, arguments[0], &fd))
		return JS_EXCEPTION;
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) < 0)
		return JS_NewInt32(ctx, -errno);
	if (type != SOCK_DGRAM)
		return JS_NewInt32(ctx, -EPROTOTYPE);
	return result_or_errno(ctx, remember(fd, DATAGRAMS, READING | (JS_ToBool(ctx, arguments[1]) == 1 ? WRITING : 0)));
}

static JSValue set_alive(ARGUMENTS)
{
	NEEDS(1);
	is_alive = JS_ToBool(ctx, arguments[0]) == 1;
	return JS_UNDEFINED;
}

static const JSCFunctionListEntry exports[] = {
	JS_CFUNC_DEF("monotonic_ms", 0, monotonic_ms),
	JS_CFUNC_DEF("setTimer", 1, set_timer),
	JS_CFUNC_DEF("watch", 2, watch),
	JS_CFUNC_DEF("hearDatagrams", 2, hear_datagrams),
	JS_CFUNC_DEF("setAlive", 1, set_alive),
};

PART(loop)
