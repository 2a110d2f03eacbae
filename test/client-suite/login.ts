import type { Client, State } from "../../src/client/index.ts";
import { Changes, expect, expectSame, rejectionOf, type Scenario, sleep } from "./context.ts";
import { newToken, PATIENT } from "./traffic.ts";

/** Must be the one of `Place`: the servers here ask for a key. */
const FLAGS = ["-api-key=suite-key", "-topic-ttl=1m", "-ring-buffer-size=10000"];

/** Publishes 1, 2, 3 … to a client's own topic, one after the other, until told; the client gets them all, in order. */
async function numbersUntil(client: Client, isEnough: () => boolean): Promise<number> {
  const changes = new Changes();
  const seen: unknown[] = [];
  client.on("gap", (gap) => seen.push(gap));
  const subscription = client.subscribe("t", {}, ({ payload }) => {
    seen.push(payload);
    changes.note();
  });
  await subscription.ready;
  let sent = 0;
  while (!isEnough()) {
    await client.publish("t", ++sent);
    await sleep(1);
  }
  await changes.until(() => seen.length >= sent, "the last number");
  expect(seen.length === sent && seen.every((item, i) => item === i + 1), `1 to ${sent}, each once, not ${seen}`);
  return sent;
}

function codesOf(states: readonly State[]): unknown[] {
  return states.flatMap((state) => (state.state === "waiting" ? [state.code] : []));
}

export const LOGIN: Readonly<Record<string, Scenario>> = {
  "sends an API key where the runtime can, and says what to do where it can't": {
    flags: FLAGS,
    run: async ({ connect, RingcastError }, place) => {
      if (place.runtime === "browser") {
        const { code, error } = await rejectionOf((async () => connect(place.urls.direct, { apiKey: place.apiKey }))());
        expectSame(code, "UNSUPPORTED", "the code");
        expect(error instanceof RingcastError && error.message.includes("token"), `the way out, not only ${error}`);
        return "";
      }
      const client = connect(place.urls.direct, { ...PATIENT, apiKey: place.apiKey });
      expectSame((await client.publish("t", 1)).offset, 1, "the offset");
      await client.close();
      const stranger = connect(place.urls.direct, { ...PATIENT, apiKey: "wrong" });
      expectSame((await rejectionOf(stranger.connect())).code, "UNAUTHORIZED", "the refusal");
      const { state } = stranger;
      const error = state.state === "closed" ? state.error : undefined;
      expectSame(error?.code, "UNAUTHORIZED", "the code");
      expect(
        error?.message.startsWith("a valid API key or token is needed; check the API key") === true,
        `not ${error}`,
      );
      return "";
    },
  },

  "throws at once where the URL is none": {
    run: async ({ connect }) => {
      const { code } = await rejectionOf((async () => connect("wss://exa mple:x"))());
      expectSame(code, "UNSUPPORTED", "the code");
      return "";
    },
  },

  "renews its token in place, and loses no message by it": {
    flags: FLAGS,
    run: async ({ connect }, place) => {
      let tokens = 0;
      const getToken = () => {
        tokens++;
        return newToken(place, "2s");
      };
      const client = connect(place.urls.direct, { ...PATIENT, getToken, clientId: "web" });
      const states: State[] = [];
      client.on("state", (state) => states.push(state));
      const count = await numbersUntil(client, () => tokens >= 4);
      expectSame(
        states.map(({ state }) => state),
        ["connecting", "open"],
        "the states",
      );
      await client.close();
      return `${tokens} tokens, ${count} messages`;
    },
  },

  "comes back with a new token at once where it could not renew it, and loses no message by it (4401)": {
    flags: FLAGS,
    run: async ({ connect }, place) => {
      let calls = 0;
      // Every other time, the back end is not there.
      const getToken = async () => {
        calls++;
        if (calls % 2 === 0) throw new Error("no back end");
        return newToken(place, "1s");
      };
      const client = connect(place.urls.direct, { ...PATIENT, getToken, clientId: "web" });
      const states: State[] = [];
      client.on("state", (state) => states.push(state));
      const count = await numbersUntil(client, () => codesOf(states).length >= 2);
      expectSame(codesOf(states).slice(0, 2), [4401, 4401], "the codes");
      for (const state of states) if (state.state === "waiting") expectSame(state.retryMs, 0, "the wait");
      await client.close();
      return `${count} messages`;
    },
  },

  "ends with a token that it can't renew, and says so to all who wait (4401)": {
    flags: FLAGS,
    run: async ({ connect }, place) => {
      const client = connect(place.urls.direct, { ...PATIENT, token: await newToken(place, "1s"), clientId: "web" });
      const subscription = client.subscribe("t", {}, () => {});
      await subscription.ready;
      expectSame((await rejectionOf(client.publish("elsewhere", 1))).code, "FORBIDDEN", "what it may not");
      expectSame((await rejectionOf(client.subscribe("elsewhere", {}, () => {}).ready)).code, "FORBIDDEN", "the same");
      const looping = rejectionOf(client.subscribe("t")[Symbol.asyncIterator]().next());
      expectSame((await subscription.ended)?.code, "UNAUTHORIZED", "what ended the subscription");
      expectSame((await looping).code, "UNAUTHORIZED", "what the loop throws");
      expectSame((await rejectionOf(client.publish("t", 1))).code, "UNAUTHORIZED", "the refusal of a publish");
      expectSame(client.state.state, "closed", "the state");
      await client.close();
      return "";
    },
  },
};
