import { batch, computed, effect, signal, untracked } from "@preact/signals";
import { type Client, connect, type State } from "../client/index.ts";
import type { Happening, ServerInfo, SystemStats } from "../protocol/system.ts";
import { SYSTEM_TOPICS } from "../protocol/system-topics.ts";
import { ApiError, type ConsoleConfig, request } from "./api.ts";
import { type Sample, type Told, withHappenings, withSamples } from "./history.ts";
import { noteServerTime } from "./parts/clock.ts";
import { apiKey, forgetKey } from "./session.ts";
import type { LinkFacts } from "./shell/link-status.ts";

// What the server tells of itself: its own topics, over its own client.

/** A page that nobody looks at may fall behind; one that comes back should be there at once. */
const MAX_BACKOFF_MS = 3000;
const TOKEN_TTL = "15m";
/** What comes within this time is shown at once: a replay brings a thousand messages. */
const GATHER_MS = 50;

/** No position that the server knows: it answers with all that it still holds. */
const FROM_THE_BEGINNING = { since: { epoch: "", offset: 0 } };

/** Whether a key is needed, and which version answers; undefined until the server has said so. */
export const config = signal<ConsoleConfig | undefined>(undefined);
/** Why the last key was of no use; undefined where it was, or none was tried. */
export const keyProblem = signal<string | undefined>(undefined);
/** The client that everything goes through; undefined until there is what it needs. */
export const client = signal<Client | undefined>(undefined);
/** How the link to the server is, and since when. */
export const linkFacts = signal<LinkFacts>({
  state: { state: "connecting" },
  lostAtMs: undefined,
  retryAtMs: undefined,
  refusals: 0,
});
/** How the link to the server is. */
export const link = computed(() => linkFacts.value.state);
/** What runs, and with which bounds. */
export const serverInfo = signal<ServerInfo | undefined>(undefined);
/** The last 15 minutes, oldest first. */
export const samples = signal<readonly Sample[]>([]);
/** The last 1,000 happenings, newest first. */
export const happenings = signal<readonly Told[]>([]);

/** Whether there is no key where one is needed. */
export const isKeyMissing = computed(() => config.value?.key_needed === true && apiKey.value === "");

/** The name of this tab's subscriptions: the token names it too. */
export const ownClientId = `console-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`;

interface Token {
  readonly token: string;
}

/** Fetches a token, with which a browser may connect where it could not send a key. */
export async function fetchToken(): Promise<string> {
  const everything = ["*", "$sys/*"];
  const key = apiKey.value;
  const wish = { client_id: ownClientId, subscribe: everything, publish: ["*"], ttl: TOKEN_TTL };
  try {
    const { token } = await request<Token>("POST", "/tokens", wish);
    keyProblem.value = undefined;
    return token;
  } catch (error) {
    // What is said of a key that has been replaced since is nothing against the new one.
    if (key === apiKey.value && error instanceof ApiError && (error.status === 401 || error.status === 403)) {
      keyProblem.value =
        error.status === 401 ? "The server does not know this key." : "This key is not one of the role admin.";
      forgetKey();
    }
    throw error;
  }
}

/** The WebSocket of the server that the page came from. */
export function webSocketUrl(): string {
  const url = new URL("/ws", location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

function noteState(state: State): void {
  const { state: before, lostAtMs, refusals } = linkFacts.value;
  const nowMs = Date.now();
  if (state.state !== "waiting") {
    const isOver = state.state !== "connecting";
    linkFacts.value = isOver
      ? { state, lostAtMs: undefined, retryAtMs: undefined, refusals: 0 }
      : { ...linkFacts.value, state };
    return;
  }
  linkFacts.value = { state, lostAtMs: lostAtMs ?? nowMs, retryAtMs: nowMs + state.retryMs, refusals };
  void lookForServer(before.state === "connecting" && state.error === undefined);
}

/**
 * Asks over HTTP, where the WebSocket does not open: a server that has restarted may want a key now, or none any more,
 * and one that answers here may refuse just the WebSocket.
 */
async function lookForServer(isHandshakeRefused: boolean): Promise<void> {
  const answer = await request<ConsoleConfig>("GET", "config.json").catch(() => undefined);
  const { state, refusals } = linkFacts.value;
  if (state.state === "open") return;
  const isRefused = answer !== undefined && isHandshakeRefused;
  linkFacts.value = { ...linkFacts.value, refusals: isRefused ? refusals + 1 : 0 };
  if (answer !== undefined) config.value = answer;
}

let arrivedSamples: Sample[] = [];
let arrivedHappenings: Told[] = [];
let isGathering = false;

function showArrivals(): void {
  isGathering = false;
  batch(() => {
    if (arrivedSamples.length > 0) samples.value = withSamples(samples.value, arrivedSamples);
    if (arrivedHappenings.length > 0) happenings.value = withHappenings(happenings.value, arrivedHappenings);
  });
  arrivedSamples = [];
  arrivedHappenings = [];
}

function gather(): void {
  if (isGathering) return;
  isGathering = true;
  setTimeout(showArrivals, GATHER_MS);
}

/** Takes what a client says; returns what ends that. */
function follow(feed: Client): () => void {
  noteState(feed.state);
  const forget = feed.on("state", noteState);
  feed.subscribe<ServerInfo>(SYSTEM_TOPICS.server, FROM_THE_BEGINNING, ({ payload }) => {
    serverInfo.value = payload;
  });
  feed.subscribe<SystemStats>(SYSTEM_TOPICS.stats, FROM_THE_BEGINNING, ({ payload, ts }) => {
    const atMs = Date.parse(ts);
    // The last of a replay is no older than the second that passes between two.
    noteServerTime(atMs);
    arrivedSamples.push({ atMs, stats: payload });
    gather();
  });
  feed.subscribe<Happening>(SYSTEM_TOPICS.events, FROM_THE_BEGINNING, ({ epoch, offset, payload, ts }) => {
    arrivedHappenings.push({ id: `${epoch}-${offset}`, atMs: Date.parse(ts), happening: payload });
    gather();
  });
  return () => void forget();
}

/** Asks whether a key is needed, again and again until there is an answer. */
async function askConfig(): Promise<void> {
  for (;;) {
    try {
      config.value = await request<ConsoleConfig>("GET", "config.json");
      return;
    } catch {
      const nowMs = Date.now();
      const state: State = { state: "waiting", retryMs: MAX_BACKOFF_MS, code: 1006, reason: "" };
      const { lostAtMs = nowMs } = linkFacts.value;
      linkFacts.value = { state, lostAtMs, retryAtMs: nowMs + MAX_BACKOFF_MS, refusals: 0 };
      await new Promise((resolve) => setTimeout(resolve, MAX_BACKOFF_MS));
    }
  }
}

/** Connects as soon as there is what that needs, and anew whenever the key changes. */
export function startFeed(): void {
  void askConfig();
  const keyNeeded = computed(() => config.value?.key_needed);
  effect(() => {
    if (keyNeeded.value === undefined || isKeyMissing.value) {
      client.value = undefined;
      if (isKeyMissing.value) untracked(() => noteState({ state: "idle" }));
      return;
    }
    // Another key is another client; all else that a client reads on its way is none of this effect.
    if (keyNeeded.value) void apiKey.value;
    const login = keyNeeded.value ? { getToken: fetchToken } : {};
    const feed = untracked(() =>
      connect(webSocketUrl(), { clientId: ownClientId, maxBackoffMs: MAX_BACKOFF_MS, ...login }),
    );
    const leave = untracked(() => follow(feed));
    // The page shows the state of the connection, and refusals where they concern it.
    feed.on("warning", () => {});
    client.value = feed;
    return () => {
      // How its end goes is nothing about the link of the one that comes after it.
      leave();
      void feed.close();
    };
  });
}
