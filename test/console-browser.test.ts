import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { systemStatsSchema } from "../src/protocol/system.ts";
import { HAS_BROWSER, launchBrowser } from "./support/browser.ts";
import { TestClient } from "./support/client.ts";
import { ConsolePage, notIsolated } from "./support/console-page.ts";
import { ServerProcess } from "./support/server-process.ts";

// The console as somebody uses it who runs a server.

vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

const KEY = "the-admin-key";
const WITH_KEY = { "X-API-Key": KEY };
/** What a browser itself says of a server that is gone; none of the page's doing. */
const OUTAGE =
  /net::ERR_CONNECTION_REFUSED|net::ERR_EMPTY_RESPONSE|net::ERR_CONNECTION_RESET|WebSocket connection to .* failed/;

describe.skipIf(!HAS_BROWSER)("the console", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  describe("asks for the key", () => {
    test("where one is set, refuses a wrong one and one that is no admin's, and keeps it for the tab alone", async () => {
      await using server = await ServerProcess.start([`-api-key=${KEY}`, "-api-key=feed:publish:feed-key"]);
      await using view = await ConsolePage.open(browser, server);
      const { page } = view;
      await page.getByRole("heading", { name: "API key" }).waitFor();
      expect(await view.violations()).toEqual([]);
      expect(view.complaints).toEqual([]);
      await view.giveKey("wrong");
      await page.getByText("The server does not know this key.").waitFor();
      await view.giveKey("feed-key");
      await page.getByText("This key is not one of the role admin.").waitFor();
      // That these were refused, the browser says too.
      expect(view.complaints.splice(0).every((text) => /status of 40[13]/.test(text))).toBe(true);
      await view.giveKey(KEY);
      await page.getByText("Connected", { exact: true }).first().waitFor();
      await page.reload();
      await page.getByText("Connected", { exact: true }).first().waitFor();
      expect(view.complaints).toEqual([]);
      const another = await page.context().newPage();
      await another.goto(`${server.url}/console/`);
      await another.getByRole("heading", { name: "API key" }).waitFor();
      expect(await another.evaluate("JSON.stringify({ ...localStorage }) + document.cookie")).not.toContain(KEY);
      await page.getByRole("button", { name: "Forget the key" }).click();
      await page.getByRole("heading", { name: "API key" }).waitFor();
      expect(await page.evaluate("JSON.stringify({ ...sessionStorage })")).not.toContain(KEY);
    });

    test("nowhere where none is", async () => {
      await using server = await ServerProcess.start();
      await using view = await ConsolePage.open(browser, server);
      await view.page.getByText("Connected", { exact: true }).first().waitFor();
      expect(await view.page.getByLabel("Key", { exact: true }).count()).toBe(0);
    });
  });

  test("says when the server is gone, and comes back by itself", async () => {
    const first = await ServerProcess.start([`-api-key=${KEY}`]);
    await using view = await ConsolePage.open(browser, first, { key: KEY, address: "/events" });
    const { page } = view;
    await page.getByText("has started").waitFor();
    await page.getByRole("link", { name: "Topics", exact: true }).click();
    await first.post("/topics", { name: "before" }, WITH_KEY);
    await page.getByRole("row", { name: "before" }).waitFor();
    await first.stop("SIGKILL");
    await page.getByRole("alert").filter({ hasText: "The server is gone since" }).waitFor();
    // What was last known stays in sight.
    expect(await page.getByRole("row", { name: "before" }).count()).toBe(1);
    await using second = await ServerProcess.start([`-api-key=${KEY}`, `-port=${first.port}`]);
    await second.post("/topics", { name: "after" }, WITH_KEY);
    await page.getByRole("row", { name: "after" }).waitFor();
    await page.getByText("Connected", { exact: true }).first().waitFor();
    expect(await page.getByRole("alert").filter({ hasText: "gone" }).count()).toBe(0);
    expect(await page.getByRole("row", { name: "before" }).count()).toBe(0);
    await page.getByRole("link", { name: "Events" }).click();
    await page.getByText("has started").nth(1).waitFor();
    expect(view.complaints.filter((text) => !OUTAGE.test(text))).toEqual([]);
  });

  test("shows what histories take of their bound, without what a client that does not read is still to be sent", async () => {
    const MEBIBYTE = 1024 * 1024;
    await using server = await ServerProcess.start([`-max-history-bytes=${MEBIBYTE}`, "-write-wait=10m"]);
    using stalled = await TestClient.connect(server.port);
    using publisher = await TestClient.connect(server.port);
    await stalled.subscribe("t");
    stalled.pause();
    for (let i = 1; i <= 40; i++) await publisher.published("t", `m${i}`, "x".repeat(300_000));
    using watcher = await TestClient.connect(server.port);
    await watcher.subscribe("$sys/stats");
    const sample = async () => systemStatsSchema.parse((await watcher.expect("event")).message.payload);
    const { history_bytes: history, log_bytes: log } = await sample();
    expect(history).toBeLessThan(MEBIBYTE);
    expect(log).toBeGreaterThan(2 * MEBIBYTE);
    await using view = await ConsolePage.open(browser, server, { address: "/overview" });
    const shown = view.page.locator("dt", { hasText: "History" }).locator("xpath=following-sibling::dd");
    await shown.filter({ hasText: "of 1 MiB" }).waitFor();
    expect(await shown.textContent()).toMatch(/^\d+ KiB of 1 MiB, 0 lingering$/);
  });

  test("tells whoever is there first what to do", async () => {
    await using server = await ServerProcess.start();
    await using view = await ConsolePage.open(browser, server);
    const { page } = view;
    await page.getByText("ringcast sub").first().waitFor();
    await page.getByRole("link", { name: "Topics", exact: true }).click();
    await page.getByRole("heading", { name: "No topics yet" }).waitFor();
    await page.getByRole("link", { name: "Clients", exact: true }).click();
    await page.getByRole("heading", { name: "Only this console is connected" }).waitFor();
    await page.getByRole("link", { name: "Try it", exact: true }).first().click();
    await page.getByText("No frames yet").waitFor();
    expect(view.complaints).toEqual([]);
  });

  test("creates a topic, and deletes it after asking back", async () => {
    await using server = await ServerProcess.start();
    await using view = await ConsolePage.open(browser, server, { address: "/topics" });
    const { page } = view;
    await page.getByRole("button", { name: "Create topic" }).first().click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill("orders");
    const ttl = dialog.getByLabel("TTL (optional)");
    await ttl.fill("soon");
    await dialog.getByText("It must be").waitFor();
    expect(await view.violations()).toEqual([]);
    await ttl.press("Enter");
    await ttl.fill("1h");
    await ttl.press("Enter");
    const row = page.getByRole("row", { name: "orders" });
    await row.waitFor();
    expect(await (await server.fetch("/topics/orders")).json()).toMatchObject({ ttl: "1h0m0s" });
    using subscriber = await TestClient.connect(server.port);
    await subscriber.subscribe("orders");
    await row.getByRole("button", { name: "Delete orders" }).click();
    await dialog.getByText("orders").first().waitFor();
    await page.keyboard.press("Escape");
    expect((await server.stats()).total_topics).toBe(1);
    await row.getByRole("button", { name: "Delete orders" }).click();
    await dialog.getByRole("button", { name: "Delete" }).click();
    expect((await subscriber.closed).code).toBe(4404);
    await page.getByRole("heading", { name: "No topics yet" }).waitFor();
    expect(view.complaints).toEqual([]);
  });

  test("shows a topic's messages as they were written, its subscribers, and what comes live until it is paused", async () => {
    await using server = await ServerProcess.start();
    using subscriber = await TestClient.connect(server.port);
    await subscriber.subscribe("orders", { client_id: "the-subscriber" });
    const publish = (payload: string) =>
      server.post("/topics/orders/messages", `{"payload":${payload}}`).then(({ status }) => expect(status).toBe(200));
    await publish('{"id":9007199254740993,"huge":1e400}');
    await using view = await ConsolePage.open(browser, server, { address: "/topics/orders" });
    const { page } = view;
    await page.getByText("9007199254740993").first().waitFor();
    await page.getByText("1e400").first().waitFor();
    await page.getByText("the-subscriber").waitFor();
    await page.getByLabel("Figures").getByText("0s", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Follow live" }).click();
    while ((await server.stats()).topics["orders"]?.subscriber_count !== 2) await page.waitForTimeout(20);
    await publish('"came live"');
    await page.getByText("came live").first().waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    await publish('"came while paused"');
    await page.getByRole("button", { name: "Resume (1 came)" }).waitFor();
    expect(await page.getByText("came while paused").count()).toBe(0);
    await page.getByRole("button", { name: /^Resume/ }).click();
    await page.getByText("came while paused").first().waitFor();
    expect(view.complaints).toEqual([]);
  });

  test("shows what became of a message, where traces are kept", async () => {
    await using server = await ServerProcess.start(["-trace"]);
    using subscriber = await TestClient.connect(server.port);
    await subscriber.subscribe("orders", { client_id: "the-subscriber" });
    await server.post("/topics/orders/messages", { payload: 1 });
    await subscriber.expect("event");
    await using view = await ConsolePage.open(browser, server, { address: "/topics/orders" });
    await view.page.getByRole("button", { name: "Trace" }).first().click();
    await view.page.getByText("Written to 1, waiting for 0, dropped for 0").waitFor();
    await view.page.getByRole("row", { name: /the-subscriber written/ }).waitFor();
    expect(await view.violations()).toEqual([]);
    expect(view.complaints).toEqual([]);
  });

  test("shows who is connected, what to, and cuts one off after asking back", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    await client.subscribe("orders", { client_id: "a-client" });
    await using view = await ConsolePage.open(browser, server, { address: "/clients" });
    const { page } = view;
    await page.getByRole("row", { name: "a-client" }).click();
    await page.getByRole("link", { name: "orders" }).waitFor();
    expect(await view.violations()).toEqual([]);
    await page.getByRole("button", { name: "Cut off" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Cut off" }).click();
    expect(await client.closed).toEqual({ code: 4403, reason: "disconnected by an operator" });
    await page.getByRole("row", { name: "a-client" }).waitFor({ state: "detached" });
    // The panel learns from a 404 that its client is gone, and asks no more.
    await page.getByText("It is no longer connected.").waitFor();
    await page.getByRole("link", { name: "Events" }).click();
    await page.getByText("disconnected by anybody").waitFor();
    expect(view.complaints).toEqual([expect.stringContaining("404 (Not Found)")]);
  });

  test("can be used with the keyboard alone", async () => {
    await using server = await ServerProcess.start();
    for (const name of ["first", "second", "third"]) await server.post("/topics", { name });
    await using view = await ConsolePage.open(browser, server, { address: "/overview" });
    const { page } = view;
    const press = async (...keys: readonly string[]) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    const focused = () => page.evaluate("document.activeElement?.textContent?.trim()");
    await page.getByText("Connected", { exact: true }).first().waitFor();
    await press("Tab");
    expect(await focused()).toBe("Skip to the content");
    await press("Tab", "Tab", "Enter");
    await page.getByRole("heading", { name: "Topics" }).waitFor();
    expect(await focused()).toBe("Topics");
    await page.getByRole("row", { name: "third" }).waitFor();
    await page.getByRole("grid", { name: "Topics" }).focus();
    await press("ArrowDown", "ArrowDown", "Enter");
    await page.getByRole("heading", { name: "second" }).waitFor();
    expect(view.complaints).toEqual([]);
  });

  test("lets nothing that it shows become anything else than text", async () => {
    await using server = await ServerProcess.start(["-max-queue-size=5", `-api-key=${KEY}`]);
    const hostile = (place: string) =>
      `"'><img src=x onerror="window.fooled='${place}'"><script>window.fooled='${place}'</script>{{7*7}}\u202e${place}`;
    const names = ["topic", "client", "id", "payload", "key"].map(hostile);
    const [topic = "", clientId = "", id = "", payload = "", key = ""] = names;
    using client = await TestClient.connect(server.port, { headers: WITH_KEY });
    await client.subscribe(topic, { client_id: clientId });
    await client.subscribe("javascript:window.fooled=1", { client_id: clientId });
    await client.subscribe("__proto__", { client_id: clientId });
    const message = { id, payload: { [key]: payload, "javascript:window.fooled=1": [payload] } };
    await server.post(`/topics/${encodeURIComponent(topic)}/messages`, message, WITH_KEY);
    for (const path of [topic, "$sys/x"]) await server.post("/topics", { name: path }, WITH_KEY);
    await server.post("/topics", { name: hostile("deleted") }, WITH_KEY);
    await server.fetch(`/topics/${encodeURIComponent(hostile("deleted"))}`, { method: "DELETE", headers: WITH_KEY });
    await using view = await ConsolePage.open(browser, server, { key: KEY, address: "/topics" });
    const { page } = view;
    const visits: readonly (readonly [string, string])[] = [
      ["/topics", topic],
      [`/topics/${encodeURIComponent(topic)}`, payload],
      [`/topics/${encodeURIComponent("javascript:window.fooled=1")}`, clientId],
      ["/topics/__proto__", clientId],
      ["/clients", clientId],
      ["/events", hostile("deleted")],
      [`/try-it/${encodeURIComponent(topic)}`, topic],
      [`/${topic}`, "Overview"],
    ];
    for (const [address, shown] of visits) {
      await view.visit(address);
      const words = shown.replace(/^.*\u202e/, "");
      await page.waitForFunction(
        (text) => {
          const { document } = Object(globalThis);
          const fields = [...document.querySelectorAll("input, textarea")].map(({ value }) => value);
          return [document.body.textContent, ...fields].some((each) => each.includes(text));
        },
        words,
        { timeout: 10_000 },
      );
      expect([address, await page.locator("main img, main script, main iframe").count()]).toEqual([address, 0]);
      expect([address, await page.locator("a[href^='javascript:']").count()]).toEqual([address, 0]);
      expect([address, (await view.overflowPx()) <= 0]).toEqual([address, true]);
      expect([address, await notIsolated(page)]).toEqual([address, []]);
    }
    await view.visit("/clients");
    await page.getByText("window.fooled='client'").first().click();
    await page.getByText("window.fooled='topic'").first().waitFor();
    await view.visit(`/topics/${encodeURIComponent(topic)}`);
    await page.getByRole("button", { name: "Delete" }).first().click();
    await page.getByRole("dialog").getByText("window.fooled='topic'").first().waitFor();
    expect(await page.evaluate("window.fooled")).toBeUndefined();
    expect(view.complaints).toEqual([]);
    expect(view.elsewhere).toEqual([]);
  });
});
