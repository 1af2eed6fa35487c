#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The instruction tools on recorded streams: every stream comes back from its
# text, verifies where its program is sound, and takes the cycles that a
# netlist counts.  Runs in the folder test; the command is $VTAC.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
status=0
wrong() {
  echo "$*"
  status=1
}

# cycles STREAM OPTIONS...
cycles() {
  "$VTAC" stream run "$@" --stats json |
    sed -n 's/^.*"stats": {.*"cycles": \([0-9]*\)}}$/\1/p'
}

# round_trip STREAM
round_trip() {
  "$VTAC" disasm "$1" | "$VTAC" asm - -o "$folder/again"
  cmp "$1" "$folder/again" || wrong "$name: other bytes after disasm and asm"
}

# ---- The recorded streams ---------------------------------------------------

count=0
sed -n 's/^"\(name\|cycles\|instructions\)": "\{0,1\}\([^"]*[^",]\)"\{0,1\},\{0,1\}$/\2/p' \
  golden/timing/streams.json >"$folder/rows"
while read -r name && read -r want && read -r text; do
  count=$((count + 1))
  echo "$text" | base64 -d >"$folder/stream"
  round_trip "$folder/stream"
  have=$(cycles "$folder/stream" --sim tsim --no-verify)
  test "$have" = "$want" || wrong "$name: '$have' cycles, not $want"
  case $name in
    random* | seed*) have=$(cycles "$folder/stream" --timing-only)
      test "$have" = "$want" || wrong "$name: '$have' cycles alone" ;;
  esac
  case $name in
    random*) ;; # they race
    *) "$VTAC" stream verify "$folder/stream" >/dev/null ||
      wrong "$name: not verified" ;;
  esac
done <"$folder/rows"
test $count = 159 || wrong "$count streams, not 159"

name=resnet18_c2
gzip -dc golden/timing/resnet18_c2.bin.gz >"$folder/stream"
round_trip "$folder/stream"
have=$(cycles "$folder/stream" --timing-only)
test "$have" = 19558608 || wrong "$name: '$have' cycles"

# ---- A kernel's own stream --------------------------------------------------

name=gemm
"$VTAC" gemm --emit insns-bin -o "$folder/stream" --no-run
round_trip "$folder/stream"
have=$(cycles "$folder/stream" --sim tsim)
test "$have" = 137738 || wrong "$name: '$have' cycles"
"$VTAC" gemm --emit insns-bin --output "$folder/again" --quiet
cmp "$folder/stream" "$folder/again" || wrong "$name: running changes it"

# ---- Memory -----------------------------------------------------------------

printf '\001\000\000\000' >"$folder/one"
printf '\000\000\000\000' >"$folder/uop"
"$VTAC" asm - -o "$folder/stream" <<'END'
load.uop dram_base=0xc00 y_size=1 x_size=1 x_stride=1
load.acc dram_base=0x80 y_size=1 x_size=1 x_stride=1
alu.add push_next_dep uop_end=1 iter_out=1 iter_in=1 use_imm imm=64
store.out pop_prev_dep push_prev_dep dram_base=0x400 y_size=1 x_size=1 x_stride=1
finish pop_next_dep
END
"$VTAC" stream run "$folder/stream" --dram "$folder/one@0x2000" \
  --dram "$folder/uop@12288" --dump "$folder/out@0x4000+3" >/dev/null
test "$(cat "$folder/out")" = 'A@@' || wrong "the dump holds other bytes"

# ---- What a board would store otherwise -------------------------------------

# verified OPTIONS...: what verify says of the stream with an ALU, and without
verified() {
  "$VTAC" stream verify "$folder/stream" "$@"
  "$VTAC" disasm "$folder/stream" | sed '/^alu/d; s/^load.acc/& push_next_dep/' |
    "$VTAC" asm - | "$VTAC" stream verify - "$@"
}
verified --dram "$folder/uop@12288" >"$folder/said"
test "$(grep -c 'instructions are right' "$folder/said")" = 2 &&
  test "$(grep -c 'loaded or reset, first instruction 2;' "$folder/said")" = 1 ||
  wrong "a store of what was only loaded: $(cat "$folder/said")"

exit $status
