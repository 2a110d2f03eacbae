import { spawnSync } from "node:child_process";

/** Two hosts on a network of their own, which can be cut; needs root and iproute2. */
export class Network implements Disposable {
  /** The namespaces of the two hosts. */
  readonly server: string;
  readonly client: string;
  /** The server's address. */
  readonly address = "10.203.0.1";

  private constructor(name: string) {
    this.server = `${name}-server`;
    this.client = `${name}-client`;
    for (const host of [this.server, this.client]) run("ip", "netns", "add", host);
    run("ip", "-n", this.server, "link", "add", "wire", "type", "veth", "peer", "name", "wire", "netns", this.client);
    for (const [host, address] of [
      [this.server, this.address],
      [this.client, "10.203.0.2"],
    ] as const) {
      run("ip", "-n", host, "address", "add", `${address}/30`, "dev", "wire");
      run("ip", "-n", host, "link", "set", "wire", "up");
    }
  }

  /** Whether this machine lets us make one. */
  static isPossible(): boolean {
    const probe = `ringcast-probe-${process.pid}`;
    const { status } = spawnSync("ip", ["netns", "add", probe]);
    if (status === 0) run("ip", "netns", "delete", probe);
    return status === 0;
  }

  static create(): Network {
    return new Network(`ringcast-${process.pid}`);
  }

  /** The words that run a command on a host. */
  on(host: string, ...command: readonly string[]): string[] {
    return ["ip", "netns", "exec", host, ...command];
  }

  /** Takes the client off the network, as a pulled cable does: no side is told. */
  cut(): void {
    run("ip", "-n", this.client, "link", "set", "wire", "down");
  }

  [Symbol.dispose](): void {
    for (const host of [this.server, this.client]) run("ip", "netns", "delete", host);
  }
}

function run(...[command = "", ...words]: readonly string[]): void {
  const { status, stderr } = spawnSync(command, words, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${words.join(" ")}: ${stderr}`);
}
