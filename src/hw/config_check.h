/* SPDX-License-Identifier: Apache-2.0 */
/* Limits that the keys of a configuration make together (inside hw only). */
#ifndef HW_CONFIG_CHECK_H
#define HW_CONFIG_CHECK_H

#include "hw/config.h"

/* Checks the keys one by one and together; the exponents that follow from
 * them (HW_LOG_VALUE) must already stand in `config`. */
vtac_status config_check(const HwConfig *config, const char *file_name,
                         Diag *diag);

/* Refuses `value` of `key` outside least..most, with the reason. */
typedef struct KeyLimit {
  const char *key;
  int value, least, most;
  const char *why;
} KeyLimit;
vtac_status config_limit(const KeyLimit *limit, const char *file_name,
                         Diag *diag);

#endif
