import type { IdleScenario, Job, Outcome } from "../scenario.ts";
import type { Protocol } from "../wire/protocol.ts";
import { Connection, makeMany } from "./connection.ts";
import { commonFigures, Measurement } from "./measurement.ts";
import { readResidentBytes } from "./server-usage.ts";

const CONNECTING_AT_ONCE = 64;
/** Connections made and ended first: what a server loads at its first connection is not a connection's memory. */
const FIRST_CONNECTIONS = 100;

/** Holds many silent connections, and measures what they add to the server's resident memory. */
export async function runIdle(job: Job, scenario: IdleScenario, protocol: Protocol): Promise<Outcome> {
  let lost = 0;
  const open = (count: number) =>
    makeMany(count, CONNECTING_AT_ONCE, async () => {
      const connection = await Connection.open(job.port, protocol);
      connection.onLost = () => {
        lost++;
      };
      return connection;
    });
  for (const connection of await open(FIRST_CONNECTIONS)) connection.close();
  await Bun.sleep(scenario.settleMs);
  const before = readResidentBytes(job.serverPids);
  const connections = await open(scenario.connections);
  await Bun.sleep(scenario.settleMs);
  const measurement = new Measurement(job.serverPids);
  await Bun.sleep(scenario.settleMs);
  const interval = measurement.end();
  const connectionBytes = (interval.residentBytes - before) / scenario.connections;
  const faults = lost === 0 ? [] : [`${lost} connections ended by the server`];
  for (const connection of connections) connection.close();
  return { figures: { ...commonFigures(interval), connectionBytes }, faults };
}
