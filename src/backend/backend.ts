import { Caller, membersOf } from "./caller.ts";
import { RingcastError } from "./errors.ts";
import type { BackendOptions, Grant, Message, Position, Published, PublishOptions } from "./options.ts";
import { signToken, ttlSecOf } from "./sign-token.ts";

/** A topic of the server. */
export interface TopicHandle {
  readonly name: string;
  /**
   * Where the topic is now; undefined if there is no such topic. Ask before you read a snapshot from your database: who then
   * subscribes with `since` gets all that follows, and nothing is missed between the two.
   */
  position(): Promise<Position | undefined>;
}

/** A Ringcast server elsewhere, for a back end: by HTTP requests alone. */
export class Backend {
  readonly #caller: Caller;
  readonly #tokenSecret: string | undefined;

  /** Use `connectBackend`. */
  constructor(baseUrl: string, options: BackendOptions) {
    this.#caller = new Caller(baseUrl, options);
    this.#tokenSecret = options.tokenSecret;
  }

  /**
   * Publishes a message. A request that fails is made again, with `dedupe`: the server leaves out what the topic still holds.
   * Resolves when the topic has taken it; rejects with a `RingcastError`.
   */
  async publish(topic: string, payload: unknown, options: PublishOptions = {}): Promise<Published> {
    const { dedupe = false, id = crypto.randomUUID(), raw = false } = options;
    const [published] = await this.#publish(topic, [messageJson(id, payload, raw)], dedupe);
    if (published === undefined) throw new RingcastError("NOT_RINGCAST", "the response names no message");
    return published;
  }

  /** Publishes up to 1,000 messages in one piece: all of them, with nobody else's in between, or none. */
  publishAll(topic: string, messages: readonly Message[], options: Pick<PublishOptions, "dedupe"> = {}) {
    const texts = messages.map(({ id = crypto.randomUUID(), payload }) => messageJson(id, payload, false));
    return this.#publish(topic, texts, options.dedupe === true);
  }

  /**
   * Makes a token for a client: here, where the option `tokenSecret` was given, else by a request, which needs an API key of
   * the role `admin`. Rejects with a `RingcastError`.
   */
  async signToken(grant: Grant): Promise<string> {
    if (this.#tokenSecret !== undefined) return signToken(grant, this.#tokenSecret, Date.now());
    const { clientId, publish = [], subscribe = [] } = grant;
    const body = JSON.stringify({ client_id: clientId, publish, subscribe, ttl: `${ttlSecOf(grant)}s` });
    const { token } = await this.#caller.call({ method: "POST", path: "/tokens", body });
    if (typeof token !== "string") throw new RingcastError("NOT_RINGCAST", "the response has no token");
    return token;
  }

  topic(name: string): TopicHandle {
    return { name, position: () => this.#position(name) };
  }

  async #position(name: string): Promise<Position | undefined> {
    try {
      const { epoch, newest_offset: offset } = await this.#caller.call({ method: "GET", path: pathOf(name) });
      if (typeof epoch === "string" && typeof offset === "number") return { epoch, offset };
    } catch (error) {
      if (error instanceof RingcastError && error.code === "NOT_FOUND") return undefined;
      throw error;
    }
    throw new RingcastError("NOT_RINGCAST", "the response has no position");
  }

  async #publish(topic: string, texts: readonly string[], dedupe: boolean): Promise<Published[]> {
    const path = `${pathOf(topic)}/messages`;
    const retryPath = `${path}?dedupe=true`;
    const response = await this.#caller.call({
      method: "POST",
      path: dedupe ? retryPath : path,
      retryPath,
      body: `{"messages":[${texts.join(",")}]}`,
    });
    const { epoch, messages } = response;
    if (!Array.isArray(messages)) throw new RingcastError("NOT_RINGCAST", "the response names no messages");
    return messages.map((message: unknown) => {
      const { duplicate, id, offset } = membersOf(message);
      return { id: String(id), epoch: String(epoch), offset: Number(offset), duplicate: duplicate === true };
    });
  }
}

/** The path of a topic. Throws `BAD_REQUEST` where no URL can contain its name. */
function pathOf(topic: string): string {
  if (typeof topic !== "string" || topic === "" || topic === "." || topic === "..") {
    throw new RingcastError("BAD_REQUEST", `${JSON.stringify(topic)} can't be the topic of an HTTP request`);
  }
  return `/topics/${encodeURIComponent(topic)}`;
}

/** A message as JSON. Throws `INVALID_PAYLOAD` where its payload can't be expressed, or is said to be JSON and is not. */
function messageJson(id: string, payload: unknown, isRaw: boolean): string {
  try {
    const json = isRaw ? String(payload) : JSON.stringify(payload);
    if (isRaw) JSON.parse(json);
    // TypeScript says that it is always a text; of undefined it is not.
    if (typeof json === "string") return `{"id":${JSON.stringify(id)},"payload":${json}}`;
    throw new TypeError("JSON has no such value");
  } catch (cause) {
    throw new RingcastError("INVALID_PAYLOAD", String(cause), { cause });
  }
}
