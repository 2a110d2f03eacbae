import { resolve } from "node:path";
import { type ApiKey, joinApiKeys, parseApiKeys } from "./api-keys.ts";
import { formatDuration, MAX_DURATION_MS, parseDuration } from "./duration.ts";
import { InvalidValue } from "./invalid-value.ts";

/** One option of the server: the flag `-name`, and the variable of the same name in capitals with underscores. */
export interface Option<T> {
  readonly flag: string;
  readonly group: string;
  readonly help: string;
  readonly defaultValue: T;
  /** The default as `-help` and the docs write it. */
  readonly defaultText: string;
  /** What stands for the value in `-help`; empty for a boolean, which needs none. */
  readonly placeholder: string;
  /** Whether its value stays out of logs. */
  readonly secret: boolean;
  /** Reads a value. The path of a file is relative to the working directory. */
  readonly parse: (text: string) => T | InvalidValue;
  /** Makes one value of those of a flag that is given more than once. Without it the last one counts. */
  readonly join?: (values: readonly T[]) => T | InvalidValue;
}

type Described = Pick<Option<unknown>, "flag" | "group" | "help">;

function integer(described: Described, defaultValue: number, min: number, max: number): Option<number> {
  const parse = (text: string) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? value : new InvalidValue(`must be an integer from ${min} to ${max}`);
  };
  return { ...described, defaultValue, defaultText: String(defaultValue), placeholder: "int", secret: false, parse };
}

function duration(described: Described, defaultMs: number, minMs: number, maxMs: number): Option<number> {
  const range = `from ${formatDuration(minMs)} to ${formatDuration(maxMs)}`;
  const parse = (text: string) => {
    const ms = parseDuration(text);
    if (ms === undefined) return new InvalidValue(`must be a duration such as 300ms, 10s or 1m30s, ${range}`);
    return ms >= minMs && ms <= maxMs ? ms : new InvalidValue(`must be a duration ${range}`);
  };
  const defaultText = formatDuration(defaultMs);
  return { ...described, defaultValue: defaultMs, defaultText, placeholder: "duration", secret: false, parse };
}

function boolean(described: Described, defaultValue: boolean): Option<boolean> {
  const parse = (text: string) => {
    // What Go's strconv.ParseBool takes.
    if (["1", "t", "T", "TRUE", "true", "True"].includes(text)) return true;
    if (["0", "f", "F", "FALSE", "false", "False"].includes(text)) return false;
    return new InvalidValue("must be true or false");
  };
  return { ...described, defaultValue, defaultText: String(defaultValue), placeholder: "", secret: false, parse };
}

function choice<const T extends string>(described: Described, defaultValue: T, values: readonly T[]): Option<T> {
  const parse = (text: string) =>
    values.find((value) => value === text) ?? new InvalidValue(`must be one of ${values.join(", ")}`);
  return { ...described, defaultValue, defaultText: defaultValue, placeholder: values.join("|"), secret: false, parse };
}

function parseFile(text: string): string | InvalidValue {
  if (text.includes("\0")) return new InvalidValue("must be the path of a file");
  return text === "" ? "" : resolve(text);
}

/** A file, as its absolute path, or an empty text where none is named. */
export function file(described: Described): Option<string> {
  return { ...described, defaultValue: "", defaultText: "none", placeholder: "file", secret: false, parse: parseFile };
}

function parseFileOrUrl(text: string): string | URL | InvalidValue {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return parseFile(text);
  const url = URL.canParse(text) ? new URL(text) : null;
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
  return isPlain ? url : new InvalidValue("must be a file, or an http:// or https:// URL without user and password");
}

function parseHost(text: string): string | InvalidValue {
  const wellFormed = /^[0-9A-Za-z._:%-]{0,253}$/.test(text);
  return wellFormed ? text : new InvalidValue("must be a host name or an IP address");
}

function parseSecret(text: string): string | InvalidValue {
  // RFC 7518, section 3.2: a key for HS256 has at least as many bits as the hash.
  return /^([\x21-\x7e]{32,1024})?$/.test(text)
    ? text
    : new InvalidValue("must be 32 to 1024 visible ASCII characters without spaces");
}

/** An origin as browsers send it: scheme, host and, unless it is the scheme's own, port; or `null`. */
function isOrigin(text: string): boolean {
  if (text === "*" || text === "null") return true;
  return URL.canParse(text) && /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]+$/.test(text);
}

function parseOrigins(text: string): readonly string[] | InvalidValue {
  const origins = text.split(",").map((origin) => origin.trim());
  const wrong = origins.find((origin) => !isOrigin(origin));
  if (wrong === undefined) return origins;
  return new InvalidValue(
    `must list * or origins such as https://example.com, not ${JSON.stringify(wrong.slice(0, 100))}`,
  );
}

/** Topics whose names come to stand in metrics: each takes room in Prometheus. */
const MAX_METRICS_TOPICS = 100;
const MAX_TOPIC_BYTES = 255;

function parseMetricsTopics(text: string): readonly string[] | InvalidValue {
  const names = text === "" ? [] : [...new Set(text.split(",").map((name) => name.trim()))];
  if (names.length > MAX_METRICS_TOPICS) return new InvalidValue(`must list at most ${MAX_METRICS_TOPICS} topics`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  const isName = (name: string) => /^[^\x00-\x1f\x7f]+$/.test(name) && Buffer.byteLength(name) <= MAX_TOPIC_BYTES;
  return names.every(isName) ? names : new InvalidValue("must list names of topics, with commas in between");
}

const SERVER = "Server";
const PUBSUB = "Pub/sub";
const SECURITY = "Security";
const OBSERVABILITY = "Observability";
const LOGGING = "Logging";

/** Every option of the server, once: parsing, `-help`, the start-up log and the docs' test read this table. */
export const OPTIONS = {
  host: {
    flag: "host",
    group: SERVER,
    help: "Address to listen on; empty: all interfaces",
    defaultValue: "",
    defaultText: "all interfaces",
    placeholder: "address",
    secret: false,
    parse: parseHost,
  },
  port: integer({ flag: "port", group: SERVER, help: "Port to listen on; 0: any free one" }, 8080, 0, 65_535),
  readTimeoutMs: duration(
    {
      flag: "read-timeout",
      group: SERVER,
      help: "Longest time for a request's headers to arrive, and then for its body",
    },
    10_000,
    1,
    MAX_DURATION_MS,
  ),
  writeTimeoutMs: duration(
    { flag: "write-timeout", group: SERVER, help: "Close HTTP clients that stop reading for this long" },
    10_000,
    1,
    MAX_DURATION_MS,
  ),
  idleTimeoutMs: duration(
    { flag: "idle-timeout", group: SERVER, help: "Close HTTP connections that are idle for this long" },
    60_000,
    1000,
    MAX_DURATION_MS,
  ),
  shutdownTimeoutMs: duration(
    {
      flag: "shutdown-timeout",
      group: SERVER,
      help: "The process ends this long after SIGTERM or SIGINT, whatever is left",
    },
    10_000,
    1,
    MAX_DURATION_MS,
  ),
  maxConnections: integer(
    {
      flag: "max-connections",
      group: SERVER,
      help: "Most WebSockets and event streams; 0: what the file limit allows, less a reserve",
    },
    0,
    0,
    10_000_000,
  ),
  tlsCert: file({
    flag: "tls-cert",
    group: SERVER,
    help: "Certificate with its chain (PEM), to speak TLS; needs -tls-key; read again on SIGHUP",
  }),
  tlsKey: file({ flag: "tls-key", group: SERVER, help: "The certificate's private key (PEM)" }),
  maxQueueSize: integer(
    { flag: "max-queue-size", group: PUBSUB, help: "Most messages queued for a client whose socket is full" },
    100,
    1,
    1_000_000,
  ),
  maxQueueBytes: integer(
    { flag: "max-queue-bytes", group: PUBSUB, help: "Most bytes queued for a client whose socket is full" },
    16_777_216,
    4096,
    2_147_483_647,
  ),
  ringBufferSize: integer(
    { flag: "ring-buffer-size", group: PUBSUB, help: "Messages that a topic keeps for replay" },
    100,
    0,
    1_000_000,
  ),
  maxHistoryBytes: integer(
    {
      flag: "max-history-bytes",
      group: PUBSUB,
      help: "Most bytes of the messages kept for replay, over all topics; 0: a quarter of the memory",
    },
    0,
    0,
    1_000_000_000_000,
  ),
  pingIntervalMs: duration(
    { flag: "ping-interval", group: PUBSUB, help: "Time between two pings to a client; shorter than -pong-wait" },
    54_000,
    10,
    MAX_DURATION_MS,
  ),
  pongWaitMs: duration(
    { flag: "pong-wait", group: PUBSUB, help: "Close a connection that has been silent for this long" },
    60_000,
    20,
    MAX_DURATION_MS,
  ),
  writeWaitMs: duration(
    {
      flag: "write-wait",
      group: PUBSUB,
      help: "Close a client that lost messages and then stops reading for this long",
    },
    10_000,
    10,
    MAX_DURATION_MS,
  ),
  maxMessageSize: integer(
    { flag: "max-message-size", group: PUBSUB, help: "Most bytes of one message or request body" },
    1_048_576,
    1,
    268_435_456,
  ),
  enableCompression: boolean(
    { flag: "enable-compression", group: PUBSUB, help: "Compress WebSocket messages (permessage-deflate)" },
    false,
  ),
  autoCreateTopics: boolean(
    { flag: "auto-create-topics", group: PUBSUB, help: "Create topics on subscribe and publish" },
    true,
  ),
  topicTtlMs: duration(
    { flag: "topic-ttl", group: PUBSUB, help: "How long a topic outlives its last subscriber" },
    0,
    0,
    MAX_DURATION_MS,
  ),
  idleTopicTtlMs: duration(
    {
      flag: "idle-topic-ttl",
      group: PUBSUB,
      help: "How long a topic that never had a subscriber outlives its last message",
    },
    60_000,
    0,
    MAX_DURATION_MS,
  ),
  historyLingerMs: duration(
    {
      flag: "history-linger",
      group: PUBSUB,
      help: "How long a removed topic can be brought back with its history; 0s: not at all",
    },
    30_000,
    0,
    MAX_DURATION_MS,
  ),
  maxTopics: integer({ flag: "max-topics", group: PUBSUB, help: "Most topics" }, 100_000, 1, 100_000_000),
  maxSubscriptions: integer(
    { flag: "max-subscriptions", group: PUBSUB, help: "Most subscriptions of one connection" },
    1024,
    1,
    1_000_000,
  ),
  maxControlFramesPerSec: integer(
    {
      flag: "max-control-frames-per-sec",
      group: PUBSUB,
      help: "Close a connection that sends more pings and pongs per second",
    },
    100,
    1,
    1_000_000,
  ),
  apiKeys: {
    flag: "api-key",
    group: SECURITY,
    help: "Key that clients must send, or NAME:ROLE:KEY; may be repeated; empty: none needed",
    defaultValue: [],
    defaultText: "none",
    placeholder: "key",
    secret: true,
    parse: parseApiKeys,
    join: joinApiKeys,
  } satisfies Option<readonly ApiKey[]>,
  apiKeysFile: file({
    flag: "api-keys-file",
    group: SECURITY,
    help: "File of further keys, one a line as name, role and key; read again on SIGHUP",
  }),
  tokenSecret: {
    flag: "token-secret",
    group: SECURITY,
    help: "Secret that tokens are signed with (HS256); empty: derived from the API key, random without one",
    defaultValue: "",
    defaultText: "derived from the API key",
    placeholder: "secret",
    secret: true,
    parse: parseSecret,
  },
  tokenJwks: {
    flag: "token-jwks",
    group: SECURITY,
    help: "Public keys (a JWK set) for tokens signed elsewhere with RS256, ES256 or EdDSA: a file, or a URL",
    defaultValue: "",
    defaultText: "none",
    placeholder: "file|url",
    secret: false,
    parse: parseFileOrUrl,
  } satisfies Option<string | URL>,
  enableCors: boolean({ flag: "enable-cors", group: SECURITY, help: "Send CORS headers to allowed origins" }, false),
  allowedOrigins: {
    flag: "allowed-origins",
    group: SECURITY,
    help: "Origins that may open a WebSocket and, with -enable-cors, call the API; comma-separated",
    defaultValue: ["*"],
    defaultText: "*",
    placeholder: "list",
    secret: false,
    parse: parseOrigins,
  } satisfies Option<readonly string[]>,
  rateLimitPerMin: integer(
    { flag: "rate-limit-per-min", group: SECURITY, help: "Requests per minute and address; 0: no limit" },
    1000,
    0,
    60_000_000,
  ),
  rateLimitBurst: integer(
    { flag: "rate-limit-burst", group: SECURITY, help: "Requests that an address may make in a burst" },
    100,
    1,
    1_000_000,
  ),
  trustProxy: boolean(
    { flag: "trust-proxy", group: SECURITY, help: "Trust X-Forwarded-For; only behind a proxy that sets it" },
    false,
  ),
  metricsAuth: boolean(
    { flag: "metrics-auth", group: OBSERVABILITY, help: "Require an admin key for /metrics, if any key is set" },
    true,
  ),
  metricsTopics: {
    flag: "metrics-topics",
    group: OBSERVABILITY,
    help: "Topics with metrics of their own, by exact name; comma-separated, at most 100",
    defaultValue: [],
    defaultText: "none",
    placeholder: "list",
    secret: false,
    parse: parseMetricsTopics,
  } satisfies Option<readonly string[]>,
  trace: boolean(
    { flag: "trace", group: OBSERVABILITY, help: "Trace each stored message: who got it when, who lost it" },
    false,
  ),
  logLevel: choice({ flag: "log-level", group: LOGGING, help: "Minimum log level" }, "info", [
    "debug",
    "info",
    "warn",
    "error",
  ]),
  logFormat: choice({ flag: "log-format", group: LOGGING, help: "Format of log lines" }, "text", ["text", "json"]),
};

type Options = typeof OPTIONS;
export type OptionName = keyof Options;

/** The value of every option. */
export type Config = { readonly [K in OptionName]: Options[K] extends Option<infer T> ? T : never };

/** The names of all options, in the order of the table. */
export const OPTION_NAMES = Object.keys(OPTIONS).filter((name): name is OptionName => name in OPTIONS);

/** The environment variable of a flag: `max-queue-size` gives `MAX_QUEUE_SIZE`. */
export function variableOf(flag: string): string {
  return flag.toUpperCase().replaceAll("-", "_");
}
