import { describe, expect, test } from "bun:test";
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
  const whoSends = (headers: Record<string, string>) =>
    authenticate(presentedCredentials(new Request("http://localhost/stats", { headers })));

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

  test("is not asked for where no key is set", () => {
    const open = createAuthenticator(new KeyRing([]), tokens);
    expect(open({})).toBe(ANYBODY);
    expect(open({ key: "anything" })).toBe(ANYBODY);
  });
});
