/* SPDX-License-Identifier: Apache-2.0 */
/* Streams apart from any device: decoding, the memory that they need, and how
 * long they take. */
#include <stdlib.h>

#include "hw/bounds.h"
#include "runtime/objects.h"
#include "runtime/stream.h"

vtac_status stream_decode(const HwConfig *config, const uint8_t *stream,
                          uint32_t count, Insn *ret, Diag *diag) {
  HwDecoder decoder;
  hw_decoder_init(&decoder, config);
  for (uint32_t i = 0; i < count; i++) {
    uint64_t word[2];
    Diag why;
    hw_insn_read(stream + (size_t)i * HW_INSN_BYTES, word);
    if (hw_decoder_run(&decoder, word, &ret[i], &why))
      return diag_set(diag, why.id, "instruction %u: %.900s", i, why.message);
  }
  return VTAC_OK;
}

/* ---- Device memory ------------------------------------------------------ */

_Static_assert(STREAM_MEMORY_BEGIN == HW_PAGE_BYTES, "the first page is free");

static vtac_status check_range(const char *what, uint64_t address, size_t size,
                               Diag *diag) {
  if (address >= STREAM_MEMORY_BEGIN && address < STREAM_MEMORY_END &&
      size <= STREAM_MEMORY_END - address)
    return VTAC_OK;
  return diag_set(diag, D_DRAM_RANGE,
                  "%s of %zu bytes at 0x%llx: device memory is 0x%llx..0x%llx",
                  what, size, (unsigned long long)address,
                  (unsigned long long)STREAM_MEMORY_BEGIN,
                  (unsigned long long)STREAM_MEMORY_END - 1);
}

vtac_status stream_check_ranges(const vtac_stream_options *options,
                                Diag *diag) {
  vtac_status status = VTAC_OK;
  for (size_t i = 0; i < options->image_count && !status; i++)
    status = check_range("an image", options->images[i].address,
                         options->images[i].size, diag);
  for (size_t i = 0; i < options->dump_count && !status; i++)
    status = check_range("a dump", options->dumps[i].address,
                         options->dumps[i].size, diag);
  return status;
}

static uint64_t larger(uint64_t a, uint64_t b) { return a > b ? a : b; }

uint64_t stream_memory_end(const HwConfig *config,
                           const vtac_stream_options *options,
                           const Insn *insns, uint32_t count) {
  uint64_t end = STREAM_MEMORY_BEGIN;
  for (size_t i = 0; i < options->image_count; i++)
    end = larger(end, options->images[i].address + options->images[i].size);
  for (size_t i = 0; i < options->dump_count; i++)
    end = larger(end, options->dumps[i].address + options->dumps[i].size);
  for (uint32_t i = 0; i < count; i++) {
    if (hw_opcode_layout(insns[i].opcode) != HW_LAYOUT_MEM ||
        hw_is_nop(&insns[i]))
      continue;
    DramSpan span = hw_dram_span(config, &insns[i].mem);
    if (span.bytes) end = larger(end, span.addr + span.bytes);
  }
  return end;
}

/* ---- Time --------------------------------------------------------------- */

vtac_status stream_time(const HwConfig *config, const void *stream,
                        size_t count, const TsimSink *sink, uint64_t *ret,
                        Diag *diag) {
  TsimResult result = {0};
  if (count > UINT32_MAX)
    return diag_set(diag, D_ARGUMENT, "a stream has at most %u instructions",
                    UINT32_MAX);
  Insn *insns = malloc((count + 1) * sizeof *insns);
  if (!insns)
    return diag_set(diag, D_NO_MEMORY, "no memory for %zu instructions", count);
  vtac_status status =
      stream_decode(config, stream, (uint32_t)count, insns, diag);
  const TsimJob job = {.config = config,
                       .timing = &config->timing,
                       .insns = insns,
                       .count = (uint32_t)count,
                       .sink = sink};
  if (!status) status = tsim_time(&job, &result, diag);
  free(insns);
  if (!status) *ret = result.cycles;
  return status;
}

vtac_status vtac_stream_cycles(const vtac_config *config, const void *stream,
                               size_t count, uint64_t *ret_cycles,
                               vtac_error *error) {
  static const char call[] = "vtac_stream_cycles";
  Diag diag;
  if (is_missing(config, call, "config", error) ||
      is_missing(stream, call, "stream", error) ||
      is_missing(ret_cycles, call, "ret_cycles", error))
    return VTAC_INVALID;
  if (!stream_time(&config->hw, stream, count, NULL, ret_cycles, &diag))
    return VTAC_OK;
  return report_error(error, &diag);
}
