#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Both seed workloads as objects for other machines, run under qemu-user by a
# runtime that was built for those machines: on its simulator, and on an
# emulated board by its driver.
# usage: cross.sh CROSS_DATA
# (the commands are $VTAC and $EMULATOR; $VTAC_LONG asks for it)
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

# All that a runtime takes, but for the code generator, a library of its own.
modules="$(sed -n 's/^runtime: //p' "$root/layers.txt" | sed 's/codegen //') \
  runtime"

# run TARGET COMPILER QEMU LINK-OPTIONS
run() {
  command -v "$2" >/dev/null && command -v "${3%% *}" >/dev/null || {
    echo "$1: $2 or $3 is missing" >&2
    exit 1
  }
  sources=
  for module in $modules; do
    sources="$sources $(echo "$root/src/$module"/*.c)"
  done
  # shellcheck disable=SC2086
  "$2" -std=gnu11 -O2 -ffunction-sections -fdata-sections $4 \
    -D_GNU_SOURCE -DVTAC_BIN_TO_LIB='"../lib"' -I"$work/include" \
    -I"$root/include" -I"$root/src" -Wa,-I"$root/include" -w \
    -Wl,--gc-sections "$root/test/long/cross_main.c" $sources -lm \
    -o "$work/$1" 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
  for operator in gemm conv2d; do
    "$VTAC" $operator -o "$work/$operator.o" --target "$1"
    mkdir -p "$work/$operator"
    "$cross_data" $operator "$work/$operator"
    "$VTAC" $operator --quiet --stats text |
      sed -n 's/^ *\([a-z_]*\) *: *\([0-9]*\)$/\1 \2/p' >"$work/want"
    for board in '' "$EMULATOR"; do
      # shellcheck disable=SC2086
      $board $3 "$work/$1" "$work/$operator.o" "$work/$operator/input0" \
        "$work/$operator/input1" "$work/$operator/expected" >"$work/counters"
      diff "$work/want" "$work/counters"
    done
    echo "$1 $operator: right, on the simulator and on the board"
  done
}

cross_data=$1
run armv7 arm-linux-gnueabihf-gcc qemu-arm -static
run aarch64 aarch64-linux-gnu-gcc qemu-aarch64 -static
# Here the machine's own compiler links objects, and the loader loads them.
CC=riscv64-linux-gnu-gcc
export CC
run riscv64 $CC 'qemu-riscv64 -L /usr/riscv64-linux-gnu' \
  '-Wl,--export-dynamic-symbol=VTA*'
