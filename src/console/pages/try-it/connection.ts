import { effect, signal, untracked } from "@preact/signals";
import { deferred } from "../../../client/deferred.ts";
import { config, fetchToken, isKeyMissing, ownClientId, webSocketUrl } from "../../feed.ts";
import { type Answer, answerOf, type Outcome, outcomeOf, sentOf, Unanswered } from "./answers.ts";
import { type Ending, explainClose, explainCode } from "./explain.ts";
import { markDone } from "./first-steps.ts";
import { addFrame } from "./frames.ts";
import { uniqueName } from "./unique-name.ts";

// The playground's own WebSocket: plain, without the SDK, so that each frame is seen as it goes over the wire.

const SUBPROTOCOL = "ringcast.v1";

/** How the connection is; one that has ended says why. */
export type Connection =
  | { readonly state: "connecting" | "open" }
  | { readonly state: "closed"; readonly ending?: Ending & { readonly isBad: boolean } };

/** A topic that the connection is subscribed to. */
export interface Subscribed {
  readonly topic: string;
  readonly epoch: string;
}

export const connection = signal<Connection>({ state: "closed" });
/** In the order in which they were made. */
export const subscriptions = signal<readonly Subscribed[]>([]);
/** What became of the last request. */
export const outcome = signal<Outcome | undefined>(undefined);

let socket: WebSocket | undefined;
/** The connection goes by this name; a token is for the console's, and no other counts. */
let clientId = "";
let unanswered = new Unanswered();
let lastRequest = 0;
/** The attempt that counts, and what became of it. */
let attempt: Promise<WebSocket> | undefined;
/** Counts attempts: one that was given up must not open anything later. */
let attemptNumber = 0;

function end(code: number, reason: string): void {
  const ending = explainClose(code);
  const isBad = code !== 1000 && code !== 1005;
  addFrame("note", `Closed with ${code}${reason === "" ? "" : ` (${reason})`}: ${ending.title}. ${ending.advice}`);
  connection.value = { state: "closed", ending: { ...ending, title: `${ending.title} (${code})`, isBad } };
  forget();
}

/** Nothing of a connection outlives it. */
function forget(): void {
  subscriptions.value = [];
  outcome.value = undefined;
  unanswered = new Unanswered();
  socket = undefined;
  attempt = undefined;
  attemptNumber++;
}

function follow(opening: WebSocket): Promise<WebSocket> {
  const { promise, reject, resolve } = deferred<WebSocket>();
  opening.addEventListener("open", () => {
    connection.value = { state: "open" };
    addFrame("note", `Connected to ${opening.url} as ${clientId}`);
    resolve(opening);
  });
  opening.addEventListener("message", ({ data }) => {
    if (opening === socket && typeof data === "string") received(data);
  });
  opening.addEventListener("close", ({ code, reason }) => {
    if (opening === socket) end(code, reason);
    reject(new Error(explainClose(code).title));
  });
  return promise;
}

async function open(number: number): Promise<WebSocket> {
  const token = config.value?.key_needed === true ? await fetchToken() : undefined;
  if (number !== attemptNumber) throw new Error("It was given up.");
  clientId = token === undefined ? uniqueName() : ownClientId;
  socket = new WebSocket(webSocketUrl(), token === undefined ? [SUBPROTOCOL] : [SUBPROTOCOL, `token.${token}`]);
  return await follow(socket);
}

/** Connects, if there is no connection. Rejects where none comes about, which `connection` tells, too. */
export function connectSocket(): Promise<WebSocket> {
  if (attempt !== undefined) return attempt;
  connection.value = { state: "connecting" };
  const mine = open(++attemptNumber);
  attempt = mine;
  mine.catch((error: unknown) => {
    if (attempt !== mine) return;
    attempt = undefined;
    const advice = error instanceof Error ? error.message : String(error);
    connection.value = { state: "closed", ending: { title: "No connection", advice, isBad: true } };
  });
  return mine;
}

/** Ends the connection, or the attempt at one. */
export function disconnectSocket(): void {
  const closing = socket;
  closing?.close(1000);
  if (connection.value.state === "open") return;
  // One that was never open has no end to tell.
  forget();
  connection.value = { state: "closed" };
}

// Who forgets the key wants nothing to go on that came by it.
effect(() => {
  if (isKeyMissing.value) untracked(disconnectSocket);
});

/** Sends a frame as it is, connecting first if need be. What becomes of it shows in `outcome`. */
export async function sendFrame(build: (clientId: string, requestId: string) => string): Promise<void> {
  try {
    const open = await connectSocket();
    const text = build(clientId, `try-${++lastRequest}`);
    outcome.value = undefined;
    unanswered.add(sentOf(text, performance.now()));
    addFrame("sent", text);
    open.send(text);
  } catch {
    outcome.value = { isGood: false, text: "Not sent: there is no connection." };
  }
}

function received(text: string): void {
  addFrame("received", text);
  const answer = answerOf(text);
  if (answer === undefined) return;
  if (answer.type === "info") informed(answer);
  const sent = unanswered.take(answer);
  if (sent === undefined) return;
  const { isGood, text: words } = outcomeOf(sent, answer, performance.now());
  const meaning = isGood ? undefined : explainCode(answer.code);
  outcome.value = { isGood, text: meaning === undefined ? words : `${words}. ${meaning}` };
  if (answer.type !== "ack") return;
  if (sent.type === "subscribe" || sent.type === "publish") markDone(sent.type);
  keep(sent.type, answer);
}

function keep(type: string, { epoch = "", topic }: Answer): void {
  if (type !== "subscribe" && type !== "unsubscribe") return;
  const others = subscriptions.value.filter((one) => one.topic !== topic);
  subscriptions.value = type === "subscribe" ? [...others, { topic, epoch }] : others;
}

function informed({ code, topic }: Answer): void {
  if (code === "TOPIC_DELETED") subscriptions.value = subscriptions.value.filter((one) => one.topic !== topic);
  if (code === "TOKEN_EXPIRING") void refresh();
}

/** Goes on with a new token. The list shows that, but not the token. */
async function refresh(): Promise<void> {
  const renewed = socket;
  const token = await fetchToken().catch(() => undefined);
  // Without one, the connection ends with the old one, and says so.
  if (token === undefined || renewed === undefined || renewed !== socket) return;
  const request = { type: "refresh", request_id: `try-${++lastRequest}` };
  unanswered.add(sentOf(JSON.stringify(request), performance.now()));
  addFrame("sent", JSON.stringify({ ...request, token: "…" }));
  renewed.send(JSON.stringify({ ...request, token }));
}
