import { describe, expect, test } from "vitest";
import { HAS_BROWSER, launchBrowser } from "./support/browser.ts";
import { ServerProcess } from "./support/server-process.ts";

const KEY = "browser-key";

describe("Swagger UI in a browser", () => {
  test.skipIf(!HAS_BROWSER)(
    "loads from the server alone, and creates a topic with the key given to its Authorize button",
    async () => {
      await using server = await ServerProcess.start([`-api-key=${KEY}`]);
      await using browser = await launchBrowser();
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
    },
    60_000,
  );
});
