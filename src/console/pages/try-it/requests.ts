import type { Replay, Wish } from "../../parts/snippets/wish.ts";

// The frames that say what the forms ask for.

/** A subscribe, as a frame. */
export function subscribeFrame(topic: string, clientId: string, replay: Replay, requestId: string): string {
  const request = { type: "subscribe", topic, client_id: clientId, request_id: requestId };
  switch (replay.kind) {
    case "none":
      return JSON.stringify(request);
    case "last":
      return JSON.stringify({ ...request, last_n: replay.count });
    case "since":
      return JSON.stringify({ ...request, since: { epoch: replay.epoch, offset: replay.offset } });
  }
}

/** An unsubscribe, as a frame. */
export function unsubscribeFrame(topic: string, clientId: string, requestId: string): string {
  return JSON.stringify({ type: "unsubscribe", topic, client_id: clientId, request_id: requestId });
}

/**
 * A publish, as a frame. The payload goes into it byte for byte: what JSON.parse makes of it has lost digits.
 * @param payload must be JSON
 */
export function publishFrame(wish: Extract<Wish, { type: "publish" }>, id: string, requestId: string): string {
  const { dedupe, payload, topic } = wish;
  const rest = `${dedupe ? ',"dedupe":true' : ""},"request_id":${JSON.stringify(requestId)}`;
  const message = `{"id":${JSON.stringify(id)},"payload":${payload}}`;
  return `{"type":"publish","topic":${JSON.stringify(topic)},"message":${message}${rest}}`;
}

/** A ping, as a frame. */
export function pingFrame(requestId: string): string {
  return JSON.stringify({ type: "ping", request_id: requestId });
}
