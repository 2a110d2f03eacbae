import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file for one test, in a folder of its own. */
export class TemporaryFile implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "ringcast-test-"));
  readonly path: string;

  constructor(name: string, text: string) {
    this.path = join(this.folder, name);
    this.write(text);
  }

  write(text: string): void {
    writeFileSync(this.path, text);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}
