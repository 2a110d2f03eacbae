// How long clients behind one address take to come back after a restart of the server, with its default limits.
// Usage: bun bench/returning.ts [--clients=5000] [--rounds=3] [--runtime=NODE] [--command=bin/ringcast]
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { parseArgs } from "node:util";

/** What clients may take. */
const LIMIT_SEC = 30;
const ABSENCE_MS = 20_000;
const CLIENTS_PER_PROCESS = 1000;
/** Ticks of a process's CPU time in a second (Linux). */
const TICKS_PER_SEC = 100;
const PATIENCE_MS = 120_000;

const { values } = parseArgs({
  options: {
    clients: { type: "string", default: "5000" },
    rounds: { type: "string", default: "3" },
    runtime: { type: "string", default: "node" },
    command: { type: "string", default: "bin/ringcast" },
  },
});
const clientCount = Number(values.clients);
const port = 20_000 + Math.floor(Math.random() * 10_000);

type ServerChild = Bun.Subprocess<"ignore", "ignore", "inherit">;

function startServer(): ServerChild {
  const flags = [`-port=${port}`, "-host=127.0.0.1", "-log-level=error"];
  return Bun.spawn([values.runtime, values.command, ...flags], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "inherit",
  });
}

function accepts(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("connect", () => socket.destroy() && resolve(true));
    socket.once("error", () => resolve(false));
  });
}

async function untilListening(): Promise<number> {
  while (!(await accepts())) await Bun.sleep(10);
  return Date.now();
}

/** CPU time that a process has taken, in seconds. */
function cpuSec({ pid }: ServerChild): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SEC;
}

/** When a client was subscribed again, and after how many tries. */
interface Return {
  readonly atMs: number;
  readonly tries: number;
}

/** The processes with the clients, and what they report. */
class Clients {
  readonly returns: Return[] = [];
  subscribed = 0;
  readonly #children: Bun.Subprocess<"pipe", "pipe", "inherit">[] = [];

  start(): void {
    for (let rest = clientCount; rest > 0; rest -= CLIENTS_PER_PROCESS) {
      const count = Math.min(rest, CLIENTS_PER_PROCESS);
      const command = [
        process.execPath,
        `${import.meta.dir}/returning/clients.ts`,
        `ws://127.0.0.1:${port}/ws`,
        `${count}`,
      ];
      const child = Bun.spawn(command, { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
      this.#children.push(child);
      void this.#read(child.stdout);
    }
  }

  stop(): void {
    for (const child of this.#children) child.kill();
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const bytes of stream) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const [what, atMs, tries] = line.split(" ");
        if (what === "subscribed") this.subscribed++;
        if (what === "back") this.returns.push({ atMs: Number(atMs), tries: Number(tries) });
      }
    }
  }
}

async function until(holds: () => boolean): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error("the clients did not come back");
    await Bun.sleep(10);
  }
}

function share(sorted: readonly number[], part: number): number {
  return sorted[Math.ceil(sorted.length * part) - 1] ?? Number.NaN;
}

let isTooSlow = false;

/** Waits for all clients, and prints how long they took since the server was there. */
async function report(what: string, clients: Clients, server: ServerChild, listeningAtMs: number): Promise<void> {
  await until(() => clients.returns.length >= clientCount);
  const cpu = cpuSec(server);
  const seconds = clients.returns.map(({ atMs }) => (atMs - listeningAtMs) / 1000).sort((a, b) => a - b);
  const tries = clients.returns.map((one) => one.tries).sort((a, b) => a - b);
  const [half, most, all] = [0.5, 0.99, 1].map((part) => share(seconds, part).toFixed(1));
  const [medianTries, mostTries] = [share(tries, 0.5), share(tries, 1)];
  isTooSlow ||= share(seconds, 1) > LIMIT_SEC;
  process.stdout.write(
    `${what}: 50 % back after ${half} s, 99 % after ${most} s, all after ${all} s; ` +
      `${medianTries} tries (at most ${mostTries}); server's CPU time ${cpu.toFixed(2)} s\n`,
  );
  clients.returns.length = 0;
}

const clients = new Clients();
let server = startServer();
try {
  const startedAtMs = await untilListening();
  clients.start();
  await until(() => clients.subscribed >= clientCount);
  process.stdout.write(`${clientCount} clients connected in ${((Date.now() - startedAtMs) / 1000).toFixed(1)} s\n`);
  for (let round = 0; round < Number(values.rounds); round++) {
    // Each round starts with a full bucket and links that have lasted.
    await Bun.sleep(6000);
    server.kill("SIGTERM");
    await server.exited;
    server = startServer();
    await report("restart by SIGTERM", clients, server, await untilListening());
    await Bun.sleep(6000);
    server.kill("SIGKILL");
    await Bun.sleep(ABSENCE_MS);
    server = startServer();
    await report("kill -9, back after 20 s", clients, server, await untilListening());
  }
} finally {
  clients.stop();
  server.kill();
}
process.exitCode = isTooSlow ? 1 : 0;
