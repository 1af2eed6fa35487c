/* SPDX-License-Identifier: Apache-2.0 */
/* Checks and runs of a raw stream on a device of its own.
 *
 * A raw stream comes without buffers: one block of device memory from the
 * first valid address up holds all that it, the images and the dumps reach,
 * and the instructions lie in a block behind it. */
#include <stdlib.h>
#include <string.h>

#include "hw/verify.h"
#include "runtime/objects.h"
#include "runtime/stream.h"
#include "vtac/stream.h"

typedef struct Job {
  const HwConfig *config;
  const uint8_t *stream;
  uint32_t count;
  vtac_stream_options options;
  Insn *insns;
  HwPort *port;
  HwAddr stream_at;
  vtac_stream_result result;
} Job;

/* ---- Memory ------------------------------------------------------------- */

/* A stream that reaches further than there are addresses gets all that the
 * instructions leave, and is refused by who runs it. */
static vtac_status place_memory(Job *job, Diag *diag) {
  const HwPortOps *ops = job->port->ops;
  const size_t stream_bytes = (size_t)job->count * HW_INSN_BYTES;
  const uint64_t behind = STREAM_MEMORY_END - 2 * HW_PAGE_BYTES;
  uint64_t end =
      stream_memory_end(job->config, &job->options, job->insns, job->count);
  HwAddr start;
  if (stream_bytes < behind && end > behind - stream_bytes)
    end = behind - stream_bytes;
  vtac_status status =
      ops->alloc(job->port, (size_t)(end - STREAM_MEMORY_BEGIN), &start, diag);
  if (!status)
    status = ops->alloc(job->port, stream_bytes, &job->stream_at, diag);
  if (!status)
    status = port_copy_in(job->port, job->stream_at, job->stream, stream_bytes,
                          diag);
  for (size_t i = 0; i < job->options.image_count && !status; i++) {
    const vtac_stream_image *image = &job->options.images[i];
    status = port_copy_in(job->port, (HwAddr)image->address, image->bytes,
                          image->size, diag);
  }
  return status;
}

static const void *memory_bytes(void *self, uint64_t address, uint64_t size) {
  HwPort *port = self;
  void *bytes;
  Diag why;
  if (address >= STREAM_MEMORY_END || size > SIZE_MAX) return NULL;
  if (port->ops->host(port, (HwAddr)address, (size_t)size, &bytes, &why))
    return NULL;
  return bytes;
}

/* ---- Steps -------------------------------------------------------------- */

static void close_job(Job *job) {
  port_destroy(job->port);
  free(job->insns);
}

static vtac_status open_job(Job *job, const vtac_stream_options *options,
                            Diag *diag) {
  if (options) job->options = *options;
  vtac_status status = stream_check_ranges(&job->options, diag);
  if (status) return status;
  job->insns = malloc(((size_t)job->count + 1) * sizeof *job->insns);
  if (!job->insns)
    return diag_set(diag, D_NO_MEMORY, "no memory for %u instructions",
                    job->count);
  status =
      stream_decode(job->config, job->stream, job->count, job->insns, diag);
  if (!status)
    status = device_make_port(job->config, job->options.simulator,
                              job->options.sim_path, &job->port, diag);
  if (status) return status;
  return recorder_attach(job->options.recorder, job->port,
                         device_is_timed(job->config, job->options.simulator),
                         diag);
}

/* Without images nobody has said what memory holds; then micro-ops are taken as
 * unknown, not as the zeros that a run would find. */
static vtac_status verify(Job *job, Diag *diag) {
  HwVerifyReport report;
  HwVerifyOptions options = {.tokens = {0}};
  if (job->options.image_count) {
    options.dram = memory_bytes;
    options.self = job->port;
  }
  vtac_status status =
      hw_verify(job->config, job->insns, job->count, &options, &report, diag);
  if (status) return status;
  job->result.unknown = report.unknown;
  job->result.stale = report.stale;
  job->result.first_stale = report.first_stale;
  return VTAC_OK;
}

static vtac_status place_and_verify(Job *job, Diag *diag) {
  vtac_status status =
      job->options.image_count ? place_memory(job, diag) : VTAC_OK;
  return status ? status : verify(job, diag);
}

static vtac_status copy_dumps(const Job *job, Diag *diag) {
  vtac_status status = VTAC_OK;
  for (size_t i = 0; i < job->options.dump_count && !status; i++) {
    const vtac_stream_dump *dump = &job->options.dumps[i];
    status = port_copy_out(job->port, (HwAddr)dump->address, dump->bytes,
                           dump->size, diag);
  }
  return status;
}

static vtac_status verify_and_run(Job *job, Diag *diag) {
  const HwPortOps *ops = job->port->ops;
  HwTiming timing = {0};
  vtac_status status = place_memory(job, diag);
  if (!status && !job->options.no_verify) status = verify(job, diag);
  if (!status) status = ops->run(job->port, job->stream_at, job->count, diag);
  if (!status) status = copy_dumps(job, diag);
  if (status) return status;
  ops->counters(job->port, job->result.counters);
  job->result.timed = ops->timing && ops->timing(job->port, &timing);
  job->result.cycles = timing.cycles;
  return VTAC_OK;
}

/* ---- Public calls ------------------------------------------------------- */

static vtac_status do_job(Job *job, const vtac_stream_options *options,
                          vtac_status (*body)(Job *job, Diag *diag),
                          vtac_stream_result *ret, vtac_error *error) {
  Diag diag;
  vtac_status status = open_job(job, options, &diag);
  if (!status) status = body(job, &diag);
  close_job(job);
  if (status) return report_error(error, &diag);
  if (ret) *ret = job->result;
  return VTAC_OK;
}

static vtac_status start(const char *call, const vtac_config *config,
                         const void *stream, size_t count, Job *ret,
                         vtac_error *error) {
  Diag diag;
  if (is_missing(config, call, "config", error) ||
      is_missing(stream, call, "stream", error))
    return VTAC_INVALID;
  if (count > UINT32_MAX / HW_INSN_BYTES) {
    diag_set(&diag, D_ARGUMENT, "a stream has at most %u instructions",
             UINT32_MAX / HW_INSN_BYTES);
    return report_error(error, &diag);
  }
  *ret =
      (Job){.config = &config->hw, .stream = stream, .count = (uint32_t)count};
  return VTAC_OK;
}

vtac_status vtac_stream_verify(const vtac_config *config, const void *stream,
                               size_t count, const vtac_stream_options *options,
                               vtac_stream_result *ret, vtac_error *error) {
  Job job;
  vtac_status status =
      start("vtac_stream_verify", config, stream, count, &job, error);
  return status ? status : do_job(&job, options, place_and_verify, ret, error);
}

vtac_status vtac_stream_run(const vtac_config *config, const void *stream,
                            size_t count, const vtac_stream_options *options,
                            vtac_stream_result *ret, vtac_error *error) {
  Job job;
  vtac_status status =
      start("vtac_stream_run", config, stream, count, &job, error);
  return status ? status : do_job(&job, options, verify_and_run, ret, error);
}
