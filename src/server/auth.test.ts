import { describe, expect, test } from "bun:test";
import { createAuthenticator } from "./auth.ts";

describe("authentication", () => {
  const authenticate = createAuthenticator("s3cret");

  test.each<[string, Record<string, string>]>([
    ["the key in X-API-Key", { "X-API-Key": "s3cret" }],
    ["the key as a bearer", { Authorization: "Bearer s3cret" }],
    ["the key as a bearer, in another spelling", { authorization: "bearer   s3cret " }],
    ["the key in both", { "X-API-Key": "s3cret", Authorization: "Bearer s3cret" }],
  ])("accepts %s", (_what, headers) => {
    expect(authenticate(new Headers(headers))).toBe(true);
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
    expect(authenticate(new Headers(headers))).toBe(false);
  });

  test("is not asked for where no key is set", () => {
    const open = createAuthenticator("");
    expect(open(new Headers())).toBe(true);
    expect(open(new Headers({ "X-API-Key": "anything" }))).toBe(true);
  });
});
