import { Duplex } from "node:stream";
import { describe, expect, test } from "vitest";
import type { EncodedReplies } from "../core/transport.ts";
import { WebSocketConnection } from "../websocket/web-socket.ts";
import { WebSocketTransport } from "./websocket-transport.ts";

const NOTHING: Buffer = Buffer.alloc(0);

function repliesOf(size: number): EncodedReplies {
  return { kind: "replies", bytes: Buffer.alloc(size, "r"), start: 0, end: size };
}

/** The pieces of memory that a transport hands to its socket for some messages. */
function written(messages: readonly EncodedReplies[]): Buffer[] {
  const pieces: Buffer[] = [];
  const socket = new Duplex({
    read() {},
    write(piece: Buffer, _encoding, taken) {
      if (piece.length > 0) pieces.push(piece);
      taken();
    },
  });
  const nothing = () => {};
  const webSocket = new WebSocketConnection(
    socket,
    NOTHING,
    { maxMessageBytes: 1000, deflate: false },
    {
      text: nothing,
      binary: nothing,
      fragment: nothing,
      ping: nothing,
      pong: nothing,
      inputEnd: nothing,
      drained: nothing,
      closed: nothing,
      failed: nothing,
    },
  );
  const left = [...messages];
  expect(new WebSocketTransport(socket, webSocket, false).write({ next: () => left.shift() })).toBe(false);
  return pieces;
}

describe("a WebSocket transport", () => {
  test("gathers small messages into one write", () => {
    expect(written([1, 2, 30_000, 20_000].map(repliesOf)).map(({ length }) => length)).toEqual([50_003]);
  });

  test("writes a message that does not fit beside the others by itself", () => {
    expect(written([10, 65_530, 5].map(repliesOf)).map(({ length }) => length)).toEqual([10, 65_530, 5]);
  });

  test("writes large messages from where they stand, without a copy", () => {
    const messages = [40_000, 10, 128 * 1024, 32 * 1024].map(repliesOf);
    const pieces = written(messages);
    expect(pieces.map(({ length }) => length)).toEqual([40_000, 10, 128 * 1024, 32 * 1024]);
    for (const i of [0, 2, 3]) expect(pieces[i]?.buffer).toBe(messages[i]?.bytes.buffer);
  });
});
