import { createLocalJWKSet } from "jose";
import type { Logger } from "../logger.ts";
import { readOptionFile, UnusableFile } from "../option-file.ts";
import { MAX_KEY_SET_BYTES, NO_KEY_SET, parseKeySet } from "./key-set.ts";
import type { FindKey, PublicKeys } from "./public-keys.ts";

const FLAG = "token-jwks";

/** Public keys from a file, which is read at the start and at every `reload`. */
export class FileKeys implements PublicKeys {
  readonly #path: string;
  readonly #logger: Logger;
  #find: FindKey;

  /** @throws {UnusableFile} where the file can't be read, or holds no usable key */
  constructor(path: string, logger: Logger) {
    this.#path = path;
    this.#logger = logger;
    this.#find = this.#read();
  }

  readonly keyFor: FindKey = (header) => this.#find(header);

  async refresh(): Promise<void> {}

  async reload(): Promise<void> {
    try {
      this.#find = this.#read();
    } catch (error) {
      if (!(error instanceof UnusableFile)) throw error;
      this.#logger.error({ why: error.message }, "token keys not loaded, keeping the previous ones");
    }
  }

  #read(): FindKey {
    const set = parseKeySet(readOptionFile(FLAG, this.#path, MAX_KEY_SET_BYTES));
    if (set === undefined) throw new UnusableFile(FLAG, this.#path, NO_KEY_SET);
    this.#logger.info({ from: this.#path, keys: set.jwks.keys.length, ignored: set.ignored }, "token keys loaded");
    return createLocalJWKSet(set.jwks);
  }
}
