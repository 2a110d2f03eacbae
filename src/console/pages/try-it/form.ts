import { computed, signal } from "@preact/signals";
import type { Replay, Wish } from "../../parts/snippets/wish.ts";
import { FIRST_PAYLOAD } from "./examples.ts";
import { jsonProblem } from "./json-problem.ts";

// What stands in the forms. It stays while the user looks at another page.

/** What can be done, by what the user sees. */
export const MODES = [
  { value: "subscribe", label: "Subscribe" },
  { value: "publish", label: "Publish" },
  { value: "raw", label: "Raw frame" },
] as const;
export type Mode = (typeof MODES)[number]["value"];

/** From where a subscription can begin. */
export const REPLAYS = [
  { value: "none", label: "From now on" },
  { value: "last", label: "The last few" },
  { value: "since", label: "Since" },
] as const satisfies readonly { readonly value: Replay["kind"]; readonly label: string }[];

const FIRST_TOPIC = "demo";

export const mode = signal<Mode>("subscribe");
export const topic = signal(FIRST_TOPIC);
export const replayKind = signal<Replay["kind"]>("none");
export const lastCount = signal("10");
export const sinceEpoch = signal("");
export const sinceOffset = signal("0");
export const payload = signal(FIRST_PAYLOAD);
/** Empty where the page makes one. */
export const messageId = signal("");
export const dedupe = signal(false);
export const rawText = signal('{"type":"ping","request_id":"mine"}');

/** A text as a count; what is none is 0, which the server can still refuse or take. */
function count(text: string): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : 0;
}

const replay = computed<Replay>(() => {
  switch (replayKind.value) {
    case "none":
      return { kind: "none" };
    case "last":
      return { kind: "last", count: count(lastCount.value) };
    case "since":
      return { kind: "since", epoch: sinceEpoch.value, offset: count(sinceOffset.value) };
  }
});

/** What is wrong with the payload. */
export const payloadProblem = computed(() => jsonProblem(payload.value));

export const subscribeWish = computed(() => {
  return { type: "subscribe", topic: topic.value, replay: replay.value } as const satisfies Wish;
});
export const publishWish = computed(() => {
  const wish = { type: "publish", topic: topic.value, id: messageId.value, payload: payload.value } as const;
  return { ...wish, dedupe: dedupe.value } satisfies Wish;
});

/** What the form asks for now, if it can be asked: a topic needs a name, and a payload must be JSON. */
export const wish = computed<Wish | undefined>(() => {
  if (topic.value === "" || mode.value === "raw") return undefined;
  if (mode.value === "subscribe") return subscribeWish.value;
  return payloadProblem.value === undefined ? publishWish.value : undefined;
});
