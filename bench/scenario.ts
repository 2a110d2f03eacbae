import { z } from "zod";
import { Figures } from "./figures.ts";

/** How subscribers get their messages: over the peer's own protocol, or as server-sent events over HTTP. */
export const Delivery = z.enum(["native", "event-stream"]);

/** Messages flow for a while; what they cost the server is measured after a warm-up. */
export const StreamScenario = z.object({
  kind: z.literal("stream"),
  publishers: z.int(),
  topicsPerPublisher: z.int(),
  subscribersPerTopic: z.int(),
  /** How many topics one subscribing connection holds. */
  topicsPerSubscriber: z.int(),
  payloadBytes: z.int(),
  delivery: Delivery,
  /** Whether all connections are encrypted. */
  tls: z.boolean(),
  /** Either a number of messages under way a publisher, or a schedule that waits for nobody. */
  pace: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("window"), messages: z.int() }),
    z.object({ kind: z.literal("rate"), perSecond: z.int() }),
  ]),
  /** More subscribers of the first topic that never read. */
  stalled: z.int(),
  /** Large messages sent first, to fill the kernel's buffers of the stalled. */
  prefillMessages: z.int(),
  /** How long everything runs before the run itself, with other clients: a warm-up for runs that must be short. 0: not at all. */
  rehearsalMs: z.int(),
  warmUpMs: z.int(),
  measureMs: z.int(),
});
export type StreamScenario = z.infer<typeof StreamScenario>;

/** Many clients ask for a topic's history at once, several times over; the first storms warm up. */
export const ReplayScenario = z.object({
  kind: z.literal("replay"),
  clients: z.int(),
  messages: z.int(),
  payloadBytes: z.int(),
  warmUpStorms: z.int(),
  storms: z.int(),
});
export type ReplayScenario = z.infer<typeof ReplayScenario>;

/** Many clients connect as fast as the server lets them. */
export const ConnectScenario = z.object({
  kind: z.literal("connect"),
  connections: z.int(),
  warmUpConnections: z.int(),
});
export type ConnectScenario = z.infer<typeof ConnectScenario>;

/** Messages are published by HTTP, one request under way on each kept connection. */
export const HttpPublishScenario = z.object({
  kind: z.literal("http-publish"),
  connections: z.int(),
  /** How many messages a request carries. */
  batch: z.int(),
  payloadBytes: z.int(),
  warmUpMs: z.int(),
  measureMs: z.int(),
});
export type HttpPublishScenario = z.infer<typeof HttpPublishScenario>;

/** Many clients are connected and silent. */
export const IdleScenario = z.object({ kind: z.literal("idle"), connections: z.int(), settleMs: z.int() });
export type IdleScenario = z.infer<typeof IdleScenario>;

/** Topics are filled with messages, which the server keeps; what they add to its memory is measured. */
export const RetainScenario = z.object({
  kind: z.literal("retain"),
  /** Each with one subscribing connection. */
  topics: z.int(),
  /** Messages that are published to each topic. */
  messages: z.int(),
  /** Messages that the server keeps of each topic (`-ring-buffer-size`). */
  kept: z.int(),
  payloadBytes: z.int(),
  settleMs: z.int(),
});
export type RetainScenario = z.infer<typeof RetainScenario>;

/** What the load does in one run. */
export const Scenario = z.discriminatedUnion("kind", [
  StreamScenario,
  ReplayScenario,
  ConnectScenario,
  HttpPublishScenario,
  IdleScenario,
  RetainScenario,
]);
export type Scenario = z.infer<typeof Scenario>;

/** Ringcast on each runtime, and an older build that they are compared with. */
export const RINGCASTS = ["ringcast-node", "ringcast-bun", "ringcast-before"] as const;

/** The names of all peers. */
export const PeerName = z.enum([...RINGCASTS, "redis", "nats", "centrifugo", "centrifuge", "socket.io", "ws"]);
export type PeerName = z.infer<typeof PeerName>;

/** What the load generator is told. */
export const Job = z.object({
  peer: PeerName,
  port: z.int(),
  serverPids: z.array(z.int()),
  /** Whether a publisher writes each message by itself, also where several may be sent at one moment. */
  batchedWrites: z.boolean(),
  scenario: Scenario,
});
export type Job = z.infer<typeof Job>;

/** What the load generator answers. A run with faults measured something else than it meant to. */
export const Outcome = z.object({ figures: Figures, faults: z.array(z.string()) });
export type Outcome = z.infer<typeof Outcome>;
