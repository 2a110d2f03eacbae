import { setTimeout as sleep } from "node:timers/promises";
// Takes the README's pictures of the console: starts a server, gives it a small shop's traffic for a quarter of an hour,
// which is what the charts show, and writes a picture of each page in both themes. The README shows three of them, from
// docs/images. Needs Chromium, as the tests do.
// Usage: bun test/take-screenshots.ts FOLDER [MINUTES]

import { join } from "node:path";
import type { Page } from "playwright-core";
import { type Client, connect } from "../src/client/index.ts";
import { launchBrowser } from "./support/browser.ts";
import { TestClient } from "./support/client.ts";
import { ConsolePage } from "./support/console-page.ts";
import { ServerProcess } from "./support/server-process.ts";

const [folder = ".", minutesText = "15.5"] = process.argv.slice(2);
const KEYS = { ops: "ops-key", shop: "shop-key", screens: "screens-key" };
const TICK_MS = 100;

const server = await ServerProcess.start([
  `-api-key=ops:admin:${KEYS.ops}`,
  `-api-key=shop:publish:${KEYS.shop}`,
  `-api-key=screens:subscribe:${KEYS.screens}`,
  "-max-queue-size=50",
  "-topic-ttl=1h",
  "-idle-topic-ttl=1h",
  "-trace",
]);
const url = `ws://127.0.0.1:${server.port}/ws`;

const CITIES = ["Oslo", "Lyon", "Porto", "Graz", "Gent", "Turku"];
const STATES = ["placed", "paid", "packed", "shipped", "delivered"];

function pick<T>(list: readonly T[], fallback: T): T {
  return list[Math.floor(Math.random() * list.length)] ?? fallback;
}

let orders = 48_200;
let published = 0;

/** What comes to which topics: messages a second on average, and how each looks. */
const TRAFFIC: readonly { readonly topics: readonly string[]; readonly perSec: number; payload(): object }[] = [
  {
    topics: ["orders", "orders/eu", "orders/us"],
    perSec: 14,
    payload: () => ({
      order: ++orders,
      state: pick(STATES, "placed"),
      customer: { city: pick(CITIES, "Oslo"), loyal: Math.random() < 0.3 },
      items: [{ sku: `A-${100 + (orders % 37)}`, quantity: 1 + (orders % 4) }],
      total: Math.round(Math.random() * 20_000) / 100,
    }),
  },
  {
    topics: ["prices/EURUSD", "prices/EURGBP", "prices/EURCHF"],
    perSec: 60,
    payload: () => ({ bid: 1.08 + Math.random() / 100, ask: 1.09 + Math.random() / 100, depth: 25 }),
  },
  {
    topics: Array.from({ length: 60 }, (_, i) => `devices/thermostat-${String(i + 1).padStart(2, "0")}`),
    perSec: 90,
    payload: () => ({ celsius: Math.round(180 + Math.random() * 60) / 10, battery: 0.93, firmware: "2.4.1" }),
  },
  {
    topics: ["chat/lobby", "chat/support", "chat/returns"],
    perSec: 6,
    payload: () => ({
      from: pick(["mia", "jonas", "ines"], "mia"),
      text: pick(["on its way", "thanks!", "one moment"], ""),
    }),
  },
  {
    topics: ["dashboards/sales", "dashboards/warehouse"],
    perSec: 4,
    payload: () => ({
      today: orders - 48_000,
      open: Math.floor(Math.random() * 90),
      late: Math.floor(Math.random() * 7),
    }),
  },
];

const WATCHERS: readonly (readonly [count: number, name: string, topics: readonly string[]])[] = [
  [24, "web", ["orders", "prices/EURUSD", "chat/lobby"]],
  [12, "app", ["orders/eu", "chat/support"]],
  [6, "till", ["prices/EURUSD", "prices/EURGBP", "prices/EURCHF"]],
  [3, "wall", ["dashboards/sales", "dashboards/warehouse"]],
  [1, "warehouse", ["orders", "orders/eu", "orders/us", "dashboards/warehouse"]],
  [1, "climate", TRAFFIC[2]?.topics ?? []],
];

const clients: Client[] = [];
for (const [count, name, topics] of WATCHERS) {
  for (let i = 1; i <= count; i++) {
    const client = connect(url, { apiKey: KEYS.screens, clientId: count === 1 ? name : `${name}-${i}` });
    for (const topic of topics) client.subscribe(topic, {}, () => {});
    clients.push(client);
  }
}
const publisher = connect(url, { apiKey: KEYS.shop, clientId: "shop" });
clients.push(publisher);

const startedMs = performance.now();
const publishing = setInterval(() => {
  const minute = (performance.now() - startedMs) / 60_000;
  for (const [index, { payload, perSec, topics }] of TRAFFIC.entries()) {
    // Each kind has its own tide, and some noise.
    const tide = 1 + 0.45 * Math.sin(minute * (0.7 + index / 5) + index) + 0.25 * Math.sin(minute * 5.1 + index);
    const due = (perSec * tide * (0.8 + Math.random() * 0.4) * TICK_MS) / 1000;
    const count = Math.floor(due) + (Math.random() < due % 1 ? 1 : 0);
    for (let i = 0; i < count; i++) {
      publisher.publish(pick(topics, "orders"), payload(), { id: `m-${++published}` }).catch(() => {});
    }
  }
}, TICK_MS);

/** A phone in a tunnel: it reads nothing for a while, loses messages, and is cut off if it takes too long. */
const stalling = setInterval(async () => {
  const client = await TestClient.connect(server.port, { headers: { "X-API-Key": KEYS.screens } });
  await client.subscribe("feeds/photos", { client_id: "phone-in-a-tunnel" });
  client.pause();
  const photo = { photo: "x".repeat(120_000) };
  for (let i = 0; i < 140; i++) await publisher.publish("feeds/photos", photo);
  setTimeout(() => client[Symbol.dispose](), 8000);
}, 170_000);
/** Somebody knocks with a wrong key. */
const knocking = setInterval(() => void server.fetch("/stats", { headers: { "X-API-Key": "guess" } }), 95_000);

async function shoot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(folder, `${name}.png`) });
}

await sleep(Number(minutesText) * 60_000);

const browser = await launchBrowser();
for (const theme of ["light", "dark"] as const) {
  const view = await ConsolePage.open(browser, server, {
    key: KEYS.ops,
    theme,
    viewport: { width: 1280, height: 800 },
  });
  const { page } = view;
  await page.getByText("Connected", { exact: true }).first().waitFor();
  // The charts draw themselves one after the other.
  await page.waitForTimeout(3000);
  await shoot(page, `overview-${theme}`);
  await view.visit("/topics");
  await page.getByRole("button", { name: "Messages/s" }).click();
  await page.waitForTimeout(4500);
  await shoot(page, `topics-${theme}`);
  await view.visit("/topics/orders");
  await page.getByText("Subscribers").first().waitFor();
  await page.getByRole("button", { name: "Trace" }).first().click();
  await page.waitForTimeout(2500);
  await shoot(page, `topic-${theme}`);
  await view.visit("/clients");
  await page.getByRole("searchbox").fill("wa");
  await page.getByRole("row", { name: "warehouse" }).first().click();
  await page.waitForTimeout(2500);
  await shoot(page, `clients-${theme}`);
  await view.visit("/try-it/orders");
  await page.getByLabel("Request").getByRole("button", { name: "Subscribe", exact: true }).last().click();
  await page.waitForTimeout(2500);
  await page.locator(".frame-line", { hasText: "event" }).first().click();
  await page.waitForTimeout(800);
  await shoot(page, `try-it-${theme}`);
  await view.visit("/events");
  await page.waitForTimeout(1500);
  await shoot(page, `events-${theme}`);
  await view[Symbol.asyncDispose]();
}
await browser.close();
for (const timer of [publishing, stalling, knocking]) clearInterval(timer);
await Promise.all(clients.map((client) => client.close()));
await server.stop();
process.exit();
