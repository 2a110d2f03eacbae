import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { OPTION_NAMES, OPTIONS, variableOf } from "../src/config/options.ts";
import { ROOT } from "./support/server-process.ts";

/** The rows of a document's tables, each as its cells. */
function tableRows(path: string): string[][] {
  return readFileSync(join(ROOT, path), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) =>
      line
        .slice(1, line.lastIndexOf("|"))
        .split("|")
        .map((cell) => cell.trim()),
    );
}

describe.each(["README.md", "docs/configuration.md"])("%s", (path) => {
  const rows = tableRows(path).filter(([flag]) => flag?.startsWith("`-"));

  test("lists every option once, with its flag, variable and default", () => {
    const documented = rows.map(([flag, variable, text]) => ({ flag, variable, text }));
    const expected = OPTION_NAMES.map((name) => {
      const { defaultText, flag } = OPTIONS[name];
      return { flag: `\`-${flag}\``, variable: `\`${variableOf(flag)}\``, text: `\`${defaultText}\`` };
    });
    expect(documented).toEqual(expected);
  });

  test("says of every option what it does", () => {
    expect(rows.length).toBe(OPTION_NAMES.length);
    for (const row of rows) expect((row[3] ?? "").length).toBeGreaterThan(10);
  });

  test("names the flags that have no variable", () => {
    const text = readFileSync(join(ROOT, path), "utf8");
    for (const flag of ["-help", "-version"]) expect(text).toContain(`\`${flag}\``);
  });
});
