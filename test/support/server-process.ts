import { z } from "zod";
import { deferred } from "../../src/client/deferred.ts";
import { Child, type ChildEnd } from "./child.ts";
import { COMMAND, ROOT, ringcast } from "./command.ts";
import { within } from "./mailbox.ts";

export { COMMAND, ROOT };

const logLineSchema = z.looseObject({ level: z.string(), time: z.string(), msg: z.string() });
export type LogLine = z.infer<typeof logLineSchema>;

export interface StartOptions {
  /** The program, instead of `bin/ringcast`. */
  readonly command?: string;
  readonly environment?: Record<string, string>;
  readonly cwd?: string;
}

// No limit of requests and a quiet place to listen, unless a test says otherwise: the last of two flags wins.
const TEST_FLAGS = ["-host=127.0.0.1", "-port=0", "-log-format=json", "-rate-limit-per-min=0"];
/** The message of the start-up line. */
export const LISTENS = /^Ringcast \S+ listens: /;
const STOP_DEADLINE_MS = 15_000;

/** The real server in a process of its own, with its log. End it with `await using` or `stop`. */
export class ServerProcess implements AsyncDisposable {
  readonly log: LogLine[] = [];
  readonly #process: Child;
  readonly #listeners = new Set<(line: LogLine) => void>();
  #port = 0;

  private constructor(flags: readonly string[], { command, cwd = ROOT, environment = {} }: StartOptions) {
    const words = [...TEST_FLAGS, ...flags];
    this.#process = new Child(command === undefined ? ringcast(...words) : [command, ...words], {
      cwd,
      env: { PATH: process.env["PATH"], ...environment },
    });
  }

  /** Starts a server and waits until it listens. */
  static async start(flags: readonly string[] = [], options: StartOptions = {}): Promise<ServerProcess> {
    const server = new ServerProcess(flags, options);
    const listening = server.nextLog(LISTENS);
    server.#readLog();
    const line = await within(
      Promise.race([listening, server.#process.exited.then((code) => Promise.reject(new Error(`exit code ${code}`)))]),
      "the server's start",
      20_000,
    );
    server.#port = z.number().parse(line["port"]);
    return server;
  }

  get port(): number {
    return this.#port;
  }

  get pid(): number {
    return this.#process.pid;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** The exit code, once it has ended. */
  get exited(): Promise<number> {
    return this.#process.exited;
  }

  /** The next log line with this message from now on. */
  nextLog(message: string | RegExp, deadlineMs = 20_000): Promise<LogLine> {
    const { promise, resolve } = deferred<LogLine>();
    const listener = (line: LogLine) => {
      if (typeof message === "string" ? line.msg === message : message.test(line.msg)) resolve(line);
    };
    this.#listeners.add(listener);
    return within(promise, `the log line "${message}"`, deadlineMs).finally(() => this.#listeners.delete(listener));
  }

  /** Makes an HTTP request of the server. */
  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.url}${path}`, init);
  }

  /** Posts JSON. */
  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    return this.fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: text,
    });
  }

  /** The statistics. */
  async stats(): Promise<z.infer<typeof statsSchema>> {
    return statsSchema.parse(await (await this.fetch("/stats")).json());
  }

  /** Sends a signal, and resolves with the exit code when the process has ended. */
  stop(signal: "SIGTERM" | "SIGINT" | "SIGKILL" = "SIGTERM"): Promise<number> {
    this.#process.kill(signal);
    return within(this.#process.exited, "the server's end", STOP_DEADLINE_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }

  async #readLog(): Promise<void> {
    let rest = "";
    const decoder = new TextDecoder();
    for await (const chunk of this.#process.stdout) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const text of lines) {
        const line = logLineSchema.parse(JSON.parse(text));
        this.log.push(line);
        for (const listener of this.#listeners) listener(line);
      }
    }
  }
}

const statsSchema = z.looseObject({
  total_clients: z.number(),
  total_topics: z.number(),
  total_messages: z.number(),
  active_topics: z.number(),
  uptime: z.string(),
  topics: z.record(z.string(), z.looseObject({ message_count: z.number(), subscriber_count: z.number() })),
  delivered_messages: z.number(),
  dropped_messages: z.number(),
  slow_consumers: z.number(),
  queued_messages: z.number(),
  queued_bytes: z.number(),
  longest_queue: z.number(),
  internal_errors: z.number(),
  memory_bytes: z.number(),
});

/** Runs the command to its end; for what does not start a server. */
export async function runToEnd(flags: readonly string[], environment: Record<string, string> = {}): Promise<ChildEnd> {
  await using child = new Child(ringcast(...flags), {
    cwd: ROOT,
    env: { PATH: process.env["PATH"], ...environment },
  });
  return await within(child.ended(), "the command's end", 20_000);
}

/** What a flag is set to, and where that comes from. */
const configSchema = z.record(z.string(), z.object({ value: z.unknown(), source: z.string() }));

/** The configuration that a command line makes, as `ringcast config` prints it: the value of each flag. */
export async function configOf(
  flags: readonly string[],
  environment: Record<string, string> = {},
): Promise<Record<string, unknown>> {
  const { code, stderr, stdout } = await runToEnd(["config", "--json", ...flags], environment);
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`);
  const entries = Object.entries(configSchema.parse(JSON.parse(stdout)));
  return Object.fromEntries(entries.map(([flag, { value }]) => [flag, value]));
}
