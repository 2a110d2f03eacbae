import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { HAS_BROWSER, launchBrowser } from "./support/browser.ts";
import { LoopbackServer } from "./support/loopback-server.ts";
import { RawProcess } from "./support/raw-process.ts";
import { ROOT, ServerProcess } from "./support/server-process.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const KEY = "example-key";
const WITH_KEY = { "X-API-Key": KEY };
const EXAMPLES = join(ROOT, "examples");

let server: ServerProcess;
/** For what is built, outside of the checkout. */
let folder: string;

beforeAll(async () => {
  server = await ServerProcess.start([`-api-key=${KEY}`, "-topic-ttl=1m"]);
  folder = mkdtempSync(join(tmpdir(), "ringcast-examples-"));
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

function has(program: string, ...words: readonly string[]): boolean {
  return spawnSync(program, words).status === 0;
}

function run(...command: readonly string[]): RawProcess {
  const environment = { RINGCAST_URL: server.url, RINGCAST_API_KEY: KEY, HOME: folder };
  return new RawProcess([], { command, environment, cwd: folder });
}

/** Publishes to a topic of an example's own, as somebody else. */
async function publish(topic: string, item: string): Promise<void> {
  const answer = await server.post(`/topics/${topic}/messages`, { payload: { item } }, WITH_KEY);
  expect(answer.status).toBe(200);
}

describe("the example", () => {
  test.skipIf(!HAS_BROWSER)("page shows what happens in the back end, live, without ever seeing the key", async () => {
    // Beside each other as in the checkout, with the SDK as it is now.
    cpSync(join(EXAMPLES, "page"), join(folder, "examples", "page"), { recursive: true });
    writeFileSync(join(folder, "package.json"), '{"type":"module"}');
    const built = spawnSync("node", [join(ROOT, "scripts", "build-client.js"), join(folder, "dist", "client")]);
    expect(built.status).toBe(0);
    let ringcast = await ServerProcess.start([`-api-key=${KEY}`]);
    const environment = { RINGCAST_URL: ringcast.url, RINGCAST_API_KEY: KEY, PORT: "0" };
    await using backend = new RawProcess([join(folder, "examples", "page", "backend.js")], {
      command: ["node"],
      environment,
    });
    const url = await backend.nextLine("http://");
    await using browser = await launchBrowser();
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    await page.goto(url);
    await page.getByText("open", { exact: true }).waitFor();
    for (let n = 1; n <= 3; n++) {
      await page.getByRole("button", { name: "Order a coffee" }).click();
      await page.getByText(`${n}: coffee`, { exact: true }).waitFor();
    }
    // Without Ringcast the back end lives on, and the page comes back by itself.
    const { port } = ringcast;
    await ringcast.stop();
    await page.getByText("waiting", { exact: true }).waitFor();
    expect((await fetch(new URL("/login", url), { method: "POST" })).status).toBe(502);
    ringcast = await ServerProcess.start([`-api-key=${KEY}`, `-port=${port}`]);
    await using _ = ringcast;
    await page.getByText("open", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Order a coffee" }).click();
    await page.getByText("1: coffee", { exact: true }).nth(1).waitFor();
    expect(errors).toEqual([]);
    expect(await page.content()).not.toContain(KEY);
  });

  test.skipIf(!HAS_BROWSER)("React hook keeps a component up with a topic", async () => {
    const built = await build({
      entryPoints: [join(EXAMPLES, "react", "orders.jsx")],
      bundle: true,
      write: false,
      format: "esm",
      jsx: "automatic",
      define: { "process.env.NODE_ENV": '"production"' },
      // The SDK as it is now.
      alias: Object.fromEntries(
        ["client", "react"].map((name) => [`ringcast/${name}`, join(ROOT, "src", name, "index.ts")]),
      ),
    });
    const script = built.outputFiles[0]?.text ?? "";
    await publish("orders", "tea");
    const grant = { client_id: "react", subscribe: ["orders"] };
    const { token } = z
      .object({ token: z.string() })
      .parse(await (await server.post("/tokens", grant, WITH_KEY)).json());
    await using browser = await launchBrowser();
    const page = await browser.newPage();
    const query = new URLSearchParams({ url: `ws://127.0.0.1:${server.port}/ws`, token });
    // A real page: a browser lets one that only pretends to be on this machine reach nothing else there.
    const html = '<!doctype html><div id="root"></div><script type="module" src="script.js"></script>';
    await using host = await LoopbackServer.start((request) =>
      new URL(request.url).pathname === "/"
        ? new Response(html, { headers: { "Content-Type": "text/html" } })
        : new Response(script, { headers: { "Content-Type": "text/javascript" } }),
    );
    await page.goto(`${host.url}?${query}`);
    await page.getByText("tea", { exact: true }).first().waitFor();
    await publish("orders", "cake");
    await page.getByText("cake", { exact: true }).waitFor();
  });

  test.skipIf(!has("python3", "--version"))("in Python publishes and follows", async () => {
    await using example = run("python3", join(EXAMPLES, "python", "follow.py"), "from python");
    expect(await example.nextLine("published")).toBe("published at offset 1");
    expect(await example.nextLine("ack")).toContain('"offset": 1');
    expect(await example.nextLine("message")).toContain('{"from": "python"}');
    await publish("from%20python", "live");
    expect(await example.nextLine("message")).toContain('{"item": "live"}');
  });

  test.skipIf(!has("go", "version"))("in Go publishes and follows", async () => {
    cpSync(join(EXAMPLES, "go"), join(folder, "go"), { recursive: true });
    const program = join(folder, "go", "follow");
    const built = spawnSync("go", ["build", "-o", program, "."], { cwd: join(folder, "go"), encoding: "utf8" });
    expect(built.stderr).toBe("");
    await using example = run(program, "from/go");
    expect(await example.nextLine('"type":"ack"')).toContain('"offset":1');
    expect(await example.nextLine('"type":"event"')).toContain('"payload":{"from":"go"}');
    await publish("from%2Fgo", "live");
    expect(await example.nextLine('"type":"event"')).toContain('"payload":{"item":"live"}');
  });

  test.skipIf(!has("curl", "--version"))("with curl alone takes a tour", async () => {
    await using fresh = await ServerProcess.start([`-api-key=${KEY}`]);
    const environment = { RINGCAST_URL: fresh.url, RINGCAST_API_KEY: KEY };
    const command = ["sh", join(EXAMPLES, "curl", "tour.sh")];
    await using example = new RawProcess([], { command, environment });
    expect(await example.nextLine("epoch")).toContain('"messages":[{"id":"o1","offset":1}]');
    expect(await example.nextLine("epoch")).toContain('{"id":"o1","offset":1,"duplicate":true},{"id":"o2","offset":2}');
    expect(await example.nextLine("epoch")).toContain('"payload":{"item":"tea"}');
    expect(await example.nextLine("event: ack")).toBe("event: ack");
    expect(await example.nextLine("data:")).toContain('"offset":2');
  });

  test.each(["python/follow.py", "go/main.go"])("%s has under 40 lines", (path) => {
    expect(readFileSync(join(EXAMPLES, path), "utf8").trimEnd().split("\n").length).toBeLessThan(40);
  });
});
