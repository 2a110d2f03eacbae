import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { buildSync } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Build } from "./client-suite/build.ts";
import { findBun } from "./support/programs.ts";
import { ROOT } from "./support/server-process.ts";

/** What a page loads in any case, and where WebSockets fail, in bytes. */
const MAX_GZIPPED_BYTES = { "index.js": 8400, "http-socket.js": 3000 };

/** An application that uses the SDK, for the type checker. */
const APPLICATION = `
import { connect, RingcastError, type Client, type Gap, type State } from "ringcast/client";
const client: Client = connect(new URL("wss://example.com/ws"), { getToken: async () => "token", clientId: undefined });
client.on("gap", ({ topic, from, to, reason }: Gap) => [topic, from + 1, to === null, reason === "expired"]);
client.on("state", (state: State) => state.state === "waiting" && state.retryMs);
client.subscribe<{ n: number }>("t", { lastN: 5 }, ({ payload, offset }) => payload.n + offset);
client.subscribe<{ n: number }>("t", ({ payload }) => payload.n);
for await (const { payload } of client.subscribe<string>("t")) payload.trim();
try {
  const { offset, duplicate } = await client.publish("t", { n: 1 }, { id: "a" });
  [offset + 1, duplicate];
} catch (error) {
  if (error instanceof RingcastError && error.code === "QUEUE_FULL") throw error;
  // @ts-expect-error There is no such code.
  if (error instanceof RingcastError && error.code === "NONESUCH") throw error;
}
// @ts-expect-error Payloads are of the type that was named.
client.subscribe<{ n: number }>("t", {}, ({ payload }) => payload.m);
await client.close();
`;

/** What a module imports, as a bundler sees it. */
function importsOf(path: string): string[] {
  const { metafile } = buildSync({
    entryPoints: [path],
    bundle: true,
    format: "esm",
    packages: "external",
    metafile: true,
    write: false,
  });
  return Object.values(metafile.inputs).flatMap(({ imports }) => imports.map(({ path }) => path));
}

function run(command: readonly string[], cwd: string): { code: number; output: string } {
  const [program = "", ...words] = command;
  const { status, stderr, stdout } = spawnSync(program, words, { cwd, encoding: "utf8" });
  return { code: status ?? -1, output: `${stdout}${stderr}` };
}

/** A back end that uses the SDK. */
const BACK_END = `
import { type Backend, connectBackend, RingcastError, type Published } from "ringcast/server";
const backend: Backend = connectBackend(new URL("https://example.com"), { apiKey: "key", timeoutMs: 1000 });
const published: Published = await backend.publish("t", { n: 1 }, { id: "a", dedupe: true });
await backend.publishAll("t", [{ payload: 1 }, { payload: 2, id: "b" }]);
const token: string = await backend.signToken({ clientId: "web1", subscribe: ["t"] });
const position = await backend.topic("t").position();
[published.offset + 1, token, position?.epoch];
try {
  // @ts-expect-error A grant says for whom it is.
  await backend.signToken({});
} catch (error) {
  if (error instanceof RingcastError && error.code === "UNAUTHORIZED") throw error;
}
`;

/** A program for a runtime whose types know neither browsers nor Node.js. */
const PLAIN = `
import { connect } from "ringcast/client";
import { connectBackend } from "ringcast/server";
const client = connect<{ orders: { item: string } }>("wss://example.com/ws");
client.subscribe("orders", ({ payload }) => payload.item.trim());
connectBackend("https://example.com").publish("t", 1).then(({ offset }) => offset + 1);
`;

describe("the package ringcast/client", () => {
  let build: Build;
  /** A folder of an application that has the package installed, and nothing else. */
  let home: string;

  beforeAll(() => {
    build = new Build();
    home = join(build.folder, "application");
    const installed = join(home, "node_modules", "ringcast");
    mkdirSync(installed, { recursive: true });
    cpSync(join(ROOT, "package.json"), join(installed, "package.json"));
    for (const name of ["index.js", "http-socket.js", "server.js", "types"]) {
      cpSync(join(build.folder, name), join(installed, "dist", "client", name), { recursive: true });
    }
    writeFileSync(join(home, "package.json"), '{"type":"module"}');
    writeFileSync(join(home, "application.ts"), APPLICATION);
    writeFileSync(join(home, "back-end.ts"), BACK_END);
    writeFileSync(join(home, "plain.ts"), PLAIN);
  });

  afterAll(() => {
    rmSync(home, { recursive: true });
    build[Symbol.dispose]();
  });

  test.each(Object.entries(MAX_GZIPPED_BYTES))("%s is less than %d bytes, minified and gzipped", (name, maxBytes) => {
    const bytes = gzipSync(readFileSync(join(build.folder, name)), { level: 9 }).length;
    process.stdout.write(`  ${name}: ${bytes} bytes gzipped\n`);
    expect(bytes).toBeGreaterThan(1000);
    expect(bytes).toBeLessThan(maxBytes);
  });

  test("needs nothing but what every runtime has", () => {
    expect(importsOf(build.clientPath)).toEqual([expect.stringMatching(/http-socket\.js$/)]);
    // Of `process` it asks only whether it is there.
    expect(build.clientText.replace("process:", "").replace(/\w+\?\.env/, "")).not.toMatch(
      /\b(?:require|process|Buffer|Bun|Deno)\b/,
    );
  });

  const bun = findBun();

  test.each([["Node.js", process.execPath], ...(bun === undefined ? [] : [["Bun", bun]])])(
    "is imported by its name in %s",
    (_name = "", runtime = "") => {
      for (const [entry, names] of [
        ["client", "RingcastError,connect"],
        ["server", "RingcastError,connectBackend"],
      ]) {
        const script = `import('ringcast/${entry}').then((sdk) => console.log(Object.keys(sdk).sort().join()))`;
        expect(run([runtime, "-e", script], home)).toEqual({ code: 0, output: `${names}\n` });
      }
    },
  );

  test.each([
    ["bundler", "esnext"],
    ["nodenext", "nodenext"],
  ])(
    "has types that need no other package (module resolution %s)",
    (moduleResolution, module) => {
      const options = { moduleResolution, module, target: "esnext", strict: true, noEmit: true, types: [] };
      for (const [lib, files] of [
        [
          ["esnext", "dom"],
          ["application.ts", "back-end.ts"],
        ],
        [["es2022"], ["plain.ts"]],
      ]) {
        const compilerOptions = { ...options, lib, skipLibCheck: false };
        writeFileSync(join(home, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
        expect(run([join(ROOT, "node_modules/.bin/tsc"), "--project", home], home)).toEqual({ code: 0, output: "" });
      }
    },
    30_000,
  );
});
