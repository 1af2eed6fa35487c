#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Both seed workloads as objects for other machines, run under qemu-user by a
# runtime and a simulator that were built for those machines.
# usage: cross.sh CROSS_DATA      (the command is $VTAC; $VTAC_LONG asks for it)
set -eu

[ -n "${VTAC_LONG:-}" ] || exit 0
root=$(cd ../ && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# jansson is used for configuration files alone, which nothing reads here.
mkdir "$work/include"
for header in jansson.h jansson_config.h; do
  find /usr/include -name "$header" -exec cp {} "$work/include" \; -quit
done

# run TARGET COMPILER QEMU LIBRARIES
run() {
  command -v "$2" >/dev/null && command -v "$3" >/dev/null || {
    echo "$1: $2 or $3 is missing" >&2
    exit 1
  }
  sources=
  for module in base hw ir native csource elf device fsim tsim board runtime; do
    [ -d "$root/src/$module" ] || continue
    sources="$sources $(echo "$root/src/$module"/*.c)"
  done
  # shellcheck disable=SC2086
  "$2" -std=gnu11 -O2 -ffunction-sections -fdata-sections -static \
    -D_GNU_SOURCE -DVTAC_BIN_TO_LIB='"../lib"' -I"$work/include" \
    -I"$root/include" -I"$root/src" -Wa,-I"$root/include" -w \
    -Wl,--gc-sections "$root/test/long/cross_main.c" $sources -lm \
    -o "$work/$1" 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
  for operator in gemm conv2d; do
    "$VTAC" $operator -o "$work/$operator.o" --target "$1"
    mkdir -p "$work/$operator"
    "$cross_data" $operator "$work/$operator"
    "$3" "$work/$1" "$work/$operator.o" "$work/$operator/input0" \
      "$work/$operator/input1" "$work/$operator/expected" >"$work/counters"
    "$VTAC" $operator --quiet --stats text |
      sed -n 's/^ *\([a-z_]*\) *: *\([0-9]*\)$/\1 \2/p' >"$work/want"
    diff "$work/want" "$work/counters"
    echo "$1 $operator: right"
  done
}

cross_data=$1
run armv7 arm-linux-gnueabihf-gcc qemu-arm
run aarch64 aarch64-linux-gnu-gcc qemu-aarch64
