import { setTimeout as sleep } from "node:timers/promises";
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { describe, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { deferred } from "../src/client/deferred.ts";
import { TestClient } from "./support/client.ts";
import { encodeFrame, type Frame, FrameParser, OPCODE } from "./support/frames.ts";
import { Mailbox, within } from "./support/mailbox.ts";
import { RawConnection } from "./support/raw-connection.ts";
import { ServerProcess } from "./support/server-process.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const MIB = 1024 * 1024;
// Each message for itself, so that a test can unpack one without those before.
const OFFER = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
/** What ends a compressed message, and is left out of its frame (RFC 7692, section 7.2.1). */
const TAIL = Buffer.from([0, 0, 255, 255]);
/** RSV1: the message is compressed. */
const COMPRESSED = 4;

/** A WebSocket that agreed to compress, as frames. */
class CompressingClient implements Disposable {
  readonly head: string;
  readonly #connection: RawConnection;

  private constructor(connection: RawConnection, head: string) {
    this.#connection = connection;
    this.head = head;
  }

  static async connect(port: number): Promise<CompressingClient> {
    const connection = await RawConnection.open(port);
    connection.send(
      `GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n` +
        `Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Extensions: ${OFFER}\r\n\r\n`,
    );
    return new CompressingClient(connection, await connection.until("\r\n\r\n"));
  }

  /** Sends a text message, compressed; `bytes` is how long its frame is. */
  send(text: string | Buffer): { bytes: number } {
    const deflated = deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH });
    const payload = deflated.subarray(0, deflated.length - TAIL.length);
    const frame = encodeFrame({ opcode: OPCODE.TEXT, reserved: COMPRESSED, payload });
    this.#connection.send(frame.toString("latin1"));
    return { bytes: frame.length };
  }

  /** The next so many frames; not to be asked for in the midst of more. */
  async frames(count: number): Promise<Frame[]> {
    const parser = new FrameParser();
    const frames: Frame[] = [];
    while (frames.length < count) {
      frames.push(...parser.push(Buffer.from(await this.#connection.until(""), "latin1")));
      if (frames.length < count) await sleep(10);
    }
    return frames;
  }

  get closed(): Promise<void> {
    return this.#connection.closed;
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }
}

function textOf({ compressed, payload }: Frame): string {
  if (!compressed) return payload.toString();
  return inflateRawSync(Buffer.concat([payload, TAIL]), { finishFlush: constants.Z_SYNC_FLUSH }).toString();
}

const publish = (payload: string) => JSON.stringify({ type: "publish", topic: "t", message: { id: "m", payload } });

describe("-enable-compression", () => {
  test("agrees to permessage-deflate where it is offered, and compresses and unpacks messages", async () => {
    await using server = await ServerProcess.start(["-enable-compression"]);
    using client = await CompressingClient.connect(server.port);
    expect(client.head).toMatch(/\r\nSec-WebSocket-Extensions: permessage-deflate/i);
    using plain = await TestClient.connect(server.port);
    expect(plain.responseHead).not.toMatch(/Sec-WebSocket-Extensions/i);
    await plain.subscribe("t");
    const payload = "compressible ".repeat(5000);
    const { bytes } = client.send(publish(payload));
    expect(bytes).toBeLessThan(payload.length / 10);
    const [ack] = await within(client.frames(1), "the ack");
    expect(ack === undefined ? "" : textOf(ack)).toMatch(/^\{"type":"ack","topic":"t"/);
    // The subscriber that did not offer it gets the same, plain.
    expect((await plain.expect("event")).message.payload).toBe(payload);

    client.send('{"type":"subscribe","topic":"t","client_id":"c","last_n":1}');
    const [, event] = await within(client.frames(2), "the event");
    expect(event?.compressed).toBe(true);
    expect(event?.payload.length).toBeLessThan(payload.length / 10);
    expect(event === undefined ? "" : textOf(event)).toContain(`"payload":"${payload}"`);
  });

  test("works with a client that keeps its window from message to message, as browsers do", async () => {
    await using server = await ServerProcess.start(["-enable-compression"]);
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/ws`);
    const events = new Mailbox<string>();
    socket.addEventListener("message", ({ data }) => {
      if (String(data).startsWith('{"type":"event"')) events.put(String(data));
    });
    const opened = deferred<void>();
    socket.addEventListener("open", () => opened.resolve());
    await within(opened.promise, "the connection");
    expect(socket.extensions).toContain("permessage-deflate");
    socket.send('{"type":"subscribe","topic":"t","client_id":"c"}');
    for (const payload of ["x", "y".repeat(70_000), "z".repeat(10), "zy".repeat(500_000 / 2)]) {
      socket.send(publish(payload));
      expect(await events.next()).toContain(`"payload":"${payload}"`);
    }
    socket.close();
  });

  test("left out does not agree, whatever is offered, and takes no compressed frame", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port, { headers: { "Sec-WebSocket-Extensions": OFFER } });
    expect(client.responseHead).not.toMatch(/Sec-WebSocket-Extensions/i);
    await client.subscribe("t");
    client.publish("t", "m", "x".repeat(10_000));
    await client.settled();
    client.sendFrame({ opcode: OPCODE.TEXT, reserved: COMPRESSED, payload: deflateRawSync("{}") });
    expect(await within(client.closed, "the close")).toMatchObject({ code: 1002 });
  });

  test("does not let a small message unpack to more than -max-message-size: it is closed, and harms nobody", async () => {
    await using server = await ServerProcess.start(["-enable-compression"]);
    using bystander = await TestClient.connect(server.port);
    await bystander.settled();
    const before = (await server.stats()).memory_bytes;
    for (const size of [MIB + 1, 2 * MIB, 256 * MIB]) {
      using bomber = await CompressingClient.connect(server.port);
      const gone = server.nextLog("client disconnected");
      expect(bomber.send(Buffer.alloc(size, " ")).bytes).toBeLessThan(MIB);
      await within(bomber.closed, "the close", 20_000);
      await gone;
      expect(await bystander.settled()).toEqual([]);
    }
    const { internal_errors, memory_bytes, total_clients } = await server.stats();
    expect({ internal_errors, total_clients }).toEqual({ internal_errors: 0, total_clients: 1 });
    expect(memory_bytes - before).toBeLessThan(128 * MIB);
  });

  test("takes a message that unpacks to exactly -max-message-size", async () => {
    await using server = await ServerProcess.start(["-enable-compression", "-max-message-size=100000"]);
    using client = await CompressingClient.connect(server.port);
    client.send(publish("").padEnd(100_000, " "));
    const [ack] = await within(client.frames(1), "the ack");
    expect(ack === undefined ? "" : textOf(ack)).toMatch(/^\{"type":"ack"/);
  });
});
