import { describe, expect, test, vi } from "vitest";
import { OPTION_NAMES, OPTIONS, variableOf } from "../src/config/options.ts";
import { RawProcess } from "./support/raw-process.ts";
import { configOf, runToEnd } from "./support/server-process.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const QUIET = ["-host=127.0.0.1", "-port=0"];

/** Runs the command and expects a refusal: this code, one line on standard error, nothing else. Returns the line. */
async function refusal(flags: readonly string[], environment: Record<string, string> = {}, code = 2): Promise<string> {
  const ended = await runToEnd(flags, environment);
  expect(ended).toMatchObject({ code, stdout: "" });
  expect(ended.stderr).toMatch(/^ringcast: [\x20-\x7e]+\n$/);
  expect(ended.stderr).not.toMatch(/\bat .*\.ts\b/);
  return ended.stderr;
}

describe("-help", () => {
  test("prints every flag with its default and variable to standard output, and exits with 0", async () => {
    for (const spelling of ["-help", "--help", "-h"]) {
      const { code, stdout, stderr } = await runToEnd([spelling]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      for (const name of OPTION_NAMES) {
        const { defaultText, flag } = OPTIONS[name];
        expect(stdout).toMatch(new RegExp(`^ +-${flag}( |$)`, "m"));
        expect(stdout).toContain(`(default: ${defaultText}; ${variableOf(flag)})`);
      }
      expect(stdout).toMatch(/^ +-help$/m);
      expect(stdout).toMatch(/^ +-version$/m);
    }
  });

  test("has every flag of the specification, with the specification's default", async () => {
    const { stdout } = await runToEnd(["-help"]);
    const defaults = {
      port: "8080",
      "read-timeout": "10s",
      "write-timeout": "10s",
      "idle-timeout": "1m0s",
      "shutdown-timeout": "10s",
      "max-queue-size": "100",
      "ring-buffer-size": "100",
      "ping-interval": "54s",
      "pong-wait": "1m0s",
      "write-wait": "10s",
      "max-message-size": "1048576",
      "enable-compression": "false",
      "api-key": "none",
      "api-keys-file": "none",
      "tls-cert": "none",
      "tls-key": "none",
      "token-secret": "derived from the API key",
      "enable-cors": "false",
      "allowed-origins": "*",
      "rate-limit-per-min": "1000",
      "rate-limit-burst": "100",
      "log-level": "info",
      "log-format": "text",
      host: "all interfaces",
      "max-queue-bytes": "16777216",
      "max-connections": "0",
      "max-subscriptions": "1024",
      "max-topics": "100000",
      "auto-create-topics": "true",
      "topic-ttl": "0s",
      "idle-topic-ttl": "1m0s",
      "history-linger": "30s",
      "trust-proxy": "false",
    };
    for (const [flag, text] of Object.entries(defaults)) {
      expect(stdout).toContain(`(default: ${text}; ${flag.toUpperCase().replaceAll("-", "_")})`);
    }
  });

  test("wins over what else stands on the line, and starts no server", async () => {
    expect((await runToEnd(["-port=0", "-help"])).code).toBe(0);
  });
});

describe("-version", () => {
  test("prints the version to standard output, and exits with 0", async () => {
    const { code, stdout, stderr } = await runToEnd(["-version"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^ringcast \d+\.\d+\.\d+\n$/);
  });
});

describe("a command line that is wrong", () => {
  test("is refused for an unknown flag, which is named", async () => {
    expect(await refusal(["-prot=9090"])).toContain("-prot");
    expect(await refusal(["--no-such-flag"])).toContain("-no-such-flag");
  });

  test("is refused for a stray word, which is named", async () => {
    expect(await refusal(["server"])).toContain('"server"');
    expect(await refusal([...QUIET, "-enable-cors", "false"])).toContain('"false"');
  });

  test("is refused for a flag without its value", async () => {
    expect(await refusal(["-port"])).toContain("-port");
  });

  test("stays on one line whatever was typed", async () => {
    await refusal(["a\nb\u0085c\u2028d\u001b[31m"]);
    await refusal(["-x\ny=1"]);
    await refusal(["-port=\n\u2029"]);
    await refusal(["-allowed-origins=https://a\u0085\n"]);
    expect((await refusal(["x".repeat(50_000)])).length).toBeLessThan(300);
  });

  test("does not print what was given for the key", async () => {
    expect(await refusal(["-api-key=pass word"])).not.toContain("pass word");
  });

  test("is refused where two options contradict each other", async () => {
    expect(await refusal(["-ping-interval=60s", "-pong-wait=30s"])).toContain("-ping-interval");
    expect(await refusal(["-tls-cert=cert.pem"])).toContain("-tls-key");
  });
});

// For each kind of value what is malformed, and what is well formed but out of range.
const WRONG_VALUES: Record<string, readonly string[]> = {
  port: ["65536", "-1", "80.5", "1e3", "0x50", "http", "", " 80", "+80"],
  host: ["not a host", "a/b", "http://localhost"],
  "read-timeout": ["10", "ten seconds", "10sec", "-1s", "0s", "25h", "1d", ""],
  "write-timeout": ["0s"],
  "idle-timeout": ["500ms", "25h"],
  "shutdown-timeout": ["0s"],
  "max-connections": ["-1", "10000001"],
  "max-queue-size": ["0", "1000001", "many"],
  "max-queue-bytes": ["4095", "1MB"],
  "ring-buffer-size": ["-1", "1000001"],
  "max-history-bytes": ["-1", "64MB"],
  "ping-interval": ["9ms", "5"],
  "pong-wait": ["19ms", "5"],
  "write-wait": ["9ms", "5"],
  "max-message-size": ["0", "268435457", "1MB"],
  "enable-compression": ["yes", "TRUE!", ""],
  "auto-create-topics": ["no"],
  "topic-ttl": ["-5s", "5"],
  "idle-topic-ttl": ["5"],
  "history-linger": ["25h", "never"],
  "max-topics": ["0"],
  "max-subscriptions": ["0"],
  "max-control-frames-per-sec": ["0"],
  "token-secret": ["too-short", "x".repeat(1025)],
  "token-jwks": ["http://", "ftp://127.0.0.1/keys"],
  "api-key": ["two words", "ключ", "x".repeat(257)],
  // Any text may be a path. What is wrong with a file itself: test/api-keys.test.ts, test/tls.test.ts.
  "api-keys-file": [],
  "tls-cert": [],
  "tls-key": [],
  "enable-cors": ["maybe"],
  "allowed-origins": ["", "example.com", "https://example.com/path", "https://a.com,,https://b.com"],
  "rate-limit-per-min": ["-1", "1.5"],
  "rate-limit-burst": ["0"],
  "trust-proxy": ["2"],
  "metrics-auth": ["maybe"],
  "metrics-topics": ["a,,b", "x".repeat(256), Array.from({ length: 101 }, (_, n) => n).join()],
  trace: ["maybe"],
  "log-level": ["verbose", "INFO", ""],
  "log-format": ["xml"],
};

describe("a value that is malformed or out of range", () => {
  test("is known to these tests for every option", () => {
    expect(Object.keys(WRONG_VALUES).sort()).toEqual(OPTION_NAMES.map((name) => OPTIONS[name].flag).sort());
  });

  for (const [flag, values] of Object.entries(WRONG_VALUES)) {
    test(`is refused for -${flag} as a flag and as a variable, each named`, async () => {
      for (const value of values) {
        expect(await refusal([`-${flag}=${value}`])).toContain(`flag -${flag} `);
        const variable = variableOf(flag);
        expect(await refusal([], { [variable]: value })).toContain(`variable ${variable} `);
      }
    }, 120_000);
  }
});

describe("an address that can't be had", () => {
  test("ends the program with code 1 and one line that names the port, if somebody listens there", async () => {
    await using first = new RawProcess(QUIET);
    const { port } = await first.listening();
    expect(await refusal(["-host=127.0.0.1", `-port=${port}`], {}, 1)).toContain(`port ${port}`);
    expect(await refusal(["-host=127.0.0.1"], { PORT: String(port) }, 1)).toContain(`port ${port}`);
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
  });

  test("ends it so also where both listen on all interfaces", async () => {
    await using first = new RawProcess(["-port=0"]);
    const { port } = await first.listening();
    expect(await refusal([`-port=${port}`], {}, 1)).toContain(`port ${port}`);
  });

  test("ends the program with code 1 and one line that names the host, if this machine has no such address", async () => {
    expect(await refusal(["-host=192.0.2.1", "-port=0"], {}, 1)).toContain("192.0.2.1");
    expect(await refusal(["-host=nowhere.invalid", "-port=0"], {}, 1)).toContain("nowhere.invalid");
  });
});

describe("a flag", () => {
  test("is taken in each of its four spellings", async () => {
    for (const spelling of [
      ["-max-queue-size=7"],
      ["--max-queue-size=7"],
      ["-max-queue-size", "7"],
      ["--max-queue-size", "7"],
    ]) {
      expect((await configOf(spelling))["max-queue-size"]).toBe(7);
    }
  });

  test("that is boolean means true alone, and takes true, false, 1 and 0", async () => {
    for (const [words, value] of [
      [["-trust-proxy"], true],
      [["--trust-proxy"], true],
      [["-trust-proxy=true"], true],
      [["-trust-proxy=1"], true],
      [["-trust-proxy=false"], false],
      [["-trust-proxy=0"], false],
      [["-trust-proxy", "-enable-cors"], true],
    ] as const) {
      expect((await configOf(words))["trust-proxy"]).toBe(value);
    }
  });

  test("may hold an equals sign in its value", async () => {
    await using server = new RawProcess([...QUIET, "-api-key=a=b=c"]);
    const { port } = await server.listening();
    const answer = await fetch(`http://127.0.0.1:${port}/stats`, { headers: { "X-API-Key": "a=b=c" } });
    expect(answer.status).toBe(200);
  });

  test("takes durations as Go writes them", async () => {
    for (const [text, value] of [
      ["300ms", "300ms"],
      ["10s", "10s"],
      ["1m30s", "1m30s"],
      ["90s", "1m30s"],
      ["1h", "1h0m0s"],
      ["1.5s", "1.5s"],
      ["1h2m3s4ms", "1h2m3.004s"],
    ] as const) {
      expect((await configOf([`-write-wait=${text}`]))["write-wait"]).toBe(value);
    }
  });

  test("beats its variable, which beats the default", async () => {
    const variables = { MAX_QUEUE_SIZE: "8", RING_BUFFER_SIZE: "9" };
    const config = await configOf(["-max-queue-size=7"], variables);
    expect(config).toMatchObject({ "max-queue-size": 7, "ring-buffer-size": 9, "max-topics": 100_000 });
  });

  test("beats its variable even if the variable is malformed", async () => {
    expect(await configOf(["-max-queue-size=7"], { MAX_QUEUE_SIZE: "many" })).toMatchObject({ "max-queue-size": 7 });
  });

  test("given twice counts as it was given last", async () => {
    expect(await configOf(["-max-queue-size=7", "-max-queue-size=8"])).toMatchObject({ "max-queue-size": 8 });
  });
});

test("a server takes its start-up flags, serves, and says nothing on standard error", async () => {
  await using server = new RawProcess(QUIET);
  const { port } = await server.listening();
  expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
  expect(await server.stop()).toEqual({ code: 0, stderr: "" });
});
