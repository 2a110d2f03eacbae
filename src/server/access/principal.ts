import type { Role } from "../../config/api-keys.ts";

/** When a token ends, in wall-clock milliseconds, and when its holder is told. */
export interface TokenLife {
  readonly expiresAtMs: number;
  readonly warnAtMs: number;
}

/** What somebody does, counted for the statistics. */
export interface Usage {
  /** WebSockets and event streams that are open now. */
  connections: number;
  /** Requests since the server began: over HTTP, upgrades included, and on WebSockets. */
  requests: number;
}

/** Who makes a request, and what they may do. A change of their key shows here at once. */
export interface Principal {
  /** For logs and statistics: the key's name, or the token's client id. Never a secret. */
  readonly name: string;
  /** Whether they may manage topics, see the statistics and make tokens. */
  readonly isAdmin: boolean;
  /** The only `client_id` that they may go by; undefined where any will do. */
  readonly clientId: string | undefined;
  /** Undefined where nothing ends it. */
  readonly life: TokenLife | undefined;
  /** Whether what they once presented is good no more: their key is gone, or the secret that their token is signed with. */
  readonly isRevoked: boolean;
  readonly usage: Usage;
  mayPublish(topic: string): boolean;
  /** Subscribing, and seeing the topic's history, subscribers and details. */
  maySubscribe(topic: string): boolean;
}

/** Nothing done yet. */
export function newUsage(): Usage {
  return { connections: 0, requests: 0 };
}

/** The holder of an API key, however often the key's name and role change. */
export class KeyHolder implements Principal {
  readonly clientId = undefined;
  readonly life = undefined;
  readonly usage = newUsage();
  #name: string;
  #role: Role;
  #isRevoked = false;

  constructor(name: string, role: Role) {
    this.#name = name;
    this.#role = role;
  }

  get name(): string {
    return this.#name;
  }

  get role(): Role {
    return this.#role;
  }

  get isAdmin(): boolean {
    return this.#role === "admin";
  }

  get isRevoked(): boolean {
    return this.#isRevoked;
  }

  mayPublish(): boolean {
    return this.isAdmin || this.#role === "publish";
  }

  maySubscribe(): boolean {
    return this.isAdmin || this.#role === "subscribe";
  }

  /** Goes by another name, and may do what another role allows, from now on. */
  assign(name: string, role: Role): void {
    this.#name = name;
    this.#role = role;
  }

  /** Notes that the key is gone. Whoever keeps connections ends those of the revoked. */
  revoke(): void {
    this.#isRevoked = true;
  }
}

/** Anybody, where no key is needed. */
export const ANYBODY: Principal = {
  name: "anybody",
  isAdmin: true,
  clientId: undefined,
  life: undefined,
  isRevoked: false,
  usage: newUsage(),
  mayPublish: () => true,
  maySubscribe: () => true,
};
