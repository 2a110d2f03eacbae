import { agrees, type Divergence, explain } from "./divergence.ts";
import { Random } from "./random.ts";
import { randomSequence } from "./sequence.ts";
import { traceOwn, traceReference } from "./trace.ts";

export interface Report {
  /** How many sequences were compared. */
  readonly sequences: number;
  /** How many messages, pings and pongs both sides handed over. */
  readonly events: number;
  /** How often each close code was the outcome. */
  readonly codes: ReadonlyMap<number, number>;
  /** How often the two sides differed as they may. */
  readonly explained: ReadonlyMap<Divergence, number>;
  /** The seeds of all sequences where they differed as they must not. */
  readonly unexplained: readonly number[];
}

/** Compares this project's WebSocket layer with the `ws` package on the sequences of `count` seeds from `firstSeed`. */
export async function compare(
  firstSeed: number,
  count: number,
  deadlineMs = Number.POSITIVE_INFINITY,
): Promise<Report> {
  const codes = new Map<number, number>();
  const explained = new Map<Divergence, number>();
  const unexplained: number[] = [];
  let events = 0;
  let sequences = 0;
  const start = performance.now();
  for (; sequences < count && performance.now() - start < deadlineMs; sequences++) {
    const seed = firstSeed + sequences;
    const sequence = randomSequence(new Random(seed));
    const [own, reference] = await Promise.all([traceOwn(sequence), traceReference(sequence)]);
    events += own.events.length;
    codes.set(own.code, (codes.get(own.code) ?? 0) + 1);
    if (agrees(own, reference)) continue;
    const divergence = explain(sequence, own, reference);
    if (divergence === undefined) unexplained.push(seed);
    else explained.set(divergence, (explained.get(divergence) ?? 0) + 1);
  }
  return { sequences, events, codes, explained, unexplained };
}
