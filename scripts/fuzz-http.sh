#!/bin/sh
# Has Schemathesis make requests of a server of this checkout on loopback, from its OpenAPI description. Schemathesis is a
# Python program that is not installed by this repository: `pip install schemathesis`.
# Usage: sh scripts/fuzz-http.sh [CASES [SEED]], by default 50 cases an operation and a random seed.
set -eu
cd "$(dirname "$0")/.."
if ! command -v schemathesis >/dev/null; then
  echo "fuzz-http: there is no schemathesis in PATH; get it with 'pip install schemathesis'" >&2
  exit 1
fi
work=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
: >"$work/log"
bin/ringcast -host=127.0.0.1 -port=0 -rate-limit-per-min=0 -log-format=json -api-key=fuzz >>"$work/log" &
server=$!
port=""
while [ -z "$port" ]; do
  kill -0 "$server" || exit 1
  port=$(sed -n 's/^{[^{]*"port":\([0-9]*\).*/\1/p' "$work/log")
  [ -n "$port" ] || sleep 0.1
done
# Two rules have no words in OpenAPI: how long a duration may be, and which parameters exclude each other. They stand in
# the description as x-… keywords, to which test/openapi-fuzz.test.ts holds the server; to Schemathesis they are unknown.
cat >"$work/schemathesis.toml" <<'TOML'
[[operations]]
include-name = ["POST /tokens", "GET /topics/{name}/messages"]
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "401", "404"]
TOML
cases=${1:-50}
seed=${2:+"--seed=$2"}
cd "$work"
fuzz() {
  # shellcheck disable=SC2086 # No seed is no argument.
  schemathesis run "http://127.0.0.1:$port/swagger/doc.json" -H "X-API-Key: fuzz" --checks=all --continue-on-failure $seed "$@"
}
failed=0
# An upgrade ends in a WebSocket, of which Schemathesis knows nothing; a stream has no end, but what comes at once is looked at.
fuzz --exclude-path-regex '^/ws$|/events$' --max-examples="$cases" || failed=1
fuzz --include-path-regex '/events$' --max-examples=$((cases / 5 + 1)) --request-timeout=0.3 || failed=1
exit $failed
