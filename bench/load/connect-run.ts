import type { ConnectScenario, Job, Outcome } from "../scenario.ts";
import type { Protocol } from "../wire/protocol.ts";
import { nowUs } from "./clock.ts";
import { Connection, makeMany } from "./connection.ts";
import { LatencyHistogram } from "./latency-histogram.ts";
import { commonFigures, Measurement } from "./measurement.ts";
import { latencyFigures } from "./stream-run.ts";

const CONNECTING_AT_ONCE = 100;

/** Connects many clients, each up to the end of its login; the latency is each one's connect and login. */
export async function runConnect(job: Job, scenario: ConnectScenario, protocol: Protocol): Promise<Outcome> {
  const latency = new LatencyHistogram();
  let lost = 0;
  const storm = (count: number) =>
    makeMany(count, CONNECTING_AT_ONCE, async () => {
      const beganUs = nowUs();
      const connection = await Connection.open(job.port, protocol);
      connection.onLost = () => {
        lost++;
      };
      latency.record(nowUs() - beganUs);
      return connection;
    });
  const warmUp = await storm(scenario.warmUpConnections);
  for (const connection of warmUp) connection.close();
  // Ending the first connections must not be charged to the measured ones.
  await Bun.sleep(500);
  latency.reset();
  const measurement = new Measurement(job.serverPids);
  const connections = await storm(scenario.connections);
  const interval = measurement.end();
  const faults = lost === 0 ? [] : [`${lost} connections ended by the server`];
  for (const connection of connections) connection.close();
  const figures = {
    ...commonFigures(interval),
    cpuPerConnectUs: interval.cpuUs / scenario.connections,
    connectsPerSecond: (scenario.connections * 1e6) / interval.elapsedUs,
    ...latencyFigures(latency),
  };
  return { figures, faults };
}
