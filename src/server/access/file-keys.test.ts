import { rmSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { captureLog } from "../../../test/support/captured-log.ts";
import { ForeignSigner, keySet } from "../../../test/support/foreign-signer.ts";
import { TemporaryFile } from "../../../test/support/temporary-file.ts";
import { UnusableFile } from "../option-file.ts";
import { FileKeys } from "./file-keys.ts";
import { MAX_KEY_SET_BYTES } from "./key-set.ts";

const [old, young] = [await ForeignSigner.create("ES256", "old"), await ForeignSigner.create("ES256", "young")];
const headerOf = ({ alg, jwk: { kid = "" } }: ForeignSigner) => ({ alg, kid });
const [INFO, ERROR] = [30, 50];

describe("keys from a file", () => {
  test("are the file's, until it is read again", async () => {
    using file = new TemporaryFile("keys.json", keySet(old.jwk));
    const { lines, logger } = captureLog();
    const keys = new FileKeys(file.path, logger);
    file.write(keySet(young.jwk, { kty: "oct" }));
    await keys.refresh();
    expect(await keys.keyFor(headerOf(old))).toBeInstanceOf(CryptoKey);
    await keys.reload();
    expect(await keys.keyFor(headerOf(young))).toBeInstanceOf(CryptoKey);
    await expect(keys.keyFor(headerOf(old))).rejects.toMatchObject({ code: "ERR_JWKS_NO_MATCHING_KEY" });
    expect(lines).toEqual([
      { level: INFO, from: file.path, keys: 1, ignored: 0, msg: "token keys loaded" },
      { level: INFO, from: file.path, keys: 1, ignored: 1, msg: "token keys loaded" },
    ]);
  });

  test.each<[string, (file: TemporaryFile) => void]>([
    ["is no key set", (file) => file.write("{")],
    ["has no usable key", (file) => file.write(keySet({ kty: "oct", k: "c2VjcmV0" }))],
    ["is too large", (file) => file.write(keySet(young.jwk) + " ".repeat(MAX_KEY_SET_BYTES))],
    ["is gone", (file) => rmSync(file.path)],
  ])("stay in force where the new file %s, and the log says why", async (_what, spoil) => {
    using file = new TemporaryFile("keys.json", keySet(old.jwk));
    const { lines, logger } = captureLog();
    const keys = new FileKeys(file.path, logger);
    spoil(file);
    await keys.reload();
    expect(await keys.keyFor(headerOf(old))).toBeInstanceOf(CryptoKey);
    expect(lines.slice(1)).toEqual([
      {
        level: ERROR,
        why: expect.stringContaining(file.path),
        msg: "token keys not loaded, keeping the previous ones",
      },
    ]);
    expect(() => new FileKeys(file.path, logger)).toThrow(UnusableFile);
  });
});
