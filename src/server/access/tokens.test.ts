import { createLocalJWKSet, SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, test } from "vitest";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { ForeignSigner } from "../../../test/support/foreign-signer.ts";
import { Refusal } from "../../protocol/errors.ts";
import { KeysOutOfReach } from "./public-keys.ts";
import { AUDIENCE, type Grant, signingSecret, Tokens } from "./tokens.ts";

const SECRET = new TextEncoder().encode("0123456789abcdef0123456789abcdef");
const GRANT: Grant = { clientId: "web1", subscribe: ["orders", "chat/*"], publish: ["chat/1"], ttlMs: 60_000 };

function setUp() {
  const clock = new FakeClock();
  return { clock, tokens: new Tokens(SECRET, clock) };
}

/** A token as another program would sign it; each part can be said otherwise. */
function signed(clock: FakeClock, { alg = "HS256", aud = AUDIENCE, claims = {}, secret = SECRET, ttlSec = 60 } = {}) {
  const nowSec = Math.floor(clock.wallMs() / 1000);
  return new SignJWT({ sub: "web1", aud, exp: nowSec + ttlSec, subscribe: ["a"], ...claims })
    .setProtectedHeader({ alg })
    .sign(secret);
}

describe("a token", () => {
  test("allows exactly what it was made for", async () => {
    const { clock, tokens } = setUp();
    const { expiresAtMs, token } = await tokens.issue(GRANT);
    expect(expiresAtMs).toBe(clock.wallMs() + 60_000);
    const holder = await tokens.verify(token);
    if (holder instanceof Refusal) throw new Error(holder.message);
    expect(holder).toMatchObject({ name: "web1", clientId: "web1", isAdmin: false });
    const may = (allows: (topic: string) => boolean, ...topics: string[]) => topics.filter((topic) => allows(topic));
    const topics = ["orders", "orders2", "chat", "chat/", "chat/1", "chat/2", "chat/*", "", "*"];
    expect(may(holder.maySubscribe, ...topics)).toEqual(["orders", "chat/", "chat/1", "chat/2", "chat/*"]);
    expect(may(holder.mayPublish, ...topics)).toEqual(["chat/1"]);
  });

  test("warns 30 seconds before its end, or a tenth of its lifetime where that is shorter", async () => {
    const { clock, tokens } = setUp();
    for (const [ttlMs, warningMs] of [
      [60_000, 6000],
      [300_000, 30_000],
      [3_600_000, 30_000],
    ] as const) {
      const holder = await tokens.verify((await tokens.issue({ ...GRANT, ttlMs })).token);
      if (holder instanceof Refusal) throw new Error(holder.message);
      const expiresAtMs = clock.wallMs() + ttlMs;
      expect(holder.life).toEqual({ expiresAtMs, warnAtMs: expiresAtMs - warningMs });
    }
  });

  test("ends when it says so", async () => {
    const { clock, tokens } = setUp();
    const { token } = await tokens.issue(GRANT);
    clock.advance(59_999);
    expect(await tokens.verify(token)).not.toBeInstanceOf(Refusal);
    clock.advance(1);
    expect(await tokens.verify(token)).toMatchObject({ code: "UNAUTHORIZED", message: "the token has expired" });
  });

  test("may be signed by another program that knows the secret", async () => {
    const { clock, tokens } = setUp();
    expect(await tokens.verify(await signed(clock))).toMatchObject({ clientId: "web1" });
  });

  test.each<[string, (clock: FakeClock) => Promise<string> | string]>([
    ["signed with another secret", (clock) => signed(clock, { secret: new Uint8Array(32) })],
    ["signed with another algorithm", (clock) => signed(clock, { alg: "HS512" })],
    ["of the algorithm none", () => new UnsecuredJWT({ sub: "web1", aud: AUDIENCE, exp: 9_999_999_999 }).encode()],
    ["for another audience", (clock) => signed(clock, { aud: "elsewhere" })],
    ["without an end", (clock) => signed(clock, { claims: { exp: undefined } })],
    ["without a client id", (clock) => signed(clock, { claims: { sub: undefined } })],
    ["with a client id that is no name", (clock) => signed(clock, { claims: { sub: "a\nb" } })],
    ["with topics that are no list", (clock) => signed(clock, { claims: { subscribe: "a*" } })],
    ["with too many topics", (clock) => signed(clock, { claims: { publish: Array(101).fill("a") } })],
    ["that is no token", () => "a.b.c"],
    ["that is longer than any", () => "a".repeat(70_000)],
    [
      "whose claims were changed",
      async (clock) => {
        const [head, , signature] = (await signed(clock)).split(".");
        const claims = { sub: "web1", aud: AUDIENCE, exp: 9_999_999_999, subscribe: ["*"] };
        return `${head}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.${signature}`;
      },
    ],
  ])("%s is refused", async (_what, make) => {
    const { clock, tokens } = setUp();
    expect(await tokens.verify(await make(clock))).toMatchObject({ code: "UNAUTHORIZED" });
  });
});

describe("with public keys, a token", () => {
  async function withKeys(alg: string) {
    const clock = new FakeClock();
    const signer = await ForeignSigner.create(alg, "k1", () => clock.wallMs());
    const tokens = new Tokens(SECRET, clock, { keyFor: createLocalJWKSet({ keys: [signer.jwk] }) });
    return { clock, signer, tokens };
  }

  test.each(["RS256", "ES256", "EdDSA"])("may be signed elsewhere with %s", async (alg) => {
    const { clock, signer, tokens } = await withKeys(alg);
    const holder = await tokens.verify(await signer.sign({ subscribe: ["a"] }));
    expect(holder).toMatchObject({ name: "c1", clientId: "c1", life: { expiresAtMs: clock.wallMs() + 60_000 } });
    expect(await tokens.verify(await signer.sign({ aud: "elsewhere" }))).toMatchObject({ code: "UNAUTHORIZED" });
    const token = await signer.sign();
    clock.advance(60_000);
    expect(await tokens.verify(token)).toMatchObject({ code: "UNAUTHORIZED", message: "the token has expired" });
  });

  test("of the server's own, or signed with its secret, is as good as without", async () => {
    const { clock, tokens } = await withKeys("ES256");
    expect(await tokens.verify((await tokens.issue(GRANT)).token)).toMatchObject({ clientId: "web1" });
    expect(await tokens.verify(await signed(clock))).toMatchObject({ clientId: "web1" });
  });

  test.each(["RS384", "PS256", "ES384"])("is refused with %s, though there is a key for it", async (alg) => {
    const { signer, tokens } = await withKeys(alg);
    expect(await tokens.verify(await signer.sign())).toMatchObject({ code: "UNAUTHORIZED" });
  });

  test("can't be checked while they are out of reach, but one of the server's own can", async () => {
    const keyFor = () => Promise.reject(new KeysOutOfReach());
    const tokens = new Tokens(SECRET, new FakeClock(), { keyFor });
    const signer = await ForeignSigner.create("EdDSA", "k1");
    expect(await tokens.verify(await signer.sign())).toMatchObject({ code: "UNAVAILABLE" });
    expect(await tokens.verify((await tokens.issue(GRANT)).token)).toMatchObject({ clientId: "web1" });
  });
});

test("the secret is the one that is set, or follows from the API key, or is random", () => {
  expect(signingSecret("s".repeat(32), "key")).toEqual(new TextEncoder().encode("s".repeat(32)));
  expect(signingSecret("", "key")).toEqual(signingSecret("", "key"));
  expect(signingSecret("", "key")).not.toEqual(signingSecret("", "other"));
  expect(signingSecret("", undefined)).not.toEqual(signingSecret("", undefined));
});
