import { afterAll, beforeAll } from "bun:test";
import { newestNode } from "../bench/peers/node.ts";
import { Build } from "./client-suite/build.ts";
import { testScenarios } from "./client-suite/tests.ts";

/** The first version that has a WebSocket of its own. */
const NEEDED = "22.0.0";
const node = newestNode();
const isThere = node !== undefined && Bun.semver.order(node.version, NEEDED) >= 0;

let build: Build | undefined;
let script = "";

beforeAll(async () => {
  build = new Build();
  script = await build.bundle("node-main.ts", "node");
});

afterAll(() => build?.[Symbol.dispose]());

testScenarios({
  runtime: "node",
  missing: isThere ? undefined : "it takes Node.js 22, on the PATH or by npm ci --prefix bench",
  run: async (name, place) => {
    const command = [node?.path ?? "", "--expose-gc", script, build?.clientPath ?? "", name, JSON.stringify(place)];
    const child = Bun.spawn(command, { stdout: "pipe", stderr: "pipe" });
    const [code, told, problems] = await Promise.all([
      child.exited,
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    if (code !== 0) throw new Error(problems);
    return told;
  },
});
