/* SPDX-License-Identifier: Apache-2.0 */
/* The description of one accelerator: tile shape, data widths, memories.
 * A configuration is immutable once made and may be shared by threads. */
#ifndef VTAC_CONFIG_H
#define VTAC_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include "vtac/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vtac_config vtac_config;

/* Each maker returns an object the caller frees with vtac_config_free, or
 * NULL with `error` (which may be NULL) filled in: VTAC_NOMEM, and what is
 * said below.  Other pointers must not be NULL. */

/* The built-in configuration: 1x16 tiles of int8, 32-bit accumulators. */
VTAC_API vtac_config *vtac_config_default(vtac_error *error);
/* Reads a vta_config.json.  VTAC_IO: the file cannot be read; VTAC_REFUSED: a
 * key is missing or out of range, or the keys do not fit together. */
VTAC_API vtac_config *vtac_config_load(const char *path, vtac_error *error);
/* The same from `length` bytes of JSON text; `name` stands for the file in
 * messages. */
VTAC_API vtac_config *vtac_config_parse(const char *text, size_t length,
                                        const char *name, vtac_error *error);
VTAC_API void vtac_config_free(vtac_config *config); /* NULL is fine */

/* One key or derived value. */
typedef struct vtac_config_value {
  const char *name;    /* "LOG_INP_WIDTH", "BLOCK_IN", … */
  const char *text;    /* a text's value, or NULL for a number */
  int64_t number;      /* a number's value */
  const char *meaning; /* of a key; "" for derived values */
} vtac_config_value;

/* Value number `index`, counted from 0: the keys, then what is derived from
 * them.  Returns 0, and leaves *ret_value alone, past the last one.  A text
 * lives as long as the configuration. */
VTAC_API int vtac_config_at(const vtac_config *config, int index,
                            vtac_config_value *ret_value);
/* A number by its name ("BLOCK_OUT", "INP_WIDTH"); -1 if there is none.  Sizes
 * called _WIDTH and _BITS are in bits, _SIZE and _BYTES in bytes, _DEPTH in
 * elements of that memory, the rest in scalars; LOG_ is the log2. */
VTAC_API int64_t vtac_config_get(const vtac_config *config, const char *name);

#ifdef __cplusplus
}
#endif
#endif
