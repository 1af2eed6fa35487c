#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every operator's command, with chosen tiles: usual and awkward shapes on the
# four configurations, on one whose memories hold two to four elements each, one
# whose blocks are single elements, and one with activations of 16 bits.  Every
# run compares the result with a plain computation.  Runs in the folder test;
# the command is $VTAC.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
status=0

# NAME, then log2 of: bits of activations, of a block, bytes of the memories.
configuration() {
  cat >"$folder/$1.json" <<END
{"TARGET": "sim", "HW_VER": "0.0.2", "LOG_INP_WIDTH": $2, "LOG_WGT_WIDTH": 3,
 "LOG_ACC_WIDTH": 5, "LOG_BATCH": 0, "LOG_BLOCK": $3, "LOG_UOP_BUFF_SIZE": $4,
 "LOG_INP_BUFF_SIZE": $5, "LOG_WGT_BUFF_SIZE": $6, "LOG_ACC_BUFF_SIZE": $7}
END
}
configuration two 3 2 3 3 5 5
configuration single 3 0 8 6 6 8
configuration wide 4 3 12 12 14 13

cat >"$folder/commands" <<END
gemm --batch 3 --in 37 --out 53 --tile auto --bias
dense --batch 5 --in 41 --out 7
conv2d --tile auto --in-channels 19 --out-channels 23 --size 7x11 --bias
conv2d --tile auto --in-channels 5 --out-channels 6 --size 9x4 --kernel 2x3 --stride 5x4 --pad 4x7
group_conv2d --in-channels 12 --out-channels 18 --groups 3 --size 5x7
depthwise_conv2d --in-channels 13 --out-channels 26 --size 6x5 --stride 2x3
conv2d_transpose --in-channels 7 --out-channels 9 --size 5x4 --kernel 7x6 --stride 4x3 --pad 3x1 --extra 2x1 --bias
conv2d_transpose --in-channels 18 --out-channels 5 --size 3x1 --kernel 2x1 --stride 3x4 --pad 0x0
max_pool2d --channels 11 --size 9x7 --window 3x4 --pad 1x2 --stride 2x5
avg_pool2d --channels 11 --size 9x7 --window 3x2 --pad 1x1 --stride 1x3
global_avg_pool2d --channels 19 --size 5x3
add --channels 21 --size 7x5
relu --channels 21 --size 7x5 --wide
requantize --channels 21 --size 7x5
END

count=0
while read -r arguments; do
  for config in '' golden/configs/b2/vta_config.json \
    golden/configs/blk8/vta_config.json golden/configs/blk32/vta_config.json \
    "$folder/two.json" "$folder/single.json" "$folder/wide.json"; do
    # shellcheck disable=SC2086
    "$VTAC" $arguments ${config:+--config "$config"} >"$folder/output" 2>&1 &&
      grep -q '^Successful' "$folder/output" || {
      echo "vtac $arguments ${config:+--config $config}"
      cat "$folder/output"
      status=1
    }
    count=$((count + 1))
  done
done <"$folder/commands"
test $count -eq 98
exit $status
