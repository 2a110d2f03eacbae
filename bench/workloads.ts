import { type PeerName, RINGCASTS, type Scenario, type StreamScenario } from "./scenario.ts";

/** One situation in which servers are compared. */
export interface Workload {
  readonly name: string;
  readonly title: string;
  readonly scenario: Scenario;
  /** Who takes part: all, those that keep a history, or Ringcast alone. */
  readonly peers: "all" | "history" | readonly PeerName[];
  /** Whether it is part of the short run. */
  readonly quick: boolean;
}

/** How long the parts of a run take. */
export interface Timing {
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly settleMs: number;
}

const RINGCAST_ONLY: readonly PeerName[] = RINGCASTS;

/** All workloads, in the order in which they run. */
export function allWorkloads(timing: Timing): readonly Workload[] {
  return [
    ...essentials(timing),
    ...transports(timing),
    ...payloads(timing),
    ...storms(),
    ...publishesByHttp(timing),
    manyTopics(timing),
    ...besideStalled(timing),
    ...flatness(timing),
    ...retained(timing),
  ];
}

/** The workloads of the short run and of the chart. */
function essentials(timing: Timing): readonly Workload[] {
  const all = { peers: "all", quick: true } as const;
  return [
    { ...all, name: "one-to-one", title: "1 -> 1, window 50", scenario: stream(timing, {}) },
    {
      ...all,
      name: "pairs",
      title: "100 pairs on 100 topics, window 10 each",
      scenario: stream(timing, { publishers: 100, pace: { kind: "window", messages: 10 } }),
    },
    {
      ...all,
      name: "fanout-100",
      title: "1 -> 100, window 50",
      scenario: stream(timing, { subscribersPerTopic: 100 }),
    },
    {
      ...all,
      name: "fanout-1000",
      title: "1 -> 1000, window 20",
      scenario: stream(timing, { subscribersPerTopic: 1000, pace: { kind: "window", messages: 20 } }),
    },
    {
      ...all,
      name: "paced-100",
      title: "paced: 500 messages/s -> 100",
      scenario: stream(timing, { subscribersPerTopic: 100, pace: { kind: "rate", perSecond: 500 } }),
    },
    {
      ...all,
      name: "idle",
      title: "10,000 idle connections",
      scenario: { kind: "idle", connections: 10_000, settleMs: timing.settleMs },
    },
  ];
}

/** The same fan-out over other transports; each is compared with `fanout-100` of the same server. */
function transports(timing: Timing): readonly Workload[] {
  return [
    {
      name: "fanout-100-event-stream",
      title: "1 -> 100 event streams, window 50",
      scenario: stream(timing, { subscribersPerTopic: 100, delivery: "event-stream" }),
      peers: RINGCAST_ONLY,
      quick: false,
    },
    {
      name: "fanout-100-tls",
      title: "1 -> 100 over TLS, window 50",
      scenario: stream(timing, { subscribersPerTopic: 100, tls: true }),
      peers: RINGCAST_ONLY,
      quick: false,
    },
  ];
}

function payloads(timing: Timing): readonly Workload[] {
  const sizes = [
    ["1k", 1024, "1 KiB"],
    ["16k", 16 * 1024, "16 KiB"],
  ] as const;
  return sizes.map(([name, payloadBytes, size]) => ({
    name: `fanout-100-${name}`,
    title: `1 -> 100, window 50, payload ${size}`,
    scenario: stream(timing, { subscribersPerTopic: 100, payloadBytes }),
    peers: "all",
    quick: false,
  }));
}

function storms(): readonly Workload[] {
  return [
    {
      name: "replay",
      title: "replay storm: 1000 clients ask for the last 100 messages",
      scenario: { kind: "replay", clients: 1000, messages: 100, payloadBytes: 128, warmUpStorms: 2, storms: 5 },
      peers: "history",
      quick: false,
    },
    {
      name: "connect",
      title: "connect storm: 4000 clients, 100 at once",
      scenario: { kind: "connect", connections: 4000, warmUpConnections: 2000 },
      peers: "all",
      quick: false,
    },
  ];
}

function publishesByHttp({ warmUpMs, measureMs }: Timing): readonly Workload[] {
  return [1, 100].map((batch) => ({
    name: `http-publish-${batch}`,
    title: `publish by HTTP: 16 kept connections, ${batch === 1 ? "one message" : `lists of ${batch}`}, no subscriber`,
    scenario: { kind: "http-publish", connections: 16, batch, payloadBytes: 128, warmUpMs, measureMs },
    peers: RINGCAST_ONLY,
    quick: false,
  }));
}

function manyTopics(timing: Timing): Workload {
  return {
    name: "topics",
    title: "10,000 topics with a subscriber each, window 50",
    scenario: stream(timing, { topicsPerPublisher: 10_000 }),
    peers: "all",
    quick: false,
  };
}

function besideStalled(timing: Timing): readonly Workload[] {
  return [0, 100, 500].map((stalled) => ({
    name: `stalled-${stalled}`,
    title: `500 messages/s -> 50 healthy subscribers beside ${stalled} stalled ones`,
    scenario: stream(timing, {
      subscribersPerTopic: 50,
      pace: { kind: "rate", perSecond: 500 },
      stalled,
      // 6 MiB each: more than the kernel takes for a client that does not read.
      prefillMessages: 400,
      // Ringcast ends a stalled client 2000 messages after its queue began to fill; the run is over before that. So stalled
      // clients of a rehearsal warm the server up.
      rehearsalMs: timing.warmUpMs,
      warmUpMs: Math.min(timing.warmUpMs, 500),
      measureMs: Math.min(timing.measureMs, 2500),
    }),
    peers: RINGCAST_ONLY,
    quick: false,
  }));
}

function flatness(timing: Timing): readonly Workload[] {
  const subscribers = [10, 100, 1000, 10_000].map(
    (count): Workload => ({
      name: `subscribers-${count}`,
      title: `flatness: 1 -> ${count}, window 20`,
      scenario: stream(timing, { subscribersPerTopic: count, pace: { kind: "window", messages: 20 } }),
      peers: RINGCAST_ONLY,
      quick: false,
    }),
  );
  // One subscribing connection holds all topics: what differs is the number of topics and nothing else.
  const topics = [1, 100, 10_000].map(
    (count): Workload => ({
      name: `topics-${count}`,
      title: `flatness: 1 publisher in turn to ${count} topics of one subscriber, window 50`,
      scenario: stream(timing, { topicsPerPublisher: count, topicsPerSubscriber: count }),
      peers: RINGCAST_ONLY,
      quick: false,
    }),
  );
  return [...subscribers, ...topics];
}

/** With 150 messages to each topic, the oldest ones have been displaced. */
function retained({ settleMs }: Timing): readonly Workload[] {
  return [100, 150].map((messages) => ({
    name: `retain-${messages}`,
    title: `memory: 10,000 topics with a subscriber each, ${messages} messages of 200 bytes to each, 100 kept`,
    scenario: { kind: "retain", topics: 10_000, messages, kept: 100, payloadBytes: 200, settleMs },
    peers: RINGCAST_ONLY,
    quick: false,
  }));
}

/** A stream run: one publisher, one topic, one subscriber, 128 bytes, window 50, less what is given. */
function stream({ warmUpMs, measureMs }: Timing, differences: Partial<StreamScenario>): StreamScenario {
  return {
    kind: "stream",
    publishers: 1,
    topicsPerPublisher: 1,
    subscribersPerTopic: 1,
    topicsPerSubscriber: 1,
    payloadBytes: 128,
    delivery: "native",
    tls: false,
    pace: { kind: "window", messages: 50 },
    stalled: 0,
    prefillMessages: 0,
    rehearsalMs: 0,
    warmUpMs,
    measureMs,
    ...differences,
  };
}
