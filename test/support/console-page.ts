import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { z } from "zod";
import { ROOT, type ServerProcess } from "./server-process.ts";

const AXE = readFileSync(join(ROOT, "node_modules", "axe-core", "axe.min.js"), "utf8");

/** How the console is opened. */
export interface ConsoleOptions {
  /** What stands behind the address's #. */
  readonly address?: string;
  /** The API key that is typed in; none where the server needs none. */
  readonly key?: string;
  readonly theme?: "light" | "dark";
  readonly viewport?: { readonly width: number; readonly height: number };
}

const VIEWPORT = { width: 1280, height: 800 };

const NOT_ISOLATED = `(() => {
  const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  const found = [];
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    if (node.data.includes("\\u202e") && node.parentElement.closest("bdi, pre, textarea") === null) found.push(node.data);
  }
  return found;
})()`;

/** What others wrote that turns the direction of text (U+202E), where it could turn what stands beside it, too. */
export async function notIsolated(page: Page): Promise<readonly string[]> {
  return z.array(z.string()).parse(await page.evaluate(NOT_ISOLATED));
}

/** The console in a tab of its own, with all that the browser complained about. End it with `await using`. */
export class ConsolePage implements AsyncDisposable {
  readonly page: Page;
  /** What stood in the browser's console as an error or a warning, and what was thrown. */
  readonly complaints: string[] = [];
  /** What was asked of anybody but the server. */
  readonly elsewhere: string[] = [];
  readonly #server: ServerProcess;

  private constructor(page: Page, server: ServerProcess) {
    this.page = page;
    this.#server = server;
    page.on("pageerror", ({ message }) => this.complaints.push(message));
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.complaints.push(message.text());
    });
    page.on("dialog", (dialog) => {
      this.complaints.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    const note = (url: string) => {
      const { host, protocol } = new URL(url);
      if (host !== new URL(server.url).host && protocol !== "data:") this.elsewhere.push(url);
    };
    page.on("request", (request) => note(request.url()));
    page.on("websocket", (socket) => note(socket.url()));
  }

  /** Opens the console, with the key where one is given. */
  static async open(browser: Browser, server: ServerProcess, options: ConsoleOptions = {}): Promise<ConsolePage> {
    const { address = "/overview", key, theme = "light", viewport = VIEWPORT } = options;
    const context = await browser.newContext({ viewport, colorScheme: theme });
    const console_ = new ConsolePage(await context.newPage(), server);
    await console_.visit(address);
    if (key !== undefined) await console_.giveKey(key);
    return console_;
  }

  /** Goes to a page of the console. */
  async visit(address: string): Promise<void> {
    await this.page.goto(`${this.#server.url}/console/#${address}`);
  }

  /** Types the key where it is asked for. */
  async giveKey(key: string): Promise<void> {
    await this.page.getByLabel("Key", { exact: true }).fill(key);
    await this.page.keyboard.press("Enter");
  }

  /** What keeps people out, as axe finds it: the rule and the place. */
  async violations(): Promise<readonly string[]> {
    // The page's own policy would not let it in as a script.
    await this.page.evaluate(AXE);
    const found = await this.page.evaluate(
      "axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html)))",
    );
    return z.array(z.string()).parse(found);
  }

  /** By how much what is shown is wider than the window. */
  async overflowPx(): Promise<number> {
    return z.number().parse(await this.page.evaluate("document.documentElement.scrollWidth - innerWidth"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
  }
}
