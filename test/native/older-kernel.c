/*
 * Runs a program for i386 as on Linux 2.6.22: what is newer fails, with the error that it had there.
 *
 *   older-kernel LOG PROGRAM [WORD...]
 *
 * For x86-64, whose own calls aren't filtered: what the program starts may be any. Calls with numbers above 323 fail with ENOSYS. Of
 * socketcall(2), fcntl(2) and clock_gettime(2) what has been added fails with EINVAL or ENOPROTOOPT; what stands in memory only a
 * process can look at, and so a helper decides there. It adds each newer call to LOG, a line with its number.
 * The program doesn't learn of the vDSO, which would tell the time without a call.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

/* Numbers of i386. 322 was timerfd, which took other arguments, and soon went again. */
enum { CALL_FCNTL = 55, CALL_SOCKETCALL = 102, CALL_FCNTL64 = 221, CALL_CLOCK_GETTIME = 265, CALL_TIMERFD = 322, LAST_CALL = 323 };
enum { CALLS_SEEN = 1024 };
/* CLOCK_MONOTONIC_RAW came with 2.6.28, CLOCK_BOOTTIME with 2.6.39, CLOCK_TAI with 3.10. */
enum { FIRST_NEW_CLOCK = 4, LAST_NEW_CLOCK = 11 };
/* Of socketcall(2). */
enum { TO_SOCKET = 1, TO_SOCKETPAIR = 8, TO_SETSOCKOPT = 14, TO_GETSOCKOPT = 15, LAST_TO = 17 };
/* F_DUPFD_CLOEXEC came with 2.6.24, F_SETPIPE_SZ with 2.6.35. */
enum { FIRST_NEW_COMMAND = 1030, LAST_NEW_COMMAND = 1040 };
/* Options of sockets: the last of each level. */
enum { LAST_OF_SOCKETS = 35, LAST_OF_TCP = 14, LAST_OF_IP = 18, FIRST_MULTICAST = 32, LAST_OF_IP6 = 67 };
enum { SUBCALL_WORDS = 4, BAD_USAGE = 2 };

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define IF_IS(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no)
#define IF_ABOVE(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, value, yes, no)
#define END(action) BPF_STMT(BPF_RET | BPF_K, action)

static int filter(void)
{
	/* Jumps are counted from the step behind them. */
	struct sock_filter steps[] = {
		LOAD(arch),
		IF_IS(AUDIT_ARCH_I386, 0, 19),
		LOAD(nr),
		IF_ABOVE(LAST_CALL, 18, 0),
		IF_IS(CALL_TIMERFD, 17, 0),
		IF_IS(CALL_SOCKETCALL, 9, 0),
		IF_IS(CALL_CLOCK_GETTIME, 5, 0),
		IF_IS(CALL_FCNTL, 1, 0),
		IF_IS(CALL_FCNTL64, 0, 12),
		LOAD(args[1]),
		IF_ABOVE(FIRST_NEW_COMMAND - 1, 0, 10),
		IF_ABOVE(LAST_NEW_COMMAND, 9, 11),
		LOAD(args[0]),
		IF_ABOVE(FIRST_NEW_CLOCK - 1, 0, 7),
		IF_ABOVE(LAST_NEW_CLOCK, 6, 8),
		LOAD(args[0]),
		IF_ABOVE(LAST_TO, 6, 0),
		IF_IS(TO_SOCKET, 4, 0),
		IF_IS(TO_SOCKETPAIR, 3, 0),
		IF_IS(TO_SETSOCKOPT, 2, 0),
		IF_IS(TO_GETSOCKOPT, 1, 0),
		END(SECCOMP_RET_ALLOW),
		END(SECCOMP_RET_USER_NOTIF),
		END(SECCOMP_RET_ERRNO | EINVAL),
	};
	const struct sock_fprog all = {sizeof(steps) / sizeof(*steps), steps};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &all);
}

static int is_new_option(uint32_t level, uint32_t option)
{
	switch (level) {
	case SOL_SOCKET:
		return option > LAST_OF_SOCKETS || option == SO_REUSEPORT;
	case IPPROTO_TCP:
		return option > LAST_OF_TCP;
	case IPPROTO_IP:
		return option > LAST_OF_IP && option < FIRST_MULTICAST;
	case IPPROTO_IPV6:
		return option > LAST_OF_IP6;
	default:
		return 0;
	}
}

/* The error of a socketcall, or 0: the kernel may have it. */
static int error_of(const struct seccomp_data *call, pid_t pid)
{
	uint32_t words[SUBCALL_WORDS] = {0};
	const struct iovec here = {words, sizeof(words)};
	const struct iovec there = {(void *)(uintptr_t)(uint32_t)call->args[1], sizeof(words)};
	if (process_vm_readv(pid, &here, 1, &there, 1, 0) < 0) return EFAULT;
	if (call->args[0] == TO_SOCKET || call->args[0] == TO_SOCKETPAIR)
		return (words[1] & (SOCK_CLOEXEC | SOCK_NONBLOCK)) != 0 ? EINVAL : 0;
	return is_new_option(words[1], words[2]) ? ENOPROTOOPT : 0;
}

static int move(pid_t pid, uint32_t address, uint32_t *word, int is_written)
{
	const struct iovec here = {word, sizeof(*word)};
	const struct iovec there = {(void *)(uintptr_t)address, sizeof(*word)};
	return (is_written ? process_vm_writev : process_vm_readv)(pid, &here, 1, &there, 1, 0) < 0 ? -1 : 0;
}

/* From the stack of a program that has just been loaded: behind its words and its environment stands what the kernel tells it. */
static void forget_vdso(pid_t pid)
{
	struct user_regs_struct registers;
	if (ptrace(PTRACE_GETREGS, pid, NULL, &registers) != 0) return;
	uint32_t at = (uint32_t)registers.rsp, word = 0;
	if (move(pid, at, &word, 0) != 0) return;
	at += (word + 2) * sizeof(word);
	do {
		if (move(pid, at, &word, 0) != 0) return;
		at += sizeof(word);
	} while (word != 0);
	for (; move(pid, at, &word, 0) == 0 && word != AT_NULL; at += 2 * sizeof(word)) {
		if (word != AT_SYSINFO_EHDR) continue;
		word = AT_IGNORE;
		move(pid, at, &word, 1);
	}
}

/* Watches the process, says so, and lets go of it as soon as it is the program. */
static void wait_for_program(pid_t pid, int ready)
{
	if (ptrace(PTRACE_SEIZE, pid, NULL, (void *)PTRACE_O_TRACEEXEC) != 0) return;
	if (write(ready, "", 1) != 1) return;
	for (int status = 0; waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status);) {
		if (status >> 8 == (SIGTRAP | (PTRACE_EVENT_EXEC << 8))) {
			forget_vdso(pid);
			ptrace(PTRACE_DETACH, pid, NULL, NULL);
			return;
		}
		ptrace(PTRACE_CONT, pid, NULL, (void *)(intptr_t)WSTOPSIG(status));
	}
}

/* Decides until the program has ended. */
static void help(int listener, int program, int log)
{
	/* The time is asked for often. */
	static char is_known[CALLS_SEEN];
	struct pollfd both[] = {{listener, POLLIN, 0}, {program, POLLIN, 0}};
	while (poll(both, 2, -1) > 0 || errno == EINTR) {
		if ((both[1].revents & POLLIN) != 0 || (both[0].revents & POLLHUP) != 0) return;
		struct seccomp_notif asked = {0};
		if ((both[0].revents & POLLIN) == 0 || ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) != 0) continue;
		struct seccomp_notif_resp said = {.id = asked.id};
		const int call = asked.data.nr, is_subcall = call == CALL_SOCKETCALL;
		said.error = is_subcall ? -error_of(&asked.data, (pid_t)asked.pid) : -ENOSYS;
		if (said.error == 0) said.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		const int is_told = !is_subcall && call < CALLS_SEEN && is_known[call];
		if (said.error != 0 && !is_told) dprintf(log, is_subcall ? "%d %d\n" : "%d\n", call, (int)asked.data.args[0]);
		if (!is_subcall && call < CALLS_SEEN) is_known[call] = 1;
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &said);
	}
}

static int fail(const char *what)
{
	fprintf(stderr, "older-kernel: %s: %s\n", what, strerror(errno));
	return BAD_USAGE;
}

int main(int count, char **words)
{
	if (count < 3) {
		fprintf(stderr, "usage: older-kernel LOG PROGRAM [WORD...]\n");
		return BAD_USAGE;
	}
	const int log = open(words[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (log < 0) return fail(words[1]);
	const pid_t self = getpid();
	int ready[2];
	const int program = (int)syscall(SYS_pidfd_open, self, 0);
	const int listener = filter();
	if (program < 0 || listener < 0 || pipe2(ready, O_CLOEXEC) != 0) return fail("the filter");
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
	/* The helper isn't the program's child: what waits for children must not see it. */
	const pid_t between = fork();
	if (between == 0) {
		if (fork() != 0) _exit(0);
		setsid();
		for (int fd = 0; fd <= STDERR_FILENO; fd++) close(fd);
		close(ready[0]);
		wait_for_program(self, ready[1]);
		close(ready[1]);
		help(listener, program, log);
		_exit(0);
	}
	if (between < 0 || waitpid(between, NULL, 0) < 0) return fail("fork");
	close(listener);
	close(program);
	close(ready[1]);
	char word;
	if (read(ready[0], &word, 1) != 1) {
		errno = EPERM;
		return fail("ptrace");
	}
	execv(words[2], words + 2);
	return fail(words[2]);
}
