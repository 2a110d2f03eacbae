import { existsSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { expect, test } from "vitest";
import { SEED } from "./support/seed.ts";

const CHROMIUM = "/usr/bin/chromium";
/** More by `HOSTILE_RUNS`, as in src/client/hostile-server.property.test.ts. */
const RUNS = Number(process.env["HOSTILE_RUNS"] ?? 2000);

test.skipIf(!existsSync(CHROMIUM))(
  `whatever a server does, the SDK in Chromium stays true and settles in ${RUNS} runs (seed ${SEED})`,
  async () => {
    const { outputFiles } = await build({
      entryPoints: [join(import.meta.dirname, "hostile", "run.ts")],
      bundle: true,
      write: false,
      format: "iife",
      globalName: "hostile",
      target: "es2022",
    });
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
    try {
      const page = await browser.newPage();
      const complaints: string[] = [];
      page.on("pageerror", (error) => complaints.push(String(error)));
      await page.addScriptTag({ content: outputFiles[0]?.text ?? "" });
      const tally: unknown = await page.evaluate(`hostile.playRuns(${SEED}, ${RUNS})`);
      process.stdout.write(`  ${JSON.stringify(tally)}\n`);
      expect(tally).toMatchObject({ events: expect.any(Number), connections: expect.any(Number) });
      expect(complaints).toEqual([]);
    } finally {
      await browser.close();
    }
  },
  60_000 + RUNS * 10,
);
