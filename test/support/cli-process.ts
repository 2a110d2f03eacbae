import { Mailbox, within } from "./mailbox.ts";
import { COMMAND, ROOT } from "./server-process.ts";

export interface CliOptions {
  /** The server's root. */
  readonly url: string;
  readonly environment?: Record<string, string>;
}

/** How a verb ended, and what it printed. On a terminal all of that is in `stdout`. */
export interface CliEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const DEADLINE_MS = 20_000;
const CTRL_C = "\u0003";

/** A verb of `ringcast` in a process of its own; its output comes piece by piece. End it with `await using`. */
abstract class CliRun implements AsyncDisposable {
  protected abstract readonly process: Bun.Subprocess;
  readonly #outputs = { stdout: "", stderr: "" };
  readonly #changes = new Mailbox<void>();

  protected add(stream: "stdout" | "stderr", text: string): void {
    this.#outputs[stream] += text;
    this.#changes.put();
  }

  protected abstract allRead(): Promise<void>;

  /** Resolves when this text has been printed. */
  async prints(text: string, stream: "stdout" | "stderr" = "stdout"): Promise<void> {
    while (!this.#outputs[stream].includes(text)) await this.#changes.next(DEADLINE_MS);
  }

  /** Sends a signal. */
  kill(signal: "SIGINT" | "SIGTERM"): void {
    this.process.kill(signal);
  }

  /** Its end, when it comes. */
  async ended(): Promise<CliEnd> {
    const code = await within(this.process.exited, "the command's end", DEADLINE_MS);
    await within(this.allRead(), "the rest of the output", DEADLINE_MS);
    return { code, ...this.#outputs };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill("SIGKILL");
    await this.process.exited;
  }
}

function environmentOf({ environment = {}, url }: CliOptions): Record<string, string> {
  return { PATH: process.env["PATH"] ?? "", RINGCAST_URL: url, ...environment };
}

/** A verb in a pipe. */
export class PipedRun extends CliRun {
  protected override readonly process: Bun.Subprocess<"pipe", "pipe", "pipe">;
  readonly #read: Promise<unknown>;

  constructor(words: readonly string[], options: CliOptions) {
    super();
    this.process = Bun.spawn([COMMAND, ...words], {
      cwd: ROOT,
      env: environmentOf(options),
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
    });
    this.#read = Promise.all([this.#pump("stdout"), this.#pump("stderr")]);
  }

  /** Writes to its standard input. */
  write(text: string): void {
    this.process.stdin.write(text);
    this.process.stdin.flush();
  }

  /** Ends its standard input. */
  endInput(): void {
    this.process.stdin.end();
  }

  protected override async allRead(): Promise<void> {
    await this.#read;
  }

  async #pump(stream: "stdout" | "stderr"): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of this.process[stream]) this.add(stream, decoder.decode(chunk, { stream: true }));
  }
}

/** A verb on a pseudo-terminal. */
export class TerminalRun extends CliRun {
  protected override readonly process: Bun.Subprocess;
  readonly #closed = Promise.withResolvers<void>();

  constructor(words: readonly string[], options: CliOptions) {
    super();
    const decoder = new TextDecoder();
    this.process = Bun.spawn([COMMAND, ...words], {
      cwd: ROOT,
      env: { TERM: "xterm-256color", ...environmentOf(options) },
      terminal: {
        cols: 120,
        rows: 40,
        data: (_, data) => this.add("stdout", decoder.decode(data, { stream: true })),
        exit: () => this.#closed.resolve(),
      },
    });
  }

  /** Types at the terminal. */
  type(text: string): void {
    this.process.terminal?.write(text);
  }

  /** Presses Ctrl-C: the terminal sends the signal. */
  pressCtrlC(): void {
    this.type(CTRL_C);
  }

  protected override allRead(): Promise<void> {
    return this.#closed.promise;
  }
}

/** Runs a verb to its end, in a pipe or on a terminal. */
export async function runCli(
  words: readonly string[],
  options: CliOptions & { readonly terminal?: boolean; readonly input?: string },
): Promise<CliEnd> {
  if (options.terminal === true) {
    await using run = new TerminalRun(words, options);
    if (options.input !== undefined) run.type(options.input);
    return await run.ended();
  }
  await using run = new PipedRun(words, options);
  if (options.input !== undefined) run.write(options.input);
  run.endInput();
  return await run.ended();
}

/** A URL of this machine where nobody listens. */
export function absentServer(): string {
  const probe = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const url = `http://127.0.0.1:${probe.port}`;
  probe.stop(true);
  return url;
}
