import { Directory } from "./directory.ts";

/** A file for one test, in a folder of its own. */
export class TemporaryFile implements Disposable {
  readonly path: string;
  readonly #directory = new Directory();
  readonly #name: string;

  constructor(name: string, text: string) {
    this.#name = name;
    this.path = this.#directory.write(name, text);
  }

  get folder(): string {
    return this.#directory.path;
  }

  write(text: string): void {
    this.#directory.write(this.#name, text);
  }

  [Symbol.dispose](): void {
    this.#directory[Symbol.dispose]();
  }
}
