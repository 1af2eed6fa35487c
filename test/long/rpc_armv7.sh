#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Both seed workloads as on a Pynq: sent from here to a server that was built
# for armv7 and runs under qemu-user, which has neither Landlock nor seccomp.
# usage: rpc_armv7.sh CROSS_DATA RPC_FLOW
#        (the command is $VTAC; $VTAC_LONG asks for it)
set -eu

[ -n "${VTAC_LONG:-}" ] || exit 0
root=$(cd ../ && pwd)
work=$(mktemp -d)
server=
trap 'kill $server 2>/dev/null || :; wait; rm -rf "$work"' EXIT

for tool in arm-linux-gnueabihf-gcc qemu-arm; do
  command -v "$tool" >/dev/null || { echo "$tool is missing" >&2; exit 1; }
done

# Of jansson the server reads configurations with (flat_json.c does it here),
# trackers' messages, and of Nettle secrets, which are not used here.
mkdir "$work/include"
for header in jansson.h jansson_config.h; do
  find /usr/include -name "$header" -exec cp {} "$work/include" \; -quit
done
cp -r /usr/include/nettle "$work/include/"
sources=
for module in base hw ir native csource elf device fsim tsim board runtime rpc; do
  sources="$sources $(echo "$root/src/$module"/*.c)"
done
# shellcheck disable=SC2086
arm-linux-gnueabihf-gcc -std=gnu11 -O2 -ffunction-sections -fdata-sections \
  -static -D_GNU_SOURCE -DVTAC_BIN_TO_LIB='"../lib"' -I"$work/include" \
  -I"$root/include" -I"$root/src" -Wa,-I"$root/include" -w \
  -Wl,--gc-sections -Wl,--unresolved-symbols=ignore-all \
  "$root/test/long/rpc_main.c" "$root/test/long/flat_json.c" $sources -lm \
  -o "$work/server" 2>"$work/log" || { cat "$work/log" >&2; exit 1; }

: >"$work/server.log" # looked at, perhaps, before the server has it open
TMPDIR=$work qemu-arm "$work/server" 2>"$work/server.log" &
server=$!
port=
for _ in $(seq 200); do
  port=$(sed -n 's/.*event=listening.* port=\([0-9]*\).*/\1/p' \
    "$work/server.log")
  [ -z "$port" ] || break
  sleep 0.05
done
grep -q 'event=sandbox-gap' "$work/server.log"

for operator in gemm conv2d; do
  mkdir "$work/$operator"
  "$VTAC" $operator -o "$work/$operator.o" --target armv7
  "$1" $operator "$work/$operator"
  "$2" "$port" "$work/$operator.o" "$work/$operator/input0" \
    "$work/$operator/input1" "$work/$operator/expected" >"$work/counters"
  "$VTAC" $operator --quiet --stats text |
    sed -n 's/^ *\([a-z_]*\) *: *\([0-9]*\)$/\1 \2/p' >"$work/want"
  diff "$work/want" "$work/counters"
  "$VTAC" $operator --rpc "127.0.0.1:$port" --target armv7 >"$work/there"
  "$VTAC" $operator >"$work/here"
  diff "$work/here" "$work/there"
  echo "armv7 $operator over RPC: right"
done

kill -TERM "$server"
wait "$server"
server=
grep -q 'event=session-end.*reason=done' "$work/server.log"
test -z "$(find "$work" -name 'vtac-rpc-*')"
