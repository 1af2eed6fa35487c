/* SPDX-License-Identifier: Apache-2.0 */
/* What the files about raw streams share. */
#ifndef RUNTIME_STREAM_H
#define RUNTIME_STREAM_H

#include "tsim/model.h"

/* Decodes `count` instructions of 16 bytes; a refusal names the instruction. */
vtac_status stream_decode(const HwConfig *config, const uint8_t *stream,
                          uint32_t count, Insn *ret, Diag *diag);
/* The cycles of a stream; `sink` may be NULL. */
vtac_status stream_time(const HwConfig *config, const void *stream,
                        size_t count, const TsimSink *sink, uint64_t *ret,
                        Diag *diag);

#endif
