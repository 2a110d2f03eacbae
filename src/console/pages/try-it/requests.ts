// What the forms ask for, and the frames that say so.

/** From where a subscription begins. */
export type Replay =
  | { readonly kind: "none" }
  | { readonly kind: "last"; readonly count: number }
  | { readonly kind: "since"; readonly epoch: string; readonly offset: number };

/** Something that a form asks for; it can be sent as a frame, or said as a command. */
export type Wish =
  | { readonly type: "subscribe"; readonly topic: string; readonly replay: Replay }
  | {
      readonly type: "publish";
      readonly topic: string;
      /** Empty where one is to be made. */
      readonly id: string;
      /** JSON, which stays as it was typed. */
      readonly payload: string;
      readonly dedupe: boolean;
    };

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
