import { describe, expect, test } from "vitest";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { Refusal } from "../../protocol/errors.ts";
import { presentedCredentials } from "../http/credentials.ts";
import { createAuthenticator, KeyRing } from "./authenticator.ts";
import { ANYBODY } from "./principal.ts";
import { signingSecret, Tokens } from "./tokens.ts";

describe("authentication", () => {
  const keys = new KeyRing([
    { name: "ours", role: "admin", key: "s3cret" },
    { name: "feed", role: "publish", key: "f33d" },
  ]);
  const tokens = new Tokens(signingSecret("", "s3cret"), new FakeClock());
  const authenticate = createAuthenticator(keys, tokens);
  const whoSends = (sent: Record<string, string>) => {
    const headers = Object.fromEntries(Object.entries(sent).map(([name, value]) => [name.toLowerCase(), value]));
    const query = new URLSearchParams();
    return authenticate(
      presentedCredentials({ method: "GET", path: "/stats", query, headers, host: "x", address: "" }),
    );
  };

  test.each<[string, Record<string, string>]>([
    ["the key in X-API-Key", { "X-API-Key": "s3cret" }],
    ["the key as a bearer", { Authorization: "Bearer s3cret" }],
    ["the key as a bearer, in another spelling", { authorization: "bearer   s3cret " }],
    ["the key in both", { "X-API-Key": "s3cret", Authorization: "Bearer s3cret" }],
  ])("accepts %s", (_what, headers) => {
    expect(whoSends(headers)).toMatchObject({ name: "ours", isAdmin: true });
  });

  test("tells the keys apart", () => {
    expect(whoSends({ "X-API-Key": "f33d" })).toMatchObject({ name: "feed", isAdmin: false });
  });

  test.each<[string, Record<string, string>]>([
    ["nothing", {}],
    ["another key", { "X-API-Key": "secret" }],
    ["an empty key", { "X-API-Key": "" }],
    ["the beginning of the key", { "X-API-Key": "s3cre" }],
    ["the key and more", { "X-API-Key": "s3cret1" }],
    ["the key in other letters", { "X-API-Key": "S3CRET" }],
    ["another scheme", { Authorization: "Basic s3cret" }],
    ["the key without a scheme", { Authorization: "s3cret" }],
    ["an empty bearer", { Authorization: "Bearer " }],
    ["two words as a bearer", { Authorization: "Bearer s3cret s3cret" }],
    ["a wrong X-API-Key beside a right bearer", { "X-API-Key": "x", Authorization: "Bearer s3cret" }],
  ])("refuses %s", (_what, headers) => {
    expect(whoSends(headers)).toBeInstanceOf(Refusal);
  });

  test("keeps who holds a key through a change of its name and role, and tells who is gone", () => {
    const ring = new KeyRing([
      { name: "a", role: "publish", key: "k1" },
      { name: "b", role: "admin", key: "k2" },
    ]);
    const [kept, gone] = ring.holders;
    ring.replace([
      { name: "b", role: "subscribe", key: "k1" },
      { name: "c", role: "admin", key: "k3" },
    ]);
    expect(ring.holderOf("k1")).toBe(kept);
    expect(kept).toMatchObject({ name: "b", role: "subscribe", isAdmin: false, isRevoked: false });
    expect([kept?.mayPublish(), kept?.maySubscribe()]).toEqual([false, true]);
    expect(gone?.isRevoked).toBe(true);
    expect(ring.holderOf("k2")).toBe(undefined);
  });

  test("is not asked for where no key is set", () => {
    const open = createAuthenticator(new KeyRing([]), tokens);
    expect(open({})).toBe(ANYBODY);
    expect(open({ key: "anything" })).toBe(ANYBODY);
  });
});
