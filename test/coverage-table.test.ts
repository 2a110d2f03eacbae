import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { OPTION_NAMES, OPTIONS, variableOf } from "../src/config/options.ts";
import { ERROR_CODES } from "../src/protocol/errors.ts";
import { ROOT } from "./support/server-process.ts";

const TABLE = join(ROOT, "docs", "specification-coverage.md");

/** Codes that no row can ask for: a server without defects never sends them. */
const NEVER_SENT = ["INTERNAL"];

interface Row {
  readonly what: string;
  readonly file: string;
  readonly title: string;
}

function readRows(): Row[] {
  const rows: Row[] = [];
  for (const line of readFileSync(TABLE, "utf8").split("\n")) {
    const [, what = "", file = "", title = ""] = line.split("|").map((cell) => cell.trim());
    if (file.startsWith("`")) rows.push({ what, file: file.replaceAll("`", ""), title });
  }
  return rows;
}

/** Finds a title as the first argument of a call; `…` in it stands for what the test fills in. */
function titlePattern(title: string): RegExp {
  const parts = title.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`\\(\\s*(["'\`])${parts.join("\\$\\{[^`]*?\\}")}\\1\\s*,`);
}

function hasTitle(source: string, title: string): boolean {
  return titlePattern(title).test(source.replace(/^\s*\/\/.*$/gm, ""));
}

describe("docs/specification-coverage.md", () => {
  const rows = readRows();

  test("names only test files that are there, and only tests that they have", () => {
    const sources = new Map<string, string>();
    const wrong = rows.filter(({ file, title }) => {
      const path = join(ROOT, file);
      if (!/\.test\.ts$/.test(file) || !existsSync(path)) return true;
      const source = sources.get(file) ?? readFileSync(path, "utf8");
      sources.set(file, source);
      return title === "" || !hasTitle(source, title);
    });
    expect(wrong).toEqual([]);
    expect(rows.length).toBeGreaterThan(150);
  });

  test("has a row for every flag and for its variable", () => {
    const firstCells = rows.map(({ what }) => what);
    const missing = OPTION_NAMES.flatMap((name) => {
      const { flag } = OPTIONS[name];
      return [`\`-${flag}\``, `\`${variableOf(flag)}\``].filter((cell) => !firstCells.includes(cell));
    });
    expect(missing).toEqual([]);
  });

  test("has a row for every error code, message type and endpoint", () => {
    const all = rows.map(({ what }) => what).join("\n");
    const codes = ERROR_CODES.filter((code) => !NEVER_SENT.includes(code));
    const types = ["subscribe", "unsubscribe", "publish", "ping", "refresh", "ack", "event", "error", "pong", "info"];
    const endpoints = [
      "/topics",
      "/topics/{name}",
      "/topics/{name}/messages",
      "/topics/{name}/subscribers",
      "/topics/{name}/messages/{offset}/trace",
      "/topics/{name}/events",
      "/events",
      "/metrics",
      "/health/live",
      "/health/ready",
      "/tokens",
      "/clients",
      "/clients/{id}",
      "/console/",
      "/health",
      "/stats",
      "/ws",
      "/swagger/",
      "/asyncapi.json",
    ];
    for (const word of [...codes, ...types.map((type) => `\`${type}\``), ...endpoints]) expect(all).toContain(word);
  });

  test("would be found to name a test that is not there", () => {
    const filledIn = "`of $" + "{COUNT} kinds`";
    const source = ['test("one thing", () => {});', '// test("gone", () => {});', `test(${filledIn}, () => {});`].join(
      "\n",
    );
    const found = (title: string) => hasTitle(source, title);
    expect(["one thing", "of … kinds"].map(found)).toEqual([true, true]);
    expect(["one", "gone", "another thing", "of … sorts", "of 5 kinds"].map(found)).toEqual(Array(5).fill(false));
  });
});
