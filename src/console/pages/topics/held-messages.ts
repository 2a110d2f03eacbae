import { type JsonNode, membersOf, readNode, sourceOf } from "../../parts/json-tree.ts";

/** A message of a topic, its payload as the text that the publisher wrote. */
export interface Message {
  readonly epoch: string;
  readonly offset: number;
  readonly id: string;
  readonly payload: string;
  readonly ts: string;
}

/** What a topic holds, oldest first. */
export interface Held {
  readonly epoch: string;
  readonly messages: readonly Message[];
}

function textOf(source: string | undefined): string {
  const value: unknown = source === undefined ? "" : JSON.parse(source);
  return typeof value === "string" ? value : String(value);
}

function fieldsOf(text: string, node: JsonNode): ReadonlyMap<string, string> {
  return new Map(membersOf(text, node).map(({ key, node }) => [textOf(key), sourceOf(text, node)]));
}

/** Reads the answer of `GET /topics/{name}/messages`, without reading what is in the payloads. */
export function heldMessages(text: string): Held {
  const root = membersOf(text, readNode(text));
  const nodeOf = (name: string) => root.find(({ key }) => key === name)?.node;
  const epochNode = nodeOf('"epoch"');
  const list = nodeOf('"messages"');
  if (epochNode === undefined || list === undefined) return { epoch: "", messages: [] };
  const epoch = textOf(sourceOf(text, epochNode));
  const messages = membersOf(text, list).map(({ node }) => {
    const fields = fieldsOf(text, node);
    return {
      epoch,
      offset: Number(fields.get("offset")),
      id: textOf(fields.get("id")),
      payload: fields.get("payload") ?? "",
      ts: textOf(fields.get("ts")),
    };
  });
  return { epoch, messages };
}
