/* SPDX-License-Identifier: Apache-2.0 */
/* What all ports do alike: copies to and from device memory. */
#include "hw/port.h"

#include <string.h>

vtac_status port_copy_in(HwPort *port, HwAddr to, const void *from, size_t size,
                         Diag *diag) {
  void *bytes;
  vtac_status status = port->ops->host(port, to, size, &bytes, diag);
  if (!status && size) memcpy(bytes, from, size);
  return status;
}

vtac_status port_copy_out(HwPort *port, HwAddr from, void *to, size_t size,
                          Diag *diag) {
  void *bytes;
  vtac_status status = port->ops->host(port, from, size, &bytes, diag);
  if (!status && size) memcpy(to, bytes, size);
  return status;
}
