/* SPDX-License-Identifier: Apache-2.0 */
/* vtac: a tensor compiler, runtime and simulator for the VTA accelerator.
 * This header is all a user includes. */
#ifndef VTAC_VTAC_H
#define VTAC_VTAC_H

#include "vtac/board.h"
#include "vtac/config.h"
#include "vtac/dlpack.h"
#include "vtac/inspect.h"
#include "vtac/intrin.h"
#include "vtac/lower.h"
#include "vtac/measure.h"
#include "vtac/module.h"
#include "vtac/ops.h"
#include "vtac/pack.h"
#include "vtac/pass.h"
#include "vtac/profile.h"
#include "vtac/report.h"
#include "vtac/rpc.h"
#include "vtac/rpc_server.h"
#include "vtac/runtime.h"
#include "vtac/schedule.h"
#include "vtac/status.h"
#include "vtac/step.h"
#include "vtac/stream.h"
#include "vtac/te.h"

#define VTAC_VERSION_MAJOR 0
#define VTAC_VERSION_MINOR 1
#define VTAC_VERSION_PATCH 0

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library at run time, such as "0.1.0".  Within one major
 * version (one minor version while major is 0) the ABI stays compatible. */
VTAC_API const char *vtac_version(void);

#ifdef __cplusplus
}
#endif
#endif
