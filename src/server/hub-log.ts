import type { HubObserver } from "../core/hub.ts";
import type { Session } from "../core/session.ts";
import { CLOSE } from "../protocol/errors.ts";
import type { FaultLog } from "./fault-log.ts";
import type { Logger } from "./logger.ts";

/** Writes down what happens in the hub. Drops are summed up: a line for each would be a second flood. */
export class HubLog implements HubObserver {
  readonly #logger: Logger;
  readonly #faults: FaultLog;
  #dropped = 0;
  readonly #droppedBy = new Set<number>();

  constructor(logger: Logger, faults: FaultLog) {
    this.#logger = logger;
    this.#faults = faults;
  }

  topicCreated: HubObserver["topicCreated"] = (topic, origin) => {
    this.#logger.info({ topic: topic.name, origin }, "topic created");
  };

  topicRemoved: HubObserver["topicRemoved"] = (topic, why) => {
    this.#logger.info({ topic: topic.name, why, messages: topic.newestOffset }, "topic removed");
  };

  slowConsumer(session: Session, why: string): void {
    this.#logger.warn({ session: session.id, why }, "slow consumer");
  }

  messagesDropped(session: Session, count: number): void {
    this.#dropped += count;
    this.#droppedBy.add(session.id);
  }

  sessionFailed(session: Session, error: unknown): void {
    this.#faults.record(error, { session: session.id });
    session.close(CLOSE.INTERNAL, "internal error");
  }

  /** Writes one line about the drops since the last one, if there were any. To be called every so often. */
  reportDrops(): void {
    if (this.#dropped === 0) return;
    this.#logger.warn({ messages: this.#dropped, sessions: this.#droppedBy.size }, "messages dropped");
    this.#dropped = 0;
    this.#droppedBy.clear();
  }
}
