/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: any bytes as an instruction stream that is timed and recorded.
 * Recording changes no result, finishes its files also for what is refused, and
 * never finds more elements in use than a memory has.
 *
 * The first byte picks a bus, then come instructions of 16 bytes; the input
 * once more is the device memory that micro-ops are read from. */
#include <stdlib.h>
#include <string.h>

#include "hw/bounds.h"
#include "report/recorder.h"

enum { MAX_INSNS = 128, MAX_STEPS = 1 << 14, LEVELS = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct Input {
  const uint8_t *bytes;
  size_t size;
} Input;

static const void *input_bytes(void *self, uint64_t address, uint64_t size) {
  const Input *input = self;
  if (address > input->size || size > input->size - address) return NULL;
  return input->bytes + address;
}

/* Micro-ops or elements: what takes time to follow. */
static uint64_t steps(const Insn *insn) {
  if (hw_opcode_layout(insn->opcode) == HW_LAYOUT_MEM)
    return hw_is_nop(insn) ? 0 : hw_sram_elems(&insn->mem);
  if (insn->opcode == HW_OP_FINISH) return 0;
  const GemmInsn loops = hw_loops(insn);
  return (uint64_t)loops.iter_out * loops.iter_in * (loops.uop_end + 1);
}

/* Decodes what can be followed within the budget; returns how many. */
static uint32_t decode(const HwConfig *config, Input input,
                       Insn insns[MAX_INSNS]) {
  uint32_t count = 0;
  uint64_t budget = MAX_STEPS;
  for (size_t at = 0; count < MAX_INSNS && input.size - at >= HW_INSN_BYTES;
       at += HW_INSN_BYTES) {
    uint64_t word[2];
    hw_insn_read(input.bytes + at, word);
    if (hw_decode(config, word, &insns[count], NULL)) return 0;
    if (steps(&insns[count]) > budget) return 0;
    budget -= steps(&insns[count++]);
  }
  return count;
}

static void check_recording(const TsimJob *job, MemoryView view) {
  const RecorderOptions options = {
      .trace = "/dev/null", .page = "/dev/null", .plot = "/dev/null"};
  Recorder *recorder;
  Diag diag;
  TsimResult plain, recorded;
  TsimJob watched = *job;
  if (recorder_open(job->config, &options, &recorder, &diag)) abort();
  recorder_view(recorder, view);
  watched.sink = recorder_sink(recorder);
  vtac_status want = tsim_time(job, &plain, &diag);
  vtac_status have = tsim_time(&watched, &recorded, &diag);
  if (want != have) abort();
  if (!want && plain.cycles != recorded.cycles) abort();
  /* Without a cycle there is nothing to plot. */
  if (recorder_close(recorder, &diag) && diag.id != D_ARGUMENT) abort();
}

static void check_occupancy(const TsimJob *job, MemoryView view) {
  Occupancy *occupancy = occupancy_new(job->config, NULL);
  double level[LEVELS];
  if (!occupancy) abort();
  for (uint32_t i = 0; i < job->count; i++)
    occupancy_insn(occupancy, &job->insns[i], i + 1, &view);
  occupancy_end(occupancy);
  for (int memory = 0; memory < OCCUPANCY_MEMORIES; memory++) {
    bins_read(occupancy_bins(occupancy, (HwMemory)memory), job->count + 1,
              LEVELS, level);
    for (int i = 0; i < LEVELS; i++)
      if (level[i] < -1e-6 ||
          level[i] > hw_depth(job->config, (uint32_t)memory) + 1e-6)
        abort();
  }
  occupancy_free(occupancy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Insn insns[MAX_INSNS];
  HwConfig config;
  if (size == 0) return 0;
  hw_config_default(&config);
  const TimingConfig timing = timing_preset(*data++ % 6);
  Input input = {data, size - 1};
  const TsimJob job = {.config = &config,
                       .timing = &timing,
                       .insns = insns,
                       .count = decode(&config, input, insns)};
  if (!job.count) return 0;
  const MemoryView view = {input_bytes, &input};
  check_recording(&job, view);
  check_occupancy(&job, view);
  return 0;
}
