import type { Settings } from "./options.ts";

/** Silent heartbeats after which the other side is asked, and after which the link is dead. */
const ASK_AFTER = 2;
const DEAD_AFTER = 3;
/** The id of the request that checks a link, and how long the reply may take. */
const CHECK_ID = "check";
const CHECK_MS = 2000;
/** Extra time to read a reply that arrived while the program was stopped. */
const CHECK_GRACE_MS = 50;

/** How the liveness of a link is found out. */
export interface LivenessPorts {
  send(text: string): void;
  /** The link is dead. */
  dead(): void;
}

/** Notices that a link is dead: by a heartbeat, and at once when the machine may have slept or changed its network. */
export class Liveness {
  readonly #settings: Pick<Settings, "heartbeatMs" | "platform">;
  readonly #ports: LivenessPorts;
  /** Heartbeats since anything was received. */
  #silence = 0;
  #cancelBeat = () => {};
  #cancelCheck = () => {};

  constructor(settings: Pick<Settings, "heartbeatMs" | "platform">, ports: LivenessPorts) {
    this.#settings = settings;
    this.#ports = ports;
  }

  /** Watches a new link. */
  start(): void {
    this.#silence = 0;
    this.#beat();
  }

  stop(): void {
    this.#cancelBeat();
    this.#cancelCheck();
  }

  /** Something was received. */
  heard(requestId: string | undefined): void {
    this.#silence = 0;
    if (requestId === CHECK_ID) this.#cancelCheck();
  }

  /** Asks the other side at once, with a short deadline. */
  check(): void {
    const { platform } = this.#settings;
    this.#ports.send(`{"type":"ping","request_id":"${CHECK_ID}"}`);
    this.#cancelCheck();
    this.#cancelCheck = platform.after(CHECK_MS, () => {
      this.#cancelCheck = platform.after(CHECK_GRACE_MS, () => this.#ports.dead());
    });
  }

  #beat(): void {
    const { heartbeatMs, platform } = this.#settings;
    this.#cancelBeat = platform.after(heartbeatMs, () => {
      this.#silence++;
      if (this.#silence === DEAD_AFTER) return this.#ports.dead();
      if (this.#silence === ASK_AFTER) this.#ports.send('{"type":"ping"}');
      this.#beat();
    });
  }
}
