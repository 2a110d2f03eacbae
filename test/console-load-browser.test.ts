import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { HAS_BROWSER, launchBrowser } from "./support/browser.ts";
import { ConsolePage } from "./support/console-page.ts";
import { type FrameTimes, frameTimes } from "./support/frame-times.ts";
import { Load } from "./support/load.ts";
import { ServerProcess } from "./support/server-process.ts";

// The console of a busy server: every page, in both themes and on a phone, and how smooth its tables are.

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const LOAD = { topics: 10_000, clients: 500, perSec: 2000 };
const PHONE = { width: 390, height: 844 };
const MAX_FRAME_MS = 100;
/** The machine may be busy with others: of so many tries one has to be without a long frame by the clock, too. */
const TRIES = 5;

/** Each page, by its address, and what shows that it is there. */
const PAGES: Record<string, (view: ConsolePage) => Promise<void>> = {
  "/overview": ({ page }) => page.getByText("10,000 of 100,000").waitFor(),
  "/topics": ({ page }) => page.getByRole("row", { name: "load/00000" }).waitFor(),
  "/topics/load%2F00001": ({ page }) => page.getByText("shipped").first().waitFor(),
  "/clients": ({ page }) => page.getByRole("row", { name: "client-0" }).first().waitFor(),
  "/try-it": ({ page }) => page.getByText("No frames yet").waitFor(),
  "/events": ({ page }) => page.getByText("has started").first().waitFor(),
};

describe.skipIf(!HAS_BROWSER)("the console of a busy server", () => {
  let server: ServerProcess;
  let load: Load;
  let browser: Browser;

  beforeAll(async () => {
    server = await ServerProcess.start(["-idle-topic-ttl=1h"]);
    load = await Load.start(server, LOAD);
    browser = await launchBrowser();
  });

  afterAll(async () => {
    await browser.close();
    await load[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  describe.each(Object.entries(PAGES))("at %s", (address, arrived) => {
    for (const theme of ["light", "dark"] as const) {
      test(`shows no error, asks nobody else, and keeps nobody out, ${theme}`, async () => {
        await using view = await ConsolePage.open(browser, server, { address, theme });
        await arrived(view);
        expect(await view.violations()).toEqual([]);
        expect(view.complaints).toEqual([]);
        expect(view.elsewhere).toEqual([]);
      });
    }

    test("fits a phone", async () => {
      await using view = await ConsolePage.open(browser, server, { address, viewport: PHONE });
      await arrived(view);
      expect(await view.overflowPx()).toBe(0);
      expect(await view.violations()).toEqual([]);
      expect(view.complaints).toEqual([]);
    });
  });

  /** Scrolls and pages through a table, sorts it by each column, searches it, and lets new figures come. */
  async function use({ page }: ConsolePage, columns: readonly string[], query: string): Promise<void> {
    await page.getByRole("row").nth(5).hover();
    for (let i = 0; i < 20; i++) await page.mouse.wheel(0, 2500);
    for (const name of columns) {
      await page.getByRole("button", { name, exact: true }).click();
      await page.locator(`[role=columnheader]:not([aria-sort=none])`, { hasText: name }).waitFor();
    }
    await page.getByRole("searchbox").pressSequentially(query);
    for (let i = 0; i < 10; i++) await page.mouse.wheel(0, 1500);
    await page.getByRole("searchbox").fill("");
    await page.getByRole("grid").first().focus();
    for (const key of ["PageDown", "PageDown", "End", "PageUp", "Home", "ArrowDown"]) await page.keyboard.press(key);
    // The figures come anew every two seconds.
    for (let i = 0; i < 2; i++) await page.waitForResponse((answer) => /\/(topics|clients)\b/.test(answer.url()));
    await page.keyboard.press("Tab");
  }

  const TABLES = [
    { address: "/topics", row: "load/00000", columns: ["Messages/s", "Subscribers", "Age", "Name"], query: "/001" },
    { address: "/clients", row: "client-0", columns: ["Dropped", "Queue", "Client id"], query: "client-3" },
  ];

  for (const { address, columns, query, row } of TABLES) {
    test(`the table at ${address} drops no frame of more than ${MAX_FRAME_MS} ms`, async () => {
      await using view = await ConsolePage.open(browser, server, { address });
      await view.page.getByRole("row", { name: row }).first().waitFor();
      const tries: FrameTimes[] = [];
      while (tries.length < TRIES && !tries.some(({ longestFrameMs }) => longestFrameMs <= MAX_FRAME_MS)) {
        tries.push(await frameTimes(browser, view.page, () => use(view, columns, query)));
      }
      expect(tries.every(({ frames, longestTaskMs }) => frames > 50 && longestTaskMs > 0)).toBe(true);
      // What the page itself takes is the same however busy the machine is.
      expect(tries.filter(({ longestTaskMs }) => longestTaskMs > MAX_FRAME_MS)).toEqual([]);
      expect(Math.min(...tries.map(({ longestFrameMs }) => longestFrameMs))).toBeLessThanOrEqual(MAX_FRAME_MS);
    });
  }
});
