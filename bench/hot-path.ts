// What Ringcast's own code costs a publish and a delivery, without sockets: `bun bench/hot-path.ts`. User CPU time of
// this process, the best of several runs, because other programs can only add to it.

import { Timestamps } from "../src/core/clock.ts";
import { Hub } from "../src/core/hub.ts";
import type { MessageSource, Transport } from "../src/core/transport.ts";
import { MemoryEngine } from "../src/engine/memory.ts";
import { createDecoder } from "../src/protocol/decode.ts";
import { ANYBODY } from "../src/server/access/principal.ts";
import { signingSecret, Tokens } from "../src/server/access/tokens.ts";
import { Dispatcher } from "../src/server/dispatch.ts";
import { createLog } from "../src/server/logger.ts";
import { Journal } from "../src/server/system/journal.ts";
import { systemClock } from "../src/server/system-clock.ts";

const RUNS = 9;
/** Publishes that arrive in one tick. */
const BATCH = 10;
const SUBSCRIBERS = [0, 1, 10, 100, 1000];
const DELIVERIES_A_RUN = 400_000;
const DISTINCT_MESSAGES = 64;

const requests = Array.from({ length: DISTINCT_MESSAGES }, (_, i) =>
  JSON.stringify({
    type: "publish",
    topic: "bench",
    message: { id: `m${i}`, payload: "x".repeat(128) },
    request_id: `r${i}`,
  }),
);

/** A socket that takes everything and does nothing. */
class NullTransport implements Transport {
  readonly kind = "websocket";
  taken = 0;

  write(source: MessageSource): boolean {
    while (source.next() !== undefined) this.taken++;
    return false;
  }

  bufferedBytes(): number {
    return 0;
  }

  ping(): void {}
  close(): void {}
  terminate(): void {}
}

/** The least user CPU time, in microseconds, that one of `count` calls took. */
function leastCpuUs(count: number, call: (n: number) => void): number {
  let least = Number.POSITIVE_INFINITY;
  // The first runs compile the code.
  for (let run = -2; run < RUNS; run++) {
    const before = process.cpuUsage().user;
    for (let n = 0; n < count; n++) call(n);
    if (run >= 0) least = Math.min(least, (process.cpuUsage().user - before) / count);
  }
  return least;
}

/** The cost of a publish to this many subscribers, its ack included. */
function publishCpuUs(subscribers: number): number {
  const timestamps = new Timestamps(systemClock);
  const { logger } = createLog({ logLevel: "error", logFormat: "text" });
  const deferred: (() => void)[] = [];
  const hub = new Hub(
    {
      outbox: { maxMessages: 100, maxBytes: 16 * 1024 * 1024 },
      writeWaitMs: 10_000,
      autoCreateTopics: true,
      topicTtlMs: 0,
      idleTopicTtlMs: 60_000,
      maxTopics: 10,
      maxSubscriptions: 10,
      trace: false,
    },
    {
      engine: new MemoryEngine(100, timestamps, () => "epoch"),
      clock: systemClock,
      timestamps,
      observer: {
        topicCreated() {},
        topicRemoved() {},
        slowConsumer() {},
        messagesDropped() {},
        sessionFailed(_session, error) {
          throw error;
        },
      },
      defer: (run) => void deferred.push(run),
    },
  );
  const dispatcher = new Dispatcher({
    hub,
    decode: createDecoder(100),
    timestamps,
    logger,
    tokens: new Tokens(signingSecret("", undefined), systemClock),
    journal: new Journal(),
    serverName: "bench",
  });
  for (let i = 0; i < subscribers; i++) {
    hub.subscribe(hub.connect(new NullTransport()), { topic: "bench", clientId: "c", lastN: 0, since: undefined });
  }
  const publisher = {
    address: "127.0.0.1",
    session: hub.connect(new NullTransport()),
    principal: ANYBODY,
    renewing: false,
  };
  return leastCpuUs(Math.max(4000, DELIVERIES_A_RUN / Math.max(1, subscribers)), (n) => {
    dispatcher.dispatch(publisher, requests[n % DISTINCT_MESSAGES] ?? "");
    if (n % BATCH !== BATCH - 1) return;
    while (deferred.length > 0) for (const run of deferred.splice(0)) run();
  });
}

const decode = createDecoder(100);
const decodeUs = leastCpuUs(200_000, (n) => void decode(requests[n % DISTINCT_MESSAGES] ?? ""));
const parseUs = leastCpuUs(200_000, (n) => void JSON.parse(requests[n % DISTINCT_MESSAGES] ?? ""));
process.stdout.write(`decode a publish  ${decodeUs.toFixed(3)} us (JSON.parse alone ${parseUs.toFixed(3)} us)\n`);
const baseUs = publishCpuUs(0);
for (const subscribers of SUBSCRIBERS) {
  const us = subscribers === 0 ? baseUs : publishCpuUs(subscribers);
  const perDelivery =
    subscribers === 0 ? "" : `, each delivery ${(((us - baseUs) / subscribers) * 1000).toFixed(0)} ns`;
  process.stdout.write(`publish to ${subscribers} subscribers  ${us.toFixed(3)} us${perDelivery}\n`);
}
