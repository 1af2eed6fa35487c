#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The bare-metal example builds, and leaves nothing undefined.
# (the command is $VTAC; $VTAC_LONG asks for it)
set -eu

[ -n "${VTAC_LONG:-}" ] || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp ../examples/baremetal/* "$work"
make -s -C "$work" VTAC="$VTAC" INCLUDE="$(cd .. && pwd)/include"
test -z "$(arm-none-eabi-nm -u "$work/gemm.elf")"
