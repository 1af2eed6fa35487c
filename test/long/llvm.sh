#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The code generator with every LLVM that is installed, from the oldest that is
# supported on: the seed workloads each way, and the ABI of what is saved.  And
# a build without any.
# (the command is $VTAC; $VTAC_LONG asks for it)
set -eu

[ -n "${VTAC_LONG:-}" ] || exit 0
root=$(cd .. && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# build LLVM TARGET: in $work/LLVM
build() {
  cmake -S "$root" -B "$work/$1" -DVTAC_LLVM="$1" -DBUILD_TESTING=OFF \
    >"$work/log" &&
    cmake --build "$work/$1" -j "$(nproc)" --target "$2" >>"$work/log" 2>&1 || {
    tail -n 30 "$work/log"
    exit 1
  }
}

for major in 15 16 17 18 19; do
  command -v llvm-config-$major >/dev/null || continue
  build $major vtac_codegen
  VTAC_CODEGEN=$(find "$work/$major" -name libvtac-codegen.so)
  export VTAC_CODEGEN
  # Were it not found, the tests would do without it.
  "$VTAC" gemm --exec native --quiet
  sh e2e/seeds_saved.sh
  sh e2e/codegen_stock.sh
  for target in armv7 aarch64 riscv64; do
    "$VTAC" conv2d -o "$work/conv2d.o" --target $target
    "$VTAC" run "$work/conv2d.o" --list >/dev/null
  done
  echo "LLVM $major: right"
done

build OFF vtac_command
unset VTAC_CODEGEN
VTAC=$work/OFF/vtac sh e2e/no_codegen.sh
echo 'without LLVM: right'
