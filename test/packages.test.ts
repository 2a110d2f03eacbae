import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import packageJson from "../package.json" with { type: "json" };

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      engines: z.union([z.object({ node: z.string().optional() }), z.array(z.string())]).optional(),
      hasInstallScript: z.boolean().optional(),
      deprecated: z.string().optional(),
    }),
  ),
});
const { packages } = lockSchema.parse(
  JSON.parse(readFileSync(join(import.meta.dirname, "..", "package-lock.json"), "utf8")),
);
const installed = Object.entries(packages).filter(([path]) => path !== "");

/** Whether a range of versions has one of Node.js 20 in it. */
function acceptsNode20(range: string): boolean {
  return range.split("||").some((alternative) => {
    const [, operator = "", major = ""] = /^\s*(>=|\^|~|=|)\s*v?(\d+|\*)/.exec(alternative) ?? [];
    return major === "*" || (operator === ">=" ? Number(major) <= 20 : Number(major) === 20);
  });
}

test.each([
  [">=20", true],
  ["^16 || ^18 || >=20", true],
  ["^20.19.0 || >=22.12.0", true],
  ["20 || >=22", true],
  [">= 10.x", true],
  ["*", true],
  ["^22 || ^24 || >=26", false],
  [">=22.12.0", false],
])("the range %s accepts Node.js 20: %s", (range, expected) => {
  expect(acceptsNode20(range)).toBe(expected);
});

test("no package declares a newer Node.js than 20, of which npm would warn at every install", () => {
  expect(installed.length).toBeGreaterThan(50);
  const refusing = installed.filter(([, { engines }]) => {
    return engines !== undefined && !Array.isArray(engines) && !acceptsNode20(engines.node ?? "*");
  });
  expect(refusing).toEqual([]);
});

test("no package is deprecated, of which npm would warn too", () => {
  expect(installed.filter(([, { deprecated }]) => deprecated !== undefined)).toEqual([]);
});

test("every install script is allowed or refused by name", () => {
  const names = installed.flatMap(([path, { hasInstallScript }]) => {
    return hasInstallScript === true ? [path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length)] : [];
  });
  expect(names.filter((name) => !Object.hasOwn(packageJson.allowScripts, name))).toEqual([]);
});
