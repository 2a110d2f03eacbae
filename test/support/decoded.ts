import type { Decode } from "../../src/protocol/decode.ts";
import { PublishMemo } from "../../src/protocol/publish-memo.ts";
import type { ClientMessage, PublishRequest } from "../../src/protocol/requests.ts";

/** A publish as JSON texts instead of places. */
export interface DecodedPublish {
  readonly type: "publish";
  readonly topic: string;
  readonly idJson: string;
  readonly payloadJson: string;
  readonly dedupe: boolean;
  readonly requestIdJson: string | undefined;
}

export type Decoded = Exclude<ClientMessage, PublishRequest> | DecodedPublish;

/** What may stand behind the end of a message: the rest of the buffer, which holds other messages. */
const REMAINDERS = [
  "",
  "}",
  '"}',
  "}}",
  'rue,"x":1}',
  "0",
  "e5",
  '"',
  "\\",
  ":1}",
  '"]}}',
  " ",
  "1}",
  "lse}",
  '"}}',
  "x",
];
const BEFORE = '{"type":"ping","x":"';

/**
 * Decodes a text that stands in a buffer among other bytes, as it does in a socket's.
 * @param remainder what stands behind it; by default, one of many
 * @param memo what is known of the client; by default, nothing
 */
export function decodeText(
  decode: Decode,
  text: string,
  remainder = REMAINDERS[text.length % REMAINDERS.length] ?? "",
  memo = new PublishMemo(),
): Decoded {
  const bytes = Buffer.from(BEFORE + text + remainder);
  const end = BEFORE.length + Buffer.byteLength(text);
  const decoded = decode(bytes, BEFORE.length, end, memo);
  if (decoded.type !== "publish") return decoded;
  const { dedupe, idEnd, idStart, payloadEnd, payloadStart, requestIdEnd, requestIdStart, topic } = decoded;
  return {
    type: "publish",
    topic,
    idJson: bytes.toString("utf8", idStart, idEnd),
    payloadJson: bytes.toString("utf8", payloadStart, payloadEnd),
    dedupe,
    requestIdJson: requestIdEnd < 0 ? undefined : bytes.toString("utf8", requestIdStart, requestIdEnd),
  };
}

/** All that may stand behind the end of a message. */
export const ALL_REMAINDERS: readonly string[] = REMAINDERS;
