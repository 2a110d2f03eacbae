import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { CERTIFICATES } from "./support/certificates.ts";
import { TestClient, UpgradeRefused } from "./support/client.ts";
import { ringcast } from "./support/command.ts";
import { RawConnection } from "./support/raw-connection.ts";
import { RawProcess } from "./support/raw-process.ts";

const MAX_FILES = 200;
const SILENT = 230;
const FLAGS = ["-host=127.0.0.1", "-port=0", "-read-timeout=1h", "-log-format=json"];
const LIMITED = ["prlimit", `--nofile=${MAX_FILES}:${MAX_FILES}`, ...ringcast()];
const HEALTH = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";

/** Processor time of a process so far, in ticks of 10 ms. */
function cpuTicks({ pid }: RawProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

async function openMany(port: number, count: number): Promise<RawConnection[]> {
  const all: RawConnection[] = [];
  for (let i = 0; i < count; i++) all.push(await RawConnection.open(port));
  return all;
}

function closeAll(connections: readonly Disposable[]): void {
  for (const connection of connections) connection[Symbol.dispose]();
}

// What it needs of the system: a limit for one process, and a look at what the process does.
describe.skipIf(process.platform !== "linux")(`with ${MAX_FILES} files`, () => {
  test(`${SILENT} silent connections neither busy the server nor keep it from its health check`, async () => {
    await using server = new RawProcess(FLAGS, { command: LIMITED });
    const { port } = await server.listening();
    const silent = await openMany(port, SILENT);
    try {
      for (let i = 0; i < 5; i++) {
        const answer = await fetch(`http://127.0.0.1:${port}/health`);
        expect(answer.status).toBe(200);
        await answer.text();
      }
      expect(readdirSync(`/proc/${server.pid}/fd`).length).toBeLessThan(MAX_FILES);
      const before = cpuTicks(server);
      await sleep(2000);
      // An event loop that can't accept, and tries without end, would have used all of them.
      expect(cpuTicks(server) - before).toBeLessThan(100);
      expect(server.lines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
    } finally {
      closeAll(silent);
    }
  }, 60_000);

  test("the connection that has been silent longest makes room, and none that has asked something", async () => {
    await using server = new RawProcess(FLAGS, { command: LIMITED });
    const { port } = await server.listening();
    using talking = await RawConnection.open(port);
    talking.send(HEALTH);
    await talking.until("healthy");
    using webSocket = await TestClient.connect(port);
    const silent = await openMany(port, SILENT);
    try {
      const [oldest] = silent;
      const newest = silent.at(-1);
      await oldest?.closed;
      talking.send(HEALTH);
      await talking.until("healthy");
      newest?.send(HEALTH);
      await newest?.until("healthy");
      expect(await webSocket.settled()).toEqual([]);
    } finally {
      closeAll(silent);
    }
  }, 60_000);

  test("WebSockets are refused by the protocol before files run out, and those there are stay", async () => {
    await using server = new RawProcess(FLAGS, { command: LIMITED });
    const { port } = await server.listening();
    const clients: TestClient[] = [];
    try {
      let refused: unknown;
      while (refused === undefined && clients.length < MAX_FILES) {
        await TestClient.connect(port).then(
          (client) => clients.push(client),
          (error: unknown) => {
            refused = error;
          },
        );
      }
      expect(refused).toBeInstanceOf(UpgradeRefused);
      expect(refused).toMatchObject({ status: 503 });
      const silent = await openMany(port, SILENT);
      expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
      for (const client of clients) expect(await client.settled()).toEqual([]);
      closeAll(silent);
    } finally {
      closeAll(clients);
    }
  }, 60_000);

  test("the same holds for connections that never finish their TLS handshake", async () => {
    const { certFile, keyFile } = CERTIFICATES.first;
    const flags = [...FLAGS, `-tls-cert=${certFile}`, `-tls-key=${keyFile}`];
    await using server = new RawProcess(flags, { command: LIMITED });
    const { port } = await server.listening();
    const silent = await openMany(port, SILENT);
    try {
      using client = await TestClient.connect(port, { ca: CERTIFICATES.first.cert });
      expect(await client.settled()).toEqual([]);
      const further = await openMany(port, SILENT);
      expect(await client.settled()).toEqual([]);
      closeAll(further);
    } finally {
      closeAll(silent);
    }
  }, 60_000);
});
