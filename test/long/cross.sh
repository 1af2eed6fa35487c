#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Both seed workloads on other machines, under qemu-user, by a library that was
# built for them: as objects that were compiled here, on its simulator and on an
# emulated board by its driver; and declared, lowered and evaluated there, with
# the text that comes of it here.  And objects of other compilers.
# usage: cross.sh CROSS_DATA HOST_DIVIDE
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

# All modules but those that need libraries of their own.
modules=$(sed -n 's/^\([a-z]*\):.*/\1/p' "$root/layers.txt" |
  grep -v -x -e codegen -e rpc -e cli)

# build TARGET COMPILER: makes $work/TARGET of test/long/cross_main.c.
build() {
  mkdir "$work/$1.objects"
  {
    printf '%s\n' "$root/test/long/cross_main.c" "$root/test/support/seeds.c"
    for module in $modules; do printf '%s\n' "$root/src/$module"/*.c; done
  } | (
    cd "$work/$1.objects"
    nl -n ln | xargs -n 2 -P "$(nproc)" sh -c '"$0" -std=gnu11 -O1 -w \
      -ffunction-sections -fdata-sections -D_GNU_SOURCE \
      -DVTAC_BIN_TO_LIB="\"../lib\"" -I"$1/include" -I"$2/include" -I"$2/src" \
      -I"$2/test" \
      -Wa,-I"$2/include" -Wa,-I"$2/src/report" -c "$4" -o "$3.o"' \
      "$2" "$work" "$root"
  ) || return
  "$2" -static -Wl,--gc-sections "$work/$1.objects"/*.o -lm -o "$work/$1"
}

# run TARGET COMPILER QEMU COMPILER-OF-OBJECTS CLANG-TARGET
run() {
  command -v "$2" >/dev/null && command -v "$3" >/dev/null || {
    echo "$1: $2 or $3 is missing" >&2
    exit 1
  }
  build "$1" "$2" 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
  for operator in gemm conv2d; do
    "$VTAC" $operator -o "$work/$operator.o" --target "$1"
    mkdir -p "$work/$operator"
    "$cross_data" $operator "$work/$operator"
    data="$work/$operator/input0 $work/$operator/input1
      $work/$operator/expected"
    "$VTAC" $operator --quiet --stats text |
      sed -n 's/^ *\([a-z_]*\) *: *\([0-9]*\)$/\1 \2/p' >"$work/want"
    for board in '' "$EMULATOR"; do
      # shellcheck disable=SC2086
      $board "$3" "$work/$1" "$work/$operator.o" $data >"$work/counters"
      diff "$work/want" "$work/counters"
    done
    # shellcheck disable=SC2086
    "$3" "$work/$1" $operator $data "$work/text" >"$work/counters"
    diff "$work/want" "$work/counters"
    "$VTAC" $operator --no-run --quiet --emit vta | diff - "$work/text"
    echo "$1 $operator: right as object, on the board, and evaluated"
  done
  mkdir "$work/$1.divide"
  "$host_divide" "$work/$1.divide" "$1"
  "$3" "$work/$1" "$work/$1.divide/divide.o" "$work/$1.divide/input0" \
    "$work/$1.divide/input1" "$work/$1.divide/expected" >"$work/counters"
  for options in -O0 -O2 '-O2 -ffunction-sections -fdata-sections'; do
    for compiler in "$4" "clang --target=$5 -ffreestanding"; do
      # shellcheck disable=SC2086
      $compiler $options -fPIC -fno-stack-protector -c \
        "$root/test/long/relocations.c" -o "$work/relocations.o"
      "$3" "$work/$1" "$work/relocations.o"
    done
  done
  echo "$1: objects of C compilers are right"
}

cross_data=$1
host_divide=$2
run armv7 arm-linux-gnueabihf-gcc qemu-arm 'arm-linux-gnueabihf-gcc -marm' \
  armv7-linux-gnueabihf
run aarch64 aarch64-linux-gnu-gcc qemu-aarch64 aarch64-linux-gnu-gcc \
  aarch64-linux-gnu
run riscv64 riscv64-linux-gnu-gcc qemu-riscv64 riscv64-linux-gnu-gcc \
  'riscv64-linux-gnu -march=rv64gc'
