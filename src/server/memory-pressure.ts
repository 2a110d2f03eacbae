import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { IS_BUN } from "./runtime.ts";

/** Only where the memory is smaller than this; elsewhere there is room for what waits for the collector. */
const SMALL_BYTES = 1024 * 1024 * 1024;
/** How much memory outside of the heap may wait for the collector, as a share of all. */
const MAX_GARBAGE_SHARE = 1 / 8;
/** After how much input it is looked at, as a share of all. */
const INPUT_SHARE = 1 / 24;

/** The collector as a function; undefined where the runtime has none. */
function collector(): (() => void) | undefined {
  if (IS_BUN) return undefined;
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  return typeof collect === "function" ? () => void collect() : undefined;
}

/** What is looked at. */
export interface MemorySources {
  /** Bytes of clients' messages so far. */
  readonly receivedBytes: () => number;
  /** The memory of all histories, in bytes. */
  readonly historyBytes: () => number;
}

/**
 * Collects garbage in time in a process with little memory. V8 lets 64 MiB outside of the heap wait, and more while it marks:
 * with 192 MiB, Node.js 26 was killed within seconds of messages of 500 KB (test/history-memory.test.ts).
 */
export class MemoryPressure {
  readonly #sources: MemorySources;
  readonly #maxGarbageBytes: number;
  readonly #inputBytes: number;
  readonly #collect: (() => void) | undefined;
  #lookedAtBytes = 0;

  /**
   * @param memoryBytes all memory that the process may use
   * @param collect the collector, for tests
   */
  constructor(
    memoryBytes: number,
    sources: MemorySources,
    collect = memoryBytes < SMALL_BYTES ? collector() : undefined,
  ) {
    this.#sources = sources;
    this.#maxGarbageBytes = memoryBytes * MAX_GARBAGE_SHARE;
    this.#inputBytes = memoryBytes * INPUT_SHARE;
    this.#collect = collect;
  }

  /** Collects if that is due. To be called often; it looks only after some input. */
  relieve(): void {
    if (this.#collect === undefined) return;
    const receivedBytes = this.#sources.receivedBytes();
    if (receivedBytes - this.#lookedAtBytes < this.#inputBytes) return;
    this.#lookedAtBytes = receivedBytes;
    const garbageBytes = getHeapStatistics().external_memory - this.#sources.historyBytes();
    if (garbageBytes > this.#maxGarbageBytes) this.#collect();
  }
}
