import type { Job, Outcome, RetainScenario, StreamScenario } from "../scenario.ts";
import type { Protocol } from "../wire/protocol.ts";
import { commonFigures, Measurement } from "./measurement.ts";
import { readResidentBytes } from "./server-usage.ts";
import { Traffic } from "./traffic.ts";

const MIB = 1024 * 1024;
const WINDOW = 50;
/** What is published to one topic first, so that code, buffers and heap of a busy server count as the process. */
const WARM_UP_MESSAGES = 100_000;
/** So many messages are published before the load waits until all have arrived. */
const SLICE_MESSAGES = 20_000;

/**
 * Fills topics with messages. Measures how much resident memory that adds to the server, with the connections of the
 * subscribers, and compares it with the frames that the server keeps: the bytes that each subscriber received for the
 * last `kept` messages.
 */
export async function runRetain(job: Job, scenario: RetainScenario, protocol: Protocol): Promise<Outcome> {
  const { kept, messages, settleMs, topics } = scenario;
  const faults = await warmUp(job, scenario, protocol);
  await Bun.sleep(settleMs);
  const baseBytes = readResidentBytes(job.serverPids);
  const traffic = new Traffic(job, streamScenario(scenario, topics), protocol);
  await traffic.connect();
  await publish(traffic, topics * messages);
  await Bun.sleep(settleMs);
  const measurement = new Measurement(job.serverPids);
  await Bun.sleep(settleMs);
  const interval = measurement.end();
  faults.push(...traffic.faults());
  traffic.close();
  const framesBytes = (traffic.tally.receivedBytes * Math.min(kept, messages)) / messages;
  const figures = {
    ...commonFigures(interval),
    baseMiB: baseBytes / MIB,
    framesMiB: framesBytes / MIB,
    memoryPerFrames: (interval.residentBytes - baseBytes) / framesBytes,
  };
  return { figures, faults };
}

async function warmUp(job: Job, scenario: RetainScenario, protocol: Protocol): Promise<string[]> {
  const traffic = new Traffic(job, streamScenario(scenario, 1), protocol);
  await traffic.connect();
  await publish(traffic, WARM_UP_MESSAGES);
  const faults = traffic.faults();
  traffic.close();
  return faults;
}

async function publish(traffic: Traffic, messages: number): Promise<void> {
  const end = traffic.published + messages;
  while (traffic.published < end) {
    const before = traffic.published;
    traffic.flow(WINDOW, Math.min(SLICE_MESSAGES, end - before));
    await traffic.settle();
    traffic.stop();
    if (traffic.published === before) throw new Error("nothing could be published");
  }
}

/** One publisher that serves all topics in turn; each topic has a subscribing connection of its own. */
function streamScenario({ payloadBytes }: RetainScenario, topics: number): StreamScenario {
  return {
    kind: "stream",
    publishers: 1,
    topicsPerPublisher: topics,
    subscribersPerTopic: 1,
    topicsPerSubscriber: 1,
    payloadBytes,
    delivery: "native",
    tls: false,
    pace: { kind: "window", messages: WINDOW },
    stalled: 0,
    prefillMessages: 0,
    rehearsalMs: 0,
    warmUpMs: 0,
    measureMs: 0,
  };
}
