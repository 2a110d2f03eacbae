import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { type Environment, parseCommand } from "./arguments.ts";
import { helpText } from "./help.ts";
import { type Config, OPTION_NAMES, OPTIONS, variableOf } from "./options.ts";

function configOf(argv: readonly string[], environment: Environment = {}): Config {
  const command = parseCommand(argv, environment);
  if (command.kind === "run") return command.config;
  throw new Error(JSON.stringify(command));
}

function messageOf(argv: readonly string[], environment: Environment = {}): string {
  const command = parseCommand(argv, environment);
  if (command.kind === "invalid") return command.message;
  throw new Error(`accepted: ${JSON.stringify(command)}`);
}

describe("the command line", () => {
  test("leaves everything at the defaults of the specification", () => {
    expect(configOf([])).toEqual({
      host: "",
      port: 8080,
      readTimeoutMs: 10_000,
      writeTimeoutMs: 10_000,
      idleTimeoutMs: 60_000,
      shutdownTimeoutMs: 10_000,
      maxConnections: 0,
      tlsCert: "",
      tlsKey: "",
      maxQueueSize: 100,
      maxQueueBytes: 16 * 1024 * 1024,
      ringBufferSize: 100,
      maxHistoryBytes: 0,
      pingIntervalMs: 54_000,
      pongWaitMs: 60_000,
      writeWaitMs: 10_000,
      maxMessageSize: 1_048_576,
      enableCompression: false,
      autoCreateTopics: true,
      topicTtlMs: 0,
      idleTopicTtlMs: 60_000,
      historyLingerMs: 30_000,
      maxTopics: 100_000,
      maxSubscriptions: 1024,
      maxControlFramesPerSec: 100,
      apiKeys: [],
      apiKeysFile: "",
      tokenSecret: "",
      tokenJwks: "",
      enableCors: false,
      allowedOrigins: ["*"],
      rateLimitPerMin: 1000,
      rateLimitBurst: 100,
      trustProxy: false,
      metricsAuth: true,
      metricsTopics: [],
      trace: false,
      logLevel: "info",
      logFormat: "text",
    });
  });

  test.each([[["-port=9090"]], [["--port=9090"]], [["-port", "9090"]], [["--port", "9090"]]])(
    "sets a value by %j",
    (argv) => {
      expect(configOf(argv).port).toBe(9090);
    },
  );

  test.each([
    [["-enable-cors"], true],
    [["--enable-cors"], true],
    [["-enable-cors=true"], true],
    [["-enable-cors=1"], true],
    [["-enable-cors=false"], false],
    [["--enable-cors=0"], false],
  ] as const)("sets a boolean by %j", (argv, value) => {
    expect(configOf(argv).enableCors).toBe(value);
  });

  test("takes a boolean's value only behind an equals sign", () => {
    expect(messageOf(["-enable-cors", "false"])).toBe('unexpected argument "false"');
  });

  test("may name a flag twice: the last one counts", () => {
    expect(configOf(["-port=1", "-port", "2"]).port).toBe(2);
  });

  test("takes what follows a flag as its value, whatever it looks like", () => {
    expect(configOf(["-api-key", "-port=1"])).toMatchObject({ apiKeys: [{ key: "-port=1" }], port: 8080 });
    expect(configOf(["-api-key=a=b"]).apiKeys).toMatchObject([{ key: "a=b" }]);
  });

  test.each([
    [["-help"], "help"],
    [["--help"], "help"],
    [["-h"], "help"],
    [["-version"], "version"],
    [["--version"], "version"],
    [["-port=1", "-help"], "help"],
  ] as const)("asks for no server by %j", (argv, kind) => {
    expect(parseCommand(argv, { PORT: "nonsense" })).toEqual({ kind });
  });

  test.each([
    [["-bogus"], "unknown flag -bogus (-help lists all)"],
    [["--bogus=1"], "unknown flag -bogus (-help lists all)"],
    [["-Port=1"], "unknown flag -Port (-help lists all)"],
    [["-max_queue_size=1"], "unknown flag -max_queue_size (-help lists all)"],
    [["-port=1", "9090"], 'unexpected argument "9090"'],
    [[""], 'unexpected argument ""'],
    [["-"], 'unexpected argument "-"'],
    [["--"], 'unexpected argument "--"'],
    [["---port=1"], 'unexpected argument "---port=1"'],
    [["-=1"], 'unexpected argument "-=1"'],
    [["-port"], "flag -port needs a value"],
    [["-port=1", "--log-level"], "flag -log-level needs a value"],
  ] as const)("is refused: %j", (argv, message) => {
    expect(messageOf(argv)).toBe(message);
  });
});

test.each([
  [["--url", "http://x", "health"], "unknown flag -url (-help lists all)", "health"],
  [["-api-key=k", "topics", "create", "a"], 'unexpected argument "topics"', "topics"],
] as const)("a verb behind options is refused with a hint where it goes: %j", (argv, message, verb) => {
  expect(messageOf(argv)).toBe(`${message}; the options of a verb go behind it: ringcast ${verb} [options]`);
});

describe("the environment", () => {
  test("sets what no flag does", () => {
    expect(configOf([], { PORT: "9090", MAX_QUEUE_SIZE: "7", TRUST_PROXY: "true" })).toMatchObject({
      port: 9090,
      maxQueueSize: 7,
      trustProxy: true,
    });
    expect(configOf(["-port=1"], { PORT: "2" }).port).toBe(1);
  });

  test("may hold nonsense for what a flag sets, and variables that are not ours", () => {
    expect(configOf(["-port=1"], { PORT: "nonsense", BOGUS: "1", port: "3" }).port).toBe(1);
  });

  test("has a variable for every flag, of the flag's name", () => {
    expect(OPTION_NAMES.map((name) => variableOf(OPTIONS[name].flag))).toEqual(
      OPTION_NAMES.map((name) => OPTIONS[name].flag.toUpperCase().replace(/-/g, "_")),
    );
    expect(variableOf("max-control-frames-per-sec")).toBe("MAX_CONTROL_FRAMES_PER_SEC");
  });
});

/** For every option, values that it takes and what they mean, and values that it does not. */
const VALUES: { readonly [K in keyof Config]: { good: readonly [string, Config[K]][]; bad: readonly string[] } } = {
  host: {
    good: [
      ["127.0.0.1", "127.0.0.1"],
      ["::1", "::1"],
      ["a-b.example", "a-b.example"],
    ],
    bad: ["a b", "a/b", "é"],
  },
  port: {
    good: [
      ["0", 0],
      ["65535", 65_535],
    ],
    bad: ["65536", "-1", "1.5", "1e3", "0x1", "", " 1", "http", "١"],
  },
  readTimeoutMs: {
    good: [
      ["1ms", 1],
      ["24h", 86_400_000],
    ],
    bad: ["0s", "24h1s", "-1s", "10", "soon", ""],
  },
  writeTimeoutMs: { good: [["1.5s", 1500]], bad: ["0", "25h", "1d"] },
  idleTimeoutMs: {
    good: [
      ["1s", 1000],
      ["24h", 86_400_000],
    ],
    bad: ["999ms", "24h1s", "x"],
  },
  shutdownTimeoutMs: { good: [["1m30s", 90_000]], bad: ["0s", "x"] },
  maxConnections: {
    good: [
      ["0", 0],
      ["10000000", 10_000_000],
    ],
    bad: ["10000001", "-1", "many"],
  },
  // One without the other is refused: contradictions.test.ts.
  tlsCert: { good: [["", ""]], bad: ["a\0b"] },
  tlsKey: { good: [["", ""]], bad: ["a\0b"] },
  maxQueueSize: {
    good: [
      ["1", 1],
      ["1000000", 1_000_000],
    ],
    bad: ["0", "1000001", "x"],
  },
  maxQueueBytes: { good: [["4096", 4096]], bad: ["4095", "2147483648", "16MB"] },
  ringBufferSize: {
    good: [
      ["0", 0],
      ["1000000", 1_000_000],
    ],
    bad: ["-1", "1000001", "x"],
  },
  maxHistoryBytes: {
    good: [
      ["0", 0],
      ["1000000000000", 1_000_000_000_000],
    ],
    bad: ["-1", "1000000000001", "64MB"],
  },
  pingIntervalMs: {
    good: [
      ["10ms", 10],
      ["59s", 59_000],
    ],
    bad: ["9ms", "25h", "x"],
  },
  pongWaitMs: {
    good: [
      ["55s", 55_000],
      ["24h", 86_400_000],
    ],
    bad: ["19ms", "25h", "x"],
  },
  writeWaitMs: { good: [["10ms", 10]], bad: ["9ms", "25h", "x"] },
  maxMessageSize: {
    good: [
      ["1", 1],
      ["268435456", 268_435_456],
    ],
    bad: ["0", "268435457", "1MB"],
  },
  enableCompression: {
    good: [
      ["true", true],
      ["0", false],
    ],
    bad: ["yes", "", "on"],
  },
  autoCreateTopics: {
    good: [
      ["false", false],
      ["1", true],
    ],
    bad: ["no", "2"],
  },
  topicTtlMs: {
    good: [
      ["0", 0],
      ["0s", 0],
      ["1h", 3_600_000],
    ],
    bad: ["25h", "-1s", "x"],
  },
  idleTopicTtlMs: {
    good: [
      ["0s", 0],
      ["1m", 60_000],
    ],
    bad: ["25h", "x"],
  },
  historyLingerMs: { good: [["0s", 0]], bad: ["25h", "never"] },
  maxTopics: { good: [["1", 1]], bad: ["0", "100000001", "x"] },
  maxSubscriptions: { good: [["1", 1]], bad: ["0", "1000001", "x"] },
  maxControlFramesPerSec: { good: [["1", 1]], bad: ["0", "1000001", "x"] },
  tokenSecret: {
    good: [
      ["", ""],
      ["s".repeat(32), "s".repeat(32)],
      ["~".repeat(1024), "~".repeat(1024)],
    ],
    bad: ["s".repeat(31), "s".repeat(1025), `${"s".repeat(32)} `, "é".repeat(32)],
  },
  tokenJwks: {
    good: [
      ["", ""],
      ["/etc/keys.json", "/etc/keys.json"],
      ["keys.json", resolve("keys.json")],
      ["https://id.example/keys?v=1", new URL("https://id.example/keys?v=1")],
      ["HTTP://127.0.0.1:8080/", new URL("http://127.0.0.1:8080/")],
    ],
    bad: ["http://", "https://a b/", "ftp://id.example/keys", "file:///keys", "https://user:pass@id.example/", "a\0b"],
  },
  apiKeys: {
    good: [
      ["", []],
      ["k!~", [{ name: "api-key", role: "admin", key: "k!~" }]],
      ["k".repeat(256), [{ name: "api-key", role: "admin", key: "k".repeat(256) }]],
      ["feed:publish:a:b", [{ name: "feed", role: "publish", key: "a:b" }]],
    ],
    bad: ["a b", "é", "a\n", "k".repeat(257), "a:admin:k b:admin:k", "a:admin:k a:admin:l"],
  },
  apiKeysFile: {
    good: [
      ["", ""],
      ["/etc/ringcast/keys", "/etc/ringcast/keys"],
    ],
    bad: ["a\0b"],
  },
  enableCors: { good: [["true", true]], bad: ["maybe"] },
  metricsAuth: { good: [["false", false]], bad: ["no"] },
  trace: { good: [["true", true]], bad: ["maybe"] },
  metricsTopics: { good: [["a, b/c d ,a", ["a", "b/c d"]]], bad: ["a,,b", "a\u0007b"] },
  allowedOrigins: {
    good: [
      ["*", ["*"]],
      ["null", ["null"]],
      ["https://a.example, http://b.example:8080", ["https://a.example", "http://b.example:8080"]],
    ],
    bad: ["", "a.example", "https://a.example/", "https://a.example,", "https://a/x", "https://", "https://a b"],
  },
  rateLimitPerMin: {
    good: [
      ["0", 0],
      ["60000000", 60_000_000],
    ],
    bad: ["-1", "60000001", "x"],
  },
  rateLimitBurst: { good: [["1", 1]], bad: ["0", "1000001", "x"] },
  trustProxy: { good: [["true", true]], bad: ["x"] },
  logLevel: {
    good: [
      ["debug", "debug"],
      ["error", "error"],
    ],
    bad: ["", "INFO", "trace", "toString"],
  },
  logFormat: { good: [["json", "json"]], bad: ["", "xml"] },
};

describe.each(OPTION_NAMES.map((name) => [OPTIONS[name].flag, name] as const))("-%s", (flag, name) => {
  const { bad, good } = VALUES[name];

  test("takes values, from the flag and from the variable", () => {
    for (const [text, value] of good) {
      expect(configOf([`-${flag}=${text}`])[name]).toEqual(value);
      expect(configOf([], { [variableOf(flag)]: text })[name]).toEqual(value);
    }
  });

  test("refuses others with one clear line that names it", () => {
    for (const text of bad) {
      for (const [message, source] of [
        [messageOf([`-${flag}=${text}`]), `flag -${flag} must `],
        [messageOf([], { [variableOf(flag)]: text }), `variable ${variableOf(flag)} must `],
      ] as const) {
        expect(message.slice(0, source.length)).toBe(source);
        expect(message).toMatch(/^[\x20-\x7e]+$/);
      }
    }
  });
});

describe("a refusal", () => {
  test("shows what was given, on one line and cut short", () => {
    expect(messageOf(["-port=x"])).toBe('flag -port must be an integer from 0 to 65535 (it is "x")');
    expect(messageOf([], { LOG_LEVEL: "a\nb" })).toContain('(it is "a\\nb")');
    for (const argv of [["-port=\n\u0085\u2028\u001b[31m"], ["-\u001b[31m\n\u009b"], ["\u2028\u0085\u007f\n"]]) {
      expect(messageOf(argv)).toMatch(/^[\x20-\x7e]+$/);
    }
    expect(messageOf([`-port=${"9".repeat(10_000)}`]).length).toBeLessThan(300);
  });

  test("never shows a secret", () => {
    const secret = "very secret";
    for (const message of [messageOf([`-api-key=${secret}`]), messageOf([], { API_KEY: secret })]) {
      expect(message).toMatch(/^(flag -api-key|variable API_KEY) must be /);
      expect(message).not.toContain("secret");
    }
    expect(messageOf(["-api-key", "s3cret", "-port=x"])).not.toContain("s3cret");
  });
});

describe("descriptions", () => {
  test("in -help name every flag with its default and its variable", () => {
    const help = helpText();
    for (const name of OPTION_NAMES) {
      const { defaultText, flag } = OPTIONS[name];
      expect(help).toMatch(new RegExp(`^ {2}-${flag}( |$)`, "m"));
      expect(help).toContain(`(default: ${defaultText}; ${variableOf(flag)})`);
    }
  });

  test("of defaults are what the defaults are", () => {
    for (const name of OPTION_NAMES) {
      const { defaultText, defaultValue, flag } = OPTIONS[name];
      // That nothing is given is said in words.
      if (defaultValue === "" || defaultText === "none") continue;
      expect<unknown>(configOf([`-${flag}=${defaultText}`])[name]).toEqual(defaultValue);
    }
  });
});
