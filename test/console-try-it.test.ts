import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HAS_BROWSER, launchBrowser } from "./support/browser.ts";
import { ConsolePage, notIsolated } from "./support/console-page.ts";
import { ServerProcess } from "./support/server-process.ts";

// The playground of the console, as somebody uses it.

const KEY = "secret";
const PRECISE = '{"id": 9223372036854775807, "huge": 1e400}';
const HOSTILE = '<img src=x onerror="window.fooled=true">\'$(id)\u202eturned';
const TIMEOUT_MS = 60_000;

describe.skipIf(!HAS_BROWSER)("the playground", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  /** Opens the page, and gives the key, for which it gets tokens that live so long. */
  async function open(server: ServerProcess, { address = "/try-it", key = KEY, tokenTtl = "15m" } = {}) {
    const view = await ConsolePage.open(browser, server, { address });
    await view.page.route("**/tokens", (route) => {
      const wish = route.request().postData() ?? "";
      return route.continue({ postData: wish.replace(/"ttl":"\w+"/, `"ttl":"${tokenTtl}"`) });
    });
    if (key !== "") await view.giveKey(key);
    await view.page.waitForSelector("#try-topic");
    return view;
  }

  /** Presses a button of the form, or of the first steps. */
  function press(page: Page, name: string, within: "Request" | "First steps" = "Request") {
    return page.getByLabel(within).getByRole("button", { name, exact: true }).last().click();
  }

  function choose(page: Page, name: string) {
    return page.getByRole("group", { name: "What to send" }).getByRole("button", { name }).click();
  }

  test(
    "sends what is typed byte for byte, and shows it going out and coming back",
    async () => {
      await using server = await ServerProcess.start([`-api-key=${KEY}`]);
      const { complaints, page } = await open(server);
      await page.fill("#try-topic", "orders");
      await press(page, "Subscribe");
      await page.getByText('Subscribed to "orders"').waitFor();
      await choose(page, "Publish");
      await page.fill("#try-payload", PRECISE);
      await page.keyboard.press("Control+Enter");
      await page.getByText('Published to "orders" at offset 1').waitFor();
      await page.locator(".frame-line", { hasText: "event" }).click();
      await page.locator(".frame-body pre", { hasText: '"id": 9223372036854775807,\n      "huge": 1e400' }).waitFor();
      const held = await server.fetch("/topics/orders/messages", { headers: { "X-API-Key": KEY } });
      expect(await held.text()).toContain(`"payload":${PRECISE}`);
      expect(complaints).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    "shows hostile names and payloads as text, and what is no JSON by its place",
    async () => {
      await using server = await ServerProcess.start([`-api-key=${KEY}`]);
      const { complaints, page } = await open(server, { address: `/try-it/${encodeURIComponent(HOSTILE)}` });
      expect(await page.inputValue("#try-topic")).toBe(HOSTILE);
      await press(page, "Subscribe");
      await page.locator(".try-chip", { hasText: HOSTILE }).waitFor();
      await choose(page, "Publish");
      await page.fill("#try-payload", '{\n  "a": 1,\n}');
      await page.getByText("Line 3, column 1").waitFor();
      await page.fill("#try-payload", JSON.stringify({ [HOSTILE]: HOSTILE }));
      await page.keyboard.press("Control+Enter");
      const event = page.locator(".frame-line", { hasText: "event" });
      await event.click();
      await page.locator(".frame-body", { hasText: "onerror" }).waitFor();
      expect(await page.evaluate("window.fooled")).toBeUndefined();
      expect(await page.locator("main img").count()).toBe(0);
      expect(await notIsolated(page)).toEqual([]);
      expect(complaints).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    "needs no key where the server has none, and says what is wrong with a frame, and why the connection ended",
    async () => {
      await using server = await ServerProcess.start();
      const { page } = await open(server, { key: "" });
      await choose(page, "Raw frame");
      await page.fill("#try-raw", '{"type":"subscribe","topic":"a"}');
      await press(page, "Send");
      await page.getByText("BAD_REQUEST: client_id: is required").waitFor();
      await server.stop();
      await page.getByText("The server is shutting down (1001)").waitFor();
    },
    TIMEOUT_MS,
  );

  test(
    "renews its token before that ends, and never shows it",
    async () => {
      await using server = await ServerProcess.start([`-api-key=${KEY}`]);
      const { page } = await open(server, { tokenTtl: "3s" });
      await press(page, "Subscribe");
      await page.locator(".frame-line", { hasText: "TOKEN_EXPIRING" }).first().waitFor();
      await page.getByText("The token was renewed").waitFor();
      await page
        .locator(".frame-line", { has: page.getByText("refresh", { exact: true }) })
        .first()
        .click();
      await page.locator(".frame-body", { hasText: '"token": "…"' }).waitFor();
      expect(await page.getByText("eyJ").count()).toBe(0);
    },
    TIMEOUT_MS,
  );

  test(
    "holds its frames while it is paused, shows those that are asked for, and forgets them",
    async () => {
      await using server = await ServerProcess.start([`-api-key=${KEY}`]);
      const { page } = await open(server);
      const lines = page.locator(".frame-line");
      await press(page, "Subscribe");
      await lines.nth(1).waitFor();
      const log = page.getByRole("region", { name: "Frames" });
      await log.getByRole("button", { name: "Pause" }).click();
      await page.getByRole("button", { name: "Ping" }).click();
      await log.getByRole("button", { name: "Resume (2 came)" }).waitFor();
      expect(await lines.count()).toBe(2);
      await log.getByRole("button", { name: /^Resume/ }).click();
      await lines.nth(3).waitFor();
      await log.getByLabel("Type").selectOption("pong");
      await log.getByText("1 of 5").waitFor();
      expect(await lines.count()).toBe(1);
      await page.getByRole("button", { name: "Unsubscribe from demo" }).click();
      await page.getByText('Unsubscribed from "demo"').waitFor();
      await log.getByRole("button", { name: "Clear" }).click();
      await log.getByText("No frames yet").waitFor();
    },
    TIMEOUT_MS,
  );

  test.each(["light", "dark"] as const)(
    "has nothing that axe finds, in the %s theme",
    async (colorScheme) => {
      await using server = await ServerProcess.start([`-api-key=${KEY}`]);
      const view = await open(server);
      const { page } = view;
      await page.emulateMedia({ colorScheme });
      expect(await view.violations()).toEqual([]);
      await press(page, "Subscribe", "First steps");
      await press(page, "Publish", "First steps");
      await page.locator(".frame-line", { hasText: "event" }).click();
      await page.fill("#try-payload", "{");
      expect(await view.violations()).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    "keeps up with a flood, and keeps the last 500 frames",
    async () => {
      await using server = await ServerProcess.start([`-api-key=${KEY}`, "-max-queue-size=5000"]);
      const { complaints, page } = await open(server);
      await press(page, "Subscribe");
      await page.locator(".try-chip").waitFor();
      const messages = Array.from({ length: 1000 }, (_, payload) => ({ payload }));
      for (let batch = 0; batch < 4; batch++) {
        await server.post("/topics/demo/messages", { messages }, { "X-API-Key": KEY });
      }
      // The note, the subscribe, its ack, and all events.
      await page.getByText("the last 500 of 4,003").waitFor();
      await page.locator(".frame").last().getByText("999").waitFor();
      // Whoever looks back sees them all, and nothing moves meanwhile.
      await page.evaluate("document.querySelector('.frame-list').scrollTop = 3000");
      await page.locator(".frame").nth(499).waitFor({ state: "attached" });
      expect(await page.locator(".frame").count()).toBe(500);
      await server.post("/topics/demo/messages", { payload: "later" }, { "X-API-Key": KEY });
      await page.getByRole("button", { name: "1 newer" }).click();
      await page.locator(".frame").last().getByText("later").waitFor();
      expect(complaints).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
