import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT, ringcast } from "./support/command.ts";
import { Network } from "./support/network.ts";
import { parseLogLine, RawProcess } from "./support/raw-process.ts";
import { TRANSPORTS } from "./support/subscriber.ts";

const CLIENT = join(ROOT, "test", "support", "remote-subscriber.ts");
const FLAGS = ["-port=0", "-log-format=json", "-ping-interval=250ms", "-pong-wait=1s"];
/** Pings in which a living client outlives the wait more than twice. */
const PINGS = 10;

// The hosts must be cut off from each other without a word, which loopback can't be.
describe.skipIf(!Network.isPossible()).each(TRANSPORTS)("a client by $name", ({ name }) => {
  test("stays while it is there though it says nothing, and is given up when its host is gone", async () => {
    using network = Network.create();
    const command = network.on(network.server, ...ringcast());
    await using server = new RawProcess([...FLAGS, `-host=${network.address}`], { command });
    const { port } = await server.listening();
    const words = network.on(network.client, process.execPath, "--import", "tsx", CLIENT);
    await using client = new RawProcess([name, network.address, String(port)], { command: words });
    await client.nextLine("subscribed");
    for (let i = 0; i < PINGS; i++) await client.nextLine("pinged");
    expect(server.lines.filter((line) => line.includes("ping timeout"))).toEqual([]);
    network.cut();
    const cutAt = Date.now();
    const { time } = parseLogLine(await server.nextLine("ping timeout, connection closed"));
    expect(parseLogLine(await server.nextLine("client disconnected"))).toMatchObject({ code: 1006, subscriptions: 1 });
    // All that it held is gone with it.
    await server.nextLine("topic removed");
    // Not before the wait is over; a ping may have been answered just before the cut.
    expect(Date.parse(time) - cutAt).toBeGreaterThan(500);
  }, 60_000);
});
