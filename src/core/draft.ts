/** A topic's name, and the same as JSON text, encoded once. */
export interface TopicName {
  readonly name: string;
  readonly nameJson: string;
}

/**
 * What a publisher hands over: the places of two JSON texts in bytes that are passed on unchanged. They are two members,
 * `id` and `payload`, of one JSON object, or stand side by side. A draft is valid only during the call; an engine that
 * needs it for longer copies it.
 */
export interface Draft {
  readonly bytes: Buffer;
  readonly idStart: number;
  readonly idEnd: number;
  readonly payloadStart: number;
  readonly payloadEnd: number;
}

/** Makes a draft of two JSON texts. */
export function draftOf(idJson: string, payloadJson: string): Draft {
  const bytes = Buffer.from(idJson + payloadJson);
  const idEnd = Buffer.byteLength(idJson);
  return { bytes, idStart: 0, idEnd, payloadStart: idEnd, payloadEnd: bytes.length };
}
