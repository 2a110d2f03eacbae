import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { z } from "zod";
import { Build } from "./client-suite/build.ts";
import { Directory } from "./support/directory.ts";
import { ROOT } from "./support/server-process.ts";

setDefaultTimeout(60_000);

const MAX_GZIPPED_BYTES = 5 * 1024;

let build: Build;
beforeAll(() => {
  build = new Build();
});
afterAll(() => build[Symbol.dispose]());

/** An application that has the package: the built files, under the name by which package.json exports them. */
function installInto(folder: string): void {
  const target = join(folder, "node_modules", "ringcast");
  mkdirSync(join(target, "dist"), { recursive: true });
  const { exports } = z
    .object({ exports: z.object({ "./client": z.object({ types: z.string(), default: z.string() }) }) })
    .parse(JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")));
  writeFileSync(join(target, "package.json"), JSON.stringify({ name: "ringcast", type: "module", exports }));
  expect(spawnSync("cp", ["-r", build.folder, join(target, "dist", "client")]).status).toBe(0);
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
}

describe("the package ringcast/client", () => {
  test("is one module that imports nothing, of less than 5 KB gzipped", () => {
    const imports = new Bun.Transpiler({ loader: "js" }).scanImports(build.clientText);
    expect(imports).toEqual([]);
    expect(gzipSync(build.clientText, { level: 9 }).length).toBeLessThan(MAX_GZIPPED_BYTES);
  });

  test("is found by Node.js under its name", () => {
    using application = new Directory();
    installInto(application.path);
    const script = 'import("ringcast/client").then((client) => console.log(Object.keys(client).sort().join()))';
    const { stdout } = spawnSync("node", ["--eval", script], { cwd: application.path, encoding: "utf8" });
    expect(stdout).toBe("RingcastError,connect\n");
  });

  test.each(["nodenext", "bundler"])(
    "has types that a strict application compiles with (%s), and that check",
    (how) => {
      using application = new Directory();
      installInto(application.path);
      const module_ = how === "bundler" ? "preserve" : how;
      const flags = [
        "--noEmit",
        "--strict",
        "--module",
        module_,
        "--moduleResolution",
        how,
        "--lib",
        "esnext,dom",
        "--types",
        "",
      ];
      const compile = (text: string) => {
        writeFileSync(join(application.path, "app.ts"), text);
        const tsc = join(ROOT, "node_modules", ".bin", "tsc");
        return spawnSync(tsc, [...flags, "app.ts"], { cwd: application.path, encoding: "utf8" }).stdout;
      };
      const head = 'import { connect, type Gap } from "ringcast/client"; const client = connect("ws://localhost/ws");';
      const right = `${head}
      client.on("gap", ({ from, to }: Gap) => console.log(from, to));
      client.subscribe<{ n: number }>("t", { lastN: 5 }, ({ payload }) => console.log(payload.n + 1));
      for await (const { offset } of client.subscribe("t")) console.log(offset + 1);
      console.log((await client.publish("t", 1)).offset + 1);`;
      expect(compile(right)).toBe("");
      expect(compile(`${head} client.subscribe("t", { lastN: "5" }, () => {});`)).toContain("error TS");
    },
  );
});
