import { createServer } from "node:http";
import { type RawData, type WebSocket, WebSocketServer } from "ws";

// A publish/subscribe server as one would write it by hand on `ws`, and write it well: Ringcast's protocol, each event
// encoded once whatever the number of subscribers, no compression, no work for topics that nobody reads.

interface Request {
  readonly type: string;
  readonly topic: string;
  readonly request_id?: string;
  readonly message?: { readonly id: string; readonly payload: unknown };
}

interface Topic {
  offset: number;
  readonly subscribers: Set<WebSocket>;
}

const topics = new Map<string, Topic>();

function topicOf(name: string): Topic {
  let topic = topics.get(name);
  if (topic === undefined) {
    topic = { offset: 0, subscribers: new Set() };
    topics.set(name, topic);
  }
  return topic;
}

function isRequest(value: unknown): value is Request {
  return typeof value === "object" && value !== null && "type" in value && "topic" in value;
}

function parse(data: RawData): Request | undefined {
  try {
    const value: unknown = JSON.parse(data.toString());
    return isRequest(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function acknowledge(socket: WebSocket, request: Request, offset: number): void {
  const { request_id, topic } = request;
  socket.send(JSON.stringify({ type: "ack", request_id, topic, status: "ok", offset, ts: new Date().toISOString() }));
}

function publish(socket: WebSocket, request: Request): void {
  const topic = topicOf(request.topic);
  const offset = ++topic.offset;
  acknowledge(socket, request, offset);
  if (topic.subscribers.size === 0) return;
  const { message } = request;
  const ts = new Date().toISOString();
  const event = Buffer.from(JSON.stringify({ type: "event", topic: request.topic, message, offset, ts }));
  for (const subscriber of topic.subscribers) subscriber.send(event, { binary: false });
}

const http = createServer();
const server = new WebSocketServer({ server: http, path: "/ws", perMessageDeflate: false, clientTracking: false });

server.on("connection", (socket) => {
  const joined = new Set<Topic>();
  socket.on("message", (data) => {
    const request = parse(data);
    if (request?.type === "publish") publish(socket, request);
    else if (request?.type === "subscribe") {
      const topic = topicOf(request.topic);
      topic.subscribers.add(socket);
      joined.add(topic);
      acknowledge(socket, request, topic.offset);
    } else socket.send(JSON.stringify({ type: "error", error: { code: "BAD_REQUEST", message: "not a request" } }));
  });
  socket.on("close", () => {
    for (const topic of joined) topic.subscribers.delete(socket);
  });
  socket.on("error", () => socket.terminate());
});

http.listen({ port: Number(process.argv[2]), host: "127.0.0.1", backlog: 4096 });
