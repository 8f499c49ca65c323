/* The terminal: its size, and keys as they are pressed. */
#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "host.h"

static struct termios usual;
/* The terminal that isn't as it was; -1: none. */
static int raw_terminal = -1;

static void restore_terminal(void)
{
	if (raw_terminal >= 0)
		tcsetattr(raw_terminal, TCSANOW, &usual);
	raw_terminal = -1;
}

static JSValue is_terminal(ARGUMENTS)
{
	int fd;

	NEEDS(1);
	if (!int_of(ctx, arguments[0], &fd))
		return JS_EXCEPTION;
	return JS_NewBool(ctx, isatty(fd));
}

static JSValue terminal_size(ARGUMENTS)
{
	struct winsize size = {0};
	JSValue both[2];
	int fd;

	NEEDS(1);
	if (!int_of(ctx, arguments[0], &fd))
		return JS_EXCEPTION;
	ioctl(fd, TIOCGWINSZ, &size);
	both[0] = JS_NewInt32(ctx, size.ws_col);
	both[1] = JS_NewInt32(ctx, size.ws_row);
	return array_of(ctx, COUNT(both), both);
}

/* As Node's setRawMode does it: Ctrl-C is a key as well. What is written still gets its carriage returns. */
static int begin_raw(int fd)
{
	static bool is_at_end;
	struct termios raw;

	restore_terminal();
	if (tcgetattr(fd, &usual) < 0)
		return -1;
	if (!is_at_end && atexit(restore_terminal) != 0)
		return -1;
	is_at_end = true;
	raw = usual;
	raw.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INPCK | ISTRIP | IXON);
	raw.c_lflag &= ~(tcflag_t)(ECHO | ICANON | IEXTEN | ISIG);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(fd, TCSANOW, &raw) < 0)
		return -1;
	raw_terminal = fd;
	return 0;
}

static JSValue set_raw(ARGUMENTS)
{
	int fd;

	NEEDS(2);
	if (!int_of(ctx, arguments[0], &fd))
		return JS_EXCEPTION;
	if (JS_ToBool(ctx, arguments[1]) == 1)
		return result_or_errno(ctx, begin_raw(fd));
	restore_terminal();
	return JS_NewInt32(ctx, 0);
}

static const JSCFunctionListEntry exports[] = {
	JS_CFUNC_DEF("isTerminal", 1, is_terminal),
	JS_CFUNC_DEF("terminalSize", 1, terminal_size),
	JS_CFUNC_DEF("setRaw", 2, set_raw),
};

PART(terminal)
