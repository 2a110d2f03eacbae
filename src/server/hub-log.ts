import type { HubObserver } from "../core/hub.ts";
import type { Session } from "../core/session.ts";
import { CLOSE } from "../protocol/errors.ts";
import type { FaultLog } from "./fault-log.ts";
import type { Logger } from "./logger.ts";
import type { Journal, Origin } from "./system/journal.ts";

/** Where what happens is written down, and what is needed to say it. */
export interface HubLogPorts {
  readonly logger: Logger;
  readonly faults: FaultLog;
  readonly journal: Journal;
  /** Where a session's client is connected from; undefined once that is forgotten. */
  readonly addressOf: (session: Session) => string | undefined;
}

/**
 * Writes down what happens in the hub, in the log and in the operator's journal. Drops are summed up: to note each would
 * be a second flood.
 */
export class HubLog implements HubObserver {
  readonly #ports: HubLogPorts;
  /** Who lost messages lately, by session, and how many. */
  readonly #dropped = new Map<number, { readonly origin: Origin; count: number }>();

  constructor(ports: HubLogPorts) {
    this.#ports = ports;
  }

  topicCreated: HubObserver["topicCreated"] = (topic, origin) => {
    this.#ports.logger.info({ topic: topic.name, origin }, "topic created");
  };

  topicRemoved: HubObserver["topicRemoved"] = (topic, why) => {
    const messages = topic.newestOffset;
    this.#ports.logger.info({ topic: topic.name, why, messages }, "topic removed");
    if (why !== "deleted") return;
    const message = `the topic was deleted, after ${messages} messages`;
    this.#ports.journal.note({ code: "TOPIC_DELETED", level: "info", message, topic: topic.name });
  };

  slowConsumer(session: Session, why: string): void {
    this.#ports.logger.warn({ session: session.id, why }, "slow consumer");
    const message = `closed because it does not read: ${why}`;
    this.#ports.journal.note({ code: "SLOW_CONSUMER", level: "warning", message, ...this.#origin(session) });
  }

  messagesDropped(session: Session, count: number): void {
    const dropped = this.#dropped.get(session.id);
    if (dropped === undefined) this.#dropped.set(session.id, { origin: this.#origin(session), count });
    else dropped.count += count;
  }

  sessionFailed(session: Session, error: unknown): void {
    this.#ports.faults.record(error, { session: session.id });
    session.close(CLOSE.INTERNAL, "internal error");
  }

  /** Tells of the drops since the last call, if there were any. To be called every so often. */
  reportDrops(): void {
    if (this.#dropped.size === 0) return;
    const { journal, logger } = this.#ports;
    const message = "lost because the client did not keep up";
    let messages = 0;
    for (const { count, origin } of this.#dropped.values()) {
      messages += count;
      journal.note({ code: "MESSAGES_DROPPED", level: "warning", message, ...origin }, count);
    }
    logger.warn({ messages, sessions: this.#dropped.size }, "messages dropped");
    this.#dropped.clear();
  }

  #origin(session: Session): Origin {
    const address = this.#ports.addressOf(session);
    return { client: session.id, ...(address === undefined ? {} : { address }) };
  }
}
