import { type ApiKey, clashOf, MAX_KEYS_FILE_BYTES, parseKeysFile } from "../../config/api-keys.ts";
import { InvalidValue } from "../../config/invalid-value.ts";
import type { Config } from "../../config/options.ts";
import type { Logger } from "../logger.ts";
import { readOptionFile, UnusableFile } from "../option-file.ts";
import type { Journal } from "../system/journal.ts";
import { KeyRing } from "./authenticator.ts";
import { signingSecret, type Tokens } from "./tokens.ts";

const FLAG = "api-keys-file";

export type KeyOptions = Pick<Config, "apiKeys" | "apiKeysFile" | "tokenSecret">;

/** @throws {UnusableFile} where the file can't be read, is wrong, or has a name or a key that `-api-key` has */
function readKeys({ apiKeys, apiKeysFile }: KeyOptions): readonly ApiKey[] {
  if (apiKeysFile === "") return apiKeys;
  const ofFile = parseKeysFile(readOptionFile(FLAG, apiKeysFile, MAX_KEYS_FILE_BYTES));
  if (ofFile instanceof InvalidValue) throw new UnusableFile(FLAG, apiKeysFile, ofFile.reason);
  const keys = [...apiKeys, ...ofFile];
  const clash = clashOf(keys);
  if (clash === undefined) return keys;
  throw new UnusableFile(FLAG, apiKeysFile, `does not go with -api-key: together they ${clash}`);
}

/** Where API keys come from: `-api-key` and the file of `-api-keys-file`; and what tokens are signed with. */
export class KeySource {
  /** The keys that are in force. */
  readonly ring: KeyRing;
  /** What tokens were signed with at the start. */
  readonly secret: Uint8Array;
  readonly #options: KeyOptions;
  readonly #logger: Logger;
  /** The key that the secret follows from, unless that was given. */
  #firstAdminKey: string | undefined;

  /** @throws {UnusableFile} where the file is of no use */
  constructor(options: KeyOptions, logger: Logger) {
    this.#options = options;
    this.#logger = logger;
    const keys = readKeys(options);
    this.ring = new KeyRing(keys);
    this.#firstAdminKey = firstAdminKey(keys);
    this.secret = signingSecret(options.tokenSecret, this.#firstAdminKey);
  }

  /**
   * Reads the file anew. Where it is of no use the old keys stay in force, and the log says why.
   * @param tokens what gets another secret, if that follows from a key which is no longer the first
   * @param journal is told, too
   * @returns whether the keys were read, so that who is connected is to be looked at again
   */
  reload(tokens: Pick<Tokens, "replaceSecret">, journal: Journal): boolean {
    if (this.#options.apiKeysFile === "") return false;
    try {
      const keys = readKeys(this.#options);
      this.ring.replace(keys);
      const first = firstAdminKey(keys);
      if (this.#options.tokenSecret === "" && first !== this.#firstAdminKey)
        tokens.replaceSecret(signingSecret("", first));
      this.#firstAdminKey = first;
      this.#logger.info({ from: this.#options.apiKeysFile, keys: keys.length }, "API keys loaded");
      journal.note({ code: "RELOADED", level: "info", message: `${keys.length} API keys loaded` });
      return true;
    } catch (error) {
      if (!(error instanceof UnusableFile)) throw error;
      this.#logger.error({ why: error.message }, "API keys not loaded, keeping the previous ones");
      journal.note({ code: "RELOADED", level: "error", message: "API keys not loaded, keeping the previous ones" });
      return false;
    }
  }
}

function firstAdminKey(keys: readonly ApiKey[]): string | undefined {
  return keys.find(({ role }) => role === "admin")?.key;
}
