import type { ServerMessage } from "../protocol/messages.ts";
import { BackOff } from "./back-off.ts";
import { deferred } from "./deferred.ts";
import { RingcastError } from "./errors.ts";
import { Liveness } from "./liveness.ts";
import type { Settings, State, TransportName } from "./options.ts";
import type { Socket, SocketEvents } from "./platform.ts";
import { readMessage } from "./read-message.ts";
import { PROTOCOL_ERROR, refusalOf, UNAUTHORIZED } from "./refusal.ts";
import { TokenRenewal } from "./token-renewal.ts";
import { isToken, TokenSource } from "./token-source.ts";
import { TransportChoice } from "./transport-choice.ts";

const ABNORMAL = 1006;
const TOPIC_DELETED = 4404;
/** How long the server may take to answer a goodbye. */
const GOODBYE_MS = 1000;
/** Whom a connection serves. */
export interface Owner {
  /** There is a link to send on. Nothing has come over it yet. */
  linked(): void;
  /** @param text the message as it came */
  received(message: ServerMessage, text: string): void;
  /** The link is gone. Returns whether there is anything to connect for. */
  lost(code: number): boolean;
  /** Whether a link may be replaced by another without harm. */
  mayMove(): boolean;
  /** Must not call back into the connection. */
  changed(state: State): void;
  /** Reports a problem that does not end the client. */
  warn(warning: RingcastError): void;
}

/**
 * Keeps one link open: connects, notices when it is dead, connects again. The link is a WebSocket; where those fail, it is
 * an event stream with HTTP requests, until a WebSocket works.
 */
export class Connection {
  readonly #url: string;
  readonly #settings: Settings;
  readonly #owner: Owner;
  readonly #backOff: BackOff;
  readonly #liveness: Liveness;
  readonly #tokens: TokenSource | undefined;
  readonly #renewal: TokenRenewal | undefined;
  #unlisten: (() => void) | undefined;
  #state: State = { state: "idle" };
  #socket: Socket | undefined;
  #isLinked = false;
  /** What the client presents. It changes with its token, also for those who were given it before. */
  readonly #credentials: { readonly apiKey: string | undefined; token: string | undefined };
  readonly #choice = new TransportChoice();
  /** Why there is no link, where that is known. */
  #problem: RingcastError | undefined;
  /** For the opening, or the next try. */
  #cancelTimer = () => {};

  constructor(url: string, settings: Settings, owner: Owner) {
    this.#url = url;
    this.#settings = settings;
    this.#owner = owner;
    this.#backOff = new BackOff(settings);
    this.#liveness = new Liveness(settings, {
      send: (text) => this.send(text),
      dead: () => this.#lost(ABNORMAL, "no sign of life"),
    });
    const { apiKey, getToken, platform, token } = settings;
    this.#credentials = { apiKey, token };
    this.#tokens = getToken && new TokenSource(getToken, platform);
    this.#renewal =
      this.#tokens &&
      new TokenRenewal(this.#tokens, platform, {
        replace: (token) => this.#replaceToken(token),
        failed: (error) => owner.warn(error),
      });
  }

  get state(): State {
    return this.#state;
  }

  /** Why there is no link, where that is known. */
  get problem(): RingcastError | undefined {
    return this.#problem;
  }

  /** Whether there is a link to send on. Its state is `open` only when the server has answered. */
  get isLinked(): boolean {
    return this.#isLinked;
  }

  /** Sends a text if there is a link; returns whether there is. */
  send(text: string): boolean {
    if (!this.#isLinked) return false;
    this.#socket?.send(text);
    return true;
  }

  /** Connects, if nothing needed a connection so far. */
  wake(): void {
    if (this.#state.state !== "idle") return;
    this.#unlisten ??= this.#settings.platform.whenBack(() => this.#check());
    this.#connect();
  }

  /**
   * Replaces the token that is about to expire, and tries until there is a new one. Without it, the server closes the
   * connection when the token expires, and the next connection asks for a token again.
   */
  renewToken(): void {
    this.#renewal?.start();
  }

  /** Ends it for good, and says goodbye; resolves when all is over. */
  close(error?: RingcastError): Promise<void> {
    const { promise, resolve } = deferred<void>();
    const socket = this.#socket;
    const isLinked = this.#isLinked;
    this.#socket = undefined;
    this.#stop();
    this.#tokens?.close();
    this.#unlisten?.();
    if (isLinked) {
      const cancel = this.#settings.platform.after(GOODBYE_MS, () => {
        socket?.drop();
        resolve();
      });
      socket?.close(() => {
        cancel();
        resolve();
      });
    } else {
      socket?.drop();
      resolve();
    }
    this.#enter({ state: "closed", ...(error && { error }) });
    return promise;
  }

  #enter(state: State): void {
    this.#state = state;
    this.#owner.changed(state);
  }

  #startTimer(ms: number, run: () => void): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#settings.platform.after(ms, run);
  }

  #stop(): void {
    this.#isLinked = false;
    this.#cancelTimer();
    this.#backOff.stop();
    this.#liveness.stop();
    this.#renewal?.stop();
  }

  #connect(): void {
    const connecting: State = { state: "connecting" };
    this.#cancelTimer();
    this.#enter(connecting);
    if (this.#tokens === undefined || this.#credentials.token !== undefined) {
      this.#open();
      return;
    }
    this.#tokens.fetch().then(
      (token) => {
        // Meanwhile the client may have been closed.
        if (this.#state !== connecting) return;
        this.#credentials.token = token;
        this.#open();
      },
      (error: RingcastError) => {
        if (this.#state === connecting) this.#lost(ABNORMAL, "no token", error);
      },
    );
  }

  #open(): void {
    const { connectTimeoutMs, platform } = this.#settings;
    const { apiKey, token } = this.#credentials;
    if (token !== undefined && !isToken(token)) {
      this.close(new RingcastError("UNSUPPORTED", "the option token is not a valid token"));
      return;
    }
    this.#startTimer(connectTimeoutMs, () => {
      const message = `no answer within ${connectTimeoutMs} ms at ${shownUrl(this.#url)}`;
      // That says little: it must not hide a cause that is known.
      const silent = this.#problem === undefined ? new RingcastError("UNREACHABLE", message) : undefined;
      this.#lost(ABNORMAL, "no connection in time", silent);
    });
    const events: SocketEvents = {
      opened: () => {
        this.#isLinked = true;
        this.#owner.linked();
      },
      received: (text) => this.#received(text),
      closed: (code, reason, problem) => this.#lost(code, reason, problem && new RingcastError(problem, reason)),
      replaced: (socket) => this.#moveTo(socket),
    };
    if (this.#choice.next() === "http") {
      this.#openHttp(events);
      return;
    }
    try {
      this.#socket = platform.open(this.#url, this.#credentials, events);
    } catch (error) {
      const hint = apiKey === undefined ? "" : "; browsers can't send an API key, use a token";
      const unusable = new RingcastError("UNSUPPORTED", `${error}${hint}`, { cause: error });
      this.close(error instanceof RingcastError ? error : unusable);
    }
  }

  #openHttp(events: SocketEvents): void {
    const connecting = this.#state;
    this.#settings.platform.openHttp(this.#url, this.#credentials, events).then(
      (socket) => {
        if (this.#state === connecting) this.#socket = socket;
        else socket.drop();
      },
      (error: unknown) => {
        if (this.#state === connecting) this.#lost(ABNORMAL, `the module for HTTP can't be loaded: ${error}`);
      },
    );
  }

  #received(text: string): void {
    const message = readMessage(text);
    if (message === undefined) {
      this.#lost(PROTOCOL_ERROR, "the server sent an invalid message");
      return;
    }
    if (this.#state.state === "connecting") this.#answered(this.#choice.transport);
    this.#liveness.heard("request_id" in message ? message.request_id : undefined);
    this.#owner.received(message, text);
  }

  /** The other side speaks the protocol. */
  #answered(transport: TransportName): void {
    this.#cancelTimer();
    this.#choice.worked(transport);
    this.#problem = undefined;
    this.#enter({ state: "open", transport });
    this.#liveness.start();
    this.#backOff.opened();
  }

  /** Replaces the link by a WebSocket that works; returns whether it did. */
  #moveTo(socket: Socket): boolean {
    if (!this.#owner.mayMove()) return false;
    this.#socket?.drop();
    this.#stop();
    this.#owner.lost(ABNORMAL);
    this.#socket = socket;
    this.#isLinked = true;
    this.#owner.linked();
    this.#answered("websocket");
    return true;
  }

  #replaceToken(token: string): boolean {
    if (token === this.#credentials.token) return false;
    this.#credentials.token = token;
    return this.send(JSON.stringify({ type: "refresh", token }));
  }

  /** Connects at once, or checks the link: the machine may have slept, or the network have changed. */
  #check(): void {
    if (this.#state.state === "waiting") this.#connect();
    if (this.#state.state === "open") this.#liveness.check();
  }

  #lost(code: number, reason: string, failure?: RingcastError): void {
    const { getToken } = this.#settings;
    const wasAnswered = this.#state.state === "open";
    this.#socket?.drop();
    this.#socket = undefined;
    this.#stop();
    const isWanted = this.#owner.lost(code);
    const problem = failure ?? refusalOf({ code, reason, wasAnswered, url: shownUrl(this.#url) });
    this.#problem = problem ?? this.#problem;
    if (problem?.code === "FORBIDDEN" || (code === UNAUTHORIZED && getToken === undefined)) {
      this.close(problem);
      return;
    }
    if (!wasAnswered && problem?.code !== "NO_TOKEN") {
      this.#choice.failed(code !== ABNORMAL && code !== PROTOCOL_ERROR);
    }
    // A handshake that failed does not say why; it may have been the token.
    if (getToken !== undefined && (code === UNAUTHORIZED || !wasAnswered)) this.#credentials.token = undefined;
    if (code === TOPIC_DELETED && !isWanted) {
      this.#enter({ state: "idle" });
      return;
    }
    if (problem !== undefined) this.#owner.warn(problem);
    const retryMs = this.#backOff.next(code, reason, code === UNAUTHORIZED || code === TOPIC_DELETED);
    this.#startTimer(retryMs, () => this.#connect());
    this.#enter({ state: "waiting", retryMs, code, reason, ...(this.#problem && { error: this.#problem }) });
  }
}

/** A URL as developers are shown it: without its query, where a secret may stand. */
function shownUrl(url: string): string {
  return url.replace(/\?.*/, "");
}
