#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Both seed workloads by the evaluator, as native code in the process, and
# saved as an object, a shared library and C: right each time, with the same
# counters, and refused on another accelerator.  The command is $VTAC.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
status=0

# expect COUNTERS ARGUMENTS...: what the command says of its run.
expect() {
  want=$1
  shift
  have=$("$VTAC" "$@" --stats json) || status=1
  case $have in
    *'"right": true'*"\"stats\": {$want}"*) ;;
    *) echo "vtac $*: $have, not $want"; status=1 ;;
  esac
}

every_way() { # OPERATOR COUNTERS
  expect "$2" "$1"
  if ! "$VTAC" "$1" --exec native --quiet >"$folder/log" 2>&1; then
    grep -q 'no-codegen' "$folder/log" || { cat "$folder/log"; status=1; }
    echo "no code generator: the evaluator and C only"
    "$VTAC" "$1" --no-run --quiet -o "$folder/$1.c"
    expect "$2" run "$folder/$1.c"
    return
  fi
  expect "$2" "$1" --exec native
  for suffix in o so c; do
    "$VTAC" "$1" --no-run --quiet -o "$folder/$1.$suffix"
    expect "$2" run "$folder/$1.$suffix"
    expect "$2" "$1" --load "$folder/$1.$suffix"
  done
  "$VTAC" config --format json |
    sed 's/"LOG_ACC_BUFF_SIZE": 17/"LOG_ACC_BUFF_SIZE": 18/' \
      >"$folder/other.json"
  if "$VTAC" run "$folder/$1.o" --config "$folder/other.json" \
    >"$folder/log" 2>&1; then
    echo "$1.o runs on another accelerator"
    status=1
  fi
  grep -q LOG_ACC_BUFF_SIZE "$folder/log" || { cat "$folder/log"; status=1; }
}

every_way gemm "$(printf '%s' \
  '"inp_load_nbytes": 4096, "wgt_load_nbytes": 1048576, ' \
  '"acc_load_nbytes": 0, "uop_load_nbytes": 20, "out_store_nbytes": 1024, ' \
  '"gemm_counter": 4096, "alu_counter": 192')"
every_way conv2d "$(printf '%s' \
  '"inp_load_nbytes": 114688, "wgt_load_nbytes": 1179648, ' \
  '"acc_load_nbytes": 0, "uop_load_nbytes": 1144, "out_store_nbytes": 50176, ' \
  '"gemm_counter": 451584, "alu_counter": 9408')"
exit $status
