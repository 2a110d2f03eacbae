import { once } from "node:events";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { TestClient } from "./support/client.ts";
import { ringcast } from "./support/command.ts";
import { Directory } from "./support/directory.ts";
import { MemoryCgroup } from "./support/memory-cgroup.ts";
import { ServerProcess } from "./support/server-process.ts";

const MEBIBYTE = 1024 * 1024;
/** The memory that the server has. */
const LIMIT_BYTES = 192 * MEBIBYTE;
/** Where no control group can be made: what is resident besides, mostly of the runtime's own file. */
const MAX_RESIDENT_BYTES = LIMIT_BYTES + 64 * MEBIBYTE;
const TOPICS = 1000;
const PAYLOAD = JSON.stringify("x".repeat(500_000));
/** 120,000 of them take about five minutes. */
const MESSAGES = Number(process.env["HISTORY_MEMORY_MESSAGES"] ?? 3000);
const PUBLISHERS = 4;

/** Starts a server, in a control group if there is one. */
function start(cgroup: MemoryCgroup | undefined, directory: Directory): Promise<ServerProcess> {
  const flags = [`-max-history-bytes=${LIMIT_BYTES / 4}`];
  if (cgroup === undefined) return ServerProcess.start(flags);
  return ServerProcess.start(flags, { command: cgroup.commandIn(directory, ringcast()) });
}

function peakResidentBytes(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
}

test(
  "a server with 192 MiB takes messages of 500 KB on 1,000 topics, by WebSocket and by HTTP, and stays up",
  async () => {
    using directory = new Directory();
    using cgroup = MemoryCgroup.create(LIMIT_BYTES);
    await using server = await start(cgroup, directory);
    const subscriber = new WebSocket(`ws://127.0.0.1:${server.port}/ws`);
    await once(subscriber, "open");
    for (let i = 0; i < 100; i++) subscriber.send(`{"type":"subscribe","topic":"t${i}","client_id":"c"}`);
    let received = 0;
    subscriber.on("message", () => received++);
    let sent = 0;
    const nextTopic = () => `t${sent++ % TOPICS}`;
    const byWebSocket = async () => {
      using client = await TestClient.connect(server.port);
      while (sent < MESSAGES) {
        client.send(`{"type":"publish","topic":"${nextTopic()}","message":{"id":"m","payload":${PAYLOAD}}}`);
        await client.expect("ack");
      }
    };
    const byHttp = async () => {
      while (sent < MESSAGES) {
        const response = await server.post(`/topics/${nextTopic()}/messages`, `{"payload":${PAYLOAD}}`);
        expect(response.status).toBe(200);
        await response.arrayBuffer();
      }
    };
    await Promise.all(Array.from({ length: PUBLISHERS }, (_, i) => (i % 2 === 0 ? byWebSocket() : byHttp())));
    subscriber.terminate();
    expect(received).toBeGreaterThan(MESSAGES / 20);
    const peakBytes = peakResidentBytes(server.pid);
    process.stdout.write(
      `  ${sent} messages, peak ${Math.round(peakBytes / MEBIBYTE)} MiB resident, ${cgroup ? "in" : "without"} a cgroup\n`,
    );
    expect(peakBytes).toBeLessThan(MAX_RESIDENT_BYTES);
    const stats = await server.stats();
    expect(stats).toMatchObject({ total_messages: sent, internal_errors: 0 });
    expect(stats["evicted_messages"]).toBeGreaterThan(MESSAGES / 2);
  },
  Math.max(180_000, MESSAGES * 30),
);
