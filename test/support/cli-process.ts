import { type IPty, spawn } from "@lydell/node-pty";
import { deferred } from "../../src/client/deferred.ts";
import { Child } from "./child.ts";
import { ROOT, ringcast } from "./command.ts";
import { Mailbox, within } from "./mailbox.ts";

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

/** The signals that a test sends. */
type ProcessSignal = "SIGINT" | "SIGTERM" | "SIGKILL" | "SIGSTOP" | "SIGCONT";

const DEADLINE_MS = 20_000;
const CTRL_C = "\u0003";

/** A verb of `ringcast` in a process of its own; its output comes piece by piece. End it with `await using`. */
abstract class CliRun implements AsyncDisposable {
  protected abstract readonly exited: Promise<number>;
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
  abstract kill(signal: ProcessSignal): void;

  /** Its end, when it comes. */
  async ended(deadlineMs = DEADLINE_MS): Promise<CliEnd> {
    const code = await within(this.exited, "the command's end", deadlineMs);
    await within(this.allRead(), "the rest of the output", DEADLINE_MS);
    return { code, ...this.#outputs };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill("SIGKILL");
    await this.exited;
  }
}

function environmentOf({ environment = {}, url }: CliOptions): Record<string, string> {
  return { PATH: process.env["PATH"] ?? "", RINGCAST_URL: url, ...environment };
}

/** A verb in a pipe. */
export class PipedRun extends CliRun {
  protected override readonly exited: Promise<number>;
  readonly #child: Child;
  readonly #read: Promise<unknown>;

  constructor(words: readonly string[], options: CliOptions) {
    super();
    this.#child = new Child(ringcast(...words), { cwd: ROOT, env: environmentOf(options), hasInput: true });
    this.exited = this.#child.exited;
    this.#read = Promise.all([this.#pump("stdout"), this.#pump("stderr")]);
  }

  /** Writes to its standard input. */
  write(text: string): void {
    this.#child.stdin.write(text);
  }

  /** Ends its standard input. */
  endInput(): void {
    this.#child.stdin.end();
  }

  override kill(signal: ProcessSignal): void {
    this.#child.kill(signal);
  }

  protected override async allRead(): Promise<void> {
    await this.#read;
  }

  async #pump(stream: "stdout" | "stderr"): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of this.#child[stream]) this.add(stream, decoder.decode(chunk, { stream: true }));
  }
}

/** A verb on a pseudo-terminal. */
export class TerminalRun extends CliRun {
  protected override readonly exited: Promise<number>;
  readonly #terminal: IPty;

  constructor(words: readonly string[], options: CliOptions) {
    super();
    const [command = "", ...rest] = ringcast(...words);
    this.#terminal = spawn(command, rest, {
      name: "xterm-256color",
      cols: 120,
      rows: 40,
      cwd: ROOT,
      env: environmentOf(options),
    });
    this.#terminal.onData((text) => this.add("stdout", text));
    const { promise, resolve } = deferred<number>();
    this.exited = promise;
    // This comes after all of the output.
    this.#terminal.onExit(({ exitCode, signal = 0 }) => resolve(signal === 0 ? exitCode : 128 + signal));
  }

  /** Types at the terminal. */
  type(text: string): void {
    this.#terminal.write(text);
  }

  /** Presses Ctrl-C: the terminal sends the signal. */
  pressCtrlC(): void {
    this.type(CTRL_C);
  }

  override kill(signal: ProcessSignal): void {
    this.#terminal.kill(signal);
  }

  protected override async allRead(): Promise<void> {
    await this.exited;
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
