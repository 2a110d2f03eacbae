"""Publishes to a topic and follows it, with nothing but Python's own library (3.9 or later).

RINGCAST_API_KEY=secret python3 examples/python/follow.py orders
"""
import json
import os
import sys
import urllib.parse
import urllib.request

URL = os.environ.get("RINGCAST_URL", "http://localhost:8080")
HEADERS = {"X-API-Key": os.environ.get("RINGCAST_API_KEY", ""), "Content-Type": "application/json"}


def publish(topic, payload):
    path = f"{URL}/topics/{urllib.parse.quote(topic, safe='')}/messages"
    request = urllib.request.Request(path, json.dumps({"payload": payload}).encode(), HEADERS)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["messages"][0]["offset"]


def follow(topic, last_id=""):
    """Yields (id, event name, data); go on with the last id after a broken connection."""
    path = f"{URL}/topics/{urllib.parse.quote(topic, safe='')}/events?last_n=10"
    with urllib.request.urlopen(urllib.request.Request(path, headers={**HEADERS, "Last-Event-ID": last_id})) as stream:
        event = {}
        for line in (line.decode().rstrip("\n") for line in stream):
            name, _, value = line.partition(": ")
            if line == "" and "data" in event:
                yield event.get("id"), event.get("event", "message"), json.loads(event["data"])
            event = {} if line == "" else {**event, name: f"{event['data']}\n{value}" if name in event else value}


print("published at offset", publish(sys.argv[1], {"from": "python"}), flush=True)
for _, name, data in follow(sys.argv[1]):
    print(name, json.dumps(data.get("message", data)), flush=True)
