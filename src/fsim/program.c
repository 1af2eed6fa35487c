/* SPDX-License-Identifier: Apache-2.0 */
/* Makes programs of streams and keeps the last few. */
#include "fsim/program.h"

#include <stdlib.h>
#include <string.h>

#include "hw/bounds.h"
#include "hw/disasm.h"
#include "hw/pipeline.h"

static void program_free(Program *program) {
  if (!program) return;
  free(program->bytes);
  free(program->order);
  free(program->op);
  free(program);
}

void program_cache_clear(ProgramCache *cache) {
  for (int i = 0; i < PROGRAMS; i++) program_free(cache->program[i]);
  program_free(cache->passing);
  free(cache->insns);
  *cache = (ProgramCache){0};
}

/* ---- Decoding and ordering ---------------------------------------------- */

vtac_status program_error(uint32_t index, const Insn *insn, const Diag *why,
                          Diag *diag) {
  char brief[HW_BRIEF_MAX];
  return diag_set(diag, why->id, "instruction %u (%s): %.900s", index,
                  insn ? hw_insn_brief(insn, brief) : "undecoded",
                  why->message);
}

Insn program_insn(const Program *program, const HwConfig *config,
                  uint32_t index) {
  uint64_t word[2];
  Insn insn;
  hw_insn_read(program->bytes + (size_t)index * HW_INSN_BYTES, word);
  hw_decode(config, word, &insn, NULL);
  return insn;
}

static vtac_status decode(ProgramCache *cache, const HwConfig *config,
                          const uint8_t *bytes, uint32_t count, Diag *diag) {
  if (count > cache->capacity) {
    Insn *bigger = realloc(cache->insns, (size_t)count * sizeof *bigger);
    if (!bigger)
      return diag_set(diag, D_NO_MEMORY, "no memory for %u instructions",
                      count);
    cache->insns = bigger;
    cache->capacity = count;
  }
  for (uint32_t i = 0; i < count; i++) {
    uint64_t word[2];
    Diag why;
    hw_insn_read(bytes + (size_t)i * HW_INSN_BYTES, word);
    if (hw_decode(config, word, &cache->insns[i], &why))
      return program_error(i, NULL, &why, diag);
  }
  return VTAC_OK;
}

vtac_status program_decode(ProgramCache *cache, const HwConfig *config,
                           const uint8_t *bytes, uint32_t count,
                           const Insn **ret, Diag *diag) {
  vtac_status status = decode(cache, config, bytes, count, diag);
  if (!status) *ret = cache->insns;
  return status;
}

static vtac_status append_order(void *self, uint32_t index, const Insn *insn,
                                Diag *diag) {
  Program *program = self;
  (void)insn;
  (void)diag;
  program->order[program->ordered++] = index;
  return VTAC_OK;
}

/* Counts down to the place at which to stop. */
static vtac_status stop_at(void *self, uint32_t index, const Insn *insn,
                           Diag *diag) {
  uint32_t *left = self;
  (void)index;
  (void)insn;
  (void)diag;
  return (*left)-- ? VTAC_OK : VTAC_INVALID;
}

void program_tokens_at(ProgramCache *cache, const Program *program,
                       const HwConfig *config, uint32_t place,
                       uint64_t ret_tokens[HW_TOKENS]) {
  Diag ignored;
  memcpy(ret_tokens, program->before, sizeof program->before);
  if (decode(cache, config, program->bytes, program->count, &ignored)) return;
  pipeline_run(cache->insns, program->count, ret_tokens, stop_at, &place,
               &ignored);
}

/* ---- Operations --------------------------------------------------------- */

/* Adds the rectangle `b` to `a` if it goes on where that ends. */
static bool merge_store(MemInsn *a, const MemInsn *b) {
  const uint64_t start = a->dram_base, x = a->x_size, y = a->y_size;
  if (b->sram_base != a->sram_base + x * y) return false;
  if (y == 1 && b->y_size == 1 && b->dram_base == start + x) {
    a->x_size += b->x_size;
    a->x_stride = a->x_size;
    return true;
  }
  if (b->x_size != x || b->dram_base <= start) return false;
  if (b->y_size > 1 && y > 1 && a->x_stride != b->x_stride) return false;
  uint64_t stride = y > 1           ? a->x_stride
                    : b->y_size > 1 ? b->x_stride
                                    : b->dram_base - start;
  if (b->dram_base != start + y * stride) return false;
  a->x_stride = (uint32_t)stride;
  a->y_size += b->y_size;
  return true;
}

static bool is_transfer(const Insn *insn) {
  return hw_opcode_layout(insn->opcode) == HW_LAYOUT_MEM;
}

static void add_op(Program *program, const HwConfig *config, uint32_t place,
                   const Insn *insn) {
  if (insn->opcode == HW_OP_FINISH || hw_is_nop(insn)) return;
  ProgramOp *last = program->ops ? &program->op[program->ops - 1] : NULL;
  const bool legal = is_transfer(insn) && !hw_check_mem(config, insn, NULL);
  if (legal && last && last->legal && insn->opcode == HW_OP_STORE &&
      last->insn.opcode == HW_OP_STORE && last->first + last->count == place &&
      merge_store(&last->insn.mem, &insn->mem)) {
    last->count++;
    return;
  }
  program->op[program->ops++] =
      (ProgramOp){.insn = *insn, .first = place, .count = 1, .legal = legal};
}

/* Shortens the list to what it holds; failing that, it stays. */
static void trim_ops(Program *program) {
  size_t bytes = (program->ops + 1) * sizeof *program->op;
  ProgramOp *smaller = realloc(program->op, bytes);
  if (smaller) program->op = smaller;
}

static vtac_status make(ProgramCache *cache, const HwConfig *config,
                        Program *program, Diag *diag) {
  const uint32_t count = program->count;
  vtac_status status = decode(cache, config, program->bytes, count, diag);
  if (status) return status;
  program->order = malloc(((size_t)count + 1) * sizeof *program->order);
  program->op = malloc(((size_t)count + 1) * sizeof *program->op);
  if (!program->order || !program->op)
    return diag_set(diag, D_NO_MEMORY, "no memory for %u instructions", count);
  memcpy(program->after, program->before, sizeof program->after);
  program->complete = !pipeline_run(cache->insns, count, program->after,
                                    append_order, program, &program->failure);
  for (uint32_t place = 0; place < program->ordered; place++)
    add_op(program, config, place, &cache->insns[program->order[place]]);
  trim_ops(program);
  return VTAC_OK;
}

/* ---- The cache ---------------------------------------------------------- */

static Program *find(ProgramCache *cache, const uint8_t *bytes, uint32_t count,
                     const uint64_t tokens[HW_TOKENS]) {
  for (int i = 0; i < PROGRAMS; i++) {
    Program *program = cache->program[i];
    if (program && program->count == count &&
        !memcmp(program->before, tokens, sizeof program->before) &&
        !memcmp(program->bytes, bytes, (size_t)count * HW_INSN_BYTES))
      return program;
  }
  return NULL;
}

/* Where a new program goes: a free place or that of the least recently
 * used. */
static Program **place_for(ProgramCache *cache, const Program *program) {
  if (!program->complete || program->count > PROGRAM_MOST_KEPT)
    return &cache->passing;
  Program **place = &cache->program[0];
  for (int i = 1; i < PROGRAMS && *place; i++)
    if (!cache->program[i] || cache->program[i]->used < (*place)->used)
      place = &cache->program[i];
  return place;
}

static Program *program_new(const uint8_t *bytes, uint32_t count,
                            const uint64_t tokens[HW_TOKENS]) {
  const size_t size = (size_t)count * HW_INSN_BYTES;
  Program *program = calloc(1, sizeof *program);
  if (!program) return NULL;
  program->count = count;
  program->bytes = malloc(size + 1);
  if (!program->bytes) {
    free(program);
    return NULL;
  }
  memcpy(program->bytes, bytes, size);
  memcpy(program->before, tokens, sizeof program->before);
  return program;
}

vtac_status program_get(ProgramCache *cache, const HwConfig *config,
                        const uint8_t *bytes, uint32_t count,
                        const uint64_t tokens[HW_TOKENS], Program **ret,
                        Diag *diag) {
  Program *program = find(cache, bytes, count, tokens);
  if (!program) {
    program = program_new(bytes, count, tokens);
    if (!program) return diag_set(diag, D_NO_MEMORY, "no memory for a stream");
    vtac_status status = make(cache, config, program, diag);
    if (status) {
      program_free(program);
      return status;
    }
    Program **place = place_for(cache, program);
    program_free(*place);
    *place = program;
  }
  program->used = ++cache->tick;
  *ret = program;
  return VTAC_OK;
}
