import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { OPTION_NAMES, OPTIONS, variableOf } from "../src/config/options.ts";
import { CERTIFICATES } from "./support/certificates.ts";
import { parseLogLine, RawProcess } from "./support/raw-process.ts";
import { configOf, ROOT, ServerProcess } from "./support/server-process.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

// A value for every variable that differs from the default, and what `ringcast config` is to say of it. That a value
// does its job once it is in force is shown by the tests of the flags: both ways lead to the same configuration.
const KEYS_FILE = join(ROOT, "test", "support", "api-keys.txt");
const VALUES: Record<string, readonly [text: string, inForce: unknown]> = {
  host: ["127.0.0.1", "127.0.0.1"],
  port: ["0", 0],
  "read-timeout": ["11s", "11s"],
  "write-timeout": ["12s", "12s"],
  "idle-timeout": ["1m1s", "1m1s"],
  "shutdown-timeout": ["13s", "13s"],
  "max-connections": ["14", 14],
  "tls-cert": [CERTIFICATES.first.certFile, CERTIFICATES.first.certFile],
  "tls-key": [CERTIFICATES.first.keyFile, CERTIFICATES.first.keyFile],
  "max-queue-size": ["200", 200],
  "max-queue-bytes": ["8192", 8192],
  "ring-buffer-size": ["15", 15],
  "max-history-bytes": ["1000000", 1_000_000],
  "ping-interval": ["1.5s", "1.5s"],
  "pong-wait": ["1h", "1h0m0s"],
  "write-wait": ["300ms", "300ms"],
  "max-message-size": ["2048", 2048],
  "enable-compression": ["true", true],
  "auto-create-topics": ["false", false],
  "topic-ttl": ["16s", "16s"],
  "idle-topic-ttl": ["17s", "17s"],
  "history-linger": ["23s", "23s"],
  "max-topics": ["18", 18],
  "max-subscriptions": ["19", 19],
  "max-control-frames-per-sec": ["20", 20],
  "api-key": ["secret-key", "***"],
  "api-keys-file": [KEYS_FILE, KEYS_FILE],
  "token-secret": ["a-secret-of-at-least-thirty-two-characters", "***"],
  // Nobody answers there, which is no reason not to start.
  "token-jwks": ["http://127.0.0.1:1/keys", "http://127.0.0.1:1/keys"],
  "enable-cors": ["1", true],
  "allowed-origins": ["https://a.example, https://b.example", ["https://a.example", "https://b.example"]],
  "rate-limit-per-min": ["21", 21],
  "rate-limit-burst": ["22", 22],
  "trust-proxy": ["true", true],
  "metrics-auth": ["false", false],
  "metrics-topics": ["a, b", ["a", "b"]],
  trace: ["true", true],
  "log-level": ["debug", "debug"],
  "log-format": ["json", "json"],
};
const QUIET = { HOST: "127.0.0.1", PORT: "0" };
/** What a flag can't do without. */
const BESIDE: Record<string, Record<string, string>> = {
  "tls-cert": { TLS_KEY: CERTIFICATES.first.keyFile },
  "tls-key": { TLS_CERT: CERTIFICATES.first.certFile },
};

describe("an environment variable", () => {
  test("is known to these tests for every option", () => {
    expect(Object.keys(VALUES).sort()).toEqual(OPTION_NAMES.map((name) => OPTIONS[name].flag).sort());
  });

  for (const [flag, [text, inForce]] of Object.entries(VALUES)) {
    test(`${variableOf(flag)} does what -${flag} does, and nothing else`, async () => {
      const rest = { ...QUIET, ...BESIDE[flag] };
      const config = await configOf([], { ...rest, [variableOf(flag)]: text });
      expect(config[flag]).toEqual(inForce);
      expect(await configOf([`-${flag}=${text}`], rest)).toEqual(config);
    });
  }

  test("of the specification's list works together with all others", async () => {
    const environment = Object.fromEntries(Object.entries(VALUES).map(([flag, [text]]) => [variableOf(flag), text]));
    await using server = new RawProcess([], { environment });
    await server.listening();
    const { config } = parseLogLine(await server.nextLine('"configuration"'));
    expect(config).toEqual(Object.fromEntries(Object.entries(VALUES).map(([flag, [, inForce]]) => [flag, inForce])));
  });

  test("that is set but empty counts as given: no key, all interfaces, but no port", async () => {
    expect(await configOf([], { API_KEY: "", HOST: "" })).toMatchObject({ "api-key": "", host: "" });
  });

  test("API_KEY protects as -api-key does, and a flag overrides it", async () => {
    const environment = { API_KEY: "of-the-variable" };
    await using protectedServer = await ServerProcess.start([], { environment });
    await using overridden = await ServerProcess.start(["-api-key=of-the-flag"], { environment });
    const ask = async (server: ServerProcess, key: string) =>
      (await server.fetch("/stats", { headers: { "X-API-Key": key } })).status;
    expect(await ask(protectedServer, "of-the-variable")).toBe(200);
    expect(await ask(protectedServer, "of-the-flag")).toBe(401);
    expect(await ask(overridden, "of-the-flag")).toBe(200);
    expect(await ask(overridden, "of-the-variable")).toBe(401);
  });

  test("PORT decides where the server listens", async () => {
    await using first = new RawProcess([], { environment: QUIET });
    const { port } = await first.listening();
    await first.stop();
    await using second = new RawProcess([], { environment: { HOST: "127.0.0.1", PORT: String(port) } });
    await second.listening();
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
  });
});
