#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a test with the simulator's path forced; ends with 77, which means
# skipped, where the processor lacks it, and for `long` tests unless VTAC_LONG
# is set.
# usage: with_isa.sh ISA usual|long COMMAND...      (vtac is $VTAC)
isa=$1 length=$2
shift 2
export VTAC_SIM_ISA="$isa"
[ "$length" = usual ] || [ -n "${VTAC_LONG:-}" ] || exit 77
unset VTAC_LONG # the test itself takes its usual time
"$VTAC" gemm --quiet 2>/dev/null
[ $? -eq 3 ] && exit 77 # refused
exec "$@"
