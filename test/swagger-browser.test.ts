import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { ServerProcess } from "./support/server-process.ts";

/** Debian's Chromium; where it is not installed, these tests are skipped. */
const CHROMIUM = "/usr/bin/chromium";
const KEY = "browser-key";
const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"];

describe("Swagger UI in a browser", () => {
  test.skipIf(!existsSync(CHROMIUM))(
    "loads from the server alone, and creates a topic with the key given to its Authorize button",
    async () => {
      await using server = await ServerProcess.start([`-api-key=${KEY}`]);
      const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
      try {
        const page = await browser.newPage({ viewport: { width: 1280, height: 1400 } });
        const elsewhere: string[] = [];
        page.on("request", (request) => {
          const url = request.url();
          if (!url.startsWith(server.url) && !url.startsWith("data:")) elsewhere.push(url);
        });
        const errors: string[] = [];
        page.on("pageerror", (error) => errors.push(error.message));
        await page.goto(`${server.url}/swagger/`);
        await page.getByRole("button", { name: "Authorize" }).first().click();
        await page.getByLabel("Value:").first().fill(KEY);
        await page.getByRole("button", { name: "Apply credentials" }).first().click();
        await page.getByRole("button", { name: "Close" }).first().click();
        const operation = page.locator("#operations-Topics-post_topics");
        await operation.click();
        await operation.getByRole("button", { name: "Try it out" }).click();
        await operation.locator("textarea").fill('{"name":"from-the-browser"}');
        const answer = page.waitForResponse((response) => response.url() === `${server.url}/topics`);
        await operation.getByRole("button", { name: "Execute" }).click();
        expect((await answer).status()).toBe(201);
        const topics = await server.fetch("/topics", { headers: { "X-API-Key": KEY } });
        expect(await topics.json()).toMatchObject({ topics: [{ name: "from-the-browser" }] });
        expect(elsewhere).toEqual([]);
        expect(errors).toEqual([]);
      } finally {
        await browser.close();
      }
    },
    60_000,
  );
});
