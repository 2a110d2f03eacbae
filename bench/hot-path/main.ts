import { median } from "../statistics.ts";
import { decodeRequest, Rig } from "./rig.ts";

// Measures what Ringcast's own code costs, without sockets. It runs as one bundle on Node.js or Bun; see ../hot-path.ts.
// Each figure is the median of many batches, so that batches that another program interrupted do not count.

const SUBSCRIBERS = [0, 1, 10, 100, 1000, 10_000] as const;
/** The largest over the smallest cost of a publish that is allowed. */
const FLAT_WITHIN = 1.1;
/** Publications of one batch: what arrives before the flush. */
const BATCH = 500;
/** Publications that the measured flush hands over. */
const BURST = 20;
/** The first publications after a flush find caches of the CPU that the flush has filled with other things. */
const FIRST = 100;
/** The first batches compile the code. */
const WARM_UP_BATCHES = 100;
const BATCHES = 400;
/** Batches of one hub before it is another one's turn. */
const BLOCK = 10;

const requests = Array.from({ length: BATCH }, (_, n) => decodeRequest(n));

/** What a call took in nanoseconds, the average of a batch. */
function batchNs(call: (n: number) => void, from = 0, to = BATCH): number {
  const startMs = performance.now();
  for (let n = from; n < to; n++) call(n);
  return ((performance.now() - startMs) * 1e6) / (to - from);
}

/** The median cost of a call, in nanoseconds. @param afterBatch is not measured */
function costNs(call: (n: number) => void, afterBatch: () => void = () => {}): number {
  const costs: number[] = [];
  for (let batch = -WARM_UP_BATCHES; batch < BATCHES; batch++) {
    const ns = batchNs(call);
    afterBatch();
    if (batch >= 0) costs.push(ns);
  }
  return median(costs);
}

function requestAt(n: number) {
  const request = requests[n];
  if (request === undefined) throw new RangeError(`no request ${n}`);
  return request;
}

interface Costs {
  readonly rig: Rig;
  /** Of the first publications after a flush, and of the others. */
  readonly firstNs: number[];
  readonly publishNs: number[];
  readonly flushNs: number[];
}

/** The costs of publishing and flushing for each number of subscribers, in turn so that all see the same noise. */
function publishCosts(): readonly Costs[] {
  const all = SUBSCRIBERS.map((count): Costs => ({ rig: new Rig(count), firstNs: [], publishNs: [], flushNs: [] }));
  for (let block = -WARM_UP_BATCHES / BLOCK; block < BATCHES / BLOCK; block++) {
    for (const costs of all) measureBlock(costs, block >= 0);
  }
  return all;
}

/** Several batches of one hub, so that each but the first follows a flush of its own. */
function measureBlock({ firstNs, flushNs, publishNs, rig }: Costs, isMeasured: boolean): void {
  for (let batch = 0; batch < BLOCK; batch++) {
    const publish = (n: number) => rig.publish(decodeRequest(n));
    const first = batchNs(publish, 0, FIRST);
    const rest = batchNs(publish, FIRST);
    rig.flush();
    batchNs(publish, 0, BURST);
    const startMs = performance.now();
    rig.flush();
    if (!isMeasured || batch === 0) continue;
    firstNs.push(first);
    publishNs.push(rest);
    flushNs.push((performance.now() - startMs) * 1e6);
  }
}

function line(what: string, ns: number, note = ""): void {
  process.stdout.write(`${what.padEnd(44)}${ns.toFixed(0).padStart(6)} ns${note}\n`);
}

const rig = new Rig(0);
rig.publish(requestAt(0));
rig.flush();
const { bun, node } = process.versions;
process.stdout.write(`${bun === undefined ? `Node ${node}` : `Bun ${bun}`}\n`);
line(
  "decode a publish",
  costNs((n) => void decodeRequest(n)),
);
line(
  "append an event to the log",
  costNs((n) => rig.append(requestAt(n))),
);
line(
  "acknowledge a publish",
  costNs(
    (n) => rig.acknowledge(requestAt(n), n + 1),
    () => rig.flush(),
  ),
);

const measured = publishCosts();
for (const { firstNs, flushNs, publishNs, rig } of measured) {
  const { subscribers } = rig;
  const first = `; the first ${FIRST} after a flush ${median(firstNs).toFixed(0)} ns`;
  const flush =
    subscribers === 0 ? "" : `; flush of ${BURST} ${(median(flushNs) / subscribers).toFixed(0)} ns a subscriber`;
  line(`publish up to the flush, ${subscribers} subscribers`, median(publishNs), first + flush);
}
const publishes = measured.map(({ publishNs }) => median(publishNs));
const flatness = Math.max(...publishes) / Math.min(...publishes);
const verdict = flatness <= FLAT_WITHIN ? "met" : "missed";
process.stdout.write(`largest / smallest ${flatness.toFixed(2)}, at most ${FLAT_WITHIN}: ${verdict}\n`);
