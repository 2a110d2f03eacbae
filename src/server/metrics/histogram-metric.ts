import { Gauge, type MetricObjectWithValues, type MetricValueWithName } from "prom-client";
import type { Histogram } from "../../core/histogram.ts";
import type { MetricPlace } from "./registration.ts";

/**
 * A histogram of the core, as a metric of the library. The library's own takes single values only, at a price that the
 * writing of messages would feel; so this one says at each scrape what the core has counted.
 */
export class HistogramMetric extends Gauge<"le"> {
  readonly #place: MetricPlace;
  readonly #histogram: Histogram;

  constructor(place: MetricPlace, histogram: Histogram) {
    super({ ...place, labelNames: ["le"] });
    this.#place = place;
    this.#histogram = histogram;
  }

  override async get(): Promise<MetricObjectWithValues<MetricValueWithName<"le">>> {
    const { help, name } = this.#place;
    const { bounds, counts, sum } = this.#histogram;
    const values: MetricValueWithName<"le">[] = [];
    let count = 0;
    for (const [i, here] of counts.entries()) {
      count += here;
      values.push({ metricName: `${name}_bucket`, labels: { le: bounds[i] ?? "+Inf" }, value: count });
    }
    values.push({ metricName: `${name}_sum`, labels: {}, value: sum });
    values.push({ metricName: `${name}_count`, labels: {}, value: count });
    // @ts-expect-error The library's types have a number here; what it reads and writes is the word.
    return { name, help, type: "histogram", aggregator: "sum", collect() {}, values };
  }
}
