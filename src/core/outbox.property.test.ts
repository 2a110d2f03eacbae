import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { SEED } from "../../test/support/seed.ts";
import type { Event, TopicName } from "./engine.ts";
import { type Loss, Outbox, type OutboxLimits, type Outgoing, textOf, type Verdict } from "./outbox.ts";
import { Trace } from "./trace.ts";
import { TracedOutbox } from "./traced-outbox.ts";

// Random runs against a model that is as naive as can be: one array, searched and spliced.

const TOPICS: readonly TopicName[] = ["a", "b", "c"].map((name) => ({ name, nameJson: JSON.stringify(name) }));

class Model {
  readonly items: Outgoing[] = [];
  readonly losses: Loss[] = [];
  readonly limits: OutboxLimits;
  dropped = 0;

  constructor(limits: OutboxLimits) {
    this.limits = limits;
  }

  get bytes(): number {
    return this.items.reduce((sum, item) => sum + sizeOf(item), 0);
  }

  fits(message: Outgoing): boolean {
    return this.items.length < this.limits.maxMessages && this.bytes + sizeOf(message) <= this.limits.maxBytes;
  }

  offer(message: Outgoing): Verdict {
    if (this.fits(message)) {
      this.items.push(message);
      return "queued";
    }
    const oldest = () => this.items.findIndex((item) => typeof item !== "string");
    while (sizeOf(message) <= this.limits.maxBytes && !this.fits(message) && oldest() >= 0) {
      for (const item of this.items.splice(oldest(), 1)) if (typeof item !== "string") this.lose(item);
    }
    if (this.fits(message)) this.items.push(message);
    else if (typeof message === "string") return "full";
    else this.lose(message);
    return this.dropped >= this.limits.maxMessages ? "stalled" : "dropped";
  }

  next(): string | undefined {
    const first = this.items[0];
    const untold = this.losses.findIndex(({ topic }) => {
      return first === undefined || (typeof first !== "string" && topic === first.topic);
    });
    for (const loss of untold < 0 ? [] : this.losses.splice(untold, 1)) return notice(loss);
    this.items.shift();
    return typeof first === "object" ? first.text : first;
  }

  lose({ offset, topic }: Event): void {
    this.dropped++;
    const at = this.losses.findIndex((loss) => loss.topic === topic);
    const { dropped, fromOffset, toOffset } = this.losses[at] ?? { dropped: 0, fromOffset: offset, toOffset: offset };
    const range = { fromOffset: Math.min(fromOffset, offset), toOffset: Math.max(toOffset, offset) };
    this.losses.splice(at < 0 ? this.losses.length : at, 1, { topic, dropped: dropped + 1, ...range });
  }

  clear(): void {
    this.items.length = 0;
    this.losses.length = 0;
  }
}

function sizeOf(message: Outgoing): number {
  return typeof message === "string" ? message.length : message.sizeBytes;
}

function notice({ dropped, fromOffset, toOffset, topic }: Loss): string {
  return `lost ${topic.name} ${dropped} ${fromOffset} ${toOffset}`;
}

type Step =
  | { readonly kind: "event"; readonly topic: TopicName; readonly sizeBytes: number }
  | { readonly kind: "answer"; readonly size: number }
  | { readonly kind: "next"; readonly count: number }
  | { readonly kind: "progress" | "clear" };

const sizes = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 1, max: 20 }) },
  { weight: 1, arbitrary: fc.nat(200) },
);
const eventStep = fc.record({
  kind: fc.constant("event" as const),
  topic: fc.constantFrom(...TOPICS),
  sizeBytes: sizes,
});
const answerStep = fc.record({ kind: fc.constant("answer" as const), size: sizes });
const nextStep = fc.record({ kind: fc.constant("next" as const), count: fc.integer({ min: 1, max: 12 }) });
const progressStep = fc.constant<Step>({ kind: "progress" });
const steps = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: eventStep },
    { weight: 2, arbitrary: answerStep },
    { weight: 3, arbitrary: nextStep },
    { weight: 1, arbitrary: progressStep },
  ),
  { maxLength: 300, size: "max" },
);
const withClears = fc.array(
  fc.oneof({ weight: 9, arbitrary: steps }, { weight: 1, arbitrary: fc.constant<Step[]>([{ kind: "clear" }]) }),
  {
    maxLength: 4,
  },
);
const limits = fc.record({ maxMessages: fc.integer({ min: 1, max: 12 }), maxBytes: fc.integer({ min: 10, max: 150 }) });

interface Subject {
  readonly box: Outbox;
  readonly isTraced: boolean;
}

/** Both kinds are one to the model. */
const KINDS: Record<string, (bounds: OutboxLimits) => Subject> = {
  "an outbox": (bounds) => ({ box: new Outbox(bounds), isTraced: false }),
  "a traced outbox": (bounds) => {
    const owner = { client: 1, clientIdIn: () => "c", transport: "websocket" } as const;
    return { box: new TracedOutbox(bounds, owner), isTraced: true };
  },
};

/** Takes steps on an outbox and on the model side by side, to the end; returns what was sent. */
function run({ box }: Subject, bounds: OutboxLimits, all: readonly Step[]) {
  const model = new Model(bounds);
  const offsets = new Map(TOPICS.map((topic) => [topic, 0]));
  const sent: string[] = [];
  const clock = new FakeClock();
  const traces: Trace[] = [];
  const takeBoth = () => {
    const next = box.next(notice);
    const text = next === undefined ? undefined : textOf(next);
    expect(text).toBe(model.next());
    if (text !== undefined) sent.push(text);
    return text;
  };
  const offerBoth = (message: Outgoing) => {
    expect(box.fits(message)).toBe(model.fits(message));
    expect(box.offer(message)).toBe(model.offer(message));
  };
  for (const [i, step] of all.entries()) {
    switch (step.kind) {
      case "event": {
        const offset = (offsets.get(step.topic) ?? 0) + 1;
        offsets.set(step.topic, offset);
        const text = `event ${step.topic.name} ${offset}`;
        const event: Event = { topic: step.topic, offset, text, sizeBytes: step.sizeBytes };
        const trace = new Trace(event, clock);
        event.trace = trace;
        traces.push(trace);
        offerBoth(event);
        break;
      }
      case "answer":
        offerBoth(`answer ${i}`.padEnd(step.size, "."));
        break;
      case "next":
        for (let n = 0; n < step.count; n++) takeBoth();
        break;
      case "progress":
        box.noteProgress();
        model.dropped = 0;
        break;
      case "clear":
        box.clear("disconnected");
        model.clear();
        break;
    }
    expect([box.count, box.bytes]).toEqual([model.items.length, model.bytes]);
    expect(box.droppedSinceProgress).toBe(model.dropped);
    expect(box.isEmpty).toBe(model.items.length === 0 && model.losses.length === 0);
    expect(box.count).toBeLessThanOrEqual(bounds.maxMessages);
    expect(box.bytes).toBeLessThanOrEqual(bounds.maxBytes);
  }
  while (takeBoth() !== undefined) {}
  return { offsets, sent, traces };
}

describe.each(Object.entries(KINDS))(`%s (seed ${SEED})`, (_, make) => {
  test("does what the model does, step by step", () => {
    fc.assert(
      fc.property(limits, withClears, (bounds, parts) => {
        const subject = make(bounds);
        const { sent, traces } = run(subject, bounds, parts.flat());
        for (const { deliveries, event } of subject.isTraced ? traces : []) {
          const state = sent.includes(event.text) ? "written" : "dropped";
          expect(deliveries.map((delivery) => delivery.state)).toEqual([state]);
        }
      }),
      { seed: SEED, numRuns: 1000 },
    );
  }, 60_000);

  test("accounts for every event: received or reported lost, in order, none twice", () => {
    fc.assert(
      fc.property(limits, steps, (bounds, all) => {
        const { offsets, sent } = run(make(bounds), bounds, all);
        for (const [{ name }, published] of offsets) {
          const received: number[] = [];
          const edges: number[] = [];
          let told = 0;
          for (const [kind, topic, ...numbers] of sent.map((text) => text.split(" "))) {
            const [first = 0, ...range] = numbers.map(Number);
            if (topic !== name) continue;
            if (kind === "event") {
              expect(first).toBeGreaterThan(received.at(-1) ?? 0);
              // What is missing before this one was told before it.
              expect(first - 1 - received.length).toBeLessThanOrEqual(told);
              received.push(first);
            } else {
              told += first;
              edges.push(...range);
            }
          }
          expect(received.length + told).toBe(published);
          expect(edges.filter((offset) => received.includes(offset))).toEqual([]);
        }
      }),
      { seed: SEED, numRuns: 1000 },
    );
  }, 60_000);
});
