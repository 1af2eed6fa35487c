#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# vtac explain and the account in --stats: what is printed adds up, in text and
# JSON, for operators, modules and streams; what is wrong is refused.
# The command is $VTAC.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
status=0
wrong() {
  echo "$*"
  status=1
}

cat >"$folder/sums.py" <<'PY'
"""Does an account of N cycles on standard input add up?"""
import collections, json, sys

whole = json.load(sys.stdin)
account = whole.get("account", whole)
want = int(sys.argv[1])


def total(parts):
    sums = collections.Counter()
    for part in parts:
        for unit, causes in part["units"].items():
            for cause, cycles in causes.items():
                sums[unit, cause] += cycles
    return sums


run = total([account])
assert account["cycles"] == want, account["cycles"]
for unit in "fetch", "load", "compute", "store", "memory":
    cycles = sum(n for (u, _), n in run.items() if u == unit)
    assert cycles == want, (unit, cycles)
if "lines" in account:
    assert total(account["lines"] + [account["rest"]]) == run
    outermost = [l for l in account["loops"] if l["parent"] < 0]
    outside = [l for l in account["lines"] if l["loop"] < 0]
    assert total(outermost + outside + [account["rest"]]) == run
    unnamed = [l for l in account["lines"] if not l["stage"]]
    assert total(account["stages"] + unnamed + [account["rest"]]) == run
if "losses" in account:
    losses = [loss["cycles"] for loss in account["losses"]]
    assert losses == sorted(losses, reverse=True) and len(losses) <= 3
    for loss in account["losses"]:
        cause = loss["unit"], loss["cause"]
        assert loss["cause"] != "work" and 0 < loss["cycles"] <= run[cause]
        assert sum(m["cycles"] for m in loss["meanwhile"]) <= loss["cycles"]
    cycles = {row["name"]: row["cycles"] for row in account["what_if"]}
    for name, expected in (word.split("=") for word in sys.argv[2:]):
        assert cycles[name] == int(expected), (name, cycles[name])
if "insns" in account:
    units = collections.Counter()
    for insn in account["insns"]:
        assert insn["visible"] <= insn["start"] < insn["done"] <= want
        for cause, cycles in insn["causes"].items():
            units[insn["unit"], cause] += cycles
    for key, cycles in units.items():
        assert cycles <= run[key], key
PY
# adds_up CYCLES [EXPERIMENT=CYCLES...] -- ARGUMENTS...
adds_up() {
  expected=
  while test "$1" != --; do
    expected="$expected $1"
    shift
  done
  shift
  # shellcheck disable=SC2086
  "$VTAC" "$@" --stats json | python3 "$folder/sums.py" $expected ||
    wrong "vtac $*: does not add up"
}

# A bus twice as wide is that of a preset whose cycles are known.
adds_up 137738 wide-bus=71727 long-bursts=137770 -- explain gemm --insns
adds_up 133784 wide-bus=67797 -- explain gemm --vthreads 2
adds_up 483467 wide-bus=478867 long-bursts=483912 deep-queues=483471 -- \
  explain conv2d
adds_up 652531 wide-bus=568329 -- explain conv2d --vthreads 1 --insns
adds_up 483467 -- conv2d --sim tsim
adds_up 137738 -- gemm --explain

# ---- Files ------------------------------------------------------------------

"$VTAC" gemm --no-run --emit insns-bin -o "$folder/gemm.bin"
adds_up 137738 wide-bus=71727 -- explain "$folder/gemm.bin"
adds_up 137738 -- stream run "$folder/gemm.bin" --timing-only
adds_up 137738 -- explain - <"$folder/gemm.bin"
if "$VTAC" gemm -o "$folder/gemm.o" 2>"$folder/error"; then
  adds_up 137738 -- explain "$folder/gemm.o"
else
  grep -q 'no-codegen' "$folder/error" || wrong "gemm.o was not written"
fi

# ---- Text -------------------------------------------------------------------

"$VTAC" explain conv2d >"$folder/text"
"$VTAC" conv2d --emit vta --no-run >"$folder/vta"
for unit in 2 3 4 5 6; do
  # The column adds up to its last row.
  awk -v unit=$unit '
    /^cycles spent on/ { on = 1; next }
    /^all / { exit !(sum == 483467 && $unit == sum) }
    on { sum += $(NF - 6 + unit) }' "$folder/text" ||
    wrong "column $unit does not add up"
done
# A line number is one of the printed function.
line=$(sed -n 's/^ *\([0-9]*\) *VTAStoreBuffer2D.*/\1/p' "$folder/text")
sed -n "${line}p" "$folder/vta" | grep -q VTAStoreBuffer2D ||
  wrong "line '$line' of --emit vta is no store"
test "$(grep -c '^[123]\. .* cycles (' "$folder/text")" = 3 ||
  wrong "not three losses"
grep -q 'if stores to neighbouring elements were one: 0 cycles, and the run' \
  "$folder/text" || wrong "merged stores are not suggested"
"$VTAC" explain gemm | grep -q '^ *meanwhile load: work at weight_buf 99 %' ||
  wrong "the load of weights is not blamed"

# ---- Refusals ---------------------------------------------------------------

# refused STATUS ARGUMENTS...
refused() {
  want=$1
  shift
  have=0
  "$VTAC" "$@" >"$folder/out" 2>&1 || have=$?
  test $have = "$want" || wrong "vtac $*: status $have, not $want"
}
head -c 160 "$folder/gemm.bin" >"$folder/cut.bin"
head -c 150 "$folder/gemm.bin" >"$folder/odd.bin"
refused 3 explain "$folder/cut.bin"
grep -q 'stream-end' "$folder/out" || wrong "a stream without FINISH explained"
refused 3 explain "$folder/odd.bin"
refused 4 explain "$folder/none.bin"
refused 2 explain
refused 2 explain gemm --stats yaml
refused 2 explain "$folder/gemm.bin" --stats yaml
refused 3 explain gemm --tile 1,3,3
exit $status
