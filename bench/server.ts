import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnOn, stop } from "./children.ts";
import type { Peer } from "./peers/peer.ts";
import { type CertificateFiles, selfSignedCertificate } from "./self-signed.ts";

const START_TIMEOUT_MS = 15_000;
// Below the range from which the kernel takes the ports of outgoing connections.
const FIRST_PORT = 20_000;
const LAST_PORT = 30_000;

/** Holds the directories of all servers; goes with the benchmark, also when that is interrupted. */
const home = mkdtempSync(join(tmpdir(), "ringcast-bench-"));
process.once("exit", () => rmSync(home, { recursive: true, force: true }));

let lastPort = FIRST_PORT + Math.floor(Math.random() * 5000);

let certificate: CertificateFiles | undefined;

/** The certificate of all servers, made when the first of them needs it. */
function certificateFiles(): CertificateFiles {
  certificate ??= selfSignedCertificate(home);
  return certificate;
}

/** A peer's server while it runs, on a port and with a directory of its own. */
export class Server {
  readonly port: number;
  readonly #child: Bun.Subprocess;
  readonly #directory: string;

  private constructor(port: number, child: Bun.Subprocess, directory: string) {
    this.port = port;
    this.#child = child;
    this.#directory = directory;
  }

  /** Its processes. Every peer is one process; threads are counted with it. */
  get pids(): number[] {
    return [this.#child.pid];
  }

  /** Starts a peer on one CPU, with TLS where asked for, and waits until it takes connections. */
  static async start(peer: Peer, cpu: number, { tls }: { readonly tls: boolean }): Promise<Server> {
    const directory = mkdtempSync(join(home, `${peer.name}-`));
    const port = await freePort();
    const log = join(directory, "log");
    const child = spawnOn(cpu, peer.command({ port, directory, tls: tls ? certificateFiles() : undefined }), {
      stdin: "ignore",
      stdout: "ignore",
      stderr: Bun.file(log),
    });
    const server = new Server(port, child, directory);
    const endsMs = performance.now() + START_TIMEOUT_MS;
    while (performance.now() < endsMs && child.exitCode === null) {
      if (await accepts(port)) return server;
      await Bun.sleep(20);
    }
    const said = readFileSync(log, "utf8").slice(-500);
    await server.stop();
    throw new Error(`${peer.name} did not start: ${said}`);
  }

  /** Whether it still runs. */
  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Stops it and removes its directory. */
  async stop(): Promise<void> {
    await stop(this.#child);
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

async function accepts(port: number): Promise<boolean> {
  try {
    const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } });
    socket.terminate();
    return true;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  for (let tries = 0; tries < 1000; tries++) {
    lastPort = lastPort < LAST_PORT ? lastPort + 1 : FIRST_PORT;
    if (!(await accepts(lastPort))) return lastPort;
  }
  throw new Error("no free port");
}
