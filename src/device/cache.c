/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded kernels by their content: buckets of a hash, full comparison, the
 * least recently used goes first when the cache is full.  Finding costs one
 * comparison in the usual case; evicting scans the slots. */
#include <stdlib.h>
#include <string.h>

#include "device/queue_impl.h"

/* FNV-1a, over 32-bit units instead of bytes. */
static uint64_t mix(uint64_t hash, uint64_t value) {
  const uint64_t prime = UINT64_C(0x100000001b3);
  hash = (hash ^ (value & UINT32_MAX)) * prime;
  return (hash ^ value >> 32) * prime;
}

uint64_t kernel_hash(const Kernel *kernel) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  hash = mix(hash, kernel->site);
  hash = mix(hash, (uint64_t)kernel->mode << 32 | kernel->reset);
  hash = mix(hash, (uint64_t)kernel->opcode << 32 | kernel->use_imm);
  hash = mix(hash, (uint32_t)kernel->imm);
  for (int i = 0; i < kernel->loops; i++) {
    hash = mix(hash, (uint64_t)kernel->loop[i].extent << 32 |
                         kernel->loop[i].dst_factor);
    hash = mix(hash, (uint64_t)kernel->loop[i].src_factor << 32 |
                         kernel->loop[i].wgt_factor);
  }
  for (uint32_t i = 0; i < kernel->count; i++)
    hash = mix(hash, kernel->words[i]);
  return hash ^ hash >> 32;
}

static bool same_content(const Kernel *a, const Kernel *b) {
  return a->site == b->site && a->mode == b->mode && a->reset == b->reset &&
         a->opcode == b->opcode && a->use_imm == b->use_imm &&
         a->imm == b->imm && a->loops == b->loops && a->count == b->count &&
         !memcmp(a->loop, b->loop, (size_t)a->loops * sizeof *a->loop) &&
         !memcmp(a->words, b->words, a->count * sizeof *a->words);
}

Kernel *cache_find(const KernelCache *cache, const Kernel *content) {
  uint32_t at = cache->bucket[content->hash % KERNEL_BUCKETS];
  while (at) {
    Kernel *kernel = cache->slot[at - 1];
    if (kernel->hash == content->hash && same_content(kernel, content))
      return kernel;
    at = kernel->next;
  }
  return NULL;
}

Kernel *cache_get(const KernelCache *cache, KernelId id) {
  uint32_t at = (uint32_t)id;
  if (at == 0 || at > cache->slots) return NULL;
  Kernel *kernel = cache->slot[at - 1];
  return kernel->generation == id >> 32 ? kernel : NULL;
}

static uint32_t slot_of(const KernelCache *cache, const Kernel *kernel) {
  uint32_t at = cache->bucket[kernel->hash % KERNEL_BUCKETS];
  while (cache->slot[at - 1] != kernel) at = cache->slot[at - 1]->next;
  return at - 1;
}

KernelId cache_id(const KernelCache *cache, const Kernel *kernel) {
  return (uint64_t)kernel->generation << 32 | (slot_of(cache, kernel) + 1);
}

static void unlink_kernel(KernelCache *cache, const Kernel *kernel) {
  uint32_t *link = &cache->bucket[kernel->hash % KERNEL_BUCKETS];
  while (cache->slot[*link - 1] != kernel) link = &cache->slot[*link - 1]->next;
  *link = kernel->next;
}

static void free_kernel(Kernel *kernel) {
  free(kernel->words);
  free(kernel);
}

/* Evicts the least recently used kernel and gives its slot. */
static uint32_t evict(CommandQueue *queue) {
  KernelCache *cache = &queue->cache;
  uint32_t oldest = 0;
  for (uint32_t i = 1; i < cache->slots; i++)
    if (cache->slot[i]->used < cache->slot[oldest]->used) oldest = i;
  Kernel *kernel = cache->slot[oldest];
  residency_remove(queue, kernel);
  unlink_kernel(cache, kernel);
  queue->stats.kernel_evictions++;
  queue->stats.kernels--;
  queue->stats.kernel_bytes -= (uint64_t)kernel->count * HW_UOP_BYTES;
  free_kernel(kernel);
  return oldest;
}

static Kernel *copy_kernel(const Kernel *content) {
  Kernel *kernel = malloc(sizeof *kernel);
  uint32_t *words = malloc(content->count * sizeof *words);
  if (!kernel || !words) {
    free(kernel);
    free(words);
    return NULL;
  }
  *kernel = *content;
  kernel->words = words;
  memcpy(words, content->words, content->count * sizeof *words);
  kernel->begin = kernel->end = 0;
  kernel->batch = 0;
  return kernel;
}

vtac_status cache_add(CommandQueue *queue, const Kernel *content,
                      Kernel **ret) {
  KernelCache *cache = &queue->cache;
  void *array = cache->slot;
  vtac_status status = queue_grow(queue, &array, cache->slots, &cache->capacity,
                                  sizeof *cache->slot);
  cache->slot = array;
  if (status) return status;
  Kernel *kernel = copy_kernel(content);
  if (!kernel)
    return queue_fail(queue, D_NO_MEMORY, "no memory for a micro-op kernel");
  uint32_t slot = cache->slots;
  if (slot >= cache->limit)
    slot = evict(queue);
  else
    cache->slots++;
  cache->slot[slot] = kernel;
  kernel->generation = ++cache->generation;
  uint32_t *bucket = &cache->bucket[kernel->hash % KERNEL_BUCKETS];
  kernel->next = *bucket;
  *bucket = slot + 1;
  queue->stats.kernels++;
  queue->stats.kernel_bytes += (uint64_t)kernel->count * HW_UOP_BYTES;
  *ret = kernel;
  return VTAC_OK;
}

void cache_clear(KernelCache *cache) {
  for (uint32_t i = 0; i < cache->slots; i++) free_kernel(cache->slot[i]);
  free(cache->slot);
}
