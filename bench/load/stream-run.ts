import type { Figures } from "../figures.ts";
import type { Job, Outcome, StreamScenario } from "../scenario.ts";
import type { Protocol } from "../wire/protocol.ts";
import { establishedTo } from "./established.ts";
import { LatencyHistogram } from "./latency-histogram.ts";
import { commonFigures, type Interval, Measurement } from "./measurement.ts";
import { Schedule } from "./schedule.ts";
import { Traffic } from "./traffic.ts";

const PREFILL_PAYLOAD_BYTES = 16 * 1024;
const PREFILL_WINDOW = 16;

/** Lets messages flow, and measures what a delivery costs the server. */
export async function runStream(job: Job, scenario: StreamScenario, protocol: Protocol): Promise<Outcome> {
  if (scenario.rehearsalMs > 0) await rehearse(job, scenario, protocol);
  const traffic = await connected(job, scenario, protocol);
  const sendDelay = new LatencyHistogram();
  const stop = begin(traffic, scenario, sendDelay);
  await Bun.sleep(scenario.warmUpMs);
  traffic.tally.latency.reset();
  sendDelay.reset();
  const { published, tally } = traffic;
  const { deliveries } = tally;
  const measurement = new Measurement(job.serverPids);
  await Bun.sleep(scenario.measureMs);
  const interval = measurement.end();
  const counts = { published: traffic.published - published, deliveries: tally.deliveries - deliveries };
  const figures = { ...streamFigures(interval, counts), ...latencyFigures(tally.latency) };
  if (sendDelay.total > 0) figures.sendDelayP99Us = sendDelay.quantile(0.99);
  const ended = scenario.stalled > 0 ? traffic.endedConnections() : 0;
  stop();
  await traffic.settle();
  const faults = traffic.faults();
  if (ended > 0) faults.push(`${ended} stalled connections ended before the measuring was over`);
  if (counts.deliveries === 0) faults.push("nothing was delivered");
  traffic.close();
  return { figures, faults };
}

/** Connects everybody, and sends what is to be sent first. */
async function connected(job: Job, scenario: StreamScenario, protocol: Protocol): Promise<Traffic> {
  const traffic = new Traffic(job, scenario, protocol);
  await traffic.connect();
  if (scenario.prefillMessages > 0) await prefill(traffic, scenario);
  return traffic;
}

/** Lets messages flow to clients that leave again. */
async function rehearse(job: Job, scenario: StreamScenario, protocol: Protocol): Promise<void> {
  const traffic = await connected(job, scenario, protocol);
  const stop = begin(traffic, scenario, new LatencyHistogram());
  await Bun.sleep(scenario.rehearsalMs);
  stop();
  await traffic.settle();
  traffic.close();
  while (establishedTo(job.port) > 0) await Bun.sleep(5);
}

/** The latency figures of a histogram. */
export function latencyFigures(latency: LatencyHistogram): Figures {
  return {
    latencyP50Us: latency.quantile(0.5),
    latencyP99Us: latency.quantile(0.99),
    latencyP999Us: latency.quantile(0.999),
  };
}

function begin(traffic: Traffic, { pace }: StreamScenario, sendDelay: LatencyHistogram): () => void {
  if (pace.kind === "window") {
    traffic.flow(pace.messages, Number.POSITIVE_INFINITY);
    return () => traffic.stop();
  }
  const schedule = new Schedule(pace.perSecond, (dueUs, lateUs) => {
    sendDelay.record(lateUs);
    for (const publisher of traffic.publishers) publisher.send(1, dueUs);
  });
  schedule.start();
  return () => schedule.stop();
}

async function prefill(traffic: Traffic, { payloadBytes, prefillMessages }: StreamScenario): Promise<void> {
  traffic.usePayload(PREFILL_PAYLOAD_BYTES);
  traffic.flow(PREFILL_WINDOW, prefillMessages);
  await traffic.settle();
  traffic.stop();
  traffic.usePayload(payloadBytes);
}

function streamFigures(interval: Interval, counts: { published: number; deliveries: number }): Figures {
  const figures: Figures = commonFigures(interval);
  if (counts.published > 0) figures.cpuPerPublishUs = interval.cpuUs / counts.published;
  if (counts.deliveries === 0) return figures;
  figures.cpuPerDeliveryUs = interval.cpuUs / counts.deliveries;
  figures.deliveriesPerSecond = (counts.deliveries * 1e6) / interval.elapsedUs;
  return figures;
}
