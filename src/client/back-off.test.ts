import { expect, test } from "vitest";
import { connectingClient } from "../../test/support/connecting-client.ts";
import { settled } from "../../test/support/fake-platform.ts";

test("a hint in the close reason decides when a client comes back, up to a tenth later", () => {
  const { platform, retryMs } = connectingClient();
  platform.chance = 0;
  platform.socket.open();
  platform.socket.end(1013, "too many connections from this address; retry after 2350 ms");
  expect(retryMs()).toBe(2350);
  platform.advance(2350);
  platform.chance = 0.5;
  platform.socket.end(1013, "the server is shutting down; retry after 4000 ms");
  expect(retryMs()).toBe(4200);
});

test.each(["retry after 0 ms", "retry after 1 ms"])("hints that are always short (%s) make no busy loop", (reason) => {
  const { client, platform } = connectingClient();
  for (let ms = 0; ms < 60_000; ms += 10) {
    if (client.state.state === "connecting") platform.socket.end(1013, reason);
    platform.advance(10);
  }
  expect(platform.sockets.length).toBeLessThan(15);
});

test.each(["retry after 99999999999 ms", "retry after -1 ms", "retry after x ms", "retry after 5 ms or so"])(
  "what is no hint (%s) is answered by the usual back-off",
  (reason) => {
    const { platform, retryMs } = connectingClient({ minBackoffMs: 10 });
    platform.socket.end(1013, reason);
    expect(retryMs()).toBe(320);
  },
);

test("a hint of hours is followed for five minutes at most", () => {
  const { platform, retryMs } = connectingClient();
  platform.chance = 0;
  platform.socket.end(1013, "retry after 999999999 ms");
  expect(retryMs()).toBe(300_000);
});

test.each([4401, 4404])(
  "links that are closed by %d after 0.6 s each are soon retried with a back-off",
  async (code) => {
    let tokens = 0;
    const { client, platform } = connectingClient({ getToken: () => `token-${++tokens}` });
    client.subscribe("t", () => {});
    for (let ms = 0; ms < 60_000; ms += 100) {
      await settled();
      if (client.state.state === "connecting") platform.socket.open();
      platform.advance(600);
      if (client.state.state === "open") platform.socket.end(code);
      ms += 500;
    }
    expect(platform.sockets.length).toBeGreaterThan(5);
    expect(platform.sockets.length).toBeLessThan(20);
  },
);

test("a token that was taken for 5 s may end by 4401 any number of times: each new link is made at once", async () => {
  const { cycle, platform, retryMs } = connectingClient({ getToken: () => "token" });
  for (let i = 0; i < 10; i++) {
    await settled();
    cycle(4401);
    expect(retryMs()).toBe(0);
    platform.advance(0);
  }
});
