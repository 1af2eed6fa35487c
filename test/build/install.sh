#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An installed vtac serves a user: through pkg-config (shared and static),
# through find_package, from Python, and as a command with its pages.
# usage: install.sh BUILD_DIR CC CMAKE
set -eu

build=$1 cc=$2 cmake=$3
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix

"$cmake" --install "$build" --prefix "$prefix" >"$work/log"
for file in bin/vtac share/man/man1/vtac.1 \
  share/bash-completion/completions/vtac \
  share/zsh/site-functions/_vtac share/fish/vendor_completions.d/vtac.fish; do
  test -s "$prefix/$file" || { echo "$file is not installed" >&2; exit 1; }
done
version=$("$prefix/bin/vtac" --version)

cat >"$work/user.c" <<'EOF'
#include <stdio.h>
#include <vtac/vtac.h>

int main(void) {
  vtac_error error;
  vtac_config *config = vtac_config_default(&error);
  if (!config || vtac_config_get(config, "BLOCK_IN") != 16) return 1;
  vtac_config_free(config);
  printf("vtac %s\n", vtac_version());
  return 0;
}
EOF

# expect PROGRAM: it must print the command's version.
expect() {
  printed=$("$@")
  if [ "$printed" != "$version" ]; then
    echo "'$*' printed '$printed', not '$version'" >&2
    exit 1
  fi
}

libdir=$(dirname "$(find "$prefix" -name libvtac.a)")
export PKG_CONFIG_PATH="$libdir/pkgconfig"
# shellcheck disable=SC2046
"$cc" -std=c11 -pedantic-errors -Wall -Werror "$work/user.c" \
  -o "$work/shared" $(pkg-config --cflags --libs vtac)
expect env LD_LIBRARY_PATH="$libdir" "$work/shared"
# shellcheck disable=SC2046
"$cc" "$work/user.c" -o "$work/static" $(pkg-config --cflags vtac) \
  "$libdir/libvtac.a" $(pkg-config --static --libs-only-l vtac |
    sed 's/-lvtac//')
expect "$work/static"

cat >"$work/CMakeLists.txt" <<'EOF'
cmake_minimum_required(VERSION 3.25)
project(user LANGUAGES C)
find_package(vtac REQUIRED)
add_executable(with_shared user.c)
target_link_libraries(with_shared PRIVATE vtac::vtac)
add_executable(with_static user.c)
target_link_libraries(with_static PRIVATE vtac::static)
EOF
"$cmake" -S "$work" -B "$work/out" -DCMAKE_PREFIX_PATH="$prefix" \
  -DCMAKE_C_COMPILER="$cc" >"$work/log"
"$cmake" --build "$work/out" >"$work/log"
expect "$work/out/with_shared"
expect "$work/out/with_static"

# The package finds the library of its prefix; pip installs it, where pip is.
python=/usr/bin/python3
"$python" -c 'import numpy' 2>/dev/null || python=python3
"$python" -c 'import numpy' 2>/dev/null || exit 0
cd "$work"
version_of='import vtac; vtac.Config(); print("vtac", vtac.__version__)'
expect env -u VTAC_LIBRARY PYTHONPATH="$prefix/share/vtac/python" \
  "$python" -c "$version_of"
"$python" -c 'import venv, ensurepip, setuptools, wheel' 2>/dev/null || exit 0
"$python" -m venv --system-site-packages "$work/venv"
for package in python python/compat; do
  cp -r "$source/$package" "$work/package"
  "$work/venv/bin/python" -m pip install --quiet --no-index --no-deps \
    --no-build-isolation "$work/package"
  rm -rf "$work/package"
done
expect env -u PYTHONPATH VTAC_LIBRARY="$libdir/libvtac.so" \
  "$work/venv/bin/python" -c "import tvm, vta; $version_of"
