import { useEffect, useState } from "preact/hooks";
import { request, topicPath } from "../../api.ts";
import { formatCount, formatMillis } from "../../parts/format.ts";
import { Name } from "../../parts/name.tsx";
import { hrefOf } from "../../router.ts";

interface Delivery {
  readonly client: number;
  readonly client_id: string;
  readonly state: string;
  readonly replayed: boolean;
  readonly reason?: string;
  readonly delay_ms?: number;
}

interface Trace {
  readonly totals: { readonly queued: number; readonly written: number; readonly dropped: number };
  readonly deliveries: readonly Delivery[];
}

/** More would only be scrolled past; the totals have all. */
const MAX_SHOWN = 200;
const BADGES: Readonly<Record<string, string>> = { written: "badge-good", dropped: "badge-bad", queued: "badge-warn" };

/** What became of a message, subscriber by subscriber. */
export function TraceView({ offset, topic }: { readonly topic: string; readonly offset: number }) {
  const [trace, setTrace] = useState<Trace>();
  const [problem, setProblem] = useState("");
  useEffect(() => {
    request<Trace>("GET", topicPath(topic, `/messages/${offset}/trace`)).then(setTrace, (error: unknown) =>
      setProblem(error instanceof Error ? error.message : String(error)),
    );
  }, [topic, offset]);
  if (problem !== "") return <p class="trace small error">There is no trace: {problem}.</p>;
  if (trace === undefined) return <p class="trace small muted">Asking…</p>;
  const { deliveries, totals } = trace;
  const beyond = Math.max(0, deliveries.length - MAX_SHOWN);
  return (
    <div class="trace">
      <p class="small">
        Written to {formatCount(totals.written)}, waiting for {formatCount(totals.queued)}, dropped for{" "}
        {formatCount(totals.dropped)}
        {deliveries.length === 0 && "; nobody was subscribed"}
      </p>
      {deliveries.length > 0 && (
        <table class="table small">
          <thead>
            <tr>
              <th scope="col">Client</th>
              <th scope="col">State</th>
              <th scope="col" class="num">
                Delay
              </th>
            </tr>
          </thead>
          <tbody>
            {deliveries.slice(0, MAX_SHOWN).map(({ client, client_id: label, delay_ms: delayMs, ...rest }, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a client that got it twice stands here twice, and the list stays as it is
              <tr key={index}>
                <td>
                  <a href={hrefOf("clients", String(client))}>
                    <Name text={label} />
                  </a>
                </td>
                <td>
                  <span class={`badge ${BADGES[rest.state] ?? ""}`}>{rest.state}</span>
                  {rest.replayed && <span class="muted"> by replay</span>}
                  {rest.reason !== undefined && <span class="muted"> {rest.reason}</span>}
                </td>
                <td class="num">{delayMs === undefined ? "–" : formatMillis(delayMs)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {beyond > 0 && <p class="small muted">And {formatCount(beyond)} more.</p>}
    </div>
  );
}
