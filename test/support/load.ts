import { once } from "node:events";
import { join } from "node:path";
import { Child } from "./child.ts";
import { ROOT } from "./command.ts";
import { within } from "./mailbox.ts";
import type { ServerProcess } from "./server-process.ts";

/** How busy a server is kept. */
export interface LoadOptions {
  readonly topics: number;
  /** Subscribers, each of one topic. */
  readonly clients: number;
  readonly perSec: number;
}

/** Load on a server from a process of its own; end it with `await using`. */
export class Load implements AsyncDisposable {
  readonly #process: Child;

  private constructor(server: ServerProcess, { clients, perSec, topics }: LoadOptions) {
    const script = join(ROOT, "test", "support", "load-process.ts");
    const url = `ws://127.0.0.1:${server.port}/ws`;
    const words = [process.execPath, "--import", "tsx", script, url, String(topics), String(clients), String(perSec)];
    this.#process = new Child(words, { hasInput: true });
    this.#process.stderr.pipe(process.stderr);
  }

  /** Starts it, and waits until every topic and client is there. */
  static async start(server: ServerProcess, options: LoadOptions): Promise<Load> {
    const load = new Load(server, options);
    const ended = load.#process.exited.then((code) => Promise.reject(new Error(`the load ended with ${code}`)));
    await within(Promise.race([once(load.#process.stdout, "data"), ended]), "the load", 60_000);
    return load;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}
