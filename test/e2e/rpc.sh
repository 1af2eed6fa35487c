#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The command as a server, as a tracker and as their client: both seed workloads
# run in another process, with the counters they have at home.
set -eu

work=$(mktemp -d)
pids=
# Says what was logged if the test fails.
finish() {
  status=$?
  # shellcheck disable=SC2086
  kill $pids 2>/dev/null || :
  wait
  [ $status -eq 0 ] || tail -n 20 "$work"/*
  rm -rf "$work"
}
trap finish EXIT

# start LOG COMMAND…: in the background; sets $port when it listens.
start() {
  log=$1
  shift
  : >"$work/$log" # the shell may look before the server has it open
  "$VTAC" "$@" --port 0 2>"$work/$log" &
  pids="$pids $!"
  last=$!
  for _ in $(seq 200); do
    port=$(sed -n 's/.*event=listening.* port=\([0-9]*\).*/\1/p' "$work/$log")
    [ -z "$port" ] || return 0
    sleep 0.05
  done
  cat "$work/$log" >&2
  exit 1
}

# same ARGUMENTS…: what a workload prints here and there.
same() {
  operator=$1
  shift
  "$VTAC" "$operator" >"$work/here"
  "$VTAC" "$operator" "$@" >"$work/there"
  diff "$work/here" "$work/there"
}

fails() {
  "$VTAC" gemm --quiet "$@" >"$work/out" 2>&1 && {
    echo "gemm $* should have failed" >&2
    exit 1
  }
  return 0
}

# Without a code generator there is nothing to upload.
if ! "$VTAC" gemm -o "$work/gemm.o" 2>"$work/err"; then
  grep -q no-codegen "$work/err"
  exit 0
fi

start server rpc-server --work-dir "$work"
same gemm --rpc "127.0.0.1:$port"
same conv2d --rpc "127.0.0.1:$port"
"$VTAC" gemm --rpc "127.0.0.1:$port" --load "$work/gemm.o" --quiet
"$VTAC" run "$work/gemm.o" --rpc "127.0.0.1:$port" --quiet
fails --rpc "127.0.0.1:$port" --rpc-key other
kill -TERM "$last"
wait "$last"
grep -q 'event=session-end.*reason=done.*exceptions=0' "$work/server"
test -z "$(find "$work" -name 'vtac-rpc-*')"

# The timing simulator, in JSON logs.
: >"$work/json"
"$VTAC" rpc-server --port 0 --sim tsim --log-format json 2>"$work/json" &
pids="$pids $!"
for _ in $(seq 200); do
  port=$(sed -n 's/.*"event": "listening".*"port": \([0-9]*\).*/\1/p' \
    "$work/json")
  [ -z "$port" ] || break
  sleep 0.05
done
"$VTAC" gemm --sim tsim >"$work/here"
"$VTAC" gemm --rpc "127.0.0.1:$port" >"$work/there"
diff "$work/here" "$work/there"

# A secret is asked for, and proved by both.
printf 'a secret of many words\n' >"$work/secret"
start guarded rpc-server --work-dir "$work" --secret-file "$work/secret"
same gemm --rpc "127.0.0.1:$port" --rpc-secret-file "$work/secret"
fails --rpc "127.0.0.1:$port"
printf 'another secret of many words\n' >"$work/wrong"
fails --rpc "127.0.0.1:$port" --rpc-secret-file "$work/wrong"
grep -q 'proof of the secret is wrong' "$work/guarded"

# By way of a tracker.
start tracker rpc-tracker
tracker=$port
start board rpc-server --work-dir "$work" --key board \
  --tracker "127.0.0.1:$tracker"
for _ in $(seq 4); do
  same gemm --rpc-tracker "127.0.0.1:$tracker" --rpc-key board
done
"$VTAC" rpc-query --tracker "127.0.0.1:$tracker" >"$work/query"
grep -q board "$work/query"
# Its key is the tracker's to give.
fails --rpc "127.0.0.1:$port" --rpc-key board
kill -TERM "$last"
wait "$last"
"$VTAC" rpc-query --tracker "127.0.0.1:$tracker" >"$work/query"
if grep -q "127.0.0.1.*$port" "$work/query"; then
  echo 'the tracker still knows a server that has ended' >&2
  exit 1
fi
