import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { transformSync } from "esbuild";
import { globSync } from "tinyglobby";
import { describe, expect, test } from "vitest";
import { ROOT } from "./support/server-process.ts";

// The plan of the house, held by tests: who may import whom, what the core must not know, how long a file may get.

const MAX_LINES = 400;

function filesMatching(pattern: string): string[] {
  return globSync(pattern, { cwd: ROOT, ignore: "**/node_modules/**" }).sort();
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

const STATEMENT = /^(?:import|export)\s+(?:[^;"']*?\sfrom\s+)?"([^"]+)"/gm;
const DYNAMIC = /\bimport\(\s*"([^"]+)"/g;

/** What a file imports, types included: a file of the repository as its path from the root, else a module's name. */
function importsOf(path: string): string[] {
  const text = read(path);
  return [...text.matchAll(STATEMENT), ...text.matchAll(DYNAMIC)].map(([, name = ""]) => {
    return name.startsWith(".") ? normalize(join(dirname(path), name)) : name;
  });
}

const AMBIENT = /\.d\.ts$/;
const SOURCES = filesMatching("src/**/*.{ts,tsx}").filter((path) => !path.endsWith(".test.ts") && !AMBIENT.test(path));
/** What the console's parts look like; each imports its own. */
const STYLES = filesMatching("src/console/**/*.css");
const IMPORTS = new Map(SOURCES.map((path) => [path, importsOf(path)]));

/** `src/core/hub.ts` is of `core`; a file right in `src` is a layer of its own, such as `main.ts`. */
function layerOf(path: string): string {
  return path.split("/")[1] ?? path;
}

/** What each layer may import: other layers, and for some all but these packages. */
const ALLOWED_LAYERS: Record<string, readonly string[]> = {
  bytes: ["bytes"],
  protocol: ["protocol", "bytes"],
  websocket: ["websocket", "bytes"],
  // Of the WebSocket layer, the core knows how a frame is laid out.
  core: ["core", "protocol", "websocket", "bytes"],
  engine: ["engine", "core", "protocol"],
  config: ["config"],
  server: ["server", "websocket", "core", "engine", "protocol", "config"],
  client: ["client", "protocol"],
  // For back ends of others: it may know the protocol's errors, and nothing of the server.
  backend: ["backend", "protocol"],
  // Of the SDK, the hooks know the types alone.
  react: ["react", "client"],
  cli: ["cli", "client", "server", "config", "protocol"],
  console: ["console", "client", "config", "protocol"],
  "serve.ts": ["config", "server"],
  "main.ts": ["config", "cli", "serve.ts"],
};
const ALLOWED_PACKAGES: Record<string, readonly string[] | "any"> = {
  bytes: [],
  protocol: ["zod"],
  websocket: ["node:buffer", "node:crypto", "node:http", "node:net", "node:stream", "node:tls", "node:zlib"],
  core: [],
  engine: [],
  config: ["node:path"],
  server: "any",
  client: [],
  backend: ["jose"],
  react: ["react"],
  cli: "any",
  console: ["preact", "preact/hooks", "@preact/signals", "chart.js"],
  "serve.ts": ["node:net"],
  "main.ts": ["node:v8"],
};

describe.each(SOURCES)("%s", (path) => {
  const layer = layerOf(path);
  const imports = IMPORTS.get(path) ?? [];

  test("imports only what its layer may", () => {
    const layers = ALLOWED_LAYERS[layer] ?? [];
    const packages = ALLOWED_PACKAGES[layer] ?? [];
    const forbidden = imports.filter((target) => {
      if (target.startsWith("src/")) return !layers.includes(layerOf(target));
      if (layer === "main.ts" && target === "package.json") return false;
      return packages !== "any" && !packages.includes(target);
    });
    expect(forbidden).toEqual([]);
  });

  test("imports files that are there, by their whole name", () => {
    const inside = imports.filter((target) => target.startsWith("src/"));
    expect(inside.filter((target) => !SOURCES.includes(target) && !STYLES.includes(target))).toEqual([]);
  });
});

// Neither Bun nor Node nor timers: the core is tested with a fake clock, the protocol also serves browsers.
const WORLD = /\b(?:Bun|process|globalThis|performance|require)\b|\bset(?:Timeout|Interval|Immediate)\b|\bDate\.now\b/;
const PURE = SOURCES.filter((path) => ["bytes", "core", "protocol"].includes(layerOf(path)));

test.each(PURE)("%s knows no Bun, no process, no timers and no clock but its port", (path) => {
  // Without comments and types.
  const { code } = transformSync(read(path), { loader: "ts", minifyWhitespace: true });
  expect(WORLD.exec(code)?.[0]).toBe(undefined);
  // A date of a given time is no clock.
  expect(code).not.toMatch(path === "src/core/clock.ts" ? /\bDate\b(?!\(\w+\))/ : /\bDate\b/);
});

const OF_BUN = /\bBun\.|"bun(?::[a-z]+)?"|\bimport\.meta\.(?:dir|file|path|main|env)\b|\bwith \{ type: "(?!json)/;
const RUNTIME = "src/server/runtime.ts";

test("the core knows of the WebSocket layer only how a frame is laid out", () => {
  const inCore = SOURCES.filter((path) => layerOf(path) === "core" && !path.endsWith(".test.ts"));
  const targets = inCore.flatMap((path) => IMPORTS.get(path) ?? []).filter((target) => layerOf(target) === "websocket");
  expect([...new Set(targets)]).toEqual(["src/websocket/frame.ts"]);
});

test("the source runs on Node.js: nothing of it needs Bun", () => {
  const found = SOURCES.filter((path) => path !== RUNTIME && OF_BUN.test(read(path)));
  expect(found).toEqual([]);
});

/** What a file brings along: all that it imports, and what that imports. */
function broughtBy(path: string): Set<string> {
  const brought = new Set([path]);
  for (const file of brought) for (const target of IMPORTS.get(file) ?? []) brought.add(target);
  return brought;
}

test("a page of the console takes nothing from another, and what pages share nothing from a page or the shell", () => {
  const partOf = (path: string) => /^src\/console\/(parts|shell|pages\/[^/]+)\//.exec(path)?.[1];
  const wrong = SOURCES.filter((path) => layerOf(path) === "console").flatMap((path) =>
    (IMPORTS.get(path) ?? [])
      .filter((target) => {
        const [from, to] = [partOf(path), partOf(target)];
        return from !== undefined && to !== undefined && to !== from && to !== "parts";
      })
      .map((target) => [path, target]),
  );
  expect(wrong).toEqual([]);
  expect(SOURCES.map(partOf)).toContain("pages/topics");
});

// A type is gone once compiled. Anything else of the protocol that needs zod would bring it into every browser.
test.each(SOURCES.filter((path) => ["client", "console"].includes(layerOf(path))))(
  "%s takes nothing but types from what brings zod",
  (path) => {
    const statements = read(path).match(/^(?:import|export)\s[^;]*?"\.[^"]+";/gm) ?? [];
    const values = statements.filter((statement) => !/^(?:import|export) type /.test(statement));
    const files = values.map((statement) => normalize(join(dirname(path), /"([^"]+)";$/.exec(statement)?.[1] ?? "")));
    const ofProtocol = files.filter((file) => layerOf(file) === "protocol");
    expect(ofProtocol.filter((file) => layerOf(path) === "client" || broughtBy(file).has("zod"))).toEqual([]);
  },
);

/** A way from a file back to itself, if there is one; imports of types count too. */
function circle(start: string): string[] | undefined {
  const waysTo = new Map<string, string[]>([[start, [start]]]);
  for (const [path, way] of waysTo) {
    for (const target of IMPORTS.get(path) ?? []) {
      if (target === start) return [...way, start];
      if (!waysTo.has(target)) waysTo.set(target, [...way, target]);
    }
  }
  return undefined;
}

test("no file imports itself by way of others", () => {
  expect(SOURCES.map(circle).filter((way) => way !== undefined)).toEqual([]);
});

test("every source file is part of the server, the SDK or the console", () => {
  const reached = new Set([
    "src/main.ts",
    "src/client/index.ts",
    "src/backend/index.ts",
    "src/react/index.ts",
    "src/console/main.tsx",
  ]);
  for (const path of reached) for (const target of IMPORTS.get(path) ?? []) reached.add(target);
  expect(SOURCES.filter((path) => !reached.has(path))).toEqual([]);
});

test("these tests see the source: its layers, and imports of every form", () => {
  expect([...new Set(SOURCES.map(layerOf))].sort()).toEqual(Object.keys(ALLOWED_LAYERS).sort());
  expect(IMPORTS.get("src/main.ts")).toContain("src/serve.ts");
  expect(IMPORTS.get("src/core/topic.ts")).toContain("src/core/session.ts");
  for (const path of SOURCES) {
    // Counted in another way: by how statements end, and each call.
    const words = read(path).match(/\sfrom "[^"]+"(?: with .*)?;$|^import "|\bimport\(/gm) ?? [];
    expect([path, IMPORTS.get(path)?.length]).toEqual([path, words.length]);
  }
});

test.each(filesMatching("{src,test,bench}/**/*.{ts,tsx,css}"))(`%s is no longer than ${MAX_LINES} lines`, (path) => {
  expect(read(path).trimEnd().split("\n").length).toBeLessThanOrEqual(MAX_LINES);
});
