import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { Build } from "./client-suite/build.ts";
import type { Files } from "./client-suite/harness.ts";
import { testScenarios } from "./client-suite/tests.ts";

/** Debian's Chromium. */
const CHROMIUM = "/usr/bin/chromium";
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--js-flags=--expose-gc",
];
const isThere = existsSync(CHROMIUM);

let browser: Browser | undefined;
let files: Files = {};

beforeAll(async () => {
  if (!isThere) return;
  using build = new Build();
  const type = "text/javascript";
  files = {
    "/": { text: "<!doctype html><title>Ringcast</title>", type: "text/html" },
    "/client.js": { text: build.clientText, type },
    "/http-socket.js": { text: readFileSync(join(build.folder, "http-socket.js"), "utf8"), type },
    "/suite.js": { text: readFileSync(await build.bundle("suite.ts", "browser"), "utf8"), type },
  };
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
}, 60_000);

afterAll(() => browser?.close());

testScenarios({
  runtime: "browser",
  missing: isThere ? undefined : `there is no ${CHROMIUM}`,
  files: async () => files,
  run: async (name, place) => {
    const page = await browser?.newPage();
    if (page === undefined) throw new Error("there is no browser");
    try {
      await page.goto(new URL("/", place.controlUrl).href);
      // As text: a function would be sent as it was compiled for this process, with the import replaced.
      const call = `suite.runScenario(sdk, ${JSON.stringify(name)}, ${JSON.stringify(place)})`;
      const script = `Promise.all([import("/suite.js"), import("/client.js")]).then(([suite, sdk]) => ${call})`;
      return String(await page.evaluate(script));
    } finally {
      await page.close();
    }
  },
});
