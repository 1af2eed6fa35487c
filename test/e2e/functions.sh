#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Files that hold several functions: kernels of vtac linked into one, and those
# of other compilers.  Each is listed and run by name.  (the command is $VTAC)
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc=${CC:-cc}
status=0

# refused TEXT ARGUMENTS...: the command fails and says so.
refused() {
  text=$1
  shift
  if "$VTAC" "$@" >"$work/out" 2>&1; then
    echo "vtac $*: not refused"
    status=1
  elif ! grep -q -e "$text" "$work/out"; then
    echo "vtac $*: does not say '$text'"
    cat "$work/out"
    status=1
  fi
}

# same FILE: standard input is what the file holds.
same() { diff -u "$1" - || status=1; }

# ---- Kernels of vtac --------------------------------------------------------

"$VTAC" gemm --in 32 --out 32 --tile 1,32,32 -o "$work/gemm.c"
"$VTAC" add --channels 16 --size 4x4 -o "$work/add.c"
for kernel in gemm add; do
  "$cc" -std=c99 -O1 -fPIC -I../include -c "$work/$kernel.c" \
    -o "$work/$kernel.o"
done
ld -r "$work/gemm.o" "$work/add.o" -o "$work/both.o"
"$cc" -shared "$work/gemm.o" "$work/add.o" -o "$work/both.so"
cat >"$work/want" <<'END'
my_gemm, the main one, by 'vtac gemm --in 32 --out 32 --tile 1,32,32'
  data     int8    [1, 2, 1, 16]
  weight   int8    [2, 2, 16, 16]
  res      int8    [1, 2, 1, 16], written
END
for suffix in o so; do
  both=$work/both.$suffix
  "$VTAC" run "$both" --list | grep -A 3 '^my_gemm' | same "$work/want"
  "$VTAC" run --list "$both" --stats json |
    grep -q '"name": "my_add", "main": false, "origin": "add --channels' ||
    status=1
  "$VTAC" run "$both" | grep -q 'Successful blocked matrix multiply test!' ||
    status=1
  "$VTAC" run "$both" --function my_add | grep -q Successful || status=1
  "$VTAC" add --channels 16 --size 4x4 --load "$both" --function=my_add |
    grep -q Successful || status=1
  refused "has no function 'my_div'; it has my_" run "$both" --function my_div
  refused "has no function 'my_gemm_run'" run "$both" --function my_gemm_run
done
refused '.--function needs --load FILE' gemm --function my_gemm

# ---- Those of others --------------------------------------------------------

build() { # FILE OPTIONS...
  file=$1
  shift
  "$cc" -std=gnu11 -O1 -fPIC -I../include "$@" e2e/data/functions.c -o "$file"
}
build "$work/two.o" -c
build "$work/two.so" -shared -lm
for suffix in o so; do
  two=$work/two.$suffix
  "$VTAC" run "$two" --list --stats json >"$work/list"
  for name in add_one negate; do
    grep -q "\"name\": \"$name\", \"main\": false" "$work/list" || status=1
    "$VTAC" run "$two" --function $name --arg int32:8 --arg=int32:8 --stats json |
      grep -q '"gemm_counter": 0' || status=1
  done
  refused 'holds several functions' run "$two"
  refused 'two tensors in host memory' run "$two" --function negate
  refused 'has no function' run "$two" --function floor
  refused 'Task 1 error: the second task' run "$two" --function parallel
  refused 'no TYPE:AxBxC' run "$two" --function negate --arg int32
  refused 'no TYPE:AxBxC' run "$two" --function negate --arg int32:3x
  refused "which command '--in'" run "$two" --function negate --in 3
done

# Libraries that bring modules of other kinds.
build "$work/lib.so" -shared -lm -DBLOB='"_lib"'
"$VTAC" run "$work/lib.so" --list | grep -q negate || status=1
build "$work/graph.so" -shared -lm -DBLOB='"GraphExecutorFactory"'
refused "a module of kind 'GraphExecutorFactory'" run "$work/graph.so"
exit $status
