import { expect, test } from "vitest";
import { FakePlatform } from "../../test/support/fake-platform.ts";
import { untyped } from "../../test/support/untyped.ts";
import { createClient } from "./create.ts";

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

test.each([
  ...NO_TEXTS.map((topic) => [topic, {}]),
  ["t", { lastN: "1" }],
  ["t", { lastN: 1n }],
  ["t", { lastN: -1 }],
  ["t", { lastN: 0.5 }],
  ["t", { since: { epoch: 1, offset: 1 } }],
  ["t", { since: { epoch: "e", offset: "1" } }],
])("a subscribe to %o with %o is refused at once, and nothing is sent", async (topic, options) => {
  const { client, platform } = connected();
  const { ended, ready } = client.subscribe(untyped(topic), untyped(options), () => {});
  expect(await ready.catch((error: unknown) => error)).toMatchObject({ code: "BAD_REQUEST" });
  expect(await ended).toMatchObject({ code: "BAD_REQUEST" });
  expect(platform.socket.sent).toEqual([]);
});
