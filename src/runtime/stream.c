/* SPDX-License-Identifier: Apache-2.0 */
/* Streams apart from any device: how long they take. */
#include <stdlib.h>

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
