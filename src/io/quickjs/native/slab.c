/*
 * Blocks of one size lie in a slab of 4 KiB, which begins at a multiple of its size: a mask makes a block's address into its
 * slab's. A slab's blocks begin at 8 mod 16, so that an address also tells whether it is one of them (`slab_has`), and a
 * block has no header.
 */
#include "slab.h"

#include "chunks.h"

/* The first block's place, so that it begins at 8 mod 16. */
enum { FIRST_BLOCK = (sizeof(struct slab) + 7) / 16 * 16 + 8 };

struct slab *slabs_in_use[SLAB_CLASSES];
/* Others of each size that have room. */
static struct slab *slabs_with_room[SLAB_CLASSES];

static struct slab *new_slab(size_t block_bytes)
{
	struct slab *slab = take_empty_slab();
	if (!slab) return NULL;
	slab->freed = NULL;
	slab->untouched = FIRST_BLOCK;
	slab->block_bytes = (uint16_t)block_bytes;
	slab->used = 0;
	return slab;
}

static struct slab *slab_with_room(size_t block_bytes)
{
	struct slab **list = &slabs_with_room[block_bytes / SLAB_STEP_BYTES];
	struct slab *slab = *list;
	if (!slab) return new_slab(block_bytes);
	unlink_slab(slab, list);
	return slab;
}

void *slab_take_anew(size_t block_bytes)
{
	struct slab **in_use = &slabs_in_use[block_bytes / SLAB_STEP_BYTES];
	struct slab *slab = *in_use;
	if (!slab || slab->untouched + block_bytes > SLAB_BYTES) {
		if (slab) slab->place = FULL;
		slab = slab_with_room(block_bytes);
		*in_use = slab;
		if (!slab) return NULL;
		slab->place = IN_USE;
	}
	slab->used++;
	struct block *block = slab->freed;
	if (block) {
		slab->freed = block->next;
	} else {
		block = (struct block *)((char *)slab + slab->untouched);
		slab->untouched = (uint16_t)(slab->untouched + block_bytes);
	}
	return block;
}

void slab_has_changed(struct slab *slab)
{
	struct slab **list = &slabs_with_room[slab->block_bytes / SLAB_STEP_BYTES];
	if (slab->place == FULL) {
		slab->place = LISTED;
		link_slab(slab, list);
	} else if (slab->place == LISTED) {
		unlink_slab(slab, list);
		give_back_empty_slab(slab);
	}
}
