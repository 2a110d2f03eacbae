import { effect, signal } from "@preact/signals";
import { type Client, connect, type State } from "../client/index.ts";
import type { Happening, ServerInfo, SystemStats } from "../protocol/system.ts";
import { SYSTEM_TOPICS } from "../protocol/system-topics.ts";
import { ApiError, type ConsoleConfig, request } from "./api.ts";
import { apiKey, forgetKey } from "./session.ts";

// What the server tells of itself: its own topics, over its own client.

/** A message of `$sys/stats`, and when it was sent. */
export interface Sample {
  readonly atMs: number;
  readonly stats: SystemStats;
}

/** A message of `$sys/events`, likewise; `id` is unique in the list. */
export interface Told {
  readonly id: string;
  readonly atMs: number;
  readonly happening: Happening;
}

/** As far back as the server itself remembers. */
export const HISTORY_MS = 15 * 60_000;
const MAX_HAPPENINGS = 1000;
/** A page that nobody looks at may fall behind; one that comes back should be there at once. */
const MAX_BACKOFF_MS = 3000;
const TOKEN_TTL = "15m";

/** No position that the server knows: it answers with all that it still holds. */
const FROM_THE_BEGINNING = { since: { epoch: "", offset: 0 } };

/** Whether a key is needed, and which version answers; undefined until the server has said so. */
export const config = signal<ConsoleConfig | undefined>(undefined);
/** Why the last key was of no use; undefined where it was, or none was tried. */
export const keyProblem = signal<string | undefined>(undefined);
/** The client that everything goes through; undefined until there is what it needs. */
export const client = signal<Client | undefined>(undefined);
/** How the link to the server is. */
export const link = signal<State>({ state: "idle" });
/** What runs, and with which bounds. */
export const serverInfo = signal<ServerInfo | undefined>(undefined);
/** The last 15 minutes, oldest first. */
export const samples = signal<readonly Sample[]>([]);
/** The last 1,000 happenings, newest first. */
export const happenings = signal<readonly Told[]>([]);

/** The name of this tab's subscriptions: the token names it too. */
const clientId = `console-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`;

interface Token {
  readonly token: string;
}

/** Fetches a token, with which a browser may connect where it could not send a key. */
export async function fetchToken(): Promise<string> {
  const everything = ["*", "$sys/*"];
  const wish = { client_id: clientId, subscribe: everything, publish: ["*"], ttl: TOKEN_TTL };
  try {
    const { token } = await request<Token>("POST", "/tokens", wish);
    keyProblem.value = undefined;
    return token;
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) {
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

function note<T extends { readonly atMs: number }>(list: readonly T[], item: T): readonly T[] {
  const oldestMs = item.atMs - HISTORY_MS;
  return [...list.filter(({ atMs }) => atMs >= oldestMs && atMs < item.atMs), item];
}

function follow(feed: Client): void {
  feed.on("state", (state) => {
    link.value = state;
  });
  feed.subscribe<ServerInfo>(SYSTEM_TOPICS.server, FROM_THE_BEGINNING, ({ payload }) => {
    serverInfo.value = payload;
  });
  feed.subscribe<SystemStats>(SYSTEM_TOPICS.stats, FROM_THE_BEGINNING, ({ payload, ts }) => {
    samples.value = note(samples.value, { atMs: Date.parse(ts), stats: payload });
  });
  feed.subscribe<Happening>(SYSTEM_TOPICS.events, FROM_THE_BEGINNING, ({ epoch, offset, payload, ts }) => {
    const told = { id: `${epoch}-${offset}`, atMs: Date.parse(ts), happening: payload };
    happenings.value = [told, ...happenings.value].slice(0, MAX_HAPPENINGS);
  });
}

/** Asks whether a key is needed, again and again until there is an answer. */
async function askConfig(): Promise<void> {
  for (;;) {
    try {
      config.value = await request<ConsoleConfig>("GET", "config.json");
      return;
    } catch {
      link.value = { state: "waiting", retryMs: MAX_BACKOFF_MS, code: 1006, reason: "" };
      await new Promise((resolve) => setTimeout(resolve, MAX_BACKOFF_MS));
    }
  }
}

/** Connects as soon as there is what that needs, and anew whenever the key changes. */
export function startFeed(): void {
  void askConfig();
  effect(() => {
    const { key_needed: keyNeeded } = config.value ?? {};
    if (keyNeeded === undefined || (keyNeeded && apiKey.value === "")) {
      client.value = undefined;
      return;
    }
    const login = keyNeeded ? { getToken: fetchToken } : {};
    const feed = connect(webSocketUrl(), { clientId, maxBackoffMs: MAX_BACKOFF_MS, ...login });
    follow(feed);
    client.value = feed;
    return () => void feed.close();
  });
}
