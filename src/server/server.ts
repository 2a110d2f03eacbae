import type { Config } from "../config/options.ts";
import { Timestamps } from "../core/clock.ts";
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
import { connectionLimit } from "./connection-limit.ts";
import { Connections } from "./connections.ts";
import { Dispatcher } from "./dispatch.ts";
import { EventStreams } from "./event-streams.ts";
import { FaultLog } from "./fault-log.ts";
import { createHttp } from "./http/app.ts";
import { HubLog } from "./hub-log.ts";
import { Listener } from "./listener.ts";
import type { Logger } from "./logger.ts";
import { Metrics } from "./metrics/metrics.ts";
import { Samples } from "./metrics/samples.ts";
import { createOriginCheck } from "./origin.ts";
import { RateLimit } from "./rate-limit.ts";
import { Rates } from "./rates.ts";
import { Journal } from "./system/journal.ts";
import { serverInfo } from "./system/server-info.ts";
import { SystemFeed } from "./system/system-feed.ts";
import { systemClock } from "./system-clock.ts";
import { WebSocketEndpoint } from "./websocket.ts";

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
const SAMPLE_MS = 1000;
/** The shortest token lives a second and is warned of a tenth of that before: no warning is to be slept through. */
const TOKEN_SWEEP_MS = 50;

/** Sweeps come often enough that no deadline is missed by more than a quarter, and never more often than needed. */
function sweepIntervalMs({ pingIntervalMs, pongWaitMs, writeWaitMs, topicTtlMs, idleTopicTtlMs }: Config): number {
  const shortest = Math.min(pingIntervalMs, pongWaitMs, writeWaitMs, topicTtlMs || MAX_SWEEP_MS, idleTopicTtlMs);
  return Math.min(MAX_SWEEP_MS, Math.max(MIN_SWEEP_MS, Math.floor(shortest / 4)));
}

/** A random name, for an incarnation of a topic or of the server. */
function newName(): string {
  return crypto.randomUUID().slice(0, 8);
}

function createHub(config: Config, observer: HubLog, timestamps: Timestamps): Hub {
  const { autoCreateTopics, idleTopicTtlMs, maxSubscriptions, maxTopics, topicTtlMs, trace, writeWaitMs } = config;
  const outbox = { maxMessages: config.maxQueueSize, maxBytes: config.maxQueueBytes };
  const engine = new MemoryEngine(config.ringBufferSize, timestamps, newName);
  return new Hub(
    { outbox, autoCreateTopics, idleTopicTtlMs, maxSubscriptions, maxTopics, topicTtlMs, trace, writeWaitMs },
    { engine, clock: systemClock, timestamps, observer, defer: (run) => void setImmediate(run) },
  );
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
    logger.error({ why }, "certificate not loaded, the one in force stays");
    journal.note({ code: "RELOADED", level: "error", message: "certificate not loaded, the one in force stays" });
  }
}

/**
 * Builds the server from its parts and starts it.
 * @throws {ListenError} where the address can't be had
 * @throws {UnusableFile} where a file that an option names is of no use
 */
export function startServer(config: Config, logger: Logger, version: string): RunningServer {
  const journal = new Journal();
  const faults = new FaultLog(logger, journal);
  const hubLog = new HubLog({
    logger,
    faults,
    journal,
    addressOf: ({ id }) => connections.find(id)?.address,
  });
  const timestamps = new Timestamps(systemClock);
  const hub = createHub(config, hubLog, timestamps);
  const { counters } = hub;
  const keys = new KeySource(config, logger);
  const publicKeys = openPublicKeys(config, logger);
  const tokens = new Tokens(keys.secret, systemClock, publicKeys);
  const decode = createDecoder(config.ringBufferSize);
  const dispatcher = new Dispatcher({ hub, decode, timestamps, logger, tokens, journal, serverName: newName() });
  const connections = new Connections(config, { hub, clock: systemClock, logger, faults, journal });
  const endpoint = new WebSocketEndpoint(config, { connections, dispatcher, clock: systemClock, counters });
  const eventStreams = new EventStreams(config.pongWaitMs, { hub, connections, clock: systemClock, timestamps });
  const rates = new Rates(counters, systemClock);
  const rateLimit = new RateLimit(config.rateLimitPerMin, config.rateLimitBurst);
  const maxConnections = connectionLimit(config.maxConnections);
  const samples = new Samples(hub, systemClock, TOKEN_SWEEP_MS);
  const feed = new SystemFeed(serverInfo(config, maxConnections, version), {
    hub,
    clock: systemClock,
    connections,
    samples,
    journal,
    cpuUs: () => {
      const { system, user } = process.cpuUsage();
      return system + user;
    },
    memoryBytes: () => process.memoryUsage.rss(),
  });
  journal.note({ code: "SERVER_STARTED", level: "info", message: `Ringcast ${version} has started` });
  feed.tellHappenings();
  const sources = { hub, connections, maxConnections, rateLimit, faults, samples, version };
  let draining = false;
  const answer = createHttp(
    { ...config, maxConnections },
    {
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
      connections,
      journal,
      isDraining: () => draining,
    },
  );
  const listener = new Listener(config, { answer, endpoint, faults, logger }, readCertificate(config));
  const sweeping = setInterval(() => {
    hub.sweep();
    eventStreams.sweep(listener.port);
    connections.sweep();
  }, sweepIntervalMs(config));
  const sweepingTokens = setInterval(() => {
    samples.tick();
    connections.sweepTokens();
  }, TOKEN_SWEEP_MS);
  // Not waited for: where the keys can't be reached yet, the server starts all the same.
  void publicKeys?.refresh();
  const refreshingKeys = setInterval(() => publicKeys?.refresh(), REFRESH_MS);
  const sampling = setInterval(() => {
    rates.sample();
    samples.sampleQueues();
    hubLog.reportDrops();
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
      await listener.stop();
    },
  };
}
