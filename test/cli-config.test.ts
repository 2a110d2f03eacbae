import { describe, expect, test, vi } from "vitest";
import { OPTION_NAMES, OPTIONS } from "../src/config/options.ts";
import { runToEnd } from "./support/server-process.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const SECRET = "a-secret-of-at-least-thirty-two-characters";

/** The rows of the table, by flag. */
async function rowsOf(
  flags: readonly string[],
  environment: Record<string, string> = {},
): Promise<Map<string, string>> {
  const { code, stderr, stdout } = await runToEnd(["config", ...flags], environment);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const [head, ...lines] = stdout.trimEnd().split("\n");
  expect(head).toMatch(/^Flag +Value +From$/);
  return new Map(lines.map((line) => [line.split(" ")[0] ?? "", line.replace(/^\S+ +/, "").replace(/ {2,}/g, "|")]));
}

describe("ringcast config", () => {
  test("prints each flag, its value, and where it comes from", async () => {
    const rows = await rowsOf(["-port=9090", "--write-wait", "90s", "-trust-proxy"], {
      PORT: "1",
      MAX_TOPICS: "5",
      API_KEY: "top-SECRET",
    });
    expect([...rows.keys()]).toEqual(OPTION_NAMES.map((name) => `-${OPTIONS[name].flag}`));
    expect(Object.fromEntries(rows)).toMatchObject({
      "-host": "all interfaces|default",
      "-port": "9090|flag",
      "-write-wait": "1m30s|flag",
      "-trust-proxy": "true|flag",
      "-max-topics": "5|environment (MAX_TOPICS)",
      "-api-key": "***|environment (API_KEY)",
      "-token-secret": "derived from the API key|default",
      "-allowed-origins": "*|default",
    });
  });

  test("prints an object for programs with --json, and masks secrets there, too", async () => {
    const words = ["config", "--json", "-api-key=top-SECRET", `-token-secret=${SECRET}`, "-allowed-origins=null,*"];
    const { code, stderr, stdout } = await runToEnd(words, { LOG_LEVEL: "warn" });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const config = JSON.parse(stdout);
    expect(Object.keys(config)).toEqual(OPTION_NAMES.map((name) => OPTIONS[name].flag));
    expect(config).toMatchObject({
      "api-key": { value: "***", source: "flag" },
      "token-secret": { value: "***", source: "flag" },
      "allowed-origins": { value: ["null", "*"], source: "flag" },
      "log-level": { value: "warn", source: "environment" },
      "pong-wait": { value: "1m0s", source: "default" },
      port: { value: 8080, source: "default" },
    });
    expect(stdout).not.toMatch(/top-SECRET|thirty-two/);
  });

  test("refuses what the server refuses, with the same line and exit code 2", async () => {
    for (const [flags, environment] of [
      [["-port=none"], {}],
      [["-prot=1"], {}],
      [["word"], {}],
      [["-ping-interval=60s", "-pong-wait=30s"], {}],
      [[], { MAX_TOPICS: "many" }],
    ] as const) {
      const refused = await runToEnd(["config", ...flags], environment);
      expect(refused).toMatchObject({ code: 2, stdout: "" });
      expect(refused).toEqual(await runToEnd(flags, environment));
    }
  });

  test("prints values on one line each, whatever is in them", async () => {
    const { code, stdout } = await runToEnd(["config", "-tls-cert=a\n\u001b[31mb", "-tls-key=\u2028"]);
    expect(code).toBe(0);
    expect(stdout.trimEnd().split("\n")).toHaveLength(OPTION_NAMES.length + 1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for.
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u2028]/);
  });

  test("has help of its own", async () => {
    const help = await runToEnd(["help", "config"]);
    expect(help).toMatchObject({ code: 0, stderr: "" });
    expect(help.stdout).toContain("ringcast config [--json] [-flag=value ...]");
    expect(await runToEnd(["config", "-help"])).toEqual(await runToEnd(["-help"]));
  });
});
