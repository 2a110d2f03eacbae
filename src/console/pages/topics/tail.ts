import { useEffect, useState } from "preact/hooks";
import type { Client, Position } from "../../../client/index.ts";
import type { MessageLog } from "./message-log.ts";

/** Ten times a second is as often as anybody can look, however many messages come. */
const SHOW_MS = 100;

/** How following a topic goes. */
export interface Tail {
  /** Changes when the log has. */
  readonly version: number;
  /** Why the server ended it; undefined where it did not. */
  readonly end: string | undefined;
}

/**
 * Puts a topic's messages into a log as they come, over the console's own connection, for as long as it is on.
 * @param beginning where to begin if the log is empty; undefined is off, and another one begins anew
 */
export function useTail(
  feed: Client | undefined,
  topic: string,
  log: MessageLog,
  beginning: Position | undefined,
): Tail {
  const [version, setVersion] = useState(0);
  const [end, setEnd] = useState<string>();
  useEffect(() => {
    if (beginning === undefined || feed === undefined) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const changed = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        setVersion((last) => last + 1);
      }, SHOW_MS);
    };
    setEnd(undefined);
    const since = log.newest ?? beginning;
    const asText = (json: string) => json;
    const subscription = feed.subscribe<string>(topic, { since, parse: asText }, (event) => {
      log.add(event);
      changed();
    });
    const forgetGaps = feed.on("gap", (gap) => {
      if (gap.topic !== topic) return;
      log.addGap(gap);
      changed();
    });
    subscription.ready.catch(() => {});
    void subscription.ended.then((error) => setEnd(error?.message));
    return () => {
      forgetGaps();
      subscription.unsubscribe();
      clearTimeout(timer);
    };
  }, [topic, log, feed, beginning]);
  return { version, end };
}
