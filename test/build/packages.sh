#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tools/install-packages asks for what is missing and for nothing else.  The
# package tools are stand-ins: "installed" lists what they have.
# usage: packages.sh SOURCE_DIR
set -eu

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir "$tree/bin"
cp "$1/tools/install-packages" "$tree/"
printf '# comment\nalpha one\nbeta one\ngamma two\n' >"$tree/packages.txt"

cat >"$tree/bin/dpkg-query" <<'EOF'
#!/bin/sh
for package; do :; done
grep -qx "$package" "$HAVE/installed" || exit 1
printf installed
EOF
cat >"$tree/bin/apt-get" <<'EOF'
#!/bin/sh
case "$*" in *update*) exit 0 ;; esac
echo "$*" >>"$HAVE/calls"
EOF
printf '#!/bin/sh\n[ "$1" = -n ] && shift\nexec "$@"\n' >"$tree/bin/sudo"
chmod +x "$tree/bin/"*
export HAVE="$tree" PATH="$tree/bin:$PATH"

# expect CALLS COMMAND...
expect() {
  calls=$1
  shift
  : >"$tree/calls"
  "$@" 2>"$tree/messages" </dev/null || true
  if [ "$(sed 's/.* install //' "$tree/calls")" != "$calls" ]; then
    echo "'$*' asked for '$(cat "$tree/calls")', not '$calls'" >&2
    exit 1
  fi
}

echo alpha >"$tree/installed"
expect beta "$tree/install-packages" one
expect 'beta gamma' "$tree/install-packages" one two
expect '' "$tree/install-packages" --check one
grep -q 'missing Debian packages: beta' "$tree/messages"
if "$tree/install-packages" --check one 2>"$tree/messages"; then
  echo "--check did not fail" >&2
  exit 1
fi
printf 'alpha\nbeta\ngamma\n' >"$tree/installed"
expect '' "$tree/install-packages" one two
[ ! -s "$tree/messages" ]
