/*
 * Makes each call of i386 that is newer than Linux 2.6.22, without a C library, and writes a line about each that doesn't fail as it did
 * there: its number and its result. For older-kernel.c.
 */
enum { ENOSYS = 38, EINVAL = 22 };
enum { CALL_EXIT = 1, CALL_WRITE = 4, CALL_FCNTL = 55, CALL_SOCKETCALL = 102, CALL_FCNTL64 = 221, CALL_CLOCK_GETTIME = 265 };
enum { CALL_TIMERFD = 322, FIRST_NEWER = 324, LAST_OF_ALL = 511 };
enum { CLOCK_MONOTONIC = 1, CLOCK_BOOTTIME = 7, DUP_CLOEXEC = 1030 };
enum { TO_SOCKET = 1, TO_ACCEPT4 = 18, UNIX = 1, STREAM = 1, CLOEXEC = 02000000 };
enum { BASE = 10, LINE_BYTES = 32, STANDARD_OUTPUT = 1 };

static int call(int number, int first, int second, int third)
{
	int result;
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(first), "c"(second), "d"(third) : "memory");
	return result;
}

static char *digits(char *end, int number)
{
	unsigned left = number < 0 ? -(unsigned)number : (unsigned)number;
	do *--end = (char)('0' + left % BASE); while ((left /= BASE) != 0);
	if (number < 0) *--end = '-';
	return end;
}

static int is_wrong;

static void expect(int number, int result, int wanted)
{
	if (result == wanted) return;
	char line[LINE_BYTES], *at = line + LINE_BYTES;
	*--at = '\n';
	at = digits(at, result);
	*--at = ' ';
	at = digits(at, number);
	call(CALL_WRITE, STANDARD_OUTPUT, (int)at, (int)(line + LINE_BYTES - at));
	is_wrong = 1;
}

void _start(void)
{
	for (int number = FIRST_NEWER; number <= LAST_OF_ALL; number++) expect(number, call(number, -1, -1, -1), -ENOSYS);
	expect(CALL_TIMERFD, call(CALL_TIMERFD, -1, -1, -1), -ENOSYS);
	expect(CALL_FCNTL, call(CALL_FCNTL, STANDARD_OUTPUT, DUP_CLOEXEC, 0), -EINVAL);
	expect(CALL_FCNTL64, call(CALL_FCNTL64, STANDARD_OUTPUT, DUP_CLOEXEC, 0), -EINVAL);
	int time[2];
	expect(CALL_CLOCK_GETTIME, call(CALL_CLOCK_GETTIME, CLOCK_MONOTONIC, (int)time, 0), 0);
	expect(CALL_CLOCK_GETTIME, call(CALL_CLOCK_GETTIME, CLOCK_BOOTTIME, (int)time, 0), -EINVAL);
	int closing[] = {UNIX, STREAM | CLOEXEC, 0, 0}, accepting[] = {-1, 0, 0, 0};
	expect(CALL_SOCKETCALL, call(CALL_SOCKETCALL, TO_SOCKET, (int)closing, 0), -EINVAL);
	expect(CALL_SOCKETCALL, call(CALL_SOCKETCALL, TO_ACCEPT4, (int)accepting, 0), -EINVAL);
	call(CALL_EXIT, is_wrong, 0, 0);
}
