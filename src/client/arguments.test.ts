import { expect, test } from "vitest";
import { FakePlatform } from "../../test/support/fake-platform.ts";
import { untyped } from "../../test/support/untyped.ts";
import { createClient } from "./create.ts";
import { connect } from "./index.ts";

function connected() {
  const platform = new FakePlatform();
  const client = createClient("ws://server/ws", {}, platform);
  client.connect();
  platform.socket.open();
  return { client, platform };
}

const NO_TEXTS: readonly unknown[] = [undefined, null, 1, 1n, Symbol("t"), {}, ["t"], () => "t"];

test.each([
  ...NO_TEXTS.map((topic) => [topic, {}]),
  ...NO_TEXTS.slice(1).map((id) => ["t", { id }]),
  ["t", { dedupe: 'true,"topic":"other"' }],
  ["t", { dedupe: 1 }],
  ["t", { raw: "yes" }],
])("a publish to %o with %o is refused at once, and nothing is sent", async (topic, options) => {
  const { client, platform } = connected();
  const error = await client.publish(untyped(topic), untyped(1), untyped(options)).catch((error: unknown) => error);
  expect(error).toMatchObject({ code: "BAD_REQUEST" });
  expect(platform.socket.sent).toEqual([]);
});

test.each([0, -1, 0.5, "1"])("a subscribe with maxBuffered %o is refused", async (maxBuffered) => {
  const { client } = connected();
  const { ready } = client.subscribe("t", untyped({ maxBuffered }));
  const message = 'topic "t": maxBuffered has the wrong type or is out of range';
  expect(await ready.catch((error: unknown) => error)).toMatchObject({ code: "BAD_REQUEST", topic: "t", message });
});

test.each(["handler", {}, null])("a subscribe with %o as its handler is refused", async (handler) => {
  const { client } = connected();
  const { ready } = client.subscribe("t", {}, untyped(handler));
  expect(await ready.catch((error: unknown) => error)).toMatchObject({ code: "BAD_REQUEST" });
});

test("null as options is no options", async () => {
  const { client, platform } = connected();
  client.publish("t", 1, untyped(null)).catch(() => {});
  client.subscribe("t", untyped(null), () => {});
  expect(platform.socket.takeSent()).toMatchObject([{ type: "publish" }, { type: "subscribe", last_n: 0 }]);
});

test.each([
  ["heartbeatMs", Number.NaN],
  ["publishTimeoutMs", -1],
  ["maxPending", "1000"],
  ["resend", 1],
  ["connectTimeoutMs", null],
])("the option %s of a client can't be %o", (name, value) => {
  const create = () => createClient("ws://server/ws", untyped({ [name]: value }), new FakePlatform());
  expect(create).toThrow(expect.objectContaining({ code: "BAD_REQUEST", message: expect.stringContaining(name) }));
});

test.each([undefined, null, {}])("a client has no URL %o", (url) => {
  expect(() => connect(untyped(url))).toThrow(expect.objectContaining({ code: "UNSUPPORTED" }));
});

test("times and limits may be Infinity", () => {
  const options = { heartbeatMs: Infinity, publishTimeoutMs: Infinity, maxPending: Infinity };
  expect(() => createClient("ws://server/ws", options, new FakePlatform())).not.toThrow();
});

test.each([
  ...NO_TEXTS.map((topic) => [topic, {}]),
  ["t", { lastN: "1" }],
  ["t", { lastN: 1n }],
  ["t", { lastN: -1 }],
  ["t", { lastN: 0.5 }],
  ["t", { parse: "JSON" }],
  ["t", { since: { epoch: 1, offset: 1 } }],
  ["t", { since: { epoch: "e", offset: "1" } }],
])("a subscribe to %o with %o is refused at once, and nothing is sent", async (topic, options) => {
  const { client, platform } = connected();
  const { ended, ready } = client.subscribe(untyped(topic), untyped(options), () => {});
  expect(await ready.catch((error: unknown) => error)).toMatchObject({ code: "BAD_REQUEST" });
  expect(await ended).toMatchObject({ code: "BAD_REQUEST" });
  expect(platform.socket.sent).toEqual([]);
});
