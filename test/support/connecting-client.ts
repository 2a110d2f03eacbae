import { createClient } from "../../src/client/create.ts";
import type { ConnectOptions, State } from "../../src/client/options.ts";
import { FakePlatform, settled } from "./fake-platform.ts";

/** A client that begins to connect, and a test that plays the server. */
export function connectingClient(options: ConnectOptions = {}) {
  const platform = new FakePlatform();
  const client = createClient("ws://server/ws", options, platform);
  const states: State[] = [];
  client.on("state", (state) => states.push(state));
  client.connect();
  /** Connects, keeps the connection long enough to prove it good, and loses it. */
  const cycle = (code: number) => {
    platform.socket.open();
    platform.advance(5000);
    platform.socket.end(code);
  };
  const retryMs = () => (client.state.state === "waiting" ? client.state.retryMs : undefined);
  /** Lets the back-off pass. */
  const retry = () => {
    platform.advance(retryMs() ?? 0);
    return settled();
  };
  return { client, cycle, platform, retry, retryMs, states };
}
