import { generateKeyPairSync } from "node:crypto";
import type { JWK } from "jose";
import { describe, expect, test } from "vitest";
import { ForeignSigner, keySet } from "../../../test/support/foreign-signer.ts";
import { parseKeySet } from "./key-set.ts";

const rsa = (await ForeignSigner.create("RS256", "r")).jwk;
const ec = (await ForeignSigner.create("ES256", "e")).jwk;
const ed = (await ForeignSigner.create("EdDSA", "d")).jwk;

describe("a key set", () => {
  test("has keys for RS256, ES256 and EdDSA, each for its one algorithm", () => {
    const set = parseKeySet(keySet(rsa, ec, ed));
    expect(set?.ignored).toBe(0);
    expect(set?.jwks.keys).toEqual([
      { ...rsa, alg: "RS256" },
      { ...ec, alg: "ES256" },
      { ...ed, alg: "EdDSA" },
    ]);
  });

  test("may say more about its keys", () => {
    const set = parseKeySet(keySet({ ...ec, use: "sig", key_ops: ["verify", "sign"], alg: "ES256", x5t: "abc" }));
    expect(set).toEqual({ jwks: { keys: [{ ...ec, alg: "ES256", use: "sig" }] }, ignored: 0 });
  });

  test("may have keys without a name", () => {
    const { kid: _, ...nameless } = ed;
    expect(parseKeySet(keySet(nameless))?.jwks.keys).toEqual([{ ...nameless, alg: "EdDSA" }]);
  });

  test("may write numbers with leading zeros", () => {
    const n = Buffer.concat([Buffer.alloc(1), Buffer.from(rsa.n ?? "", "base64url")]).toString("base64url");
    expect(parseKeySet(keySet({ ...rsa, n }))?.jwks.keys).toEqual([{ ...rsa, alg: "RS256" }]);
  });

  test.each<[string, unknown]>([
    ["a secret", { kty: "oct", k: "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0" }],
    ["a secret in an RSA key's name", { ...rsa, kty: "oct", k: "c2VjcmV0" }],
    ["a private key", generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" })],
    ["a key for another algorithm", { ...rsa, alg: "PS256" }],
    ["a key for HS256", { ...rsa, alg: "HS256" }],
    ["a key for encryption", { ...rsa, use: "enc" }],
    ["a key for other operations", { ...rsa, key_ops: ["encrypt"] }],
    ["a short RSA key", generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({ format: "jwk" })],
    ["an RSA key with the exponent 0", { ...rsa, e: "AA" }],
    ["an RSA key with the exponent 1", { ...rsa, e: "AQ" }],
    ["another curve", generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey.export({ format: "jwk" })],
    ["another curve of Edwards", generateKeyPairSync("x25519").publicKey.export({ format: "jwk" })],
    ["a point beside the curve", { ...ec, y: ec.x }],
    ["an empty number", { ...rsa, n: "" }],
    ["a number that is none", { ...rsa, n: 5 }],
    ["half a key", { kty: "EC", crv: "P-256", x: ec.x }],
    ["a name that is no text", { ...ec, kid: 5 }],
    ["nothing", null],
    ["a text", "key"],
  ])("is used without what is of no use: %s", (_what, key) => {
    const text = JSON.stringify({ keys: [key, ed] });
    expect(parseKeySet(text)).toEqual({ jwks: { keys: [{ ...ed, alg: "EdDSA" }] }, ignored: 1 });
    expect(parseKeySet(JSON.stringify({ keys: [key] }))).toBe(undefined);
  });

  test.each(["", "{", "null", "[]", "{}", '{"keys":{}}', '{"keys":[]}', JSON.stringify(ec satisfies JWK)])(
    "is not %j",
    (text) => {
      expect(parseKeySet(text)).toBe(undefined);
    },
  );
});
