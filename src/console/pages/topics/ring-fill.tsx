import { serverInfo } from "../../feed.ts";
import { formatCompact } from "../../parts/format.ts";
import { Meter } from "../../parts/meter.tsx";

/** How much of what a topic can remember it does, by how many messages it ever had; a server may keep none. */
export function RingFill({ messages }: { readonly messages: number }) {
  const size = serverInfo.value?.limits.ring_buffer_size;
  if (size === undefined) return <>–</>;
  if (size === 0) return <>none kept</>;
  const held = Math.min(messages, size);
  return <Meter value={held} max={size} text={`${formatCompact(held)} of ${formatCompact(size)}`} />;
}
