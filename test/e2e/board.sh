#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The two seed workloads through boards, which are emulated: verified, with the
# counters of the simulator; and what the command says when a board fails.
# The commands are $VTAC and $EMULATOR; $FAKE_CMA is a CMA library.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
status=0
complain() { echo "$*"; status=1; }

# The counters of gemm and conv2d, as the reference counts them.
gemm='4096 1048576 0 20 1024 4096 192'
conv2d='114688 1179648 0 1144 50176 451584 9408'

# on OPTIONS-OF-THE-BOARD -- OPTIONS-OF-VTAC
on() {
  options=
  while [ "$1" != -- ]; do
    options="$options $1"
    shift
  done
  shift
  # shellcheck disable=SC2086,SC2016
  "$EMULATOR" $options sh -c \
    '"$VTAC" "$@" --board "$EMULATED_BOARD/board.json"; s=$?
     cp "$EMULATED_BOARD/log" '"$folder"'; exit $s' sh "$@"
}

# expect COUNTERS RUNS LAST-LINE BOARD... -- VTAC...
expect() {
  want=$1 runs=$2 last=$3
  shift 3
  on "$@" >"$folder/out" || complain "$*: exit status $?"
  have=$(sed -n 's/^ *[a-z]*_[a-z_]* *: *//p' "$folder/out" | head -7 |
    tr '\n' ' ')
  [ "$have" = "$want " ] || complain "$*: counters '$have', not '$want'"
  [ "$(tail -n 1 "$folder/out")" = "$last" ] || complain "$*: not verified"
  [ "$(grep -c '^run' "$folder/log")" = "$runs" ] ||
    complain "$*: the board ran $(grep -c '^run' "$folder/log") streams"
}

right_gemm='Successful blocked matrix multiply test!'
right_conv2d='Successful 2D convolution test!'
for board in '' '--cache sync' '--cache off' '--chisel' \
  '--chisel --cache sync' "--cache sync --dma $FAKE_CMA"; do
  # shellcheck disable=SC2086
  expect "$gemm" 1 "$right_gemm" $board -- gemm
  # shellcheck disable=SC2086
  expect "$conv2d" 1 "$right_conv2d" $board -- conv2d
done

# Native code and saved modules run there as well, where there are any.
if "$VTAC" gemm -o "$folder/gemm.o" 2>"$folder/error"; then
  expect "$gemm" 1 "$right_gemm" -- gemm --exec native
  expect "$gemm" 1 "$right_gemm" -- run "$folder/gemm.o"
else
  grep -q no-codegen "$folder/error" || complain "$(cat "$folder/error")"
fi

# Where the hardware counts cycles, they are its own.
on --chisel -- gemm --stats json | grep -q '"cycles": 1420}' ||
  complain 'no cycles of the board'

# A run that does not end: a message, exit status 4, and a reset.
on --hang 1 --timeout 100 -- gemm >/dev/null 2>"$folder/error" &&
  complain 'a hanging board passes'
[ "$(on --hang 1 --timeout 100 -- gemm 2>/dev/null || echo $?)" = 4 ] ||
  complain 'a hanging board: not exit status 4'
grep -q 'has not finished 142 instructions after 100 ms: fetch is busy' \
  "$folder/error" || complain "$(cat "$folder/error")"
grep -q 'it was reset' "$folder/error" || complain 'no reset'
[ "$(tail -n 1 "$folder/log")" = reset ] || complain 'the board saw no reset'

# The board's own command.
# shellcheck disable=SC2016
"$EMULATOR" sh -c '"$VTAC" board --board "$EMULATED_BOARD/board.json" \
  --registers' >"$folder/registers"
[ "$(wc -l <"$folder/registers")" = 12 ] || complain 'twelve registers'
grep -q '^0000  fetch    FETCH_CONTROL    0x00000004' "$folder/registers" ||
  complain "$(cat "$folder/registers")"
"$VTAC" board --board pynq >"$folder/pynq.json"
"$VTAC" board --board "$folder/pynq.json" | diff "$folder/pynq.json" - ||
  complain 'a printed description is not read back'
exit $status
