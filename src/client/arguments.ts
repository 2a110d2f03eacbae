import { RingcastError } from "./errors.ts";
import type { PublishOptions, StreamOptions } from "./options.ts";
import { misfit, type Shape } from "./shape.ts";

// Types do not hold at run time: options may come from outside, and a topic from a variable that was never set.

const PUBLISH: Shape = { topic: "string", id: "string?", dedupe: "boolean?", raw: "boolean?" };
const SUBSCRIBE: Shape = {
  topic: "string",
  handler: "function?",
  lastN: "number?",
  maxBuffered: "number?",
  parse: "function?",
};
const SINCE: Shape = { epoch: "string", offset: "number" };

function fault(topic: string, name: string | undefined): RingcastError | undefined {
  if (name === undefined) return undefined;
  const options = typeof topic === "string" ? { topic } : {};
  return new RingcastError("BAD_REQUEST", `${name} has the wrong type or is out of range`, options);
}

/** The fault in the arguments of a publish, as a `BAD_REQUEST`; undefined where there is none. */
export function faultOfPublish(topic: string, options: PublishOptions): RingcastError | undefined {
  return fault(topic, misfit({ ...options, topic }, PUBLISH));
}

/** The fault in the arguments of a subscribe, as a `BAD_REQUEST`; undefined where there is none. */
export function faultOfSubscribe(topic: string, options: StreamOptions, handler: unknown): RingcastError | undefined {
  const { maxBuffered, since } = options;
  const name = misfit({ ...options, handler, topic }, SUBSCRIBE) ?? (since && misfit(since, SINCE));
  return fault(topic, name ?? (maxBuffered === 0 ? "maxBuffered" : undefined));
}
