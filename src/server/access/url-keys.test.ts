import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test, vi } from "vitest";
import { captureLog } from "../../../test/support/captured-log.ts";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { ForeignSigner, keySet } from "../../../test/support/foreign-signer.ts";
import { KeyServer } from "../../../test/support/key-server.ts";
import { MAX_KEY_SET_BYTES } from "./key-set.ts";
import { KeysOutOfReach } from "./public-keys.ts";
import { UrlKeys } from "./url-keys.ts";

const [old, young] = [await ForeignSigner.create("ES256", "old"), await ForeignSigner.create("EdDSA", "young")];
const [INFO, WARN] = [30, 40];
const MINUTE_MS = 60_000;

/** Keys of a server on loopback, in a time that a test turns by hand: ours, and jose's, which knows only the system's. */
async function setUp(text: string) {
  // From here on the system's clock stands still but for `advance`, or a slow machine would see a deadline pass early.
  vi.setSystemTime(Date.now());
  const server = await KeyServer.start(text);
  const { lines, logger } = captureLog();
  const clock = new FakeClock();
  const keys = new UrlKeys(server.url, { clock, logger });
  const find = ({ alg, jwk: { kid = "" } }: Pick<ForeignSigner, "alg" | "jwk">) => keys.keyFor({ alg, kid });
  return {
    server,
    lines,
    keys,
    find,
    advance(ms: number) {
      clock.advance(ms);
      vi.setSystemTime(Date.now() + ms);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const NO_SUCH_KEY = { code: "ERR_JWKS_NO_MATCHING_KEY" };

afterEach(() => void vi.useRealTimers());

describe("keys from a URL", () => {
  test("are fetched once, however many tokens there are", async () => {
    await using under = await setUp(keySet(old.jwk, young.jwk));
    await Promise.all([under.keys.refresh(), ...Array.from({ length: 20 }, () => under.find(old))]);
    for (let i = 0; i < 20; i++) expect(await under.find(young)).toBeInstanceOf(CryptoKey);
    expect(under.server.requests).toBe(1);
    const from = under.server.url.href;
    expect(under.lines).toEqual([{ level: INFO, from, keys: 2, ignored: 0, msg: "token keys loaded" }]);
  });

  test("are fetched anew when a token names one that is not known, but not twice in half a minute", async () => {
    await using under = await setUp(keySet(old.jwk));
    await under.keys.refresh();
    under.server.serve(keySet(young.jwk));
    await expect(under.find(young)).rejects.toMatchObject(NO_SUCH_KEY);
    under.advance(29_999);
    await expect(under.find(young)).rejects.toMatchObject(NO_SUCH_KEY);
    expect(under.server.requests).toBe(1);
    under.advance(1);
    expect(await Promise.all([under.find(young), under.find(young)])).toHaveLength(2);
    expect(under.server.requests).toBe(2);
    await expect(under.find(old)).rejects.toMatchObject(NO_SUCH_KEY);
    expect(under.server.requests).toBe(2);
  });

  test("that were withdrawn are gone with the next refresh", async () => {
    await using under = await setUp(keySet(old.jwk, young.jwk));
    await under.keys.refresh();
    under.server.serve(keySet(young.jwk));
    expect(await under.find(old)).toBeInstanceOf(CryptoKey);
    await under.keys.refresh();
    await expect(under.find(old)).rejects.toMatchObject(NO_SUCH_KEY);
  });

  test("stay in force for a day while the URL gives none, and come back with it", async () => {
    await using under = await setUp(keySet(old.jwk));
    await under.keys.refresh();
    under.server.answer = () => new Response("down", { status: 502 });
    for (let hours = 0; hours < 24; hours++) {
      under.advance(60 * MINUTE_MS - 1);
      await under.keys.refresh();
      expect(await under.find(old)).toBeInstanceOf(CryptoKey);
    }
    under.advance(MINUTE_MS);
    await expect(under.find(old)).rejects.toBeInstanceOf(KeysOutOfReach);
    under.advance(MINUTE_MS);
    under.server.serve(keySet(old.jwk));
    expect(await under.find(old)).toBeInstanceOf(CryptoKey);
  });

  test("that can't be had are asked for again after five seconds at the soonest", async () => {
    await using under = await setUp("{");
    await under.keys.refresh();
    for (let i = 0; i < 20; i++) await expect(under.find(old)).rejects.toBeInstanceOf(KeysOutOfReach);
    under.advance(4999);
    await expect(under.find(old)).rejects.toBeInstanceOf(KeysOutOfReach);
    expect(under.server.requests).toBe(1);
    expect(under.lines).toHaveLength(1);
    under.server.serve(keySet(old.jwk));
    under.advance(1);
    expect(await under.find(old)).toBeInstanceOf(CryptoKey);
    expect(under.server.requests).toBe(2);
  });

  test("are read again at once where somebody says so, and the log tells", async () => {
    await using under = await setUp("{");
    await under.keys.refresh();
    under.server.serve(keySet(old.jwk));
    await under.keys.reload();
    await under.keys.reload();
    await under.keys.refresh();
    expect(under.server.requests).toBe(4);
    expect(under.lines).toMatchObject([
      { level: WARN, msg: "token keys not loaded, keeping the previous ones" },
      { level: INFO, msg: "token keys loaded" },
      { level: INFO, msg: "token keys loaded" },
    ]);
  });

  test.each<[string, () => Response]>([
    ["is no key set", () => new Response("<html>")],
    ["has no usable key", () => new Response(keySet({ kty: "oct", k: "c2VjcmV0" }))],
    ["is an error", () => new Response(keySet(young.jwk), { status: 500 })],
    ["sends elsewhere", () => new Response(null, { status: 302, headers: { Location: "/other.json" } })],
    ["is too large", () => new Response(keySet(young.jwk) + " ".repeat(MAX_KEY_SET_BYTES))],
    [
      "unpacks to too much",
      () =>
        new Response(gzipSync(keySet(young.jwk) + " ".repeat(MAX_KEY_SET_BYTES)), {
          headers: { "Content-Encoding": "gzip" },
        }),
    ],
  ])("are not taken from an answer that %s", async (_what, answer) => {
    await using under = await setUp(keySet(old.jwk));
    await under.keys.refresh();
    under.server.answer = answer;
    await under.keys.refresh();
    expect(await under.find(old)).toBeInstanceOf(CryptoKey);
    const from = under.server.url.href;
    const msg = "token keys not loaded, keeping the previous ones";
    expect(under.lines.slice(1)).toEqual([{ level: WARN, from, why: expect.any(String), msg }]);
    expect(under.server.requests).toBe(2);
  });

  test("are not waited for longer than five seconds, even where the answer drips", async () => {
    await using under = await setUp("");
    under.server.answer = () =>
      new Response(
        new ReadableStream({
          async pull(controller) {
            controller.enqueue(" ");
            await sleep(100);
          },
        }),
      );
    const beginMs = performance.now();
    await expect(under.find(old)).rejects.toBeInstanceOf(KeysOutOfReach);
    expect(performance.now() - beginMs).toBeGreaterThan(4900);
    expect(performance.now() - beginMs).toBeLessThan(15_000);
  }, 30_000);
});
