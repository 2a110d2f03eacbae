/** What an API key allows: everything; publishing to every topic; subscribing to every topic. */
export type Role = "admin" | "publish" | "subscribe";

/** When a token ends, in wall-clock milliseconds, and when its holder is told. */
export interface TokenLife {
  readonly expiresAtMs: number;
  readonly warnAtMs: number;
}

/** Who makes a request, and what they may do. */
export interface Principal {
  /** For logs and statistics: the key's name, or the token's client id. Never a secret. */
  readonly name: string;
  /** Whether they may manage topics, see the statistics and make tokens. */
  readonly isAdmin: boolean;
  /** The only `client_id` that they may go by; undefined where any will do. */
  readonly clientId: string | undefined;
  /** Undefined where nothing ends it. */
  readonly life: TokenLife | undefined;
  mayPublish(topic: string): boolean;
  /** Subscribing, and seeing the topic's history, subscribers and details. */
  maySubscribe(topic: string): boolean;
}

/** The holder of an API key. */
export function keyHolder(name: string, role: Role): Principal {
  const isAdmin = role === "admin";
  return {
    name,
    isAdmin,
    clientId: undefined,
    life: undefined,
    mayPublish: () => isAdmin || role === "publish",
    maySubscribe: () => isAdmin || role === "subscribe",
  };
}

/** Anybody, where no key is needed. */
export const ANYBODY = keyHolder("anybody", "admin");
