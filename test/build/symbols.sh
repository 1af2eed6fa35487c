#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The shared library exports exactly the functions that the headers declare.
# usage: symbols.sh CC NM INCLUDE_DIR LIBRARY
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

printf '#include "vtac/%s.h"\n' vtac kernel |
  "$1" -E -P -I "$3" -x c - |
  grep -o '\b\(vtac_[a-z0-9_]*\|VTA[A-Za-z0-9]*\)(' | tr -d '(' |
  grep -v '^vtac_kernel_\(add\|sub\|mul\|floor\|shift\)' | sort -u >"$work/declared"
"$2" -D --defined-only "$4" |
  awk '$2 != "A" { print $3 }' | grep -v '^__' | sort -u >"$work/exported"
diff -u "$work/declared" "$work/exported"
