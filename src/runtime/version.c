/* SPDX-License-Identifier: Apache-2.0 */
/* The version of the library. */
#include "vtac/vtac.h"

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

const char *vtac_version(void) {
  return TEXT(VTAC_VERSION_MAJOR) "." TEXT(VTAC_VERSION_MINOR) "." TEXT(
      VTAC_VERSION_PATCH);
}
