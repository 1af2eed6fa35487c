/* SPDX-License-Identifier: Apache-2.0 */
/* What the files about raw streams share. */
#ifndef RUNTIME_STREAM_H
#define RUNTIME_STREAM_H

#include "tsim/model.h"
#include "vtac/stream.h"

/* Decodes `count` instructions of 16 bytes; a refusal names the instruction. */
vtac_status stream_decode(const HwConfig *config, const uint8_t *stream,
                          uint32_t count, Insn *ret, Diag *diag);
/* The cycles of a stream; `sink` may be NULL. */
vtac_status stream_time(const HwConfig *config, const void *stream,
                        size_t count, const TsimSink *sink, uint64_t *ret,
                        Diag *diag);

/* The addresses that device memory can have. */
#define STREAM_MEMORY_BEGIN UINT64_C(0x1000)
#define STREAM_MEMORY_END (UINT64_C(1) << 32)

/* Refuses images and dumps that lie outside. */
vtac_status stream_check_ranges(const vtac_stream_options *options, Diag *diag);
/* The first address that neither instructions nor images nor dumps reach. */
uint64_t stream_memory_end(const HwConfig *config,
                           const vtac_stream_options *options,
                           const Insn *insns, uint32_t count);

#endif
