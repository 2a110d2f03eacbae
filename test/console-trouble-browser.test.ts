import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { deferred } from "../src/client/deferred.ts";
import { HAS_BROWSER, launchBrowser } from "./support/browser.ts";
import { TestClient } from "./support/client.ts";
import { ConsolePage } from "./support/console-page.ts";
import { ServerProcess } from "./support/server-process.ts";

// The console where something does not go as it should: late answers, refusals, browsers that forbid.

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const KEY = "the-admin-key";

describe.skipIf(!HAS_BROWSER)("the console", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  test("keeps a new key, whatever is said late of the one before", async () => {
    await using server = await ServerProcess.start([`-api-key=${KEY}`]);
    await using view = await ConsolePage.open(browser, server);
    const { page } = view;
    const asked = deferred<void>();
    const late = deferred<void>();
    let isFirst = true;
    await page.route("**/tokens", async (route) => {
      const isHeld = isFirst;
      isFirst = false;
      if (isHeld) {
        asked.resolve();
        await late.promise;
      }
      await route.continue();
    });
    await view.giveKey("wrong");
    await asked.promise;
    await page.getByRole("button", { name: "Forget the key" }).click();
    await view.giveKey(KEY);
    await page.getByText("Connected", { exact: true }).first().waitFor();
    const refused = page.waitForResponse((answer) => answer.url().endsWith("/tokens") && answer.status() === 401);
    late.resolve();
    await refused;
    await page.getByText("Topic memory").waitFor();
    // Anything that came of it would have come by now: this goes the same way.
    await page.evaluate("fetch('config.json').then((answer) => answer.json())");
    expect(await page.evaluate("Object.values(sessionStorage).join()")).toContain(KEY);
    expect(await page.getByRole("heading", { name: "API key" }).count()).toBe(0);
  });

  test("ends the playground's connection with the key", async () => {
    await using server = await ServerProcess.start([`-api-key=${KEY}`]);
    await using view = await ConsolePage.open(browser, server, { address: "/try-it", key: KEY });
    const { page } = view;
    await page.getByRole("button", { name: "Connect", exact: true }).click();
    await page.getByRole("button", { name: "Disconnect" }).waitFor();
    await page.getByRole("button", { name: "Forget the key" }).click();
    await page.getByRole("heading", { name: "API key" }).waitFor();
    const isConnected = async () => {
      const answer = await server.fetch("/clients", { headers: { "X-API-Key": KEY } });
      return z.object({ total: z.number() }).parse(await answer.json()).total > 0;
    };
    while (await isConnected()) await page.waitForTimeout(20);
  });

  test("asks again to follow a topic when that was refused before", async () => {
    // As many as the console has of its own.
    await using server = await ServerProcess.start(["-max-subscriptions=3"]);
    await server.post("/topics", { name: "orders" });
    await using view = await ConsolePage.open(browser, server, { address: "/overview" });
    const { page } = view;
    await page.getByText("Topic memory").waitFor();
    await view.visit("/topics/orders");
    const follow = page.getByRole("button", { name: "Follow live" });
    const refusals = async () => {
      return Number(/ringcast_errors_total{code="LIMIT_EXCEEDED"} (\d+)/.exec(await metrics())?.[1] ?? 0);
    };
    const metrics = async () => (await server.fetch("/metrics")).text();
    for (const times of [1, 2]) {
      await follow.click();
      while ((await refusals()) < times) await page.waitForTimeout(20);
      await page.getByText("The server ended it").waitFor();
    }
  });

  test("copies where the browser has no clipboard for it, and leaves the focus where it was", async () => {
    await using server = await ServerProcess.start();
    await server.post("/topics/orders/messages", { payload: "to be copied" });
    await using view = await ConsolePage.open(browser, server, { address: "/clients" });
    const { page } = view;
    await page.addInitScript("Object.defineProperty(window, 'isSecureContext', { value: false })");
    await page.addInitScript(
      "addEventListener('copy', ({ target }) => { window.copied = target.value ?? String(getSelection()); })",
    );
    await page.reload();
    await view.visit("/topics/orders");
    const copy = page.getByRole("button", { name: "Copy the payload" });
    await copy.click();
    await page.getByText("Copied", { exact: true }).first().waitFor({ state: "attached" });
    expect(await page.evaluate("window.copied")).toBe('"to be copied"');
    expect(await page.evaluate("document.activeElement.getAttribute('aria-label')")).toBe("Copy the payload");
  });

  test("does not count what is held where the server keeps no messages", async () => {
    await using server = await ServerProcess.start(["-ring-buffer-size=0", "-max-queue-size=1"]);
    using subscriber = await TestClient.connect(server.port);
    await subscriber.subscribe("orders");
    await server.post("/topics/orders/messages", { payload: 1 });
    await using view = await ConsolePage.open(browser, server);
    const { page } = view;
    await page.getByText("0 messages", { exact: true }).waitFor();
    await page.getByText(/^1 message, /).waitFor();
    await view.visit("/topics");
    await page.getByRole("row", { name: "orders" }).getByText("none kept").waitFor();
    await view.visit("/topics/orders");
    await page.getByText("This server keeps no messages").waitFor();
    await page.getByText("none kept").waitFor();
    expect(await page.getByText("of 0").count()).toBe(0);
    expect(view.complaints).toEqual([]);
  });

  test("stays where one went before a topic was deleted", async () => {
    await using server = await ServerProcess.start();
    await server.post("/topics", { name: "orders" });
    await using view = await ConsolePage.open(browser, server, { address: "/topics/orders" });
    const { page } = view;
    const asked = deferred<void>();
    const late = deferred<void>();
    await page.route("**/topics/orders", async (route) => {
      if (route.request().method() === "DELETE") {
        asked.resolve();
        await late.promise;
      }
      await route.continue();
    });
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByRole("button", { name: "Delete topic" }).click();
    await asked.promise;
    await view.visit("/events");
    await page.getByRole("heading", { name: "Events" }).waitFor();
    late.resolve();
    await page.getByText("Deleted orders").waitFor();
    expect(await page.evaluate("location.hash")).toBe("#/events");
  });

  test("gives the focus back when a client or a dialog is closed", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    await client.subscribe("orders", { client_id: "a-client" });
    await using view = await ConsolePage.open(browser, server, { address: "/clients" });
    const { page } = view;
    await page.getByRole("row", { name: "a-client" }).click();
    await page.getByRole("button", { name: "Cut off" }).click();
    await page.waitForFunction("document.activeElement.textContent === 'Cancel'");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.waitForFunction("document.activeElement.textContent === 'Cut off'");
    await page.getByRole("button", { name: "Close" }).click();
    await page.getByRole("button", { name: "Close" }).waitFor({ state: "detached" });
    await page.waitForFunction("document.activeElement.getAttribute('aria-label') === 'Clients'");
  });

  test("shows all that a topic holds where its page is the first, however little that may be", async () => {
    for (const size of [5, 25]) {
      await using server = await ServerProcess.start([`-ring-buffer-size=${size}`]);
      const messages = Array.from({ length: 30 }, (_, payload) => ({ payload }));
      await server.post("/topics/orders/messages", { messages });
      await using view = await ConsolePage.open(browser, server, { address: "/topics/orders" });
      const { page } = view;
      // What the server tells of its bounds comes late.
      const detailsShown = deferred<void>();
      await page.routeWebSocket(/\/ws$/, (client) => {
        const upstream = client.connectToServer();
        upstream.onMessage((message) => {
          // The client waits for its first reply before it is open.
          if (String(message).includes('"type":"pong"')) client.send(message);
          else void detailsShown.promise.then(() => client.send(message));
        });
      });
      await page.reload();
      await page.getByText("Offsets held").waitFor();
      await page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))");
      detailsShown.resolve();
      // The header is a row, too.
      await page.locator(`[role=grid][aria-label^=Messages][aria-rowcount="${size + 1}"]`).waitFor();
      expect(view.complaints).toEqual([]);
    }
  });

  test("leaves a question open that came after one which was answered late", async () => {
    await using server = await ServerProcess.start();
    for (const name of ["first", "second"]) await server.post("/topics", { name });
    await using view = await ConsolePage.open(browser, server, { address: "/topics" });
    const { page } = view;
    const late = deferred<void>();
    await page.route("**/topics/first", (route) => late.promise.then(() => route.continue()));
    const dialog = page.getByRole("dialog");
    await page.getByRole("button", { name: "Delete first" }).click();
    await dialog.getByRole("button", { name: "Delete" }).click();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Delete second" }).click();
    await dialog.getByText("second").first().waitFor();
    late.resolve();
    await page.getByRole("row", { name: "first" }).waitFor({ state: "detached" });
    expect(await dialog.getByText("second").count()).toBeGreaterThan(0);
    expect((await server.stats()).total_topics).toBe(1);
  });

  test("offers nothing to be done with a topic of the server's own that the server would refuse", async () => {
    await using server = await ServerProcess.start();
    await using view = await ConsolePage.open(browser, server, {
      address: `/topics/${encodeURIComponent("$sys/server")}`,
    });
    const { page } = view;
    await page.getByText("ring_buffer_size").first().waitFor();
    expect(await page.getByRole("button", { name: "Delete" }).count()).toBe(0);
    expect(await page.getByRole("link", { name: "Publish" }).count()).toBe(0);
    await page.getByRole("button", { name: "Follow live" }).click();
    await page.getByText("live", { exact: true }).waitFor();
    expect(await page.getByText("the topic ends with what").count()).toBe(0);
  });
});
