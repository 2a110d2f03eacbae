import { draftOf } from "../../src/core/draft.ts";
import { TopicEncoder } from "../../src/protocol/encode.ts";

/** An event's text as the server writes it; throws where its length is not the one that was announced. */
export function encodedEvent(topicJson: string, idJson: string, payloadJson: string, offset: number, ts: string) {
  const encoder = new TopicEncoder(topicJson);
  const draft = draftOf(idJson, payloadJson);
  const target = Buffer.alloc(encoder.eventLength(draft, offset));
  const end = encoder.writeEvent(target, 0, draft, offset, Buffer.from(ts));
  if (end !== target.length) throw new Error(`the event ends at ${end} instead of ${target.length}`);
  return target.toString();
}
