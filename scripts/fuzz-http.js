// Has Schemathesis make requests of a server of this checkout on loopback, from its OpenAPI description. Schemathesis is
// a Python program that is not installed by this repository: `pip install schemathesis`.
// Usage: node scripts/fuzz-http.js [CASES [SEED]], by default 50 cases an operation and a random seed
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const command = join(dirname(fileURLToPath(import.meta.url)), "..", "bin", "ringcast");
const KEY = "fuzz";
// Two rules can't be said in OpenAPI: how long a duration may be, and which parameters exclude each other. They stand in
// the description as x-… keywords, to which test/openapi-fuzz.test.ts holds the server; Schemathesis ignores them.
const CONFIGURATION = `
[[operations]]
include-name = ["POST /tokens", "GET /topics/{name}/messages"]
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "401", "404"]
`;

const schemathesis = (words, cwd) => spawnSync("schemathesis", words, { cwd, stdio: "inherit" });

/** Starts a server; resolves with it and its port when it listens, and rejects where it ends instead. */
async function startServer() {
  const flags = ["-host=127.0.0.1", "-port=0", "-rate-limit-per-min=0", "-log-format=json", `-api-key=${KEY}`];
  const server = spawn(process.execPath, [command, ...flags], { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: server.stdout });
  const [line] = await Promise.race([once(lines, "line"), once(server, "exit").then(() => [])]);
  if (line === undefined) throw new Error("the server did not start");
  return { server, port: JSON.parse(line).port };
}

async function main([cases = "50", seed]) {
  if (spawnSync("schemathesis", ["--version"]).error !== undefined) {
    process.stderr.write("fuzz-http: there is no schemathesis in PATH; get it with 'pip install schemathesis'\n");
    return 1;
  }
  const { port, server } = await startServer();
  const folder = mkdtempSync(join(tmpdir(), "ringcast-fuzz-"));
  try {
    writeFileSync(join(folder, "schemathesis.toml"), CONFIGURATION);
    const common = ["run", `http://127.0.0.1:${port}/swagger/doc.json`, "-H", `X-API-Key: ${KEY}`, "--checks=all"];
    common.push("--continue-on-failure", ...(seed === undefined ? [] : [`--seed=${seed}`]));
    // An upgrade ends in a WebSocket, of which Schemathesis knows nothing. A stream has no end, but its beginning is
    // looked at.
    const runs = [
      ["--exclude-path-regex", "^/ws$|/events$", `--max-examples=${cases}`],
      [
        "--include-path-regex",
        "/events$",
        `--max-examples=${Math.floor(Number(cases) / 5) + 1}`,
        "--request-timeout=0.3",
      ],
    ];
    return runs.map((words) => schemathesis([...common, ...words], folder).status).every((status) => status === 0)
      ? 0
      : 1;
  } finally {
    server.kill();
    rmSync(folder, { recursive: true });
  }
}

process.exitCode = await main(process.argv.slice(2));
