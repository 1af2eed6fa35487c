#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Both seed workloads over RPC on a board, which is emulated: what a board's
# server does all day.  The commands are $VTAC and $EMULATOR.
# usage: board_rpc.sh            all of it
#        board_rpc.sh works|hangs   one server, beside an emulated board
set -eu

if [ $# = 0 ]; then
  # Without a code generator there is nothing to upload.
  "$VTAC" gemm -o /nonexistent/gemm.o 2>&1 | grep -q no-codegen && exit 0
  "$EMULATOR" sh "$0" works
  "$EMULATOR" --cache sync sh "$0" works
  "$EMULATOR" --hang 1 --timeout 2000 sh "$0" hangs
  exit
fi

work=$(mktemp -d)
"$VTAC" rpc-server --port 0 --work-dir "$work" \
  --board "$EMULATED_BOARD/board.json" 2>"$work/server" &
server=$!
trap 'kill $server; wait $server || :; rm -rf "$work"' EXIT
tries=0
until port=$(sed -n 's/.*event=listening.* port=\([0-9]*\).*/\1/p' \
  "$work/server") && [ -n "$port" ]; do
  tries=$((tries + 1))
  [ $tries -lt 500 ] || { cat "$work/server"; exit 1; }
  sleep 0.02
done

# same COMMAND: prints there what it prints here.
same() {
  "$VTAC" "$1" >"$work/here"
  "$VTAC" "$1" --rpc "127.0.0.1:$port" >"$work/there"
  diff "$work/here" "$work/there"
}

if [ "$1" = works ]; then
  same gemm
  same conv2d
  same gemm
  exit
fi

# A run that hangs fails for its client alone: the session, which may open
# nothing any more, resets the board, and the next client gets a right result.
"$VTAC" gemm --rpc "127.0.0.1:$port" >/dev/null 2>"$work/error" && exit 1
if ! grep -q 'has not finished .* after 2000 ms: fetch is busy' "$work/error" ||
  ! grep -q 'it was reset' "$work/error"; then
  cat "$work/error"
  exit 1
fi
same gemm
