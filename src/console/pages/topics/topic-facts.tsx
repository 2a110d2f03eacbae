import { isSystemName } from "../../../protocol/system-topics.ts";
import type { TopicDetails } from "../../api.ts";
import { type Fact, Facts } from "../../parts/facts.tsx";
import { formatCount } from "../../parts/format.ts";
import { Ago } from "../../parts/moments.tsx";
import { rateText } from "./rate-text.ts";
import { RingFill } from "./ring-fill.tsx";

interface Props {
  readonly details: TopicDetails;
  readonly ratePerSec: number | undefined;
}

/** A topic in figures. */
export function TopicFacts({ details, ratePerSec }: Props) {
  const { epoch, message_count: messages, newest_offset: newest, oldest_offset: oldest } = details;
  const facts: readonly Fact[] = [
    ["Rate", ratePerSec === undefined ? "–" : `${rateText(ratePerSec)} msg/s`],
    ["Messages", formatCount(messages)],
    // Those of the server's own topics have other sizes.
    ...(isSystemName(details.name) ? [] : [["Ring fill", <RingFill key="ring" messages={messages} />] as const]),
    ["Offsets held", oldest === 0 ? "none" : `${formatCount(oldest)} – ${formatCount(newest)}`],
    ["Subscribers", formatCount(details.subscriber_count)],
    [
      "TTL",
      <span key="ttl" title="How long the topic stays after its last subscriber has left">
        {details.ttl}
      </span>,
    ],
    ["Created", <Ago key="created" atMs={Date.parse(details.created_at)} />],
    [
      "Epoch",
      <code key="epoch" title="Of this incarnation: a topic that begins anew has another one">
        {epoch}
      </code>,
    ],
  ];
  return (
    <section class="card card-body" aria-label="Figures">
      <Facts class="topic-facts" facts={facts} />
    </section>
  );
}
