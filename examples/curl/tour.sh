#!/bin/sh
# Publishing, history, an event stream and a token, with curl alone: RINGCAST_API_KEY=secret sh examples/curl/tour.sh
set -eu
url=${RINGCAST_URL:-http://localhost:8080}
key=${RINGCAST_API_KEY:-}
ask() { curl --fail-with-body --silent --show-error -H "X-API-Key: $key" "$@"; echo; }

ask "$url/topics/orders/messages" -H 'Content-Type: application/json' -d '{"id":"o1","payload":{"item":"coffee"}}'
ask "$url/topics/orders/messages?dedupe=true" -H 'Content-Type: application/json' \
  -d '{"messages":[{"id":"o1","payload":"is there already"},{"id":"o2","payload":{"item":"tea"}}]}'
ask "$url/topics/orders/messages?last_n=10"
token=$(ask "$url/tokens" -H 'Content-Type: application/json' -d '{"client_id":"tour","subscribe":["orders"],"ttl":"60s"}' |
  sed 's/.*"token":"\([^"]*\)".*/\1/')
# It would go on for ever; a second is enough to see what is there.
curl --silent --no-buffer --max-time 1 "$url/topics/orders/events?last_n=10&token=$token" || [ $? -eq 28 ]
