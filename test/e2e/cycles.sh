#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The cycles of the two seed workloads, as a netlist of the hardware counts
# them, from the command.  The command is $VTAC.
set -eu

status=0
cycles() { # ARGUMENTS...
  "$VTAC" "$@" --stats json |
    sed -n 's/.*"stats": {.*"cycles": \([0-9]*\)}}$/\1/p'
}
# expect CYCLES ARGUMENTS...
expect() {
  want=$1
  shift
  have=$(cycles "$@")
  test "$have" = "$want" ||
    { echo "vtac $*: '$have' cycles, not $want"; status=1; }
}

expect 137738 gemm --sim tsim
expect 133784 gemm --sim tsim --vthreads 2
expect 652531 conv2d --sim tsim --vthreads 1
expect 483467 conv2d --sim tsim --vthreads 2
expect '' gemm
expect '' gemm --sim fsim

# TARGET chooses, an option overrides it, and keys change the machine.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
config() { # FILE ROW
  "$VTAC" config --format json | sed "s/\"TARGET\": \"sim\"/$2/" >"$1"
}
config "$folder/tsim.json" '"TARGET": "tsim"'
expect 137738 gemm --config "$folder/tsim.json"
expect '' gemm --config "$folder/tsim.json" --sim fsim
sed 's/"TSIM_LOG_BUS_WIDTH": 6/"TSIM_LOG_BUS_WIDTH": 9/' \
  "$folder/tsim.json" >"$folder/wide.json"
expect 22296 gemm --config "$folder/wide.json"
expect 18358 gemm --config "$folder/wide.json" --vthreads 2

# Text has the cycles behind the seven counters, where they were counted.
"$VTAC" gemm --sim tsim | sed -n 9p | grep -q '^ *cycle_count *: *137738$' ||
  { echo "no line cycle_count"; status=1; }
"$VTAC" gemm | grep cycle_count && status=1

# The tiles chosen for ResNet-18 leave the matrix unit, which needs 2.56 million
# cycles, little idle.
total=0
for layer in 2 3 4 5 6 7 8 9 10 11; do
  total=$((total + $(cycles conv2d --workload resnet18.C$layer --sim tsim)))
done
test $total -le 3250000 ||
  { echo "ResNet-18's C2 to C11 take $total cycles"; status=1; }
exit $status
