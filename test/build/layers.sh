#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tools/check_layers finds each kind of fault in a small tree, and no other.
# usage: layers.sh SOURCE_DIR
set -eu

check=$1/tools/check_layers
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

mkdir -p "$tree/include/vtac" "$tree/examples"
for module in base ir codegen cli; do mkdir -p "$tree/src/$module"; done
printf 'base:\nir: base\ncodegen: ir base\ncli:\n' >"$tree/layers.txt"
echo '#include <stdint.h>' >"$tree/include/vtac/vtac.h"
echo '#include "vtac/vtac.h"' >"$tree/src/base/base.h"
echo '#include "base/base.h"' >"$tree/src/ir/ir.h"
echo '#include <llvm-c/Core.h>' >"$tree/src/codegen/native.c"
printf '#include "cli/cli.h"\n#include "vtac/vtac.h"\n' >"$tree/src/cli/main.c"
: >"$tree/src/cli/cli.h"
echo '#include <vtac/vtac.h>' >"$tree/examples/first.c"
"$check" "$tree"

echo '#include "ir/ir.h"' >"$tree/src/base/upwards.c"
echo '#include "ir.h"' >"$tree/src/ir/short.c"
echo '#include "../base/base.h"' >"$tree/src/ir/dots.c"
echo '#include <llvm-c/Core.h>' >"$tree/src/ir/native.c"
echo '#include "base/base.h"' >"$tree/src/cli/inside.c"
echo '#include <base/base.h>' >"$tree/examples/inside.c"
echo '#include "base/base.h"' >"$tree/include/vtac/inside.h"
echo '#include "ir/b.h"' >"$tree/src/ir/a.h"
printf '\n#include "ir/a.h"\n' >"$tree/src/ir/b.h"

cat >"$tree/expected" <<'EOF'
include/vtac/inside.h:1: an installed header includes the internal "base/base.h"
src/base/upwards.c:1: layers.txt does not let base include ir ("ir/ir.h")
src/cli/inside.c:1: cli includes the internal "base/base.h"; it may use its own headers and vtac/*.h
src/ir/dots.c:1: "../base/base.h" is not written from src/
src/ir/native.c:1: LLVM's <llvm-c/Core.h> may be included in codegen only
src/ir/short.c:1: "ir.h" is not written from src/
examples/inside.c:1: examples includes the internal "base/base.h"; it may use its own headers and vtac/*.h
src/ir/a.h:1: headers in a cycle: src/ir/a.h -> src/ir/b.h -> src/ir/a.h
EOF
if "$check" "$tree" >"$tree/found"; then
  echo "faults were accepted" >&2
  exit 1
fi
diff -u "$tree/expected" "$tree/found"
