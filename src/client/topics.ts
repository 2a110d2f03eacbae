import type { Schemas, StandardSchema } from "./schema.ts";

/** Payload types by topic. A key that ends in `*` stands for all topics that begin with what is before it. */
export type Topics = object;
/** No type is given for any topic: payloads are `unknown`, or what `subscribe<T>` says. */
export type AnyTopics = Readonly<Record<never, never>>;

/** The keys of a map that a topic falls under: its own, or else the patterns that match it. */
type KeysFor<T extends Topics, Topic extends string> = Topic extends keyof T
  ? Topic
  : {
      [Key in keyof T]: Key extends `${infer Start}*` ? (Topic extends `${Start}${string}` ? Key : never) : never;
    }[keyof T];

/** The payload type of a topic; `Otherwise` for a topic that the map does not have. */
export type PayloadOf<T extends Topics, Topic extends string, Otherwise = unknown> = [KeysFor<T, Topic>] extends [never]
  ? Otherwise
  : T[KeysFor<T, Topic>];

type TypesOf<Schema extends StandardSchema> = NonNullable<Schema["~standard"]["types"]>;
/** What schemas take. */
export type InputsOf<S extends Schemas> = { readonly [Topic in keyof S]: TypesOf<S[Topic]>["input"] };
/** What schemas make of it. */
export type OutputsOf<S extends Schemas> = { readonly [Topic in keyof S]: TypesOf<S[Topic]>["output"] };

/** The value for a topic in a map by topic or pattern; of several patterns that match, that of the longest. */
export function valueFor<Value>(map: Readonly<Record<string, Value>>, topic: string): Value | undefined {
  if (Object.hasOwn(map, topic)) return map[topic];
  const patterns = Object.keys(map).filter((key) => key.endsWith("*") && topic.startsWith(key.slice(0, -1)));
  const [longest] = patterns.sort((a, b) => b.length - a.length);
  return longest === undefined ? undefined : map[longest];
}
