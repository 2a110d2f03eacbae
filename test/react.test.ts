import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { HAS_BROWSER, launchBrowser } from "./support/browser.ts";
import { Directory } from "./support/directory.ts";
import { LoopbackServer } from "./support/loopback-server.ts";
import { ROOT, ServerProcess } from "./support/server-process.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Where each version of React is installed. */
const VERSIONS = [
  ["18", join(ROOT, "test", "react-18", "node_modules")],
  ["19", join(ROOT, "node_modules")],
] as const;

/** Bundles one of the application's files with a version of React, in development mode: strict mode mounts all twice. */
async function bundle(file: string, modules: string, folder: string): Promise<string> {
  const outfile = join(folder, file.replace(/\.ts$/, ".cjs"));
  mkdirSync(folder, { recursive: true });
  await build({
    entryPoints: [join(import.meta.dirname, "react-hooks", file)],
    outfile,
    bundle: true,
    platform: file === "server.ts" ? "node" : "browser",
    alias: Object.fromEntries(["react", "react-dom"].map((name) => [name, join(modules, name)])),
    define: { "process.env.NODE_ENV": '"development"' },
  });
  return outfile;
}

const clientsSchema = z.object({
  clients: z.array(z.object({ id: z.number(), requests: z.number(), subscription_count: z.number() })),
});

describe.skipIf(!HAS_BROWSER).each(VERSIONS)("the hooks, with React %s in strict mode,", (_, modules) => {
  const folder = new Directory();
  let server: ServerProcess;
  let browser: Browser;
  let pages: LoopbackServer;
  let page: Page;
  let problems: string[];

  beforeAll(async () => {
    const program = await bundle("server.ts", modules, folder.path);
    const { status, stderr, stdout } = spawnSync(process.execPath, [program], { encoding: "utf8", timeout: 20_000 });
    // That the process ended shows that nothing was opened.
    expect({ status, stderr }).toEqual({ status: 0, stderr: "idle" });
    const html = `<!doctype html><div id="root">${stdout}</div><script src="/script.js"></script>`;
    const script = readFileSync(await bundle("browser.ts", modules, folder.path), "utf8");
    pages = await LoopbackServer.start(({ url }) =>
      new URL(url).pathname === "/"
        ? new Response(html, { headers: { "Content-Type": "text/html" } })
        : new Response(script, { headers: { "Content-Type": "text/javascript" } }),
    );
    browser = await launchBrowser();
  });

  afterAll(async () => {
    await browser.close();
    await pages[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  beforeEach(async () => {
    server = await ServerProcess.start();
    for (const item of ["tea", "coffee"]) await publish(item);
    page = await browser.newPage();
    problems = [];
    // Hydration that does not match, and whatever else React complains of.
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) problems.push(message.text());
    });
    page.on("pageerror", (error) => problems.push(String(error)));
    await page.goto(`${pages.url}?url=ws://127.0.0.1:${server.port}/ws`);
    await page.locator("#connection", { hasText: "open" }).waitFor();
  });

  afterEach(async () => {
    await page.close();
    await server.stop();
  });

  async function publish(payload: string): Promise<void> {
    await server.post("/topics/orders/messages", { payload });
  }

  async function client() {
    const { clients } = clientsSchema.parse(await (await server.fetch("/clients")).json());
    expect(clients).toHaveLength(1);
    return clients[0];
  }

  const textsOf = (list: string) => page.locator(`#${list} li:not([class])`).allTextContents();

  test("show what a topic held and what comes, in all components, by one subscription", async () => {
    await publish("cake");
    for (const list of ["one", "two"]) {
      await page.locator(`#${list} li`, { hasText: "cake" }).waitFor();
      expect(await textsOf(list)).toEqual(["tea", "coffee", "cake"]);
    }
    await page.locator("#latest", { hasText: "cake" }).waitFor();
    // A greeting, and a subscribe for the lists and for the latest each, though all was mounted twice.
    expect(await client()).toMatchObject({ subscription_count: 1, requests: 3 });
    expect(problems).toEqual([]);
  });

  test("keep the subscription of a component that is mounted again at once, and end it otherwise", async () => {
    const toggle = page.locator("button");
    await page.locator("#two li", { hasText: "coffee" }).waitFor();
    await toggle.click();
    await page.locator("#one").waitFor({ state: "detached" });
    await publish("cake");
    await toggle.click();
    await page.locator("#one li", { hasText: "cake" }).waitFor();
    expect(await textsOf("one")).toEqual(["tea", "coffee", "cake"]);
    expect(await client()).toMatchObject({ requests: 3, subscription_count: 1 });
    await toggle.click();
    await vi.waitFor(async () => expect(await client()).toMatchObject({ subscription_count: 0 }), { timeout: 20_000 });
    await toggle.click();
    await page.locator("#one li", { hasText: "cake" }).waitFor();
    expect(await textsOf("two")).toEqual(["tea", "coffee", "cake"]);
    expect(problems).toEqual([]);
  });

  test("report that the page is reconnecting, resume, and report a gap", async () => {
    await page.locator("#two li", { hasText: "coffee" }).waitFor();
    const { port } = server;
    await server.stop("SIGKILL");
    await page.locator("#connection", { hasText: "waiting" }).waitFor();
    server = await ServerProcess.start([`-port=${port}`]);
    await page.locator("#connection", { hasText: "open" }).waitFor();
    await publish("after");
    await page.locator("#one li", { hasText: "after" }).waitFor();
    expect(await textsOf("one")).toEqual(["tea", "coffee", "after"]);
    await page.locator("#one .gap", { hasText: "recreated" }).waitFor();
  });

  test("report that a topic was deleted", async () => {
    await page.locator("#two li", { hasText: "coffee" }).waitFor();
    await server.fetch("/topics/orders", { method: "DELETE" });
    await page.locator("#two .error", { hasText: "TOPIC_DELETED" }).waitFor();
  });
});
