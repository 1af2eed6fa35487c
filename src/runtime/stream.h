/* SPDX-License-Identifier: Apache-2.0 */
/* What the files about raw streams share. */
#ifndef RUNTIME_STREAM_H
#define RUNTIME_STREAM_H

#include "hw/insn.h"

/* Decodes `count` instructions of 16 bytes; a refusal names the instruction. */
vtac_status stream_decode(const HwConfig *config, const uint8_t *stream,
                          uint32_t count, Insn *ret, Diag *diag);

#endif
