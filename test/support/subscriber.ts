import { z } from "zod";
import { type ServerMessage, serverMessageSchema } from "../../src/protocol/messages.ts";
import { type Closing, TestClient } from "./client.ts";
import { SessionClient } from "./session-client.ts";
import { StreamClient } from "./stream-client.ts";

/** A client that is subscribed, whatever the transport: what the suites of a contract know of it. */
export interface Subscriber extends Disposable {
  /** How the server closed it, once it has. */
  readonly closed: Promise<Closing>;
  /** How many pings have come, or what stands for them. */
  readonly pings: number;
  /** The next message as text. */
  nextText(deadlineMs?: number): Promise<string>;
  /** Takes all messages that have come and that no test has looked at. */
  takeAll(): string[];
  /** Stops reading: the server's messages fill the buffers between the two. */
  pause(): void;
  resume(): void;
}

export interface SubscribeOptions {
  readonly host?: string;
  readonly clientId?: string;
  readonly headers?: Record<string, string>;
}

/** A transport, as a contract's suite is run against it. */
export interface TransportUnderTest {
  readonly name: string;
  /** Connects and subscribes; resolves with the ack, which is not among the subscriber's messages. */
  subscribe(
    port: number,
    topic: string,
    options?: SubscribeOptions,
  ): Promise<{ readonly subscriber: Subscriber; readonly epoch: string }>;
}

const WEBSOCKET: TransportUnderTest = {
  name: "WebSocket",
  async subscribe(port, topic, { clientId = "c1", headers = {}, host = "127.0.0.1" } = {}) {
    const subscriber = await TestClient.connect(port, { headers, host });
    const { epoch } = await subscriber.subscribe(topic, { client_id: clientId });
    return { subscriber, epoch: z.string().parse(epoch) };
  },
};

const EVENT_STREAM: TransportUnderTest = {
  name: "event stream",
  async subscribe(port, topic, { clientId = "c1", headers = {}, host = "127.0.0.1" } = {}) {
    const path = `/topics/${encodeURIComponent(topic)}/events?client_id=${clientId}`;
    const subscriber = await StreamClient.connect(port, path, { headers, host });
    const ack = await nextMessage(subscriber);
    if (ack.type !== "ack") throw new Error(`expected ack, got ${JSON.stringify(ack)}`);
    return { subscriber, epoch: z.string().parse(ack.epoch) };
  },
};

const HTTP_SESSION: TransportUnderTest = {
  name: "HTTP session",
  async subscribe(port, topic, { clientId = "c1", headers = {}, host = "127.0.0.1" } = {}) {
    const subscriber = await SessionClient.connect(port, { headers, host });
    await subscriber.send({ type: "subscribe", topic, client_id: clientId });
    const { epoch } = await subscriber.expect("ack");
    return { subscriber, epoch: z.string().parse(epoch) };
  },
};

/** Every transport there is. */
export const TRANSPORTS = [WEBSOCKET, EVENT_STREAM, HTTP_SESSION];

/** The next message of a subscriber, held to the schema of what the server may send. */
export async function nextMessage(subscriber: Subscriber, deadlineMs?: number): Promise<ServerMessage> {
  return serverMessageSchema.parse(JSON.parse(await subscriber.nextText(deadlineMs)));
}
