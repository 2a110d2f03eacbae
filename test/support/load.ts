import { join } from "node:path";
import { within } from "./mailbox.ts";
import { ROOT, type ServerProcess } from "./server-process.ts";

/** How busy a server is kept. */
export interface LoadOptions {
  readonly topics: number;
  /** Subscribers, each of one topic. */
  readonly clients: number;
  readonly perSec: number;
}

/** Load on a server from a process of its own; end it with `await using`. */
export class Load implements AsyncDisposable {
  readonly #process: Bun.Subprocess<"pipe", "pipe", "inherit">;

  private constructor(server: ServerProcess, { clients, perSec, topics }: LoadOptions) {
    const script = join(ROOT, "test", "support", "load-process.ts");
    const url = `ws://127.0.0.1:${server.port}/ws`;
    this.#process = Bun.spawn([process.execPath, script, url, String(topics), String(clients), String(perSec)], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    });
  }

  /** Starts it, and waits until every topic and client is there. */
  static async start(server: ServerProcess, options: LoadOptions): Promise<Load> {
    const load = new Load(server, options);
    const reader = load.#process.stdout.getReader();
    const said = await within(reader.read(), "the load", 60_000);
    reader.releaseLock();
    if (said.done) throw new Error("the load ended before it began");
    return load;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.exited;
  }
}
