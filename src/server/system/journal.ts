import type { ErrorCode } from "../../protocol/errors.ts";
import type { Happening } from "../../protocol/system.ts";

/** What is told at most in one go; what goes beyond is told without who or what it was about. */
const MAX_DISTINCT = 100;

/** The refusals that an operator should know of: who may not, and what was too much. */
const NOTABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "UNAUTHORIZED",
  "FORBIDDEN",
  "PAYLOAD_TOO_LARGE",
  "RATE_LIMITED",
  "LIMIT_EXCEEDED",
  "UNAVAILABLE",
]);

/** Where a refused request came from. */
export type Origin = Pick<Happening, "address" | "client">;

/**
 * Gathers what an operator should know of, until somebody takes it. What is the same is told once and counted, and its
 * number is bounded: a flood of trouble is not to become a flood of messages.
 */
export class Journal {
  #entries = new Map<string, Happening>();

  /** Notes something that happened. */
  note(happening: Omit<Happening, "count">, count = 1): void {
    const { address, client, code, topic } = happening;
    const key = JSON.stringify([code, client, address, topic]);
    const isOneTooMany = this.#entries.size >= MAX_DISTINCT && !this.#entries.has(key);
    if (isOneTooMany) this.#add(code, { code, level: happening.level, message: "and more of the same" }, count);
    else this.#add(key, happening, count);
  }

  /** Notes a refusal, if it is of a kind that an operator should know of. */
  noteRefusal(code: ErrorCode, message: string, origin: Origin): void {
    if (NOTABLE.has(code)) this.note({ code, level: "warning", message, ...origin });
  }

  /** What has happened since the last call, in the order in which each thing began. */
  take(): readonly Happening[] {
    const happenings = [...this.#entries.values()];
    this.#entries = new Map();
    return happenings;
  }

  #add(key: string, happening: Omit<Happening, "count">, count: number): void {
    const before = this.#entries.get(key)?.count ?? 0;
    this.#entries.set(key, { ...happening, count: before + count });
  }
}
