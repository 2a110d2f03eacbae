import { createClient } from "../../src/client/create.ts";
import { FakePlatform } from "./fake-platform.ts";
import { number } from "./number-schema.ts";

/** A client that is subscribed to `t`, and a test that plays the server: offsets 1, 2, 3 … have the payloads 1, 2, 3 … */
export function subscribedClient(lastN = 0) {
  const platform = new FakePlatform();
  const client = createClient("ws://server/ws", { schemas: { checked: number }, minBackoffMs: 0 }, platform);
  client.connect();
  const { socket } = platform;
  const got: unknown[] = [];
  client.on("gap", ({ from, reason, to }) => got.push(`${reason} ${from}-${to}`));
  const subscription = client.subscribe("t", { lastN }, ({ offset }) => got.push(offset));
  socket.open();
  const event = (offset: number, payload: unknown) => {
    platform.socket.receive({ type: "event", topic: "t", message: { id: `m${offset}`, payload }, offset, ts: "" });
  };
  const events = (...offsets: readonly number[]) => {
    for (const offset of offsets) event(offset, offset);
  };
  /** Answers the last request. */
  const answer = (extra: object) => {
    const request = platform.socket.takeSent().at(-1);
    platform.socket.receive({
      type: "ack",
      request_id: request?.["request_id"],
      topic: "t",
      status: "ok",
      ts: "",
      ...extra,
    });
    return request;
  };
  const dropped = (count: number, from_offset: number, to_offset: number) => {
    const info = { code: "MESSAGES_DROPPED", message: "", dropped: count, from_offset, to_offset };
    platform.socket.receive({ type: "info", topic: "t", info, ts: "" });
  };
  return { answer, client, dropped, event, events, got, platform, subscription };
}
