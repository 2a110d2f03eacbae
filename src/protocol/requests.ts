import type { Position } from "./messages.ts";

// What the decoders make of requests.

/** `requestIdJson` is the id's JSON text, ready to be put into the answer; undefined where none was given. */
interface Correlated {
  readonly requestIdJson: string | undefined;
}

export interface SubscribeRequest extends Correlated {
  readonly type: "subscribe";
  readonly topic: string;
  readonly clientId: string;
  readonly lastN: number;
  readonly since: Position | undefined;
}

export interface UnsubscribeRequest extends Correlated {
  readonly type: "unsubscribe";
  readonly topic: string;
  readonly clientId: string;
}

/**
 * A publish: its topic, and the places of its other values in the bytes that it came in: JSON texts, which subscribers get
 * byte for byte. It is valid only as long as those bytes are. `requestIdEnd` is -1 where no request id was given.
 */
export interface PublishRequest {
  readonly type: "publish";
  readonly topic: string;
  readonly bytes: Buffer;
  readonly idStart: number;
  readonly idEnd: number;
  readonly payloadStart: number;
  readonly payloadEnd: number;
  readonly requestIdStart: number;
  readonly requestIdEnd: number;
  readonly dedupe: boolean;
}

/** A message that came by HTTP, likewise; `idEnd` is -1 where the server is to make an id. */
export interface NewMessage {
  readonly bytes: Buffer;
  readonly idStart: number;
  readonly idEnd: number;
  readonly payloadStart: number;
  readonly payloadEnd: number;
}

export interface PingRequest extends Correlated {
  readonly type: "ping";
}

/** The renewal of the token that a connection came with. */
export interface RefreshRequest extends Correlated {
  readonly type: "refresh";
  readonly token: string;
}

/** A text that is no valid request. */
export interface InvalidRequest extends Correlated {
  readonly type: "invalid";
  readonly message: string;
}

/** One decoded request. */
export type ClientMessage =
  | SubscribeRequest
  | UnsubscribeRequest
  | PublishRequest
  | PingRequest
  | RefreshRequest
  | InvalidRequest;
