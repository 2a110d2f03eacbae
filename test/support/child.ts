import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import type { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";

export interface ChildOptions {
  /** The working directory; this process's unless given. */
  readonly cwd?: string;
  /** The whole environment; this process's unless given. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Whether there is a pipe to standard input; it is empty unless asked for. */
  readonly hasInput?: boolean;
}

/** How a process ended, and what it printed. */
export interface ChildEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A child process with pipes to its output. End it with `await using`, or await `exited`. */
export class Child implements AsyncDisposable {
  /** The exit code, or 128 plus the number of the signal that ended it. Rejects if the program can't be started. */
  readonly exited: Promise<number>;
  readonly #process: ChildProcess;

  constructor([command = "", ...words]: readonly string[], options: ChildOptions = {}) {
    const { cwd, env = process.env, hasInput = false } = options;
    this.#process = spawn(command, words, {
      ...(cwd === undefined ? {} : { cwd }),
      env: { ...env },
      stdio: [hasInput ? "pipe" : "ignore", "pipe", "pipe"],
    });
    this.exited = new Promise((resolve, reject) => {
      this.#process.once("error", reject);
      this.#process.once("exit", (code, signal) => resolve(code ?? exitCodeOf(signal)));
    });
    // Those who await it see the rejection.
    this.exited.catch(() => {});
    // A process may end before it has read its input.
    this.#process.stdin?.on("error", () => {});
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  get stdin(): Writable {
    return pipeOf(this.#process.stdin);
  }

  get stdout(): Readable {
    return pipeOf(this.#process.stdout);
  }

  get stderr(): Readable {
    return pipeOf(this.#process.stderr);
  }

  kill(signal: NodeJS.Signals = "SIGTERM"): void {
    this.#process.kill(signal);
  }

  /** Reads its output, and resolves when it has ended. */
  async ended(): Promise<ChildEnd> {
    const [code, stdout, stderr] = await Promise.all([this.exited, text(this.stdout), text(this.stderr)]);
    return { code, stdout, stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill("SIGKILL");
    await this.exited;
  }
}

function pipeOf<T>(pipe: T | null): T {
  if (pipe === null) throw new Error("there is no such pipe");
  return pipe;
}

/** What a shell reports for a process that a signal ended. */
export function exitCodeOf(signal: NodeJS.Signals | null): number {
  return signal === null ? 0 : 128 + constants.signals[signal];
}

/** Runs a program to its end. */
export function runChild(words: readonly string[], options: ChildOptions = {}): Promise<ChildEnd> {
  return new Child(words, options).ended();
}
