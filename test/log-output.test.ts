import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { Child } from "./support/child.ts";
import { TestClient } from "./support/client.ts";
import { ringcast } from "./support/command.ts";
import { within } from "./support/mailbox.ts";
import { RawProcess } from "./support/raw-process.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

class TemporaryDirectory implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "ringcast-test-"));

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }
}

const QUIET = ["-host=127.0.0.1", "-port=0"];

describe("standard output", () => {
  /** Publishes and reads back, with connects and disconnects that would be logged. */
  async function servesOn(port: number): Promise<void> {
    for (let i = 0; i < 50; i++) {
      using client = await TestClient.connect(port);
      await client.subscribe(`topic-${i}`);
      await client.close();
    }
    using client = await TestClient.connect(port);
    await client.subscribe("t");
    client.publish("t", "m", "still here");
    expect((await client.settled()).map(({ type }) => type).sort()).toEqual(["ack", "event"]);
  }

  /** Resolves once a server answers on a port. */
  async function answering(port: number): Promise<void> {
    for (;;) {
      const healthy = await fetch(`http://127.0.0.1:${port}/health`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (healthy) return;
      await sleep(20);
    }
  }

  async function freePort(): Promise<number> {
    await using server = new RawProcess(QUIET);
    return (await server.listening()).port;
  }

  /** Starts the server by a shell line, in which "$@" is the command with its flags. */
  function startByShell(line: string, port: number): Child {
    const flags = ["-host=127.0.0.1", `-port=${port}`, "-rate-limit-per-min=0", "-log-level=debug"];
    return new Child(["/bin/sh", "-c", line, "sh", ...ringcast(...flags)], { env: { PATH: process.env["PATH"] } });
  }

  for (const [what, line] of [
    ["closed from the start", 'exec "$@" >&-'],
    ["on a full device", 'exec "$@" >/dev/full'],
    ["and standard error closed", 'exec "$@" >&- 2>&-'],
  ] as const) {
    test(`${what} does not stop the server, which still ends well`, async () => {
      const port = await freePort();
      const server = startByShell(line, port);
      try {
        await within(answering(port), "the start", 20_000);
        await servesOn(port);
        server.kill("SIGTERM");
        expect(await within(server.exited, "the end", 20_000)).toBe(0);
      } finally {
        server.kill("SIGKILL");
      }
    });
  }

  test("whose reader has gone does not stop the server, which still ends well", async () => {
    const port = await freePort();
    const server = startByShell('exec "$@"', port);
    try {
      await within(answering(port), "the start", 20_000);
      await once(server.stdout, "data");
      server.stdout.destroy();
      await servesOn(port);
      server.kill("SIGTERM");
      expect(await within(server.exited, "the end", 20_000)).toBe(0);
    } finally {
      server.kill("SIGKILL");
    }
  });

  test("that nobody reads holds nothing up, not even the end", async () => {
    const port = await freePort();
    using directory = new TemporaryDirectory();
    // A pipe with a reader, the server itself, that never reads.
    const server = startByShell(`mkfifo ${directory.path}/pipe; exec "$@" 1<>${directory.path}/pipe`, port);
    try {
      await within(answering(port), "the start", 20_000);
      using client = await TestClient.connect(port);
      // Far more than a pipe holds, and than the log keeps in memory.
      for (let i = 0; i < 200; i++) {
        for (let k = 0; k < 100; k++) client.publish("x".repeat(250), "m", 0);
        await client.settled();
      }
      server.kill("SIGTERM");
      expect(await within(server.exited, "the end", 20_000)).toBe(0);
    } finally {
      server.kill("SIGKILL");
    }
  });
});
