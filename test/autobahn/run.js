// Runs the Autobahn WebSocket test suite (all 517 cases) against the echo server on the WebSocket layer:
//
//     node test/autobahn/run.js [--runtime COMMAND] [arguments of run_autobahn.py]
//
// The echo server runs on this Node.js, or on another runtime such as node_modules/.bin/bun. The suite needs python3 with
// its module venv. Where these are missing, the run is skipped, but fails if the variable CI is "true".
import { spawn, spawnSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const FOLDER = dirname(fileURLToPath(import.meta.url));
const CACHE = join(FOLDER, "../../node_modules/.cache/ringcast");
const VENV = join(CACHE, "autobahn");
const PYTHON = join(VENV, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
const INSTALLED = join(VENV, "installed");
const LIMITS = ["--count", "50", "--cap", "60", "--quiet"];

function run(command, ...parameters) {
  const { status, error } = spawnSync(command, parameters, { stdio: "inherit" });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${parameters.join(" ")} ended with status ${status}`);
}

/** Installs the suite into a virtual environment and makes its sources run on Python 3. */
function installSuite() {
  if (existsSync(INSTALLED)) return;
  rmSync(VENV, { recursive: true, force: true });
  run("python3", "-m", "venv", VENV);
  run(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", join(FOLDER, "requirements.txt"));
  const location = "import sysconfig; print(sysconfig.get_path('purelib'))";
  const packages = spawnSync(PYTHON, ["-c", location], { encoding: "utf8" }).stdout.trim();
  run(PYTHON, join(FOLDER, "port_autobahn.py"), packages);
  writeFileSync(INSTALLED, "");
}

/** Starts the echo server. Resolves with its process and its port. */
async function startEchoServer(runtime) {
  const outfile = join(CACHE, "echo-server.js");
  const entry = join(FOLDER, "echo-server.ts");
  await build({ entryPoints: [entry], bundle: true, platform: "node", format: "esm", target: "node20", outfile });
  const server = spawn(runtime, [outfile], { stdio: ["pipe", "pipe", "inherit"] });
  const port = await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("exit", (code) => reject(new Error(`the echo server ended with status ${code}`)));
    server.stdout.once("data", (text) => resolve(Number(text)));
  });
  return { server, port };
}

function runSuite(port, parameters) {
  const script = join(FOLDER, "run_autobahn.py");
  const client = spawn(PYTHON, [script, "--url", `ws://127.0.0.1:${port}/`, ...LIMITS, ...parameters], {
    stdio: "inherit",
  });
  return new Promise((resolve, reject) => {
    client.once("error", reject);
    client.once("exit", (code) => resolve(code ?? 2));
  });
}

function canMakeVenv() {
  return spawnSync("python3", ["-c", "import venv, ensurepip"]).status === 0;
}

async function main(parameters) {
  let runtime = process.execPath;
  if (parameters[0] === "--runtime") runtime = parameters.splice(0, 2)[1] ?? runtime;
  if (!canMakeVenv()) {
    process.stderr.write("Autobahn is skipped: python3 with its module venv is missing (Debian: python3-venv)\n");
    return process.env["CI"] === "true" ? 1 : 0;
  }
  installSuite();
  const { server, port } = await startEchoServer(runtime);
  const status = await runSuite(port, parameters);
  server.stdin.end();
  return status;
}

process.exitCode = await main(process.argv.slice(2));
