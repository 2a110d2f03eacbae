import type { Config } from "../config/options.ts";
import { type Clock, Timestamps } from "../core/clock.ts";
import { Hub } from "../core/hub.ts";
import { MemoryEngine } from "../engine/memory.ts";
import { createDecoder } from "../protocol/decode.ts";
import { createAuthenticator } from "./access/authenticator.ts";
import { FileKeys } from "./access/file-keys.ts";
import { KeySource } from "./access/key-source.ts";
import { type PublicKeys, REFRESH_MS } from "./access/public-keys.ts";
import { Tokens } from "./access/tokens.ts";
import { UrlKeys } from "./access/url-keys.ts";
import { readCertificate } from "./certificate.ts";
import { connectionLimit, socketLimit } from "./connection-limit.ts";
import { Connections } from "./connections.ts";
import { DeadlineClock } from "./deadline-clock.ts";
import { Dispatcher } from "./dispatch.ts";
import { EventStreams } from "./event-streams.ts";
import { FaultLog } from "./fault-log.ts";
import { historyLimit, memoryLimit } from "./history-limit.ts";
import { Admission } from "./http/admission.ts";
import { createApp } from "./http/app.ts";
import type { HttpPorts } from "./http/context.ts";
import { HttpHandler } from "./http/handler.ts";
import { HttpPublisher } from "./http/publish.ts";
import { Refusals } from "./http/refusals.ts";
import { HttpSessions } from "./http-sessions.ts";
import { HubLog } from "./hub-log.ts";
import { Listener } from "./listener.ts";
import type { Logger } from "./logger.ts";
import { MemoryPressure } from "./memory-pressure.ts";
import { Metrics } from "./metrics/metrics.ts";
import { Samples } from "./metrics/samples.ts";
import { createOriginCheck } from "./origin.ts";
import { RateLimit } from "./rate-limit.ts";
import { Rates } from "./rates.ts";
import { RefusalLog } from "./refusal-log.ts";
import { residentMemory } from "./resident-memory.ts";
import { Streams } from "./streams.ts";
import { Journal } from "./system/journal.ts";
import { serverInfo } from "./system/server-info.ts";
import { SystemFeed } from "./system/system-feed.ts";
import { systemClock } from "./system-clock.ts";
import { WebSocketEndpoint } from "./websocket.ts";
import { WebSocketUpgrade } from "./websocket-upgrade.ts";

/** The parts of a running server that its shutdown needs. */
export interface RunningServer {
  /** The port it listens on; the one that was free where 0 was asked for. */
  readonly port: number;
  readonly hub: Hub;
  readonly connections: Connections;
  readonly faults: FaultLog;
  /** Reads anew the files that options name, and logs what came of it; what can't be used leaves the old in force. */
  reload(): Promise<void>;
  /** From now on takes no new connection; `/health` tells. */
  drain(): void;
  /** Closes the listening socket and every connection. */
  stop(): Promise<void>;
}

const MIN_SWEEP_MS = 10;
const MAX_SWEEP_MS = 1000;
/** The clock for deadlines counts no more than so many sweep intervals between two sweeps. */
const MAX_STEP_SWEEPS = 2;
const SAMPLE_MS = 1000;
/** The shortest token lives a second and is warned of a tenth of that before: no warning is to be slept through. */
const TOKEN_SWEEP_MS = 50;

/** Sweeps come often enough that no deadline is missed by more than a quarter, and never more often than needed. */
function sweepIntervalMs({ historyLingerMs, idleTopicTtlMs, topicTtlMs, ...config }: Config): number {
  const topicLives = [topicTtlMs || MAX_SWEEP_MS, idleTopicTtlMs, historyLingerMs || MAX_SWEEP_MS];
  const shortest = Math.min(config.pingIntervalMs, config.pongWaitMs, config.writeWaitMs, ...topicLives);
  return Math.min(MAX_SWEEP_MS, Math.max(MIN_SWEEP_MS, Math.floor(shortest / 4)));
}

/** A random name, for an incarnation of a topic or of the server. */
function newName(): string {
  return crypto.randomUUID().slice(0, 8);
}

function createHub(config: Config, observer: HubLog, timestamps: Timestamps, clock: Clock): Hub {
  const queue = { maxMessages: config.maxQueueSize, maxBytes: config.maxQueueBytes };
  const engine = new MemoryEngine(config.ringBufferSize, timestamps, newName, historyLimit(config.maxHistoryBytes));
  return new Hub({ ...config, queue }, { engine, clock, timestamps, observer, defer: (run) => void setImmediate(run) });
}

function openPublicKeys({ tokenJwks }: Config, logger: Logger): PublicKeys | undefined {
  if (tokenJwks === "") return undefined;
  return tokenJwks instanceof URL
    ? new UrlKeys(tokenJwks, { clock: systemClock, logger })
    : new FileKeys(tokenJwks, logger);
}

function reloadCertificate(config: Config, listener: Listener, logger: Logger, journal: Journal): void {
  try {
    const certificate = readCertificate(config);
    if (certificate === undefined || !listener.replaceCertificate(certificate)) return;
    const { subject, validTo } = certificate;
    logger.info({ subject, validTo }, "certificate loaded");
    journal.note({ code: "RELOADED", level: "info", message: `certificate loaded, valid to ${validTo}` });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    logger.error({ why }, "certificate not loaded, keeping the previous one");
    journal.note({ code: "RELOADED", level: "error", message: "certificate not loaded, keeping the previous one" });
  }
}

/**
 * Builds the server from its parts and starts it.
 * @returns a promise that rejects with a `ListenError` where the address can't be had, and with an `UnusableFile` where a
 *   file that an option names is of no use
 */
export async function startServer(config: Config, logger: Logger, version: string): Promise<RunningServer> {
  const journal = new Journal();
  const faults = new FaultLog(logger, journal);
  const hubLog = new HubLog({
    logger,
    faults,
    journal,
    addressOf: ({ id }) => connections.find(id)?.address,
  });
  const timestamps = new Timestamps(systemClock);
  const sweepMs = sweepIntervalMs(config);
  const clock = new DeadlineClock(systemClock, sweepMs * MAX_STEP_SWEEPS);
  const hub = createHub(config, hubLog, timestamps, clock);
  const { counters } = hub;
  const keys = new KeySource(config, logger);
  const publicKeys = openPublicKeys(config, logger);
  const tokens = new Tokens(keys.secret, systemClock, publicKeys);
  const decode = createDecoder(config.ringBufferSize);
  const dispatcher = new Dispatcher({
    hub,
    decode,
    timestamps,
    logger,
    tokens,
    journal,
    serverName: newName(),
    maxLastN: config.ringBufferSize,
  });
  const connections = new Connections(config, { hub, clock, systemClock, logger, faults, journal });
  const endpoint = new WebSocketEndpoint(config, { connections, dispatcher, clock, systemClock, hub });
  const streams = new Streams(config.pongWaitMs, { connections, clock, systemClock });
  const eventStreams = new EventStreams({ hub, streams, timestamps });
  const httpSessions = new HttpSessions(config.maxMessageSize, { connections, dispatcher, hub, streams });
  const rates = new Rates(counters, systemClock);
  const rateLimit = new RateLimit(config.rateLimitPerMin, config.rateLimitBurst, systemClock);
  const maxConnections = connectionLimit(config.maxConnections);
  const samples = new Samples(hub, systemClock, TOKEN_SWEEP_MS);
  const feed = new SystemFeed(serverInfo(config, { maxConnections, maxHistoryBytes: hub.history.maxBytes }, version), {
    hub,
    clock: systemClock,
    connections,
    samples,
    journal,
    cpuUs: () => {
      const { system, user } = process.cpuUsage();
      return system + user;
    },
    memoryBytes: residentMemory,
  });
  journal.note({ code: "SERVER_STARTED", level: "info", message: `Ringcast ${version} has started` });
  feed.tellHappenings();
  const sources = { hub, connections, maxConnections, rateLimit, faults, samples, version };
  let draining = false;
  const options = { ...config, maxConnections };
  const ports: HttpPorts = {
    hub,
    clock: systemClock,
    faults,
    logger,
    rates,
    version,
    rateLimit,
    metrics: new Metrics(config.metricsTopics, sources),
    authenticate: createAuthenticator(keys.ring, tokens),
    keys: keys.ring,
    tokens,
    allowsOrigin: createOriginCheck(config.allowedOrigins),
    eventStreams,
    httpSessions,
    connections,
    journal,
    isDraining: () => draining,
  };
  const admission = new Admission(options, ports);
  const refusalLog = new RefusalLog(logger, systemClock);
  const refusals = new Refusals({ ...ports, refusalLog });
  const publisher = new HttpPublisher(options, ports);
  const app = createApp(options, ports, { admission, publisher, refusals });
  const http = new HttpHandler(options, { app, admission, publisher, refusals, faults });
  const upgrade = new WebSocketUpgrade(options, { admission, refusals, endpoint, faults });
  const listener = await Listener.open(config, { http, upgrade, maxSockets: socketLimit() }, readCertificate(config));
  const pressure = new MemoryPressure(memoryLimit(), {
    receivedBytes: () => counters.receivedBytes,
    historyBytes: () => hub.history.heldBytes,
  });
  const sweeping = setInterval(() => {
    clock.tick();
    hub.sweep();
    streams.sweep(listener.port);
    connections.sweep();
  }, sweepMs);
  const sweepingTokens = setInterval(() => {
    samples.tick();
    pressure.relieve();
    connections.sweepTokens();
  }, TOKEN_SWEEP_MS);
  // Not waited for: where the keys can't be reached yet, the server starts all the same.
  void publicKeys?.refresh();
  const refreshingKeys = setInterval(() => publicKeys?.refresh(), REFRESH_MS);
  const sampling = setInterval(() => {
    rates.sample();
    samples.sampleQueues();
    hubLog.reportDrops();
    refusalLog.report();
    feed.tick();
  }, SAMPLE_MS);
  return {
    port: listener.port,
    hub,
    connections,
    faults,
    async reload() {
      if (keys.reload(tokens, journal)) connections.recheck();
      reloadCertificate(config, listener, logger, journal);
      await publicKeys?.reload();
    },
    drain() {
      draining = true;
      journal.note({ code: "SERVER_SHUTDOWN", level: "info", message: "the server is shutting down" });
      feed.tellHappenings();
    },
    async stop() {
      clearInterval(sweeping);
      clearInterval(sweepingTokens);
      clearInterval(refreshingKeys);
      clearInterval(sampling);
      hubLog.reportDrops();
      refusalLog.report(true);
      await listener.stop();
    },
  };
}
