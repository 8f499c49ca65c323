/*
 * Gives each packet that comes to an interface another hash. With net.ipv4.fib_multipath_hash_policy=1 the kernel chooses among next hops by that
 * hash, so that it deals packets to them in turn, over whatever next hops a routing daemon has put there at this moment.
 *
 *   packet-dealer PATH
 *
 * loads the program into the kernel and pins it at PATH, which is on a bpffs; tc attaches it. The hash is a counter times the golden ratio:
 * any number of next hops get their turns evenly.
 */
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STEP(code, to, from, offset, number) {(code), (to), (from), (offset), (int32_t)(number)}
#define LENGTH(array) (sizeof(array) / sizeof *(array))
#define GOLDEN_RATIO 0x9E3779B9u

static int bpf(enum bpf_cmd command, union bpf_attr *wanted, const char *what)
{
	long made = syscall(SYS_bpf, command, wanted, sizeof *wanted);

	if (made < 0) {
		perror(what);
		exit(1);
	}
	return (int)made;
}

static int make_counter(void)
{
	union bpf_attr wanted;

	memset(&wanted, 0, sizeof wanted);
	wanted.map_type = BPF_MAP_TYPE_ARRAY;
	wanted.key_size = 4;
	wanted.value_size = 8;
	wanted.max_entries = 1;
	return bpf(BPF_MAP_CREATE, &wanted, "the counter");
}

static int load(int counter)
{
	const struct bpf_insn steps[] = {
		/* r6: the packet; r0: the only place of the counter. */
		STEP(BPF_ALU64 | BPF_MOV | BPF_X, 6, 1, 0, 0),
		STEP(BPF_ST | BPF_MEM | BPF_W, 10, 0, -4, 0),
		STEP(BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_FD, 0, counter),
		STEP(0, 0, 0, 0, 0),
		STEP(BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0),
		STEP(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -4),
		STEP(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem),
		/* It is always there, but the kernel wants it asked. */
		STEP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 5, 0),
		/* r2: the counter before it was raised, times the golden ratio. */
		STEP(BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, 1),
		STEP(BPF_STX | BPF_ATOMIC | BPF_DW, 0, 2, 0, BPF_ADD | BPF_FETCH),
		STEP(BPF_ALU | BPF_MUL | BPF_K, 2, 0, 0, GOLDEN_RATIO),
		STEP(BPF_ALU64 | BPF_MOV | BPF_X, 1, 6, 0, 0),
		STEP(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_set_hash),
		/* Whatever else is attached goes on: TC_ACT_UNSPEC. */
		STEP(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, -1),
		STEP(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	union bpf_attr wanted;

	memset(&wanted, 0, sizeof wanted);
	wanted.prog_type = BPF_PROG_TYPE_SCHED_CLS;
	wanted.insns = (uintptr_t)steps;
	wanted.insn_cnt = LENGTH(steps);
	wanted.license = (uintptr_t) "GPL";
	return bpf(BPF_PROG_LOAD, &wanted, "the program");
}

int main(int count, char **words)
{
	union bpf_attr wanted;

	if (count != 2) {
		fprintf(stderr, "usage: packet-dealer PATH\n");
		return 2;
	}
	memset(&wanted, 0, sizeof wanted);
	wanted.pathname = (uintptr_t)words[1];
	wanted.bpf_fd = (uint32_t)load(make_counter());
	bpf(BPF_OBJ_PIN, &wanted, words[1]);
	return 0;
}
