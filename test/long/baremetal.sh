#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The bare-metal example builds, leaves nothing undefined, and runs: a Zynq out
# of reset under qemu, whose memory the emulated board shares.  Its result is
# right by its own processor's computation, and its stream is the runtime's but
# for addresses.  So is the result of a kernel with a stage of the host's.
# (the commands are $VTAC and $EMULATOR; $VTAC_LONG asks for it)
# usage: baremetal.sh HOST_STAGE      all of it
#        baremetal.sh run DIR NAME    the machine, beside an emulated board
set -eu

[ -n "${VTAC_LONG:-}" ] || exit 0

if [ "${1-}" = run ]; then
  work=$2
  name=$3
  timeout 60 qemu-system-arm -M xilinx-zynq-a9 -m 1100M -kernel "$work/$name.elf" \
    -object memory-backend-file,id=ram,size=1100M,share=on,mem-path="$EMULATED_BOARD/dev/mem" \
    -machine memory-backend=ram -semihosting -nographic -serial none \
    -monitor none </dev/null >"$work/told" 2>&1
  # The fetch unit's registers say where the last stream lies.
  # shellcheck disable=SC2046
  set -- $(od -A n -t u4 -j $((0x43C00010)) -N 12 "$EMULATED_BOARD/dev/mem")
  dd if="$EMULATED_BOARD/dev/mem" of="$work/stream" bs=16 skip=$(($3 / 16)) \
    count="$1" 2>/dev/null
  grep -c '^run' "$EMULATED_BOARD/log" >"$work/runs"
  exit
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp ../examples/baremetal/* "$work"
cp long/baremetal_main.c "$work"
"$1" "$work/host_stage.c"

# start NAME RUNS MAIN: the program does so many runs and says they are right.
start() {
  make -s -C "$work" "$1.elf" MAIN="$3" VTAC="$VTAC" CFLAGS=-DSEMIHOSTING \
    INCLUDE="$(cd .. && pwd)/include"
  test -z "$(arm-none-eabi-nm -u "$work/$1.elf")"
  "$EMULATOR" --in-mem sh "$0" run "$work" "$1" || { cat "$work/told"; exit 1; }
  test "$(cat "$work/told")" = 'the result is right' ||
    { cat "$work/told"; exit 1; }
  test "$(cat "$work/runs")" = "$2"
}

start host_stage 3 baremetal_main.c
start gemm 2 main.c

"$VTAC" gemm --in 64 --out 64 --tile 1,64,64 --quiet --emit insns-bin \
  -o "$work/expected"
for stream in stream expected; do
  "$VTAC" disasm "$work/$stream" | sed 's/ dram_base=[^ ]*//' \
    >"$work/$stream.s"
done
diff "$work/expected.s" "$work/stream.s"
