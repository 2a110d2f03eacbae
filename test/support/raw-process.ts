import { text } from "node:stream/consumers";
import { z } from "zod";
import { Child } from "./child.ts";
import { ROOT, ringcast } from "./command.ts";
import { Mailbox, within } from "./mailbox.ts";

export interface RawStartOptions {
  /** What is run, with the flags behind it; `bin/ringcast` unless given. */
  readonly command?: readonly string[];
  readonly environment?: Record<string, string>;
  readonly cwd?: string;
}

const START_DEADLINE_MS = 20_000;

/** A log line of the JSON format. */
const logLineSchema = z.looseObject({ level: z.string(), time: z.string(), msg: z.string() });
/** What the start-up line says of the port, in either format. */
const LISTENS = / listens: WebSocket wss?:\/\/[^/]+:(\d+)\/ws,/;

/** The server with no flags but a test's own, and what it prints as it stands; see `ServerProcess` for the rest. */
export class RawProcess implements AsyncDisposable {
  /** Every line of standard output so far. */
  readonly lines: string[] = [];
  readonly #process: Child;
  readonly #mailbox = new Mailbox<string>();
  readonly #output: Promise<void>;
  readonly #errors: Promise<string>;

  constructor(flags: readonly string[], options: RawStartOptions = {}) {
    const { command = ringcast(), cwd = ROOT, environment = {} } = options;
    this.#process = new Child([...command, ...flags], {
      cwd,
      env: { PATH: process.env["PATH"], ...environment },
    });
    this.#output = this.#readLines();
    this.#errors = text(this.#process.stderr);
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** The next line of standard output that holds this text. Lines before it are passed over. */
  async nextLine(words: string): Promise<string> {
    for (;;) {
      const line = await this.#mailbox.next(START_DEADLINE_MS);
      if (line.includes(words)) return line;
    }
  }

  /** What the start-up line says, in either format. */
  async listening(): Promise<{ port: number }> {
    const [, port] = LISTENS.exec(await this.nextLine(" listens: ")) ?? [];
    return { port: z.coerce.number().int().parse(port) };
  }

  /** Sends a signal; resolves when the process has ended and all that it printed is here. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<{ code: number; stderr: string }> {
    this.#process.kill(signal);
    const [code, stderr] = await within(
      Promise.all([this.#process.exited, this.#errors, this.#output]),
      "the process's end",
      START_DEADLINE_MS,
    );
    return { code, stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }

  async #readLines(): Promise<void> {
    let rest = "";
    const decoder = new TextDecoder();
    for await (const chunk of this.#process.stdout) {
      // Only this character ends a line here; whatever else a reader may take for an end is the tests' to look for.
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        this.lines.push(line);
        this.#mailbox.put(line);
      }
    }
    this.#mailbox.fail(new Error("the process has ended"));
  }
}

/** Understands a line of the JSON format; fails where it is none. */
export function parseLogLine(line: string): z.infer<typeof logLineSchema> {
  return logLineSchema.parse(JSON.parse(line));
}
