import { connection, outcome, sendFrame, subscriptions } from "./connection.ts";
import { messageId, mode, payloadProblem, publishWish, rawText, subscribeWish, topic } from "./form.ts";
import { frames } from "./frames.ts";
import { pingFrame, publishFrame, subscribeFrame, unsubscribeFrame } from "./requests.ts";
import { uniqueName } from "./unique-name.ts";

// What the buttons do.

function refuse(text: string): void {
  outcome.value = { isGood: false, text };
}

/** Subscribes as the form says. */
export function subscribe(): void {
  const { replay, topic: name } = subscribeWish.value;
  if (name === "") refuse("Name a topic first.");
  else void sendFrame((clientId, requestId) => subscribeFrame(name, clientId, replay, requestId));
}

/** Leaves a topic. */
export function unsubscribe(name: string): void {
  void sendFrame((clientId, requestId) => unsubscribeFrame(name, clientId, requestId));
}

/** Publishes as the form says, if the payload is JSON. */
export function publish(): void {
  const wish = publishWish.value;
  const problem = payloadProblem.value;
  if (wish.topic === "") refuse("Name a topic first.");
  else if (problem !== undefined) refuse("The payload is not JSON.");
  else {
    const id = messageId.value === "" ? uniqueName() : messageId.value;
    void sendFrame((_, requestId) => publishFrame(wish, id, requestId));
  }
}

/** Sends the text of the form as a frame, whatever it is. */
function sendRaw(): void {
  const text = rawText.value;
  void sendFrame(() => text);
}

/** Asks for a sign of life. */
export function ping(): void {
  void sendFrame((_, requestId) => pingFrame(requestId));
}

/** What the form is for. */
export function submit(): void {
  const actions = { subscribe, publish, raw: sendRaw };
  actions[mode.value]();
}

/** Whether the connection is subscribed to the topic of the form. */
export function isSubscribed(): boolean {
  return connection.value.state === "open" && subscriptions.value.some((one) => one.topic === topic.value);
}

/** Where the form's topic was left off, as far as the list of frames goes. */
export function lastSeen(): { readonly epoch: string; readonly offset: number } | undefined {
  const epoch = subscriptions.value.find((one) => one.topic === topic.value)?.epoch;
  const event = frames.value.findLast(({ head }) => head.type === "event" && head.topic === topic.value);
  if (epoch === undefined || event === undefined) return undefined;
  const { offset }: { offset?: unknown } = JSON.parse(event.text);
  return typeof offset === "number" ? { epoch, offset } : undefined;
}
