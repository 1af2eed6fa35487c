#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A saved object keeps the packed-function ABI of TVM 0.9: its symbols, its
# calls of the accelerator's runtime one by one, and its argument checks with
# their texts.  A program that shares no code with vtac plays the stock runtime.
# (the command is $VTAC)
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc=${CC:-cc}

"$VTAC" gemm --in 32 --out 32 --tile 1,32,32 -o "$work/gemm.o" \
  2>"$work/why" || {
  grep -q no-codegen "$work/why" && exit 0 # built without LLVM
  cat "$work/why" >&2
  exit 1
}
"$VTAC" gemm --in 32 --out 32 --tile 1,32,32 -o "$work/gemm.c"

# ---- Symbols ----------------------------------------------------------------

nm "$work/gemm.o" | sed 's/^[0-9a-f]* *//' | grep -v ' \.L' | sort >"$work/have"
sort >"$work/want" <<'END'
U VTADepPop
U VTADepPush
U VTALoadBuffer2D
U VTAPushALUOp
U VTAPushGEMMOp
U VTAStoreBuffer2D
U VTASynchronize
U VTATLSCommandHandle
U VTAUopLoopBegin
U VTAUopLoopEnd
U VTAUopPush
V __TVMAPISetLastError
V __TVMBackendGetFuncFromEnv
V __TVMFuncCall
V __tvm_main__
V __tvm_module_ctx
V __vtac_module_my_gemm
T my_gemm
b .tvm_func.__tvm_set_device
t my_gemm_compute_
END
diff -u "$work/want" "$work/have"

# ---- Calls and checks -------------------------------------------------------

for module in o c; do
  "$cc" -std=c11 -I../include e2e/data/stock_runtime.c "$work/gemm.$module" \
    -o "$work/stock" || exit 1
  "$work/stock" >"$work/calls"
  diff -u e2e/data/stock_calls.txt "$work/calls"
done
