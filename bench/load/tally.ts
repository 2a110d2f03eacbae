import { LatencyHistogram } from "./latency-histogram.ts";

/** What all subscribers of a run received. */
export class Tally {
  /** Deliveries, duplicates apart. */
  deliveries = 0;
  duplicates = 0;
  late = 0;
  /** Messages of a topic that the connection had not subscribed to, or that nobody sent. */
  strange = 0;
  /** All bytes that arrived at subscribers. */
  receivedBytes = 0;
  /** Connections that the server ended. */
  lost = 0;
  readonly latency = new LatencyHistogram();

  /** One sentence for each kind of thing that went wrong. */
  faults(expectedDeliveries: number): string[] {
    const missing = expectedDeliveries - this.deliveries;
    const kinds: readonly (readonly [number, string])[] = [
      [missing, "deliveries missing"],
      [this.duplicates, "deliveries repeated"],
      [this.late, "deliveries out of order"],
      [this.strange, "deliveries that nobody had asked for"],
      [this.lost, "connections ended by the server"],
    ];
    return kinds.filter(([count]) => count !== 0).map(([count, what]) => `${count} ${what}`);
  }
}
