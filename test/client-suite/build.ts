import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { ROOT } from "../support/server-process.ts";

/** The SDK as it is published, and the suite to show what it does, built for other runtimes than this. */
export class Build implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "ringcast-client-"));
  readonly clientPath = join(this.folder, "index.js");

  constructor() {
    const script = join(ROOT, "scripts/build-client.js");
    const { status, stderr } = spawnSync("node", [script, this.folder], { encoding: "utf8" });
    if (status !== 0) throw new Error(`build-client.js: ${stderr}`);
  }

  get clientText(): string {
    return readFileSync(this.clientPath, "utf8");
  }

  /** Bundles one of the suite's files; returns its path. */
  async bundle(file: string, target: "browser" | "node"): Promise<string> {
    const outfile = join(this.folder, file.replace(/\.ts$/, ".mjs"));
    const entryPoints = [join(import.meta.dirname, file)];
    await build({ entryPoints, outfile, bundle: true, format: "esm", platform: target, target: "es2022" });
    return outfile;
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}
