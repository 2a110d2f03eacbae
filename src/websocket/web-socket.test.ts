import { EventEmitter, once } from "node:events";
import { createServer, type Server } from "node:http";
import { connect, type Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ClientFrame, clientFrame, serverFrames } from "../../test/websocket/client-frame.ts";
import { MemorySocket } from "../../test/websocket/memory-socket.ts";
import { decompress } from "./deflate.ts";
import { acceptUpgrade } from "./handshake.ts";
import { WebSocketConnection, type WebSocketHandler, type WebSocketOptions } from "./web-socket.ts";

const OPTIONS: WebSocketOptions = { maxMessageBytes: 1000, deflate: false, closeTimeoutMs: 50 };
const NOTHING: Buffer = Buffer.alloc(0);

/** The calls of a handler, in order. */
class Calls extends Array<string> {
  readonly #events = new EventEmitter();

  record(call: string): void {
    this.push(call);
    this.#events.emit(call);
  }

  /** Resolves with the next call of this name. */
  async next(call: string): Promise<void> {
    await once(this.#events, call);
  }
}

/** A handler that records its calls. */
function recorder(changes: Partial<WebSocketHandler> = {}): { calls: Calls; handler: WebSocketHandler } {
  const calls = new Calls();
  const record = (call: string) => () => calls.record(call);
  const message = (kind: string) => (bytes: Buffer, start: number, end: number) => {
    calls.record(`${kind} ${bytes.toString("utf8", start, end)}`);
  };
  const handler = {
    text: message("text"),
    binary: message("binary"),
    fragment: record("fragment"),
    ping: record("ping"),
    pong: record("pong"),
    inputEnd: record("inputEnd"),
    drained: record("drained"),
    closed: (code: number, reason: string) => calls.record(`closed ${code} ${reason}`),
    failed: (error: unknown) => calls.record(`failed ${error instanceof Error ? error.message : error}`),
    ...changes,
  };
  return { calls, handler };
}

/** A connection whose client is in memory. */
class Fixture {
  readonly socket = new MemorySocket();
  readonly calls: Calls;
  readonly connection: WebSocketConnection;

  constructor(changes: Partial<WebSocketHandler> = {}, options: Partial<WebSocketOptions> = {}, head = NOTHING) {
    const { calls, handler } = recorder(changes);
    this.calls = calls;
    this.connection = new WebSocketConnection(this.socket, head, { ...OPTIONS, ...options }, handler);
  }

  /** The client sends frames in one chunk. */
  async send(...frames: ClientFrame[]): Promise<void> {
    this.socket.push(Buffer.concat(frames.map(clientFrame)));
    await nextTurn();
  }

  /** What the client has received. */
  get received(): string[] {
    return serverFrames(this.socket.output).map(({ opcode, payload }) => {
      if (opcode !== 8) return `${opcode} ${payload.toString()}`;
      return `8 ${payload.length < 2 ? "" : payload.readUInt16BE(0)} ${payload.toString("utf8", 2)}`.trimEnd();
    });
  }
}

function frame(opcode: number, payload: string | Uint8Array = ""): ClientFrame {
  return { opcode, payload: Buffer.from(payload) };
}

function closeFrame(code: number, reason = ""): ClientFrame {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return frame(8, Buffer.concat([payload, Buffer.from(reason)]));
}

describe("input", () => {
  test("is reported message by message, and at the end of each chunk", async () => {
    const { calls, ...fixture } = new Fixture();
    fixture.socket.push(Buffer.concat([clientFrame(frame(1, "a")), clientFrame(frame(2, "b"))]));
    await nextTurn();
    fixture.socket.push(clientFrame(frame(1, "c")));
    await nextTurn();
    expect(calls).toEqual(["text a", "binary b", "inputEnd", "text c", "inputEnd"]);
  });

  test("that came with the handshake comes first, and not inside of the constructor", async () => {
    const fixture = new Fixture({}, {}, clientFrame(frame(1, "head")));
    expect(fixture.calls).toEqual([]);
    await fixture.send(frame(1, "later"));
    expect(fixture.calls).toEqual(["text head", "inputEnd", "text later", "inputEnd"]);
  });
});

describe("a ping", () => {
  test("is answered with its payload, in order, and reported", async () => {
    const fixture = new Fixture();
    await fixture.send(frame(9, "one"), frame(9), frame(9, "three"), frame(10));
    expect(fixture.received).toEqual(["10 one", "10 ", "10 three"]);
    expect(fixture.calls).toEqual(["ping", "ping", "ping", "pong", "inputEnd"]);
  });

  test("of a client that reads nothing leaves only the newest pong pending", async () => {
    const fixture = new Fixture();
    fixture.socket.stall();
    fixture.connection.write(Buffer.concat([Buffer.from("827e1400", "hex"), Buffer.alloc(5120)]));
    for (let count = 0; count < 1000; count++) await fixture.send(frame(9, `${count}`));
    expect(fixture.connection.bufferedBytes).toBe(5124);
    fixture.socket.unstall();
    await nextTurn();
    expect(fixture.received.slice(1)).toEqual(["10 999"]);
  });
});

describe("output", () => {
  test("is framed, and compressed where that was agreed on", () => {
    const fixture = new Fixture({}, { deflate: true });
    fixture.connection.sendText("text ".repeat(20));
    fixture.connection.sendBinary(Uint8Array.of(1, 2, 3));
    fixture.connection.ping();
    const frames = serverFrames(fixture.socket.output);
    expect(frames.map(({ first }) => first)).toEqual([0xc1, 0xc2, 0x89]);
    expect(decompress(frames[0]?.payload ?? NOTHING, 1000).toString()).toBe("text ".repeat(20));
  });

  test("that blocks is reported once it has drained, however little it is", async () => {
    const fixture = new Fixture();
    fixture.connection.write(Buffer.from("8100", "hex"));
    await nextTurn();
    expect(fixture.calls).toEqual([]);
    fixture.socket.stall();
    fixture.connection.write(Buffer.from("8100", "hex"));
    expect(fixture.connection.bufferedBytes).toBe(2);
    fixture.connection.write(Buffer.from("8100", "hex"));
    fixture.socket.unstall();
    await nextTurn();
    expect(fixture.connection.bufferedBytes).toBe(0);
    expect(fixture.calls).toEqual(["drained"]);
  });
});

describe("a close frame of the client", () => {
  test("is answered with the same code, and ends the connection", async () => {
    const fixture = new Fixture();
    await fixture.send(frame(1, "a"), closeFrame(4001, "bye"), frame(1, "b"), frame(9));
    expect(fixture.received).toEqual(["8 4001 bye"]);
    expect(fixture.calls).toEqual(["text a", "closed 4001 bye", "inputEnd"]);
    expect(fixture.socket.writableEnded).toBe(true);
    fixture.connection.sendText("late");
    fixture.connection.ping();
    fixture.connection.close(1000, "");
    await fixture.send(frame(1, "c"));
    expect(fixture.received).toHaveLength(1);
    expect(fixture.calls).toHaveLength(3);
  });

  test("without a code is answered without a code, and reported as 1005", async () => {
    const fixture = new Fixture();
    await fixture.send(frame(8));
    expect(fixture.received).toEqual(["8"]);
    expect(fixture.calls).toEqual(["closed 1005 ", "inputEnd"]);
  });
});

describe("a close of the server", () => {
  test("sends its frame behind what is buffered, and waits for that of the client", async () => {
    const fixture = new Fixture();
    fixture.connection.sendText("last");
    fixture.connection.close(4404, "topic deleted");
    fixture.connection.sendText("too late");
    await fixture.send(frame(1, "not handed over"), frame(9));
    expect(fixture.received).toEqual(["1 last", "8 4404 topic deleted"]);
    expect(fixture.socket.writableEnded).toBe(false);
    await fixture.send(closeFrame(4404));
    expect(fixture.calls).toEqual(["ping", "inputEnd", "closed 4404 ", "inputEnd"]);
    expect(fixture.socket.writableEnded).toBe(true);
  });

  test("destroys the socket of a client that does not answer in time", async () => {
    const fixture = new Fixture();
    fixture.connection.close(1001, "");
    await once(fixture.socket, "close");
    expect(fixture.calls).toEqual(["closed 1006 "]);
  });

  test("inside of a message handler hands over no further message of the chunk", async () => {
    const fixture: Fixture = new Fixture({
      text() {
        fixture.calls.push("text");
        fixture.connection.close(1000, "");
      },
    });
    await fixture.send(frame(1, "a"), frame(1, "b"), closeFrame(1000));
    expect(fixture.calls).toEqual(["text", "closed 1000 ", "inputEnd"]);
  });

  test("with a code that must not be sent throws, and changes nothing", async () => {
    const fixture = new Fixture();
    expect(() => fixture.connection.close(1006, "")).toThrow(RangeError);
    await fixture.send(frame(1, "a"));
    expect(fixture.calls).toEqual(["text a", "inputEnd"]);
  });
});

describe("a violation", () => {
  test("is reported and answered with its code, and the socket goes even if the client stays", async () => {
    const fixture = new Fixture();
    await fixture.send(frame(1, "a"), frame(2, "x".repeat(1001)), frame(1, "b"));
    expect(fixture.calls).toEqual(["text a", "closed 1009 message is too big", "inputEnd"]);
    expect(fixture.received).toEqual(["8 1009 message is too big"]);
    expect(fixture.socket.writableEnded).toBe(true);
    fixture.socket.push(Buffer.alloc(100_000));
    await once(fixture.socket, "close");
    expect(fixture.calls).toHaveLength(3);
  });

  test("after the server's close frame causes no second one", async () => {
    const fixture = new Fixture();
    fixture.connection.close(4000, "");
    await fixture.send({ ...frame(1, "a"), isMasked: false });
    expect(fixture.received).toEqual(["8 4000"]);
    expect(fixture.calls).toEqual(["closed 1002 frame is not masked", "inputEnd"]);
  });
});

describe("the end of the socket", () => {
  test("without a close frame is reported as 1006", async () => {
    const fixture = new Fixture();
    await fixture.send(frame(1, "a"));
    fixture.socket.push(null);
    await once(fixture.socket, "close");
    expect(fixture.calls).toEqual(["text a", "inputEnd", "closed 1006 "]);
  });

  test("by an error is reported as 1006", async () => {
    const fixture = new Fixture();
    const closed = new Promise((resolve) => fixture.socket.once("close", resolve));
    fixture.socket.destroy(new Error("read ECONNRESET"));
    await closed;
    expect(fixture.calls).toEqual(["closed 1006 "]);
  });

  test("before the connection took it over is reported as 1006", async () => {
    const socket = new MemorySocket();
    socket.destroy();
    await once(socket, "close");
    const { calls, handler } = recorder();
    new WebSocketConnection(socket, NOTHING, OPTIONS, handler);
    await nextTurn();
    expect(calls).toEqual(["closed 1006 "]);
  });

  test("by terminate is reported as 1006, and nothing is handed over meanwhile", async () => {
    const fixture: Fixture = new Fixture({ text: () => fixture.connection.terminate() });
    await fixture.send(frame(1, "a"), frame(9));
    expect(fixture.calls).toEqual(["inputEnd", "closed 1006 "]);
    expect(fixture.received).toEqual([]);
  });
});

describe("a handler that throws", () => {
  const thrown = () => {
    throw new Error("broken");
  };

  test.each([
    ["text", frame(1)],
    ["binary", frame(2)],
    ["fragment", { ...frame(1), isFinal: false }],
    ["ping", frame(9)],
    ["pong", frame(10)],
    ["inputEnd", frame(1)],
  ] as const)("in %s is reported, and the connection is closed with 1011", async (method, sent) => {
    const fixture = new Fixture({ [method]: thrown });
    await fixture.send(sent, frame(1, "more"));
    expect(fixture.calls.filter((call) => call !== "inputEnd").slice(-2)).toEqual([
      "failed broken",
      "closed 1011 internal error",
    ]);
    expect(fixture.received.at(-1)).toBe("8 1011 internal error");
  });

  test("in closed or in its report harms nothing else", async () => {
    const fixture = new Fixture({ closed: thrown });
    await fixture.send(closeFrame(1000));
    expect(fixture.calls).toEqual(["failed broken", "inputEnd"]);
    const other = new Fixture({ text: thrown, failed: thrown });
    await other.send(frame(1));
    expect(other.calls).toEqual(["closed 1011 internal error", "inputEnd"]);
  });
});

describe("on a TCP socket", () => {
  let server: Server;
  let client: Socket;
  let connection: WebSocketConnection;
  let calls: Calls;

  beforeEach(async () => {
    server = createServer();
    const upgraded = once(server, "upgrade");
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (typeof address !== "object" || address === null) throw new Error("no port");
    client = connect({ port: address.port, host: "127.0.0.1", allowHalfOpen: true });
    client.write(
      "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    const [request, socket, head] = await upgraded;
    acceptUpgrade(socket, request, {});
    const { calls: recorded, handler } = recorder();
    calls = recorded;
    connection = new WebSocketConnection(socket, head, OPTIONS, handler);
    await once(client, "data");
  });

  afterEach(() => {
    client.destroy();
    server.close();
  });

  test("a violation reaches a client that is still sending", async () => {
    const received: Buffer[] = [];
    client.on("data", (chunk: Buffer) => received.push(chunk));
    client.write(clientFrame({ opcode: 2, payload: NOTHING, announced: 2 ** 30 }));
    client.write(Buffer.alloc(100_000));
    await once(client, "end");
    expect(serverFrames(Buffer.concat(received)).map(({ payload }) => payload.readUInt16BE(0))).toEqual([1009]);
    expect(calls).toEqual(["closed 1009 message is too big", "inputEnd"]);
  });

  test("output that the kernel does not take is counted, and drains", async () => {
    client.pause();
    const block = Buffer.concat([Buffer.from("827f0000000000100000", "hex"), Buffer.alloc(0x100000)]);
    while (connection.bufferedBytes === 0) connection.write(block);
    await nextTurn();
    expect(calls).toEqual([]);
    const drained = calls.next("drained");
    client.resume();
    await drained;
    expect(calls).toEqual(["drained"]);
    expect(connection.bufferedBytes).toBe(0);
  });

  test("a reset is reported as 1006", async () => {
    const closed = calls.next("closed 1006 ");
    client.resetAndDestroy();
    await closed;
    expect(calls).toEqual(["closed 1006 "]);
  });
});
