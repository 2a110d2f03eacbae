import { newBlock } from "../../src/bytes/block.ts";
import { type Draft, draftOf } from "../../src/core/draft.ts";
import { encodeEnd, TopicEncoder } from "../../src/protocol/encode.ts";

/** An event's text as the server writes it. */
export function encodedEvent(topicJson: string, idJson: string, payloadJson: string, offset: number, ts: string) {
  return encodedDraft(topicJson, draftOf(idJson, payloadJson), offset, ts);
}

/** The same of a draft; throws where its length is not the one that was announced. */
export function encodedDraft(topicJson: string, draft: Draft, offset: number, ts: string) {
  const encoder = new TopicEncoder(topicJson);
  const target = newBlock(Buffer.alloc(encoder.eventLength(draft, offset)));
  const end = encoder.writeEvent(target, 0, draft, offset, encodeEnd(ts));
  if (end !== target.bytes.length) throw new Error(`the event ends at ${end} instead of ${target.bytes.length}`);
  return target.bytes.toString();
}
