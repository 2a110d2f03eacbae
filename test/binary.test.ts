import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import packageJson from "../package.json" with { type: "json" };
import { HAS_BROWSER, launchBrowser } from "./support/browser.ts";
import { Child, type ChildEnd } from "./support/child.ts";
import { TestClient } from "./support/client.ts";
import { ConsolePage } from "./support/console-page.ts";
import { within } from "./support/mailbox.ts";
import { ROOT, ServerProcess } from "./support/server-process.ts";

// The one executable, as `npm run build:binary` makes it, started where nothing of this repository is at hand and the
// folder does its best to mislead it.

const BUILD_TIMEOUT_MS = 120_000;
const TEST_TIMEOUT_MS = 60_000;

let folder = "";
let binary = "";
let strangeFolder = "";

/** What a Bun program would take from the folder in which it is started, unless told not to. */
const TRAPS = {
  ".env": "PORT=1\nAPI_KEY=from-dotenv\nMAX_QUEUE_SIZE=7\n",
  ".env.local": "RING_BUFFER_SIZE=8\n",
  "bunfig.toml": 'preload = ["./trap.ts"]\nsmol = true\n',
  "trap.ts": "process.exit(77);\n",
  "tsconfig.json": "this is no JSON",
  "package.json": "neither is this",
};

async function run(command: readonly string[], cwd: string): Promise<ChildEnd> {
  await using child = new Child(command, { cwd, env: { PATH: process.env["PATH"] } });
  return await within(child.ended(), "the end", BUILD_TIMEOUT_MS);
}

function startBinary(flags: readonly string[] = [], environment: Record<string, string> = {}): Promise<ServerProcess> {
  return ServerProcess.start(flags, { command: binary, cwd: strangeFolder, environment });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ringcast-binary-"));
  binary = join(folder, "ringcast");
  strangeFolder = join(folder, "elsewhere");
  await mkdir(strangeFolder);
  for (const [name, text] of Object.entries(TRAPS)) await writeFile(join(strangeFolder, name), text);
  const built = await run(["node", join(ROOT, "scripts", "build-binary.js"), binary], folder);
  if (built.code !== 0) throw new Error(`the build failed: ${built.stdout}${built.stderr}`);
}, BUILD_TIMEOUT_MS);

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("the executable", () => {
  test("is one file, with nothing beside it", async () => {
    expect((await readdir(folder)).sort()).toEqual(["elsewhere", "ringcast"]);
    expect((await stat(binary)).mode & 0o111).not.toBe(0);
  });

  test("tells its version", async () => {
    const { code, stderr, stdout } = await run([binary, "-version"], strangeFolder);
    expect({ code, stderr, stdout }).toEqual({ code: 0, stderr: "", stdout: `ringcast ${packageJson.version}\n` });
  });

  test("refuses a wrong flag with exit code 2 and one line", async () => {
    const { code, stderr, stdout } = await run([binary, "-port=none"], strangeFolder);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^ringcast: flag -port must be [^\n]+\n$/);
  });

  test(
    "takes nothing from .env, bunfig.toml, tsconfig.json or package.json of the folder it is started in",
    async () => {
      await using server = await startBinary(["-log-level=debug"]);
      const line = server.log.find(({ msg }) => msg === "configuration") ?? (await server.nextLog("configuration"));
      expect(line["config"]).toMatchObject({ "max-queue-size": 100, "ring-buffer-size": 100, "api-key": "" });
      expect((await server.fetch("/stats")).status).toBe(200);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    "takes variables of the real environment",
    async () => {
      await using server = await startBinary([], { API_KEY: "from-environment" });
      expect((await server.fetch("/stats")).status).toBe(401);
      const headers = { "X-API-Key": "from-environment" };
      expect((await server.fetch("/stats", { headers })).status).toBe(200);
    },
    TEST_TIMEOUT_MS,
  );

  test.skipIf(!HAS_BROWSER)(
    "serves the console, from within itself",
    async () => {
      await using server = await startBinary();
      await using browser = await launchBrowser();
      await using view = await ConsolePage.open(browser, server, { address: "/topics" });
      await view.page.getByRole("heading", { name: "No topics yet" }).waitFor();
      await view.page.getByText("Connected", { exact: true }).first().waitFor();
      expect([view.complaints, view.elsewhere]).toEqual([[], []]);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    "serves the documentation page and every asset that the page names, from within itself",
    async () => {
      await using server = await startBinary();
      const page = await (await server.fetch("/swagger/")).text();
      const assets = [...page.matchAll(/(?:src|href)="(?!data:)([^"]+)"/g)].map(([, path]) => path ?? "");
      expect(assets).toEqual(["swagger-ui.css", "swagger-ui-bundle.js", "start.js"]);
      for (const asset of assets) {
        const response = await server.fetch(`/swagger/${asset}`);
        expect(response.status).toBe(200);
        const served = Buffer.from(await response.arrayBuffer());
        const original = join(ROOT, "node_modules", "swagger-ui-dist", asset);
        if (existsSync(original)) expect(served.equals(await readFile(original))).toBe(true);
        else expect(served.byteLength).toBeGreaterThan(0);
      }
      expect((await server.fetch("/swagger/doc.json")).status).toBe(200);
      expect((await server.fetch("/asyncapi.json")).status).toBe(200);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    "publishes, delivers and replays",
    async () => {
      await using server = await startBinary();
      using publisher = await TestClient.connect(server.port);
      await publisher.published("orders", "m1", { n: 1 });
      using subscriber = await TestClient.connect(server.port);
      await subscriber.subscribe("orders", { last_n: 1 });
      expect((await subscriber.expect("event")).message).toEqual({ id: "m1", payload: { n: 1 } });
      publisher.publish("orders", "m2", { n: 2 });
      expect((await subscriber.expect("event")).message).toEqual({ id: "m2", payload: { n: 2 } });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    "ends with 0 at SIGTERM, after a word to its clients",
    async () => {
      await using server = await startBinary();
      using client = await TestClient.connect(server.port);
      const ended = server.stop("SIGTERM");
      expect((await client.expect("info")).info.code).toBe("SERVER_SHUTDOWN");
      expect((await client.closed).code).toBe(1001);
      expect(await ended).toBe(0);
    },
    TEST_TIMEOUT_MS,
  );
});
