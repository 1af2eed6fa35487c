#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# vtac step by scripts: breakpoints, what is printed, recorded streams to their
# ends, and what is refused.  Runs in the folder test; the command is $VTAC.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
status=0
wrong() {
  echo "$*"
  status=1
}

# step STATUS ARGUMENTS...: the script comes from standard input.
step() {
  want=$1
  shift
  have=0
  "$VTAC" step "$@" >"$folder/out" 2>"$folder/err" || have=$?
  test $have = "$want" || wrong "vtac step $*: status $have, not $want"
}
# prints LINE: a line that the last step printed.
prints() {
  grep -qx -e "$1" "$folder/out" || {
    wrong "no line '$1' in:"
    cat "$folder/out" "$folder/err"
  }
}
complains() {
  grep -q -e "$1" "$folder/err" || wrong "'$1' is not what was complained of"
}

# Adds 5 to a tile of accumulators at 0x2000 and stores it at 0x4000.
cat >"$folder/add.s" <<'S'
load.uop dram_base=0xc00 y_size=1 x_size=1 x_stride=1
load.acc dram_base=0x80 y_size=1 x_size=1 x_stride=1
alu.add push_next_dep uop_end=1 iter_out=1 iter_in=1 use_imm imm=5
store.out pop_prev_dep push_prev_dep dram_base=0x400 y_size=1 x_size=1 x_stride=1
finish pop_next_dep
S
"$VTAC" asm "$folder/add.s" -o "$folder/add.bin"
head -c 64 /dev/zero | tr '\0' '\1' >"$folder/sums"
head -c 4 /dev/zero >"$folder/uop"

# ---- Going on and looking ---------------------------------------------------

step 0 "$folder/add.bin" --dram "$folder/sums@0x2000" \
  --dram "$folder/uop@0x3000" <<'S'
break acc 0 write
break store
break dram 0x4000..0x400f read
breakpoints
continue
next
print acc 0..1
tokens
queues
continue
print acc 0
next
print dram 0x4000..0x4007
print dram 0x4000..0x4007 int32
tokens
where
continue
counters
S
prints 'breakpoint 1: acc 0..0 write'
prints 'breakpoint 3: dram 0x4000..0x400f read'
prints 'acc\[0\]\( 16843009\)\{16\}'
prints 'acc\[1\]\(     0\)\{16\}'
prints 'l2g 0  g2l 0  g2s 0  s2g 0'
prints 'store        1 left, waits for g2s'
prints 'breakpoint 2: store'
prints 'store      3  store.out .*'
prints 'acc\[0\]\( 16843014\)\{16\}'
prints '0x00004000\(    6\)\{8\}'
prints '0x00004000\( *101058054\)\{2\}'
prints 'l2g 0  g2l 0  g2s 0  s2g 1'
prints '4 of 5 instructions have run'
prints 'the stream has ended: 5 instructions have run'
prints 'out_store_nbytes 16'

# Cycles are those of the timing simulator.
cycles=$("$VTAC" stream run "$folder/add.bin" --timing-only --stats json |
  sed -n 's/.*"cycles": \([0-9]*\)}}$/\1/p')
printf 'until 4\n' | step 0 "$folder/add.bin" --sim tsim
prints "\[$((cycles - 1))\.\.$cycles\] compute      4  finish .*"
printf 'until cycle 100\nqueues\n' | step 0 "$folder/add.bin" --sim tsim
prints '\[.*\] compute .*'
prints 'compute *[0-9]* left, [0-9]* in its queue.*'

# ---- Recorded streams -------------------------------------------------------

# To the end in both orders, with the counters of a run.
count=0
sed -n 's/^"instructions": "\(.*\)"$/\1/p' golden/timing/streams.json \
  >"$folder/rows"
while read -r text && test $count -lt 12; do
  count=$((count + 1))
  echo "$text" | base64 -d >"$folder/stream"
  "$VTAC" stream run "$folder/stream" --no-verify 2>/dev/null |
    sed -n 's/^ *\([a-z_]*\) *: *\([0-9]*\)$/\1 \2/p' >"$folder/run" || continue
  for simulator in fsim tsim; do
    printf 'continue\ncounters\n' |
      step 0 "$folder/stream" --sim $simulator
    sed -n 's/^\([a-z]*_[a-z_]*\)  *\([0-9]*\)$/\1 \2/p' "$folder/out" |
      cmp -s - "$folder/run" || wrong "other counters than a run, $simulator"
  done
done <"$folder/rows"
test $count -ge 10 || wrong "only $count recorded streams"

# ---- At a terminal ----------------------------------------------------------

cat >"$folder/terminal.py" <<'PY'
"""Types lines at a terminal and prints what appears there."""
import os, pty, sys

pid, terminal = pty.fork()
if pid == 0:
    os.environ["TERM"] = "dumb"
    os.execv(sys.argv[1], sys.argv[1:])
seen = b""
for line in b"next\n", b"\n", b"where\n", b"quit\n":
    while not seen.endswith(b"(vtac) "):
        seen += os.read(terminal, 4096)
    os.write(terminal, line)
    seen += b"|"
try:
    while more := os.read(terminal, 4096):
        seen += more
except OSError:
    pass  # the other side is gone
os.waitpid(pid, 0)
sys.stdout.write(seen.decode().replace("\r", ""))
PY
python3 "$folder/terminal.py" "$VTAC" step "$folder/add.bin" >"$folder/out"
prints "5 instructions; 'help' lists the commands"
prints '2 of 5 instructions have run' # an empty line went on once more

# ---- Mistakes ---------------------------------------------------------------

printf 'foo\nb 99\nbreak acc 5..2\nnext 1\nprint acc 0..99999\nquit\n' |
  step 2 "$folder/add.bin"
complains "no command 'foo'"
complains "no instruction 99"
complains "ends before it begins"
complains "has the elements"
prints 'compute      1  load.acc .*'
printf 'until cycle 5\n' | step 2 "$folder/add.bin"
complains 'with --sim tsim only'
sed 's/pop_next_dep/pop_prev_dep/' "$folder/add.s" >"$folder/stuck.s"
"$VTAC" asm "$folder/stuck.s" -o "$folder/stuck.bin"
printf 'continue\nqueues\n' | step 4 "$folder/stuck.bin"
complains 'the stream cannot go on'
prints 'compute      1 left, waits for l2g'
head -c 64 "$folder/add.bin" >"$folder/cut.bin"
step 3 "$folder/cut.bin" </dev/null
complains 'stream-end'
step 2 - </dev/null
step 4 "$folder/none.bin" </dev/null
exit $status
