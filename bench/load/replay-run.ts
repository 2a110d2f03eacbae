import type { Job, Outcome, ReplayScenario } from "../scenario.ts";
import type { Protocol } from "../wire/protocol.ts";
import { nowUs } from "./clock.ts";
import { Connection, makeMany } from "./connection.ts";
import { LatencyHistogram } from "./latency-histogram.ts";
import { markerPrefix, payloadTemplate, SEQUENCE_SLOT } from "./marker.ts";
import { commonFigures, Measurement } from "./measurement.ts";
import { Publisher } from "./publisher.ts";
import { Stream } from "./stream.ts";
import { latencyFigures } from "./stream-run.ts";
import { Subscriber } from "./subscriber.ts";
import { Tally } from "./tally.ts";

const TOPIC = "bench-replay";
const CONNECTING_AT_ONCE = 64;
const STORM_TIMEOUT_MS = 20_000;

interface Client {
  readonly connection: Connection;
  readonly subscriber: Subscriber;
  received: number;
}

/**
 * Everybody asks for the topic's history at the same moment. The latency is each client's: from the moment the storm
 * was due to its last message.
 */
export async function runReplay(job: Job, scenario: ReplayScenario, protocol: Protocol): Promise<Outcome> {
  const { replay } = protocol;
  if (replay === undefined) throw new Error(`${job.peer} keeps no history`);
  const run = Math.floor(Math.random() * 1_000_000);
  const tally = new Tally();
  const completed = new LatencyHistogram();
  const clients: Client[] = [];
  let beganUs = 0;
  let finished = 0;

  const keeper = await Connection.open(job.port, protocol);
  // Somebody has to be subscribed, or a server that drops unused topics may drop this one.
  await keeper.exchange(protocol.subscribe(TOPIC, "keeper"));
  await publishHistory(job, scenario, protocol, run);
  await makeMany(scenario.clients, CONNECTING_AT_ONCE, async () => {
    const connection = await Connection.open(job.port, protocol);
    const streams = { first: 0, count: 1 };
    const subscriber = new Subscriber(connection, markerPrefix(run), streams, tally, {
      delivered: () => {
        if (++client.received < scenario.messages) return;
        completed.record(nowUs() - beganUs);
        finished++;
      },
      chunkDone: () => {},
    });
    const client: Client = { connection, subscriber, received: 0 };
    clients.push(client);
  });

  const storm = async () => {
    beganUs = nowUs();
    finished = 0;
    for (const [index, client] of clients.entries()) {
      client.received = 0;
      client.subscriber.restart();
      client.connection.write(replay(TOPIC, `r${index}`, scenario.messages));
    }
    const endsMs = performance.now() + STORM_TIMEOUT_MS;
    while (finished < clients.length && performance.now() < endsMs) await Bun.sleep(1);
  };
  for (let index = 0; index < scenario.warmUpStorms; index++) await storm();
  completed.reset();
  const before = tally.deliveries;
  const measurement = new Measurement(job.serverPids);
  for (let index = 0; index < scenario.storms; index++) await storm();
  const interval = measurement.end();
  const deliveries = tally.deliveries - before;

  const storms = scenario.warmUpStorms + scenario.storms;
  const faults = tally.faults(storms * scenario.clients * scenario.messages);
  for (const { connection } of clients) connection.close();
  keeper.close();
  const figures = {
    ...commonFigures(interval),
    cpuPerDeliveryUs: interval.cpuUs / deliveries,
    deliveriesPerSecond: (deliveries * 1e6) / interval.elapsedUs,
    ...latencyFigures(completed),
  };
  return { figures, faults };
}

async function publishHistory(job: Job, scenario: ReplayScenario, protocol: Protocol, run: number): Promise<void> {
  const connection = await Connection.open(job.port, protocol);
  const frame = protocol.publish(TOPIC, `m${SEQUENCE_SLOT}`, payloadTemplate(run, 0, scenario.payloadBytes));
  const publisher = new Publisher(connection, [new Stream(1, frame, 1)], protocol.acknowledgement, job);
  publisher.send(scenario.messages, nowUs());
  for (let waits = 0; waits < 1000 && publisher.unacknowledged > 0; waits++) await Bun.sleep(5);
  if (publisher.unacknowledged > 0) throw new Error("the history was not accepted");
  connection.close();
}
