import { z } from "zod";
import { FaultProxy } from "../support/fault-proxy.ts";
import { LoopbackServer } from "../support/loopback-server.ts";
import { ServerProcess } from "../support/server-process.ts";
import type { Command, Place, Side } from "./context.ts";

/** The key of those servers that ask for one. */
export const API_KEY = "suite-key";

const side = z.enum(["publisher", "consumer"]);
const commandSchema = z.discriminatedUnion("do", [
  z.object({ do: z.literal("cut"), side, how: z.enum(["close", "reset", "mid-frame down", "mid-frame up"]) }),
  z.object({ do: z.enum(["stall", "resume"]), side }),
  z.object({ do: z.literal("restart"), signal: z.enum(["SIGTERM", "SIGKILL"]), samePort: z.boolean().optional() }),
  z.object({ do: z.literal("drain") }),
  z.object({ do: z.literal("request"), method: z.string(), path: z.string(), body: z.unknown().optional() }),
]) satisfies z.ZodType<Command>;

/** Files for a browser, by path. */
export type Files = Readonly<Record<string, { readonly text: string; readonly type: string }>>;

/** A server, a proxy for each side, and an HTTP server by which a scenario, wherever it runs, commands them. */
export class Harness implements AsyncDisposable {
  readonly #flags: readonly string[];
  readonly #proxies: Readonly<Record<Side, FaultProxy>>;
  readonly #files: Files;
  #control: LoopbackServer | undefined;
  #server: ServerProcess;

  private constructor(
    flags: readonly string[],
    server: ServerProcess,
    proxies: Record<Side, FaultProxy>,
    files: Files,
  ) {
    this.#flags = flags;
    this.#server = server;
    this.#proxies = proxies;
    this.#files = files;
  }

  /**
   * @param flags of the server
   * @param blocksWebSockets whether the proxies do
   */
  static async start(flags: readonly string[], files: Files, blocksWebSockets: boolean): Promise<Harness> {
    const server = await ServerProcess.start(flags);
    const [publisher, consumer] = await Promise.all([
      FaultProxy.start(server.port, blocksWebSockets),
      FaultProxy.start(server.port, blocksWebSockets),
    ]);
    const harness = new Harness(flags, server, { publisher, consumer }, files);
    harness.#control = await LoopbackServer.start((request) => harness.#answer(request));
    return harness;
  }

  get url(): string {
    return this.#control?.url.origin ?? "";
  }

  place(runtime: Place["runtime"], seed: number): Place {
    const url = (port: number) => `ws://127.0.0.1:${port}/ws`;
    const { consumer, publisher } = this.#proxies;
    const urls = { publisher: url(publisher.port), consumer: url(consumer.port), direct: url(this.#server.port) };
    return { runtime, seed, urls, controlUrl: `${this.url}/control`, apiKey: API_KEY };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#control?.[Symbol.asyncDispose]();
    await Promise.all(Object.values(this.#proxies).map((proxy) => proxy[Symbol.asyncDispose]()));
    await this.#server[Symbol.asyncDispose]();
  }

  async #answer(request: Request): Promise<Response> {
    const file = this.#files[new URL(request.url).pathname];
    if (file !== undefined) return new Response(file.text, { headers: { "Content-Type": file.type } });
    if (request.method !== "POST") return new Response("no such file", { status: 404 });
    try {
      return Response.json(await this.#carryOut(commandSchema.parse(await request.json())));
    } catch (error) {
      return new Response(String(error), { status: 500 });
    }
  }

  async #carryOut(command: Command): Promise<unknown> {
    switch (command.do) {
      case "cut":
        await this.#proxies[command.side].cut(command.how);
        return {};
      case "stall":
        this.#proxies[command.side].stall();
        return {};
      case "resume":
        this.#proxies[command.side].resume();
        return {};
      case "restart":
        await this.#server.stop(command.signal);
        this.#server = await ServerProcess.start(
          command.samePort === true ? [...this.#flags, `-port=${this.#server.port}`] : this.#flags,
        );
        for (const proxy of Object.values(this.#proxies)) proxy.targetPort = this.#server.port;
        return {};
      case "drain":
        // It ends later, or is killed by the restart that follows.
        this.#server.stop("SIGTERM").catch(() => {});
        return {};
      case "request": {
        const body = command.body === undefined ? {} : { body: JSON.stringify(command.body) };
        const response = await this.#server.fetch(command.path, {
          method: command.method,
          headers: { "X-API-Key": API_KEY, "Content-Type": "application/json" },
          ...body,
        });
        return response.json();
      }
    }
  }
}
