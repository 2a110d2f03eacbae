import { Component } from "preact";
import type { Told } from "../history.ts";
import { hrefOf } from "../router.ts";
import { formatCount, formatDateTime, formatTime } from "./format.ts";

const BADGES = { info: "", warning: "badge-warn", error: "badge-bad" } as const;

interface EventRowProps {
  readonly told: Told;
}

/** A happening. What has happened does not change, so a row is rendered once, however often the list is. */
export class EventRow extends Component<EventRowProps> {
  override shouldComponentUpdate(): boolean {
    return false;
  }

  override render({ told }: EventRowProps) {
    const { code, level, message, count, topic, client, address } = told.happening;
    return (
      <li class="event">
        <time class="muted" dateTime={new Date(told.atMs).toISOString()} title={formatDateTime(told.atMs)}>
          {formatTime(told.atMs)}
        </time>
        <span>
          <span class={`badge ${BADGES[level]}`}>{level}</span>
        </span>
        <span class="event-code mono">
          {code}
          {count > 1 ? <span class="badge">×{formatCount(count)}</span> : null}
        </span>
        <span class="event-message">{message}</span>
        <span class="event-subjects">
          {topic === undefined ? null : (
            <a class="truncate" href={hrefOf("topics", topic)} title={topic}>
              {topic}
            </a>
          )}
          {client === undefined ? null : <a href={hrefOf("clients", String(client))}>client {client}</a>}
          {address === undefined ? null : <span class="muted">{address}</span>}
        </span>
      </li>
    );
  }
}
