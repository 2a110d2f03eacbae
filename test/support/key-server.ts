import { LoopbackServer } from "./loopback-server.ts";

/** Serves a text on loopback, as an identity provider does its keys, and counts how often it is asked. */
export class KeyServer implements AsyncDisposable {
  answer: () => Response | Promise<Response>;
  requests = 0;
  #server: LoopbackServer | undefined;

  private constructor(text: string) {
    this.answer = () => new Response(text);
  }

  static async start(text: string): Promise<KeyServer> {
    const keys = new KeyServer(text);
    keys.#server = await LoopbackServer.start(() => {
      keys.requests++;
      return keys.answer();
    });
    return keys;
  }

  get url(): URL {
    return new URL("/keys.json", this.#server?.url);
  }

  /** From now on answers with this text. */
  serve(text: string): void {
    this.answer = () => new Response(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
  }
}
