import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { z } from "zod";
import { connect, RingcastError } from "../src/client/index.ts";
import type { Sdk } from "./client-suite/context.ts";
import { Harness } from "./client-suite/harness.ts";
import { runScenario, SCENARIOS } from "./client-suite/suite.ts";
import { RingcastError as OldError, connect as oldConnect } from "./compatibility/client-0.1.js";
import { SEED } from "./support/seed.ts";
import { VersionProxy, type Versions } from "./support/version-proxy.ts";

// A newer SDK works with an older server of the same major version, and the reverse (docs/protocol.md, "Versions").

const members = z.record(z.string(), z.array(z.string()));
const V0_1 = z
  .object({ requests: members, messages: members })
  .parse(JSON.parse(readFileSync(new URL("compatibility/members-0.1.json", import.meta.url), "utf8")));

/** Scenarios that need nothing newer than version 0.1. */
const OLD_SCENARIOS = [
  "loses and doubles nothing in 200 cuts of a client that gets its own messages",
  "tells exactly what is missing after 100 absences that the topic's memory does not cover",
  "begins with the last messages that it asks for, or where it left off",
  "gives a slow loop every event in order, and holds no more of them than it may",
  "keeps payloads byte for byte, for those who read them themselves",
  "fetches what the server dropped for want of room",
  "rejects a message that is too large, be it here or by the server, and sends all others",
];
/** Their payloads are texts that only the peers themselves keep byte for byte. */
const NOT_BY_PROXY = "keeps payloads byte for byte, for those who read them themselves";

/** Leaves out of a message what its version does not have; fails where that has no such type. */
function only(known: z.infer<typeof members>, message: Readonly<Record<string, unknown>>) {
  const names = known[String(message["type"])];
  if (names === undefined) throw new Error(`version 0.1 has no messages of type ${message["type"]}`);
  return [Object.fromEntries(Object.entries(message).filter(([name]) => names.includes(name)))];
}

/** A server as old as version 0.1: it ignores what it does not know, and sends nothing that came later. */
const OLD_SERVER: Versions = {
  up: (request) => only(V0_1.requests, request),
  down: (message) => only(V0_1.messages, message),
};
/** A server of a later version: its messages have more members, and there are types that nobody knew. */
const NEW_SERVER: Versions = {
  up: (request) => [request],
  down: (message) => [
    { type: "forecast", topic: message["topic"], ts: "" },
    { type: "info", info: { code: "FORECAST", message: "" }, ts: "" },
    { ...message, later: { than: ["0.1"] }, [`_${SEED}`]: null },
  ],
};

function withWebSocket(sdk: Sdk): Sdk {
  return { ...sdk, connect: (url, options) => sdk.connect(url, { webSocket: WebSocket, ...options }) };
}

/** @param versions what becomes of messages on their way, if anything */
async function runWith(sdk: Sdk, name: string, versions: Versions | undefined): Promise<void> {
  await using harness = await Harness.start(SCENARIOS[name]?.flags ?? [], {}, false);
  const place = harness.place("node", SEED);
  if (versions === undefined) {
    await runScenario(withWebSocket(sdk), name, place);
    return;
  }
  const { consumer, direct, publisher } = place.urls;
  await using direct_ = await VersionProxy.start(direct, versions);
  await using consumer_ = await VersionProxy.start(consumer, versions);
  await using publisher_ = await VersionProxy.start(publisher, versions);
  const urls = { direct: direct_.url, consumer: consumer_.url, publisher: publisher_.url };
  await runScenario(withWebSocket(sdk), name, { ...place, urls });
}

describe("the SDK of version 0.1, at this server", () => {
  test.each(OLD_SCENARIOS)(
    "%s",
    (name) => runWith({ connect: oldConnect, RingcastError: OldError }, name, undefined),
    90_000,
  );
});

describe.each([
  ["of version 0.1", OLD_SERVER],
  ["of a later version", NEW_SERVER],
])("this SDK, at a server %s", (_name, versions) => {
  test.each(OLD_SCENARIOS.filter((name) => name !== NOT_BY_PROXY))(
    "%s",
    (name) => runWith({ connect, RingcastError }, name, versions),
    90_000,
  );
});

test("messages of version 0.1 are known by their types", () => {
  expect(only(V0_1.messages, { type: "pong", server: "s", max_last_n: 1 })).toEqual([{ type: "pong", server: "s" }]);
  expect(() => only(V0_1.messages, { type: "forecast" })).toThrow("no messages of type forecast");
});
