import { Option } from "@commander-js/extra-typings";
import { deferred } from "../client/deferred.ts";
import { type Client, RingcastError } from "../client/index.ts";
import { asFailure, EXIT, type ExitCode, Failure } from "./exit.ts";
import { untilInterrupted } from "./interruption.ts";
import { readLines } from "./lines.ts";
import { openLink } from "./link.ts";
import { duration, integer, serverVerb } from "./options.ts";
import { counted, formatNumber, remark, showProgress, talk } from "./output.ts";
import { type ServerOptions, targetOf } from "./target.ts";

/** How much may be under way without an ack. */
const MAX_UNANSWERED = 256;
const MAX_UNANSWERED_BYTES = 4 * 1024 * 1024;
/** How long what is under way may take to be answered after Ctrl-C. */
const LAST_ANSWERS_MS = 1000;
const PROGRESS_INTERVAL_MS = 200;

interface PubOptions extends ServerOptions {
  readonly keepGoing?: boolean | undefined;
  readonly maxMessageSize: number;
  readonly text?: boolean | undefined;
  readonly timeout: number;
  readonly wait?: boolean | undefined;
}

export function pubCommand() {
  return serverVerb("pub")
    .argument("<topic>", "the topic")
    .argument("<payload>", "one message, as JSON; or - for one on each line of standard input")
    .option("--text", "what is given is text, and is published as a JSON string")
    .option("--keep-going", "go on after a line that was refused; the exit code is still 1")
    .addOption(
      new Option("--timeout <duration>", "the longest time without an ack, outages included")
        .argParser(duration(1, 86_400_000))
        .default(10_000, "10s"),
    )
    .option("--max-message-size <bytes>", "the server's limit", integer(1, 268_435_456), 1_048_576)
    .option("--wait", "wait for a server that is not there yet")
    .action(async (topic, payload, options) => {
      process.exitCode = await (payload === "-" ? pubLines(topic, options) : pubOne(topic, payload, options));
    });
}

function link({ maxMessageSize, timeout, wait = false, ...server }: PubOptions) {
  const options = { publishTimeoutMs: timeout, maxMessageBytes: maxMessageSize, maxPending: MAX_UNANSWERED };
  return openLink(targetOf(server), options, wait);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

async function pubOne(topic: string, payload: string, options: PubOptions): Promise<ExitCode> {
  const json = options.text ? JSON.stringify(payload) : payload;
  if (!isJson(json)) {
    throw new Failure(
      EXIT.USAGE,
      `the payload is not JSON: ${payload.slice(0, 100)} (--text publishes it as a string)`,
    );
  }
  const interrupted = untilInterrupted();
  const { client, failed } = link(options);
  const published = client.publish(topic, json, { raw: true });
  published.catch(() => {});
  const outcome = await Promise.race([published, failed, interrupted]).finally(() => client.close(0));
  if (typeof outcome === "number") return outcome;
  remark(`published at offset ${outcome.offset}`);
  return EXIT.DONE;
}

/** Publishes lines, as many at once as may be unanswered, and counts what becomes of them. */
class LinePublisher {
  readonly #client: Client;
  readonly #topic: string;
  readonly #options: PubOptions;
  readonly #unanswered = new Set<Promise<void>>();
  #unansweredBytes = 0;
  #acked = 0;
  #refused = 0;
  #lost = 0;
  /** Why no further line is taken. */
  #end: Failure | undefined;
  readonly #ended = deferred<void>();

  constructor(client: Client, topic: string, options: PubOptions) {
    this.#client = client;
    this.#topic = topic;
    this.#options = options;
  }

  get acked(): number {
    return this.#acked;
  }

  /** What has become of the lines so far. */
  get summary(): string {
    const parts = [`${counted(this.#acked, "message")} published`];
    if (this.#refused > 0) parts.push(`${formatNumber(this.#refused)} refused`);
    if (this.#lost > 0) parts.push(`${formatNumber(this.#lost)} without an ack`);
    return parts.join(", ");
  }

  /** Publishes until the lines end, or one is refused. */
  async run(): Promise<ExitCode> {
    // No further line may come, so a refusal does not wait for one.
    await Promise.race([this.#publishAll(), this.#ended.promise]);
    await Promise.all(this.#unanswered);
    if (this.#end !== undefined) return this.#end.exitCode;
    return this.#refused + this.#lost > 0 ? EXIT.FAILURE : EXIT.DONE;
  }

  async #publishAll(): Promise<void> {
    for await (const line of readLines(process.stdin, this.#options.maxMessageSize)) {
      if (this.#end !== undefined) return;
      if ("problem" in line) {
        this.#refuse(line.number, new Failure(EXIT.FAILURE, line.problem));
      } else if (this.#options.text || line.text.trim() !== "") {
        await this.#room();
        if (this.#end === undefined) this.#publish(line.number, line.text);
      }
    }
  }

  #publish(number: number, text: string): void {
    const json = this.#options.text ? JSON.stringify(text) : text;
    const answered = this.#client
      .publish(this.#topic, json, { raw: true })
      .then(
        () => {
          this.#acked++;
        },
        (error: unknown) => this.#refuse(number, error),
      )
      .finally(() => {
        this.#unanswered.delete(answered);
        this.#unansweredBytes -= text.length;
      });
    this.#unanswered.add(answered);
    this.#unansweredBytes += text.length;
  }

  /** Waits until more may be under way. Answers come in order, so it waits for the oldest. */
  async #room(): Promise<void> {
    for (const oldest of this.#unanswered) {
      if (this.#unanswered.size < MAX_UNANSWERED && this.#unansweredBytes < MAX_UNANSWERED_BYTES) return;
      await oldest;
    }
  }

  #refuse(number: number, error: unknown): void {
    // The link reports why the client has ended, once for all lines.
    const isOver = this.#client.state.state === "closed";
    const code = error instanceof RingcastError ? error.code : undefined;
    const isUnconfirmed = code === "UNCONFIRMED";
    if (isOver || code === "TIMEOUT" || code === "CLOSED" || isUnconfirmed) this.#lost++;
    else this.#refused++;
    // Of those that end it, the first is the one to look at.
    if (isOver || code === "CLOSED" || this.#end !== undefined) return;
    const failure = asFailure(error);
    talk(`line ${number}: ${failure.message}`);
    // Whether it was taken nobody knows; those that follow have nothing to do with that.
    if (isUnconfirmed) return;
    if (this.#options.keepGoing && failure.exitCode === EXIT.FAILURE) return;
    this.#end = failure;
    this.#ended.resolve();
  }
}

async function pubLines(topic: string, options: PubOptions): Promise<ExitCode> {
  const interrupted = untilInterrupted();
  const { client, failed } = link(options);
  const publisher = new LinePublisher(client, topic, options);
  const startedMs = performance.now();
  const rate = () => `${formatNumber(Math.round((publisher.acked * 1000) / (performance.now() - startedMs)))}/s`;
  const progress = setInterval(() => showProgress(`${publisher.summary}, ${rate()}`), PROGRESS_INTERVAL_MS);
  let exitCode: ExitCode | undefined;
  try {
    exitCode = await Promise.race([publisher.run(), failed, interrupted]);
    return exitCode;
  } finally {
    clearInterval(progress);
    await client.close(exitCode === EXIT.INTERRUPTED || exitCode === EXIT.TERMINATED ? LAST_ANSWERS_MS : 0);
    const say = exitCode === EXIT.DONE ? remark : talk;
    say(`${publisher.summary}, ${rate()}`);
  }
}
