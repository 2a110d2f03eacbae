import { SignJWT, UnsecuredJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { TestClient, UpgradeRefused } from "./support/client.ts";
import { ForeignSigner, keySet } from "./support/foreign-signer.ts";
import { ServerProcess } from "./support/server-process.ts";
import { TemporaryFile } from "./support/temporary-file.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

// Each permission through each way in. What is to come of it stands in the table, cell by cell.

const KEY = "the-admin-key";
const SECRET = "a-secret-of-at-least-thirty-two-characters";

let server: ServerProcess;
const signer = await ForeignSigner.create("RS256", "k1");

beforeAll(async () => {
  using jwks = new TemporaryFile("keys.json", keySet(signer.jwk));
  const keys = [`-api-key=${KEY}`, "-api-key=feed:publish:a-publish-key", "-api-key=view:subscribe:a-subscribe-key"];
  const flags = [...keys, `-token-secret=${SECRET}`, `-token-jwks=${jwks.path}`, "-topic-ttl=1m", "-trace"];
  server = await ServerProcess.start(flags);
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
  "a publish key": () => bearer("a-publish-key"),
  "a subscribe key": () => bearer("a-subscribe-key"),
  "a token for it": async () => bearer(await token({ subscribe: ["door"], publish: ["door"] })),
  "a token for what begins so": async () => bearer(await token({ subscribe: ["do*"], publish: ["do*"] })),
  "a token for subscribing": async () => bearer(await token({ subscribe: ["door"] })),
  "a token for publishing": async () => bearer(await token({ publish: ["door"] })),
  "a token for another topic": async () => bearer(await token({ subscribe: ["doors"], publish: ["doo"] })),
  "a token of another client": async () => bearer(await token({ client_id: "c2", subscribe: ["*"], publish: ["*"] })),
  "a token that another program signed": async () => bearer(await foreign()),
  "a token that a JWKS key signed": async () => bearer(await signer.sign()),
  "an HS256 token signed with the public key": async () =>
    bearer(await foreign({ secret: JSON.stringify(signer.jwk) })),
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
  return answer.ok ? "ok" : errorCode(answer);
}

async function errorCode(answer: Response): Promise<string> {
  return z.object({ error: z.object({ code: z.string() }) }).parse(await answer.json()).error.code;
}

async function webSocket(headers: Headers, ...requests: readonly object[]): Promise<string> {
  try {
    using client = await TestClient.connect(server.port, { headers });
    // A client that offers ringcast.v1 gets a close code, because browsers show no status.
    const closed = client.closed.then(({ code }) => (code === 4401 ? ("UNAUTHORIZED" as const) : undefined));
    let outcome = "none";
    for (const request of requests) {
      client.send(request);
      const answer = await client.next().catch(async (error: unknown) => (await closed) ?? Promise.reject(error));
      if (answer === "UNAUTHORIZED") return answer;
      outcome = answer.type === "error" ? answer.error.code : "ok";
    }
    return outcome;
  } catch (error) {
    if (error instanceof UpgradeRefused && error.status === 401) return "UNAUTHORIZED";
    throw error;
  }
}

/** What is presented, for the places where a browser can put no header. */
function presented({ Authorization = "" }: Headers): string {
  return Authorization.slice("Bearer ".length);
}

/** Subscribes by the name c1, and leaves at once. */
async function stream(headers: Headers, path: string): Promise<string> {
  const answer = await server.fetch(`${path}${path.includes("?") ? "&" : "?"}client_id=c1`, { headers });
  if (!answer.ok) return errorCode(answer);
  await answer.body?.cancel();
  return "ok";
}

/** The number that the server gave a client: it goes by a name that no other has. */
async function idOf(client: TestClient): Promise<number> {
  const name = crypto.randomUUID();
  await client.subscribe("door", { client_id: name });
  const answer = await server.fetch("/clients?limit=10000", { headers: bearer(KEY) });
  const { clients } = z
    .object({ clients: z.array(z.object({ id: z.number(), client_ids: z.array(z.string()) })) })
    .parse(await answer.json());
  return clients.find(({ client_ids: names }) => names.includes(name))?.id ?? 0;
}

const publishedSchema = z.object({ messages: z.array(z.object({ offset: z.int() })) });

const SUBSCRIBE = { type: "subscribe", topic: "door", client_id: "c1" };
const PUBLISH = { type: "publish", topic: "door", message: { id: "m", payload: 1 } };

type Need = "subscribe" | "subscribe by token" | "unsubscribe" | "see" | "publish" | "administer";
interface Door {
  readonly needs: Need;
  readonly enter: (headers: Headers) => Promise<string>;
}

/** Every way in, and what it needs. Those that subscribe do so by the name c1. */
const DOORS: Record<string, Door> = {
  "WebSocket subscribe": { needs: "subscribe", enter: (headers) => webSocket(headers, SUBSCRIBE) },
  "WebSocket unsubscribe": {
    needs: "unsubscribe",
    enter: (headers) => webSocket(headers, SUBSCRIBE, { ...SUBSCRIBE, type: "unsubscribe" }),
  },
  "GET /topics/{name}/events": { needs: "subscribe", enter: (headers) => stream(headers, "/topics/door/events") },
  "GET /events": { needs: "subscribe", enter: (headers) => stream(headers, "/events?topic=door") },
  "GET /events, token in the URL": {
    needs: "subscribe by token",
    enter: (headers) => stream({}, `/events?topic=door&token=${presented(headers)}`),
  },
  "WebSocket subscribe, token as a subprotocol": {
    needs: "subscribe by token",
    enter: (headers) => webSocket({ "Sec-WebSocket-Protocol": `ringcast.v1, token.${presented(headers)}` }, SUBSCRIBE),
  },
  "WebSocket publish": { needs: "publish", enter: (headers) => webSocket(headers, PUBLISH) },
  "POST /topics/{name}/messages": {
    needs: "publish",
    enter: (headers) => http("POST", "/topics/door/messages", headers, { payload: 1 }),
  },
  "GET /topics/{name}": { needs: "see", enter: (headers) => http("GET", "/topics/door", headers) },
  "GET /topics/{name}/messages": { needs: "see", enter: (headers) => http("GET", "/topics/door/messages", headers) },
  "GET /topics/{name}/subscribers": {
    needs: "see",
    enter: (headers) => http("GET", "/topics/door/subscribers", headers),
  },
  "GET /topics/{name}/messages/{offset}/trace": {
    needs: "see",
    enter: async (headers) => {
      const published = await server.post("/topics/door/messages", { payload: 1 }, bearer(KEY));
      const { messages } = publishedSchema.parse(await published.json());
      return http("GET", `/topics/door/messages/${messages[0]?.offset}/trace`, headers);
    },
  },
  "POST /topics": {
    needs: "administer",
    enter: (headers) => http("POST", "/topics", headers, { name: crypto.randomUUID() }),
  },
  "GET /topics": { needs: "administer", enter: (headers) => http("GET", "/topics", headers) },
  "DELETE /topics/{name}": {
    needs: "administer",
    enter: async (headers) => {
      await http("POST", "/topics", bearer(KEY), { name: "door/deleted" });
      return http("DELETE", "/topics/door%2Fdeleted", headers);
    },
  },
  "GET /clients": { needs: "administer", enter: (headers) => http("GET", "/clients", headers) },
  "GET /clients/{id}": {
    needs: "administer",
    enter: async (headers) => {
      using client = await TestClient.connect(server.port, { headers: bearer(KEY) });
      return await http("GET", `/clients/${await idOf(client)}`, headers);
    },
  },
  "DELETE /clients/{id}": {
    needs: "administer",
    enter: async (headers) => {
      using client = await TestClient.connect(server.port, { headers: bearer(KEY) });
      return await http("DELETE", `/clients/${await idOf(client)}`, headers);
    },
  },
  "GET /metrics": { needs: "administer", enter: (headers) => http("GET", "/metrics", headers) },
  "GET /stats": { needs: "administer", enter: (headers) => http("GET", "/stats", headers) },
  "POST /tokens": { needs: "administer", enter: (headers) => http("POST", "/tokens", headers, { client_id: "c" }) },
};

const OK = "ok";
const WHO = "UNAUTHORIZED";
const NOT = "FORBIDDEN";
const BAD = "BAD_REQUEST";

type Outcomes = Record<Need, string>;

const NOBODY: Outcomes = {
  subscribe: WHO,
  "subscribe by token": WHO,
  unsubscribe: WHO,
  see: WHO,
  publish: WHO,
  administer: WHO,
};
const NOTHING: Outcomes = {
  subscribe: NOT,
  "subscribe by token": NOT,
  unsubscribe: NOT,
  see: NOT,
  publish: NOT,
  administer: NOT,
};
const SUBSCRIBER: Outcomes = { ...NOTHING, subscribe: OK, "subscribe by token": OK, unsubscribe: OK, see: OK };
const PUBLISHER: Outcomes = { ...NOTHING, publish: OK };
const USER: Outcomes = { ...SUBSCRIBER, publish: OK };

/** What comes of each permission, by what a way in needs. */
const OUTCOMES: Record<keyof typeof PERMISSIONS, Outcomes> = {
  "no key": NOBODY,
  "a wrong key": NOBODY,
  // A key has no place in a URL, nor among the subprotocols.
  "the admin key": { ...USER, administer: OK, "subscribe by token": WHO },
  "a publish key": { ...PUBLISHER, "subscribe by token": WHO },
  "a subscribe key": { ...SUBSCRIBER, "subscribe by token": WHO },
  "a token for it": USER,
  "a token for what begins so": USER,
  "a token for subscribing": SUBSCRIBER,
  "a token for publishing": PUBLISHER,
  "a token for another topic": NOTHING,
  // It may not go by the name c1, so it is not subscribed either.
  "a token of another client": { ...USER, subscribe: NOT, "subscribe by token": NOT, unsubscribe: BAD },
  "a token that another program signed": USER,
  "a token that a JWKS key signed": USER,
  "an HS256 token signed with the public key": NOBODY,
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
      const expected = Object.entries(OUTCOMES).find(([name]) => name === permission)?.[1] ?? NOBODY;
      for (const [door, { enter, needs }] of Object.entries(DOORS)) {
        expect({ door, outcome: await enter(headers) }).toEqual({ door, outcome: expected[needs] });
      }
    });
  }
});
