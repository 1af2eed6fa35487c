#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docs/latency-hiding.md: its figures are what the commands beside them draw,
# and its numbers what the runs give.  Runs in the folder test; the command is
# $VTAC.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
page=../docs/latency-hiding.md
status=0

count=0
grep -e '^vtac .*--plot docs/images/' "$page" >"$folder/commands"
while read -r _ arguments; do
  image=$(printf '%s' "$arguments" | sed 's/.*--plot \([^ ]*\).*/\1/')
  have=$folder/$(basename "$image")
  # shellcheck disable=SC2046
  "$VTAC" $(printf '%s' "$arguments" | sed "s|$image|$have|") --quiet
  cmp "$have" "../$image" || status=1
  grep -q "(${image#docs/})" "$page" || { echo "$image is not shown"; status=1; }
  count=$((count + 1))
done <"$folder/commands"
test "$count" = "$(find ../docs/images -name 'conv2d-*.svg' | wc -l)" ||
  { echo "there are figures without a command"; status=1; }

for threads in 1 2; do
  "$VTAC" conv2d --sim tsim --vthreads $threads |
    grep -e cycle_count -e gemm_utilisation >"$folder/numbers"
  while read -r line; do
    grep -q -F "$line" "$page" ||
      { echo "'$line' is not in the page"; status=1; }
  done <"$folder/numbers"
done
exit $status
