import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { COMMAND, SCRIPT_RUNTIME } from "./support/command.ts";
import { LISTENS } from "./support/server-process.ts";

/** Sends the process SIGHUP when it reads the keys for the first time, long before it listens. */
const PRELOAD = `
const fs = require("node:fs");
const { readFileSync } = fs;
fs.readFileSync = (path, ...rest) => {
  if (String(path).endsWith("keys.txt")) {
    fs.readFileSync = readFileSync;
    require("node:module").syncBuiltinESMExports();
    process.kill(process.pid, "SIGHUP");
  }
  return readFileSync(path, ...rest);
};
require("node:module").syncBuiltinESMExports();
`;

/** Sends the process SIGHUP with the first thing that the command does. */
const PRELOAD_OF_COMMAND = `
const fs = require("node:fs");
const { existsSync } = fs;
fs.existsSync = (path) => {
  if (String(path).endsWith("build-if-stale.js")) process.kill(process.pid, "SIGHUP");
  return existsSync(path);
};
`;

test.skipIf(process.platform === "win32")(
  "SIGHUP while the command loads the server does not end it",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "ringcast-test-"));
    try {
      const preload = join(folder, "preload.cjs");
      writeFileSync(preload, PRELOAD_OF_COMMAND);
      const words = ["--require", preload, COMMAND, "-host=127.0.0.1", "-port=0", "-log-format=json"];
      const server = spawn(SCRIPT_RUNTIME, words, { stdio: ["ignore", "pipe", "inherit"] });
      const exited = once(server, "exit");
      for await (const line of createInterface({ input: server.stdout })) {
        if (LISTENS.test(JSON.parse(line).msg)) server.kill("SIGTERM");
      }
      expect(await exited).toEqual([0, null]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  30_000,
);

test.skipIf(process.platform === "win32")(
  "SIGHUP while the server starts does not end it: its files are read again once it listens",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "ringcast-test-"));
    try {
      const [preload, keys] = [join(folder, "preload.cjs"), join(folder, "keys.txt")];
      writeFileSync(preload, PRELOAD);
      writeFileSync(keys, "backend publish a-secret-of-some-length\n");
      const flags = ["-host=127.0.0.1", "-port=0", "-log-format=json", `-api-keys-file=${keys}`];
      const words = ["--require", preload, COMMAND, ...flags];
      const server = spawn(SCRIPT_RUNTIME, words, { stdio: ["ignore", "pipe", "inherit"] });
      const exited = once(server, "exit");
      const messages: string[] = [];
      for await (const line of createInterface({ input: server.stdout })) {
        const { msg } = JSON.parse(line);
        messages.push(msg);
        if (msg === "API keys loaded") server.kill("SIGTERM");
      }
      expect(await exited).toEqual([0, null]);
      expect(messages.slice(0, 3)).toEqual([expect.stringMatching(LISTENS), "signal received", "API keys loaded"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  30_000,
);
