import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../support/server-process.ts";

/** The SDK as it is published, and the suite to show what it does, built for other runtimes than this. */
export class Build implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "ringcast-client-"));
  readonly clientPath = join(this.folder, "index.js");

  constructor() {
    const built = Bun.spawnSync(["sh", join(ROOT, "scripts/build-client.sh"), this.folder], { stderr: "pipe" });
    if (built.exitCode !== 0) throw new Error(`build-client.sh: ${built.stderr}`);
  }

  get clientText(): string {
    return readFileSync(this.clientPath, "utf8");
  }

  /** Bundles one of the suite's files; returns its path. */
  async bundle(file: string, target: "browser" | "node"): Promise<string> {
    const { outputs } = await Bun.build({ entrypoints: [join(import.meta.dir, file)], outdir: this.folder, target });
    const path = outputs[0]?.path;
    if (path === undefined) throw new Error(`${file} was not built`);
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}
