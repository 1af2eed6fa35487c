/* SPDX-License-Identifier: Apache-2.0 */
/* Instruction streams by themselves: their text, a check, and runs on device
 * memory that the caller describes (docs/stream.md).
 *
 * A stream is `count` instructions of 16 bytes each, little-endian, whoever
 * made them.  `error` may be NULL everywhere. */
#ifndef VTAC_STREAM_H
#define VTAC_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "vtac/config.h"
#include "vtac/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of an instruction. */
#define VTAC_INSN_BYTES 16

/* ---- Text --------------------------------------------------------------- */

/* The text of a stream, one line an instruction, from which
 * vtac_stream_assemble makes the same bytes: any bits have a text.  The caller
 * frees it.  NULL on failure. */
VTAC_API char *vtac_stream_disassemble(const vtac_config *config,
                                       const void *stream, size_t count,
                                       vtac_error *error);
/* The instructions that `length` bytes of text say; the caller frees them.
 * `name` stands for the text in messages.  NULL on failure: VTAC_REFUSED for a
 * mistake in the text, whose message starts with name:line:column. */
VTAC_API void *vtac_stream_assemble(const vtac_config *config, const char *text,
                                    size_t length, const char *name,
                                    size_t *ret_count, vtac_error *error);

/* ---- Runs --------------------------------------------------------------- */

/* Bytes that lie in device memory before a run. */
typedef struct vtac_stream_image {
  uint64_t address;
  const void *bytes;
  size_t size;
} vtac_stream_image;

/* Where to put bytes of device memory after a run. */
typedef struct vtac_stream_dump {
  uint64_t address;
  void *bytes;
  size_t size;
} vtac_stream_dump;

/* Device memory starts at 0x1000 and reaches as far as the stream, the images
 * and the dumps do; it is zero where no image lies.  Of images that overlap the
 * last one wins.  Zeros in place of a member are its default. */
typedef struct vtac_stream_options {
  vtac_simulator simulator;
  vtac_sim_path sim_path;
  int no_verify; /* run without the check of vtac_stream_verify */
  size_t image_count, dump_count;
  const vtac_stream_image *images;
  const vtac_stream_dump *dumps;
  vtac_recorder *recorder; /* as of a device */
} vtac_stream_options;

/* What a check or a run has found. */
typedef struct vtac_stream_result {
  uint64_t counters[VTAC_COUNTERS]; /* of vtac_counter_name */
  uint64_t cycles;                  /* 0 where the simulator knows no time */
  int timed;
  /* Instructions whose micro-ops were unknown, so that the verifier could not
   * follow them; 0 if it was not asked. */
  uint32_t unknown;
  /* STOREs of accumulators that a LOAD or a reset wrote last, and the first of
   * them.  A board stores something else there and refuses them. */
  uint32_t stale, first_stale;
} vtac_stream_result;

/* Says whether a stream may run: legal instructions that keep to their
 * memories, FINISH at the end and only there, no wait for ever, and no access
 * that tokens leave unordered.  Micro-ops are read from the images; without
 * any, those of a stream are unknown and its loops are not followed.  `options`
 * and `ret` may be NULL. */
VTAC_API vtac_status vtac_stream_verify(const vtac_config *config,
                                        const void *stream, size_t count,
                                        const vtac_stream_options *options,
                                        vtac_stream_result *ret,
                                        vtac_error *error);
/* Verifies a stream and runs it on a new device.  The dumps are written when it
 * has finished.  `options` and `ret` may be NULL. */
VTAC_API vtac_status vtac_stream_run(const vtac_config *config,
                                     const void *stream, size_t count,
                                     const vtac_stream_options *options,
                                     vtac_stream_result *ret,
                                     vtac_error *error);

#ifdef __cplusplus
}
#endif
#endif
