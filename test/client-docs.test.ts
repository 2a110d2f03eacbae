import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build as bundle } from "esbuild";
import { describe, expect, test } from "vitest";
import { Build } from "./client-suite/build.ts";
import { HAS_BROWSER, launchBrowser } from "./support/browser.ts";
import { LoopbackServer } from "./support/loopback-server.ts";
import { ROOT, ServerProcess } from "./support/server-process.ts";

const DOCUMENT = readFileSync(join(ROOT, "docs", "clients.md"), "utf8");

/** The examples in one language. */
function blocks(language: string): string[] {
  return [...DOCUMENT.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"))].map(([, code = ""]) => code);
}

describe("docs/clients.md", () => {
  test("has examples that compile as one program", () => {
    using build = new Build();
    const installed = join(build.folder, "node_modules");
    const client = join(installed, "ringcast", "dist", "client");
    mkdirSync(client, { recursive: true });
    cpSync(join(build.folder, "types"), join(client, "types"), { recursive: true });
    cpSync(join(ROOT, "package.json"), join(installed, "ringcast", "package.json"));
    symlinkSync(join(ROOT, "node_modules", "zod"), join(installed, "zod"));
    mkdirSync(join(installed, "@types"));
    symlinkSync(join(ROOT, "node_modules", "@types", "ws"), join(installed, "@types", "ws"));
    const examples = blocks("ts");
    expect(examples.length).toBeGreaterThan(5);
    // A block each, so that names can be used again; what is imported and connected first is for all.
    const [first = "", ...others] = examples;
    const imports = others.flatMap((code) => code.match(/^import .*$/gm) ?? []);
    const bodies = others.map((code) => `{\n${code.replace(/^import .*$/gm, "")}\n}`);
    writeFileSync(join(build.folder, "examples.ts"), [...imports, first, ...bodies].join("\n"));
    writeFileSync(join(build.folder, "package.json"), '{"type":"module"}');
    const options = { module: "nodenext", target: "esnext", lib: ["esnext", "dom"], strict: true, noEmit: true };
    const project = { compilerOptions: { ...options, types: [], skipLibCheck: true }, files: ["examples.ts"] };
    writeFileSync(join(build.folder, "tsconfig.json"), JSON.stringify(project));
    const tsc = spawnSync(join(ROOT, "node_modules/.bin/tsc"), ["--project", build.folder], { encoding: "utf8" });
    expect({ status: tsc.status, stdout: tsc.stdout }).toEqual({ status: 0, stdout: "" });
  }, 30_000);

  test("has a React application that a server renders", async () => {
    using build = new Build();
    const [application = ""] = blocks("jsx");
    const program = `${application}\nimport { renderToString } from "react-dom/server";\nconsole.log(renderToString(<App />));\n`;
    const { outputFiles } = await bundle({
      stdin: { contents: program, loader: "jsx", resolveDir: ROOT },
      bundle: true,
      write: false,
      platform: "node",
      jsx: "automatic",
      nodePaths: [join(ROOT, "node_modules")],
      alias: { "ringcast/client": build.clientPath, "ringcast/react": join(build.folder, "react.js") },
    });
    const script = join(build.folder, "application.cjs");
    writeFileSync(script, outputFiles[0]?.text ?? "");
    const { status, stderr, stdout } = spawnSync(process.execPath, [script], { encoding: "utf8" });
    expect({ status, stderr, stdout }).toEqual({ status: 0, stderr: "", stdout: "<p>reconnecting …</p><ul></ul>\n" });
  });

  test.skipIf(!HAS_BROWSER)(
    "has a page that shows in one window what is typed in another, also after an outage of the server",
    async () => {
      using build = new Build();
      const [page = ""] = blocks("html");
      let server = await ServerProcess.start();
      const { port } = server;
      await using pages = await LoopbackServer.start((request) =>
        new URL(request.url).pathname === "/"
          ? new Response(page.replace("localhost:8080", `127.0.0.1:${port}`), {
              headers: { "Content-Type": "text/html" },
            })
          : new Response(build.clientText, { headers: { "Content-Type": "text/javascript" } }),
      );
      const browser = await launchBrowser();
      try {
        const [one, other] = [await browser.newPage(), await browser.newPage()];
        for (const each of [one, other]) {
          await each.goto(pages.url.href);
          await each.locator("#state", { hasText: "open" }).waitFor();
        }
        await one.locator("input").fill("two coffees");
        await one.locator("input").press("Enter");
        await other.locator("li", { hasText: "two coffees" }).waitFor();
        await server.stop();
        await one.locator("#state", { hasText: "waiting" }).waitFor();
        await one.locator("input").fill("a tea");
        await one.locator("input").press("Enter");
        server = await ServerProcess.start([`-port=${port}`]);
        await other.locator("li", { hasText: "a tea" }).waitFor();
        expect(await one.locator("li").allTextContents()).toEqual(["a tea", "two coffees"]);
      } finally {
        await browser.close();
        await server[Symbol.asyncDispose]();
      }
    },
    60_000,
  );
});
