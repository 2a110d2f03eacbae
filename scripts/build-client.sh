#!/bin/sh
# Builds the SDK, `ringcast/client`: one JavaScript module that runs in browsers, Node.js, Bun and Deno, and its types.
# Usage: sh scripts/build-client.sh [FOLDER], by default dist/client
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-"$root/dist/client"}
case $folder in /*) ;; *) folder=$(pwd)/$folder ;; esac
cd "$root"
node_modules/.bin/bun --no-env-file build --minify --target=browser src/client/index.ts --outfile "$folder/index.js"
node_modules/.bin/tsc --project tsconfig.client.json --outDir "$folder/types"
