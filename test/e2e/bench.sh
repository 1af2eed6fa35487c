#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# vtac bench: its table, its JSON, its picture, and what it refuses.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
status=0
fail() { echo "$1"; status=1; }

"$VTAC" bench --seconds 0.01 --plot "$folder/roof.svg" >"$folder/text"
for kernel in gemm conv2d resnet18.C2; do
  grep -q "^$kernel  *[0-9.]* *[0-9.]* *[0-9.]* *[0-9.]* *[0-9.]* *[0-9.]*\$" \
    "$folder/text" || fail "no row of $kernel"
  grep -q ">$kernel: [0-9.]* % of the roof<" "$folder/roof.svg" ||
    fail "no point of $kernel"
done
grep -q WRONG "$folder/text" && fail "a wrong result"

# No kernel is faster than the core; two simulators compute what one does.
"$VTAC" bench --seconds 0.01 --json --jobs 2 >"$folder/json"
python3 - "$folder/json" "$folder/roof.svg" <<'PYTHON' || status=1
import json, sys
import xml.etree.ElementTree as tree
result = json.load(open(sys.argv[1]))
core = result["core"]
assert core["macs"] > 1e8 and core["cache"] > 1e8 and core["memory"] > 1e8
assert [k["name"] for k in result["kernels"]] == ["gemm", "conv2d",
                                                  "resnet18.C2"]
for kernel in result["kernels"]:
    assert kernel["right"] and kernel["runs"] >= 7
    assert kernel["jobs"] == 2 and kernel["scaling"] > 0
    assert 0 < kernel["low"] <= kernel["seconds"] <= kernel["high"]
    assert kernel["macs"] / kernel["low"] < 2 * core["macs"], kernel
root = tree.parse(sys.argv[2]).getroot()
assert root.tag.endswith("svg")
assert len(root.findall("{*}circle")) == 3
PYTHON

refused() { # STATUS MESSAGE ARGUMENTS...
  want=$1 message=$2
  shift 2
  got=0
  "$VTAC" bench "$@" >"$folder/out" 2>"$folder/error" || got=$?
  [ $got = "$want" ] || fail "bench $*: status $got, expected $want"
  grep -q -e "$message" "$folder/error" || fail "bench $*: no '$message'"
}
refused 2 "'0' is no number above 0" --seconds 0
refused 2 '0 is not between 1 and 256' --jobs 0
refused 2 "'x' is not fast" --sim-path x
refused 4 'cannot' --config "$folder/none.json"
refused 4 'cannot' --seconds 0.01 --plot "$folder/none/roof.svg"
exit $status
