/* SPDX-License-Identifier: Apache-2.0 */
/* Stepping through a stream: one instruction at a time, with tokens, queues and
 * memories to look at in between (docs/stream.md).
 *
 * Instructions run as the manual says, in one of the orders that tokens allow:
 * on the timing simulator in the order in which the hardware starts them, else
 * as the functional simulator takes them.  `error` may be NULL everywhere,
 * other pointers not. */
#ifndef VTAC_STEP_H
#define VTAC_STEP_H

#include <stddef.h>
#include <stdint.h>

#include "vtac/profile.h"
#include "vtac/stream.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vtac_stepper vtac_stepper;

/* A stepper before the first instruction of a stream, with the images of
 * `options` (NULL: none) in its device memory and its simulator's order; other
 * options do not matter.  The stream need not have been verified and may be one
 * that gets stuck, but FINISH must stand at its end and only there.  The caller
 * frees it.  NULL on failure. */
VTAC_API vtac_stepper *vtac_stepper_new(const vtac_config *config,
                                        const void *stream, size_t count,
                                        const vtac_stream_options *options,
                                        vtac_error *error);
VTAC_API void vtac_stepper_free(vtac_stepper *stepper); /* NULL is fine */

/* ---- Going on ----------------------------------------------------------- */

/* An instruction in the order of running. */
typedef struct vtac_step {
  size_t insn;
  vtac_unit unit;
  int timed;                     /* 1: the cycles are known */
  uint64_t visible, start, done; /* in its queue from; began; ended */
} vtac_step;

/* The instruction that runs next; returns 0 if there is none. */
VTAC_API int vtac_stepper_next(const vtac_stepper *stepper, vtac_step *ret);
/* Runs it.  VTAC_INVALID where the stream has ended, VTAC_DEVICE where no unit
 * can go on; an instruction that is illegal or leaves a memory is refused, too,
 * and then nothing has changed. */
VTAC_API vtac_status vtac_stepper_run(vtac_stepper *stepper, vtac_error *error);
VTAC_API size_t vtac_stepper_ran(const vtac_stepper *stepper);
/* Has this instruction run? */
VTAC_API int vtac_stepper_has_run(const vtac_stepper *stepper, size_t insn);

/* ---- Looking around ----------------------------------------------------- */

/* The tokens in queue `queue` of vtac_token_name. */
VTAC_API uint64_t vtac_stepper_tokens(const vtac_stepper *stepper, int queue);

/* What load, compute or store have before them. */
typedef struct vtac_step_unit {
  size_t left;       /* instructions that have not run */
  size_t queued;     /* of them in its queue by now, if cycles are known */
  size_t next;       /* the first of them; SIZE_MAX if none is left */
  const char *lacks; /* the token queue that it waits for, or NULL */
} vtac_step_unit;
VTAC_API vtac_step_unit vtac_stepper_unit(const vtac_stepper *stepper,
                                          vtac_unit unit);

VTAC_API void vtac_stepper_counters(const vtac_stepper *stepper,
                                    uint64_t ret_counters[VTAC_COUNTERS]);

/* The memories on chip: "uop", "wgt", "inp", "acc"; NULL past the last.
 * Results are stored from "acc". */
VTAC_API const char *vtac_chip_memory_name(int memory);
/* An element is a tile of rows x columns lanes; of "uop" it is the three
 * indices dst, src, wgt. */
typedef struct vtac_chip_shape {
  size_t elements;
  int rows, columns;
} vtac_chip_shape;
VTAC_API vtac_chip_shape vtac_stepper_shape(const vtac_stepper *stepper,
                                            int memory);
/* The lanes of an element, row by row; VTAC_INVALID if there is no such
 * element. */
VTAC_API vtac_status vtac_stepper_element(const vtac_stepper *stepper,
                                          int memory, size_t element,
                                          int32_t *ret_lanes,
                                          vtac_error *error);
/* Bytes of device memory; VTAC_INVALID for a range outside of it. */
VTAC_API vtac_status vtac_stepper_dram(const vtac_stepper *stepper,
                                       uint64_t address, size_t size,
                                       void *ret_bytes, vtac_error *error);

/* ---- Who touches what --------------------------------------------------- */

#define VTAC_DRAM (-1)
enum { VTAC_TOUCH_READ = 1, VTAC_TOUCH_WRITE = 2 };

/* Elements of a memory on chip, or bytes of device memory (VTAC_DRAM). */
typedef struct vtac_touch_range {
  int memory;
  uint64_t first, last; /* last included */
  int how;              /* VTAC_TOUCH bits */
} vtac_touch_range;
/* Does the instruction that runs next touch the range?  In device memory, all
 * between the first and the last byte of a transfer counts. */
VTAC_API int vtac_stepper_touches(const vtac_stepper *stepper,
                                  const vtac_touch_range *range);

#ifdef __cplusplus
}
#endif
#endif
