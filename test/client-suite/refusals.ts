import type { Client, RingcastError, WebSocketClass } from "../../src/client/index.ts";
import { Changes, control, expect, expectSame, type Place, rejectionOf, type Scenario, sleep } from "./context.ts";
import { newToken, PATIENT } from "./traffic.ts";

// Each row of the table "When it does not connect" in docs/clients.md.

/** The key must be the one of `Place`. */
const KEY_NEEDED = ["-api-key=suite-key", "-topic-ttl=1m"];
const ELSEWHERE = ["-allowed-origins=https://elsewhere.example"];

/** The warnings of a client, as they come. */
function warningsOf(client: Client) {
  const warnings: RingcastError[] = [];
  const changes = new Changes();
  client.on("warning", (warning) => {
    warnings.push(warning);
    changes.note();
  });
  client.on("state", changes.note);
  const codes = () => warnings.map(({ code }) => code);
  return {
    warnings,
    codes,
    until: (code: RingcastError["code"]) => changes.until(() => codes().includes(code), `the warning ${code}`),
    untilState: (wanted: string) => changes.until(() => client.state.state === wanted, `the state ${wanted}`),
  };
}

/** Expects that a client ends with an error: it rejects whatever it was to do, and what it is asked for later. */
async function expectEnd(client: Client, code: RingcastError["code"], message: RegExp): Promise<void> {
  const { codes } = warningsOf(client);
  const subscription = client.subscribe("t", () => {});
  const loop = client.subscribe("t")[Symbol.asyncIterator]();
  const promises = [client.connect(), subscription.ready, client.publish("t", 1), loop.next()];
  for (const { code: got, error } of await Promise.all(promises.map(rejectionOf))) {
    expectSame(got, code, "the code of a rejection");
    expect(message.test(String(error)), `a message like ${message}, not ${error}`);
  }
  expectSame((await subscription.ended)?.code, code, "what ended the subscription");
  expectSame((await rejectionOf(client.publish("t", 2))).code, code, "the code of a later rejection");
  const { state } = client;
  expectSame([state.state, state.state === "closed" && state.error?.code], ["closed", code], "the state");
  expectSame(codes(), [code], "the warnings");
  await client.close();
}

/** Expects that a client keeps trying, and says why it is not connected, with the URL. */
async function expectTrouble(client: Client, code: RingcastError["code"], message: RegExp): Promise<void> {
  const { codes, until, warnings } = warningsOf(client);
  const connected = rejectionOf(client.connect());
  const published = rejectionOf(client.publish("t", 1));
  await until(code);
  expectSame(codes(), [code], "the warnings");
  const text = String(warnings[0]);
  expect(message.test(text) && text.includes("ws://127.0.0.1"), `a message like ${message}, with the URL, not ${text}`);
  // Not twice, however often it tries.
  await sleep(200);
  expectSame(codes(), [code], "the warnings after more tries");
  expect(client.state.state !== "closed", "the client to keep trying");
  const { code: publishCode, error } = await published;
  expectSame(publishCode, "TIMEOUT", "the code of a publish");
  expect(message.test(String(error)), `the reason in the message of a publish, not ${error}`);
  await client.close();
  expectSame((await connected).code, "CLOSED", "the code of connect() after close()");
}

/** A client that is where it does not belong: whose page, or whose `Origin` header, is of another site. */
function foreignClient({ connect }: Parameters<Scenario["run"]>[0], place: Place, Given: WebSocketClass | undefined) {
  return connect(place.urls.direct, { ...PATIENT, ...(Given && { webSocket: Given }) });
}

export const REFUSALS: Readonly<Record<string, Scenario>> = {
  "without the key that the server needs, ends with UNAUTHORIZED": {
    flags: KEY_NEEDED,
    run: async ({ connect }, place) => {
      await expectEnd(connect(place.urls.direct, PATIENT), "UNAUTHORIZED", /a valid API key or token is needed/);
      return "";
    },
  },

  "with a wrong key, ends with UNAUTHORIZED": {
    flags: KEY_NEEDED,
    run: async ({ connect }, place) => {
      // A browser can't send a key: there, a token that is none stands for it.
      const login = place.runtime === "browser" ? { token: "wrong" } : { apiKey: "wrong" };
      await expectEnd(connect(place.urls.direct, { ...PATIENT, ...login }), "UNAUTHORIZED", /token/);
      return "";
    },
  },

  "with a token that has expired, ends with UNAUTHORIZED": {
    flags: KEY_NEEDED,
    run: async ({ connect }, place) => {
      const token = await newToken(place, "1s");
      await sleep(2500);
      await expectEnd(connect(place.urls.direct, { ...PATIENT, token, clientId: "web" }), "UNAUTHORIZED", /expired/);
      return "";
    },
  },

  "with a token that has expired and a way to get another, warns and connects with that": {
    flags: KEY_NEEDED,
    run: async ({ connect }, place) => {
      const token = await newToken(place, "1s");
      await sleep(2500);
      const getToken = () => newToken(place, "1m");
      const client = connect(place.urls.direct, { ...PATIENT, token, getToken, clientId: "web" });
      const { codes } = warningsOf(client);
      await client.connect();
      expectSame(codes(), ["UNAUTHORIZED"], "the warnings");
      await client.close();
      return "";
    },
  },

  "with a getToken that fails, warns and calls it again": {
    flags: KEY_NEEDED,
    run: async ({ connect }, place) => {
      let calls = 0;
      const getToken = async () => {
        calls++;
        if (calls === 1) throw new Error("502 Bad Gateway");
        return calls === 2 ? "<html>502 Bad Gateway</html>" : newToken(place, "1m");
      };
      const client = connect(place.urls.direct, { ...PATIENT, getToken, clientId: "web" });
      const { codes, warnings } = warningsOf(client);
      await client.connect();
      expectSame([calls, codes()], [3, ["NO_TOKEN"]], "the calls and the warnings");
      expect(warnings[0]?.message.includes("502 Bad Gateway") === true, `what it threw, not ${warnings[0]}`);
      await client.close();
      return "";
    },
  },

  "from an origin that is not allowed, ends with FORBIDDEN": {
    flags: ELSEWHERE,
    run: async (sdk, place) => {
      // Only browsers send an origin by themselves, and only they are held to it.
      if (place.runtime === "browser") {
        await expectEnd(foreignClient(sdk, place, undefined), "FORBIDDEN", /origin/);
        return "";
      }
      const client = foreignClient(sdk, place, undefined);
      await client.connect();
      await client.close();
      return "no origin, so nothing to refuse";
    },
  },

  "for a topic that its token does not allow, rejects with FORBIDDEN, and stays connected": {
    flags: KEY_NEEDED,
    run: async ({ connect }, place) => {
      const client = connect(place.urls.direct, { ...PATIENT, token: await newToken(place, "1m"), clientId: "web" });
      const { warnings } = warningsOf(client);
      const refused = [client.subscribe("elsewhere", () => {}).ready, client.publish("elsewhere", 1)];
      for (const { code, error } of await Promise.all(refused.map(rejectionOf))) {
        expectSame(code, "FORBIDDEN", "the code");
        expect(String(error).includes('topic "elsewhere"'), `the topic's name in the message, not ${error}`);
      }
      expectSame(
        warnings.map(({ code, topic }) => [code, topic]),
        [["FORBIDDEN", "elsewhere"]],
        "the warnings",
      );
      expectSame((await client.publish("t", 1)).offset, 1, "the offset of a publish that is allowed");
      await client.close();
      return "";
    },
  },

  "that is one too many, warns with UNAVAILABLE and comes in when there is room": {
    flags: ["-max-connections=1"],
    run: async ({ connect }, place) => {
      const first = connect(place.urls.direct, PATIENT);
      await first.connect();
      const second = connect(place.urls.direct, PATIENT);
      const { until, untilState, warnings } = warningsOf(second);
      const connected = second.connect();
      await until("UNAVAILABLE");
      expect(String(warnings[0]).includes("-max-connections"), `the flag that limits, not ${warnings[0]}`);
      await untilState("waiting");
      const { state } = second;
      expectSame(state.state === "waiting" && state.code, 1013, "the close code");
      await first.close();
      await connected;
      await second.close();
      return "";
    },
  },

  "that meets a server which is shutting down, warns with UNAVAILABLE and connects to the next": {
    deadlineMs: 90_000,
    run: async ({ connect }, place) => {
      // A client that reads nothing of much keeps the server from ending for some seconds.
      const reader = connect(place.urls.consumer, { ...PATIENT, connectTimeoutMs: 20_000 });
      await reader.subscribe("t", () => {}).ready;
      await control(place, { do: "stall", side: "consumer" });
      const publisher = connect(place.urls.direct, PATIENT);
      const text = "x".repeat(100_000);
      await Promise.all(Array.from({ length: 99 }, () => publisher.publish("t", text)));
      await publisher.close();
      await control(place, { do: "drain" });
      const late = connect(place.urls.direct, PATIENT);
      const { until, warnings } = warningsOf(late);
      const connected = late.connect();
      await until("UNAVAILABLE");
      expect(String(warnings[0]).includes("shutting down"), `that it is shutting down, not ${warnings[0]}`);
      await control(place, { do: "restart", signal: "SIGKILL", samePort: true });
      await connected;
      await control(place, { do: "resume", side: "consumer" });
      await Promise.all([late.close(), reader.close(0)]);
      return "";
    },
  },

  "at a port where nothing answers, says so with the URL": {
    run: async ({ connect }) => {
      const client = connect("ws://127.0.0.1:1/ws", { ...PATIENT, publishTimeoutMs: 3000 });
      await expectTrouble(client, "UNREACHABLE", /nothing answers at/);
      return "";
    },
  },

  "at a wrong path of the server, says so with the URL": {
    flags: ["-enable-cors"],
    run: async ({ connect }, place) => {
      const client = connect(place.urls.direct.replace("/ws", "/wss"), { ...PATIENT, publishTimeoutMs: 3000 });
      await expectTrouble(client, "NOT_RINGCAST", /no WebSocket at this path/);
      return "";
    },
  },

  "at another server, says that it is no Ringcast server, with the URL": {
    run: async ({ connect }, place) => {
      const url = place.controlUrl.replace(/^http/, "ws");
      await expectTrouble(
        connect(url, { ...PATIENT, publishTimeoutMs: 3000 }),
        "NOT_RINGCAST",
        /is not a Ringcast server/,
      );
      return "";
    },
  },

  "from a page of another origin without CORS, says what the server lacks where WebSockets are blocked": {
    blocksWebSockets: true,
    run: async ({ connect }, place) => {
      const client = connect(place.urls.consumer, { ...PATIENT, publishTimeoutMs: 3000 });
      if (place.runtime === "browser") {
        await expectTrouble(client, "NOT_RINGCAST", /-enable-cors/);
        return "";
      }
      await client.connect();
      expectSame(client.state, { state: "open", transport: "http" }, "the state");
      await client.close();
      return "no page, so no origin";
    },
  },
};
