/* SPDX-License-Identifier: Apache-2.0 */
/* Each group's function, in bench_<group>.c. */
#ifndef BENCH_GROUPS_H
#define BENCH_GROUPS_H

#include "bench/harness.h"

#define GROUP(name) void bench_##name(Bench *bench);
#include "bench/groups.def"
#undef GROUP

#endif
