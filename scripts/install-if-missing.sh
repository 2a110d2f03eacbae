#!/bin/sh
# Installs a package's dependencies where they are missing or older than its lock file, so that `npm start`, `npm test`
# and `npm run bench` work on a fresh clone. Does nothing, quickly, when all is there.
# Usage: install-if-missing.sh [FOLDER], the checkout itself by default.
set -eu
cd "$(dirname "$0")/../${1:-.}"
installed=node_modules/.package-lock.json
# Installed by Bun, there is no such file, and nothing to compare.
if [ -d node_modules ] && { [ ! -e "$installed" ] || [ ! package-lock.json -nt "$installed" ]; }; then
  exit 0
fi
echo "ringcast: installing dependencies (once) ..." >&2
npm ci --no-audit --no-fund >&2
