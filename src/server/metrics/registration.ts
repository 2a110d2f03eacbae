import { Counter, Gauge, type PrometheusContentType, type Registry } from "prom-client";

/** A metric's name, what it means, and the registry that it stands in. */
export interface MetricPlace {
  readonly name: string;
  readonly help: string;
  readonly registers: Registry<PrometheusContentType>[];
}

/** The value of a series, and its label. */
export type LabelledValue = readonly [label: string, value: number];

/** Adds metrics whose values are read when somebody asks: nothing is counted twice, and nothing costs in between. */
export class Registration {
  readonly #registry: Registry<PrometheusContentType>;

  constructor(registry: Registry<PrometheusContentType>) {
    this.#registry = registry;
  }

  /** Where a metric of this name is to stand. */
  place(name: string, help: string): MetricPlace {
    return { name, help, registers: [this.#registry] };
  }

  /** Adds a value that goes up and down. */
  gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      ...this.place(name, help),
      collect() {
        this.set(read());
      },
    });
  }

  /** Adds one that only goes up. */
  counter(name: string, help: string, read: () => number): void {
    new Counter({
      ...this.place(name, help),
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }

  /** Adds a gauge with one series a label value. */
  gaugeBy(label: string, name: string, help: string, read: () => readonly LabelledValue[]): void {
    new Gauge<string>({
      ...this.place(name, help),
      labelNames: [label],
      collect() {
        this.reset();
        for (const [text, value] of read()) this.set({ [label]: text }, value);
      },
    });
  }

  /** Adds a counter with one series a label value. */
  counterBy(label: string, name: string, help: string, read: () => readonly LabelledValue[]): void {
    new Counter<string>({
      ...this.place(name, help),
      labelNames: [label],
      collect() {
        this.reset();
        for (const [text, value] of read()) this.inc({ [label]: text }, value);
      },
    });
  }
}
