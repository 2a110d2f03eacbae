#!/bin/sh
# Everything that must hold before a change lands, and what CI runs: format and lint, types, all tests.
# Each check runs even if an earlier one failed, so that one run shows all there is to mend.
set -u
cd "$(dirname "$0")/.." || exit 1
sh scripts/install-if-missing.sh || exit 1
sh scripts/install-if-missing.sh bench || exit 1
failed=""
echo "check: format and lint"
node_modules/.bin/biome ci ${NO_COLOR:+--colors=off} . || failed="$failed format-and-lint"
echo "check: types"
{ node_modules/.bin/tsc --noEmit && node_modules/.bin/tsc --noEmit -p src/console; } || failed="$failed types"
echo "check: tests"
node_modules/.bin/bun test || failed="$failed tests"
if [ -n "$failed" ]; then
  echo "check: failed:$failed" >&2
  exit 1
fi
echo "check: all passed"
