import { RingcastError } from "./errors.ts";
import type { PublishOptions, StreamOptions } from "./options.ts";

// Types do not hold at run time: options may come from outside, and a topic from a variable that was never set.

/** What an argument must be, in words, and whether it is. */
type Rule = readonly [name: string, isKept: boolean, must: string];

function firstBroken(rules: readonly Rule[]): RingcastError | undefined {
  for (const [name, isKept, must] of rules)
    if (!isKept) return new RingcastError("BAD_REQUEST", `${name} must be ${must}`);
  return undefined;
}

function isOneOf(types: readonly string[], value: unknown): boolean {
  return types.includes(typeof value);
}

function isCount(value: unknown): boolean {
  return value === undefined || (typeof value === "number" && Number.isSafeInteger(value) && value >= 0);
}

const TEXT = ["string"];
const OPTIONAL_TEXT = ["string", "undefined"];
const OPTIONAL_BOOLEAN = ["boolean", "undefined"];

/** The fault in the arguments of a publish, as a `BAD_REQUEST`; undefined where there is none. */
export function faultOfPublish(topic: string, { dedupe, id, raw }: PublishOptions): RingcastError | undefined {
  return firstBroken([
    ["topic", isOneOf(TEXT, topic), "a string"],
    ["id", isOneOf(OPTIONAL_TEXT, id), "a string"],
    ["dedupe", isOneOf(OPTIONAL_BOOLEAN, dedupe), "a boolean"],
    ["raw", isOneOf(OPTIONAL_BOOLEAN, raw), "a boolean"],
  ]);
}

/** The fault in the arguments of a subscribe, as a `BAD_REQUEST`; undefined where there is none. */
export function faultOfSubscribe(
  topic: string,
  { lastN, maxBuffered, since }: StreamOptions,
): RingcastError | undefined {
  return firstBroken([
    ["topic", isOneOf(TEXT, topic), "a string"],
    ["lastN", isCount(lastN), "a whole number"],
    ["maxBuffered", isCount(maxBuffered), "a whole number"],
    ["since.epoch", isOneOf(TEXT, since?.epoch ?? ""), "a string"],
    ["since.offset", isCount(since?.offset), "a whole number"],
  ]);
}
