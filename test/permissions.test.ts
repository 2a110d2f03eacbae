import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { SignJWT, UnsecuredJWT } from "jose";
import { z } from "zod";
import { TestClient, UpgradeRefused } from "./support/client.ts";
import { ServerProcess } from "./support/server-process.ts";

setDefaultTimeout(30_000);

// Each permission through each way in. What is to come of it stands in the table, cell by cell.

const KEY = "the-admin-key";
const SECRET = "a-secret-of-at-least-thirty-two-characters";

let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.start([`-api-key=${KEY}`, `-token-secret=${SECRET}`, "-topic-ttl=1m"]);
  await server.post("/topics", { name: "door" }, bearer(KEY));
});

afterAll(() => server[Symbol.asyncDispose]());

function bearer(text: string): Record<string, string> {
  return { Authorization: `Bearer ${text}` };
}

const tokenSchema = z.object({ token: z.string(), expires_at: z.iso.datetime() });

async function token(grant: object): Promise<string> {
  const answer = await server.post("/tokens", { client_id: "c1", ...grant }, bearer(KEY));
  expect(answer.status).toBe(200);
  return tokenSchema.parse(await answer.json()).token;
}

function foreign({ alg = "HS256", aud = "ringcast", secret = SECRET, expiresInSec = 60 } = {}): Promise<string> {
  const exp = Math.floor(Date.now() / 1000) + expiresInSec;
  return new SignJWT({ sub: "c1", aud, exp, subscribe: ["*"], publish: ["*"] })
    .setProtectedHeader({ alg })
    .sign(new TextEncoder().encode(secret));
}

const unsigned = new UnsecuredJWT({ sub: "c1", aud: "ringcast", exp: 9_999_999_999, subscribe: ["*"], publish: ["*"] });

/** What is presented, by what it is. */
const PERMISSIONS = {
  "no key": () => ({}),
  "a wrong key": () => bearer("wrong"),
  "the admin key": () => bearer(KEY),
  "a token for it": async () => bearer(await token({ subscribe: ["door"], publish: ["door"] })),
  "a token for what begins so": async () => bearer(await token({ subscribe: ["do*"], publish: ["do*"] })),
  "a token for subscribing": async () => bearer(await token({ subscribe: ["door"] })),
  "a token for publishing": async () => bearer(await token({ publish: ["door"] })),
  "a token for another topic": async () => bearer(await token({ subscribe: ["doors"], publish: ["doo"] })),
  "a token of another client": async () => bearer(await token({ client_id: "c2", subscribe: ["*"], publish: ["*"] })),
  "a token that another program signed": async () => bearer(await foreign()),
  "an expired token": async () => bearer(await foreign({ expiresInSec: -1 })),
  "a forged token": async () => bearer(await foreign({ secret: "another-secret-of-thirty-two-characters" })),
  "a token of another algorithm": async () => bearer(await foreign({ alg: "HS384" })),
  "a token of the algorithm none": () => bearer(unsigned.encode()),
  "a token for another audience": async () => bearer(await foreign({ aud: "elsewhere" })),
} satisfies Record<string, () => Record<string, string> | Promise<Record<string, string>>>;

type Headers = Record<string, string>;

/** "ok", or the error's code. */
async function http(method: string, path: string, headers: Headers, body?: object): Promise<string> {
  const json = body === undefined ? {} : { "Content-Type": "application/json" };
  const init = body === undefined ? {} : { body: JSON.stringify(body) };
  const answer = await server.fetch(path, { method, headers: { ...json, ...headers }, ...init });
  if (answer.ok) return "ok";
  return z.object({ error: z.object({ code: z.string() }) }).parse(await answer.json()).error.code;
}

async function webSocket(headers: Headers, ...requests: readonly object[]): Promise<string> {
  try {
    using client = await TestClient.connect(server.port, { headers });
    let outcome = "none";
    for (const request of requests) {
      client.send(request);
      const answer = await client.next();
      outcome = answer.type === "error" ? answer.error.code : "ok";
    }
    return outcome;
  } catch (error) {
    if (error instanceof UpgradeRefused && error.status === 401) return "UNAUTHORIZED";
    throw error;
  }
}

const SUBSCRIBE = { type: "subscribe", topic: "door", client_id: "c1" };
const PUBLISH = { type: "publish", topic: "door", message: { id: "m", payload: 1 } };

const DOORS = {
  "WebSocket subscribe": (headers: Headers) => webSocket(headers, SUBSCRIBE),
  "WebSocket unsubscribe": (headers: Headers) => webSocket(headers, SUBSCRIBE, { ...SUBSCRIBE, type: "unsubscribe" }),
  "WebSocket publish": (headers: Headers) => webSocket(headers, PUBLISH),
  "POST /topics": (headers: Headers) => http("POST", "/topics", headers, { name: crypto.randomUUID() }),
  "GET /topics": (headers: Headers) => http("GET", "/topics", headers),
  "DELETE /topics/{name}": async (headers: Headers) => {
    await http("POST", "/topics", bearer(KEY), { name: "door/deleted" });
    return http("DELETE", "/topics/door%2Fdeleted", headers);
  },
  "GET /topics/{name}": (headers: Headers) => http("GET", "/topics/door", headers),
  "GET /topics/{name}/messages": (headers: Headers) => http("GET", "/topics/door/messages", headers),
  "POST /topics/{name}/messages": (headers: Headers) => http("POST", "/topics/door/messages", headers, { payload: 1 }),
  "GET /topics/{name}/subscribers": (headers: Headers) => http("GET", "/topics/door/subscribers", headers),
  "GET /stats": (headers: Headers) => http("GET", "/stats", headers),
  "POST /tokens": (headers: Headers) => http("POST", "/tokens", headers, { client_id: "c" }),
};

const OK = "ok";
const WHO = "UNAUTHORIZED";
const NOT = "FORBIDDEN";
const BAD = "BAD_REQUEST";

const NOBODY = Object.keys(DOORS).map(() => WHO);

/** In the order of DOORS: WebSocket subscribe, unsubscribe, publish; POST, GET, DELETE topics; a topic's details, history,
 * publish, subscribers; stats; tokens. */
const OUTCOMES: Record<keyof typeof PERMISSIONS, readonly string[]> = {
  "no key": NOBODY,
  "a wrong key": NOBODY,
  "the admin key": [OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK],
  "a token for it": [OK, OK, OK, NOT, NOT, NOT, OK, OK, OK, OK, NOT, NOT],
  "a token for what begins so": [OK, OK, OK, NOT, NOT, NOT, OK, OK, OK, OK, NOT, NOT],
  "a token for subscribing": [OK, OK, NOT, NOT, NOT, NOT, OK, OK, NOT, OK, NOT, NOT],
  "a token for publishing": [NOT, NOT, OK, NOT, NOT, NOT, NOT, NOT, OK, NOT, NOT, NOT],
  "a token for another topic": [NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT],
  // It may not go by the name c1, so it is not subscribed either.
  "a token of another client": [NOT, BAD, OK, NOT, NOT, NOT, OK, OK, OK, OK, NOT, NOT],
  "a token that another program signed": [OK, OK, OK, NOT, NOT, NOT, OK, OK, OK, OK, NOT, NOT],
  "an expired token": NOBODY,
  "a forged token": NOBODY,
  "a token of another algorithm": NOBODY,
  "a token of the algorithm none": NOBODY,
  "a token for another audience": NOBODY,
};

describe("what is allowed", () => {
  for (const [permission, present] of Object.entries(PERMISSIONS)) {
    test(`with ${permission} is the same through every way in`, async () => {
      const headers: Headers = await present();
      const outcomes: Record<string, string> = {};
      for (const [door, enter] of Object.entries(DOORS)) outcomes[door] = await enter(headers);
      const expected = Object.entries(OUTCOMES).find(([name]) => name === permission)?.[1] ?? [];
      expect(outcomes).toEqual(Object.fromEntries(Object.keys(DOORS).map((door, i) => [door, expected[i] ?? ""])));
    });
  }
});
