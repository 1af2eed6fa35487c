#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A board over RPC, which is emulated: the session has given up its rights when
# it runs, and still reaches the board; programming is another matter.
# The commands are $VTAC and $EMULATOR.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$VTAC" gemm -o "$folder/gemm.o" 2>"$folder/error" || {
  grep -q no-codegen "$folder/error"
  exit 0
}

# What runs beside the emulated board: a server of it and its clients.
cat >"$folder/script" <<'EOF'
set -eu
"$VTAC" rpc-server --port 0 --work-dir "$1" \
  --board "$EMULATED_BOARD/board.json" 2>"$1/log" &
server=$!
trap 'kill $server 2>/dev/null || :; wait' EXIT
port=
for _ in $(seq 200); do
  port=$(sed -n 's/.*event=listening.* port=\([0-9]*\).*/\1/p' "$1/log")
  [ -z "$port" ] || break
  sleep 0.05
done
for operator in gemm conv2d; do
  # Some boards count cycles, too.
  "$VTAC" $operator --rpc "127.0.0.1:$port" |
    grep -v 'cycle_count\|utilisation' >"$1/there"
  "$VTAC" $operator >"$1/here"
  diff "$1/here" "$1/there"
done
# Two clients at once: one waits, for a board is one device.
"$VTAC" gemm --rpc "127.0.0.1:$port" --quiet &
"$VTAC" gemm --rpc "127.0.0.1:$port" --quiet
wait $!
grep -c '^run' "$EMULATED_BOARD/log" >"$1/runs"
EOF

for board in '' '--cache sync' '--chisel'; do
  # shellcheck disable=SC2086
  "$EMULATOR" $board sh "$folder/script" "$folder" ||
    { cat "$folder/log" >&2; exit 1; }
  [ "$(cat "$folder/runs")" = 4 ]
done
