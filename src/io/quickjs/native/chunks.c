/*
 * A chunk is sixteen slabs. Its record lies elsewhere: it would keep one page of each chunk that the kernel may take back.
 */
#include "chunks.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	SLABS = 16,
	CHUNK_BYTES = SLABS * SLAB_BYTES,
	/* Empty slabs that are kept: what a call has freed is what the next one takes. */
	KEPT_SLABS = 64,
};

#define ALL_SLABS ((1u << SLABS) - 1)

struct chunk {
	char *beginning;
	/* Neighbours among the chunks that have cold slabs. */
	struct chunk *next, *previous;
	/* One bit each: slabs that are empty, and those of them that the kernel has taken back. */
	uint32_t empty, cold;
};

static struct chunk *chunks_with_cold;
/* Empty slabs that the kernel still has pages for; the one that has become empty last comes first. */
static struct slab *warm;
static size_t warm_slabs;
static size_t empty_chunks;

static uint32_t bit_of(const struct slab *slab)
{
	return 1u << ((const char *)slab - slab->chunk->beginning) / SLAB_BYTES;
}

static void link_chunk(struct chunk *chunk)
{
	chunk->previous = NULL;
	chunk->next = chunks_with_cold;
	if (chunk->next) chunk->next->previous = chunk;
	chunks_with_cold = chunk;
}

static void unlink_chunk(struct chunk *chunk)
{
	if (chunk->next) chunk->next->previous = chunk->previous;
	if (chunk->previous) chunk->previous->next = chunk->next;
	else chunks_with_cold = chunk->next;
}

static char *map(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return memory == MAP_FAILED ? NULL : memory;
}

/* Memory that begins at a multiple of its size. The kernel puts maps side by side: the first try mostly does. */
static char *map_chunk(void)
{
	char *memory = map(CHUNK_BYTES);
	if (!memory || (uintptr_t)memory % CHUNK_BYTES == 0) return memory;
	munmap(memory, CHUNK_BYTES);
	memory = map(2 * CHUNK_BYTES);
	if (!memory) return NULL;
	const size_t before = CHUNK_BYTES - (uintptr_t)memory % CHUNK_BYTES;
	munmap(memory, before);
	if (before < CHUNK_BYTES) munmap(memory + before + CHUNK_BYTES, CHUNK_BYTES - before);
	return memory + before;
}

static struct chunk *new_chunk(void)
{
	struct chunk *chunk = malloc(sizeof(*chunk));
	if (!chunk) return NULL;
	chunk->beginning = map_chunk();
	if (!chunk->beginning) {
		free(chunk);
		return NULL;
	}
#ifdef MADV_NOHUGEPAGE
	/* Huge pages would hold what has been given back. */
	madvise(chunk->beginning, CHUNK_BYTES, MADV_NOHUGEPAGE);
#endif
	chunk->empty = ALL_SLABS;
	chunk->cold = ALL_SLABS;
	empty_chunks++;
	link_chunk(chunk);
	return chunk;
}

static struct slab *take_warm(void)
{
	struct slab *slab = warm;
	if (!slab) return NULL;
	unlink_slab(slab, &warm);
	warm_slabs--;
	return slab;
}

static struct slab *take_cold(void)
{
	struct chunk *chunk = chunks_with_cold ? chunks_with_cold : new_chunk();
	if (!chunk) return NULL;
	struct slab *slab = (struct slab *)(chunk->beginning + __builtin_ctz(chunk->cold) * SLAB_BYTES);
	slab->chunk = chunk;
	chunk->cold &= ~bit_of(slab);
	if (!chunk->cold) unlink_chunk(chunk);
	return slab;
}

struct slab *take_empty_slab(void)
{
	struct slab *slab = take_warm();
	if (!slab && !(slab = take_cold())) return NULL;
	if (slab->chunk->empty == ALL_SLABS) empty_chunks--;
	slab->chunk->empty &= ~bit_of(slab);
	return slab;
}

/* Where the kernel's pages are larger than a slab, nothing but whole chunks goes back. */
static bool can_cool(void)
{
	static long page_bytes;
	if (page_bytes == 0) page_bytes = sysconf(_SC_PAGESIZE);
	return page_bytes == SLAB_BYTES;
}

static void cool(struct slab *slab)
{
	struct chunk *chunk = slab->chunk;
	if (!chunk->cold) link_chunk(chunk);
	chunk->cold |= bit_of(slab);
	madvise(slab, SLAB_BYTES, MADV_DONTNEED);
}

static void drop_chunk(struct chunk *chunk)
{
	for (uint32_t left = chunk->empty & ~chunk->cold; left; left &= left - 1) {
		unlink_slab((struct slab *)(chunk->beginning + __builtin_ctz(left) * SLAB_BYTES), &warm);
		warm_slabs--;
	}
	if (chunk->cold) unlink_chunk(chunk);
	empty_chunks--;
	munmap(chunk->beginning, CHUNK_BYTES);
	free(chunk);
}

void give_back_empty_slab(struct slab *slab)
{
	struct chunk *chunk = slab->chunk;
	chunk->empty |= bit_of(slab);
	if (warm_slabs >= KEPT_SLABS && can_cool()) {
		cool(slab);
	} else {
		link_slab(slab, &warm);
		warm_slabs++;
	}
	if (chunk->empty == ALL_SLABS && ++empty_chunks > 1) drop_chunk(chunk);
}
