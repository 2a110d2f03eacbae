import type { ComponentChildren } from "preact";
import type { TopicDetails } from "../../api.ts";
import { nowMs } from "../../parts/clock.ts";
import { formatAge, formatCount, formatDateTime } from "../../parts/format.ts";
import { rateText } from "./rate-text.ts";
import { RingFill } from "./ring-fill.tsx";

interface Props {
  readonly details: TopicDetails;
  readonly ratePerSec: number | undefined;
}

/** A topic in figures. */
export function TopicFacts({ details, ratePerSec }: Props) {
  const createdAtMs = Date.parse(details.created_at);
  const { epoch, message_count: messages, newest_offset: newest, oldest_offset: oldest } = details;
  const facts: readonly (readonly [string, ComponentChildren])[] = [
    ["Rate", ratePerSec === undefined ? "–" : `${rateText(ratePerSec)} msg/s`],
    ["Messages", formatCount(messages)],
    ["Ring fill", <RingFill key="ring" messages={messages} />],
    ["Offsets held", newest === 0 ? "none yet" : `${formatCount(oldest)} – ${formatCount(newest)}`],
    ["Subscribers", formatCount(details.subscriber_count)],
    [
      "Created",
      <span key="created" title={formatDateTime(createdAtMs)}>
        {formatAge(createdAtMs, nowMs.value)}
      </span>,
    ],
    [
      "Epoch",
      <code key="epoch" title="Of this incarnation: a topic that begins anew has another one">
        {epoch}
      </code>,
    ],
  ];
  return (
    <section class="card card-body" aria-label="Figures">
      <dl class="facts topic-facts">
        {facts.map(([term, value]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
