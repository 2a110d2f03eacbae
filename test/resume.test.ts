import { describe, expect, test, vi } from "vitest";
import { TestClient } from "./support/client.ts";
import { Pump } from "./support/pump.ts";
import { ServerProcess } from "./support/server-process.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

/** A server with a topic of some events that outlives its subscribers' coming and going. */
async function startWithEvents(count: number, flags: readonly string[] = []) {
  const server = await ServerProcess.start(flags);
  const keeper = await TestClient.connect(server.port);
  const { epoch = "" } = await keeper.subscribe("t");
  using publisher = await TestClient.connect(server.port);
  for (let i = 1; i <= count; i++) publisher.publish("t", `m${i}`, i);
  await publisher.settled();
  const end = async () => {
    keeper[Symbol.dispose]();
    await server[Symbol.asyncDispose]();
  };
  return { server, epoch, keeper, [Symbol.asyncDispose]: end };
}

async function replayed(client: TestClient): Promise<(number | string)[]> {
  return (await client.settled()).map((message) => (message.type === "event" ? message.offset : message.type));
}

describe("a resume with since", () => {
  test("whose epoch matches gets all that came after the offset, and recovered true", async () => {
    await using started = await startWithEvents(5);
    const { epoch, server } = started;
    for (const [offset, missed] of [
      [0, [1, 2, 3, 4, 5]],
      [2, [3, 4, 5]],
      [5, []],
    ] as const) {
      using client = await TestClient.connect(server.port);
      const ack = await client.subscribe("t", { since: { epoch, offset }, request_id: "r" });
      expect(ack).toMatchObject({ recovered: true, epoch, offset: 5, request_id: "r" });
      expect(await replayed(client)).toEqual([...missed]);
    }
  });

  test("of an offset that the ring no longer follows gets what the ring holds, and recovered false", async () => {
    await using started = await startWithEvents(20, ["-ring-buffer-size=5"]);
    const { epoch, server } = started;
    for (const [offset, recovered] of [
      [15, true],
      [14, false],
      [0, false],
    ] as const) {
      using client = await TestClient.connect(server.port);
      expect(await client.subscribe("t", { since: { epoch, offset } })).toMatchObject({ recovered });
      expect(await replayed(client)).toEqual([16, 17, 18, 19, 20]);
    }
  });

  test("of an offset that is still to come gets what the ring holds, and recovered false", async () => {
    await using started = await startWithEvents(3);
    const { epoch, server } = started;
    using client = await TestClient.connect(server.port);
    expect(await client.subscribe("t", { since: { epoch, offset: 4 } })).toMatchObject({ recovered: false, offset: 3 });
    expect(await replayed(client)).toEqual([1, 2, 3]);
  });

  test("whose epoch does not match gets what the ring holds, and recovered false", async () => {
    await using started = await startWithEvents(3);
    const { server } = started;
    for (const epoch of ["", "another", "x".repeat(64)]) {
      using client = await TestClient.connect(server.port);
      expect(await client.subscribe("t", { since: { epoch, offset: 1 } })).toMatchObject({ recovered: false });
      expect(await replayed(client)).toEqual([1, 2, 3]);
    }
  });

  test("of an earlier incarnation of the topic is not recovered: offsets and epoch began anew", async () => {
    await using started = await startWithEvents(3);
    const { epoch, server } = started;
    expect((await server.fetch("/topics/t", { method: "DELETE" })).status).toBe(200);
    using publisher = await TestClient.connect(server.port);
    expect(await publisher.published("t", "new", 1)).toMatchObject({ offset: 1 });
    using client = await TestClient.connect(server.port);
    const ack = await client.subscribe("t", { since: { epoch, offset: 0 } });
    expect(ack).toMatchObject({ recovered: false, offset: 1 });
    expect(ack.epoch).not.toBe(epoch);
    expect(await replayed(client)).toEqual([1]);
  });

  test("of a topic that is not there begins it, with nothing recovered", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    const ack = await client.subscribe("t", { since: { epoch: "gone", offset: 7 } });
    expect(ack).toMatchObject({ recovered: false, offset: 0 });
    expect(await replayed(client)).toEqual([]);
  });

  test("on a connection that is subscribed already replays, and delivers once afterwards", async () => {
    await using started = await startWithEvents(3);
    const { epoch, keeper } = started;
    expect(await replayed(keeper)).toEqual([1, 2, 3]);
    expect(await keeper.subscribe("t", { since: { epoch, offset: 1 } })).toMatchObject({ recovered: true });
    expect(await replayed(keeper)).toEqual([2, 3]);
    keeper.publish("t", "m4", 4);
    expect((await replayed(keeper)).sort()).toEqual([4, "ack"]);
  });

  test("together with last_n is BAD_REQUEST, also where last_n is 0", async () => {
    await using started = await startWithEvents(1);
    const { epoch, server } = started;
    using client = await TestClient.connect(server.port);
    for (const last_n of [0, 1]) {
      client.send({ type: "subscribe", topic: "t", client_id: "c", last_n, since: { epoch, offset: 0 } });
      expect(await client.expect("error")).toMatchObject({ error: { code: "BAD_REQUEST" } });
    }
    expect(await client.settled()).toEqual([]);
  });

  test("that is malformed is BAD_REQUEST", async () => {
    await using started = await startWithEvents(1);
    const { epoch, server } = started;
    using client = await TestClient.connect(server.port);
    const malformed = [
      null,
      1,
      epoch,
      [],
      {},
      { epoch },
      { offset: 0 },
      { epoch, offset: -1 },
      { epoch, offset: 1.5 },
      { epoch, offset: "1" },
      { epoch: 1, offset: 0 },
    ];
    for (const since of malformed) {
      client.send({ type: "subscribe", topic: "t", client_id: "c", since, request_id: "s" });
      expect(await client.expect("error")).toMatchObject({ request_id: "s", error: { code: "BAD_REQUEST" } });
    }
  });

  test("joins what was seen before and what is live without gap or duplicate, while others publish", async () => {
    await using started = await startWithEvents(1, ["-ring-buffer-size=100000"]);
    const { epoch, server } = started;
    using publisher = await TestClient.connect(server.port);
    const pump = new Pump(publisher, "t");
    let seen = 0;
    for (let visit = 1; visit <= 30; visit++) {
      // Longer away each time, so that the next resume has more to fetch.
      await pump.reached(seen + 5 * visit);
      using client = await TestClient.connect(server.port);
      expect(await client.subscribe("t", { since: { epoch, offset: seen } })).toMatchObject({ recovered: true });
      for (let i = 0; i < 5 * visit + 20; i++) {
        expect(await client.expect("event")).toMatchObject({ offset: ++seen });
      }
    }
    await pump.stop();
  }, 60_000);
});

describe("an epoch", () => {
  test("stays while the topic lives, is the same for all, and differs between topics and incarnations", async () => {
    await using server = await ServerProcess.start(["-history-linger=0s"]);
    using client = await TestClient.connect(server.port);
    using other = await TestClient.connect(server.port);
    const { epoch: first } = await client.subscribe("t");
    expect(await other.subscribe("t")).toMatchObject({ epoch: first });
    const { epoch: elsewhere } = await client.subscribe("another");
    expect(elsewhere).not.toBe(first);
    for (const each of [client, other]) {
      each.send({ type: "unsubscribe", topic: "t", client_id: "c1" });
      await each.expect("ack");
    }
    const { epoch: second } = await client.subscribe("t");
    expect(second).not.toBe(first);
  });
});
