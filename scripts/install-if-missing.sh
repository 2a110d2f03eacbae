#!/bin/sh
# Installs the dependencies where they are missing or older than the lock file, so that `npm start` and `npm test`
# work on a fresh clone. Runs before both; does nothing, quickly, when all is there.
set -eu
cd "$(dirname "$0")/.."
if [ -d node_modules/bun ] && { [ ! -e node_modules/.package-lock.json ] || [ ! package-lock.json -nt node_modules/.package-lock.json ]; }; then
  exit 0
fi
echo "ringcast: installing dependencies (once) ..." >&2
npm ci --no-audit --no-fund >&2
