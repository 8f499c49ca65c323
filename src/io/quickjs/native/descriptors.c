/* Descriptors that the loop watches, by epoll. It needs no call that Linux 2.6.22 doesn't have. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "descriptors.h"
#include "events.h"

#define BATCH 64
#define MOST_DESCRIPTORS 65536

static struct entry {
	/* NULL: it isn't watched. */
	teller *teller;
	uint32_t generation;
	uint8_t interest;
	/* What epoll refuses is always ready: a plain file, /dev/null. */
	bool is_file;
} *entries;
static int entries_length, files;
static int epoll = -1;

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
	return watch.fd < entries_length && entries[watch.fd].teller != NULL &&
	       entries[watch.fd].generation == watch.generation;
}

bool is_waiting_for(struct watch watch, int interest)
{
	return is_watched(watch) && entries[watch.fd].interest & interest;
}

void forget_descriptor(int fd)
{
	struct epoll_event unused = {0};
	struct entry *entry;

	if (fd < 0 || fd >= entries_length || entries[fd].teller == NULL)
		return;
	entry = &entries[fd];
	if (entry->is_file)
		files--;
	else
		epoll_ctl(epoll, EPOLL_CTL_DEL, fd, &unused);
	*entry = (struct entry){.generation = entry->generation + 1};
}

int watch_descriptor(int fd, teller *teller, int interest)
{
	struct epoll_event event = {0};
	struct entry *entry;
	bool is_known;

	if (!has_room(fd))
		return -1;
	entry = &entries[fd];
	is_known = entry->teller != NULL;
	event.events = (interest & READING ? EPOLLIN : 0) | (interest & WRITING ? EPOLLOUT : 0);
	event.data.u64 = (uint64_t)entry->generation << 32 | (uint32_t)fd;
	if (!entry->is_file && epoll_ctl(epoll, is_known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) < 0) {
		if (errno != EPERM)
			return -1;
		entry->is_file = true;
		files++;
	}
	entry->teller = teller;
	entry->interest = (uint8_t)interest;
	return 0;
}

void tell_ready(int fd, bool is_readable, bool is_writable)
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

/* As poll(2) means it: both where there is an error. */
static void tell_plainly(JSContext *ctx, struct watch watch, uint32_t events)
{
	bool is_bad = events & (EPOLLERR | EPOLLHUP);
	bool is_readable = is_bad || (events & EPOLLIN && is_waiting_for(watch, READING));
	bool is_writable = is_bad || (events & EPOLLOUT && is_waiting_for(watch, WRITING));

	(void)ctx;
	if (is_readable || is_writable)
		tell_ready(watch.fd, is_readable, is_writable);
}

void tell_descriptors(JSContext *ctx, int limit_ms)
{
	struct epoll_event events[BATCH];
	int count = epoll_wait(epoll, events, BATCH, files > 0 ? 0 : limit_ms);

	for (int i = 0; i < count; i++) {
		struct watch watch = {(int)(uint32_t)events[i].data.u64, (uint32_t)(events[i].data.u64 >> 32)};

		if (is_watched(watch))
			entries[watch.fd].teller(ctx, watch, events[i].events);
	}
	tell_files();
}

bool start_descriptors(void)
{
	epoll = epoll_create(BATCH);
	return epoll >= 0 && fcntl(epoll, F_SETFD, FD_CLOEXEC) == 0;
}

void stop_descriptors(void)
{
	free(entries);
	entries_length = 0;
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
		return result_or_errno(ctx, watch_descriptor(fd, tell_plainly, interest));
	forget_descriptor(fd);
	return JS_NewInt32(ctx, 0);
}

static const JSCFunctionListEntry exports[] = {
	JS_CFUNC_DEF("watch", 2, watch),
};

PART(descriptors)
