/*
 * Small blocks from pages of one size each, which go back to the kernel when they are empty.
 *
 * A call is some thousand blocks of 16 to 200 octets. musl's malloc spends more time on them than the engine does on its
 * own work, and gives back little after a burst.
 */
#ifndef SLAB_H
#define SLAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
#if defined __SANITIZE_ADDRESS__ && !defined SLAB_UNDER_SANITIZER
	/* The sanitizer only sees what is written beside a block of malloc's. */
	SLAB_MOST_BYTES = 0,
#elif defined __GLIBC__ && !defined __LP64__
	/* Its blocks begin at multiples of 8. */
	SLAB_MOST_BYTES = 0,
#else
	SLAB_MOST_BYTES = 512,
#endif
	/* From one size of blocks to the next. */
	SLAB_STEP_BYTES = 16,
	SLAB_CLASSES = SLAB_MOST_BYTES / SLAB_STEP_BYTES + 1,
	SLAB_BYTES = 4096,
};

struct block {
	struct block *next;
};

/* At the beginning of its page. Nothing but slab.c, chunks.c and the functions below looks into it. */
struct slab {
	/* Neighbours in the list of slabs that have room, or of those that are empty. */
	struct slab *next, *previous;
	/* Blocks that have been given back. */
	struct block *freed;
	/* What it is a part of. */
	struct chunk *chunk;
	/* Where the blocks begin that have never been taken, from the slab's own beginning. */
	uint16_t untouched;
	uint16_t block_bytes;
	uint16_t used;
	uint16_t place;
};

/* Places of a slab that has blocks: the one that is taken from, one that has no room, and one that waits for its turn. */
enum { IN_USE, FULL, LISTED };

/* For each size, the one that blocks are taken from; NULL: none yet. */
extern struct slab *slabs_in_use[SLAB_CLASSES];

/* The rare cases of the functions below. */
void *slab_take_anew(size_t block_bytes);
void slab_has_changed(struct slab *slab);

/* Whether a block is from here, or else from malloc, whose blocks begin at multiples of 16 and these never do. */
static inline bool slab_has(const void *block)
{
	return SLAB_MOST_BYTES > 0 && ((uintptr_t)block & 15) == 8;
}

static inline struct slab *slab_of(const void *block)
{
	return (struct slab *)((uintptr_t)block & ~(uintptr_t)(SLAB_BYTES - 1));
}

/* How many octets a block has room for. */
static inline size_t slab_block_bytes(const void *block)
{
	return slab_of(block)->block_bytes;
}

/* A block of 1 to SLAB_MOST_BYTES octets, for anything that needs no more than 8 octets' alignment; NULL: no memory. */
static inline void *slab_take(size_t size)
{
	const size_t block_class = (size + SLAB_STEP_BYTES - 1) / SLAB_STEP_BYTES;
	struct slab *slab = slabs_in_use[block_class];
	if (!slab || !slab->freed) return slab_take_anew(block_class * SLAB_STEP_BYTES);
	struct block *block = slab->freed;
	slab->freed = block->next;
	slab->used++;
	return block;
}

static inline void slab_give_back(void *block)
{
	struct slab *slab = slab_of(block);
	struct block *freed = block;
	freed->next = slab->freed;
	slab->freed = freed;
	if (--slab->used == 0 || slab->place == FULL) slab_has_changed(slab);
}

#endif
