import { networkInterfaces } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { TestClient, UpgradeRefused } from "./support/client.ts";
import { ringcast } from "./support/command.ts";
import { within } from "./support/mailbox.ts";
import { RawConnection } from "./support/raw-connection.ts";
import { RawProcess } from "./support/raw-process.ts";
import { ServerProcess } from "./support/server-process.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const MIB = 1024 * 1024;
const HAS_IPV6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === "::1"));

function reaches(port: number, host: string): Promise<boolean> {
  return RawConnection.open(port, host).then(
    (connection) => {
      connection[Symbol.dispose]();
      return true;
    },
    () => false,
  );
}

describe("-port", () => {
  test("is the port that is listened on; 0 takes a free one, a different one each time", async () => {
    await using first = await ServerProcess.start();
    await using second = await ServerProcess.start();
    expect(first.port).toBeGreaterThan(0);
    expect(second.port).not.toBe(first.port);
    const { port } = second;
    await second.stop();
    expect(await reaches(port, "127.0.0.1")).toBe(false);
    await using third = await ServerProcess.start([`-port=${port}`]);
    expect(third.port).toBe(port);
    expect((await third.fetch("/health")).status).toBe(200);
  });
});

describe("-host", () => {
  test.skipIf(!HAS_IPV6)("is the only address that is listened on", async () => {
    await using ipv4 = new RawProcess(["-host=127.0.0.1", "-port=0"]);
    await using ipv6 = new RawProcess(["-host=::1", "-port=0"]);
    const ports = { ipv4: (await ipv4.listening()).port, ipv6: (await ipv6.listening()).port };
    expect(await reaches(ports.ipv4, "127.0.0.1")).toBe(true);
    expect(await reaches(ports.ipv4, "::1")).toBe(false);
    expect(await reaches(ports.ipv6, "::1")).toBe(true);
    expect(await reaches(ports.ipv6, "127.0.0.1")).toBe(false);
  });

  test("may be a name", async () => {
    await using server = new RawProcess(["-host=localhost", "-port=0"]);
    const { port } = await server.listening();
    expect(await reaches(port, "localhost")).toBe(true);
  });

  test("left out or empty means all interfaces, IPv4 and, where there is one, IPv6", async () => {
    for (const flags of [["-port=0"], ["-port=0", "-host="]]) {
      await using server = new RawProcess(flags);
      const { port } = await server.listening();
      expect(await reaches(port, "127.0.0.1")).toBe(true);
      // Another address of the loopback network: not just the one.
      expect(await reaches(port, "127.0.0.2")).toBe(process.platform === "linux");
      expect(await reaches(port, "::1")).toBe(HAS_IPV6);
    }
  });
});

const HALF_A_BODY =
  'POST /topics HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"name":';

describe("-read-timeout", () => {
  test("answers 408 REQUEST_TIMEOUT to a body that does not arrive in time, and closes", async () => {
    await using server = await ServerProcess.start(["-read-timeout=300ms"]);
    using connection = await RawConnection.open(server.port);
    connection.send(HALF_A_BODY);
    const answer = await connection.until('"REQUEST_TIMEOUT"');
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    await within(connection.closed, "the close", 15_000);
    expect((await server.stats()).total_topics).toBe(0);
  });

  test("is for the whole body: one that trickles in is cut off too", async () => {
    await using server = await ServerProcess.start(["-read-timeout=1s"]);
    using connection = await RawConnection.open(server.port);
    connection.send(HALF_A_BODY);
    const trickle = setInterval(() => connection.send(" "), 100);
    try {
      expect(await connection.until("REQUEST_TIMEOUT")).toMatch(/^HTTP\/1\.1 408 /);
    } finally {
      clearInterval(trickle);
    }
  });

  test("lets a body pass that takes its time but less than that", async () => {
    await using impatient = await ServerProcess.start(["-read-timeout=300ms"]);
    await using patient = await ServerProcess.start(["-read-timeout=30s"]);
    using early = await RawConnection.open(impatient.port);
    using late = await RawConnection.open(patient.port);
    for (const connection of [early, late]) connection.send(HALF_A_BODY);
    // By the time that the one server has given up, the other still waits.
    await early.until("REQUEST_TIMEOUT");
    late.send(`${'"late"}'.padEnd(100 - '{"name":'.length)}`);
    expect(await late.until('"late"')).toMatch(/^HTTP\/1\.1 201 /);
  });
});

/** Makes so many topics that their list is far larger than what the kernel holds for a client that reads nothing. */
async function makeManyTopics(server: ServerProcess): Promise<number> {
  using client = await TestClient.connect(server.port);
  // In batches: who sends much and reads none of the answers is a slow consumer.
  for (let batch = 0; batch < 60; batch++) {
    for (let i = 0; i < 1000; i++) client.publish(`${batch}-${i}`.padEnd(255, "x"), "m", 0);
    for (let i = 0; i < 1000; i++) await client.nextText(20_000);
  }
  const size = (await (await server.fetch("/topics")).text()).length;
  expect(size).toBeGreaterThan(18 * MIB);
  return size;
}

const TOPICS_REQUEST = "GET /topics HTTP/1.1\r\nHost: x\r\n\r\n";

describe("-write-timeout", () => {
  test("cuts off a client that takes nothing of a large answer, and none that reads slowly", async () => {
    await using server = await ServerProcess.start(["-write-timeout=3s", "-idle-topic-ttl=1h"]);
    const size = await makeManyTopics(server);
    using stalled = await RawConnection.open(server.port);
    using slow = await RawConnection.open(server.port);
    stalled.send(TOPICS_REQUEST);
    slow.send(TOPICS_REQUEST);
    stalled.pause();
    slow.pause();
    // Slower altogether than the time-out, which is for standing still only.
    const start = performance.now();
    while (slow.bytes < size - 2 * MIB) {
      await sleep(500);
      slow.resume();
      await slow.skip(MIB);
      slow.pause();
    }
    slow.resume();
    await slow.skip(size - slow.bytes);
    expect(performance.now() - start).toBeGreaterThan(4000);
    stalled.resume();
    await within(stalled.closed, "the end of the stalled connection", 20_000);
    expect(stalled.bytes).toBeLessThan(size);
    expect(await server.stats()).toMatchObject({ internal_errors: 0 });
  });

  test("leaves a client alone that stands still for less", async () => {
    await using server = await ServerProcess.start(["-write-timeout=60s", "-idle-topic-ttl=1h"]);
    const size = await makeManyTopics(server);
    using client = await RawConnection.open(server.port);
    client.send(TOPICS_REQUEST);
    client.pause();
    await sleep(4000);
    client.resume();
    await client.skip(size - client.bytes);
  });
});

describe("-idle-timeout", () => {
  test("closes a kept-alive connection that idles so long, sooner than a server that waits longer", async () => {
    await using impatient = await ServerProcess.start(["-idle-timeout=1s"]);
    await using patient = await ServerProcess.start(["-idle-timeout=4m"]);
    using early = await RawConnection.open(impatient.port);
    using late = await RawConnection.open(patient.port);
    using webSocket = await TestClient.connect(impatient.port);
    const request = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
    for (const connection of [early, late]) {
      for (let i = 0; i < 2; i++) {
        connection.send(request);
        expect(await connection.until("healthy")).toMatch(/^HTTP\/1\.1 200 /);
      }
    }
    await within(early.closed, "the close", 20_000);
    late.send(request);
    expect(await late.until("healthy")).toMatch(/^HTTP\/1\.1 200 /);
    // It is about HTTP: a WebSocket that says nothing stays.
    expect(await webSocket.settled()).toEqual([]);
  });
});

describe("-shutdown-timeout", () => {
  test("ends the process although clients neither read nor finish what they send", async () => {
    await using server = await ServerProcess.start(["-max-queue-bytes=100000000", "-shutdown-timeout=500ms"]);
    using stalled = await TestClient.connect(server.port);
    using publisher = await TestClient.connect(server.port);
    using unfinished = await RawConnection.open(server.port);
    unfinished.send(HALF_A_BODY);
    await stalled.subscribe("t");
    stalled.pause();
    for (let i = 0; i < 80; i++) await publisher.published("t", "m", "x".repeat(100_000));
    expect((await server.stats()).queued_messages).toBeGreaterThan(0);
    const start = performance.now();
    expect(await server.stop("SIGTERM")).toBe(0);
    // Without it the flush alone would take 5 s.
    expect(performance.now() - start).toBeLessThan(4000);
  });
});

async function refusedUpgrade(port: number): Promise<UpgradeRefused> {
  const outcome = await TestClient.connect(port).catch((error: unknown) => error);
  if (outcome instanceof UpgradeRefused) return outcome;
  throw new Error("the upgrade was not refused");
}

describe("-max-connections", () => {
  test("answers a further upgrade with 503 UNAVAILABLE until one of the others has gone; HTTP goes on", async () => {
    await using server = await ServerProcess.start(["-max-connections=2"]);
    using first = await TestClient.connect(server.port);
    using _second = await TestClient.connect(server.port);
    const refused = await refusedUpgrade(server.port);
    expect(refused.status).toBe(503);
    expect(refused.response).toContain('"UNAVAILABLE"');
    expect(refused.response).toMatch(/\r\nRetry-After: \d+\r\n/i);
    expect((await server.stats()).total_clients).toBe(2);
    const gone = server.nextLog("client disconnected");
    await first.close();
    await gone;
    using third = await TestClient.connect(server.port);
    expect(await third.settled()).toEqual([]);
  });

  test("of 0 means what the file limit allows, less a reserve", async () => {
    const limited = ["/bin/sh", "-c", 'ulimit -n 80; exec "$@"', "sh", ...ringcast()];
    await using server = new RawProcess(["-host=127.0.0.1", "-port=0"], { command: limited });
    const { port } = await server.listening();
    const clients: TestClient[] = [];
    try {
      for (let i = 0; i < 16; i++) clients.push(await TestClient.connect(port));
      expect((await refusedUpgrade(port)).status).toBe(503);
      expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
    } finally {
      for (const client of clients) client[Symbol.dispose]();
    }
  });
});
