import { EventEmitter } from "node:events";
import { describe, expect, test } from "vitest";
import { AcceptLimit } from "./accept-limit.ts";

let lastPort = 0;

/** A socket as far as the limit sees it. */
class FakeSocket extends EventEmitter {
  readonly localAddress = "127.0.0.1";
  readonly localPort = 8080;
  readonly remoteAddress = "127.0.0.1";
  readonly remotePort = ++lastPort;
  destroyed = false;

  destroy(): this {
    this.destroyed = true;
    return this;
  }

  /** What follows `destroy` in a later turn. */
  close(): void {
    this.destroyed = true;
    this.emit("close");
  }
}

function setUp(maxSockets: number, idle: readonly FakeSocket[] = []) {
  const limit = new AcceptLimit(maxSockets, true, () => {
    for (const socket of idle) socket.destroy();
  });
  const accept = (socket = new FakeSocket()) => {
    limit.accepted(socket);
    return socket;
  };
  return { limit, accept };
}

describe("the limit of sockets", () => {
  test("closes none below the bound", () => {
    const { accept, limit } = setUp(3);
    const sockets = [accept(), accept(), accept()];
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([false, false, false]);
    expect(limit.count).toBe(3);
  });

  test("closes at the bound what has been silent longest since it was accepted", () => {
    const { accept, limit } = setUp(3);
    const [first, second, third] = [accept(), accept(), accept()];
    limit.asked(first);
    const fourth = accept();
    expect([first, second, third, fourth].map(({ destroyed }) => destroyed)).toEqual([false, true, false, false]);
    accept();
    expect(third.destroyed).toBe(true);
    expect({ count: limit.count, closed: limit.closedCount }).toEqual({ count: 3, closed: 2 });
  });

  test("closes those that idle between two requests where none is silent", () => {
    const [busy, idle] = [new FakeSocket(), new FakeSocket()];
    const { accept, limit } = setUp(2, [idle]);
    for (const socket of [busy, idle]) limit.asked(accept(socket));
    const next = accept();
    expect([busy, idle, next].map(({ destroyed }) => destroyed)).toEqual([false, true, false]);
    expect(limit.count).toBe(2);
  });

  test("closes the new one where all are in use", () => {
    const { accept, limit } = setUp(2);
    const both = [accept(), accept()];
    for (const socket of both) limit.asked(socket);
    expect(accept().destroyed).toBe(true);
    expect(both.map(({ destroyed }) => destroyed)).toEqual([false, false]);
    expect({ count: limit.count, closed: limit.closedCount }).toEqual({ count: 2, closed: 1 });
  });

  test("has room again when a socket closes", () => {
    const { accept, limit } = setUp(1);
    const first = accept();
    limit.asked(first);
    first.close();
    expect(limit.count).toBe(0);
    expect(accept().destroyed).toBe(false);
  });

  test("counts a closed socket once, though its event comes after its place was given away", () => {
    const { accept, limit } = setUp(1);
    const first = accept();
    const second = accept();
    first.close();
    expect(limit.count).toBe(1);
    expect(second.destroyed).toBe(false);
  });

  test("takes a request on another object of the same connection for one on it, as TLS makes them", () => {
    const { accept, limit } = setUp(1);
    const raw = accept();
    const { localAddress, localPort, remoteAddress, remotePort } = raw;
    limit.asked(Object.assign(new FakeSocket(), { localAddress, localPort, remoteAddress, remotePort }));
    expect(accept().destroyed).toBe(true);
    expect(raw.destroyed).toBe(false);
  });

  test("takes a socket that HTTP gets a second time for the one that it is", () => {
    const { accept, limit } = setUp(1);
    const socket = accept();
    accept(socket);
    expect({ count: limit.count, destroyed: socket.destroyed }).toEqual({ count: 1, destroyed: false });
  });

  test("closes all at the end", () => {
    const { accept, limit } = setUp(5);
    const sockets = [accept(), accept()];
    limit.closeAll();
    expect(sockets.every(({ destroyed }) => destroyed)).toBe(true);
  });
});
