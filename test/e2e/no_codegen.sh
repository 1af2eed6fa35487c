#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Without the code generator everything works but what needs it, which says so.
# (the command is $VTAC)
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export VTAC_CODEGEN="$work/none.so"

# refused ARGUMENTS...: the command fails for want of the code generator.
refused() {
  status=0
  "$VTAC" "$@" >"$work/out" 2>&1 || status=$?
  if [ $status != 4 ] || ! grep -q 'no-codegen' "$work/out" ||
    ! grep -q 'help: .*VTAC_CODEGEN' "$work/out"; then
    echo "vtac $*: status $status"
    cat "$work/out"
    exit 1
  fi
}

for operator in gemm conv2d; do
  "$VTAC" $operator | grep -q '^Successful'
  refused $operator --exec native
  for suffix in o so; do
    refused $operator -o "$work/$operator.$suffix"
    test ! -e "$work/$operator.$suffix"
  done
  "$VTAC" $operator --emit c --no-run | grep -q '"vtac/kernel.h"'
  "$VTAC" $operator -o "$work/$operator.c"
  "$VTAC" run "$work/$operator.c" | grep -q '^Successful'
done
