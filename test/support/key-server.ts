/** Serves a text on loopback, as an identity provider does its keys, and counts how often it is asked. */
export class KeyServer implements AsyncDisposable {
  answer: () => Response | Promise<Response>;
  requests = 0;
  readonly #server: Bun.Server<undefined>;

  constructor(text: string) {
    this.answer = () => new Response(text);
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () => {
        this.requests++;
        return this.answer();
      },
    });
  }

  get url(): URL {
    return new URL("/keys.json", this.#server.url);
  }

  /** From now on answers with this text. */
  serve(text: string): void {
    this.answer = () => new Response(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(true);
  }
}
