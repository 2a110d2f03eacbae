import { BackOff } from "./back-off.ts";
import { deferred } from "./deferred.ts";
import { RingcastError } from "./errors.ts";
import type { Settings, State } from "./options.ts";
import type { Socket } from "./platform.ts";
import { TokenRenewal } from "./token-renewal.ts";
import { isToken, TokenSource } from "./token-source.ts";

/** Close codes that may be followed by an immediate retry. */
const UNAUTHORIZED = 4401;
const TOPIC_DELETED = 4404;

const ABNORMAL = 1006;
/** The other side breaks the protocol (RFC 6455, section 7.4.1). */
const PROTOCOL_ERROR = 1002;
/** Silent heartbeats after which the other side is asked, and after which it is dead. */
const ASK_AFTER = 2;
const DEAD_AFTER = 3;
/** The id of the request that asks whether a link is still good, and how long the answer may take. */
export const CHECK_ID = "check";
const CHECK_MS = 2000;
/** Extra time to read a reply that arrived while the program was stopped. */
const CHECK_GRACE_MS = 50;
/** How long the server may take to answer a goodbye. */
const GOODBYE_MS = 1000;

/** Whom a connection serves. */
export interface Owner {
  opened(): void;
  received(text: string): void;
  /** The link is gone. Returns whether there is anything to connect for. */
  lost(code: number): boolean;
  /** Must not call back into the connection. */
  changed(state: State): void;
}

/** Keeps one WebSocket open: connects, notices when it is dead, connects again. */
export class Connection {
  readonly #url: string;
  readonly #settings: Settings;
  readonly #owner: Owner;
  readonly #unlisten: () => void;
  #state: State = { state: "idle" };
  #socket: Socket | undefined;
  readonly #tokens: TokenSource | undefined;
  readonly #renewal: TokenRenewal | undefined;
  #token: string | undefined;
  /** Its one timer: for the opening, the heartbeat, or the next try. */
  #cancelTimer = () => {};
  #cancelCheck = () => {};
  readonly #backOff: BackOff;
  /** Heartbeats since anything was heard. */
  #silence = 0;

  constructor(url: string, settings: Settings, owner: Owner) {
    this.#url = url;
    this.#settings = settings;
    this.#owner = owner;
    this.#backOff = new BackOff(settings);
    this.#token = settings.token;
    const { getToken, platform } = settings;
    this.#tokens = getToken && new TokenSource(getToken, platform);
    this.#renewal = this.#tokens && new TokenRenewal(this.#tokens, platform, (token) => this.#replaceToken(token));
    this.#unlisten = platform.whenBack(() => this.#check());
  }

  get state(): State {
    return this.#state;
  }

  /** Sends a text if the link is open; returns whether it is. */
  send(text: string): boolean {
    if (this.#state.state !== "open") return false;
    this.#socket?.send(text);
    return true;
  }

  /** Closes a link whose other side breaks the protocol, and connects again after the back-off. */
  fail(reason: string): void {
    if (this.#state.state === "open") this.#lost(PROTOCOL_ERROR, reason);
  }

  /** The server has answered the request `CHECK_ID`. */
  confirm(): void {
    this.#cancelCheck();
  }

  /** Connects, if nothing needed a connection so far. */
  wake(): void {
    if (this.#state.state === "idle") this.#connect();
  }

  /**
   * Puts a new token in the place of the one that is about to end, and tries until there is one. Without it, the server
   * ends the connection with the token, and the next connection asks for a token again.
   */
  renewToken(): void {
    this.#renewal?.start();
  }

  /** Ends it for good, and says goodbye; resolves when all is over. */
  close(error?: RingcastError): Promise<void> {
    const { promise, resolve } = deferred<void>();
    const socket = this.#socket;
    this.#socket = undefined;
    this.#stopTimers();
    this.#tokens?.close();
    this.#unlisten();
    if (this.#state.state === "open") {
      const cancel = this.#settings.platform.after(GOODBYE_MS, resolve);
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

  #stopTimers(): void {
    this.#cancelTimer();
    this.#backOff.stop();
    this.#cancelCheck();
    this.#renewal?.stop();
  }

  #connect(): void {
    const connecting: State = { state: "connecting" };
    this.#cancelTimer();
    this.#enter(connecting);
    if (this.#tokens === undefined || this.#token !== undefined) {
      this.#open();
      return;
    }
    this.#tokens.fetch().then(
      (token) => {
        // Meanwhile the client may have been closed.
        if (this.#state !== connecting) return;
        this.#token = token;
        this.#open();
      },
      (error: unknown) => {
        if (this.#state === connecting) this.#lost(ABNORMAL, "no token", error);
      },
    );
  }

  #open(): void {
    const { apiKey, connectTimeoutMs, platform } = this.#settings;
    if (this.#token !== undefined && !isToken(this.#token)) {
      this.close(new RingcastError("UNSUPPORTED", "the option token is not a valid token"));
      return;
    }
    this.#startTimer(connectTimeoutMs, () => this.#lost(ABNORMAL, "no connection in time"));
    try {
      this.#socket = platform.open(
        this.#url,
        { apiKey, token: this.#token },
        {
          opened: () => {
            this.#enter({ state: "open" });
            this.#silence = 0;
            this.#beat();
            this.#backOff.opened();
            this.#owner.opened();
          },
          received: (text) => {
            this.#silence = 0;
            this.#owner.received(text);
          },
          closed: (code, reason) => this.#lost(code, reason),
        },
      );
    } catch (error) {
      const hint = apiKey === undefined ? "" : "; browsers can't send an API key, use a token";
      this.close(new RingcastError("UNSUPPORTED", `${error}${hint}`, error));
    }
  }

  #replaceToken(token: string): boolean {
    if (token === this.#token) return false;
    this.#token = token;
    return this.send(JSON.stringify({ type: "refresh", token }));
  }

  /** Connects at once, or asks an open link for a sign of life: the machine may have slept, or the network have changed. */
  #check(): void {
    const { platform } = this.#settings;
    if (this.#state.state === "waiting") this.#connect();
    if (!this.send(`{"type":"ping","request_id":"${CHECK_ID}"}`)) return;
    this.#cancelCheck();
    this.#cancelCheck = platform.after(CHECK_MS, () => {
      this.#cancelCheck = platform.after(CHECK_GRACE_MS, () => this.#lost(ABNORMAL, "no sign of life"));
    });
  }

  #beat(): void {
    this.#startTimer(this.#settings.heartbeatMs, () => {
      this.#silence++;
      if (this.#silence === DEAD_AFTER) return this.#lost(ABNORMAL, "no sign of life");
      if (this.#silence === ASK_AFTER) this.send('{"type":"ping"}');
      this.#beat();
    });
  }

  #lost(code: number, reason: string, error?: unknown): void {
    const { getToken } = this.#settings;
    const wasOpen = this.#state.state === "open";
    this.#socket?.drop();
    this.#socket = undefined;
    this.#stopTimers();
    const isWanted = this.#owner.lost(code);
    if (code === UNAUTHORIZED && getToken === undefined) {
      this.close(new RingcastError("UNAUTHORIZED", reason || "the API key or token is not accepted"));
      return;
    }
    // What a refused handshake was refused for is not told; it may have been the token.
    if (getToken !== undefined && (code === UNAUTHORIZED || !wasOpen)) this.#token = undefined;
    if (code === TOPIC_DELETED && !isWanted) {
      this.#enter({ state: "idle" });
      return;
    }
    const retryMs = this.#backOff.next(code, reason, code === UNAUTHORIZED || code === TOPIC_DELETED);
    this.#startTimer(retryMs, () => this.#connect());
    this.#enter({ state: "waiting", retryMs, code, reason, ...(error !== undefined && { error }) });
  }
}
