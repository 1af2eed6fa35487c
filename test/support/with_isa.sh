#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a test with the simulator's path forced; ends with 77, which means
# skipped, where the processor lacks it.
# usage: with_isa.sh ISA COMMAND...      (vtac is $VTAC)
export VTAC_SIM_ISA="$1"
shift
"$VTAC" gemm --quiet 2>/dev/null
[ $? -eq 3 ] && exit 77 # refused
exec "$@"
