#!/bin/sh
# Builds one executable that holds everything, Swagger UI's assets included. It reads no .env, bunfig.toml, tsconfig.json
# or package.json of the folder in which it is started: configuration comes from flags and variables alone.
# Usage: sh scripts/build-binary.sh [OUTFILE], by default dist/ringcast
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
outfile=${1:-"$root/dist/ringcast"}
case $outfile in /*) ;; *) outfile=$(pwd)/$outfile ;; esac
mkdir -p "$(dirname "$outfile")"
# The same order as in bin/ringcast, so that both run on the same Bun.
for bun in "$root"/node_modules/bun/bin/bun.exe "$root"/node_modules/@oven/bun-*/bin/bun "$(command -v bun || true)"; do
  if [ -x "$bun" ] && "$bun" --version >/dev/null 2>&1; then
    cd "$root"
    exec "$bun" --no-env-file build --compile --minify \
      --no-compile-autoload-dotenv --no-compile-autoload-bunfig \
      --no-compile-autoload-tsconfig --no-compile-autoload-package-json \
      src/main.ts --outfile "$outfile"
  fi
done
echo "build-binary: dependencies are missing; run 'npm ci' in $root first" >&2
exit 1
