import { deferred } from "../client/deferred.ts";
import { type Client, RingcastError } from "../client/index.ts";
import { BenchMeter, benchJson, benchText } from "./bench-report.ts";
import { asFailure, EXIT, type ExitCode, Failure } from "./exit.ts";
import { ask } from "./http.ts";
import { untilInterrupted } from "./interruption.ts";
import { openLink } from "./link.ts";
import { integer, serverVerb } from "./options.ts";
import { clearProgress, counted, formatNumber, print, remark, showProgress } from "./output.ts";
import { type ServerOptions, type Target, targetOf } from "./target.ts";

/** The most messages that a publisher has under way. */
const WINDOW = 64;
/** How long an ack may take. */
const ACK_TIMEOUT_MS = 5000;
/** How long deliveries may take to come after the last publish. */
const LAST_DELIVERIES_MS = 5000;
/** How often a publisher that keeps a rate looks what is due. */
const PACE_MS = 5;
const PROGRESS_INTERVAL_MS = 200;
/** What a payload holds besides its padding, at most. */
const MIN_SIZE = 48;

interface BenchOptions extends ServerOptions {
  readonly seconds: number;
  readonly publishers: number;
  readonly subscribers: number;
  readonly size: number;
  readonly rate: number;
  readonly json?: boolean | undefined;
}

export function benchCommand() {
  return serverVerb("bench")
    .option("--seconds <n>", "how long to publish", integer(1, 60), 5)
    .option("--publishers <n>", "how many connections publish", integer(1, 40), 1)
    .option("--subscribers <n>", "how many connections subscribe", integer(1, 40), 1)
    .option("--size <bytes>", "how large a payload is", integer(MIN_SIZE, 65_536), 128)
    .option(
      "--rate <n>",
      "messages a second, all publishers together; 0: as fast as acks come",
      integer(0, 1_000_000),
      0,
    )
    .option("--json", "print the result as a JSON object")
    .action(async (options) => {
      process.exitCode = await bench(options);
    });
}

function isLoopback({ hostname }: Target): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d+){3}$/.test(hostname);
}

async function bench(options: BenchOptions): Promise<ExitCode> {
  const target = targetOf(options);
  if (!isLoopback(target)) {
    throw new Failure(EXIT.USAGE, `bench only loads a server on this machine; ${target.hostname} may be elsewhere`);
  }
  const interrupted = untilInterrupted();
  const run = new BenchRun(target, options);
  const progress = setInterval(() => showProgress(run.progress), PROGRESS_INTERVAL_MS);
  try {
    const exitCode = await Promise.race([run.run(), interrupted]);
    if (exitCode !== undefined) run.stop();
    const result = run.meter.result();
    clearInterval(progress);
    clearProgress();
    if (exitCode !== undefined) remark("interrupted; this is a partial result");
    await print(options.json ? benchJson(result) : benchText(result));
    return exitCode ?? (result.lost > 0 || result.failed > 0 ? EXIT.FAILURE : EXIT.DONE);
  } finally {
    clearInterval(progress);
    await run.close();
  }
}

/** A topic of its own, with publishers and subscribers in this process, so that one clock measures both. */
class BenchRun {
  readonly meter: BenchMeter;
  readonly #target: Target;
  readonly #options: BenchOptions;
  readonly #topic = `ringcast-bench-${crypto.randomUUID()}`;
  readonly #padding: string;
  readonly #publishers: Client[];
  readonly #subscribers: Client[];
  readonly #failed: Promise<never>;
  readonly #broken = deferred<never>();
  readonly #startMs = performance.now();
  #isStopped = false;
  #delivered = () => {};

  constructor(target: Target, options: BenchOptions) {
    this.#target = target;
    this.#options = options;
    this.#padding = "x".repeat(options.size - MIN_SIZE);
    this.meter = new BenchMeter(options.subscribers);
    const settings = { maxPending: WINDOW, resend: false, publishTimeoutMs: ACK_TIMEOUT_MS };
    const links = (count: number) => Array.from({ length: count }, () => openLink(target, settings, false));
    const publishers = links(options.publishers);
    const subscribers = links(options.subscribers);
    this.#publishers = publishers.map(({ client }) => client);
    this.#subscribers = subscribers.map(({ client }) => client);
    this.#failed = Promise.race([this.#broken.promise, ...[...publishers, ...subscribers].map(({ failed }) => failed)]);
    this.#failed.catch(() => {});
  }

  get progress(): string {
    const { delivered, published } = this.meter;
    const seconds = Math.round((performance.now() - this.#startMs) / 1000);
    return `${seconds} of ${this.#options.seconds} s: ${counted(published, "message")} published, ${formatNumber(delivered)} delivered`;
  }

  /** Runs it to its end; rejects with a `Failure` if the server does not let it. */
  async run(): Promise<undefined> {
    const subscribed = this.#subscribers.map((client) => this.#subscribe(client));
    const connected = this.#publishers.map((client) => client.connect());
    await Promise.race([Promise.all([...subscribed, ...connected]), this.#failed]);
    this.meter.start();
    const timer = setTimeout(() => this.stop(), this.#options.seconds * 1000);
    try {
      await Promise.race([Promise.all(this.#publishers.map((client) => this.#publish(client))), this.#failed]);
      this.meter.stop();
      await Promise.race([this.#lastDeliveries(), this.#failed]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Publishes no more. */
  stop(): void {
    this.#isStopped = true;
    this.meter.stop();
  }

  async close(): Promise<void> {
    this.#isStopped = true;
    await Promise.all([...this.#publishers, ...this.#subscribers].map((client) => client.close(0)));
    // With -topic-ttl it would stay. Whoever may not delete it leaves that to the server.
    await ask(this.#target, "DELETE", `/topics/${this.#topic}`).catch(() => {});
  }

  async #subscribe(client: Client): Promise<void> {
    // The time stands first in a payload.
    const parse = (json: string) => Number.parseFloat(json.slice('{"at":'.length));
    const subscription = client.subscribe<number>(this.#topic, { parse }, ({ payload }) => {
      this.meter.deliveredAfter(performance.now() - payload);
      if (this.meter.isComplete) this.#delivered();
    });
    await subscription.ready;
  }

  async #publish(client: Client): Promise<void> {
    const unanswered = new Set<Promise<void>>();
    const perMs = this.#options.rate / this.#options.publishers / 1000;
    const startMs = performance.now();
    for (let sent = 0; !this.#isStopped; sent++) {
      while (perMs > 0 && sent >= (performance.now() - startMs) * perMs && !this.#isStopped) await pause(PACE_MS);
      for (const oldest of unanswered) {
        if (unanswered.size < WINDOW) break;
        await oldest;
      }
      if (this.#isStopped) break;
      const answered = this.#publishOne(client).finally(() => unanswered.delete(answered));
      unanswered.add(answered);
    }
    await Promise.all(unanswered);
  }

  async #publishOne(client: Client): Promise<void> {
    const atMs = performance.now();
    const at = atMs.toFixed(6);
    const payload = `{"at":${at},"padding":"${this.#padding}${" ".repeat(MIN_SIZE - 20 - at.length)}"}`;
    try {
      await client.publish(this.#topic, payload, { raw: true });
      this.meter.ackedAfter(performance.now() - atMs);
    } catch (error) {
      this.meter.failed++;
      // After these, nothing that comes would fare better.
      const isLost = error instanceof RingcastError && error.code === "UNCONFIRMED";
      const failure = isLost ? new Failure(EXIT.UNREACHABLE, "lost the connection") : asFailure(error);
      if (failure.exitCode !== EXIT.FAILURE) this.#broken.reject(failure);
      await pause(PACE_MS);
    }
  }

  #lastDeliveries(): Promise<void> {
    if (this.meter.isComplete) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, LAST_DELIVERIES_MS);
      this.#delivered = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
