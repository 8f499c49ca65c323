/* Takes, changes and gives back blocks at random; says what became of them. Ends with a message where a block isn't whole. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "slab.h"

enum { BLOCKS = 50000, STEPS = 2000000, MOST_SMALL = 600, MOST_LARGE = 5000, ONE_IN = 16 };

static struct {
	unsigned char *block;
	size_t size;
	unsigned char mark;
} blocks[BLOCKS];
static JSMallocState state = {.malloc_limit = SIZE_MAX};
static uint32_t chance = 20261129;

static uint32_t below(uint32_t limit)
{
	chance ^= chance << 13;
	chance ^= chance >> 17;
	chance ^= chance << 5;
	return chance % limit;
}

static void fail(const char *what)
{
	printf("%s\n", what);
	exit(1);
}

static void demand(int is_so, const char *what)
{
	if (!is_so)
		fail(what);
}

static size_t any_size(void)
{
	return 1 + below(below(ONE_IN) == 0 ? MOST_LARGE : MOST_SMALL);
}

static void demand_whole(int which, size_t size)
{
	for (size_t at = 0; at < size; at++)
		if (blocks[which].block[at] != blocks[which].mark)
			fail("a block has changed");
}

static void fill(int which, size_t size)
{
	unsigned char *block = blocks[which].block;

	demand(block != NULL, "no memory");
	demand(((uintptr_t)block & 7) == 0, "a block isn't aligned");
	demand(heap_functions.js_malloc_usable_size(block) >= size, "a block is too small");
	blocks[which].size = size;
	blocks[which].mark = (unsigned char)below(256);
	memset(block, blocks[which].mark, size);
}

static void step(int which)
{
	const size_t size = any_size();

	if (blocks[which].block == NULL) {
		blocks[which].block = heap_functions.js_malloc(&state, size);
		fill(which, size);
	} else if (below(3) == 0) {
		blocks[which].block = heap_functions.js_realloc(&state, blocks[which].block, size);
		demand_whole(which, size < blocks[which].size ? size : blocks[which].size);
		fill(which, size);
	} else {
		demand_whole(which, blocks[which].size);
		heap_functions.js_free(&state, blocks[which].block);
		blocks[which].block = NULL;
	}
}

static void free_all(void)
{
	for (int which = 0; which < BLOCKS; which++) {
		heap_functions.js_free(&state, blocks[which].block);
		blocks[which].block = NULL;
	}
}

static void try_limits(void)
{
	void *block = heap_functions.js_malloc(&state, 100);

	demand(heap_functions.js_malloc(&state, 0) == NULL, "a block of nothing");
	demand(heap_functions.js_malloc(&state, SIZE_MAX) == NULL, "a block of everything");
	state.malloc_limit = state.malloc_size + 1000;
	demand(heap_functions.js_malloc(&state, 1001) == NULL, "beyond the limit");
	demand(heap_functions.js_realloc(&state, block, 1200) == NULL, "grown beyond the limit");
	block = heap_functions.js_realloc(&state, block, 900);
	demand(block != NULL, "not grown below the limit");
	state.malloc_limit = 1;
	demand(heap_functions.js_malloc(&state, 1) == NULL, "taken when the limit is below what is used");
	block = heap_functions.js_realloc(&state, block, 20);
	demand(block != NULL, "not made smaller when the limit is below what is used");
	demand(heap_functions.js_realloc(&state, block, 0) == NULL, "made smaller to nothing");
	demand(heap_functions.js_realloc(&state, NULL, 0) == NULL, "nothing made of nothing");
	state.malloc_limit = SIZE_MAX;
}

static long resident_KiB(void)
{
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	demand(file != NULL && fscanf(file, "%*d %ld", &pages) == 1, "no /proc");
	fclose(file);
	return pages * 4;
}

static void free_others(int kept_one_in)
{
	for (int which = 0; which < BLOCKS; which++) {
		if (which % kept_one_in == 0)
			continue;
		heap_functions.js_free(&state, blocks[which].block);
		blocks[which].block = NULL;
	}
}

/* Another block for each, of the same size; then the one before is given back. */
static void renew_all(void)
{
	for (int which = 0; which < BLOCKS; which++) {
		unsigned char *before = blocks[which].block;
		const size_t size = blocks[which].size;

		if (before == NULL)
			continue;
		demand_whole(which, size);
		blocks[which].block = heap_functions.js_malloc(&state, size);
		fill(which, size);
		heap_functions.js_free(&state, before);
	}
}

/*
 * Small blocks alone, many times more than are kept. Then one in 240 is left, which is one of sixteen pages: the others go back. The
 * pages of these go back when they are taken anew, and lie together.
 */
static void try_burst(void)
{
	const long before_KiB = resident_KiB();
	long full_KiB, left_KiB;

	for (int which = 0; which < BLOCKS; which++) {
		const size_t size = 1 + (size_t)below(SLAB_MOST_BYTES);

		blocks[which].block = heap_functions.js_malloc(&state, size);
		fill(which, size);
	}
	full_KiB = resident_KiB() - before_KiB;
	free_others(240);
	left_KiB = resident_KiB() - before_KiB;
	renew_all();
	printf("burst %ld %ld %ld\n", full_KiB, left_KiB, resident_KiB() - before_KiB);
}

int main(void)
{
	/* So that their pages count from the beginning. */
	memset(blocks, 1, sizeof(blocks));
	memset(blocks, 0, sizeof(blocks));
	try_limits();
	if (SLAB_MOST_BYTES > 0)
		try_burst();
	free_all();
	for (int steps = 0; steps < STEPS; steps++)
		step((int)below(BLOCKS));
	printf("full %d %d\n", state.malloc_count > BLOCKS / 3, heap_used_bytes() == state.malloc_size);
	free_all();
	printf("empty %zu %zu %zu\n", state.malloc_count, state.malloc_size, heap_used_bytes());
	return 0;
}
