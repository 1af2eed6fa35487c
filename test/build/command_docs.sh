#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every subcommand and option of the command stands in its manual page and in
# the shells' completions.
# usage: command_docs.sh SOURCE_DIR        (the command is $VTAC)
set -eu

source=$1
page=$(sed 's/\\-/-/g' "$source/docs/man/vtac.1")
status=0

# need WORD TEXT FILE
need() {
  printf '%s\n' "$2" | grep -q -e "$1" ||
    { echo "'$1' is missing in $3"; status=1; }
}

completion=$source/tools/completion
commands=$("$VTAC" --help | sed -n 's/^  \([a-z][a-z0-9_-]*\)  .*/\1/p')
test -n "$commands"
for command in $commands; do
  need "\b$command\([^a-z-]\|$\)" "$page" vtac.1
  options=$("$VTAC" "$command" --help | grep -o -e '^  --[a-z-]*' |
    sed 's/^  --//')
  for option in $options; do
    need "--$option\([^a-z-]\|$\)" "$page" vtac.1
    need "--$option\([^a-z-]\|$\)" "$(cat "$completion/vtac.bash")" vtac.bash
    need "--$option\([^a-z-]\|$\)" "$(cat "$completion/_vtac")" _vtac
    need "-l $option\([^a-z-]\|$\)" "$(cat "$completion/vtac.fish")" vtac.fish
  done
done
bash -n "$completion/vtac.bash" || status=1
exit $status
