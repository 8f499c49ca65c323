/* Signals become events: the handler notes the signal and writes to a pipe, which the loop reads. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "descriptors.h"
#include "events.h"
#include "signals.h"

#define SIGNALS_END 65

static int pipe_ends[2] = {-1, -1};
static volatile sig_atomic_t has_come[SIGNALS_END];
static bool is_told[SIGNALS_END];

static void note(int signal)
{
	int kept = errno;
	ssize_t written;

	has_come[signal] = 1;
	/* A full pipe wakes the loop as well. */
	written = write(pipe_ends[1], "", 1);
	(void)written;
	errno = kept;
}

static int set_rule(int signal, void (*rule)(int))
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = rule;
	action.sa_flags = SA_RESTART | (signal == SIGCHLD ? SA_NOCLDSTOP : 0);
	sigfillset(&action.sa_mask);
	return sigaction(signal, &action, NULL);
}

static void tell_signals(JSContext *ctx, struct watch watch, uint32_t events)
{
	char dropped[64];

	(void)ctx, (void)watch, (void)events;
	while (read(pipe_ends[0], dropped, sizeof(dropped)) > 0)
		continue;
	for (int signal = 1; signal < SIGNALS_END; signal++) {
		JSValue argument = JS_MKVAL(JS_TAG_INT, signal);

		if (!has_come[signal])
			continue;
		has_come[signal] = 0;
		if (signal == SIGCHLD)
			tell(ON_CHILD, 0, NULL);
		if (is_told[signal])
			tell(ON_SIGNAL, 1, &argument);
	}
}

bool start_signals(void)
{
	if (pipe(pipe_ends) < 0 || prepare_descriptor(pipe_ends[0]) < 0 || prepare_descriptor(pipe_ends[1]) < 0)
		return false;
	if (set_rule(SIGPIPE, SIG_IGN) < 0 || set_rule(SIGCHLD, note) < 0)
		return false;
	return watch_descriptor(pipe_ends[0], tell_signals, READING) == 0;
}

static JSValue catch_signal(ARGUMENTS)
{
	int signal, is_caught;
	void (*rule)(int);

	NEEDS(2);
	if (!int_of(ctx, arguments[0], &signal))
		return JS_EXCEPTION;
	is_caught = JS_ToBool(ctx, arguments[1]) == 1;
	if (signal < 1 || signal >= SIGNALS_END)
		return JS_NewInt32(ctx, -EINVAL);
	rule = is_caught || signal == SIGCHLD ? note : signal == SIGPIPE ? SIG_IGN : SIG_DFL;
	if (set_rule(signal, rule) < 0)
		return JS_NewInt32(ctx, -errno);
	is_told[signal] = is_caught;
	return JS_NewInt32(ctx, 0);
}

static const JSCFunctionListEntry exports[] = {
	JS_CFUNC_DEF("catchSignal", 2, catch_signal),
};

PART(signals)
