import { afterEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import { type Client, connect } from "../src/client/index.ts";
import { Changes } from "./client-suite/context.ts";
import { ServerProcess } from "./support/server-process.ts";

/** More than may connect at once from one address. */
const CLIENTS = 1200;
const DEFAULT_LIMIT = "-rate-limit-per-min=1000";

const clients: Client[] = [];

afterEach(async () => {
  await Promise.all(clients.map((client) => client.close(0)));
});

test("clients behind one address all come back after a restart, and are refused once or twice at most", async () => {
  const first = await ServerProcess.start([DEFAULT_LIMIT]);
  const changes = new Changes();
  let back = 0;
  const refusals: number[] = [];
  for (let i = 0; i < CLIENTS; i++) {
    // So impatient that they all come at once.
    const client = connect(`ws://127.0.0.1:${first.port}/ws`, { webSocket: WebSocket, maxBackoffMs: 100 });
    clients.push(client);
    client.on("warning", () => {});
    client.on("gap", () => {
      back++;
      changes.note();
    });
    client.on("state", (state) => {
      if (state.state === "waiting" && state.code === 1013) refusals[i] = (refusals[i] ?? 0) + 1;
    });
    client.subscribe("t", () => {});
  }
  await Promise.all(clients.map((client) => client.connect()));
  // A subscription must be there to be missed.
  await Promise.all(clients.map((client) => client.subscribe("t", () => {}).ready));
  refusals.length = 0;
  await first.stop("SIGKILL");
  await using _ = await ServerProcess.start([DEFAULT_LIMIT, `-port=${first.port}`]);
  await changes.until(() => back >= CLIENTS, "all clients to be subscribed again", 60_000);
  expect(back).toBe(CLIENTS);
  const counts = refusals.filter((count) => count !== undefined);
  expect(counts.length).toBeGreaterThan(0);
  expect(Math.max(...counts)).toBeLessThanOrEqual(2);
}, 120_000);
