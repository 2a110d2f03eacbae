import { describe, expect, test, vi } from "vitest";
import { Bystander } from "./support/bystander.ts";
import { TestClient } from "./support/client.ts";
import { encodeFrame, type FrameOptions, OPCODE } from "./support/frames.ts";
import { within } from "./support/mailbox.ts";
import { ServerProcess } from "./support/server-process.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const { BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT } = OPCODE;
const PING_REQUEST = '{"type":"ping","request_id":"r"}';
const MAX_MESSAGE_SIZE = 1000;
const PROTOCOL_ERROR = 1002;
const INVALID_PAYLOAD = 1007;
const TOO_BIG = 1009;

/** The payload of a close frame. */
function closing(code: number, reason: string | Uint8Array = ""): Buffer {
  return Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]);
}

/** The head of a masked text frame that announces so many bytes in its eight-byte length. */
function announces(length: bigint): Buffer {
  const bytes = Buffer.alloc(14);
  bytes.set([0x81, 0xff]);
  bytes.writeBigUInt64BE(length, 2);
  return bytes;
}

interface Violation {
  readonly what: string;
  readonly frames: readonly (FrameOptions | Buffer)[];
  readonly code: number;
}

const INVALID_UTF8 = Buffer.from([0x22, 0xc3, 0x28, 0x22]);
const HALF_A_CHARACTER = Buffer.from([0xe2, 0x98]);

const VIOLATIONS: readonly Violation[] = [
  {
    what: "a text frame without a mask",
    frames: [{ opcode: TEXT, payload: PING_REQUEST, masked: false }],
    code: PROTOCOL_ERROR,
  },
  { what: "a ping without a mask", frames: [{ opcode: PING, masked: false }], code: PROTOCOL_ERROR },
  ...[1, 2, 3, 4, 5, 6, 7].map((reserved) => ({
    what: `a text frame with the reserved bits ${reserved.toString(2).padStart(3, "0")}`,
    frames: [{ opcode: TEXT, payload: PING_REQUEST, reserved }],
    code: PROTOCOL_ERROR,
  })),
  { what: "a ping with a reserved bit", frames: [{ opcode: PING, reserved: 4 }], code: PROTOCOL_ERROR },
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => ({
    what: `the unknown opcode ${opcode}`,
    frames: [{ opcode, payload: "x" }],
    code: PROTOCOL_ERROR,
  })),
  { what: "a fragmented ping", frames: [{ opcode: PING, fin: false }], code: PROTOCOL_ERROR },
  { what: "a fragmented pong", frames: [{ opcode: PONG, fin: false }], code: PROTOCOL_ERROR },
  { what: "a fragmented close", frames: [{ opcode: CLOSE, fin: false, payload: closing(1000) }], code: PROTOCOL_ERROR },
  { what: "a ping of 126 bytes", frames: [{ opcode: PING, payload: "x".repeat(126) }], code: PROTOCOL_ERROR },
  { what: "a pong of 126 bytes", frames: [{ opcode: PONG, payload: "x".repeat(126) }], code: PROTOCOL_ERROR },
  {
    what: "a close of 126 bytes",
    frames: [{ opcode: CLOSE, payload: closing(1000, "x".repeat(124)) }],
    code: PROTOCOL_ERROR,
  },
  { what: "a continuation of nothing", frames: [{ opcode: CONTINUATION, payload: "x" }], code: PROTOCOL_ERROR },
  {
    what: "an unfinished continuation of nothing",
    frames: [{ opcode: CONTINUATION, payload: "x", fin: false }],
    code: PROTOCOL_ERROR,
  },
  {
    what: "a continuation after a message is complete",
    frames: [
      { opcode: TEXT, fin: false, payload: '{"a":' },
      { opcode: CONTINUATION, payload: "1}" },
      { opcode: CONTINUATION },
    ],
    code: PROTOCOL_ERROR,
  },
  {
    what: "a new text frame within a fragmented message",
    frames: [
      { opcode: TEXT, fin: false, payload: "a" },
      { opcode: TEXT, payload: "b" },
    ],
    code: PROTOCOL_ERROR,
  },
  {
    what: "a new binary frame within a fragmented message",
    frames: [
      { opcode: TEXT, fin: false, payload: "a" },
      { opcode: BINARY, payload: "b" },
    ],
    code: PROTOCOL_ERROR,
  },
  { what: "a text that is not UTF-8", frames: [{ opcode: TEXT, payload: INVALID_UTF8 }], code: INVALID_PAYLOAD },
  {
    what: "a text with an overlong encoding",
    frames: [{ opcode: TEXT, payload: Buffer.from([0xc0, 0xaf]) }],
    code: INVALID_PAYLOAD,
  },
  {
    what: "a text with an encoded surrogate",
    frames: [{ opcode: TEXT, payload: Buffer.from([0xed, 0xa0, 0x80]) }],
    code: INVALID_PAYLOAD,
  },
  {
    what: "a text beyond U+10FFFF",
    frames: [{ opcode: TEXT, payload: Buffer.from([0xf4, 0x90, 0x80, 0x80]) }],
    code: INVALID_PAYLOAD,
  },
  {
    what: "a text that ends within a character",
    frames: [{ opcode: TEXT, payload: HALF_A_CHARACTER }],
    code: INVALID_PAYLOAD,
  },
  {
    what: "a text that is not UTF-8 across fragments",
    frames: [
      { opcode: TEXT, fin: false, payload: HALF_A_CHARACTER },
      { opcode: CONTINUATION, payload: "x" },
    ],
    code: INVALID_PAYLOAD,
  },
  {
    what: "a close reason that is not UTF-8",
    frames: [{ opcode: CLOSE, payload: closing(1000, INVALID_UTF8) }],
    code: INVALID_PAYLOAD,
  },
  { what: "a close of one byte", frames: [{ opcode: CLOSE, payload: Buffer.from([3]) }], code: PROTOCOL_ERROR },
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535].map((code) => ({
    what: `a close with the code ${code}, which no endpoint may send`,
    frames: [{ opcode: CLOSE, payload: closing(code) }],
    code: PROTOCOL_ERROR,
  })),
  {
    what: "a message over -max-message-size",
    frames: [{ opcode: TEXT, payload: " ".repeat(MAX_MESSAGE_SIZE + 1) }],
    code: TOO_BIG,
  },
  {
    what: "a binary message over -max-message-size",
    frames: [{ opcode: BINARY, payload: " ".repeat(MAX_MESSAGE_SIZE + 1) }],
    code: TOO_BIG,
  },
  {
    what: "fragments that together are over -max-message-size",
    frames: [
      { opcode: TEXT, fin: false, payload: " ".repeat(MAX_MESSAGE_SIZE) },
      { opcode: CONTINUATION, payload: " " },
    ],
    code: TOO_BIG,
  },
  { what: "a frame that announces 4 GiB", frames: [announces(2n ** 32n)], code: TOO_BIG },
  { what: "a frame that announces more than 63 bits hold", frames: [announces(2n ** 64n - 1n)], code: TOO_BIG },
];

describe("a violation of RFC 6455", () => {
  test(`of any of ${VIOLATIONS.length} kinds ends its connection with the right code, and others are served`, async () => {
    await using server = await ServerProcess.start([`-max-message-size=${MAX_MESSAGE_SIZE}`]);
    using bystander = await Bystander.connect(server.port);
    for (const { code, frames, what } of VIOLATIONS) {
      using client = await TestClient.connect(server.port);
      // Whatever came before it was served.
      client.send(PING_REQUEST);
      await client.expect("pong");
      for (const frame of frames) client.sendBytes("opcode" in frame ? encodeFrame(frame) : frame);
      const closed = await within(client.closed, `the close after ${what}`);
      expect({ what, code: closed.code }).toEqual({ what, code });
      await bystander.expectService();
    }
    expect((await server.stats()).internal_errors).toBe(0);
  }, 60_000);

  test("ends the subscriptions of its connection", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    await client.subscribe("t");
    const removed = server.nextLog("topic removed");
    client.sendFrame({ opcode: 3 });
    expect((await client.closed).code).toBe(PROTOCOL_ERROR);
    await removed;
    expect(await server.stats()).toMatchObject({ total_clients: 0, total_topics: 0 });
  });
});

describe("unusual frames that RFC 6455 allows", () => {
  test("are understood: fragments, with control frames in between, and characters cut in two", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    using bystander = await Bystander.connect(server.port);
    const request = Buffer.from('{"type":"ping","request_id":"☃"}');
    const cut = request.indexOf("☃") + 1;
    client.sendFrame({ opcode: TEXT, fin: false, payload: request.subarray(0, 5) });
    client.sendFrame({ opcode: PING, payload: "in between" });
    client.sendFrame({ opcode: CONTINUATION, fin: false });
    await bystander.expectService();
    client.sendFrame({ opcode: CONTINUATION, fin: false, payload: request.subarray(5, cut) });
    client.sendFrame({ opcode: PONG, payload: "nobody asked" });
    client.sendFrame({ opcode: CONTINUATION, payload: request.subarray(cut) });
    expect(await client.expect("pong")).toMatchObject({ request_id: "☃" });
    const pong = client.controlFrames.find((frame) => frame.opcode === PONG);
    expect(pong?.payload.toString()).toBe("in between");
    client.sendFrame({ opcode: BINARY, fin: false, payload: "a" });
    client.sendFrame({ opcode: CONTINUATION, payload: "b" });
    await client.expect("error");
    expect(await client.settled()).toEqual([]);
  });

  test("are understood a byte at a time, and many in one packet", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    const frame = encodeFrame({ opcode: TEXT, payload: PING_REQUEST });
    for (const byte of frame) client.sendBytes(Buffer.from([byte]));
    expect(await client.expect("pong")).toMatchObject({ request_id: "r" });
    client.sendBytes(Buffer.concat(Array.from({ length: 200 }, () => frame)));
    expect(await client.settled()).toHaveLength(200);
  });

  test("are understood with a mask of any value", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    const mask = [0xde, 0xad, 0xbe, 0xef];
    const masked = Buffer.from(PING_REQUEST).map((byte, i) => byte ^ (mask[i % 4] ?? 0));
    client.sendBytes(Buffer.concat([Buffer.from([0x81, 0x80 | masked.length, ...mask]), masked]));
    expect(await client.expect("pong")).toMatchObject({ request_id: "r" });
  });

  test("include a message of exactly -max-message-size, whole or in fragments", async () => {
    await using server = await ServerProcess.start([`-max-message-size=${MAX_MESSAGE_SIZE}`]);
    using client = await TestClient.connect(server.port);
    const request = PING_REQUEST.padEnd(MAX_MESSAGE_SIZE);
    client.send(request);
    await client.expect("pong");
    client.sendFrame({ opcode: TEXT, fin: false, payload: request.slice(0, 600) });
    client.sendFrame({ opcode: CONTINUATION, payload: request.slice(600) });
    await client.expect("pong");
  });

  for (const code of [1000, 1001, 1003, 1011, 3000, 4999]) {
    test(`include a close with the code ${code}, which is answered with a close`, async () => {
      await using server = await ServerProcess.start();
      using client = await TestClient.connect(server.port);
      client.sendFrame({ opcode: CLOSE, payload: closing(code, "good bye ☃") });
      expect((await within(client.closed, "the close")).code).toBe(code);
    });
  }

  test("include a close without a code, which is answered with a close", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    client.sendFrame({ opcode: CLOSE });
    expect((await within(client.closed, "the close")).code).not.toBe(1006);
  });
});
