import { createPublicKey } from "node:crypto";
import { EncryptJWT, exportSPKI, importJWK, SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { parseCommand } from "../src/config/arguments.ts";
import { startServer } from "../src/server/server.ts";
import { captureLog } from "./support/captured-log.ts";
import { TestClient } from "./support/client.ts";
import { ForeignSigner, keySet } from "./support/foreign-signer.ts";
import { KeyServer } from "./support/key-server.ts";
import { RawProcess } from "./support/raw-process.ts";
import { runToEnd, ServerProcess } from "./support/server-process.ts";
import { TemporaryFile } from "./support/temporary-file.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const KEY = "the-admin-key";
const SECRET = "a-secret-of-at-least-thirty-two-characters";
const OCT = { kty: "oct", kid: "oct", k: Buffer.from(SECRET.toUpperCase()).toString("base64url"), alg: "HS256" };
const rsa = await ForeignSigner.create("RS256", "rsa");
const rsa2 = await ForeignSigner.create("RS256", "rsa2");
const ec = await ForeignSigner.create("ES256", "ec");
const ed = await ForeignSigner.create("EdDSA", "ed");

const PERMITTED = 403;
const REFUSED = 401;
const LATER = 503;

/** What comes of a request that a token's holder may not make: 403 where the token is good. */
async function statusWith(token: string, { port }: { readonly port: number }): Promise<number> {
  const headers = { Authorization: `Bearer ${token}` };
  return (await fetch(`http://127.0.0.1:${port}/stats`, { headers })).status;
}

function start(jwks: string): Promise<ServerProcess> {
  return ServerProcess.start([`-api-key=${KEY}`, `-token-secret=${SECRET}`, `-token-jwks=${jwks}`]);
}

describe("-token-jwks", () => {
  test("checks tokens of every kind by the keys of a file, named from the caller's folder", async () => {
    using file = new TemporaryFile("keys.json", keySet(rsa.jwk, ec.jwk, ed.jwk));
    const flags = ["-host=127.0.0.1", "-port=0", `-api-key=${KEY}`, "-token-jwks=keys.json"];
    await using server = new RawProcess(flags, { cwd: file.folder });
    const listening = await server.listening();
    for (const signer of [rsa, ec, ed]) expect(await statusWith(await signer.sign(), listening)).toBe(PERMITTED);
    expect(await statusWith(await rsa2.sign(), listening)).toBe(REFUSED);
  });

  test("leaves the server's own tokens as good as they were", async () => {
    using file = new TemporaryFile("keys.json", keySet(rsa.jwk));
    await using server = await start(file.path);
    const answer = await server.post("/tokens", { client_id: "c1" }, { "X-API-Key": KEY });
    const { token } = z.object({ token: z.string() }).parse(await answer.json());
    expect(await statusWith(token, server)).toBe(PERMITTED);
  });

  test("opens WebSockets, and renews them", async () => {
    using file = new TemporaryFile("keys.json", keySet(ec.jwk));
    await using server = await start(file.path);
    const protocols = `ringcast.v1, token.${await ec.sign()}`;
    using client = await TestClient.connect(server.port, { headers: { "Sec-WebSocket-Protocol": protocols } });
    await client.subscribe("a", { client_id: "c1" });
    client.send({ type: "refresh", token: await ec.sign(), request_id: "r1" });
    expect(await client.expect("ack")).toMatchObject({ request_id: "r1", status: "ok" });
    client.send({ type: "refresh", token: await rsa.sign(), request_id: "r2" });
    expect(await client.expect("error")).toMatchObject({ request_id: "r2", error: { code: "UNAUTHORIZED" } });
  });

  test("fetches the keys of a URL once, and no stranger makes it fetch and fetch", async () => {
    await using keys = await KeyServer.start(keySet(ec.jwk));
    await using server = await start(keys.url.href);
    for (let i = 0; i < 20; i++) expect(await statusWith(await ec.sign(), server)).toBe(PERMITTED);
    keys.serve(keySet(ed.jwk));
    // Within half a minute of the first time.
    for (let i = 0; i < 20; i++) expect(await statusWith(await ed.sign(), server)).toBe(REFUSED);
    expect(keys.requests).toBe(1);
  });

  test("of a URL that does not answer is no reason not to start, but tokens of others must wait", async () => {
    const keys = await KeyServer.start("");
    await keys[Symbol.asyncDispose]();
    await using server = await start(keys.url.href);
    const answer = await server.fetch("/stats", { headers: { Authorization: `Bearer ${await ec.sign()}` } });
    expect(answer.status).toBe(LATER);
    expect(answer.headers.get("retry-after")).toMatch(/^[1-5]$/);
    expect(await answer.json()).toMatchObject({ error: { code: "UNAVAILABLE" } });
    expect(server.log).toContainEqual(expect.objectContaining({ level: "warn", from: keys.url.href }));
    expect((await server.fetch("/stats", { headers: { "X-API-Key": KEY } })).status).toBe(200);
  });

  test.each([
    ["no-such-file.json", "can't be read"],
    ["src", "is no plain file"],
    ["package.json", "holds no JWK set"],
    [process.execPath, "is larger than"],
    ["http://", "must be a file, or an http:// or https:// URL"],
    ["ftp://127.0.0.1/keys", "must be a file, or an http:// or https:// URL"],
  ])("of %s ends the program with exit code 2 and one line", async (value, why) => {
    const { code, stderr, stdout } = await runToEnd([`-token-jwks=${value}`, "-host=127.0.0.1", "-port=0"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^ringcast: [^\n]*-token-jwks must [^\n]*\n$/);
    expect(stderr).toContain(why);
    expect(stderr).toContain(value);
  });
});

describe("a reload", () => {
  test("is what SIGHUP asks for", async () => {
    using file = new TemporaryFile("keys.json", keySet(ec.jwk));
    await using server = await start(file.path);
    file.write(keySet(ed.jwk));
    const loaded = server.nextLog("token keys loaded");
    process.kill(server.pid, "SIGHUP");
    await loaded;
    expect(await statusWith(await ed.sign(), server)).toBe(PERMITTED);
    expect(await statusWith(await ec.sign(), server)).toBe(REFUSED);
  });

  /** The server in this very process, since it is told by a call. */
  async function startHere(jwks: string) {
    const { logger } = captureLog();
    const command = parseCommand(["-host=127.0.0.1", "-port=0", `-token-jwks=${jwks}`], {});
    if (command.kind !== "run") throw new Error(JSON.stringify(command));
    const server = await startServer(command.config, logger, "0.0.0");
    return { port: server.port, reload: () => server.reload(), [Symbol.asyncDispose]: () => server.stop() };
  }

  test("puts the file's new keys in the place of the old, unless they are of no use", async () => {
    using file = new TemporaryFile("keys.json", keySet(ec.jwk));
    await using server = await startHere(file.path);
    file.write(keySet(ed.jwk));
    expect(await statusWith(await ed.sign(), server)).toBe(REFUSED);
    await server.reload();
    expect(await statusWith(await ed.sign(), server)).toBe(PERMITTED);
    expect(await statusWith(await ec.sign(), server)).toBe(REFUSED);
    file.write("{");
    await server.reload();
    expect(await statusWith(await ed.sign(), server)).toBe(PERMITTED);
  });

  test("fetches the keys of a URL anew, at once", async () => {
    await using keys = await KeyServer.start(keySet(ec.jwk));
    await using server = await startHere(keys.url.href);
    expect(await statusWith(await ec.sign(), server)).toBe(PERMITTED);
    keys.serve(keySet(ec.jwk, ed.jwk));
    await server.reload();
    for (const signer of [ec, ed]) expect(await statusWith(await signer.sign(), server)).toBe(PERMITTED);
    keys.serve(keySet(ed.jwk));
    await server.reload();
    expect(await statusWith(await ed.sign(), server)).toBe(PERMITTED);
    expect(await statusWith(await ec.sign(), server)).toBe(REFUSED);
    expect(keys.requests).toBe(3);
  });
});

describe("confusion about algorithms and keys", () => {
  const claims = { sub: "c1", aud: "ringcast", exp: 9_999_999_999, subscribe: ["*"], publish: ["*"] };
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const hmac = (secret: string | Uint8Array, header: object = {}) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: "HS256", ...header })
      .sign(typeof secret === "string" ? new TextEncoder().encode(secret) : secret);
  const spki = async () => exportSPKI(await publicKey("RS256"));
  const der = () => createPublicKey({ key: { ...rsa.jwk }, format: "jwk" }).export({ format: "der", type: "spki" });
  async function publicKey(alg: string) {
    const key = await importJWK(rsa.jwk, alg);
    if (key instanceof Uint8Array) throw new Error("no public key");
    return key;
  }
  /** A token's head and claims as told, with a signature that is made up. */
  const madeUp = (header: object, signature: string) => `${encode(header)}.${encode(claims)}.${signature}`;
  /** Signed by the RSA key, whatever the header says. */
  async function signedUnder(header: object, payload = encode(claims)) {
    const text = `${encode(header)}.${payload}`;
    const signature = await crypto.subtle.sign("RSASSA-PKCS1-v1_5", rsa.privateKey, Buffer.from(text));
    return `${text}.${Buffer.from(signature).toString("base64url")}`;
  }
  const stranger = ForeignSigner.create("RS256", "rsa");

  const ATTACKS: Record<string, () => Promise<string> | string> = {
    "HS256 with the key set as the secret": () => hmac(keySet(rsa.jwk, rsa2.jwk, ec.jwk, ed.jwk, OCT)),
    "HS256 with the public key as JSON": () => hmac(JSON.stringify(rsa.jwk), { kid: "rsa" }),
    "HS256 with the public key as PEM": async () => hmac(await spki(), { kid: "rsa" }),
    "HS256 with the public key as PEM with a line's end": async () => hmac(`${await spki()}\n`, { kid: "rsa" }),
    "HS256 with the public key's bytes": () => hmac(der(), { kid: "rsa" }),
    "HS256 with the modulus": () => hmac(Buffer.from(rsa.jwk.n ?? "", "base64url"), { kid: "rsa" }),
    "HS256 with the point as text": () => hmac(ed.jwk.x ?? "", { kid: "ed" }),
    "HS256 with a secret of the key set": () => hmac(SECRET.toUpperCase(), { kid: "oct" }),
    "HS512 with the server's secret": () => hmac(SECRET, { alg: "HS512" }),
    none: () => new UnsecuredJWT(claims).encode(),
    "none, and a key's name": () => madeUp({ alg: "none", kid: "rsa" }, ""),
    None: () => madeUp({ alg: "None", kid: "rsa" }, ""),
    "no algorithm": () => madeUp({ kid: "rsa" }, "AAAA"),
    "an algorithm that is no text": () => madeUp({ alg: ["RS256"], kid: "rsa" }, "AAAA"),
    "an algorithm of every object": () => madeUp({ alg: "constructor", kid: "rsa" }, "AAAA"),
    "RS256 in small letters": () => signedUnder({ alg: "rs256", kid: "rsa" }),
    "RS256 that names a key for ES256": () => rsa.sign({}, { kid: "ec" }),
    "RS256 that names a secret": () => rsa.sign({}, { kid: "oct" }),
    "RS256 that names another key for RS256": () => rsa.sign({}, { kid: "rsa2" }),
    "RS256 that names no key where two would do": () => signedUnder({ alg: "RS256" }),
    "RS256 that names an unknown key": () => rsa.sign({}, { kid: "__proto__" }),
    "RS256 by a stranger who names a known key": async () => (await stranger).sign(),
    "RS256 by a stranger who brings the key along": async () =>
      (await stranger).sign({}, { jwk: (await stranger).jwk }),
    "ES256 that names a key for EdDSA": () => ec.sign({}, { kid: "ed" }),
    "ES256 with an empty signature": () => madeUp({ alg: "ES256", kid: "ec" }, ""),
    "ES256 with a signature of zeros": () => madeUp({ alg: "ES256", kid: "ec" }, "A".repeat(86)),
    "EdDSA with a signature of zeros": () => madeUp({ alg: "EdDSA", kid: "ed" }, "A".repeat(86)),
    "an extension that must be understood": () => signedUnder({ alg: "RS256", kid: "rsa", crit: ["x"], x: 1 }),
    "claims in the open": () =>
      signedUnder({ alg: "RS256", kid: "rsa", crit: ["b64"], b64: false }, JSON.stringify(claims)),
    "encryption to the public key": async () =>
      new EncryptJWT(claims)
        .setProtectedHeader({ alg: "RSA-OAEP", enc: "A256GCM", kid: "rsa" })
        .encrypt(await publicKey("RSA-OAEP")),
    "another audience": () => rsa.sign({ aud: "elsewhere" }),
    "no end": () => rsa.sign({ exp: undefined }),
    "an end that has come": () => rsa.sign({ exp: Math.floor(Date.now() / 1000) - 1 }),
    "a beginning that has not": () => rsa.sign({ nbf: Math.floor(Date.now() / 1000) + 30 }),
    "no client": () => rsa.sign({ sub: undefined }),
    "claims that were changed": async () => {
      const [header, , signature] = (await rsa.sign()).split(".");
      return `${header}.${encode(claims)}.${signature}`;
    },
  };

  test("gets nobody in, and is no fault of the server's", async () => {
    using file = new TemporaryFile("keys.json", keySet(rsa.jwk, rsa2.jwk, ec.jwk, ed.jwk, OCT));
    await using server = await start(file.path);
    const outcomes: Record<string, number> = {};
    for (const [attack, make] of Object.entries(ATTACKS)) outcomes[attack] = await statusWith(await make(), server);
    expect(outcomes).toEqual(Object.fromEntries(Object.keys(ATTACKS).map((attack) => [attack, REFUSED])));
    // What the attacks spoil is good: the same with nothing spoilt gets in.
    const good = [await rsa.sign(), await hmac(SECRET), await signedUnder({ alg: "RS256", kid: "rsa" })];
    for (const token of good) expect(await statusWith(token, server)).toBe(PERMITTED);
    const stats = await server.fetch("/stats", { headers: { "X-API-Key": KEY } });
    expect(await stats.json()).toMatchObject({ internal_errors: 0 });
  });

  test("of a token that says where its keys are fetches nothing from there", async () => {
    await using elsewhere = await KeyServer.start(keySet((await stranger).jwk));
    await using keys = await KeyServer.start(keySet(rsa.jwk));
    await using server = await start(keys.url.href);
    const jku = elsewhere.url.href;
    expect(await statusWith(await (await stranger).sign({}, { jku, x5u: jku }), server)).toBe(REFUSED);
    expect(elsewhere.requests).toBe(0);
  });
});
