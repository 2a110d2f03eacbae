import { formatCount } from "./format.ts";
import { Meter } from "./meter.tsx";

interface Props {
  readonly messages: number;
  /** The most that may wait; undefined until the server has said it. */
  readonly maxMessages: number | undefined;
  /** Their bytes as a share of the most, where it is known. */
  readonly bytesShare?: number;
}

/** What waits for a client that does not keep up, against the bound at which it loses messages. */
export function QueueMeter({ bytesShare = 0, maxMessages, messages }: Props) {
  if (maxMessages === undefined) return <>{formatCount(messages)}</>;
  // The queue is as full as the fuller of its two measures.
  const share = Math.max(messages / maxMessages, bytesShare);
  return <Meter value={share} max={1} text={formatCount(messages)} warnAt={0.5} />;
}
