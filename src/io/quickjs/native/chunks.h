/* Empty slabs: the kernel gives sixteen at once, a chunk, and takes back each that is empty. */
#ifndef CHUNKS_H
#define CHUNKS_H

#include "slab.h"

/* @return one whose chunk is known, and nothing else; NULL: no memory */
struct slab *take_empty_slab(void);
void give_back_empty_slab(struct slab *slab);

static inline void link_slab(struct slab *slab, struct slab **list)
{
	slab->previous = NULL;
	slab->next = *list;
	if (slab->next) slab->next->previous = slab;
	*list = slab;
}

static inline void unlink_slab(struct slab *slab, struct slab **list)
{
	if (slab->next) slab->next->previous = slab->previous;
	if (slab->previous) slab->previous->next = slab->next;
	else *list = slab->next;
}

#endif
