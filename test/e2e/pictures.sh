#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# --trace, --report and --plot of the commands: what is written, and what is
# refused.  The command is $VTAC.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
status=0
wrong() {
  echo "$*"
  status=1
}

# fails EXIT TEXT ARGUMENTS...: what a refused command says
fails() {
  want=$1
  text=$2
  shift 2
  have=0
  "$VTAC" "$@" >"$folder/out" 2>"$folder/err" || have=$?
  test "$have" = "$want" || wrong "vtac $*: status $have, not $want"
  grep -q -e "$text" "$folder/err" ||
    wrong "vtac $*: no '$text' in: $(cat "$folder/err")"
}

# ---- Operators, saved modules, streams --------------------------------------

small="gemm --in 64 --out 64 --tile 1,32,32"
# shellcheck disable=SC2086
"$VTAC" $small --trace "$folder/a.json" --report "$folder/a.html" \
  --plot "$folder/a.svg" | grep -q 'cycle_count' || wrong "no run was timed"
for file in a.json a.html a.svg; do
  test -s "$folder/$file" || wrong "$file is empty"
done
python3 - "$folder" <<'PYTHON' || status=1
import json, sys, xml.etree.ElementTree as tree
folder = sys.argv[1]
trace = json.load(open(folder + "/a.json"))
assert any(event.get("cat") == "token" for event in trace["traceEvents"])
names = {event["name"] for event in trace["traceEvents"] if event["ph"] == "C"}
assert "elements in use: acc" in names and "tokens l2g" in names, names
tree.parse(folder + "/a.svg")
page = open(folder + "/a.html").read()
assert page.startswith("<!DOCTYPE html>") and page.endswith("</html>\n")
for word in ("http:", "https:", "src="):
    rest = page.replace("http://www.w3.org/2000/svg", "")
    assert word not in rest, word
PYTHON

# The same run makes the same files.
# shellcheck disable=SC2086
"$VTAC" $small --quiet --trace "$folder/b.json" --report "$folder/b.html" \
  --plot "$folder/b.svg"
for kind in json html svg; do
  cmp "$folder/a.$kind" "$folder/b.$kind" || wrong "another .$kind"
done

# shellcheck disable=SC2086
"$VTAC" $small --output "$folder/module.c"
if "$VTAC" run "$folder/module.c" --quiet --plot "$folder/run.svg"; then
  cmp "$folder/a.svg" "$folder/run.svg" || wrong "another figure of vtac run"
fi

# shellcheck disable=SC2086
"$VTAC" $small --emit insns-bin -o "$folder/s.bin" --no-run
"$VTAC" stream run "$folder/s.bin" --no-verify --trace "$folder/s.json" \
  --stats json | grep -q '"cycles"' || wrong "no stream was timed"
"$VTAC" stream run "$folder/s.bin" --timing-only --trace "$folder/t.json" \
  >/dev/null
for file in s t; do
  count=$(grep -c '"cat":"instruction"' "$folder/$file.json")
  want=$(($(wc -c <"$folder/s.bin") / 16))
  test "$count" = "$want" || wrong "$file.json: $count of $want instructions"
done

# ---- Refusals ----------------------------------------------------------------

# shellcheck disable=SC2086
fails 4 "cannot write '/no/such/x.json'" $small --trace /no/such/x.json
# shellcheck disable=SC2086
fails 4 "cannot write '/no/such/x.svg'" $small --plot /no/such/x.svg
# shellcheck disable=SC2086
fails 2 "need --sim tsim" $small --sim fsim --trace "$folder/x"
# shellcheck disable=SC2086
fails 2 "files of their own" $small --trace "$folder/x" --report "$folder/x"
fails 2 "needs an argument" gemm --trace
fails 2 "not BEGIN-END" gemm --plot "$folder/x" --plot-cycles 5
fails 2 "no cycle between" gemm --plot "$folder/x" --plot-cycles 5-5
fails 2 "is no number" gemm --plot "$folder/x" --plot-cycles 5-x
fails 2 "need a run" gemm --no-run --trace "$folder/x"
fails 2 "need a run" gemm --output "$folder/x.c" --trace "$folder/x"
fails 2 "need a run" gemm --explain --trace "$folder/x"
fails 2 "need the timing" gemm --board pynq --trace "$folder/x"
fails 2 "need the timing" gemm --rpc localhost --trace "$folder/x"
fails 2 "needs --plot" gemm --plot-cycles 5-9
# shellcheck disable=SC2086
fails 3 "begin in cycle 99999999" $small --plot "$folder/x" \
  --plot-cycles 99999999-999999999
fails 2 "takes only" stream verify "$folder/s.bin" --trace "$folder/x"
fails 4 "cannot write" stream run "$folder/s.bin" --no-verify --plot "$folder"
if test -w /dev/full; then
  for option in --trace --report --plot; do
    # shellcheck disable=SC2086
    fails 4 "No space left" $small $option /dev/full
  done
fi

exit $status
