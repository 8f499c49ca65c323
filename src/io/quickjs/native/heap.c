#include "heap.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "slab.h"

/* What malloc adds to a block, as the engine's own functions count it. */
enum { MALLOC_OVERHEAD_BYTES = 8 };

static size_t used_bytes;

size_t heap_used_bytes(void)
{
	return used_bytes;
}

static size_t usable_bytes(const void *block)
{
	if (!block) return 0;
	return slab_has(block) ? slab_block_bytes(block) : malloc_usable_size((void *)block);
}

/* What of the memory limit a block takes. */
static size_t cost_bytes(const void *block)
{
	return usable_bytes(block) + (slab_has(block) ? 0 : MALLOC_OVERHEAD_BYTES);
}

static void count_in(JSMallocState *state, const void *block)
{
	const size_t bytes = cost_bytes(block);
	state->malloc_size += bytes;
	used_bytes += bytes;
}

static void count_out(JSMallocState *state, const void *block)
{
	const size_t bytes = cost_bytes(block);
	state->malloc_size -= bytes;
	used_bytes -= bytes;
}

/* The limit may have been set below what is in use. */
static bool is_within_limit(const JSMallocState *state, size_t more_bytes)
{
	return state->malloc_size <= state->malloc_limit && more_bytes <= state->malloc_limit - state->malloc_size;
}

static void *allocate(size_t size)
{
	return size <= SLAB_MOST_BYTES ? slab_take(size) : malloc(size);
}

static void release(void *block)
{
	if (slab_has(block)) slab_give_back(block);
	else free(block);
}

static void *heap_malloc(JSMallocState *state, size_t size)
{
	if (size == 0 || !is_within_limit(state, size)) return NULL;
	void *block = allocate(size);
	if (!block) return NULL;
	state->malloc_count++;
	count_in(state, block);
	return block;
}

static void heap_free(JSMallocState *state, void *block)
{
	if (!block) return;
	state->malloc_count--;
	count_out(state, block);
	release(block);
}

/* A block that gets smaller always can: the engine doesn't expect that to fail. */
static void *resize(void *block, size_t old_size, size_t size)
{
	if (!slab_has(block) && size > SLAB_MOST_BYTES) return realloc(block, size);
	void *moved = allocate(size);
	if (!moved) return size <= old_size ? block : NULL;
	memcpy(moved, block, size < old_size ? size : old_size);
	release(block);
	return moved;
}

static void *heap_realloc(JSMallocState *state, void *block, size_t size)
{
	if (!block) return heap_malloc(state, size);
	if (size == 0) {
		heap_free(state, block);
		return NULL;
	}
	const size_t old_size = usable_bytes(block);
	const bool fits_best = slab_has(block) && size <= old_size && size + SLAB_STEP_BYTES > old_size;
	if (fits_best) return block;
	if (size > old_size && !is_within_limit(state, size - old_size)) return NULL;
	count_out(state, block);
	void *moved = resize(block, old_size, size);
	count_in(state, moved ? moved : block);
	return moved;
}

const JSMallocFunctions heap_functions = { heap_malloc, heap_free, heap_realloc, usable_bytes };
